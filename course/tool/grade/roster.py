"""The list of a class: who is in it, and under which names the platforms know them."""

from __future__ import annotations

import csv
import io
import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course.tool.cli import CourseError
from course.tool.grade.submissions import Submission

# Headings of columns, without capitals: those of Canvas and Moodle, and plain ones.
COLUMNS = {
    "name": ("name", "student", "full name", "student name"),
    "first": ("first name", "firstname", "given name"),
    "last": ("last name", "lastname", "surname", "family name"),
    "id": ("id", "student id", "participant", "identifier", "user id"),
    "sis": ("sis user id", "id number", "idnumber", "student number", "matriculation number"),
    "login": ("sis login id", "username", "login", "user name"),
    "email": ("email", "email address", "e-mail"),
    "section": ("section", "group"),
}


@dataclass(frozen=True)
class Student:
    """One row of a roster; what it does not say is ""."""

    name: str
    id: str = ""
    sis: str = ""
    login: str = ""
    email: str = ""
    section: str = ""

    @property
    def key(self) -> str:
        """The value that tells students apart."""
        return self.id or self.sis or self.login or self.email or self.name


def read_roster(path: Path) -> list[Student]:
    """Read a CSV file with a heading for each column, as the platforms export it.

    Raises:
        CourseError: If it has no column with names.
    """
    students = []
    for row in read_table(path):
        found = {}
        for field, headings in COLUMNS.items():
            found[field] = next((row[h] for h in headings if row.get(h)), "")
        name = found["name"] or f"{found.pop('first')} {found.pop('last')}".strip()
        if name.casefold().strip() in ("", "points possible", "student, test"):
            continue
        wanted = ("id", "sis", "login", "email", "section")
        students.append(Student(name, **{field: found[field] for field in wanted}))
    if not students:
        text = f"{path} has no row with a name: expected columns such as name, id, email."
        raise CourseError(text)
    return students


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV file into rows by heading (without capitals); commas, semicolons or tabs.

    Raises:
        CourseError: If the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}): check the path.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    headings = [heading.strip().casefold() for heading in next(rows, [])]
    return [
        {heading: cell.strip() for heading, cell in zip(headings, row, strict=False)}
        for row in rows
        if any(cell.strip() for cell in row)
    ]


def match_roster(
    submissions: Sequence[Submission], roster: Sequence[Student]
) -> tuple[list[Submission], list[str]]:
    """Return submissions with names and ids of the roster, and the names that it lacks."""
    by_sign: dict[str, Student | None] = {}
    for student in roster:
        for sign in _signs(student):
            by_sign[sign] = None if sign in by_sign else student  # two people: no sign
    result, unknown = [], []
    for one in submissions:
        signs = [f"id:{one.id}"] if one.id else []
        signs += [one.student.casefold(), _letters(one.student)]
        student = next((by_sign[sign] for sign in signs if by_sign.get(sign)), None)
        if student is None:
            unknown.append(one.student)
            result.append(one)
        else:
            result.append(replace(one, student=student.name, id=student.key))
    return result, sorted(set(unknown))


def _signs(student: Student) -> set[str]:
    signs = {f"id:{value}" for value in (student.id.split()[-1:] or [""]) + [student.sis] if value}
    for value in (student.sis, student.login, student.email, student.email.split("@")[0]):
        signs |= {value.casefold()} if value else set()
    words = [_letters(word) for word in student.name.replace(",", " ").split()]
    orders = itertools.permutations(words) if len(words) <= 4 else [words, words[::-1]]
    return signs | {"".join(order) for order in orders}


def _letters(name: str) -> str:
    """Return the letters of a name, without accents, spaces and capitals."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())
