"""Right answers of every exercise, from the solution notebooks, in a namespace that can run them.

The namespace of an answer holds what the answer names, and what that names in turn: imports,
definitions and assignments of the cells above. No other cell runs, so nothing is trained.
"""

import ast
import builtins
import json
import re
import symtable
from dataclasses import dataclass
from pathlib import Path

SOLUTIONS = Path(__file__).parents[3] / "solutions"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
CHECK = re.compile(r"^\w+ = check\.(q\d+_\d+)\((\w+)\)$", re.MULTILINE)


@dataclass(frozen=True)
class RightAnswer:
    """A cell with solution regions.

    Args:
        exercise: For example ``"q1_3"``.
        name: The function that is checked.
        source: The text of the cell.
        regions: First and last line of each solution region, counted from 1.
        above: The top-level statements of all cells above.
    """

    exercise: str
    name: str
    source: str
    regions: tuple[tuple[int, int], ...]
    above: tuple[ast.stmt, ...]

    def namespace(self) -> dict:
        """Run what the answer needs of the cells above, and return the names."""
        names: dict = {"__name__": "answer"}
        own = _assigned(ast.parse(self.source).body)
        _define(_used(self.source) - own, list(self.above), names, self.exercise)
        return names

    def function(self, source: str | None = None, names: dict | None = None):
        """Run the cell, or a changed one, and return the function that is checked."""
        names = dict(self.namespace() if names is None else names)
        exec(compile(source or self.source, "<answer>", "exec"), names)
        return names[self.name]

    def is_inside(self, node: ast.AST) -> bool:
        """Whether a node of the cell's syntax tree belongs to a solution region."""
        line = getattr(node, "lineno", 0)
        return any(first <= line <= last for first, last in self.regions)


def right_answers(lesson: int) -> list[RightAnswer]:
    """Return the right answers of one lesson in the order of its exercises."""
    path = next(SOLUTIONS.glob(f"{lesson:02d}_*.ipynb"))
    cells = json.loads(path.read_text("utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    found, above, solution = [], [], None
    for source in sources:
        if match := CHECK.search(source):
            text, before = solution
            found.append(RightAnswer(match[1], match[2], text, _regions(text), before))
            continue
        if BEGIN in source:
            solution = source, tuple(above)
        above += ast.parse(re.sub(r"^[%!].*", "", source, flags=re.MULTILINE)).body
    return found


def _regions(source: str) -> tuple[tuple[int, int], ...]:
    lines = [line.strip() for line in source.splitlines()]
    begins = [index + 1 for index, line in enumerate(lines, 1) if line == BEGIN]
    ends = [index - 1 for index, line in enumerate(lines, 1) if line == END]
    return tuple(zip(begins, ends, strict=True))


def _used(source: str) -> set[str]:
    """Return the global names that a piece of code reads, local names left out."""
    names, tables = set(), [symtable.symtable(source, "<answer>", "exec")]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        symbols = (symbol for symbol in table.get_symbols() if symbol.is_referenced())
        is_top = table.get_type() == "module"
        names |= {symbol.get_name() for symbol in symbols if is_top or symbol.is_global()}
    return names - set(vars(builtins))


def _assigned(statements: list[ast.stmt]) -> set[str]:
    found = set()
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            found.add(statement.name)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
        else:
            stored = (n for n in ast.walk(statement) if isinstance(n, ast.Name))
            found |= {node.id for node in stored if isinstance(node.ctx, ast.Store)}
    return found


def _define(wanted: set[str], above: list[ast.stmt], names: dict, exercise: str) -> None:
    """Run the last statement above that assigns each name, after what it needs itself."""
    for name in sorted(wanted - names.keys()):
        indices = [i for i, statement in enumerate(above) if name in _assigned([statement])]
        if not indices:
            continue  # defined by the cell itself
        statement = above[indices[-1]]
        needed = _used(ast.unparse(statement)) - _assigned([statement])
        _define(needed, above[: indices[-1]], names, exercise)
        module = ast.Module([statement], [])
        exec(compile(module, f"<needed by {exercise}>", "exec"), names)
