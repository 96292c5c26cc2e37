"""``python -m course new 09_title``: a lesson to fill in, with every part that the course asks for.

The notebook holds what the lints demand; what a person has still to write is marked with ``WRITE:``, and
``python -m course check`` names each such place until it is written.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.tool import boilerplate_cells, build, course_config, files, notebooks
from course.tool.cli import CourseError
from course.tool.course_config import COURSE_TOML, ROOT
from course.tool.templates import lesson as template


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("name", help="of the notebook, its number first: 09_title")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Write the entry and the notebook, build, and say what comes next."""
    create(args.name, root)
    number = int(args.name[:2])
    build.main(argparse.Namespace(check=False, repository=None, branch=None), root)
    print(
        f"\nsolutions/{args.name}.ipynb is a lesson to fill in. Next:\n"
        f"  1. say in {COURSE_TOML} what lesson {number} promises;\n"
        f"  2. write the notebook: python -m course check names each place that says {template.MARK}\n"
        f"  3. write colorlib/check/lesson{number:02d}.py, and add {number} to LESSONS in "
        f"tests/colorlib/test_check.py;\n"
        f"  4. draw its picture: a function in DRAW of course/tool/pictures.py;\n"
        f"  5. python -m course build, python -m course run --store, make test."
    )
    return 0


def create(name: str, root: Path) -> None:
    """Add a lesson to the table, at its place, and write its notebook.

    Raises:
        CourseError: the name is no lesson's, or its number or file is taken; nothing is written then.
    """
    if not re.fullmatch(r"\d\d_[a-z][a-z0-9_]*", name):
        raise CourseError(
            f"the lesson is called {name!r}, expected two digits and a word: write 09_title."
        )
    path, number = root / f"solutions/{name}.ipynb", int(name[:2])
    for lesson in course_config.load(root).lessons:
        if lesson.number == number:
            raise CourseError(f"lesson {number} is {lesson.name!r} already: choose another number.")
    if path.exists():
        raise CourseError(
            f"solutions/{name}.ipynb exists already: add its entry to {COURSE_TOML} by hand."
        )
    text = _with_entry((root / COURSE_TOML).read_text("utf-8"), name)
    notebooks.write(path, notebook(name))
    files.atomic_write_text(root / COURSE_TOML, text)
    course = course_config.load(root)
    lesson = next(lesson for lesson in course.lessons if lesson.name == name)
    notebooks.write(
        path, boilerplate_cells.refresh(notebooks.read(path), "solutions", course, lesson, root)
    )


def notebook(name: str):
    """The template's cells as a notebook, without its generated cells."""
    number, cells = int(name[:2]), []
    for kind, cell_id, tags, source in template.CELLS:
        make = new_markdown_cell if kind == "markdown" else new_code_cell
        source = source.replace("NUMBER", str(number)).replace("NAME", name)
        cells.append(make(source, id=cell_id, metadata={"tags": list(tags)} if tags else {}))
    return new_notebook(cells=cells)


def _with_entry(text: str, name: str) -> str:
    title = name[3:].replace("_", " ")
    entry = template.ENTRY.replace("NAME", name).replace("TITLE", title[0].upper() + title[1:])
    for match in re.finditer(r'(?m)^\[\[lesson\]\]\s*\nname = "(\d\d)_', text):
        if int(match[1]) > int(name[:2]):
            return f"{text[: match.start()]}{entry}\n{text[match.start() :]}"
    return f"{text.rstrip()}\n\n{entry}"
