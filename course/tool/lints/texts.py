"""Lints of what a person reads: headings, length of prose, alt texts, predictions."""

from __future__ import annotations

import itertools
import re

from course.tool import placeholders
from course.tool.boilerplate_cells import TAGS
from course.tool.course_config import COURSE_TOML, MARK
from course.tool.lints.notebook_parsing import LessonNotebook, Problems, prose, word_count
from course.tool.markdown import headings
from course.tool.notebooks import tags

MAX_SECTIONS = 8
MAX_WORDS = 120
CLOSING = ("What can go wrong", "Your code", "Recap", "Quiz", "Going further")
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(")
IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r"""\balt\s*=\s*(["'])\s*(?!\1)\S""", re.IGNORECASE)
PREDICT = re.compile(r"\*\*(Predict|What you saw)\b")
TO_WRITE = "prediction"  # a tag
SAW = "**What you saw"
NUMBER = r"\d[\d,]*(?:\.\d+)?"
# A number that somebody measured: it has decimals, or a unit behind it.
UNIT = r"\s*(?:%|dB\b|million|times\b)"
MEASURED = re.compile(rf"(?<![\w.])(?:\d[\d,]*\.\d+(?![\w.])|{NUMBER}(?={UNIT}))")
EMBEDDED = re.compile(r"\(data:[^)]*\)")


def heading_order(book: LessonNotebook) -> Problems:
    """One title; no level skipped."""
    found = []
    for number, cell in book.cells("markdown"):
        found += [(number, level) for level, _ in headings(cell.source)]
    titles = [level for _, level in found].count(1)
    if titles != 1:
        yield None, f"{titles} headings of level 1, expected one, in the header: change the others."
    before = 0
    for number, level in found:
        if level > before + 1:
            yield number, f"a heading of level {level} follows one of level {before}: change it."
        before = level


def section_count(book: LessonNotebook) -> Problems:
    """At most eight sections."""
    count = sum(section.numbered for section in book.sections())
    if count > MAX_SECTIONS:
        yield None, f"{count} numbered sections, expected at most {MAX_SECTIONS}: merge some."


def prose_length(book: LessonNotebook) -> Problems:
    """At most 120 words in a cell of a section."""
    for section in book.sections():
        for number, cell in section.cells if section.numbered else []:
            if cell.cell_type != "markdown" or {"exercise", *TAGS} & set(tags(cell)):
                continue
            count = word_count(cell.source)
            if count > MAX_WORDS:
                yield number, f"{count} words, expected at most {MAX_WORDS}: shorten the text."


def alt_text(book: LessonNotebook) -> Problems:
    """Every picture has a description, in the text and in stored outputs."""
    for number, cell in book.cells("markdown"):
        empty = [match for match in IMAGE.finditer(cell.source) if not match["alt"].strip()]
        empty += [match for match in IMG.finditer(cell.source) if not ALT.search(match[0])]
        if empty:
            yield number, "a picture has no alt text: describe what it shows."
    for number, cell in book.cells("code"):
        for output in cell.outputs:
            images = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
            if any(not output.metadata.get(kind, {}).get("alt", "").strip() for kind in images):
                yield number, "a stored picture has no alt text: show it with colorlib.viz."


def closing_sections(book: LessonNotebook) -> Problems:
    """The sections at the end of each lesson exist."""
    titles = [section.title for section in book.sections()]
    for expected in CLOSING:
        if not any(title.startswith(expected) for title in titles):
            yield None, f"there is no heading '## {expected}': add that section."


def predictions(book: LessonNotebook) -> Problems:
    """Each **Predict** ends its cell, has a cell to write in, and a **What you saw** later."""
    expected = f"expected it at the end, and below it a cell to write in, tagged {TO_WRITE!r}"
    for number, (cell, below) in enumerate(itertools.pairwise(book.nb.cells), start=1):
        is_asked = cell.cell_type == "markdown" and "**Predict" in cell.source
        is_last = "\n\n" not in cell.source.rpartition("**Predict")[2].strip()
        if is_asked and not (is_last and TO_WRITE in tags(below)):
            yield number, f"**Predict** is not where a student answers; {expected}: move or add it."
        if TO_WRITE in tags(below) and not is_asked:
            yield number + 1, "a cell for a prediction has no **Predict** above it: move it."
    for section in book.sections():
        marks = []
        for number, cell in section.cells:
            marks += [(number, mark) for mark in PREDICT.findall(cell.source)]
        for (number, mark), (_, following) in itertools.pairwise([*marks, (0, "Predict")]):
            if mark == following == "Predict":
                yield number, "**Predict** has no **What you saw** after it: add one."


def numbers_are_shown(book: LessonNotebook) -> Problems:
    """A measured number in a **What you saw** is one that the solution shows elsewhere.

    It may be printed by a cell, described by a figure, written in a cell's code or in a stored
    table, or stated in another text. It may be rounded.
    """
    if book.tree != "solutions":
        return
    shown = set()
    for _, cell in book.cells("code"):
        texts = [cell.source]
        for output in cell.outputs:
            texts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
        shown |= _numbers("\n".join(texts))
    for _, cell in book.cells("markdown"):
        if SAW not in cell.source or "<!-- result:" in cell.source:
            shown |= _numbers(EMBEDDED.sub("", cell.source))
    for number, cell in book.cells("markdown"):
        if SAW not in cell.source:
            continue
        for text in MEASURED.findall(prose(cell.source)):
            digits = len(text.partition(".")[2])
            if _value(text) not in {round(value, digits) for value in shown}:
                found = f"no cell, figure or stored result of this lesson shows {text}"
                yield number, f"{found}: print it, or say it without the number."


def _numbers(text: str) -> set[float]:
    return {_value(number) for number in re.findall(NUMBER, text)}


def _value(number: str) -> float:
    return float(number.rstrip(",").replace(",", ""))


def unwritten(book: LessonNotebook) -> Problems:
    """Nothing is left of the template of ``python -m course new``."""
    if book.tree == "lessons":
        return  # it is made from the solution
    for number, cell in enumerate(book.nb.cells, start=1):
        if MARK in placeholders.blank(cell.source):
            where = f" in the lesson's entry of {COURSE_TOML}" if "header" in tags(cell) else ""
            yield number, f"not written yet: replace each {MARK!r}{where} by your own words."
