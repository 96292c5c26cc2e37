"""Lints of ``course/results/``: each file is complete, and a reader meets it somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course.tool import course_config, notebooks, regions, results
from course.tool.cli import CourseError
from course.tool.lints.reading import Finding

UNSHOWN = "no solution and no text shows it: add its region to one, or remove the file."


def stored_results(root: Path) -> Iterator[Finding]:
    """Every file is a result with all its fields, or its picture, and stands in a solution or a text."""
    shown = {(region.kind, region.name) for region in _regions(root)}
    for path in sorted((root / results.FOLDER).glob("*")):
        file = path.relative_to(root).as_posix()
        if path.suffix not in (".json", ".jpg"):
            yield Finding(file, "", "expected NAME.json or NAME.jpg: move the file elsewhere.")
            continue
        try:
            results.read(path.stem, root)
        except CourseError as error:
            yield Finding(file, "", str(error).removeprefix(f"{file} ").removeprefix(f"{file}: "))
            continue
        kind = {".json": "result", ".jpg": "picture"}[path.suffix]
        if (kind, path.stem) not in shown:
            yield Finding(file, "", UNSHOWN)


def _regions(root: Path) -> Iterator[regions.Region]:
    for path, text in regions.texts(root):
        yield from regions.find(text, path)
    for lesson in course_config.load(root).lessons:
        path = f"solutions/{lesson.name}.ipynb"
        for number, cell in enumerate(notebooks.read(root / path).cells, start=1):
            if cell.cell_type == "markdown":
                yield from regions.find(cell.source, f"{path}: {notebooks.place(number, cell)}")
