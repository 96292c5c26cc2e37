"""A lesson, made from its solution: the same cells without the answers."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.tool import boilerplate_cells, leak_check, notebooks
from course.tool.course_config import Course, Lesson
from course.tool.solution_regions import insert_stubs, refuse_markers


def make(solution: NotebookNode, course: Course, lesson: Lesson, root: Path) -> NotebookNode:
    """Return the student's notebook.

    Args:
        solution: The source, with its generated cells up to date.
        course: The configuration.
        lesson: The notebook's entry in it.
        root: The folder of the course.

    Raises:
        CourseError: If markers do not fit together, or an answer would show.
    """
    path = f"solutions/{lesson.name}.ipynb"
    nb = copy.deepcopy(solution)
    for number, cell in enumerate(nb.cells, start=1):
        where = f"{path}: {notebooks.place(number, cell)}"
        if cell.cell_type == "code":
            cell.source = insert_stubs(cell.source, where)
            cell.outputs, cell.execution_count = [], None
        else:
            refuse_markers(cell.source, where)
    nb.cells = [cell for cell in nb.cells if "solution" not in notebooks.tags(cell)]
    nb = boilerplate_cells.refresh(nb, "lessons", course, lesson, root)
    if course.repository:
        hosted = f"](https://github.com/{course.repository}/blob/{course.branch}/"
        for cell in nb.cells:
            if cell.cell_type == "markdown":
                cell.source = cell.source.replace("](../", hosted)
    facts = {"source": notebooks.source_hash(solution), "built": notebooks.content_hash(nb)}
    nb.metadata.course = nbformat.from_dict(facts)
    leak_check.check(solution, nb, path)
    return nb
