"""The page of one executed notebook: it stands alone, and says in words what it shows."""

from __future__ import annotations

import base64

import bs4
import pytest
from nbformat.v4 import new_markdown_cell, new_output

from course.tool import mathml, pages
from course.tool.store import WIDGET
from tests.course import tiny

TEXT = r"""
[![Open in Colab](https://example.org/badge.svg)](https://example.org/01.ipynb)

![inside](data:image/gif;base64,R0lGODlhAQABAAAAACw=)

[next](02_unet.ipynb), [part](../lessons/03.ipynb#part), [file](notes.txt)

Where $a < b$: $$f(t)=\begin{cases} t^{1/3} & t > 1 \\ 0 & \text{otherwise}\end{cases}$$ and `1 < 2`.

<details><summary>Hint</summary>

Look.

</details>
"""


@pytest.fixture(scope="module")
def page():
    """A page with everything on it."""
    cell = tiny.code("one", "x = '<b>'  # a & b")
    cell.execution_count = 1
    cell.outputs = [
        new_output("stream", text="1 < 2 & \x1b[31mred\x1b[0m"),
        new_output(
            "display_data", {"image/png": tiny.png()}, metadata={"image/png": {"alt": 'A "red" <one>'}}
        ),
        new_output(
            "display_data", {"image/svg+xml": "<svg/>"}, metadata={"image/svg+xml": {"alt": "Nothing"}}
        ),
        new_output(
            "display_data", {"text/html": "<table><tr><td>cell</td></tr></table>", "text/plain": "no"}
        ),
        new_output("display_data", {WIDGET: {"model_id": "x"}, "text/plain": "interactive(...)"}),
        new_output("execute_result", {"text/plain": "'the last value'"}, execution_count=1),
        new_output("error", ename="E", evalue="v", traceback=["\x1b[31mE\x1b[0m: <v>"]),
    ]
    nb = tiny.notebook(new_markdown_cell(TEXT), cell)
    return bs4.BeautifulSoup(pages.page(nb, "01", "Tiny & <small>"), "html.parser")


def test_it_needs_no_network_and_no_script(page):
    assert not page.select("script, link")
    assert all(image["src"].startswith("data:") for image in page.select("img"))
    assert "@import" not in str(page)
    assert page.find("a", href="https://example.org/01.ipynb").text == "Open in Colab"


def test_title_and_language(page):
    assert page.html["lang"] == "en"
    assert page.title.text == "A good one & <more> · Tiny & <small>"
    assert [heading.find(string=True) for heading in page.select("h1")] == ["A "]


def test_pictures_keep_their_words(page):
    assert [image["alt"] for image in page.select("img")] == ["inside", 'A "red" <one>', "Nothing"]
    sources = [image["src"] for image in page.select("img")]
    assert sources[1] == f"data:image/png;base64,{tiny.png()}"
    assert base64.b64decode(sources[2].partition(",")[2]) == b"<svg/>"


def test_links_between_lessons_lead_to_pages(page):
    links = [link["href"] for link in page.select("main p > a:not(.anchor-link)")]
    assert links[1:] == ["02_unet.html", "../lessons/03.html#part", "notes.txt"]
    assert page.select_one("nav a")["href"] == "../index.html"


def test_code_and_outputs_are_escaped(page):
    assert page.select_one(".code").text.strip() == "x = '<b>'  # a & b"
    texts = [pre.text for pre in page.select(".output pre")]
    assert texts == ["1 < 2 & red", "'the last value'", "E: <v>"]
    assert page.select_one(".output td").text == "cell"
    assert "interactive" not in page.text
    assert "controls that you can move" in page.text
    assert page.select_one("details summary").text == "Hint"


def test_formulas_are_drawn_without_a_script(page):
    inline, block = page.select("math")
    assert block["display"] == "block"
    assert "otherwise" in block.text
    assert "\\" not in inline.text + block.text


@pytest.mark.parametrize("tex", [r"\arg\min_G x", r"\begin{aligned}a &= b\\c &= d\end{aligned}"])
def test_formulas_that_the_converter_spells_differently(tex):
    made = mathml.convert(tex, block=True)
    assert made.startswith("<math")
    assert "\\" not in made
    assert "&amp;" not in made


@pytest.mark.parametrize("tex", [r"\left( a<b", r"\unknown{a<b}"])
def test_a_formula_that_cannot_be_converted_stays_readable(tex):
    assert mathml.convert(tex) == f"<code>{tex.replace('<', '&lt;')}</code>"


def test_a_page_without_a_heading_has_its_name():
    nb = tiny.notebook()
    nb.cells[0].source = "text"
    assert pages.title(nb, "01_name") == "01_name"
