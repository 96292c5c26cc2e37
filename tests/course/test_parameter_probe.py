"""Probe values: of the right type, within bounds, and found only where they are shown."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_output

from course.tool.cli import CourseError
from course.tool.parameter_probe import Probe, ignored_parameters, probe_values
from tests.course import tiny


def probes(source: str) -> dict:
    """Return the probes of a parameters cell."""
    nb = tiny.notebook(tiny.code("other", "X = 1"), tiny.code("set", source, "parameters"))
    return {probe.name: (probe.value, probe.named) for probe in probe_values(nb, "01")}


ALL = {
    "SEED": (90218, False),
    "COUNT": (90219, False),
    "SHARE": (0.9022, False),
    "WIDTH": (12, True),
    "FLIP": (True, True),
    "PHOTO": ("coffee", False),
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (tiny.PARAMETERS, ALL),
        ('W = 16  # @param {type:"slider", min:4, max:16, step:4}', {"W": (12, True)}),
        ('W = 0.3 #@param {type: "slider", min: 0, max: 1, step: 0.1}', {"W": (0.4, True)}),
        ('W = -5  # @param {type:"slider", min:-9, max:9}', {"W": (-4, True)}),
        ('P = "a"', {}),
        ('P = "a"  # @param ["a"]', {}),
        ('P = "a"  # @param {type: "string"}', {}),
    ],
)
def test_probe_values_keep_type_bounds_and_choices(source, expected):
    assert probes(source) == expected


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("X = len('ab')", "01: the parameters cell has the line .*, expected NAME = a plain value"),
        ("X: int = 1", "expected NAME = a plain value"),
        ("X = Y = 1", "expected NAME = a plain value"),
        ("print(1)", "expected NAME = a plain value"),
        ("import os", "expected NAME = a plain value"),
        ("X = [1]", r"01: the parameter X is \[1\], expected a number, a text or a bool"),
    ],
)
def test_probe_values_of_anything_else_raise(source, message):
    with pytest.raises(CourseError, match=message):
        probes(source)


def test_probe_values_without_parameters_cell_raise():
    with pytest.raises(CourseError, match="01: no cell is tagged parameters"):
        probe_values(tiny.notebook(), "01")


@pytest.mark.parametrize(
    ("texts", "ignored"),
    [
        ([], ["SEED", "FLIP"]),
        (["seed 190217, 902170, True, FLIPS = True, FLIP=Truer"], ["SEED", "FLIP"]),
        (["FLIP = True", "(90217,)"], []),
    ],
)
def test_ignored_parameters_searches_outputs_only(texts, ignored):
    nb = tiny.notebook(
        tiny.code("injected", "SEED = 90217", "injected-parameters"),
        tiny.code("source", "SEED = 90217"),
    )
    nb.cells[2].outputs = [new_output("execute_result", {"text/plain": text}) for text in texts]
    nb.cells[2].outputs += [new_output("stream", text=text) for text in texts[:1]]
    seed, flip = Probe("SEED", 90217, named=False), Probe("FLIP", True, named=True)
    assert ignored_parameters([seed, flip], nb) == ignored
