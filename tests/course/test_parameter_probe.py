"""Odd values: of the right type, within bounds, and found only where they are shown."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_output

from course.tool.cli import CourseError
from course.tool.parameter_probe import Probe, ignored_parameters, probe_values
from tests.course import tiny


def odd(source: str) -> dict:
    """The odd values of a parameters cell."""
    nb = tiny.notebook(tiny.code("other", "X = 1"), tiny.code("set", source, "parameters"))
    return {one.name: (one.value, one.named) for one in probe_values(nb, "01")}


def test_every_type():
    assert odd(tiny.PARAMETERS) == {
        "SEED": (90218, False),
        "COUNT": (90219, False),
        "SHARE": (0.9022, False),
        "WIDTH": (12, True),
        "FLIP": (True, True),
        "PHOTO": ("coffee", False),
    }


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('W = 16  # @param {type:"slider", min:4, max:16, step:4}', 12),
        ('W = 0.3 #@param {type: "slider", min: 0, max: 1, step: 0.1}', 0.4),
        ('W = -5  # @param {type:"slider", min:-9, max:9}', -4),
    ],
)
def test_a_slider_keeps_its_bounds(line, value):
    assert odd(line) == {"W": (value, True)}


@pytest.mark.parametrize(
    "line", ['P = "a"', 'P = "a"  # @param ["a"]', 'P = "a"  # @param {type: "string"}']
)
def test_a_text_without_another_choice_is_left_alone(line):
    assert odd(line) == {}


@pytest.mark.parametrize(
    "line", ["X = len('ab')", "X: int = 1", "X = Y = 1", "print(1)", "import os"]
)
def test_only_plain_assignments(line):
    with pytest.raises(
        CourseError, match="01: the parameters cell has the line .*, expected NAME = a plain value"
    ):
        odd(line)


def test_a_type_without_an_odd_value():
    with pytest.raises(
        CourseError, match=r"01: the parameter X is \[1\], expected a number, a text or a bool"
    ):
        odd("X = [1]")


def test_a_notebook_without_parameters():
    with pytest.raises(CourseError, match="01: no cell is tagged parameters"):
        probe_values(tiny.notebook(), "01")


def test_where_a_value_is_looked_for():
    nb = tiny.notebook(
        tiny.code("injected", "SEED = 90217", "injected-parameters"),
        tiny.code("source", "SEED = 90217"),
    )
    number, flip = Probe("SEED", 90217, False), Probe("FLIP", True, True)
    assert ignored_parameters([number, flip], nb) == ["SEED", "FLIP"]
    nb.cells[2].outputs = [
        new_output("stream", text="seed 190217, 902170, True, FLIPS = True, FLIP=Truer")
    ]
    assert ignored_parameters([number, flip], nb) == ["SEED", "FLIP"]
    nb.cells[2].outputs = [
        new_output("stream", text="FLIP = True"),
        new_output("execute_result", {"text/plain": "(90217,)"}),
    ]
    assert ignored_parameters([number, flip], nb) == []
