"""Mutants of a right answer: its syntax tree with one thing changed inside the solution regions.

Every operator yields pairs of a description and a new node. A mutant is named by its operator and
by the statement before and after, so that a judgement about it survives other edits.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

from right_answers import RightAnswer

COMPARISONS = {
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt), ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
ARITHMETIC = {
    ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add,), ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,), ast.Pow: (ast.Mult,), ast.Mod: (ast.FloorDiv,), ast.FloorDiv: (ast.Mod,),
}  # fmt: skip
IN_PLACE = {ast.Add: "add_", ast.Sub: "sub_", ast.Mult: "mul_", ast.Div: "div_", ast.Pow: "pow_"}
IN_PLACE_METHODS = {"clamp", "sqrt", "sigmoid", "abs", "exp", "log", "square", "round"}
OTHER_NAMES = {
    "mean": ("sum", "median"), "sum": ("mean",), "median": ("mean",), "var": ("std",),
    "std": ("var",), "min": ("max",), "max": ("min",), "argmin": ("argmax",), "argmax": ("argmin",),
    "log10": ("log",), "log": ("log10",), "abs": ("square",), "square": ("abs",), "sqrt": ("abs",),
    "sigmoid": ("tanh",), "ones_like": ("zeros_like",), "zeros_like": ("ones_like",),
    "roll": ("flip",), "l1_loss": ("mse_loss",), "mse_loss": ("l1_loss",), "eval": ("train",),
    "binary_cross_entropy_with_logits": ("mse_loss", "l1_loss"), "train": ("eval",),
    "Tanh": ("Sigmoid", "Identity"), "ReLU": ("Identity", "LeakyReLU"), "LeakyReLU": ("ReLU",),
    "BatchNorm2d": ("InstanceNorm2d",), "stack": ("cat",), "quantile": ("nanquantile",),
    "parameters": ("buffers",), "modules": ("children",), "bilinear": ("nearest",),
    "reflect": ("replicate", "constant", "circular"), "replace": ("copy",), "ceil": ("floor",),
    "BaseException": ("Exception",), "append": ("extend",), "any": ("all",), "all": ("any",),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed answer: the name that judgements use, and the text of the whole cell."""

    name: str
    source: str


def mutants(answer: RightAnswer) -> list[Mutant]:
    """Return all mutants of an answer, each text once, without those that equal the answer."""
    tree = ast.parse(answer.source)
    unchanged = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for operator, statement, replace, restore in _changes(answer, tree):
        before = _headline(statement)
        replace()
        try:
            source = ast.unparse(ast.fix_missing_locations(tree))
            after = _headline(statement)
        finally:
            restore()
        if source != unchanged and source not in found:
            change = f"{before} -> {after}" if before != after else before
            found[source] = Mutant(f"{operator} | {change}", source)
    return list(found.values())


def _headline(statement: ast.stmt) -> str:
    """Return the statement in one line: of a compound statement only its head."""
    return ast.unparse(ast.fix_missing_locations(statement)).splitlines()[0]


def _changes(answer: RightAnswer, tree: ast.Module) -> Iterator[tuple]:
    """Yield an operator, the statement that it changes, and how to do and to undo the change."""
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        if any(answer.is_inside(node) for node in function.body):
            yield from _function_changes(function)
    for owner in list(ast.walk(tree)):
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(owner, field, None)
            if isinstance(statements, list):
                yield from _statement_changes(answer, statements)
    parameters = [argument.arg for argument in ast.walk(tree) if isinstance(argument, ast.arg)]
    for statement in [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]:
        for parent, field, index, node in _expressions(statement):
            if not answer.is_inside(node):
                continue
            for operator, new in _expression_changes(node, parameters):
                yield operator, statement, *_replacement(parent, field, index, node, new)


def _function_changes(function: ast.FunctionDef) -> Iterator[tuple]:
    """Change the function as a whole: no gradients, arguments zeroed at the end."""
    body = function.body
    start = 1 if ast.get_docstring(function) else 0
    no_grad = ast.parse("with __import__('torch').no_grad(): pass").body[0]
    no_grad.body = body[start:]
    names = [argument.arg for argument in function.args.args]
    zeroed = ast.parse(
        "try: pass\n"
        "finally:\n"
        f"    for _argument in ({''.join(name + ', ' for name in names)}):\n"
        "        if hasattr(_argument, 'zero_'): _argument.detach().zero_()\n"
    ).body[0]
    zeroed.body = body[start:]
    for operator, new in (("no_grad", no_grad), ("zero the arguments", zeroed)):
        yield operator, function, *_new_body(function, [*body[:start], new])


def _statement_changes(answer: RightAnswer, statements: list[ast.stmt]) -> Iterator[tuple]:
    """Change a list of statements: drop one, swap two, leave a loop after one turn."""
    own = [index for index, node in enumerate(statements) if answer.is_inside(node)]
    for index in own:
        node = statements[index]
        yield "drop", node, *_new_items(statements, index, [ast.Pass()])
        if index + 1 in own:
            pair = [statements[index + 1], node]
            yield "swap statements", node, *_new_items(statements, index, pair, 2)
        if isinstance(node, (ast.With, ast.Try)):
            yield "only the body", node, *_new_items(statements, index, node.body)
        if isinstance(node, ast.Try) and node.finalbody:
            yield "no finally", node, *_new_items(statements, index, [*node.body, *node.finalbody])
        if isinstance(node, (ast.For, ast.While)):
            yield "one turn", node, *_new_body(node, [*node.body, ast.Break()])
        if isinstance(node, ast.If):
            for value in (True, False):
                new = _copy_with(node, test=ast.Constant(value))
                yield f"always {value}", node, *_new_items(statements, index, [new])
        if isinstance(node, ast.AugAssign):
            for op in ARITHMETIC.get(type(node.op), ()):
                new = _copy_with(node, op=op())
                yield "operator", new, *_new_items(statements, index, [new])
            target = ast.Name(node.target.id) if isinstance(node.target, ast.Name) else node.target
            new = ast.Assign([target], node.value)
            yield "assign", new, *_new_items(statements, index, [new])


def _expressions(statement: ast.stmt) -> Iterator[tuple]:
    """Yield every expression of a statement, but not of statements inside it."""
    pending: list[ast.AST] = [statement]
    while pending:
        parent = pending.pop()
        for field, value in ast.iter_fields(parent):
            for index, node in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(node, ast.AST) or isinstance(node, ast.stmt):
                    continue
                pending.append(node)
                if isinstance(node, ast.expr) and not isinstance(
                    getattr(node, "ctx", None), (ast.Store, ast.Del)
                ):
                    yield parent, field, index if isinstance(value, list) else None, node


def _expression_changes(node: ast.expr, parameters: list[str]) -> Iterator[tuple[str, ast.expr]]:
    kinds = {
        ast.Constant: _constant, ast.BinOp: _arithmetic, ast.UnaryOp: _sign,
        ast.Compare: _comparison, ast.BoolOp: _boolean, ast.IfExp: _choice, ast.Call: _call,
        ast.Attribute: _attribute, ast.Subscript: _slice, ast.Tuple: _items, ast.List: _items,
        ast.ListComp: _filter, ast.GeneratorExp: _filter, ast.Dict: _dict,
    }  # fmt: skip
    if type(node) in kinds:
        yield from kinds[type(node)](node)
    if isinstance(node, ast.Name) and node.id in parameters:
        for other in parameters:
            if other != node.id:
                yield "other argument", ast.Name(other, ast.Load())
    if isinstance(node, ast.Name) and node.id in OTHER_NAMES:
        for other in OTHER_NAMES[node.id]:
            yield "other name", ast.Name(other, ast.Load())
    if isinstance(node, (ast.Call, ast.BinOp)) or (
        isinstance(node, ast.Name) and node.id in parameters
    ):
        yield "detach", _method(node, "detach")


def _constant(node: ast.Constant) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node.value, (int, float)):
        for value in {node.value + 1, node.value - 1, 0, -node.value} - {node.value}:
            yield "constant", ast.Constant(value)
    elif isinstance(node.value, str):
        for value in (*OTHER_NAMES.get(node.value, ()), node.value + "x"):
            yield "constant", ast.Constant(value)


def _arithmetic(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    for op in ARITHMETIC.get(type(node.op), ()):
        yield "operator", _copy_with(node, op=op())
    if not isinstance(node.op, (ast.Add, ast.Mult)):  # these two are commutative
        yield "swap operands", ast.BinOp(node.right, node.op, node.left)
    yield "left operand", node.left
    yield "right operand", node.right
    if type(node.op) in IN_PLACE:
        yield "in place", _method(node.left, IN_PLACE[type(node.op)], node.right)


def _sign(node: ast.UnaryOp) -> Iterator[tuple[str, ast.expr]]:
    yield "sign", node.operand


def _comparison(node: ast.Compare) -> Iterator[tuple[str, ast.expr]]:
    for index, op in enumerate(node.ops):
        for other in COMPARISONS.get(type(op), ()):
            ops = [*node.ops[:index], other(), *node.ops[index + 1 :]]
            yield "comparison", _copy_with(node, ops=ops)


def _boolean(node: ast.BoolOp) -> Iterator[tuple[str, ast.expr]]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "and, or", _copy_with(node, op=other)
    for value in node.values:
        yield "one condition", value


def _choice(node: ast.IfExp) -> Iterator[tuple[str, ast.expr]]:
    yield "swap branches", _copy_with(node, body=node.orelse, orelse=node.body)
    yield "one branch", node.body
    yield "one branch", node.orelse


def _call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    for index in range(len(node.args) - 1):
        args = list(node.args)
        args[index : index + 2] = reversed(args[index : index + 2])
        yield "swap arguments", _copy_with(node, args=args)
    for index in range(len(node.args)):
        args = [*node.args[:index], *node.args[index + 1 :]]
        yield "drop argument", _copy_with(node, args=args)
        yield "its argument", node.args[index]
    for index in range(len(node.keywords)):
        keywords = [*node.keywords[:index], *node.keywords[index + 1 :]]
        yield "drop keyword", _copy_with(node, keywords=keywords)
    if isinstance(node.func, ast.Attribute):
        yield "no method", node.func.value
        if node.func.attr in IN_PLACE_METHODS:
            func = ast.Attribute(node.func.value, node.func.attr + "_", ast.Load())
            yield "in place", _copy_with(node, func=func)


def _attribute(node: ast.Attribute) -> Iterator[tuple[str, ast.expr]]:
    for other in OTHER_NAMES.get(node.attr, ()):
        yield "other name", _copy_with(node, attr=other)


def _slice(node: ast.Subscript) -> Iterator[tuple[str, ast.expr]]:
    yield "no index", node.value
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for index, part in enumerate(parts):
        if not isinstance(part, ast.Slice):
            continue
        for field in ("lower", "upper", "step"):
            if getattr(part, field) is not None:
                new = [*parts[:index], _copy_with(part, **{field: None}), *parts[index + 1 :]]
                is_tuple = isinstance(node.slice, ast.Tuple)
                index_node = ast.Tuple(new, ast.Load()) if is_tuple else new[0]
                yield "slice", _copy_with(node, slice=index_node)


def _items(node: ast.Tuple | ast.List) -> Iterator[tuple[str, ast.expr]]:
    for index in range(len(node.elts)):
        yield "drop item", _copy_with(node, elts=[*node.elts[:index], *node.elts[index + 1 :]])
    for index in range(len(node.elts) - 1):
        items = list(node.elts)
        items[index : index + 2] = reversed(items[index : index + 2])
        yield "swap items", _copy_with(node, elts=items)


def _dict(node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for i in range(len(node.keys)):
        keys, values = node.keys[:i] + node.keys[i + 1 :], node.values[:i] + node.values[i + 1 :]
        yield "drop item", ast.Dict(keys, values)
    for i in range(len(node.keys) - 1):
        values = list(node.values)
        values[i : i + 2] = reversed(values[i : i + 2])
        yield "swap items", ast.Dict(node.keys, values)


def _filter(node: ast.ListComp | ast.GeneratorExp) -> Iterator[tuple[str, ast.expr]]:
    for index, part in enumerate(node.generators):
        if part.ifs:
            generators = list(node.generators)
            generators[index] = _copy_with(part, ifs=[])
            yield "no condition", _copy_with(node, generators=generators)


def _method(node: ast.expr, name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(node, name, ast.Load()), list(args), [])


def _copy_with(node: ast.AST, **fields) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _replacement(parent, field, index, node, new):
    """Return functions that put a new expression in place of a node, and take it back."""
    if index is None:
        return lambda: setattr(parent, field, new), lambda: setattr(parent, field, node)
    values = getattr(parent, field)
    return lambda: values.__setitem__(index, new), lambda: values.__setitem__(index, node)


def _new_items(statements, index, new, count=1):
    old = list(statements)
    changed = [*old[:index], *new, *old[index + count :]]

    def replace():
        statements[:] = changed

    def restore():
        statements[:] = old

    return replace, restore


def _new_body(node, body):
    old = node.body
    return lambda: setattr(node, "body", body), lambda: setattr(node, "body", old)
