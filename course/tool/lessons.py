"""A lesson, made from its solution: the same cells, the answers taken out."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.tool import boilerplate_cells, leak_check, notebooks, solution_regions
from course.tool.course_config import Course, Lesson


def make(solution: NotebookNode, course: Course, lesson: Lesson, root: Path) -> NotebookNode:
    """The student's notebook.

    Args:
        solution: The source, its generated cells already fresh.
        course: The table.
        lesson: The notebook's entry in it.
        root: The folder of the course.

    Raises:
        CourseError: for markers that do not fit together, and for an answer that would show.
    """
    path = f"solutions/{lesson.name}.ipynb"
    nb = copy.deepcopy(solution)
    for number, cell in enumerate(nb.cells, start=1):
        where = f"{path}: {notebooks.place(number, cell)}"
        if cell.cell_type == "code":
            cell.update(
                source=solution_regions.insert_stubs(cell.source, where),
                outputs=[],
                execution_count=None,
            )
        else:
            solution_regions.refuse_markers(cell.source, where)
    nb.cells = [cell for cell in nb.cells if "solution" not in notebooks.tags(cell)]
    nb = boilerplate_cells.refresh(nb, "lessons", course, lesson, root)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = _hosted(cell.source, course)
    nb.metadata.course = nbformat.from_dict({"source": notebooks.source_hash(solution)})
    leak_check.check(solution, nb, path)
    return nb


def _hosted(text: str, course: Course) -> str:
    if not course.repository:
        return text
    return re.sub(
        r"\]\(\.\./", f"](https://github.com/{course.repository}/blob/{course.branch}/", text
    )
