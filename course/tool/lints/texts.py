"""Lints of what a person reads: headings, length of prose, pictures' descriptions, words, links, quiz."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from course.tool.boilerplate_cells import TAGS
from course.tool.course_config import Lesson
from course.tool.lints.reading import Finding, cells, found, headings, prose, sections, word_count
from course.tool.notebooks import tags
from course.tool.templates.lesson import MARK

MAX_SECTIONS = 8
MAX_WORDS = 60
QUIZ_QUESTIONS = 3
CLOSING = ("What can go wrong", "Your code beside ours", "Recap", "Quiz", "Going further")
BANNED = re.compile(r"(?i)\b(simply|just|obviously)\b")
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(")
IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
ALT = re.compile(r"""\balt\s*=\s*(["'])\s*(?!\1)\S""", re.IGNORECASE)
PREDICT = re.compile(r"\*\*(Predict|What you saw)\b")


def heading_order(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """One title; no level skipped."""
    all_headings = [
        (n, cell, level) for n, cell in cells(nb, "markdown") for level, _ in headings(cell.source)
    ]
    titles = sum(level == 1 for _, _, level in all_headings)
    if titles != 1:
        yield Finding(
            path,
            "",
            f"{titles} headings of level 1, expected one, in the header: change the others.",
        )
    before = 0
    for number, cell, level in all_headings:
        if level > before + 1:
            text = (
                f"a heading of level {level} follows one of level {before}: use level {before + 1}."
            )
            yield found(path, number, cell, text)
        before = level


def section_count(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """At most eight sections."""
    count = sum(section.numbered for section in sections(nb))
    if count > MAX_SECTIONS:
        yield Finding(
            path, "", f"{count} numbered sections, at most {MAX_SECTIONS} fit: merge or move some."
        )


def prose_length(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """At most sixty words in a cell of a section."""
    for section in filter(lambda section: section.numbered, sections(nb)):
        for number, cell in section.cells:
            if cell.cell_type != "markdown" or {"exercise", *TAGS} & set(tags(cell)):
                continue
            count = word_count(cell.source)
            if count > MAX_WORDS:
                yield found(
                    path, number, cell, f"{count} words, at most {MAX_WORDS} fit: shorten the text."
                )


def alt_text(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Every picture has a description, in the text and in stored outputs."""
    for number, cell in cells(nb, "markdown"):
        empty = [match for match in IMAGE.finditer(cell.source) if not match["alt"].strip()]
        empty += [match for match in IMG.finditer(cell.source) if not ALT.search(match[0])]
        if empty:
            yield found(path, number, cell, "a picture has no alt text: describe what it shows.")
    for number, cell in cells(nb, "code"):
        for output in cell.outputs:
            images = [mime for mime in output.get("data", {}) if mime.startswith("image/")]
            if any(not output.metadata.get(mime, {}).get("alt", "").strip() for mime in images):
                text = (
                    "a stored picture has no alt text: show it with colorlib.show and give it one."
                )
                yield found(path, number, cell, text)


def badge(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """The badge opens this very notebook."""
    first = nb.cells[0].source.split("\n")[0] if nb.cells else ""
    target = re.match(
        r"\[!\[[^\]]+\]\(\S+badge\.svg\)\]\(https://colab\.research\.google\.com/github/(\S+)\)",
        first,
    )
    if target is None or not target[1].endswith(f"/{path}"):
        yield Finding(
            path,
            "",
            f"the first line is no Colab badge that opens {path}: run python -m course build.",
        )


def closing_sections(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """The sections with which each lesson ends are there."""
    titles = [section.title for section in sections(nb)]
    for wanted in CLOSING:
        if not any(title.startswith(wanted) for title in titles):
            yield Finding(path, "", f"there is no heading '## {wanted}': add that section.")


def quiz(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Three questions, their answers folded."""
    for section in sections(nb):
        count = sum(
            cell.source.count("<details")
            for _, cell in section.cells
            if cell.cell_type == "markdown"
        )
        if section.title.startswith("Quiz") and count != QUIZ_QUESTIONS:
            text = (
                f"the quiz folds {count} answers in <details>, expected {QUIZ_QUESTIONS}: mend it."
            )
            yield found(path, *section.cells[0], text)


def predictions(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Each **Predict** is answered by a **What you saw** further down in its section."""
    for section in sections(nb):
        words = [
            (n, cell, match[1])
            for n, cell in section.cells
            for match in PREDICT.finditer(cell.source)
        ]
        for (number, cell, word), after in itertools.zip_longest(words, words[1:]):
            if word == "Predict" and (after is None or after[2] == "Predict"):
                text = "**Predict** has no **What you saw** after it in its section: add one."
                yield found(path, number, cell, text)


def unwritten(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """Nothing is left of what ``python -m course new`` put there to be written over."""
    for number, cell in enumerate(nb.cells, start=1):
        if MARK in cell.source:
            yield found(
                path, number, cell, f"still to write: put your own words in place of each {MARK!r}."
            )


def banned_words(path: str, nb: NotebookNode, lesson: Lesson) -> Iterator[Finding]:
    """No word that tells a reader how easy something is."""
    for number, cell in cells(nb, "markdown"):
        for word in BANNED.findall(prose(cell.source)):
            yield found(
                path, number, cell, f"the word {word!r}: leave it out or say it differently."
            )


def banned_words_in_file(path: str, text: str) -> Iterator[Finding]:
    """The same for a text file, by line."""
    blanked = re.sub(
        r"(?ms)^ *(```|~~~).*?^ *\1 *$", lambda match: "\n" * match[0].count("\n"), text
    )
    for number, line in enumerate(blanked.split("\n"), start=1):
        for word in BANNED.findall(prose(line)):
            yield Finding(
                path, f"line {number}", f"the word {word!r}: leave it out or say it differently."
            )
