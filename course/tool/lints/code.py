"""Lints of code cells, of stored outputs and of file sizes."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator

from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.course_config import Lesson
from course.tool.lints.reading import Finding, cells, found, sections
from course.tool.notebooks import tags
from course.tool.solution_regions import parse

MAX_LINES = 25
MAX_MEDIAN = 8
MAX_BYTES = {"solutions": 400_000, "lessons": 72_000}
COMPARED = "nbval-check-output"
STORE = "run python -m course run --store"
ABSOLUTE = re.compile(r"(?<![\w./~:}])/(home|content|Users|tmp)\b|\bC:\\")
FORBIDDEN = {
    "sys.path": re.compile(r"\bsys\.path\b"),
    "os.chdir": re.compile(r"\bos\.chdir\b"),
    "%cd": re.compile(r"(?m)^\s*%cd\b"),
    "import *": re.compile(r"\bimport\s+\*"),
}


def cell_length(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Code cells are short; counted in the lesson, where a stub stands for each answer."""
    if path.startswith("solutions/"):
        return
    lengths = []
    for number, cell in cells(nb, "code"):
        lengths.append(sum(bool(line.strip()) for line in cell.source.split("\n")))
        if lengths[-1] > MAX_LINES:
            yield found(
                path, number, cell, f"{lengths[-1]} lines, at most {MAX_LINES} fit: split the cell."
            )
    if lengths and statistics.median(lengths) > MAX_MEDIAN:
        text = f"half of the code cells have more than {MAX_MEDIAN} lines: split the longer ones."
        yield Finding(path, "", text)


def parameters(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """One cell of parameters, which Colab shows as a form and papermill can set."""
    tagged = list(cells(nb, "code", "parameters"))
    if len(tagged) != 1:
        yield Finding(
            path, "", f"{len(tagged)} cells are tagged 'parameters', expected one: mend the tags."
        )
    for number, cell in tagged:
        if not re.search(r"(?m)^PROFILE = ", cell.source):
            yield found(
                path, number, cell, 'PROFILE is not set: add PROFILE = "reduced"  # @param [...].'
            )
        lines = cell.source.split("\n")
        for node in _parsed(cell):
            if not isinstance(node, ast.Assign) or not re.search(
                r"# ?@param\b", lines[node.end_lineno - 1]
            ):
                text = (
                    f"line {node.lineno} is no assignment with # @param: move it to another cell."
                )
                yield found(path, number, cell, text)


def portable(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """No path of one machine, no change of folder or import path, no star import."""
    for number, cell in cells(nb, "code"):
        for word in (word for word, pattern in FORBIDDEN.items() if pattern.search(cell.source)):
            text = (
                f"{word} is used: import names from the installed package, and stay in the folder."
            )
            yield found(path, number, cell, text)
        if match := ABSOLUTE.search(cell.source):
            yield found(
                path, number, cell, f"the path {match[0]} is one machine's own: use a relative one."
            )
        if match := ABSOLUTE.search("\n".join(map(_text, cell.outputs))):
            text = f"the stored output shows the path {match[0]} of one machine: silence it, then {STORE}."
            yield found(path, number, cell, text)


def pristine(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """A lesson has no outputs."""
    for number, cell in cells(nb, "code"):
        if path.startswith("lessons/") and (cell.outputs or cell.execution_count is not None):
            yield found(
                path, number, cell, "a lesson stores no outputs: run python -m course build."
            )


def executed(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """A solution has the outputs of its own source, and none is an error."""
    if not path.startswith("solutions/"):
        return
    for number, cell in cells(nb, "code"):
        if any(output.output_type == "error" for output in cell.outputs):
            yield found(
                path, number, cell, f"the stored output is an error: mend the cell, then {STORE}."
            )
    if missing := [place for place in cells(nb, "code") if place[1].execution_count is None]:
        text = f"this is the first of {len(missing)} cells that were never executed: {STORE}."
        yield found(path, *missing[0], text)
    if not notebooks.is_fresh(nb):
        yield Finding(path, "", f"outputs are older than the source: {STORE}.")


def compared(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Every section has an output that nbval compares, and each such output is text."""
    for section in sections(nb):
        code = [(number, cell) for number, cell in section.cells if cell.cell_type == "code"]
        tagged = [(number, cell) for number, cell in code if COMPARED in tags(cell)]
        if section.numbered and not tagged:
            text = (
                f"no code cell of this section is tagged {COMPARED!r}: tag one that prints words."
            )
            yield found(path, *section.cells[0], text)
        for number, cell in tagged if path.startswith("solutions/") else []:
            stdout = [output for output in cell.outputs if output.get("name") != "stderr"]
            if cell.execution_count is not None and not any(map(_text, stdout)):
                yield found(
                    path, number, cell, f"tagged {COMPARED!r} without a stored text: {STORE}."
                )
            if any(
                mime.startswith("image/")
                for output in cell.outputs
                for mime in output.get("data", {})
            ):
                text = f"tagged {COMPARED!r} with a picture, which nbval cannot compare: draw it elsewhere."
                yield found(path, number, cell, text)


def size(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """A notebook opens fast."""
    limit, count = MAX_BYTES[path.split("/")[0]], len(notebooks.dumps(nb).encode("utf-8"))
    if count > limit:
        yield Finding(
            path, "", f"{count} bytes, at most {limit} fit: store fewer or smaller pictures."
        )


def _parsed(cell: NotebookNode) -> list[ast.stmt]:
    try:
        return parse(cell.source).body
    except SyntaxError:
        return []


def _text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return output.text
    return output.get("data", {}).get("text/plain", "")
