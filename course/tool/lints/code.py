"""Lints of code cells, of stored outputs and of file sizes."""

from __future__ import annotations

import ast
import re
import statistics

from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.boilerplate_cells import TAGS
from course.tool.lints.notebook_parsing import LessonNotebook, Problems
from course.tool.notebooks import tags
from course.tool.solution_regions import parse

MAX_LINES = 25
MAX_MEDIAN_LINES = 8
MAX_COLUMNS = 100  # what JupyterLab shows without a scrollbar in a window of 1,280 pixels
MAX_BYTES = {"solutions": 420_000, "lessons": 76_000}
COMPARED = "nbval-check-output"
STORE = "run python -m course run --store"
LOCAL_PATH = re.compile(r"(?<![\w./~:}])/(home|content|Users|tmp)\b|\bC:\\")
NOT_PORTABLE = re.compile(r"\bsys\.path\b|\bos\.chdir\b|%cd\b")  # ruff finds star imports


def cell_length(book: LessonNotebook) -> Problems:
    """Code cells are short; counted in the lesson, where stubs replace the answers."""
    if book.tree == "solutions":
        return
    lengths = []
    for number, cell in book.cells("code"):
        length = sum(bool(line.strip()) for line in cell.source.split("\n"))
        lengths.append(length)
        if length > MAX_LINES:
            yield number, f"{length} lines, expected at most {MAX_LINES}: split it."
    if lengths and statistics.median(lengths) > MAX_MEDIAN_LINES:
        yield None, f"half of the code cells have more than {MAX_MEDIAN_LINES} lines: split some."


def line_length(book: LessonNotebook) -> Problems:
    """No line of code is wider than a small screen."""
    for number, cell in book.cells("code"):
        longest = max(cell.source.split("\n"), key=len)
        if len(longest) > MAX_COLUMNS:
            found = f"a line of {len(longest)} columns, {longest.strip()[:30]!r}"
            yield number, f"{found}; expected at most {MAX_COLUMNS}: break it."


def parameters(book: LessonNotebook) -> Problems:
    """One cell of parameters, which Colab shows as a form and papermill can set."""
    tagged = list(book.cells("code", "parameters"))
    if len(tagged) != 1:
        yield None, f"{len(tagged)} cells are tagged 'parameters', expected 1: fix the tags."
    for number, cell in tagged:
        if not re.search(r"(?m)^PROFILE = ", cell.source):
            yield number, 'PROFILE is not set: add PROFILE = "reduced"  # @param [...].'
        lines = cell.source.split("\n")
        for node in _statements(cell):
            has_form = re.search(r"# ?@param\b", lines[node.end_lineno - 1])
            if not isinstance(node, ast.Assign) or not has_form:
                yield number, f"line {node.lineno} is not an assignment with # @param: move it."


def portable(book: LessonNotebook) -> Problems:
    """No path of one machine, no change of the folder or of the import path."""
    for number, cell in book.cells("code"):
        if match := NOT_PORTABLE.search(cell.source):
            yield number, f"{match[0]} is used: import from the installed package, keep the folder."
        if match := LOCAL_PATH.search(cell.source):
            yield number, f"the path {match[0]} exists on one machine only: use a relative one."
        if match := LOCAL_PATH.search("\n".join(map(_text, cell.outputs))):
            yield number, f"the stored output shows the path {match[0]}: silence it, then {STORE}."


def executed(book: LessonNotebook) -> Problems:
    """A solution has the outputs of its current source, and none is an error."""
    if book.tree != "solutions":
        return
    for number, cell in book.cells("code"):
        if any(output.output_type == "error" for output in cell.outputs):
            yield number, f"the stored output is an error: fix the cell, then {STORE}."
    missing = [number for number, cell in book.cells("code") if cell.execution_count is None]
    if missing:
        yield missing[0], f"the first of {len(missing)} cells that were never executed: {STORE}."
    if not notebooks.is_fresh(book.nb):
        yield None, f"outputs are older than the source: {STORE}."


def compared(book: LessonNotebook) -> Problems:
    """Every section has an output that nbval compares, and each such output is text."""
    for section in book.sections():
        tagged = []
        for number, cell in section.cells:
            if cell.cell_type == "code" and COMPARED in tags(cell):
                tagged.append((number, cell))
        if section.numbered and not tagged:
            text = f"no code cell of this section is tagged {COMPARED!r}: tag one that prints."
            yield section.cells[0][0], text
        if book.tree != "solutions":
            continue
        for number, cell in tagged:
            printed = [_text(output) for output in cell.outputs if output.get("name") != "stderr"]
            if cell.execution_count is not None and not any(printed):
                yield number, f"tagged {COMPARED!r} without a stored text: {STORE}."
            kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
            if any(kind.startswith("image/") for kind in kinds):
                yield number, f"tagged {COMPARED!r}, but nbval cannot compare a picture: move it."


def size(book: LessonNotebook) -> Problems:
    """A notebook opens fast; the cells that ``course build`` writes are nobody's to shorten."""
    limit, count = MAX_BYTES[book.tree], len(notebooks.dumps(book.nb).encode("utf-8"))
    if count > limit:
        written = [
            (number, cell)
            for number, cell in enumerate(book.nb.cells, start=1)
            if not set(TAGS) & set(tags(cell))
        ]
        number, largest = max(written, key=lambda pair: len(str(pair[1])))
        where = f"{notebooks.place(number, largest)} is the largest cell"
        yield None, f"{count} bytes, expected at most {limit}; {where}: shorten it, or split one."


def _statements(cell: NotebookNode) -> list[ast.stmt]:
    try:
        return parse(cell.source).body
    except SyntaxError:
        return []


def _text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    return output.get("data", {}).get("text/plain", "")
