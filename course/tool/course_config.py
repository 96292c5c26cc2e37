"""The one table of the course, ``course/course.toml``, as values that cannot change."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.tool.cli import CourseError
from course.tool.files import atomic_write_text

ROOT = Path(__file__).resolve().parents[2]
COURSE_TOML = "course/course.toml"
PLACEHOLDER = "OWNER/NAME"
RELEASE = r"v(\d+\.\d+\.\d+)"  # a branch of this form is a release's tag

COURSE_FIELDS = {"title": str, "repository": str, "branch": str, "lesson": list}
LESSON_FIELDS = {
    "name": str,
    "title": str,
    "promise": str,
    "picture_alt": str,
    "objectives": list,
    "needs": str,
    "minutes": int,
    "gpu_minutes": int,
    "difficulty": int,
}
TYPE_NAMES = {str: "a text", int: "a whole number", list: "a list"}


@dataclass(frozen=True)
class Lesson:
    """One lesson: what its header, its metadata and the table in README.md say."""

    name: str
    title: str
    promise: str
    picture_alt: str
    objectives: tuple[str, ...]
    needs: str
    minutes: int
    gpu_minutes: int
    difficulty: int

    @property
    def number(self) -> int:
        """The number at the start of the file name."""
        return int(self.name[:2])


@dataclass(frozen=True)
class Course:
    """The course: where it is hosted, and its lessons in order."""

    title: str
    repository: str
    branch: str
    lessons: tuple[Lesson, ...]

    @property
    def address(self) -> str:
        """``OWNER/NAME``: the real one, or the placeholder words."""
        return self.repository or PLACEHOLDER


def load(root: Path) -> Course:
    """Read and validate the table.

    Raises:
        CourseError: if a field is missing, unknown, of the wrong type or out of range.
    """
    try:
        raw = tomllib.loads((root / COURSE_TOML).read_text("utf-8"))
    except FileNotFoundError:
        raise CourseError(
            f"{COURSE_TOML} is missing under {root.name}: restore it from git."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{COURSE_TOML} is not valid TOML ({error}): mend that line.") from None
    _check_fields(raw, COURSE_FIELDS, "the course", empty={"repository"})
    if raw["repository"]:
        _check_repository(raw["repository"])
    lessons = tuple(_lesson(entry, place) for place, entry in enumerate(raw["lesson"], start=1))
    for before, after in itertools.pairwise(lessons):
        if after.number <= before.number:
            raise CourseError(
                f"{COURSE_TOML}: {after.name!r} stands after {before.name!r}; lessons need different numbers, "
                f"in rising order: rename or move one."
            )
    return Course(raw["title"], raw["repository"], raw["branch"], lessons)


def set_repository(root: Path, repository: str) -> None:
    """Rewrite the one line of the table that says where the course is hosted."""
    _check_repository(repository)
    _set(root, "repository", repository)


def set_branch(root: Path, branch: str) -> None:
    """Rewrite the one line of the table that says which branch, or which release's tag, badges open."""
    if not re.fullmatch(r"[\w][\w./-]*", branch):
        raise CourseError(
            f"the branch is {branch!r}, expected a name such as main or v1.0.0: give one."
        )
    _set(root, "branch", branch)


def _set(root: Path, field: str, value: str) -> None:
    path = root / COURSE_TOML
    text, count = re.subn(rf'(?m)^{field} = ".*"$', f'{field} = "{value}"', path.read_text("utf-8"))
    if count != 1:
        raise CourseError(
            f'{COURSE_TOML} has {count} lines of the form {field} = "...", expected one: mend it.'
        )
    atomic_write_text(path, text)


def _check_repository(text: str) -> None:
    if text == PLACEHOLDER or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", text):
        raise CourseError(
            f"the repository is {text!r}, expected the owner and the name on GitHub, such as ada/colour: "
            f"run python -m course build --repository {PLACEHOLDER} with both filled in."
        )


def _lesson(entry: Any, place: int) -> Lesson:
    where = f"lesson {place}"
    if not isinstance(entry, dict):
        raise CourseError(f"{COURSE_TOML}: {where} is {entry!r}, expected a [[lesson]] table.")
    where += f" ({entry.get('name', 'no name')})"
    _check_fields(entry, LESSON_FIELDS, where)
    if not re.fullmatch(r"\d\d_[a-z0-9_]+", entry["name"]):
        raise CourseError(f"{COURSE_TOML}: {where} needs a name such as 03_patchgan: rename it.")
    if not all(isinstance(item, str) and item for item in entry["objectives"]):
        raise CourseError(f"{COURSE_TOML}: {where} needs objectives that are texts: mend the list.")
    if entry["minutes"] < 1 or entry["gpu_minutes"] < 0 or entry["difficulty"] not in (1, 2, 3):
        raise CourseError(
            f"{COURSE_TOML}: {where} needs minutes above 0, gpu_minutes of 0 or more and a difficulty of 1, 2 or 3."
        )
    return Lesson(**entry | {"objectives": tuple(entry["objectives"])})


def _check_fields(
    raw: dict[str, Any], fields: dict[str, type], where: str, empty: set[str] = frozenset()
) -> None:
    if missing := [field for field in fields if field not in raw]:
        raise CourseError(
            f"{COURSE_TOML}: {where} has no {missing[0]!r}: add it ({TYPE_NAMES[fields[missing[0]]]})."
        )
    if unknown := [field for field in raw if field not in fields]:
        raise CourseError(
            f"{COURSE_TOML}: {where} has an unknown field {unknown[0]!r}: known are {', '.join(fields)}."
        )
    for field, kind in fields.items():
        if type(raw[field]) is not kind or (raw[field] in ("", []) and field not in empty):
            raise CourseError(
                f"{COURSE_TOML}: {field!r} of {where} is {raw[field]!r}, expected {TYPE_NAMES[kind]}, not empty."
            )
