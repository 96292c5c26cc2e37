"""Lints of links, whose files and headings exist, and of merges, which are finished."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from course.tool import conflicts, course_config, notebooks
from course.tool.course_config import Course
from course.tool.files import find_files
from course.tool.lints.notebook_parsing import Finding
from course.tool.markdown import blank_code_blocks, headings

TEXTS = ("*.md", "course/*.md", ".github/**/*.md")
TREES = ("solutions", "lessons")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HREF = re.compile(r"""(?i)<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*["']([^"']+)["']""")
DEFINITION = re.compile(r"(?m)^ {0,3}\[[^\]]+\]:[ \t]+<?([^\s>]+)")  # [name]: target
BARE_ADDRESS = re.compile(r"(?<![\w\"'=])(https?://[^\s<>`|)\"]+)")
SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")


def internal_links(root: Path) -> Iterator[Finding]:
    """Every link inside the project leads to a file, and its anchor to a heading of that file."""
    course = course_config.load(root)
    for path, place, target in all_links(root):
        problem = _problem(root, path, internal_target(target, path, course))
        if problem:
            yield Finding(path, place, f"the link {target!r} {problem}")


def merge_conflicts(root: Path) -> Iterator[Finding]:
    """No text and no table has the markers of an unfinished merge."""
    for file in find_files(root, (*TEXTS, "course/*.toml", "course/results/*.json")):
        if line := conflicts.first_line(file.read_text("utf-8")):
            path = file.relative_to(root).as_posix()
            text = f"a merge conflict is not resolved: {conflicts.ADVICE}."
            yield Finding(path, f"line {line}", text)


def all_links(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield file, place in it and target of every link of the texts and notebooks."""
    for file in find_files(root, TEXTS):
        lines = blank_code_blocks(file.read_text("utf-8")).split("\n")
        for number, line in enumerate(lines, start=1):
            for target in targets(line):
                yield file.relative_to(root).as_posix(), f"line {number}", target
    for lesson in course_config.load(root).lessons:
        for path in (f"{tree}/{lesson.name}.ipynb" for tree in TREES):
            for number, cell in notebooks.numbered(notebooks.read(root / path), "markdown"):
                for target in targets(blank_code_blocks(cell.source)):
                    yield path, notebooks.place(number, cell), target


def targets(text: str) -> list[str]:
    """Return the targets of the links and pictures of a text, without embedded pictures."""
    text = re.sub(r"`+[^`]*`+", "`", text)
    found = LINK.findall(text) + HREF.findall(text) + DEFINITION.findall(text)
    rest = DEFINITION.sub("", LINK.sub("]", HREF.sub("", text)))
    found += [address.rstrip(".,;:") for address in BARE_ADDRESS.findall(rest)]
    return [target for target in found if not target.startswith("data:")]


def internal_target(target: str, path: str, course: Course) -> str | None:
    """Return a link as one relative to its file, or None if it leaves the project."""
    if course.repository:
        own = f"https://github.com/{course.repository}/blob/{course.branch}/"
        if target.startswith(own):
            return "../" * path.count("/") + target.removeprefix(own)
    return None if SCHEME.match(target) else target


def anchors(file: Path) -> set[str]:
    """Return what may follow the # in a link to a file.

    These are GitHub's names for the headings of a text, and Jupyter's for those of a notebook.
    """
    if file.suffix == ".md":
        return _github_anchors(title for _, title in headings(file.read_text("utf-8")))
    if file.suffix != ".ipynb":
        return set()
    cells = notebooks.numbered(notebooks.read(file), "markdown")
    return {title.replace(" ", "-") for _, cell in cells for _, title in headings(cell.source)}


def _problem(root: Path, path: str, target: str | None) -> str | None:
    """Return what is wrong with a link inside the project, or None."""
    if target is None:
        return None
    name, _, anchor = target.partition("#")
    file = (root / path).resolve()
    if name:
        file = (file.parent / unquote(name)).resolve()
    if not file.is_relative_to(root.resolve()):
        return "leaves the project: name a file inside it, or a web address."
    if not file.exists():
        return "leads to no file: fix the name, or write the file."
    if anchor and unquote(anchor) not in anchors(file):
        return f"leads to no heading of {file.name}: fix what follows the #."
    return None


def _github_anchors(titles: Iterator[str]) -> set[str]:
    found: set[str] = set()
    for title in titles:
        plain = re.sub(r"\]\([^)]*\)", "]", title).lower()
        slug = base = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 0
        while slug in found:
            number += 1
            slug = f"{base}-{number}"
        found.add(slug)
    return found
