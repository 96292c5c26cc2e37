"""Solution regions: the lines between two markers, which a student's notebook replaces by a stub.

The markers are comment lines, spelled as in nbgrader. Inside a function the stub raises; at the
left margin it assigns ``...`` to every name that the region assigns. The cell stays valid Python.
"""

from __future__ import annotations

import ast
import difflib
import re
from dataclasses import dataclass

from course.tool import quiz
from course.tool.cli import CourseError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB_RAISE = 'raise NotImplementedError("your code here")  # replace this line'
STUB_NAME = "{} = ...  # your answer"


@dataclass(frozen=True)
class Region:
    """A solution region: the indices of its marker lines, its indentation, the lines between."""

    begin: int
    end: int
    indent: str
    lines: tuple[str, ...]


def find_regions(source: str, where: str) -> list[Region]:
    """Return the solution regions of a code cell.

    Args:
        source: The text of the cell.
        where: The file and the cell, for messages.

    Raises:
        CourseError: If a marker is nested, unclosed, unopened, misspelled or not indented alike.
    """
    lines, found, begin = source.split("\n"), [], None
    for index, line in enumerate(lines):
        marker = _marker(line, f"{where}, line {index + 1}")
        at = f"{where}, line {index + 1}: {marker}"
        if marker == BEGIN:
            if begin is not None:
                raise CourseError(f"{at} in the region of line {begin + 1}: they cannot be nested.")
            begin = index
        elif marker == END:
            if begin is None:
                raise CourseError(f"{at} without {BEGIN} above it: add one or remove this line.")
            if _indent(line) != _indent(lines[begin]):
                raise CourseError(f"{at} is indented differently from line {begin + 1}: fix it.")
            found.append(Region(begin, index, _indent(line), tuple(lines[begin + 1 : index])))
            begin = None
    if begin is not None:
        raise CourseError(f"{where}, line {begin + 1}: {BEGIN} is never closed: add {END}.")
    return found


def refuse_markers(source: str, where: str) -> None:
    """Raise CourseError if a cell that is not code has a marker, or a misspelled one."""
    for number, line in enumerate(source.split("\n"), start=1):
        if _marker(line, f"{where}, line {number}"):
            at = f"{where}, line {number}"
            raise CourseError(f"{at}: {line.strip()} works in code cells only: remove it.")


def insert_stubs(source: str, where: str) -> str:
    """Return the cell as a student gets it: regions replaced by stubs, no quiz answered."""
    source = quiz.without_letters(source)
    lines, result, start = source.split("\n"), [], 0
    raise_lines = {}  # line number of a stub that raises -> line number of its region
    for region in find_regions(source, where):
        result += lines[start : region.begin]
        if region.indent:
            result.append(region.indent + STUB_RAISE)
            raise_lines[len(result)] = region.begin + 1
        else:
            result += [STUB_NAME.format(name) for name in _assigned_names(region, where)]
        start = region.end + 1
    if start == 0:
        return source
    stubbed = "\n".join(result + lines[start:])
    _check_stubs(stubbed, raise_lines, where)
    return stubbed


def lines_outside(source: str, found: list[Region]) -> list[str]:
    """Return the lines of a cell that are in none of its regions."""
    inside = {index for region in found for index in range(region.begin, region.end + 1)}
    return [line for index, line in enumerate(source.split("\n")) if index not in inside]


def parse(source: str) -> ast.Module:
    """Parse the text of a code cell; IPython's ``%`` and ``!`` lines count as empty statements."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(re.sub(r"(?m)^([ \t]*)[%!].*$", r"\1pass", source))


def _marker(line: str, where: str) -> str | None:
    text = line.strip()
    if text in (BEGIN, END):
        return text
    for comment in text.lower().split("#")[1:]:
        words = " ".join(re.split(r"[\s_:-]+", comment.strip())[:2])
        for marker in (BEGIN, END):
            if difflib.get_close_matches(words, [marker.lower().strip("# ")], cutoff=0.85):
                raise CourseError(f"{where}: found {text!r}: write {marker!r}, on a separate line.")
    return None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _assigned_names(region: Region, where: str) -> list[str]:
    at = f"{where}, line {region.begin + 1}"
    try:
        body = parse("\n".join(region.lines)).body
    except SyntaxError as error:
        text = f"{at}: the region is not Python by itself ({error.msg}): fix it."
        raise CourseError(text) from None
    targets = []
    for node in body:
        if isinstance(node, ast.Assign):
            targets += node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets.append(node.target)
    names = {}  # a dict keeps the order
    for part in (part for target in targets for part in ast.walk(target)):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names[part.id] = True
    if not names:
        raise CourseError(
            f"{at}: the region assigns no name, so it cannot have a stub: assign the answer to a "
            f"name, or keep `def` outside and the markers inside the function."
        )
    return list(names)


def _check_stubs(source: str, raise_lines: dict[int, int], where: str) -> None:
    try:
        tree = parse(source)
    except SyntaxError as error:
        raise CourseError(
            f"{where}: with the stub in place, line {error.lineno} is not Python ({error.msg}): "
            f"move the markers so that what stays is complete."
        ) from None
    in_functions = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            in_functions.update(range(node.lineno + 1, node.end_lineno + 1))
    for line, begin in raise_lines.items():
        if line not in in_functions:
            raise CourseError(
                f"{where}, line {begin}: an indented region outside a function would stop the "
                f"lesson here: put it in a function, or at the left margin."
            )
