"""Files that the gradebooks of Canvas and Moodle import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from course.tool.grade.roster import Student
from course.tool.grade.rows import GradeRow, format_points, write_csv

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# The columns of Moodle's grading worksheet; it finds them by these words.
MOODLE = (
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum Grade",
    "Last modified (grade)",
    "Feedback comments",
)


def column_of(row: GradeRow) -> str:
    """Return the assignment that a row counts for: its lesson, or the item graded by hand."""
    return row.exercise if row.outcome == "by hand" and not row.lesson else row.lesson


def write_gradebooks(folder: Path, rows: Sequence[GradeRow], roster: Sequence[Student]) -> None:
    """Write ``canvas.csv`` with a column for each lesson, and a Moodle worksheet for each."""
    people = {student.key: student for student in roster}
    columns = sorted({column_of(row) for row in rows if column_of(row)})
    totals: dict[str, dict[str, tuple[float, float]]] = {}
    names = {}
    for row in rows:
        if not column_of(row):
            continue
        points, of = totals.setdefault(row.key, {}).get(column_of(row), (0.0, 0.0))
        totals[row.key][column_of(row)] = (points + row.points, of + row.of)
        names[row.key] = (row.student, row.id)
    _write_canvas(folder / "canvas.csv", totals, names, columns, people)
    for column in columns:
        _write_moodle(folder / f"moodle-{column}.csv", totals, names, column, people)


def _highest(totals, column: str) -> float:
    return max((columns[column][1] for columns in totals.values() if column in columns), default=0)


def _write_canvas(path: Path, totals, names, columns, people) -> None:
    highest = [format_points(_highest(totals, column)) for column in columns]
    table = [["    Points Possible", "", "", "", "", *highest]]
    for key, by_column in totals.items():
        student = people.get(key)
        name, number = names[key]
        facts = [name, number, "", "", ""]
        if student:
            facts = [student.name, student.id, student.sis, student.login, student.section]
        points = [
            format_points(by_column[column][0]) if column in by_column else "" for column in columns
        ]
        table.append([*facts, *points])
    write_csv(path, (*CANVAS, *columns), table)


def _write_moodle(path: Path, totals, names, column: str, people) -> None:
    table = []
    for key, by_column in totals.items():
        if column not in by_column:
            continue
        name, number = names[key]
        email = people[key].email if key in people else ""
        identifier = number if number.startswith("Participant") else f"Participant {number}"
        points, of = map(format_points, by_column[column])
        comment = f"{points} of {of} points; see the feedback page."
        table.append([identifier if number else "", name, email, points, of, "", comment])
    write_csv(path, MOODLE, table)
