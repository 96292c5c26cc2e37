"""The leak check: an answer must not appear anywhere else in what a student gets.

An answer leaks as text, spaces aside, and as code that does the same under other names, with
``return`` or without. It may leak in its own lesson, in another lesson and in a text.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from nbformat import NotebookNode

from course.tool import code_patterns, notebooks
from course.tool.cli import CourseError
from course.tool.code_patterns import Step
from course.tool.solution_regions import find_regions, lines_outside

MIN_LENGTH = 12  # characters; shorter lines, such as `return x`, are common to many cells
MIN_SIZE = 7  # parts of an expression: torch.cat([L, ab], 1) has seven


@dataclass(frozen=True)
class Answer:
    """A solution region or a cell for instructors: where it is, its long lines, its steps."""

    place: str
    lines: frozenset[str]
    steps: tuple[Step, ...] = ()

    @cached_property
    def patterns(self) -> dict[str, str]:
        """The patterns of its long values, each with its text."""
        values = [step for step in self.steps if step.whole and step.size >= MIN_SIZE]
        return {step.pattern: step.text for step in values}

    @cached_property
    def size(self) -> int:
        """The number of parts of all its steps."""
        return sum(step.size for step in self.steps)


class Given:
    """The lines of code that a student is given, and their values."""

    def __init__(self, cells: Iterable[NotebookNode]) -> None:
        self.lines = frozenset().union(*map(_given_lines, cells))
        self.values = {_value(line) for line in self.lines}


def check(solution: NotebookNode, lesson: NotebookNode, path: str) -> None:
    """Raise CourseError if the lesson shows what only the solution may show.

    A line of an answer may also be given code (``rgb = rgb.clamp(0, 1)``): it counts as leaked in
    prose, in a comment or as part of another line, and if one cell takes every step of an answer.

    Args:
        solution: The source.
        lesson: The lesson that was made from it.
        path: The name of the solution, for messages.
    """
    given = Given(solution.cells)
    own = {cell.id: _given_lines(cell) for cell in solution.cells}
    for answer in answers(solution, path):
        for number, cell in enumerate(lesson.cells, start=1):
            seen = f"the lesson's {notebooks.place(number, cell)}"
            if answer.lines and answer.lines <= own.get(cell.id, set()):
                _raise(answer, f"{seen} has every line of it: change that cell.")
            text = _join_words(cell.source)
            for line in sorted(answer.lines - given.lines):
                if line in text:
                    _raise(answer, f"{line!r} is also in {seen}: reword it there.")
            _check_cell(answer, cell, seen, given)


def check_elsewhere(
    solutions: Mapping[str, NotebookNode],
    lessons: Mapping[str, NotebookNode],
    texts: Iterable[tuple[str, str]],
) -> None:
    """Raise CourseError if an answer of one lesson is in another lesson or in a text.

    Args:
        solutions: Each solution by its path.
        lessons: Each lesson by its path, with the same file names.
        texts: Path and content of each text.
    """
    given = Given(cell for nb in solutions.values() for cell in nb.cells)
    read = [(name, text, code_patterns.quoted_code(text)) for name, text in texts]
    for path, solution in solutions.items():
        for answer in answers(solution, path):
            for other, lesson in lessons.items():
                if other.rpartition("/")[2] == path.rpartition("/")[2]:
                    continue  # `check` has read it
                for number, cell in enumerate(lesson.cells, start=1):
                    seen = f"{other}: {notebooks.place(number, cell)}"
                    _check_cell(answer, cell, seen, given)
            for name, text, quoted in read:
                _check_prose(answer, text, quoted, name, given)


def answers(solution: NotebookNode, path: str) -> Iterator[Answer]:
    """Yield what a student must not see: solution regions, and cells tagged ``solution``."""
    for number, cell in enumerate(solution.cells, start=1):
        place = f"{path}: {notebooks.place(number, cell)}"
        if "solution" in notebooks.tags(cell):
            yield Answer(place, _long_lines(cell.source.split("\n")))
        elif cell.cell_type == "code":
            for region in find_regions(cell.source, place):
                code = textwrap.dedent("\n".join(region.lines))
                steps = tuple(code_patterns.steps(code))
                where = f"{place}, line {region.begin + 1}"
                yield Answer(where, _long_lines(region.lines), steps)


def _check_cell(answer: Answer, cell: NotebookNode, seen: str, given: Given) -> None:
    if cell.cell_type != "code":
        _check_prose(answer, cell.source, code_patterns.quoted_code(cell.source), seen, given)
        return
    comments = code_patterns.comments(cell.source)
    _check_prose(answer, "\n".join(comments), comments, seen, given)
    if answer.size < MIN_SIZE:
        return
    if len(answer.steps) == 1:
        (step,) = answer.steps
        shown = code_patterns.expressions(cell.source).get(step.pattern)
        if shown:
            _raise(answer, f"{seen} has {shown!r}, which is the answer {step.text!r}: change it.")
    elif code_patterns.has_steps(cell.source, answer.steps):
        _raise(answer, f"{seen} takes every step of it: change that cell.")


def _check_prose(answer: Answer, text: str, pieces: Iterable[str], seen: str, given: Given) -> None:
    """Look for the lines and values of an answer in a text, and in the code that it quotes."""
    joined, without_spaces = _join_words(text), "".join(text.split())
    for line in sorted(answer.lines - given.lines):
        value = _value(line)
        found = line in joined or (_is_distinct(value) and value in without_spaces)
        if found and value not in given.values:
            _raise(answer, f"{line!r} is also in {seen}: reword it there.")
    for piece in pieces if answer.patterns else ():
        for pattern, shown in code_patterns.expressions(piece).items():
            if pattern in answer.patterns and _value(answer.patterns[pattern]) not in given.values:
                found = f"{shown!r} in {seen} is the answer {answer.patterns[pattern]!r}"
                _raise(answer, f"{found}: reword it there.")


def _raise(answer: Answer, problem: str) -> None:
    raise CourseError(f"{answer.place} leaks: {problem}")


def _given_lines(cell: NotebookNode) -> frozenset[str]:
    if cell.cell_type != "code" or "solution" in notebooks.tags(cell):
        return frozenset()
    return _long_lines(lines_outside(cell.source, find_regions(cell.source, cell.id)))


def _long_lines(lines: Iterable[str]) -> frozenset[str]:
    joined = {_join_words(line) for line in lines}
    return frozenset(
        line for line in joined if len(line) >= MIN_LENGTH and not line.startswith("#")
    )


def _value(line: str) -> str:
    """Return a line of code without ``return``, ``name =`` and spaces."""
    return "".join(code_patterns.without_target(line).split())


def _is_distinct(value: str) -> bool:
    """Return whether a value is more than a name, such as ``base_channels``, or a short term."""
    is_long = len(value) >= MIN_LENGTH and not re.fullmatch(r"[\w.]+", value)
    return is_long or sum(step.size for step in code_patterns.steps(value)) >= MIN_SIZE


def _join_words(text: str) -> str:
    return " ".join(text.split())
