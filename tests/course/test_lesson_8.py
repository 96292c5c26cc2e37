"""Lesson 8: the numbers in its cell are the stored ones."""

from __future__ import annotations

import pytest

from course.tool import notebooks, stored_results
from course.tool.course_config import ROOT

STORED = {  # the lesson's name of a column: the stored table, and its name there
    "psnr": ("systems", "RGB PSNR, dB"),
    "ssim": ("systems", "SSIM"),
    "ciede": ("systems", "CIEDE2000"),
    "l1": ("systems", "L1"),
    "colour": ("systems", "colourfulness / true"),
    "ms": ("systems", "ms a photo"),
    "parameters": ("systems", "parameters"),
    "orange": ("systems_hues", "orange"),
    "green": ("systems_hues", "green"),
    "blue": ("systems_hues", "blue"),
}


def stored_values(name):
    return {row["name"]: row["values"] for row in stored_results.read(name)["rows"]}


def test_table_in_the_cell_equals_stored_results():
    nb = notebooks.read(ROOT / "solutions/08_papers_compared.ipynb")
    scope = {}
    exec(next(cell.source for cell in nb.cells if cell.id == "s1-table"), scope)
    header, *rows = [line.split() for line in scope["TEXT"].strip().splitlines()]
    assert header[1:] == list(STORED)
    stored = {name: stored_values(name) for name in ("systems", "systems_hues")}
    assert [row[0] for row in rows] == list(stored["systems"])
    for name, *numbers in rows:
        for (table, column), number in zip(STORED.values(), numbers, strict=True):
            rounding = 0.5 * 10.0 ** -len(number.partition(".")[2])
            expected = stored[table][name].get(column, 0)
            assert float(number) == pytest.approx(expected, abs=rounding + 1e-9), (name, column)


def test_verdicts_have_a_margin_on_both_sides():
    nb = notebooks.read(ROOT / "solutions/08_papers_compared.ipynb")
    scope = {}
    exec(next(cell.source for cell in nb.cells if cell.id == "s2-verdict"), scope)
    verdict, verdict_on_ratio = scope["verdict"], scope["verdict_on_ratio"]
    assert verdict([0.6, 0.7], 0.5) == "held" and verdict([-0.6, -0.7], 0.5) == "did not hold"
    for differences in ([], [0.4], [-0.4], [0.6, 0.4], [0.6, -0.6]):
        assert verdict(differences, 0.5) == "cannot be told"
    assert [verdict_on_ratio(ratio, 3) for ratio in (3.7, 2.5, 4, 2, 13.8)] == [
        *["held"] * 2,
        *["did not hold"] * 3,
    ]
