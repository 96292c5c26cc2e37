"""Right and wrong answers to exercises, as data: our solutions with some text replaced, or code."""

import ast
import json
import linecache
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from course.tool import course_config

ROOT = Path(__file__).parents[3]
LESSONS = [lesson.number for lesson in course_config.load(ROOT).lessons]


@dataclass(frozen=True)
class Answer:
    """An answer to an exercise, and a part of the cause that the check should name."""

    exercise: str
    name: str
    code: str
    prelude: str
    cause: str = ""

    def __str__(self) -> str:
        return f"{self.exercise} {self.name}"

    def build(self) -> Any:
        """Run the code, and return the last function or class that it defines."""
        filename = f"<{self}>"
        lines = self.code.splitlines(keepends=True)
        linecache.cache[filename] = (len(self.code), None, lines, filename)
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(self.prelude, namespace)
        exec(compile(self.code, filename, "exec"), namespace)
        defined = [
            node.name
            for node in ast.parse(self.code).body
            if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        ]
        return namespace[defined[-1]]


@cache
def solution_code(exercise: str) -> str:
    """Return the code of our solution, from the notebook of its lesson."""
    lesson, number = exercise.split(".")
    return solution_cell(int(lesson), f"e{number}-stub")


def solution_cell(lesson: int, name: str) -> str:
    """Return the code of a cell of a solution notebook."""
    (path,) = (ROOT / "solutions").glob(f"{lesson:02d}_*.ipynb")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    (cell,) = [cell for cell in cells if cell.get("id") == name]
    return "".join(cell["source"])


def load_answers(path: Path, kind: str) -> list[Answer]:
    """Read the answers of one kind, "right" or "wrong", from a file."""
    table = tomllib.loads(path.read_text("utf-8"))
    answers = []
    for row in table.get(kind, []):
        code = row.get("code") or solution_code(row["exercise"])
        for old, new in row.get("edits", []):
            if old not in code:
                raise ValueError(f"{row['exercise']} {row['name']}: the solution lacks {old!r}")
            code = code.replace(old, new)
        answers.append(
            Answer(row["exercise"], row["name"], code, table["prelude"], row.get("cause", ""))
        )
    return answers
