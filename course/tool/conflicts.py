"""The markers that an unfinished merge leaves in files, in cells and in outputs."""

from __future__ import annotations

import re

from nbformat import NotebookNode

from course.tool.cli import CourseError

# Git writes them at the left margin. nbdime puts them into a cell of their own, in red and bold,
# and so does a person who pastes them; HTML may spell them with &lt; and &gt;.
MARKER = re.compile(
    r"(?m)^[ \t]*(?:<span[^>]*>)?(?:<b>|\*\*|`)?"
    r"(?:(?:<|&lt;){7}|(?:>|&gt;){7})(?=[ \t]|$|</b>|\*\*|`)"
)
NBDIME = "nbdime-conflicts"  # metadata that nbdime could not merge
ADVICE = "decide for one side and remove the markers, or repeat the merge with nbdime"


def first_line(text: str) -> int | None:
    """Return the number of the first line, from 1, that is a marker of a merge; None without one.

    A line of seven equals signs does not count: in Markdown it underlines a heading.

    Example:
        >>> first_line("a\\n<<<<<<< HEAD\\nb\\n=======\\nc\\n>>>>>>> mine\\n")
        2
        >>> first_line("Title\\n=======\\n>>> 1 + 1") is None
        True
    """
    match = MARKER.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else None


def refuse(text: str, where: str) -> None:
    """Raise CourseError if a text has markers of a merge."""
    if line := first_line(text):
        raise CourseError(f"{where}, line {line}: a merge conflict is not resolved: {ADVICE}.")


def refuse_in_cells(nb: NotebookNode, where: str) -> None:
    """Raise CourseError if a source, an output or the metadata of a notebook has a conflict."""
    if NBDIME in nb.metadata:
        raise CourseError(f"{where}: the metadata have a merge conflict ({NBDIME}): {ADVICE}.")
    for number, cell in enumerate(nb.cells, start=1):
        place = f"{where}: cell {number} ({cell.id})"
        if NBDIME in cell.metadata:
            raise CourseError(f"{place}: its metadata have a merge conflict: {ADVICE}.")
        refuse(cell.source, place)
        for output in cell.get("outputs", []):
            refuse(output.get("text", ""), f"{place}, its output")
