"""Lints that keep predictions open: nothing answers one before its cells are run.

A prediction is open from its cell to write in up to the next **What you saw** or section.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

from course.tool import course_config, notebooks
from course.tool.lints.notebook_parsing import Finding, LessonNotebook, Problems
from course.tool.lints.texts import SAW, TO_WRITE
from course.tool.notebooks import tags
from course.tool.solution_regions import parse

ALT_TEXTS = "colorlib/viz/alt_texts.toml"
CALL = re.compile(r"\bviz\.alt_text\(\s*[\"']([^\"']*)[\"']")
WORDS = re.compile(r"[\w\s.,|;-]+")
NUMBER = re.compile(r"\b\d+(?:\.\d+)?\b")
FOLDED = re.compile(r"(?s)<details.*?</details>")


def open_predictions(book: LessonNotebook) -> Problems:
    """Nothing answers a prediction before it is made: no alt text or table in code, no text before.

    A prediction is followed by code, by an exercise, or by what is folded, such as a stored table.
    """
    is_open = is_run = False
    for number, cell in enumerate(book.nb.cells, start=1):
        if TO_WRITE in tags(cell):
            is_open, is_run = True, False
        elif cell.cell_type == "code":
            is_run = True
            if is_open and any(map(_is_text, _alt_values(cell))):
                found = "this alt text can be read before the figure, and a prediction is open"
                place = f"{book.lesson.number}.{cell.id}"
                yield number, f'{found}: move it to {ALT_TEXTS}, and write viz.alt_text("{place}").'
            if is_open and notebooks.FOLDED_TAGS.isdisjoint(tags(cell)) and _holds_table(cell):
                found = "this table can be read before it is used, and a prediction is open"
                yield number, f"{found}: fold the cell with the tag hide-input."
        elif SAW in cell.source or cell.source.startswith("## "):
            is_open = False
        elif is_open and not is_run and _is_plain(cell):
            advice = "move it above the prediction, or fold a table between <details> tags"
            yield number, f"this text can be read before the prediction above is made: {advice}."


def _is_plain(cell: NotebookNode) -> bool:
    """Return whether a text is neither an exercise nor folded as a whole."""
    return "exercise" not in tags(cell) and bool(FOLDED.sub("", cell.source).strip())


def alt_texts(root: Path) -> Iterator[Finding]:
    """Yield figures without their description in the table, and descriptions without a figure."""
    path, used = root / ALT_TEXTS, set()
    table = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    known = {f"{lesson}.{cell}" for lesson, texts in table.items() for cell in texts}
    for lesson in course_config.load(root).lessons:
        file = f"solutions/{lesson.name}.ipynb"
        book = LessonNotebook(file, notebooks.read(root / file), lesson)
        for number, cell in book.cells("code"):
            for name in CALL.findall(cell.source):
                expected = f"{lesson.number}.{cell.id}"
                used.add(name)
                if name != expected:
                    yield book.finding(number, f"viz.alt_text has {name!r}: write {expected!r}.")
                elif name not in known:
                    text = f'{ALT_TEXTS} has no {cell.id!r} in ["{lesson.number}"]: describe it.'
                    yield book.finding(number, text)
    for name in sorted(known - used):
        yield Finding(ALT_TEXTS, "", f"no figure uses the description {name!r}: remove it.")


def _alt_values(cell: NotebookNode) -> Iterator[ast.expr]:
    """Yield what a cell assigns to ``alt``, and passes as ``alt=``."""
    try:
        nodes = list(ast.walk(parse(cell.source)))
    except SyntaxError:
        return
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") == "alt" for target in targets):
                yield node.value
        elif isinstance(node, ast.keyword) and node.arg == "alt":
            yield node.value


def _holds_table(cell: NotebookNode) -> bool:
    """Return whether a cell has three neighbouring lines of words and at least two numbers."""
    lines = cell.source.split("\n")
    rows = [len(NUMBER.findall(line)) > 1 and bool(WORDS.fullmatch(line)) for line in lines]
    return any(map(all, zip(rows, rows[1:], rows[2:], strict=False)))


def _is_text(value: ast.expr) -> bool:
    """Return whether an expression holds a text, but for the arguments of a call."""
    if isinstance(value, ast.Call):
        return False
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return is_text or any(map(_is_text, ast.iter_child_nodes(value)))
