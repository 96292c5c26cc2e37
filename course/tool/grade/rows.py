"""The table of grades: one row for each student and exercise, and the files made from it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course.tool.cli import CourseError
from course.tool.files import atomic_write_text
from course.tool.grade.roster import read_table

HEADINGS = (
    "student",
    "id",
    "lesson",
    "exercise",
    "outcome",
    "points",
    "of",
    "tries",
    "seconds",
    "remark",
)
# Outcomes with their marks: those of the checks, and those that only grading knows.
MARKS = {
    "passed": "✓",
    "wrong": "✗",
    "raised": "!",
    "not attempted": "○",
    "too slow": "…",
    "stopped": "■",
    "refused": "⚑",
    "not read": "?",
    "by hand": "✎",
}
SECONDS = (5, *(step * power for power in (10, 100, 1000, 10_000) for step in (1, 2, 3, 5)), 10**9)


@dataclass(frozen=True)
class GradeRow:
    """One row of ``grades.csv``, and what the pages show of it."""

    student: str
    id: str
    lesson: str
    exercise: str
    outcome: str
    points: float
    of: float
    tries: str = ""
    seconds: str = ""
    remark: str = ""
    title: str = ""
    reasons: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    hint: str = ""
    look_at: tuple[str, ...] = field(default=())

    @property
    def key(self) -> str:
        """The value that tells students apart."""
        return self.id or self.student

    @property
    def heading(self) -> str:
        """The name of the exercise, or of the question of the quiz, in a heading."""
        kind, _, number = self.exercise.rpartition("-")
        return f"{kind.capitalize() or 'Exercise'} {number}"

    @property
    def mark(self) -> str:
        """The mark of the outcome, so that colour is never needed."""
        return MARKS[self.outcome]

    @property
    def cause(self) -> str:
        """The likely cause that the check names, or ""."""
        return next((text for label, text in self.reasons if label == "likely cause"), "")


def round_seconds(seconds: float) -> str:
    """Round to 5, 10, 20, 30, 50, 100 ..., so coarsely that a busy machine gives the same number.

    Example:
        >>> [round_seconds(s) for s in (0.03, 2.1, 7, 20.4, 30)]
        ['5', '5', '10', '20', '30']
    """
    return str(next(step for step in SECONDS if step >= 0.8 * seconds))


def format_points(points: float) -> str:
    """Format points without needless digits.

    Example:
        >>> format_points(2.0), format_points(0.5)
        ('2', '0.5')
    """
    return f"{points:.2f}".rstrip("0").rstrip(".")


def natural_order(exercise: str) -> tuple:
    """Sort key of an exercise: 1.2 comes before 1.10, and words come last."""
    parts = exercise.split(".")
    if all(part.isdigit() for part in parts):
        return (0, *map(int, parts))
    return (1, exercise)


def sort_rows(rows: Iterable[GradeRow]) -> list[GradeRow]:
    """Return the rows by student, lesson and exercise."""
    return sorted(
        rows,
        key=lambda row: (row.student.casefold(), row.key, row.lesson, natural_order(row.exercise)),
    )


def write_grades(path: Path, rows: Sequence[GradeRow]) -> None:
    """Write ``grades.csv``."""
    table = []
    for row in rows:
        points, of = format_points(row.points), format_points(row.of)
        table.append(
            [
                row.student,
                row.id,
                row.lesson,
                row.exercise,
                row.outcome,
                points,
                of,
                row.tries,
                row.seconds,
                row.remark,
            ]
        )
    write_csv(path, HEADINGS, table)


def write_csv(path: Path, headings: Sequence[str], table: Iterable[Sequence[str]]) -> None:
    """Write a CSV file that no spreadsheet takes for a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_plain(cell) for cell in row] for row in table)
    atomic_write_text(path, text.getvalue())


def _plain(cell: str) -> str:
    cell = str(cell).replace("\r", " ").replace("\x00", "")
    return f"'{cell}" if cell[:1] in "=+-@\t" and cell[:1] else cell


def read_manual_points(
    path: Path, items: dict[str, float], students: dict[str, tuple[str, str]]
) -> list[GradeRow]:
    """Read points that a person gave: columns student (or id), item, points, remark.

    Args:
        path: The CSV file.
        items: The items of course.toml, with their highest points.
        students: Key or name -> name and id, of all students.

    Raises:
        CourseError: If an item or a student is unknown, or points are not a number in the range.
    """
    rows = []
    for number, row in enumerate(read_table(path), start=2):
        where = f"{path.name}, line {number}"
        item, lesson = row.get("item", ""), row.get("lesson", "")
        if item not in items:
            expected = ", ".join(items) or "none: add them to [grading.manual] of course.toml"
            raise CourseError(f"{where}: found the item {item!r}, expected one of {expected}.")
        person = students.get(row.get("id") or "\0") or students.get(row.get("student", "\0"))
        if person is None:
            who = row.get("student") or row.get("id")
            raise CourseError(f"{where}: found the student {who!r}, who is not in the submissions.")
        try:
            points = float(row.get("points", "").replace(",", "."))
        except ValueError:
            points = -1
        if not 0 <= points <= items[item]:
            found = row.get("points", "")
            expected = f"a number from 0 to {format_points(items[item])}"
            raise CourseError(f"{where}: found {found!r} points, expected {expected}.")
        rows.append(
            GradeRow(
                person[0],
                person[1],
                lesson,
                item,
                "by hand",
                points,
                items[item],
                remark=row.get("remark", ""),
            )
        )
    return rows
