"""``python -m course minutes``: how long each lesson takes, reckoned from its notebook.

Words and lines of code are counted as a student meets them, at the speeds below; an exercise takes the
minutes that its own cell names. How long the code runs is not in it: that is measured elsewhere.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course.tool import boilerplate_cells, course_config, notebooks, solution_regions
from course.tool.cli import CourseError
from course.tool.course_config import ROOT, Lesson

WORDS = 150  # read in a minute: slower than a novel, for each sentence asks something
LINES = 20  # of code read in a minute
HOW = f"Reading at {WORDS} words and {LINES} lines of code a minute; exercises as their own cells say."
ABOUT = re.compile(r"\babout (\d+) minutes?\b")


@dataclass(frozen=True)
class Minutes:
    """What one lesson asks for."""

    lesson: Lesson
    words: int
    lines: int
    exercises: int

    @property
    def reading(self) -> int:
        """Minutes of reading, text and code."""
        return round(self.words / WORDS + self.lines / LINES)

    @property
    def together(self) -> int:
        """Reading and exercises."""
        return self.reading + self.exercises


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command has no options."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print the table."""
    rows = [_HEADS, *map(_row, every(root))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        )
    print(HOW)
    return 0


def every(root: Path) -> list[Minutes]:
    """The minutes of each lesson of the table that has a notebook."""
    files = [
        (lesson, root / f"solutions/{lesson.name}.ipynb")
        for lesson in course_config.load(root).lessons
    ]
    return [count(lesson, notebooks.read(file)) for lesson, file in files if file.exists()]


def count(lesson: Lesson, nb: NotebookNode) -> Minutes:
    """Count a solution as a student reads it: stubs for answers, no instructor's cells, no generated ones."""
    words = lines = exercises = 0
    for number, cell in enumerate(nb.cells, start=1):
        tags = set(notebooks.tags(cell))
        if tags & {"solution", *boilerplate_cells.TAGS}:
            continue
        if cell.cell_type == "code":
            source = solution_regions.insert_stubs(
                cell.source, f"{lesson.name}: {notebooks.place(number, cell)}"
            )
            lines += sum(bool(line.strip()) for line in source.split("\n"))
        elif cell.cell_type == "markdown":
            words += _words(cell.source)
            about = ABOUT.search(cell.source) if "exercise" in tags else None
            exercises += int(about[1]) if about else 0
    return Minutes(lesson, words, lines, exercises)


def region(name: str, root: Path) -> str:
    """What ``<!-- course: NAME -->`` holds: ``minutes``, ``objectives`` or ``map`` of the lessons.

    Raises:
        CourseError: there is no such table.
    """
    if name == "minutes":
        return _markdown([_HEADS, *map(_row, every(root))]) + f"\n\n*{HOW}*"
    if name == "objectives":
        rows = [
            (_link(lesson), "<br>".join(lesson.objectives), lesson.needs)
            for lesson in course_config.load(root).lessons
        ]
        return _markdown([("Lesson", "Afterwards you can", "It needs"), *rows])
    if name == "map":
        rows = [
            (_link(lesson), lesson.promise)
            for lesson in course_config.load(root).lessons
            if lesson.number
        ]
        return _markdown([("Lesson", "What you will have"), *rows])
    raise CourseError(
        f"there is no table {name!r} of the course: write minutes, objectives or map."
    )


_HEADS = ("Lesson", "Words", "Lines of code", "Reading", "Exercises", "Together", "Its header says")


def _row(found: Minutes) -> tuple[str, ...]:
    numbers = (found.reading, found.exercises, found.together, found.lesson.minutes)
    title = f"{found.lesson.number} · {found.lesson.title}"
    return title, f"{found.words:,}", str(found.lines), *(f"{number} min" for number in numbers)


def _link(lesson: Lesson) -> str:
    return f"[{lesson.number} · {lesson.title}](../lessons/{lesson.name}.ipynb)"


def _words(text: str) -> int:
    from course.tool.lints.reading import prose  # which knows regions, and regions know this module

    text = prose(re.sub(r"(?s)\$\$.*?\$\$|\$[^$\n]+\$", " x ", text)).replace("`", " code ")
    return sum(1 for word in text.split() if any(map(str.isalnum, word)))


def _markdown(rows: list[tuple[str, ...]]) -> str:
    lines = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
