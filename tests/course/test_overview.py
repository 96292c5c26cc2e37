"""The overview of executed notebooks."""

from __future__ import annotations

import bs4
import nbformat
import pytest
from nbformat.v4 import new_output

from course.tool import notebooks, overview
from tests.course import tiny


@pytest.fixture
def page(tmp_path):
    """The overview of a good solution, a failed lesson, and a copy whose source is gone."""
    cell = tiny.code("one", "1")
    cell.update(execution_count=1)
    for _ in range(2):
        picture = {"image/png": tiny.png()}
        cell.outputs.append(
            new_output("display_data", picture, metadata={"image/png": {"alt": 'A "red" <one>'}})
        )
    bare, good = tiny.notebook(tiny.code("one", "1"), heading="Bare"), tiny.notebook(cell)
    tiny.course(tmp_path / "x", solutions={"01_good": good}, lessons={"01_good": bare})
    for tree, name, nb, problem in [
        ("solutions", "01_good", good, ""),
        ("lessons", "01_good", bare, "stopped: 1 < 2"),
        ("solutions", "02_gone", good, ""),
    ]:
        nb.metadata.course = nbformat.from_dict({"run": {"seconds": 3.21, "problem": problem}})
        notebooks.write(tmp_path / "x/build" / tree / f"{name}.ipynb", nb)
    return bs4.BeautifulSoup(overview.overview(tmp_path / "x"), "html.parser")


def test_cards(page):
    assert [heading.text for heading in page.select("h2")] == ["Solutions", "Lessons"]
    good, bad = page.select(".card")
    assert good.select_one("h3 a")["href"] == "solutions/01_good.html"
    assert good.select_one("h3").text == "A good one & <more>"
    assert "You see a <red> picture." in good.text
    assert good.select_one(".numbers").text == "3.2 s · 1 code cell · 2 pictures"
    assert good.select_one(".good").text == "✓ ran to its end"
    assert good.img["alt"] == 'A "red" <one>'
    assert good.img["src"].startswith("data:image/webp;base64,")
    assert bad.select_one(".bad").text == "✗ stopped: 1 < 2"
    assert bad.select_one(".numbers").text == "3.2 s · 0 code cells · 0 pictures"
    assert not bad.select("img")


def test_the_page_stands_alone(page):
    assert page.html["lang"] == "en"
    assert [heading.text for heading in page.select("h1")] == ["Tiny & <small>"]
    assert "1 of 2 notebooks ran to their end" in page.text
    assert "Python 3." in page.text
    assert not page.select("script, link")


def test_a_vector_picture_stays_one():
    output = new_output("display_data", {"image/svg+xml": "<svg/>"})
    assert overview.thumbnail(output) == (
        "data:image/svg+xml;base64,PHN2Zy8+",
        "The first picture of the notebook",
    )
