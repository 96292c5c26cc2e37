"""Lints of links: every file and every heading that a text or a notebook points to is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from course.tool import course_config, notebooks
from course.tool.course_config import Course
from course.tool.lints.reading import FENCE, Finding, headings

TEXTS = ("*.md", "course/*.md", ".github/**/*.md")
TREES = ("solutions", "lessons")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HREF = re.compile(r"""(?i)<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*["']([^"']+)["']""")
DEFINED = re.compile(
    r"(?m)^ {0,3}\[[^\]]+\]:[ \t]+<?([^\s>]+)"
)  # [name]: target, on a line of its own
BARE = re.compile(r"(?<![\w\"'=])(https?://[^\s<>`|)\"]+)")
OUTSIDE = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")


def internal_links(root: Path) -> Iterator[Finding]:
    """Every link inside the project leads to a file, and its anchor to a heading of that file."""
    course = course_config.load(root)
    for path, place, target in every(root):
        target = inside(target, path, course)
        if target is None:
            continue
        file, _, anchor = target.partition("#")
        there = (
            (root / path).parent.joinpath(unquote(file)).resolve()
            if file
            else (root / path).resolve()
        )
        if not there.is_relative_to(root.resolve()):
            text = (
                f"the link {target!r} leaves the project: name a file inside it, or a web address."
            )
        elif not there.exists():
            text = f"the link {target!r} leads to no file: mend the name, or write the file."
        elif anchor and unquote(anchor) not in anchors(there):
            text = (
                f"the link {target!r} leads to no heading of {there.name}: mend what follows the #."
            )
        else:
            continue
        yield Finding(path, place, text)


def every(root: Path) -> Iterator[tuple[str, str, str]]:
    """File, place in it and target of every link of the texts and notebooks."""
    for file in dict.fromkeys(file for pattern in TEXTS for file in sorted(root.glob(pattern))):
        blanked = FENCE.sub(lambda match: "\n" * match[0].count("\n"), file.read_text("utf-8"))
        for number, line in enumerate(blanked.split("\n"), start=1):
            for target in targets(line):
                yield file.relative_to(root).as_posix(), f"line {number}", target
    for lesson in course_config.load(root).lessons:
        for path in (f"{tree}/{lesson.name}.ipynb" for tree in TREES):
            for number, cell in enumerate(notebooks.read(root / path).cells, start=1):
                if cell.cell_type == "markdown":
                    for target in targets(FENCE.sub("", cell.source)):
                        yield path, notebooks.place(number, cell), target


def targets(text: str) -> list[str]:
    """The targets of the links and pictures of a text; pictures that it carries itself are none."""
    text = re.sub(r"`+[^`]*`+", "`", text)
    found = LINK.findall(text) + HREF.findall(text) + DEFINED.findall(text)
    rest = DEFINED.sub("", LINK.sub("]", HREF.sub("", text)))
    found += [address.rstrip(".,;:") for address in BARE.findall(rest)]
    return [target for target in found if not target.startswith("data:")]


def inside(target: str, path: str, course: Course) -> str | None:
    """The link as one relative to its file; None if it leads outside of the project."""
    if course.repository:
        own = f"https://github.com/{course.repository}/blob/{course.branch}/"
        if target.startswith(own):
            return "../" * path.count("/") + target.removeprefix(own)
    return None if OUTSIDE.match(target) else target


def anchors(file: Path) -> set[str]:
    """What may follow the # in a link to this file: GitHub's names for headings, Jupyter's for notebooks'."""
    if file.suffix == ".md":
        return _github(title for _, title in headings(file.read_text("utf-8")))
    if file.suffix != ".ipynb":
        return set()
    cells = (cell for cell in notebooks.read(file).cells if cell.cell_type == "markdown")
    return {title.replace(" ", "-") for cell in cells for _, title in headings(cell.source)}


def _github(titles: Iterator[str]) -> set[str]:
    found: set[str] = set()
    for title in titles:
        plain = re.sub(r"\]\([^)]*\)", "]", title).lower()
        slug = wanted = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while slug in found:
            number += 1
            slug = f"{wanted}-{number}"
        found.add(slug)
    return found
