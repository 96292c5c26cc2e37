"""Lints of exercises: each has all its parts, and their numbers run from 1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from course.tool.boilerplate_cells import DIFFICULTY
from course.tool.course_config import Lesson
from course.tool.lints.reading import Finding, cells, found
from course.tool.solution_regions import BEGIN, STUB_NAME, STUB_RAISE

COUNTS = range(4, 7)
FIRST = range(2, 4)  # in lesson 0, whose reader may never have programmed
TITLE = re.compile(r"### Exercise (\d+)\.(\d+) · (\S.*)")
FACTS = "line of facts, as in '●○○ gentle · about 5 minutes · (n, 3, h, w) → (n, 1, h, w)'"
STUBS = (BEGIN, STUB_RAISE, STUB_NAME.format(""))  # in a solution, in a lesson


@dataclass(frozen=True)
class Exercise:
    """An exercise: the cell that sets it, and the cells from there to the next one."""

    number: int
    cell: NotebookNode
    following: list[NotebookNode]

    @property
    def title(self) -> str:
        """Its first line."""
        return self.cell.source.split("\n")[0]


def exercises(nb: NotebookNode) -> list[Exercise]:
    """The exercises of a notebook, in order."""
    tagged = list(cells(nb, "markdown", "exercise"))
    ends = [number - 1 for number, _ in tagged[1:]] + [len(nb.cells)]
    pairs = zip(tagged, ends, strict=True) if tagged else ()
    return [Exercise(number, cell, nb.cells[number:end]) for (number, cell), end in pairs]


def exercise_count(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Four to six exercises (in lesson 0 two or three), one of them broken on purpose."""
    every, counts = exercises(nb), COUNTS if lesson.number else FIRST
    if len(every) not in counts:
        wanted = f"expected {counts[0]} to {counts[-1]}: add or merge some."
        yield Finding(path, "", f"{len(every)} cells are tagged 'exercise', {wanted}")
    if not any("broken on purpose" in exercise.title for exercise in every):
        yield Finding(
            path,
            "",
            "no exercise says 'broken on purpose' in its title: let the student diagnose one.",
        )


def exercise_numbers(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Titles as they should be, numbered without a gap."""
    for place, exercise in enumerate(exercises(nb), start=1):
        match, wanted = TITLE.fullmatch(exercise.title), (str(lesson.number), str(place))
        if match is None or match.groups()[:2] != wanted:
            text = f"the first line is {exercise.title!r}, expected '### Exercise {'.'.join(wanted)} · Title'."
            yield found(path, exercise.number, exercise.cell, text)


def exercise_parts(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Difficulty, minutes, shapes, expected picture, link to the solution; hints live in colorlib.check."""
    link = rf"\]\((\.\./|https://github\.com/\S+/)solutions/{lesson.name}\.ipynb"
    for exercise in exercises(nb):
        text = exercise.cell.source
        parts = {
            FACTS: any(map(_has_facts, text.split("\n"))),
            "sentence that begins with 'You should see'": "You should see" in text,
            f"link to ../solutions/{lesson.name}.ipynb": re.search(link, text),
        }
        for part in (part for part, there in parts.items() if not there):
            yield found(
                path, exercise.number, exercise.cell, f"the exercise lacks its {part}: add it."
            )


def exercise_cells(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """A stub to fill in, then a check."""
    for place, exercise in enumerate(exercises(nb), start=1):
        code = [cell.source if cell.cell_type == "code" else "" for cell in exercise.following]
        call = f"check.q{lesson.number}_{place}("
        stubs = [at for at, text in enumerate(code) if any(stub in text for stub in STUBS)]
        checks = [at for at, text in enumerate(code) if call in text]
        if not stubs:
            text = f"no code cell with {BEGIN} follows before the next exercise: add one."
            yield found(path, exercise.number, exercise.cell, text)
        if not checks or (stubs and checks[-1] < stubs[0]):
            text = f"no cell calls {call}...) after the stub and before the next exercise: add one."
            yield found(path, exercise.number, exercise.cell, text)


def _has_facts(line: str) -> bool:
    difficulty = any(words in line for words in DIFFICULTY.values())
    return difficulty and "→" in line and re.search(r"\babout \d+ minutes?\b", line) is not None
