"""The configuration of the course, ``course/course.toml``, as values that cannot change."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema

from course.tool import conflicts
from course.tool.cli import CourseError
from course.tool.files import atomic_write_text

ROOT = Path(__file__).resolve().parents[2]
COURSE_TOML = "course/course.toml"
SCHEMA = json.loads((ROOT / "course/course.schema.json").read_text("utf-8"))
PLACEHOLDER = "OWNER/NAME"
MARK = "WRITE:"  # what the templates of a new lesson leave to a person
RELEASE = r"v(\d+\.\d+\.\d+)"  # a branch of this form is the tag of a release


@dataclass(frozen=True)
class Lesson:
    """One lesson: the content of its header, of its metadata and of its row in README.md."""

    name: str
    title: str
    promise: str
    picture_alt: str
    objectives: tuple[str, ...]
    needs: str
    minutes: int
    gpu_minutes: int
    difficulty: int
    exercises: tuple[int, int] = (4, 8)  # the least and the most
    dropped_exercises: tuple[int, ...] = ()  # numbers that the notebook leaves out; no points

    @property
    def number(self) -> int:
        """The number at the start of the file name."""
        return int(self.name[:2])


@dataclass(frozen=True)
class Grading:
    """Points: of an exercise, of a question of a quiz, of those that differ, and by hand."""

    exercise_points: float = 1.0
    quiz_points: float = 0.5
    points: dict[str, float] = field(default_factory=dict)
    manual: dict[str, float] = field(default_factory=dict)

    def points_of(self, exercise: str) -> float:
        """Return the points of an exercise such as ``"3.2"``, or of a question, ``"quiz-3.2"``."""
        usual = self.quiz_points if exercise.startswith("quiz-") else self.exercise_points
        return float(self.points.get(exercise, usual))


@dataclass(frozen=True)
class Course:
    """The course: where it is hosted, its lessons in order, and the points for grading."""

    title: str
    repository: str
    branch: str
    lessons: tuple[Lesson, ...]
    grading: Grading = field(default_factory=Grading)

    @property
    def address(self) -> str:
        """``OWNER/NAME``: the real one, or the placeholder."""
        return self.repository or PLACEHOLDER


def load(root: Path) -> Course:
    """Read and validate the configuration.

    Raises:
        CourseError: If a field is missing, unknown, of the wrong type or out of range.
    """
    try:
        return parse((root / COURSE_TOML).read_text("utf-8"))
    except FileNotFoundError:
        text = f"{COURSE_TOML} is missing under {root.name}: restore it from git."
        raise CourseError(text) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        conflicts.refuse((root / COURSE_TOML).read_text("utf-8", "replace"), COURSE_TOML)
        raise CourseError(f"{COURSE_TOML} is not valid TOML ({error}): fix that line.") from None


def parse(text: str) -> Course:
    """Return the course that a configuration describes; raise CourseError if it is invalid."""
    raw = tomllib.loads(text)
    errors = jsonschema.Draft202012Validator(SCHEMA).iter_errors(raw)
    if error := jsonschema.exceptions.best_match(errors):
        raise CourseError(f"{COURSE_TOML}: {_describe(error, raw)}: fix it.")
    for entry in raw["lesson"]:
        for key in ("objectives", "exercises", "dropped_exercises"):
            if key in entry:
                entry[key] = tuple(entry[key])
    lessons = tuple(Lesson(**entry) for entry in raw["lesson"])
    for before, after in itertools.pairwise(lessons):
        if after.number <= before.number:
            text = f"{COURSE_TOML}: {after.name!r} comes after {before.name!r}, "
            raise CourseError(f"{text}expected numbers that rise: rename or move one.")
    for lesson in lessons:
        least, most = lesson.exercises
        if least > most:
            raise CourseError(
                f"{COURSE_TOML}: 'exercises' of the lesson {lesson.name!r} is [{least}, {most}], "
                f"expected the least number and the most: exchange them."
            )
    grading = Grading(**raw.get("grading", {}))
    for lesson in lessons:
        grading.points.update({f"{lesson.number}.{one}": 0 for one in lesson.dropped_exercises})
    return Course(raw["title"], raw["repository"], raw["branch"], lessons, grading)


def set_field(root: Path, field: str, value: str) -> None:
    """Rewrite the one line that sets ``field``, if the new configuration is valid."""
    path = root / COURSE_TOML
    pattern = re.compile(rf'^{field} = ".*"$', re.MULTILINE)
    line = f"{field} = {json.dumps(value)}"  # JSON's strings are also TOML's
    text, count = pattern.subn(lambda match: line, path.read_text("utf-8"))
    if count != 1:
        raise CourseError(f'{COURSE_TOML} has {count} lines {field} = "...", expected one: fix it.')
    parse(text)
    atomic_write_text(path, text)


def _describe(error: jsonschema.ValidationError, raw: dict[str, Any]) -> str:
    path = list(error.absolute_path)
    where = "the course"
    if path[:1] == ["lesson"] and len(path) > 1:
        entry = raw["lesson"][path[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        where = f"the lesson {name!r}" if name else f"entry {path[1] + 1} of the lessons"
    if error.validator in ("required", "additionalProperties"):
        return f"{where}: {error.message}"
    field = next((part for part in reversed(path) if isinstance(part, str)), "the file")
    return f"{field!r} of {where} is {error.instance!r}, expected {error.schema['description']}"
