"""Probe values for parameters: if no output shows the value, the notebook ignores the parameter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.cli import CourseError
from course.tool.execute import code_cells

KEPT = "PROFILE"  # every run injects it; its other value needs a GPU


@dataclass(frozen=True)
class Probe:
    """A parameter with an unusual value, and how the output must show it.

    A number or a text is searched as it is. ``named`` values (a bool, a number within a slider's
    bounds) are too common for that: the output must contain ``name=value`` or ``name = value``.
    """

    name: str
    value: Any
    named: bool

    def is_shown(self, text: str) -> bool:
        """Return whether ``text`` contains the value."""
        value = re.escape(str(self.value))
        pattern = rf"\b{self.name} ?= ?{value}(?!\w)" if self.named else rf"(?<!\w){value}(?!\w)"
        return re.search(pattern, text) is not None


def probe_values(nb: NotebookNode, where: str) -> list[Probe]:
    """Return a probe of the same type for every parameter that can have one.

    A whole number becomes 90217 (90218 for the second parameter, and so on), a float 0.90217; with
    the bounds of a slider (``#@param {type:"slider", min:1, max:9, step:2}``) it moves one step
    from the default. A bool is inverted. A text becomes the last other choice of its
    ``#@param [...]`` list, or has no probe.

    Raises:
        CourseError: If no cell is tagged ``parameters``, or if it holds anything but plain
            assignments; the message begins with ``where``.
    """
    tagged = [cell for cell in code_cells(nb) if "parameters" in notebooks.tags(cell)]
    if not tagged:
        raise CourseError(
            f"{where}: no cell is tagged parameters, expected one: tag the cell that sets PROFILE."
        )
    probes = []
    for index, (name, default, line) in enumerate(_assignments(tagged[0].source, where)):
        probe = _probe(name, default, line.partition("@param")[2], index, where)
        if probe is not None and name != KEPT:
            probes.append(probe)
    return probes


def ignored_parameters(probes: list[Probe], nb: NotebookNode) -> list[str]:
    """Return the names of the parameters whose value no executed output shows."""
    texts = []
    for cell in code_cells(nb):
        for output in cell.outputs:
            texts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return [probe.name for probe in probes if not probe.is_shown("\n".join(texts))]


def _assignments(source: str, where: str) -> Iterator[tuple[str, Any, str]]:
    """Yield name, value and line of each assignment of the parameters cell."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        try:
            (target,) = node.targets
            yield target.id, ast.literal_eval(node.value), lines[node.end_lineno - 1]
        except (AttributeError, ValueError):
            raise CourseError(
                f"{where}: the parameters cell has the line {lines[node.lineno - 1]!r}, "
                f"expected NAME = a plain value: move everything else to another cell."
            ) from None


def _probe(name: str, default: Any, comment: str, index: int, where: str) -> Probe | None:
    bounds = {key: float(n) for key, n in re.findall(r"\b(min|max|step) *: *(-?[\d.]+)", comment)}
    if isinstance(default, bool):
        return Probe(name, not default, named=True)
    if isinstance(default, (int, float)) and "max" in bounds:
        step = bounds.get("step", 1.0)
        if default + step > bounds["max"]:
            step = -step
        return Probe(name, type(default)(round(default + step, 9)), named=True)
    if isinstance(default, int):
        return Probe(name, 90217 + index, named=False)
    if isinstance(default, float):
        return Probe(name, round(0.90217 + index * 1e-5, 5), named=False)
    if isinstance(default, str):
        listed = re.match(r"\s*(\[.*?\])", comment)
        choices = ast.literal_eval(listed[1]) if listed else []
        others = [choice for choice in choices if choice != default]
        return Probe(name, others[-1], named=False) if others else None
    raise CourseError(
        f"{where}: the parameter {name} is {default!r}, "
        f"expected a number, a text or a bool: change it."
    )
