"""Regions of a text that are filled from ``course/results/``, between two comments on lines of their own.

``<!-- result: NAME -->`` holds a stored table, ``<!-- picture: NAME | alt text -->`` a stored picture; the
lines ``<!-- end result -->`` and ``<!-- end picture -->`` close them. ``<!-- recipes: PAPER -->`` holds what
a paper's recipes chose (:mod:`course.tool.recipe_notes`), ``<!-- data: NAME -->`` what is known of a data
set (:mod:`course.tool.data_cards`), ``<!-- course: NAME -->`` a table of the lessons
(:mod:`course.tool.reading_time`). A fenced code block may show them unfilled.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course.tool import data_cards, reading_time, recipe_notes, results
from course.tool.cli import CourseError

PICTURE_LIMIT = 14 * 1024
TEXTS = ("README.md", "course/*.md", "colorlib/shipped/*.md")  # beside the notebooks
SOURCES = {  # kinds of regions, and where their contents come from
    "result": results.FOLDER,
    "picture": results.FOLDER,
    "recipes": "colorlib/recipes",
    "data": "colorlib/data",
    "course": "the notebooks and their table",
}
_KINDS = "|".join(SOURCES)
LIKE = re.compile(rf"(?i)<!--+\s*(end\s+)?({_KINDS})\b")
BEGIN = re.compile(rf"<!-- ({_KINDS}): ([^|\s]+)(?: \| (.+))? -->")
END = "<!-- end {} -->"
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")


@dataclass(frozen=True)
class Region:
    """A region: numbers of its comment lines from 0; its kind, one of ``SOURCES``; the name, the alt text."""

    begin: int
    end: int
    kind: str
    name: str
    alt: str


def find(text: str, where: str) -> list[Region]:
    """The regions of a markdown text.

    Raises:
        CourseError: for a comment that is misspelt, unclosed or unopened; the text begins with ``where``.
    """
    found, opened, fence = [], None, ""
    for number, line in enumerate(text.split("\n")):
        at = f"{where}, line {number + 1}"
        mark = FENCE.fullmatch(line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            continue
        if mark and opened is None and not (mark[1][0] == "`" and "`" in mark[2]):
            fence = mark[1]
        if not LIKE.search(line):
            continue
        begin, end = BEGIN.fullmatch(line.strip()), opened and END.format(opened[1][1])
        if line.strip() == end:
            found.append(Region(opened[0], number, opened[1][1], opened[1][2], opened[1][3] or ""))
            opened = None
        elif opened is not None:
            first, name = opened[0] + 1, opened[1][2]
            raise CourseError(
                f"{at}: {line.strip()!r} inside {name!r} of line {first}: write {end} above it."
            )
        elif line.strip() in map(END.format, SOURCES):
            raise CourseError(
                f"{at}: {line.strip()} closes nothing: add its first line or remove it."
            )
        elif begin is None or (begin[1] == "picture") != bool(begin[3]):
            raise CourseError(
                f"{at}: found {line.strip()!r}: write <!-- result: NAME --> or "
                f"<!-- picture: NAME | alt text --> on a line of its own, and the end below it "
                f"(or <!-- recipes: PAPER -->, <!-- data: NAME -->, <!-- course: NAME -->)."
            )
        else:
            opened = (number, begin)
    if opened is not None:
        raise CourseError(
            f"{where}, line {opened[0] + 1}: {opened[1][2]!r} is never closed: write "
            f"{END.format(opened[1][1])} on a line of its own."
        )
    return found


def fill(text: str, where: str, root: Path, *, beside: str | None = None) -> str:
    """The text with every region written anew; filling twice gives what filling once gave.

    Args:
        text: Markdown.
        where: The file (and the cell), for messages.
        root: The folder of the course.
        beside: Where the text stands, relative to the root, if it can link to a picture's file; a notebook
            travels alone and carries the picture itself.
    """
    made: dict[str, Callable[[Region], str]] = {
        "result": lambda region: results.table(region.name, root),
        "recipes": lambda region: recipe_notes.notes(region.name),
        "picture": lambda region: picture(region, root, beside),
        "data": lambda region: data_cards.card(region.name),
        "course": lambda region: reading_time.region(region.name, root),
    }
    try:
        return _replace(text, find(text, where), lambda region: f"\n{made[region.kind](region)}\n")
    except CourseError as error:
        raise error if str(error).startswith(where) else CourseError(f"{where}: {error}") from None


def empty(text: str) -> str:
    """The text without what its regions hold; one whose comments do not fit together stays as it is."""
    try:
        return _replace(text, find(text, ""), lambda region: "")
    except CourseError:
        return text


def picture(region: Region, root: Path, beside: str | None) -> str:
    """The markdown of a stored picture."""
    results.read(region.name, root)  # a picture is a result too: it says how it was made
    file = f"{results.FOLDER}/{region.name}.jpg"
    if not (root / file).exists():
        raise CourseError(f"{file} does not exist: save the picture there, or mend the name.")
    data = (root / file).read_bytes()
    if len(data) > PICTURE_LIMIT:
        raise CourseError(
            f"{file} has {len(data)} bytes, at most {PICTURE_LIMIT} fit: save it smaller."
        )
    if not data.startswith(b"\xff\xd8\xff"):
        raise CourseError(f"{file} is no JPEG picture: save it as one.")
    if set("[]<>") & set(region.alt):
        raise CourseError(
            f"the alt text of {region.name!r} has brackets, which end it early: reword it."
        )
    address = f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
    if beside is not None:
        address = file.removeprefix("course/") if beside.startswith("course/") else file
    return f"![{region.alt}]({address})"


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Path and content of the texts that may hold regions."""
    for pattern in TEXTS:
        for path in sorted(root.glob(pattern)):
            yield path.relative_to(root).as_posix(), path.read_bytes().decode("utf-8", "replace")


def _replace(text: str, found: list[Region], make: Callable[[Region], str]) -> str:
    lines = text.split("\n")
    for region in reversed(found):
        made = make(region)
        lines[region.begin + 1 : region.end] = made.split("\n") if made else []
    return "\n".join(lines)
