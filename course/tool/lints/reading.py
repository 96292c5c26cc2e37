"""How the lints read a notebook: findings, headings, sections, prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

from course.tool.notebooks import place, tags
from course.tool.regions import empty

FENCE = re.compile(r"(?ms)^ *(```|~~~).*?^ *\1 *$")
HEADING = re.compile(r"(?m)^(#{1,6}) +(.+?) *$")


@dataclass(frozen=True)
class Finding:
    """Something to mend: where it stands, what it is and what to do."""

    path: str
    place: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.place}: {self.text}" if self.place else f"{self.path}: {self.text}"
        )


@dataclass
class Section:
    """A heading of level 2 and the cells from there to the next; ``title`` is empty before the first."""

    title: str
    cells: list[tuple[int, NotebookNode]] = field(default_factory=list)

    @property
    def numbered(self) -> bool:
        """Whether it teaches (``## 3 · Gamma``), unlike a recap or a quiz."""
        return self.title[:1].isdigit()


def found(path: str, number: int, cell: NotebookNode, text: str) -> Finding:
    """A finding in a cell; ``number`` counts from 1."""
    return Finding(path, place(number, cell), text)


def cells(
    nb: NotebookNode, kind: str, tag: str | None = None
) -> Iterator[tuple[int, NotebookNode]]:
    """The cells of one kind (and with one tag), with their numbers from 1."""
    for number, cell in enumerate(nb.cells, start=1):
        if cell.cell_type == kind and (tag is None or tag in tags(cell)):
            yield number, cell


def headings(text: str) -> list[tuple[int, str]]:
    """Level and text of every heading outside code blocks."""
    return [(len(marks), title) for marks, title in HEADING.findall(FENCE.sub("", text))]


def sections(nb: NotebookNode) -> list[Section]:
    """The notebook cut at its headings of level 2; a cell belongs to every one that it begins."""
    result = [Section("")]
    for number, cell in enumerate(nb.cells, start=1):
        begun = []
        if cell.cell_type == "markdown":
            begun = [Section(title) for level, title in headings(cell.source) if level == 2]
            result += begun
        for section in begun or result[-1:]:
            section.cells.append((number, cell))
    return result


def prose(text: str) -> str:
    """Markdown without code, links' addresses, HTML tags and what stored results fill in."""
    text = empty(text)
    text = re.sub(r"`+[^`]+`+", "`", FENCE.sub("", text))
    text = re.sub(r"(?s)<!--.*?-->|</?\w[^>]*>", " ", text)
    return re.sub(r"\]\([^)]*\)", "]", text)


def word_count(text: str) -> int:
    """Words of running text: no headings, tables, folded parts or displayed equations; a formula is one."""
    text = empty(text)
    text = re.sub(r"(?s)<details.*?</details>|\$\$.*?\$\$", " ", text)
    text = re.sub(r"(?m)^(#{1,6} |\|).*$", "", re.sub(r"\$[^$\n]+\$", "x", text))
    return sum(
        1 for word in prose(text).replace("`", " code ").split() if any(map(str.isalnum, word))
    )
