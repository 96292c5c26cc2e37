"""Odd values for the parameters of a notebook: one that no output shows belongs to an ignored parameter."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.cli import CourseError
from course.tool.execute import code_cells

KEPT = "PROFILE"  # every run injects it; its other value needs a GPU


@dataclass(frozen=True)
class Probe:
    """A parameter with an odd value, and how the output must show it.

    A number or a text is looked for as it is. ``named`` values (a bool, a number within a slider's bounds)
    are too common for that: the output must hold ``name=value`` or ``name = value``.
    """

    name: str
    value: Any
    named: bool

    def shown(self, text: str) -> bool:
        """Whether ``text`` holds the value."""
        value = re.escape(str(self.value))
        pattern = rf"\b{self.name} ?= ?{value}(?!\w)" if self.named else rf"(?<!\w){value}(?!\w)"
        return re.search(pattern, text) is not None


def probe_values(nb: NotebookNode, where: str) -> list[Probe]:
    """An odd value of the same type for every parameter that has one.

    A whole number becomes 90217 (90218 for the second parameter, and so on), a float 0.90217; with the bounds
    of a slider (``#@param {type:"slider", min:1, max:9, step:2}``) one step away from the default. A bool is
    turned round. A text takes the last other choice of its ``#@param [...]`` list, or stays as it is.

    Raises:
        CourseError: if no cell is tagged ``parameters``, or if it holds anything but plain assignments; the
            text begins with ``where``.
    """
    cell = next((cell for cell in code_cells(nb) if "parameters" in notebooks.tags(cell)), None)
    if cell is None:
        raise CourseError(
            f"{where}: no cell is tagged parameters, expected one: tag the cell that sets PROFILE."
        )
    odd = []
    for place, (name, default, line) in enumerate(_assignments(cell.source, where)):
        value, named = _odd(name, default, line.partition("@param")[2], place, where)
        if name != KEPT and value is not None:
            odd.append(Probe(name, value, named))
    return odd


def ignored_parameters(odd: list[Probe], nb: NotebookNode) -> list[str]:
    """The names of the parameters whose value no executed output shows."""
    text = "\n".join(_texts(nb))
    return [one.name for one in odd if not one.shown(text)]


def _assignments(source: str, where: str) -> list[tuple[str, Any, str]]:
    lines, found = source.splitlines(), []
    for node in ast.parse(source).body:
        try:
            (target,) = node.targets
            found.append((target.id, ast.literal_eval(node.value), lines[node.end_lineno - 1]))
        except (AttributeError, ValueError):
            raise CourseError(
                f"{where}: the parameters cell has the line {lines[node.lineno - 1]!r}, "
                f"expected NAME = a plain value: move everything else to another cell."
            ) from None
    return found


def _odd(name: str, default: Any, comment: str, place: int, where: str) -> tuple[Any, bool]:
    bounds = {key: float(n) for key, n in re.findall(r"\b(min|max|step) *: *(-?[\d.]+)", comment)}
    if isinstance(default, bool):
        return not default, True
    if isinstance(default, (int, float)) and "max" in bounds:
        step = bounds.get("step", 1.0)
        step = step if default + step <= bounds["max"] else -step
        return type(default)(round(default + step, 9)), True
    if isinstance(default, int):
        return 90217 + place, False
    if isinstance(default, float):
        return round(0.90217 + place * 1e-5, 5), False
    if isinstance(default, str):
        listed = re.match(r"\s*(\[.*?\])", comment)
        choices = [one for one in ast.literal_eval(listed[1]) if one != default] if listed else []
        return (choices[-1], False) if choices else (None, False)
    raise CourseError(
        f"{where}: the parameter {name} is {default!r}, expected a number, a text or a bool: change it."
    )


def _texts(nb: NotebookNode) -> list[str]:
    outputs = [output for cell in code_cells(nb) for output in cell.outputs]
    return [
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    ]
