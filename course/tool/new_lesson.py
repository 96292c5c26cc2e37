"""``python -m course new 09_title``: create a lesson from a template with every required part.

The text that a person still has to write is marked with ``WRITE:``; ``python -m course check``
lists each such place until it is written.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from course.tool import build, course_config, files, quiz
from course.tool.cli import CourseError
from course.tool.course_config import COURSE_TOML, ROOT

TEMPLATES = Path(__file__).with_name("templates")
NEXT_STEPS = """
solutions/{name}.ipynb is a lesson to fill in, and colorlib/check/ has its checks. Next:
  1. write in course/course.toml what lesson {number} promises;
  2. write the notebook, colorlib/check/lesson{number:02d}.py with exercises.toml next to it,
     the answers to its quiz in course/quiz.toml, and wrong answers of students in
     tests/colorlib/check/answers_lesson{number:02d}.toml;
  3. python -m course build, python -m course run --store;
  4. make its picture from a figure of it: python -m course pictures {name} CELL;
     then draw the maps: python -m course pictures;
  5. write its section in the guide for instructors, its link in the glossary, its week in the
     syllabus; python -m course check names everything that is missing; then make test."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("name", help="of the notebook, its number first: 09_title")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Write the entry and the notebook, build the course, and print the next steps."""
    create(args.name, root)
    parser = argparse.ArgumentParser()
    build.arguments(parser)
    build.main(parser.parse_args([]), root)
    print(NEXT_STEPS.format(name=args.name, number=int(args.name[:2])))
    return 0


def create(name: str, root: Path) -> None:
    """Add an entry to course.toml, in order, and write the notebook.

    Raises:
        CourseError: If the name is invalid, or its number or file is taken; nothing is written.
    """
    if not re.fullmatch(r"\d\d_[a-z][a-z0-9_]*", name):
        raise CourseError(f"found {name!r}, expected two digits and a word: write 09_title.")
    number = int(name[:2])
    for lesson in course_config.load(root).lessons:
        if lesson.number == number:
            raise CourseError(f"lesson {number} is {lesson.name!r} already: choose another number.")
    path = root / f"solutions/{name}.ipynb"
    if path.exists():
        raise CourseError(f"solutions/{name}.ipynb exists: add it to {COURSE_TOML} by hand.")
    config = _insert_entry((root / COURSE_TOML).read_text("utf-8"), name)
    files.atomic_write_text(path, _fill_template("new_lesson.ipynb", name))
    files.atomic_write_text(root / COURSE_TOML, config)
    _create_checks(root, name)


def _create_checks(root: Path, name: str) -> None:
    """Write the graders of a lesson, its titles and hints, and its quiz, if not there."""
    module = root / f"colorlib/check/lesson{name[:2]}.py"
    if not module.exists():
        files.atomic_write_text(module, _fill_template("new_lesson_check.py", name))
    _append(root / "colorlib/check/exercises.toml", "new_lesson_exercises.toml", name)
    _append(root / quiz.ANSWERS, "new_lesson_quiz.toml", name)


def _append(table: Path, template: str, name: str) -> None:
    before = table.read_text("utf-8") if table.exists() else ""
    if f'["{int(name[:2])}.1"]' not in before:
        text = f"{before.rstrip()}\n\n{_fill_template(template, name)}"
        files.atomic_write_text(table, text.lstrip())


def _fill_template(file: str, name: str) -> str:
    text = (TEMPLATES / file).read_text("utf-8")
    title = name[3:].replace("_", " ").capitalize()
    return text.replace("NUMBER", str(int(name[:2]))).replace("NAME", name).replace("TITLE", title)


def _insert_entry(text: str, name: str) -> str:
    entry = _fill_template("new_lesson.toml", name)
    for match in re.finditer(r'(?m)^\[\[lesson\]\]\s*\nname = "(\d\d)_', text):
        if match[1] > name[:2]:
            return f"{text[: match.start()]}{entry}\n{text[match.start() :]}"
    return f"{text.rstrip()}\n\n{entry}"
