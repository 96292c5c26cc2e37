"""Code compared by its syntax tree: equal up to spaces, the names of variables and the spelling.

``torch.cat((x, y), 1)`` and ``torch.cat([L, ab], dim=1)`` are the same pattern. A name keeps its
place: ``a - b`` is not ``b - b``, but it is ``y - x``.
"""

from __future__ import annotations

import ast
import builtins
import copy
import io
import re
import textwrap
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

from course.tool.solution_regions import parse

# These names mean the same everywhere; all others are the author's.
COMMON_NAMES = {*dir(builtins), "F", "check", "math", "nn", "np", "plt", "torch"}
QUOTED = re.compile(r"(?s)```[^\n]*\n(.*?)```|`([^`\n]+)`|<code>(.*?)</code>")
ASSIGNED = re.compile(r"^\s*(?:return\b|[\w.,\s\[\]]+[^=!<>]?=(?!=))")


@dataclass(frozen=True)
class Step:
    """One statement: what it computes, the names it assigns, and whether it is a whole value.

    The condition of an ``if`` or the sequence of a ``for`` is not: a task may name it.
    """

    value: ast.expr
    targets: tuple[ast.expr, ...]
    whole: bool

    @property
    def text(self) -> str:
        """The value in one line, as Python writes it."""
        return ast.unparse(self.value)

    @cached_property
    def pattern(self) -> str:
        """The pattern of the value; computed once."""
        return pattern(self.value)

    @cached_property
    def size(self) -> int:
        """The number of parts of the value."""
        return size(self.value)


@cache
def steps(source: str) -> tuple[Step, ...]:
    """Return the statements of a source that compute something, in order; none if not Python."""
    found = []
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.Assign):
            found.append((node, Step(node.value, tuple(node.targets), True)))
        elif isinstance(node, ast.AugAssign):
            found.append((node, Step(node.value, (node.target,), True)))
        elif isinstance(node, (ast.Return, ast.Expr, ast.AnnAssign)):
            if node.value is not None and not isinstance(node.value, ast.Constant):
                found.append((node, Step(node.value, (), True)))
        elif isinstance(node, ast.For):
            found.append((node, Step(node.iter, (node.target,), False)))
        elif isinstance(node, (ast.If, ast.While)):
            found.append((node, Step(node.test, (), False)))
        elif isinstance(node, ast.With):
            found += [(node, Step(item.context_expr, (), False)) for item in node.items]
    return tuple(step for _, step in sorted(found, key=lambda pair: _position(pair[0])))


@cache
def expressions(source: str) -> dict[str, str]:
    """Return every expression of a source: its pattern, and the text of the first one."""
    found: dict[str, str] = {}
    for node in ast.walk(_tree(source)):
        if isinstance(node, ast.expr):
            found.setdefault(pattern(node), ast.unparse(node))
    return found


def pattern(value: ast.expr) -> str:
    """Return an expression with its names replaced by numbers, in order of appearance."""
    return _Renamer().rename(value)


def size(value: ast.expr) -> int:
    """Count the parts of an expression: names, attributes, constants, calls and operations."""
    ignored = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.keyword)
    return sum(not isinstance(node, ignored) for node in ast.walk(value))


def has_steps(source: str, wanted: Sequence[Step]) -> bool:
    """Return whether a source takes these steps in this order, perhaps with others in between."""
    rest, chosen = iter(steps(source)), []
    for expected in wanted:
        step = next((step for step in rest if step.pattern == expected.pattern), None)
        if step is None:
            return False
        chosen.append(step)
    return _joint_pattern(chosen) == _joint_pattern(wanted)


@cache
def quoted_code(markdown: str) -> list[str]:
    """Return the pieces of code that a Markdown text quotes, without what they are assigned to."""
    pieces = (next(filter(None, match.groups()), "") for match in QUOTED.finditer(markdown))
    return [without_target(piece) for piece in pieces]


@cache
def comments(source: str) -> list[str]:
    """Return the texts of the comments of a source."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                found.append(without_target(token.string.lstrip("# ")))
    except (tokenize.TokenError, SyntaxError):  # an IPython command
        pass
    return found


def without_target(line: str) -> str:
    """Return a line without its ``return`` or ``name =``: ``x**2`` of ``y = x**2``.

    Example:
        >>> without_target("return x**2"), without_target("y = x**2"), without_target("f(a == b)")
        ('x**2', 'x**2', 'f(a == b)')
    """
    return ASSIGNED.sub("", line, count=1).strip()


class _Renamer(ast.NodeTransformer):
    def __init__(self) -> None:
        self.numbers: dict[str, str] = {}

    def rename(self, value: ast.expr) -> str:
        changed = self.visit(copy.deepcopy(value))
        return ast.unparse(ast.fix_missing_locations(changed))

    def visit_Name(self, node: ast.Name) -> ast.Name:
        if node.id in COMMON_NAMES:
            return node
        return ast.Name(self.numbers.setdefault(node.id, f"_{len(self.numbers)}"), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.numbers.setdefault(node.arg, f"_{len(self.numbers)}"))

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        self.generic_visit(node)
        return ast.List(node.elts, node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        node.args += [keyword.value for keyword in node.keywords]
        node.keywords = []
        return node


def _joint_pattern(chosen: Iterable[Step]) -> list[str]:
    renamer = _Renamer()
    return [renamer.rename(part) for step in chosen for part in (step.value, *step.targets)]


def _tree(source: str) -> ast.AST:
    try:
        return parse(textwrap.dedent(source).strip())
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _position(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset
