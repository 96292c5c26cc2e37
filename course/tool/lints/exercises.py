"""Lints of exercises: each has all its parts, and their numbers run from 1."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from course.tool.boilerplate_cells import DIFFICULTY
from course.tool.course_config import COURSE_TOML
from course.tool.lints.notebook_parsing import LessonNotebook, Problems
from course.tool.notebooks import tags
from course.tool.solution_regions import BEGIN, STUB_NAME, STUB_RAISE

TITLE = re.compile(r"### Exercise (\d+)\.(\d+) · (\S.*)")
BROKEN = "broken on purpose"
FACTS = "line of facts, as in '●○○ gentle · about 5 minutes · (n, 3, h, w) → (n, 1, h, w)'"
STUBS = (BEGIN, STUB_RAISE, STUB_NAME.format(""))  # in a solution, in a lesson


@dataclass(frozen=True)
class Exercise:
    """An exercise: the number and text of its first cell, and the cells up to the next exercise."""

    number: int
    text: str
    following: list[NotebookNode]

    @property
    def title(self) -> str:
        """Its first line."""
        return self.text.split("\n")[0]


def exercises(book: LessonNotebook) -> list[Exercise]:
    """Return the exercises of a notebook, in order."""
    tagged = list(book.cells("markdown", "exercise"))
    ends = [number - 1 for number, _ in tagged[1:]] + [len(book.nb.cells)]
    return [
        Exercise(number, cell.source, book.nb.cells[number:end])
        for (number, cell), end in zip(tagged, ends, strict=False)
    ]


def expected_numbers(book: LessonNotebook) -> Iterator[int]:
    """Yield the numbers that the exercises have, in order: from 1, without the dropped ones."""
    dropped = book.lesson.dropped_exercises
    return (number for number in itertools.count(1) if number not in dropped)


def exercise_names(book: LessonNotebook) -> list[str]:
    """Return the exercises that a notebook has to have checks for, for example ``["3.1", ...]``."""
    numbers = zip(expected_numbers(book), exercises(book), strict=False)
    return [f"{book.lesson.number}.{number}" for number, _ in numbers]


def exercise_count(book: LessonNotebook) -> Problems:
    """As many exercises as the lesson's entry allows, one of them broken on purpose."""
    found = exercises(book)
    least, most = book.lesson.exercises
    if not least <= len(found) <= most:
        change = f"add or merge some, or change 'exercises' of this lesson in {COURSE_TOML}"
        expected = f"expected {least} to {most}: {change}."
        yield None, f"{len(found)} cells are tagged 'exercise', {expected}"
    if not any(BROKEN in exercise.title for exercise in found):
        yield None, f"no exercise has {BROKEN!r} in its title: add one to diagnose."


def exercise_numbers(book: LessonNotebook) -> Problems:
    """Each title has the right form, numbered without a gap but for dropped exercises."""
    for place, exercise in zip(expected_numbers(book), exercises(book), strict=False):
        match, expected = TITLE.fullmatch(exercise.title), (str(book.lesson.number), str(place))
        if match is None or match.group(1, 2) != expected:
            title = f"'### Exercise {'.'.join(expected)} · Title'"
            yield exercise.number, f"the first line is {exercise.title!r}, expected {title}."


def exercise_parts(book: LessonNotebook) -> Problems:
    """Difficulty, minutes, shapes, expected picture, link to the solution."""
    link = rf"\]\((\.\./|https://github\.com/\S+/)solutions/{book.lesson.name}\.ipynb"
    for exercise in exercises(book):
        parts = {
            FACTS: any(map(_has_facts, exercise.text.split("\n"))),
            "sentence that begins with 'You should see'": "You should see" in exercise.text,
            f"link to ../solutions/{book.lesson.name}.ipynb": re.search(link, exercise.text),
        }
        for part, present in parts.items():
            if not present:
                yield exercise.number, f"the exercise lacks its {part}: add it."


def exercise_cells(book: LessonNotebook) -> Problems:
    """A stub to fill in, then a check; above a stub of something broken, a cell to say why."""
    for place, exercise in zip(expected_numbers(book), exercises(book), strict=False):
        code = [cell.source if cell.cell_type == "code" else "" for cell in exercise.following]
        call = f"check.q{book.lesson.number}_{place}("
        stubs = [at for at, text in enumerate(code) if any(stub in text for stub in STUBS)]
        checks = [at for at, text in enumerate(code) if call in text]
        above = exercise.following[: stubs[0] if stubs else None]
        if BROKEN in exercise.title and not any("written" in tags(cell) for cell in above):
            text = "no cell above its stub is tagged 'written': add one for the diagnosis."
            yield exercise.number, text
        if not stubs:
            yield exercise.number, f"no code cell with {BEGIN} before the next exercise: add one."
        if not checks or (stubs and checks[-1] < stubs[0]):
            text = f"no cell calls {call}...) between its stub and the next exercise."
            yield exercise.number, text


def _has_facts(line: str) -> bool:
    has_difficulty = any(words in line for words in DIFFICULTY.values())
    return has_difficulty and "→" in line and bool(re.search(r"\babout \d+ minutes?\b", line))
