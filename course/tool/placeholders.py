"""Placeholders in a text, filled from stored results, from the library and from the lessons.

A placeholder is the place between two comments, each on its own line: ``<!-- result: NAME -->``,
and below it ``<!-- end result -->``. It holds a stored table. ``<!-- picture: NAME | alt text -->``
holds a stored picture, ``<!-- recipes: PAPER -->`` and ``<!-- data: NAME -->`` hold a table of the
library (:mod:`course.tool.library_tables`), ``<!-- course: NAME -->`` a table of the lessons
(:mod:`course.tool.lesson_tables`). Inside a fenced code block they are not filled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course.tool import files, lesson_tables, library_tables, stored_results
from course.tool.cli import CourseError
from course.tool.markdown import blank_code_blocks

MAX_PICTURE_BYTES = 14 * 1024
TEXTS = ("README.md", "course/*.md", "colorlib/pretrained/*.md")  # in addition to the notebooks
KINDS = "result|picture|recipes|data|course"
ANY_COMMENT = re.compile(rf"(?i)<!--+\s*(end\s+)?({KINDS})\b.*")
COMPLETE = re.compile(
    rf"(?ms)^ *(?P<begin><!-- (?P<kind>{KINDS}): (?P<name>[^|\s]+)(?: \| (?P<alt>[^][<>\n]+))? -->)"
    r" *\n(?P<content>.*?)^ *(?P<end><!-- end (?P=kind) -->) *$"
)
FORMS = (
    "<!-- result: NAME -->, <!-- picture: NAME | alt text without brackets -->, "
    "<!-- recipes: PAPER -->, <!-- data: NAME --> or <!-- course: NAME -->"
)


@dataclass(frozen=True)
class Placeholder:
    """A placeholder: the positions of its content in the text; its kind, name and alt text."""

    begin: int
    end: int
    kind: str
    name: str
    alt: str | None


def find(text: str, where: str) -> list[Placeholder]:
    """Return the placeholders of a Markdown text.

    Raises:
        CourseError: If a comment is misspelled or has no counterpart; the message begins with
            ``where``.
    """
    text = blank_code_blocks(text)
    found, used = [], set()
    for match in COMPLETE.finditer(text):
        if (match["kind"] == "picture") == bool(match["alt"]):
            used |= {match.start("begin"), match.start("end")}
            found.append(Placeholder(*match.span("content"), *match.group("kind", "name", "alt")))
    for comment in ANY_COMMENT.finditer(text):
        if comment.start() not in used:
            line = text.count("\n", 0, comment.start()) + 1
            raise CourseError(
                f"{where}, line {line}: found {comment[0]!r}, expected a complete placeholder: "
                f"write {FORMS} on its own line, and below it its end, such as "
                f"<!-- end result -->."
            )
    return found


def fill(text: str, where: str, root: Path, *, text_path: str | None = None) -> str:
    """Return the text with every placeholder filled; filling it a second time changes nothing.

    Args:
        text: Markdown.
        where: The file (and the cell), for messages.
        root: The folder of the course.
        text_path: The path of the text, relative to the root, if it can link to a picture's file. A
            notebook may be opened alone, so it holds the picture itself.
    """
    contents: dict[str, Callable[[Placeholder], str]] = {
        "result": lambda place: stored_results.to_markdown(place.name, root),
        "picture": lambda place: picture(place, root, text_path),
        "recipes": lambda place: library_tables.recipe_notes(place.name),
        "data": lambda place: library_tables.data_card(place.name),
        "course": lambda place: lesson_tables.lesson_table(place.name, root),
    }
    found = find(text, where)
    try:
        return _replace(text, found, lambda place: f"\n{contents[place.kind](place)}\n\n")
    except CourseError as error:
        raise CourseError(f"{where}: {error}") from None


def blank(text: str) -> str:
    """Return the text with empty lines in its placeholders; unchanged if one is incomplete."""
    try:
        found = find(text, "")
    except CourseError:
        return text
    return _replace(text, found, lambda place: "\n" * text.count("\n", place.begin, place.end))


def picture(place: Placeholder, root: Path, text_path: str | None) -> str:
    """Return the Markdown of a stored picture."""
    stored_results.read(place.name, root)  # every picture has a result, which says how it was made
    file = f"{stored_results.FOLDER}/{place.name}.webp"
    if not (root / file).exists():
        raise CourseError(f"{file} does not exist: save the picture there, or fix the name.")
    data = files.read_picture(root, file, MAX_PICTURE_BYTES)
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise CourseError(f"{file} is not a WebP picture: save it as one.")
    if text_path is None:
        return files.embed_picture(data, "webp", place.alt)
    address = file.removeprefix("course/") if text_path.startswith("course/") else file
    return f"![{place.alt}]({address})"


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield path and content of the texts that may hold placeholders."""
    for path in files.find_files(root, TEXTS):
        yield path.relative_to(root).as_posix(), path.read_bytes().decode("utf-8", "replace")


def _replace(text: str, found: list[Placeholder], content: Callable[[Placeholder], str]) -> str:
    for place in reversed(found):
        text = text[: place.begin] + content(place) + text[place.end :]
    return text
