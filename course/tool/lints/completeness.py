"""Lints of a lesson outside its notebook: pictures, checks, and its place in every text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from course.tool import course_config, notebooks, placeholders, reading_time
from course.tool.boilerplate_cells import PICTURES
from course.tool.course_config import COURSE_TOML, MARK, Lesson
from course.tool.lints.exercises import exercise_names
from course.tool.lints.notebook_parsing import Finding, LessonNotebook

GUIDE = "course/instructor-guide.md"
GUIDE_PARTS = ("Hard", "Show", "Time", "Adapt", "Skip")
GLOSSARY = "course/glossary.md"
SYLLABUS = "course/syllabus.md"
CHECKS = "colorlib/check"
ANSWERS = "tests/colorlib/check/answers_lesson{:02d}.toml"
WRONG_ANSWERS = 5  # of students to each exercise, at least; its check must refuse them
MAX_LINES = 400  # of a file of checks; tests/test_structure.py has the same limit
LEAST_WORDS = {0: 300}  # lesson 0 is for readers who may never have programmed
LEAST_MINUTES = {0: 4}
WORDS, MINUTES = 1000, 30  # of prose, and of exercises, in every other lesson


def course_parts(root: Path) -> Iterator[Finding]:
    """Yield everything that a lesson of the table lacks; nothing in a course without a guide."""
    if not (root / GUIDE).exists():
        return
    lessons = course_config.load(root).lessons
    yield from _left_over(root, [lesson.number for lesson in lessons])
    for lesson in lessons:
        yield from _pictures(root, lesson)
        yield from _checks(root, lesson)
        yield from _length(root, lesson)
        yield from _texts(root, lesson)


def _pictures(root: Path, lesson: Lesson) -> Iterator[Finding]:
    command = "python -m course pictures"
    for name, how in (
        (f"{lesson.name}.webp", f"make it from a figure: {command} {lesson.name} CELL."),
        (f"map_{lesson.number}.webp", f"draw the maps: {command}."),
    ):
        if not (root / PICTURES / name).exists():
            yield Finding(f"{PICTURES}/{name}", "", f"does not exist: {how}")


def _left_over(root: Path, numbers: list[int]) -> Iterator[Finding]:
    """Yield what a lesson that is no longer in the table has left."""
    table = f"{CHECKS}/exercises.toml"
    listed = tomllib.loads((root / table).read_text("utf-8"))
    for number in sorted({int(name.split(".")[0]) for name in listed} - set(numbers)):
        yield Finding(table, "", f"its exercises of lesson {number} have no lesson: remove them.")
    pattern = re.compile(r"(?:answers_lesson|lesson|map_|)(\d+)(?:_\w+|)\.(?:py|toml|jpg|webp)")
    for folder in (CHECKS, PICTURES, Path(ANSWERS).parent.as_posix()):
        for path in sorted((root / folder).glob("*")):
            match = pattern.fullmatch(path.name)
            if match and int(match[1]) not in numbers:
                yield Finding(f"{folder}/{path.name}", "", "has no lesson: remove it.")


def _checks(root: Path, lesson: Lesson) -> Iterator[Finding]:
    module, table = f"{CHECKS}/lesson{lesson.number:02d}.py", f"{CHECKS}/exercises.toml"
    code = (root / module).read_text("utf-8") if (root / module).exists() else ""
    if not code:
        yield Finding(module, "", "does not exist: write a grader for each exercise.")
    elif MARK in code:
        yield Finding(module, "", f"not written yet: replace each {MARK!r}.")
    for path in sorted((root / CHECKS).glob(f"lesson{lesson.number:02d}*.py")):
        length = len(path.read_text("utf-8").splitlines())
        if length > MAX_LINES:
            advice = f"move one exercise into a new lesson{lesson.number:02d}_*.py and import it"
            text = f"{length} lines, expected at most {MAX_LINES}: {advice}."
            yield Finding(f"{CHECKS}/{path.name}", "", text)
    path = f"solutions/{lesson.name}.ipynb"
    wanted = exercise_names(LessonNotebook(path, notebooks.read(root / path), lesson))
    texts = tomllib.loads((root / table).read_text("utf-8"))
    listed = [name for name in texts if name.split(".")[0] == str(lesson.number)]
    for name in sorted(set(wanted) - set(listed)):
        yield Finding(table, "", f"exercise {name} of {path} has no title and hints: add them.")
    for name in wanted:
        if code and f'"{name}": ' not in code:
            yield Finding(module, "", f"GRADERS has no {name!r}: write its grader.")
    yield from _answers(root, lesson, wanted)
    dropped = [f"{lesson.number}.{number}" for number in lesson.dropped_exercises]
    for name in sorted(set(listed) - set(wanted) - set(dropped)):
        advice = f"remove it there and in {module}, or name it in dropped_exercises"
        yield Finding(table, "", f"exercise {name} is not in {path}: {advice} of {COURSE_TOML}.")
    if any(MARK in str(texts[name]) for name in listed):
        yield Finding(table, "", f"lesson {lesson.number}: replace each {MARK!r} by your words.")


def _answers(root: Path, lesson: Lesson, wanted: list[str]) -> Iterator[Finding]:
    """Yield the exercises to which too few wrong answers of students are in the tests."""
    path = ANSWERS.format(lesson.number)
    text = (root / path).read_text("utf-8") if (root / path).exists() else ""
    rows = tomllib.loads(text).get("wrong", [])
    for name in wanted:
        count = sum(row["exercise"] == name for row in rows)
        if count < WRONG_ANSWERS:
            found = f"{count} wrong answers of students to exercise {name}"
            yield Finding(path, "", f"{found}, expected at least {WRONG_ANSWERS}: add some.")


def _length(root: Path, lesson: Lesson) -> Iterator[Finding]:
    path = f"solutions/{lesson.name}.ipynb"
    time = reading_time.measure(lesson, notebooks.read(root / path))
    words = LEAST_WORDS.get(lesson.number, WORDS)
    minutes = LEAST_MINUTES.get(lesson.number, MINUTES)
    if time.words < words:
        yield Finding(path, "", f"{time.words} words of text, expected at least {words}: explain.")
    if time.exercises < minutes:
        found = f"its exercises state {time.exercises} minutes together"
        yield Finding(path, "", f"{found}, expected at least {minutes}: give them more to do.")


def _texts(root: Path, lesson: Lesson) -> Iterator[Finding]:
    heading = f"## Lesson {lesson.number} · {lesson.title}"
    after = (root / GUIDE).read_text("utf-8").partition(f"\n{heading}\n")[2]
    section = after.partition("\n## ")[0]
    missing = [part for part in GUIDE_PARTS if f"**{part}.**" not in section]
    if not after:
        yield Finding(GUIDE, "", f"the section {heading!r} is missing: write {_list(GUIDE_PARTS)}.")
    elif missing:
        yield Finding(GUIDE, heading, f"the section has no {_list(missing)}: add them.")
    link = f"[{lesson.number}]: ../lessons/{lesson.name}.ipynb"
    if link not in (root / GLOSSARY).read_text("utf-8").split("\n"):
        yield Finding(GLOSSARY, "", f"its last lines lack {link!r}: add it.")
    syllabus = placeholders.blank((root / SYLLABUS).read_text("utf-8"))
    if lesson.number and not re.search(rf"(?i)\blessons? {lesson.number}\b", syllabus):
        yield Finding(SYLLABUS, "", f"no week and no day names lesson {lesson.number}: plan it.")


def _list(parts: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"**{part}.**" for part in parts)
