"""The instructor's own notebook of a lesson, with the part that each of its cells plays in grading.

A solution knows everything: its cells have ids, the regions of answers are marked, and each
exercise ends in a cell that calls its check. No cell of a student takes the place of such a cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from course.tool import notebooks, quiz
from course.tool.cli import CourseError
from course.tool.course_config import Lesson
from course.tool.grade.names import defined_names
from course.tool.solution_regions import BEGIN, insert_stubs

CHECK_CALL = re.compile(r"\bcheck\.q(\d+)_(\d+)\s*\(")
HEADING = re.compile(r"^#{1,6}\s*Exercise\s+(\d+\.\d+)\b", re.MULTILINE)
PREDICT = "**Predict"
# Cells that a grading run never takes from the lesson.
NOT_RUN_TAGS = {"solution", "footer", "header", quiz.TAG}


@dataclass(frozen=True)
class KeyCell:
    """One cell of the lesson.

    Args:
        id: Shared by the solution and by the lesson.
        kind: ``code`` or ``markdown``.
        role: ``answer``, ``check``, ``heading``, ``written``, ``lesson`` (code that may be run),
            ``first`` (code before the first section) or ``other``.
        stub: Its text as a student gets it.
        source: Its text in the solution.
        exercise: The number of the exercise that it belongs to, or "".
        question: The text above a cell with the role ``written``: what it asks for.
    """

    id: str
    kind: str
    role: str
    stub: str
    source: str
    exercise: str = ""
    question: str = ""


@dataclass(frozen=True)
class AnswerKey:
    """A lesson as the grader sees it."""

    lesson: Lesson
    cells: tuple[KeyCell, ...]
    source_hash: str
    quiz: dict[str, tuple[quiz.Question, quiz.QuizAnswer]] = field(default_factory=dict)

    @property
    def exercises(self) -> tuple[str, ...]:
        """The numbers of its exercises, in order."""
        return tuple(cell.exercise for cell in self.cells if cell.role == "check")

    def cells_of(self, exercise: str, role: str) -> list[KeyCell]:
        """Return the cells of one exercise with one role."""
        return [cell for cell in self.cells if (cell.exercise, cell.role) == (exercise, role)]

    def answer_text(self, exercise: str) -> str:
        """Return our own answer to an exercise."""
        return "\n\n\n".join(cell.source for cell in self.cells_of(exercise, "answer"))

    def answer_names(self, exercise: str) -> list[str]:
        """Return the names that the answer to an exercise defines."""
        return sorted(
            {
                name
                for cell in self.cells_of(exercise, "answer")
                for name in defined_names(cell.source)
            }
        )


def load_answer_key(root: Path, lesson: Lesson) -> AnswerKey:
    """Read a lesson's solution.

    Raises:
        CourseError: If a check is without an answer above it.
    """
    path = root / "solutions" / f"{lesson.name}.ipynb"
    nb = notebooks.read(path)
    raw = [cell for cell in nb.cells if cell.cell_type in ("code", "markdown")]
    exercises = _exercise_of_each(raw, notebooks.name(path))
    cells, section, question = [], False, ""
    for cell, exercise in zip(raw, exercises, strict=True):
        tags, source = set(notebooks.tags(cell)), cell.source
        section = section or (cell.cell_type == "markdown" and source.startswith("## "))
        role = _role(cell.cell_type, source, tags, section)
        is_code = cell.cell_type == "code"
        stub = insert_stubs(source, notebooks.name(path)) if is_code else source
        cells.append(KeyCell(cell.id, cell.cell_type, role, stub, source, exercise, question))
        if cell.cell_type == "markdown" and role != "written":
            question = _question(source)
    answers = quiz.load(root)
    asked = {
        one.number: (one, answers[one.number])
        for one in quiz.questions(nb)
        if one.number in answers
    }
    return AnswerKey(lesson, tuple(cells), notebooks.source_hash(nb), asked)


def _question(source: str) -> str:
    """Return what a text asks for: its prediction, or else its first line, which is a title."""
    before, predict, after = source.partition(PREDICT)
    text = predict + after if predict else before.partition("\n")[0]
    return re.sub(r"\*\*|^#+ ", "", text)


def _role(kind: str, source: str, tags: set[str], section: bool) -> str:
    if tags & set(notebooks.TO_WRITE_IN):
        return "written"
    if kind == "markdown":
        return "heading" if HEADING.search(source) else "other"
    if BEGIN in source:
        return "answer"
    if CHECK_CALL.search(source):
        return "check"
    if tags & NOT_RUN_TAGS:
        return "other"
    return "lesson" if section else "first"


def _exercise_of_each(cells: list, where: str) -> list[str]:
    """Return the number of the exercise of each cell; a region reaches up to its check."""
    numbers, start = [""] * len(cells), 0
    for index, cell in enumerate(cells):
        match = CHECK_CALL.search(cell.source) if cell.cell_type == "code" else None
        if not match:
            continue
        region = cells[start : index + 1]
        first = next((at for at, one in enumerate(region) if _begins(one)), None)
        if first is None:
            raise CourseError(f"{where}: {match[0]}...) has no answer above it: add one.")
        for at in range(start + first, index + 1):
            numbers[at] = f"{match[1]}.{match[2]}"
        start = index + 1
    return numbers


def _begins(cell) -> bool:
    if cell.cell_type == "markdown":
        return bool(HEADING.search(cell.source))
    return BEGIN in cell.source
