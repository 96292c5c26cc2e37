"""A notebook as the lints see it: findings, cells, sections and prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

from course.tool import notebooks, placeholders
from course.tool.course_config import Lesson
from course.tool.markdown import CODE_BLOCK, headings


@dataclass(frozen=True)
class Finding:
    """Something to fix: where it is, what it is and what to do."""

    path: str
    place: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.path, self.place, self.text) if part)


# A lint of notebooks yields the number of a cell, from 1, or None for the whole, and the problem.
Problems = Iterator[tuple[int | None, str]]


@dataclass
class Section:
    """A heading of level 2 and the cells up to the next; no title before the first heading."""

    title: str
    cells: list[tuple[int, NotebookNode]] = field(default_factory=list)

    @property
    def numbered(self) -> bool:
        """Whether it teaches (``## 3 · Gamma``), unlike a recap or a quiz."""
        return self.title[:1].isdigit()


@dataclass(frozen=True)
class LessonNotebook:
    """A notebook of ``lessons/`` or ``solutions/``, as each lint gets it."""

    path: str
    nb: NotebookNode
    lesson: Lesson

    @property
    def tree(self) -> str:
        """The folder that it is in: ``lessons`` or ``solutions``."""
        return self.path.split("/")[0]

    def finding(self, number: int | None, text: str) -> Finding:
        """Return a problem of a cell, or of the whole notebook, as a finding."""
        place = notebooks.place(number, self.nb.cells[number - 1]) if number else ""
        return Finding(self.path, place, text)

    def cells(self, kind: str, tag: str | None = None) -> Iterator[tuple[int, NotebookNode]]:
        """Yield the cells of one kind (with one tag), with their numbers from 1."""
        return notebooks.numbered(self.nb, kind, tag)

    def sections(self) -> list[Section]:
        """Split the notebook at its headings of level 2; a cell with two of them is in both."""
        result = [Section("")]
        for number, cell in enumerate(self.nb.cells, start=1):
            begun = []
            if cell.cell_type == "markdown":
                begun = [Section(title) for level, title in headings(cell.source) if level == 2]
                result += begun
            for section in begun or result[-1:]:
                section.cells.append((number, cell))
        return result


def prose(text: str) -> str:
    """Return Markdown without code, addresses of links, HTML tags and filled placeholders.

    The number of lines stays, so that a finding can name its line.
    """
    text = _blank(CODE_BLOCK, placeholders.blank(text))
    text = _blank(r"`+[^`]+`+", text, "`")
    text = _blank(r"(?s)<!--.*?-->|</?\w[^>]*>", text)
    return _blank(r"\]\([^)]*\)", text, "]")


def word_count(text: str) -> int:
    """Count words of prose, without headings, tables, folded parts and displayed equations.

    An inline formula counts as one word, and so does code in backticks.
    """
    text = placeholders.blank(text)
    text = re.sub(r"(?s)<details.*?</details>|\$\$.*?\$\$", " ", text)
    text = re.sub(r"(?m)^(#{1,6} |\|).*$", "", re.sub(r"\$[^$\n]+\$", "x", text))
    words = prose(text).replace("`", " code ").split()
    return sum(any(map(str.isalnum, word)) for word in words)


def _blank(pattern: str | re.Pattern, text: str, mark: str = " ") -> str:
    """Replace each match by ``mark`` and as many newlines as it had."""
    return re.sub(pattern, lambda match: mark + "\n" * match[0].count("\n"), text)
