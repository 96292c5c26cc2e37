"""The leak check: an answer must not appear anywhere else in the lesson that hides it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.cli import CourseError
from course.tool.solution_regions import find_regions, lines_outside

MIN_LENGTH = 12  # characters; shorter lines, such as `return x`, are common to many cells


def check(solution: NotebookNode, lesson: NotebookNode, path: str) -> None:
    """Raise CourseError if the lesson shows a line that only the solution may show.

    A line of an answer may also be given code (``rgb = rgb.clamp(0, 1)``): it counts as leaked in
    prose, in a comment or as part of another line, and if one cell has every line of an answer.

    Args:
        solution: The source.
        lesson: The lesson that was made from it.
        path: The name of the solution, for messages.
    """
    given = {cell.id: _given_lines(cell) for cell in solution.cells}
    all_given = set().union(*given.values())
    for place, answer in _answers(solution):
        for number, cell in enumerate(lesson.cells, start=1):
            leak = f"{path}: {place} leaks: "
            seen = f"the lesson's {notebooks.place(number, cell)}"
            text = _join_words(cell.source)
            for line in sorted(answer - all_given):
                if line in text:
                    raise CourseError(f"{leak}{line!r} is also in {seen}: reword it there.")
            if answer and answer <= given.get(cell.id, set()):
                raise CourseError(f"{leak}{seen} has every line of it: change that cell.")


def _answers(solution: NotebookNode) -> Iterator[tuple[str, set[str]]]:
    for number, cell in enumerate(solution.cells, start=1):
        place = notebooks.place(number, cell)
        if "solution" in notebooks.tags(cell):
            yield place, _long_lines(cell.source.split("\n"))
        elif cell.cell_type == "code":
            for region in find_regions(cell.source, place):
                yield f"{place}, line {region.begin + 1}", _long_lines(region.lines)


def _given_lines(cell: NotebookNode) -> set[str]:
    if cell.cell_type != "code" or "solution" in notebooks.tags(cell):
        return set()
    return _long_lines(lines_outside(cell.source, find_regions(cell.source, cell.id)))


def _long_lines(lines: Iterable[str]) -> set[str]:
    joined = {_join_words(line) for line in lines}
    return {line for line in joined if len(line) >= MIN_LENGTH and not line.startswith("#")}


def _join_words(text: str) -> str:
    return " ".join(text.split())
