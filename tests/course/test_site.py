"""The site of a tiny course: what Sphinx makes of notebooks, texts and a module."""

from __future__ import annotations

import bs4
import nbformat
import pytest
from nbformat.v4 import new_output
from PIL import Image

from course.tool import notebooks, site
from course.tool.site import mathml, notebook, stage
from course.tool.stored_outputs import WIDGET
from tests.course import tiny as small

README = (
    "# Tiny\n\n<!-- lessons:begin -->\n<!-- lessons:end -->\n\nSee [more](course/more.md#a-part).\n"
)
MORE = """\
# More

[A lesson](../lessons/01_tiny.ipynb), [home](../README.md), [licence](../LICENSE).
![badge](https://example.org/badge.svg)

## A part

Where $a < b$: $$f(t)=\\begin{cases} t^{1/3} & t > 1 \\\\ 0 & \\text{otherwise}\\end{cases}$$
"""
MODULE = '''"""Numbers.

Example:
    >>> 1 + 1
    2
"""
'''


GALLERY = "# Gallery\n\n![A tiny picture, black.](tiny.jpg)\n"


@pytest.fixture
def whole(root):
    """The tiny course with a text and a library."""
    (root / "README.md").write_text(README, "utf-8")
    (root / "course/more.md").write_text(MORE, "utf-8")
    (root / "build/gallery").mkdir(parents=True)
    (root / "build/gallery/gallery.md").write_text(GALLERY, "utf-8")
    Image.new("RGB", (4, 4)).save(root / "build/gallery/tiny.jpg")
    (root / "colorlib").mkdir()
    for name in ("__init__", "color", "__main__"):
        (root / f"colorlib/{name}.py").write_text(MODULE, "utf-8")
    return root


def soup(root, page):
    """A page of the site."""
    return bs4.BeautifulSoup((root / f"build/{page}.html").read_text("utf-8"), "html.parser")


def test_the_site_of_a_course(whole, capfd):
    assert site.make(whole) == 0, capfd.readouterr()
    home = soup(whole, "index")
    assert home.html["lang"] == "en"
    links = {link["href"] for link in home.select("main a")}
    assert {"lessons/01_tiny.html", "solutions/01_tiny.html", "course/more.html#a-part"} <= links
    assert "○ not executed here: stored outputs" in home.text
    assert "gallery/gallery.html" in {link.get("href") for link in home.select("a")}
    shown = soup(whole, "gallery/gallery").select_one("main img")
    assert (whole / "build/gallery" / shown["src"]).is_file() and shown[
        "alt"
    ] == "A tiny picture, black."
    more = soup(whole, "course/more")
    links = {link["href"] for link in more.select("main p a")}
    assert {"../lessons/01_tiny.html", "../index.html"} <= links
    assert any("LICENSE" in link for link in links)
    assert not more.select("main img")
    inline, block = more.select("math")
    assert block["display"] == "block"
    assert "\\" not in inline.text + block.text
    folded = [fold.text for fold in soup(whole, "solutions/01_tiny").select("details.hide summary")]
    assert "Set-up" in folded[0]
    assert ["Our answer" in words for words in folded[1:]] == [True] * 4
    assert soup(whole, "library/color").select_one("h1").text.startswith("colorlib.color")
    for path in (whole / "build").rglob("*.html"):
        page = bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser")
        sources = [
            thing.get("src") or thing.get("href") for thing in page.select("script, link, img")
        ]
        assert not [source for source in sources if source and source.startswith(("http", "//"))]
    assert sorted(path.name for path in whole.iterdir()) == sorted(
        [
            "LICENSE",
            "LICENSE-content",
            "README.md",
            "build",
            "colorlib",
            "course",
            "lessons",
            "solutions",
        ]
    )


def test_signatures_are_fit_to_read(whole, capfd):
    for name in (
        "film",
        "colorize/__init__",
        "colorize/colorizer",
    ):  # our own of these names are shown
        (whole / f"colorlib/{name}.py").parent.mkdir(exist_ok=True)
        (whole / f"colorlib/{name}.py").write_text(MODULE, "utf-8")
    assert site.make(whole) == 0, capfd.readouterr()

    def shown(page, name):
        return soup(whole, f"library/{page}").find(id=f"colorlib.{name}").get_text()

    assert "= {'blue'" in shown("film", "film.RESPONSES")
    assert "=" not in shown("film", "film.KINDS")  # it would fill a screen
    colorizer = shown("colorize", "colorize.colorizer.Colorizer")
    assert "scale: Scale = ..." in colorizer and "\nsize: int = 256" in colorizer


def test_a_dead_link_fails_and_the_pages_come_all_the_same(whole, capfd):
    (whole / "course/more.md").write_text("# More\n\n## A part\n\n[nowhere](gone.md)\n", "utf-8")
    assert site.make(whole) == 1
    assert "gone.md" in capfd.readouterr().err
    assert soup(whole, "course/more").select_one("h1")


def test_a_notebook_that_failed_says_so(whole, tiny):
    nb = notebooks.read(whole / "solutions/01_tiny.ipynb")
    nb.metadata.course = nbformat.from_dict(
        {"run": {"seconds": 3.21, "problem": "stopped in cell 3"}}
    )
    notebooks.write(whole / "build/solutions/01_tiny.ipynb", nb)
    assert stage.newest(whole, "01_tiny").metadata.course.run.problem
    files = stage.pages(whole)
    assert "✗ stopped in cell 3" in files["index.md"].decode()
    assert "This notebook stopped in cell 3" in files["solutions/01_tiny.ipynb"].decode()
    tiny.replace("three", "3**2", "9")
    assert "✗" not in stage.pages(whole)["index.md"].decode()


def test_what_has_gone_leaves_the_tree(whole):
    stage.write(whole)
    (whole / "course/more.md").unlink()
    assert not (stage.write(whole) / "course/more.md").exists()


def test_outputs():
    picture = new_output(
        "display_data", {"image/png": small.png()}, metadata={"image/png": {"alt": 'A "red" <one>'}}
    )
    vector = new_output("display_data", {"image/svg+xml": "<svg/>"})
    widget = new_output(
        "display_data", {WIDGET: {"model_id": "x"}, "text/plain": "interactive(...)"}
    )
    stream = new_output("stream", text="\x1b[32m✓ green\x1b[0m")
    for output in (picture, vector, widget, stream):
        notebook.fit_output(output)
    image = bs4.BeautifulSoup(picture.data["text/html"], "html.parser").img
    assert image["alt"] == 'A "red" <one>'
    assert image["src"] == f"data:image/png;base64,{small.png()}"
    assert "data:image/svg+xml;base64,PHN2Zy8+" in vector.data["text/html"]
    assert "controls that you can move" in widget.data["text/html"]
    assert stream.text == "✓ green"


def test_cells_for_instructors_and_answers_are_folded(tiny):
    nb = notebook.fit(tiny.read(), str)
    assert tiny.cell(nb, "teacher").source.startswith("<details><summary>For instructors</summary>")
    assert "hide-input" in tiny.cell(nb, "answer-1").metadata.tags
    assert "hide-input" in tiny.cell(nb, "setup").metadata.tags
    assert "tags" not in tiny.cell(nb, "check-1").metadata


@pytest.mark.parametrize("tex", [r"\arg\min_G x", r"\begin{aligned}a &= b\\c &= d\end{aligned}"])
def test_formulas_that_the_converter_spells_differently(tex):
    made = mathml.convert(tex, block=True)
    assert made.startswith("<math")
    assert "\\" not in made
    assert "&amp;" not in made


@pytest.mark.parametrize("tex", [r"\left( a<b", r"\unknown{a<b}"])
def test_a_formula_that_cannot_be_converted_stays_readable(tex):
    assert mathml.convert(tex) == f"<code>{tex.replace('<', '&lt;')}</code>"
