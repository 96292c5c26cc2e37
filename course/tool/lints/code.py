"""Lints of code cells, of stored outputs and of file sizes."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator

from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.lints.notebook_parsing import Finding, LessonNotebook
from course.tool.notebooks import tags
from course.tool.solution_regions import parse

MAX_LINES = 25
MAX_MEDIAN_LINES = 8
MAX_BYTES = {"solutions": 400_000, "lessons": 72_000}
COMPARED = "nbval-check-output"
STORE = "run python -m course run --store"
LOCAL_PATH = re.compile(r"(?<![\w./~:}])/(home|content|Users|tmp)\b|\bC:\\")
NOT_PORTABLE = {
    "sys.path": re.compile(r"\bsys\.path\b"),
    "os.chdir": re.compile(r"\bos\.chdir\b"),
    "%cd": re.compile(r"(?m)^\s*%cd\b"),
    "import *": re.compile(r"\bimport\s+\*"),
}


def cell_length(book: LessonNotebook) -> Iterator[Finding]:
    """Code cells are short; counted in the lesson, where stubs replace the answers."""
    if book.tree == "solutions":
        return
    lengths = []
    for number, cell in book.cells("code"):
        length = sum(bool(line.strip()) for line in cell.source.split("\n"))
        lengths.append(length)
        if length > MAX_LINES:
            yield book.finding(f"{length} lines, expected at most {MAX_LINES}: split it.", number)
    if lengths and statistics.median(lengths) > MAX_MEDIAN_LINES:
        yield book.finding(
            f"half of the code cells have more than {MAX_MEDIAN_LINES} lines: split longer ones."
        )


def parameters(book: LessonNotebook) -> Iterator[Finding]:
    """One cell of parameters, which Colab shows as a form and papermill can set."""
    tagged = list(book.cells("code", "parameters"))
    if len(tagged) != 1:
        yield book.finding(
            f"{len(tagged)} cells are tagged 'parameters', expected 1: fix the tags."
        )
    for number, cell in tagged:
        if not re.search(r"(?m)^PROFILE = ", cell.source):
            text = 'PROFILE is not set: add PROFILE = "reduced"  # @param [...].'
            yield book.finding(text, number)
        lines = cell.source.split("\n")
        for node in _statements(cell):
            has_form = re.search(r"# ?@param\b", lines[node.end_lineno - 1])
            if not isinstance(node, ast.Assign) or not has_form:
                text = f"line {node.lineno} is not an assignment with # @param: move it elsewhere."
                yield book.finding(text, number)


def portable(book: LessonNotebook) -> Iterator[Finding]:
    """No path of one machine, no change of folder or import path, no star import."""
    for number, cell in book.cells("code"):
        for name, pattern in NOT_PORTABLE.items():
            if pattern.search(cell.source):
                text = f"{name} is used: import names from the installed package, keep the folder."
                yield book.finding(text, number)
        if match := LOCAL_PATH.search(cell.source):
            text = f"the path {match[0]} exists on one machine only: use a relative one."
            yield book.finding(text, number)
        if match := LOCAL_PATH.search("\n".join(map(_text, cell.outputs))):
            text = f"the stored output shows the path {match[0]}: silence it, then {STORE}."
            yield book.finding(text, number)


def pristine(book: LessonNotebook) -> Iterator[Finding]:
    """A lesson has no outputs."""
    for number, cell in book.cells("code"):
        if book.tree == "lessons" and (cell.outputs or cell.execution_count is not None):
            yield book.finding("a lesson stores no outputs: run python -m course build.", number)


def executed(book: LessonNotebook) -> Iterator[Finding]:
    """A solution has the outputs of its current source, and none is an error."""
    if book.tree != "solutions":
        return
    for number, cell in book.cells("code"):
        if any(output.output_type == "error" for output in cell.outputs):
            yield book.finding(
                f"the stored output is an error: fix the cell, then {STORE}.", number
            )
    missing = [number for number, cell in book.cells("code") if cell.execution_count is None]
    if missing:
        text = f"this is the first of {len(missing)} cells that were never executed: {STORE}."
        yield book.finding(text, missing[0])
    if not notebooks.is_fresh(book.nb):
        yield book.finding(f"outputs are older than the source: {STORE}.")


def compared(book: LessonNotebook) -> Iterator[Finding]:
    """Every section has an output that nbval compares, and each such output is text."""
    for section in book.sections():
        tagged = [
            (number, cell)
            for number, cell in section.cells
            if cell.cell_type == "code" and COMPARED in tags(cell)
        ]
        if section.numbered and not tagged:
            text = (
                f"no code cell of this section is tagged {COMPARED!r}: tag one that prints words."
            )
            yield book.finding(text, section.cells[0][0])
        if book.tree != "solutions":
            continue
        for number, cell in tagged:
            printed = [_text(output) for output in cell.outputs if output.get("name") != "stderr"]
            if cell.execution_count is not None and not any(printed):
                yield book.finding(f"tagged {COMPARED!r} without a stored text: {STORE}.", number)
            kinds = [kind for output in cell.outputs for kind in output.get("data", {})]
            if any(kind.startswith("image/") for kind in kinds):
                text = f"tagged {COMPARED!r} with a picture, which nbval cannot compare: move it."
                yield book.finding(text, number)


def size(book: LessonNotebook) -> Iterator[Finding]:
    """A notebook opens fast."""
    limit, count = MAX_BYTES[book.tree], len(notebooks.dumps(book.nb).encode("utf-8"))
    if count > limit:
        yield book.finding(f"{count} bytes, expected at most {limit}: store fewer pictures.")


def _statements(cell: NotebookNode) -> list[ast.stmt]:
    try:
        return parse(cell.source).body
    except SyntaxError:
        return []


def _text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    return output.get("data", {}).get("text/plain", "")
