"""Solution find_regions: what a teacher writes between two markers, and the stub that a student sees instead.

The markers are comment lines, spelt as in nbgrader. Inside a function the stub raises; at the left margin it
gives every name that the region assigns the value ``...``. Either way the cell stays valid Python.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from course.tool.cli import CourseError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB_RAISE = 'raise NotImplementedError("your code here")  # replace this line'
STUB_NAME = "{} = ...  # your answer"


@dataclass(frozen=True)
class Region:
    """A solution region: numbers of its marker lines from 0, its indentation, the lines between."""

    begin: int
    end: int
    indent: str
    lines: tuple[str, ...]


def find_regions(source: str, where: str) -> list[Region]:
    """Find the solution regions of a code cell.

    Args:
        source: The cell's text.
        where: The file and the cell, for messages.

    Raises:
        CourseError: for markers that are nested, unclosed, unopened, misspelt or not indented alike.
    """
    lines, found, begin = source.split("\n"), [], None
    for number, line in enumerate(lines):
        marker = _marker(line, f"{where}, line {number + 1}")
        at = f"{where}, line {number + 1}: {marker}"
        if marker == BEGIN and begin is not None:
            raise CourseError(
                f"{at} inside a region begun on line {begin + 1}: regions cannot be nested."
            )
        if marker == BEGIN:
            begin = number
        elif marker == END:
            if begin is None:
                raise CourseError(f"{at} without {BEGIN} above it: add one or remove this line.")
            if _indent(line) != _indent(lines[begin]):
                raise CourseError(
                    f"{at} is indented differently from line {begin + 1}: indent both alike."
                )
            found.append(Region(begin, number, _indent(line), tuple(lines[begin + 1 : number])))
            begin = None
    if begin is not None:
        raise CourseError(f"{where}, line {begin + 1}: {BEGIN} is never closed: add {END}.")
    return found


def refuse_markers(source: str, where: str) -> None:
    """Stop if a cell that is not code has a marker, or something like one."""
    for number, line in enumerate(source.split("\n"), start=1):
        if _marker(line, f"{where}, line {number}"):
            raise CourseError(
                f"{where}, line {number}: {line.strip()} works in code cells only: remove it."
            )


def insert_stubs(source: str, where: str) -> str:
    """The cell as a student gets it: every region replaced by a stub."""
    found = find_regions(source, where)
    if not found:
        return source
    lines, raising = source.split("\n"), []
    result, start = [], 0
    for region in found:
        result += lines[start : region.begin]
        if region.indent:
            raising.append((len(result) + 1, region.begin + 1))
            result.append(region.indent + STUB_RAISE)
        else:
            result += [STUB_NAME.format(name) for name in _assigned(region, where)]
        start = region.end + 1
    result += lines[start:]
    _check_stubbed("\n".join(result), raising, where)
    return "\n".join(result)


def lines_outside(source: str, found: list[Region]) -> list[str]:
    """The lines of a cell that stand in none of its regions."""
    inside = {number for region in found for number in range(region.begin, region.end + 1)}
    return [line for number, line in enumerate(source.split("\n")) if number not in inside]


def parse(source: str) -> ast.Module:
    """Parse the text of a code cell, IPython's ``%`` and ``!`` lines taken as empty statements."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(re.sub(r"(?m)^([ \t]*)[%!].*$", r"\1pass", source))


def _marker(line: str, where: str) -> str | None:
    text = line.strip()
    if text in (BEGIN, END) or "#" not in text:
        return text if text in (BEGIN, END) else None
    for comment in text.lower().split("#")[1:]:
        words = " ".join(re.split(r"[\s_:-]+", comment.strip())[:2])
        if close := difflib.get_close_matches(words, ("begin solution", "end solution"), 1, 0.85):
            wanted = BEGIN if close[0].startswith("begin") else END
            raise CourseError(f"{where}: found {text!r}: write {wanted!r}, on a line of its own.")
    return None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _assigned(region: Region, where: str) -> list[str]:
    at = f"{where}, line {region.begin + 1}"
    try:
        body = parse("\n".join(region.lines)).body
    except SyntaxError as error:
        raise CourseError(
            f"{at}: the region is not Python by itself ({error.msg}): mend it."
        ) from None
    names = [name for node in body for name in _names(node)]
    if not names:
        raise CourseError(
            f"{at}: the region assigns no name, so no stub can stand for it: "
            f"assign the answer to a name, or keep `def` outside and the markers inside the function."
        )
    return list(dict.fromkeys(names))


def _names(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign) and node.value is not None:
        targets = [node.target]
    for target in targets:
        yield from (
            part.id
            for part in ast.walk(target)
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
        )


def _check_stubbed(source: str, raising: list[tuple[int, int]], where: str) -> None:
    try:
        tree = parse(source)
    except SyntaxError as error:
        raise CourseError(
            f"{where}: with the stub in place, line {error.lineno} is not Python ({error.msg}): "
            f"move the markers so that what stays is complete."
        ) from None
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [(node.lineno, node.end_lineno) for node in ast.walk(tree) if isinstance(node, kinds)]
    for line, begin in raising:
        if not any(first < line <= last for first, last in bodies):
            raise CourseError(
                f"{where}, line {begin}: an indented region outside a function would stop the lesson here: "
                f"put it in a function, or at the left margin."
            )
