"""The reading time of each lesson, estimated from its notebook.

Words and lines of code are counted as a student sees them, at the speeds below; an exercise takes
the minutes that its own cell states. The time that the code runs is measured elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course.tool import boilerplate_cells, course_config, markdown, notebooks
from course.tool.course_config import Lesson
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


def table(root: Path) -> str:
    """Return the table of reading times in Markdown, and below it how they are estimated."""
    rows = []
    for time in measure_all(root):
        lesson, together = time.lesson, time.reading + time.exercises
        minutes = (time.reading, time.exercises, together, lesson.minutes)
        title = f"{lesson.number} · {lesson.title}"
        rows.append([title, f"{time.words:,}", time.lines, *(f"{n} min" for n in minutes)])
    return f"{markdown.table(HEADER, rows)}\n\n*{METHOD}*"


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
        is_skipped = {"solution", *notebooks.TO_WRITE_IN} & set(notebooks.tags(cell))
        if is_skipped or boilerplate_cells.is_generated(cell):
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


def _count_words(text: str) -> int:
    from course.tool.lints.notebook_parsing import prose  # it imports this module by way of others

    text = prose(FORMULA.sub(" x ", text)).replace("`", " code ")
    return sum(any(map(str.isalnum, word)) for word in text.split())
