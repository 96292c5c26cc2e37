"""The site of a tiny course: what Sphinx makes of notebooks, texts and a module."""

from __future__ import annotations

import argparse
import re

import bs4
import nbformat
import pytest
from nbformat.v4 import new_output
from PIL import Image

from course.tool import course_config, notebooks, site
from course.tool.cli import CourseError
from course.tool.site import mathml, notebook, source_tree
from course.tool.stored_outputs import WIDGET
from tests.course import tiny as small

README = """\
# Tiny

<!-- course: lessons -->
<!-- end course -->

See [more](course/more.md#a-part).
"""
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
KEPT = ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "LICENSE-content", "README.md"]
KEPT += ["build", "colorlib", "course", "lessons", "solutions"]


@pytest.fixture
def complete(root):
    """The tiny course with a text, a gallery and a library."""
    (root / "README.md").write_text(README, "utf-8")
    (root / "course/more.md").write_text(MORE, "utf-8")
    for name in ("CHANGELOG", "CONTRIBUTING"):
        (root / f"{name}.md").write_text(f"# {name}\n", "utf-8")
    (root / "build/gallery").mkdir(parents=True)
    (root / "build/gallery/gallery.md").write_text(GALLERY, "utf-8")
    Image.new("RGB", (4, 4)).save(root / "build/gallery/tiny.jpg")
    for name in ("__init__", "color", "__main__"):
        add_module(root, name)
    return root


def add_module(root, name):
    path = root / f"colorlib/{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(MODULE, "utf-8")


def soup(root, page):
    return bs4.BeautifulSoup((root / f"build/{page}.html").read_text("utf-8"), "html.parser")


def pages(root):
    return source_tree.pages(root, course_config.load(root))


def links(page, selector="main a"):
    return {link.get("href") for link in page.select(selector)}


def test_site_of_a_course_has_all_parts(complete, capfd):
    assert site.make(complete) == 0, capfd.readouterr()
    home = soup(complete, "index")
    assert home.html["lang"] == "en"
    expected = {"lessons/01_tiny.html", "solutions/01_tiny.html", "course/more.html#a-part"}
    assert expected <= links(home)
    assert "○ not executed here: stored outputs" in home.text
    assert "gallery/gallery.html" in links(home, "a")
    for folder in ("lessons", "solutions", "course", "library"):
        assert f"{folder}/index.html" in links(home, "a")
    image = soup(complete, "gallery/gallery").select_one("main img")
    assert (complete / "build/gallery" / image["src"]).is_file()
    assert image["alt"] == "A tiny picture, black."
    more = soup(complete, "course/more")
    found = links(more, "main p a")
    assert {"../lessons/01_tiny.html", "../index.html"} <= found
    assert any("LICENSE" in link for link in found) and not more.select("main img")
    inline, block = more.select("math")
    assert block["display"] == "block" and "\\" not in inline.text + block.text
    folded = [
        fold.text for fold in soup(complete, "solutions/01_tiny").select("details.hide summary")
    ]
    assert "Set-up" in folded[0]
    assert ["Our answer" in words for words in folded[1:]] == [True] * 4
    assert soup(complete, "library/color").select_one("h1").text.startswith("colorlib.color")
    assert not (complete / "build/library/__main__.html").exists()
    assert sorted(path.name for path in complete.iterdir()) == KEPT
    for path in (complete / "build").rglob("*.html"):
        page = bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser")
        things = page.select("script, link, img")
        sources = [thing.get("src") or thing.get("href") or "" for thing in things]
        assert not [source for source in sources if source.startswith(("http", "//"))]


def make_students_site(root, *options):
    parser = argparse.ArgumentParser()
    site.arguments(parser)
    return site.main(parser.parse_args(options), root), root / site.STUDENTS


def test_site_of_students_has_no_answer_and_no_link_to_one(complete, capfd):
    (complete / "colorlib/check").mkdir(exist_ok=True)
    (complete / "colorlib/check/exercises.toml").write_text("", "utf-8")
    options = ["--answers", "private", "--repository", "ada/students"]
    status, folder = make_students_site(complete, *options)
    assert status == 0, capfd.readouterr()
    assert (folder / "lessons/01_tiny.html").exists() and (folder / "course/more.html").exists()
    for path in folder.rglob("*"):
        assert not re.search("solution|CONTRIBUTING", path.name), path
        if path.suffix == ".html":
            page = bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser")
            assert not [link for link in links(page, "a") if link and "solution" in link], path
    for path in [*folder.rglob("*.html"), folder / "searchindex.js", *folder.rglob("*.ipynb")]:
        text = path.read_text("utf-8")
        assert "* 0" not in text and "mix up squares" not in text, path  # an answer, and a note


def test_options_of_the_students_site_need_private_answers(complete):
    with pytest.raises(CourseError, match="without it: add it"):
        make_students_site(complete, "--exam", "01_tiny")


def test_signatures_have_short_defaults_and_values(complete, capfd):
    for name in ("data/__init__", "data/old_photo", "colorizer"):  # these names show our own
        add_module(complete, name)
    assert site.make(complete) == 0, capfd.readouterr()

    def shown(page, name):
        return soup(complete, f"library/{page}").find(id=f"colorlib.{name}").get_text()

    assert "= {'blue'" in shown("data", "data.old_photo.SPECTRAL_RESPONSES")
    assert "=" not in shown("data", "data.old_photo.PRESETS")  # it would fill a screen
    colorizer = shown("colorizer", "colorizer.Colorizer")
    assert "Scaler = ..." in colorizer and "image_size: int = 256" in colorizer


def test_dead_link_fails_but_pages_are_made(complete, capfd):
    text = "# More\n\n## A part\n\n[nowhere](gone.md)\n"
    (complete / "course/more.md").write_text(text, "utf-8")
    assert site.make(complete) == 1
    assert "gone.md" in capfd.readouterr().err
    assert soup(complete, "course/more").select_one("h1")


def test_failed_notebook_shows_its_problem(complete, tiny):
    nb = notebooks.read(complete / "solutions/01_tiny.ipynb")
    run = {"seconds": 3.21, "problem": "stopped in cell 3"}
    nb.metadata.course = nbformat.from_dict({"run": run})
    notebooks.write(complete / "build/solutions/01_tiny.ipynb", nb)
    assert source_tree.newest_solution(complete, "01_tiny").metadata.course.run.problem
    files = pages(complete)
    assert "✗ stopped in cell 3" in files["index.md"].decode()
    assert "This notebook stopped in cell 3" in files["solutions/01_tiny.ipynb"].decode()
    tiny.replace("three", "3**2", "9")
    assert "✗" not in pages(complete)["index.md"].decode()


def test_outdated_file_is_removed_from_the_tree(complete):
    course = course_config.load(complete)
    source = complete / "build/.source"
    source_tree.write(complete, source, course)
    (complete / "course/more.md").unlink()
    assert not (source_tree.write(complete, source, course) / "course/more.md").exists()


def test_outputs_have_alt_text_and_no_widgets_or_colors():
    picture = new_output(
        "display_data", {"image/png": small.png()}, metadata={"image/png": {"alt": 'A "red" <one>'}}
    )
    widget = new_output(
        "display_data", {WIDGET: {"model_id": "x"}, "text/plain": "interactive(...)"}
    )
    stream = new_output("stream", text="\x1b[32m✓ green\x1b[0m")
    for output in (picture, widget, stream):
        notebook.adapt_output(output)
    image = bs4.BeautifulSoup(picture.data["text/html"], "html.parser").img
    assert image["alt"] == 'A "red" <one>'
    assert image["src"] == f"data:image/png;base64,{small.png()}"
    assert "controls that you can move" in widget.data["text/html"]
    assert stream.text == "✓ green"


def test_instructor_cells_and_answers_are_folded(tiny):
    nb = notebook.adapt(tiny.read(), course_config.load(tiny.root), solved=True)
    assert tiny.cell(nb, "teacher").source.startswith("<details><summary>For instructors</summary>")
    assert "hide-input" in tiny.cell(nb, "answer-1").metadata.tags
    assert "hide-input" in tiny.cell(nb, "setup").metadata.tags
    assert "tags" not in tiny.cell(nb, "check-1").metadata
    assert not {"see-write", "why"} & {cell.id for cell in nb.cells}  # nobody can write on a page
    assert "· Squares · solved\n" in tiny.cell(nb, "header").source


@pytest.mark.parametrize("tex", [r"\arg\min_G x", r"\begin{aligned}a &= b\\c &= d\end{aligned}"])
def test_formula_with_other_spelling_is_converted(tex):
    made = mathml.convert(tex, block=True)
    assert made.startswith("<math") and "\\" not in made and "&amp;" not in made


@pytest.mark.parametrize("tex", [r"\left( a<b", r"\unknown{a<b}"])
def test_formula_that_fails_stays_readable(tex):
    assert mathml.convert(tex) == f"<code>{tex.replace('<', '&lt;')}</code>"
