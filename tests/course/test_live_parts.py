"""Predictions and explorers on the pages of lessons."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.tool.course_config import ROOT
from course.tool.site import live_parts


def lesson(*cells, with_scripts=True):
    nb = new_notebook(cells=list(cells))
    live_parts.add(nb, "01_tiny", with_scripts=with_scripts)
    nbformat.validate(nb)
    return nb.cells


def test_prediction_becomes_a_field_with_its_own_name():
    written = {"tags": ["prediction"]}
    first, second, _ = lesson(
        new_markdown_cell("> *Your prediction:* write it.", id="abc", metadata=written),
        new_markdown_cell("> *Your prediction:* write it.", id="def", metadata=written),
    )
    names = re.findall(r'<textarea[^>]* id="([^"]*)"', first.source + second.source)
    assert names == ["01_tiny-abc", "01_tiny-def"]
    for cell, name in zip((first, second), names, strict=True):
        assert f'<label for="{name}">Your prediction</label>' in cell.source
        assert cell.metadata.tags == []  # the page drops cells of this tag


def test_what_you_saw_is_folded_and_nothing_else():
    saw, other, _ = lesson(
        new_markdown_cell("**What you saw:** the *curve* bends."),
        new_markdown_cell("Remember **What you saw:** above."),
    )
    assert saw.source.startswith("<details")
    assert "<summary>What you saw</summary>\n\nThe *curve* bends.\n\n</details>" in saw.source
    assert other.source == "Remember **What you saw:** above."


@pytest.mark.parametrize("tree", ["lessons", "solutions"])
def test_every_lesson_with_the_explorer_gets_it_with_the_same_colour(tree):
    found = 0
    for path in sorted((ROOT / tree).glob("*.ipynb")):
        nb = nbformat.read(path, as_version=4)
        calls = [c.source for c in nb.cells if "explore_lab(" in c.source]
        live_parts.add(nb, path.stem)
        htmls = [
            output.data["text/html"]
            for cell in nb.cells
            for output in cell.get("outputs", [])
            if "lab-explorer" in output.get("data", {}).get("text/html", "")
        ]
        assert len(htmls) == len(calls)
        for call, html in zip(calls, htmls, strict=True):
            numbers = dict(re.findall(r"([Lab])=(\d+)", call))
            assert dict(re.findall(r'data-([lab])="(\d+)"', html)) == {
                name.lower(): value for name, value in numbers.items()
            }
            found += 1
    assert found


def test_without_scripts_the_page_has_no_explorer_and_loads_nothing():
    call = new_code_cell("widgets.explore_lab(L=50, a=40, b=30)")
    (cell,) = lesson(call, with_scripts=False)
    assert cell.outputs == []
