"""The quiz of a notebook: letters are read from the source, which is never run, and graded."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from colorlib.check.multiple_choice import read_letter
from course.tool.grade.names import python_source
from course.tool.grade.notebook_file import Cell
from course.tool.quiz import Question, QuizAnswer

NAME = "quiz-{}"  # in the column of exercises


def read_letters(cells: Iterable[Cell]) -> dict[str, str]:
    """Return the last answer to each question, by number; questions without one are left out."""
    letters = {}
    for cell in cells:
        for call in _calls(cell) if cell.kind == "code" else ():
            given = dict(zip(("number", "answer"), call.args, strict=False))
            given |= {keyword.arg: keyword.value for keyword in call.keywords}
            number, letter = (read_letter(_value(given.get(name))) for name in ("number", "answer"))
            if letter:
                letters[number] = letter
    return letters


def outcome(
    question: Question, answer: QuizAnswer, letter: str
) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return the outcome of a letter, the answer that it stands for, and the reasons."""
    if not letter:
        return "not attempted", "", ()
    if letter not in answer.reasons:
        expected = f"found {letter!r}, expected one of the letters {', '.join(answer.reasons)}"
        return "wrong", letter, (("reason", expected),)
    chosen, reason = f"{letter}) {question.choices[letter]}", answer.reasons[letter]
    if letter == answer.right:
        return "passed", chosen, (("because", reason),)
    return "wrong", chosen, (("likely cause", reason),)


def _calls(cell: Cell) -> Iterator[ast.Call]:
    try:
        tree = ast.parse(python_source(cell.source))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "quiz":
            yield node


def _value(node: ast.expr | None) -> object:
    """Return what an argument holds; a letter without its quotes is a letter as well."""
    if isinstance(node, ast.Constant):
        return node.value
    return None if node is None else ast.unparse(node)
