"""Names in a cell: which it defines, and which it needs from the cells above it.

Most cells of a class are the same text, and each is asked about many times: answers are kept.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from functools import lru_cache

BUILTINS = frozenset(dir(builtins))
PYTHON_MAGICS = ("%%time", "%%capture", "%%timeit", "%%prun")  # the cell below them is Python
KEPT = 8192
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@lru_cache(KEPT)
def python_source(source: str) -> str:
    """Return a cell without the lines that only IPython understands, with the same line numbers.

    Example:
        >>> python_source("%matplotlib inline\\nx = 7 % 2")
        '\\nx = 7 % 2'
    """
    if _parses(source):
        return source
    first = source.lstrip().split("\n", 1)[0]
    if first.startswith("%%") and not first.startswith(PYTHON_MAGICS):
        return ""
    return re.sub(r"(?m)^([ \t]*)[%!?].*$|^.*\?{1,2}[ \t]*$", r"\1", source)


@lru_cache(KEPT)
def defined_names(source: str) -> tuple[str, ...]:
    """Return the names that a cell defines at its left margin: assigned, imported, def, class."""
    tree = _parse(source)
    return () if tree is None else tuple(_stored(tree.body))


@lru_cache(KEPT)
def changed_names(source: str) -> frozenset[str]:
    """Return the names whose values a cell may change: ``x.y = 1``, ``x[0] = 1``, ``x.append(1)``.

    Names that it defines count too.
    """
    tree, changed = _parse(source), set()
    for node in [] if tree is None else ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript):
            stored = isinstance(node.ctx, ast.Store | ast.Del)
            changed |= _root(node) if stored else set()
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            changed |= _root(node.value.func)
            if isinstance(node.value.func, ast.Name) and node.value.func.id in ("setattr", "exec"):
                changed |= {n.id for arg in node.value.args for n in _names(arg)}
    return frozenset(changed | set(defined_names(source)))


@lru_cache(KEPT)
def needed_names(source: str) -> frozenset[str]:
    """Return the names that a cell uses and does not define before that; builtins left out."""
    tree = _parse(source)
    if tree is None:
        return frozenset()
    needed, known = set(), set()
    for statement in tree.body:
        inside = {n.id for n in _own_names(statement) if isinstance(n.ctx, ast.Load)}
        needed |= inside - known - _targets(statement)
        known |= set(_stored([statement]))
    in_functions = _global_names(source) - set(_stored(tree.body))
    return frozenset((needed | in_functions) - BUILTINS)


def _targets(statement: ast.stmt) -> set[str]:
    """Return the names that loops, comprehensions and ``with`` bind before they are used."""
    found: set[str] = set()
    for node in _own_scope(statement):
        target = getattr(node, "target", None) or getattr(node, "optional_vars", None)
        if target is not None and not isinstance(node, ast.AugAssign | ast.AnnAssign):
            found |= {name.id for name in _names(target) if isinstance(name.ctx, ast.Store)}
    return found


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _parse(source: str) -> ast.Module | None:
    source = python_source(source)
    return ast.parse(source) if _parses(source) else None


def _names(node: ast.AST) -> list[ast.Name]:
    return [child for child in ast.walk(node) if isinstance(child, ast.Name)]


def _root(node: ast.AST) -> set[str]:
    """Return the first name of ``a.b[c].d``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _stored(body: list[ast.stmt]) -> dict[str, None]:
    """Return the names that statements bind in their own scope, in order."""
    found: dict[str, None] = {}
    for statement in body:
        for node in _own_scope(statement, comprehensions=False):
            if isinstance(node, SCOPES):
                found[node.name] = None
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = None
            elif isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    found[(alias.asname or alias.name).split(".")[0]] = None
    return found


def _own_scope(node: ast.AST, comprehensions: bool = True):
    """Yield a node and all below it, but not what is inside functions, classes and lambdas."""
    yield node
    if isinstance(node, ast.comprehension) and not comprehensions:
        return
    if isinstance(node, SCOPES):
        inside = [*node.decorator_list, *getattr(node, "bases", [])]
        arguments = getattr(node, "args", None)
        if arguments:
            inside += [*arguments.defaults, *[d for d in arguments.kw_defaults if d is not None]]
    elif isinstance(node, ast.Lambda):
        inside = []
    else:
        inside = list(ast.iter_child_nodes(node))
    for child in inside:
        yield from _own_scope(child, comprehensions)


def _own_names(statement: ast.stmt) -> list[ast.Name]:
    return [node for node in _own_scope(statement) if isinstance(node, ast.Name)]


def _global_names(source: str) -> set[str]:
    """Return the global names that functions, classes and comprehensions of a cell refer to."""
    found: set[str] = set()
    tables = symtable.symtable(python_source(source), "cell", "exec").get_children()
    while tables:
        table = tables.pop()
        found |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    return found
