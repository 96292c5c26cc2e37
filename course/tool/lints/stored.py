"""Lints of ``course/results/``: each file is complete, and some text shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course.tool import course_config, notebooks, placeholders, stored_results
from course.tool.cli import CourseError
from course.tool.lints.notebook_parsing import Finding

NOT_SHOWN = "no solution and no text shows it: add its placeholder to one, or remove the file."
KINDS = {".json": "result", ".webp": "picture"}


def result_files(root: Path) -> Iterator[Finding]:
    """Every file is a valid result or its picture, and a solution or a text shows it."""
    shown = {(place.kind, place.name) for place in _placeholders(root)}
    for path in sorted((root / stored_results.FOLDER).glob("*")):
        file = path.relative_to(root).as_posix()
        if path.name == stored_results.SCHEMA:
            continue
        if path.suffix not in KINDS:
            yield Finding(file, "", "expected NAME.json or NAME.webp: move the file elsewhere.")
            continue
        try:
            stored_results.read(path.stem, root)
        except CourseError as error:
            yield Finding(file, "", str(error).removeprefix(f"{file}: "))
            continue
        if (KINDS[path.suffix], path.stem) not in shown:
            yield Finding(file, "", NOT_SHOWN)


def _placeholders(root: Path) -> Iterator[placeholders.Placeholder]:
    for path, text in placeholders.texts(root):
        yield from placeholders.find(text, path)
    for lesson in course_config.load(root).lessons:
        path = f"solutions/{lesson.name}.ipynb"
        for number, cell in notebooks.numbered(notebooks.read(root / path), "markdown"):
            yield from placeholders.find(cell.source, f"{path}: {notebooks.place(number, cell)}")
