"""``python -m course new 09_title``: create a lesson from a template with every required part.

The text that a person still has to write is marked with ``WRITE:``; ``python -m course check``
lists each such place until it is written.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from course.tool import build, course_config, files
from course.tool.cli import CourseError
from course.tool.course_config import COURSE_TOML, ROOT

MARK = "WRITE:"
TEMPLATES = Path(__file__).with_name("templates")
NEXT_STEPS = """
solutions/{name}.ipynb is a lesson to fill in. Next:
  1. write in course/course.toml what lesson {number} promises;
  2. write the notebook: python -m course check lists each place that is marked WRITE:
  3. write colorlib/check/lesson{number:02d}.py and the hints in exercises.toml, and add
     {number} to LESSONS in tests/colorlib/test_check.py;
  4. make its picture from a figure of it: python -m course pictures {name} CELL;
  5. python -m course build, python -m course run --store, make test."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("name", help="of the notebook, its number first: 09_title")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Write the entry and the notebook, build the course, and print the next steps."""
    create(args.name, root)
    build.main(argparse.Namespace(check=False, repository=None, branch=None), root)
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
