"""Answers must not reach a lesson by another door: a hint, a comment, a cell further down."""

from __future__ import annotations

from collections.abc import Iterator

from nbformat import NotebookNode

from course.tool import notebooks, solution_regions
from course.tool.cli import CourseError

SUBSTANTIVE = 12  # characters; shorter lines, such as `return x`, stand anywhere


def check(solution: NotebookNode, lesson: NotebookNode, path: str) -> None:
    """Stop if the lesson shows what only the solution may show.

    A line of an answer may also be given code (``rgb = rgb.clamp(0, 1)``): it counts as leaked in prose,
    in a comment or as part of another line, and where one cell gives every line of an answer.

    Args:
        solution: The source.
        lesson: The lesson made from it.
        path: The solution's name, for messages.
    """
    given = {cell.id: _given(cell) for cell in solution.cells}
    everywhere = set().union(*given.values())
    for place, answer in _answers(solution):
        for number, cell in enumerate(lesson.cells, start=1):
            text, seen = _squeeze(cell.source), f"the lesson's {notebooks.place(number, cell)}"
            for line in sorted(answer):
                if line not in everywhere and line in text:
                    raise CourseError(
                        f"{path}: {place} leaks: {line!r} also stands in {seen}: reword it there."
                    )
            if answer and answer <= given.get(cell.id, set()):
                raise CourseError(
                    f"{path}: {place} leaks: {seen} gives every line of it: change that cell."
                )


def _answers(solution: NotebookNode) -> Iterator[tuple[str, set[str]]]:
    for number, cell in enumerate(solution.cells, start=1):
        place = notebooks.place(number, cell)
        if "solution" in notebooks.tags(cell):
            yield place, _lines(cell.source.split("\n"))
        elif cell.cell_type == "code":
            for region in solution_regions.find_regions(cell.source, place):
                yield f"{place}, line {region.begin + 1}", _lines(region.lines)


def _given(cell: NotebookNode) -> set[str]:
    if cell.cell_type != "code" or "solution" in notebooks.tags(cell):
        return set()
    return _lines(
        solution_regions.lines_outside(
            cell.source, solution_regions.find_regions(cell.source, cell.id)
        )
    )


def _lines(lines: list[str] | tuple[str, ...]) -> set[str]:
    squeezed = (_squeeze(line) for line in lines)
    return {line for line in squeezed if len(line) >= SUBSTANTIVE and not line.startswith("#")}


def _squeeze(text: str) -> str:
    return " ".join(text.split())
