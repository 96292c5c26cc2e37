"""``python -m course minutes``: estimate from its notebook how long each lesson takes.

Words and lines of code are counted as a student sees them, at the speeds below; an exercise takes
the minutes that its own cell states. The time that the code runs is measured elsewhere.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course.tool import boilerplate_cells, course_config, markdown, notebooks
from course.tool.cli import CourseError
from course.tool.course_config import ROOT, Lesson
from course.tool.solution_regions import insert_stubs

WORDS_PER_MINUTE = 150  # slower than for a novel, because each sentence asks something
LINES_PER_MINUTE = 20  # of code
METHOD = (
    f"Reading at {WORDS_PER_MINUTE} words and {LINES_PER_MINUTE} lines of code a minute; "
    "exercises as their own cells say."
)
HEADER = ("Lesson", "Words", "Lines of code", "Reading", "Exercises", "Together", "Its header says")
EXERCISE_MINUTES = re.compile(r"\babout (\d+) minutes?\b")
FORMULA = re.compile(r"(?s)\$\$.*?\$\$|\$[^$\n]+\$")


@dataclass(frozen=True)
class ReadingTime:
    """The words, the lines of code and the minutes of exercises of one lesson."""

    lesson: Lesson
    words: int
    lines: int
    exercises: int

    @property
    def reading(self) -> int:
        """Minutes of reading, text and code."""
        return round(self.words / WORDS_PER_MINUTE + self.lines / LINES_PER_MINUTE)

    @property
    def row(self) -> list[str]:
        """The lesson's row in the table."""
        minutes = (self.reading, self.exercises, self.reading + self.exercises, self.lesson.minutes)
        title = f"{self.lesson.number} · {self.lesson.title}"
        return [title, f"{self.words:,}", str(self.lines), *(f"{n} min" for n in minutes)]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add no options."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print the table."""
    print(region("minutes", root))
    return 0


def measure_all(root: Path) -> list[ReadingTime]:
    """Return the reading time of each lesson of the configuration that has a notebook."""
    times = []
    for lesson in course_config.load(root).lessons:
        path = root / f"solutions/{lesson.name}.ipynb"
        if path.exists():
            times.append(measure(lesson, notebooks.read(path)))
    return times


def measure(lesson: Lesson, nb: NotebookNode) -> ReadingTime:
    """Count a solution as a student reads it: with stubs, without cells for instructors."""
    words = lines = exercises = 0
    for number, cell in enumerate(nb.cells, start=1):
        if "solution" in notebooks.tags(cell) or boilerplate_cells.is_generated(cell):
            continue
        if cell.cell_type == "code":
            source = insert_stubs(cell.source, f"{lesson.name}: {notebooks.place(number, cell)}")
            lines += sum(bool(line.strip()) for line in source.split("\n"))
        elif cell.cell_type == "markdown":
            words += _count_words(cell.source)
            stated = EXERCISE_MINUTES.search(cell.source)
            if stated and "exercise" in notebooks.tags(cell):
                exercises += int(stated[1])
    return ReadingTime(lesson, words, lines, exercises)


def region(name: str, root: Path) -> str:
    """Return the content of ``<!-- course: NAME -->``: ``minutes``, ``objectives`` or ``map``.

    Raises:
        CourseError: If there is no such table.
    """
    lessons = course_config.load(root).lessons
    if name == "minutes":
        rows = [time.row for time in measure_all(root)]
        return f"{markdown.table(HEADER, rows)}\n\n*{METHOD}*"
    if name == "objectives":
        rows = [(_link(one), "<br>".join(one.objectives), one.needs) for one in lessons]
        return markdown.table(("Lesson", "Afterwards you can", "It needs"), rows)
    if name == "map":
        rows = [(_link(one), one.promise) for one in lessons if one.number]
        return markdown.table(("Lesson", "What you will have"), rows)
    raise CourseError(
        f"there is no table {name!r} of the course: write minutes, objectives or map."
    )


def _link(lesson: Lesson) -> str:
    return f"[{lesson.number} · {lesson.title}](../lessons/{lesson.name}.ipynb)"


def _count_words(text: str) -> int:
    from course.tool.lints.notebook_parsing import prose  # it imports this module by way of others

    text = prose(FORMULA.sub(" x ", text)).replace("`", " code ")
    return sum(any(map(str.isalnum, word)) for word in text.split())
