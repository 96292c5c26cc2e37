"""The site of a tiny course: what Sphinx makes of notebooks, texts and a module."""

from __future__ import annotations

import argparse
import dataclasses
import re

import bs4
import nbformat
import pytest
from nbformat.v4 import new_output
from PIL import Image

from colorlib.color import rgb_to_lab
from colorlib.io.images import image_to_tensor
from course.tool import course_config, notebooks, site
from course.tool.cli import CourseError
from course.tool.site import home, library, mathml, notebook, source_tree
from course.tool.stored_outputs import WIDGET
from tests.course import tiny as small

README = """\
# Tiny

A tiny course.

![Two photographs](course/pictures/readme.jpg)

*A caption.*

## Open a lesson

<!-- course: lessons -->

[One](lessons/01_tiny.ipynb), by its badge in the table.

<!-- end course -->

## Below

See [more](course/more.md#a-part).
"""
MORE = """\
# More

[A lesson](../lessons/01_tiny.ipynb), [home](../README.md), [licence](../LICENSE).
![badge](https://example.org/badge.svg)

## A part

Where $a < b$: $$f(t)=\\begin{cases} t^{1/3} & t > 1 \\\\ 0 & \\text{otherwise}\\end{cases}$$
"""
MODULE = '''"""Numbers, as in :mod:`~colorlib.color`. And more.

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
    assert "Nothing was executed for these pages" in home.text
    assert len(home.select(".compare img")) == 2 and home.select(".compare input[type=range]")
    assert "A tiny course." in home.text and not home.select("main img[src*=readme]")
    assert "A caption" not in home.text and "by its badge" not in home.text
    (card,) = home.select(".cards > li")
    assert "minutes" in card.text and "Read the answers" in card.text
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
    modules = soup(complete, "library/index").select_one(".cards").text
    assert "colorlib.color" in modules and "Numbers, as in color." in modules
    for folder in ("lessons", "solutions"):
        (card,) = soup(complete, f"{folder}/index").select(".cards > li")
        assert "minutes" in card.text and links(card, "a") >= {"01_tiny.html"}
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
    index = files["index.md"].decode()
    assert "✗ The solution stopped in cell 3" in index and "0 of 1 solutions ran" in index
    assert "This notebook stopped in cell 3" in files["solutions/01_tiny.ipynb"].decode()
    tiny.replace("three", "3**2", "9")
    assert "✗" not in pages(complete)["index.md"].decode()


def executed(problem=""):
    run = {"seconds": 1.0, "problem": problem}
    return notebooks_with({"course": {"run": run}})


def notebooks_with(metadata):
    return nbformat.v4.new_notebook(metadata=metadata)


def test_one_sentence_says_how_the_solutions_ran(complete):
    ran, stored, failed = executed(), notebooks_with({}), executed("stopped in cell 3")
    assert home.describe_runs({"a": ran, "b": ran}) == "All 2 solutions ran to their end."
    assert home.describe_runs({"a": ran, "b": failed}) == "1 of 2 solutions ran to their end."
    assert home.describe_runs({"a": stored}).startswith("Nothing was executed")
    assert home.describe_runs({}) == ""
    course = course_config.load(complete)

    def card(nb):
        return home.cards(complete, course, {"01_tiny": nb, "02_other": ran})

    assert "○ The solution was not executed" in card(stored)
    assert "✗ The solution stopped in cell 3" in card(failed)
    assert "solution " not in card(ran).lower() and "1.0 s" not in card(ran)


def test_cards_lead_to_colab_only_where_the_course_is_hosted(complete):
    course = course_config.load(complete)
    assert "Colab" not in home.cards(complete, course, {})
    hosted = dataclasses.replace(course, repository="ada/course", branch="v1")
    found = home.cards(complete, hosted, {})
    assert "/github/ada/course/blob/v1/lessons/01_tiny.ipynb)" in found and "answers" not in found


def test_home_opens_the_first_lesson_elsewhere_only_where_the_course_is_hosted(complete):
    course = course_config.load(complete)
    hosted = dataclasses.replace(course, repository="ada/course", branch="v1")
    solved = notebooks_with({})

    def home_page(course, newest):
        return home.page(complete, course, newest, [], can_colour=False)

    assert "mybinder" not in home_page(course, {"01_tiny": solved, "02_other": solved})
    found = home_page(hosted, {"01_tiny": solved, "02_other": solved})
    assert "[Binder](https://mybinder.org/v2/gh/ada/course/v1?urlpath=" in found
    assert "[Codespaces](https://codespaces.new/ada/course/tree/v1" in found
    students = home_page(hosted, {})  # their repository has no files for these two
    assert "[Kaggle](https://kaggle.com/" in students and "mybinder" not in students
    assert "codespaces" not in students


def test_home_leads_to_the_colour_page_only_if_there_is_one(complete):
    course = course_config.load(complete)
    without = source_tree.pages(complete, course)["index.md"].decode()
    assert "colour.md" not in without and "/colour" not in without
    having = source_tree.pages(complete, course, {"colour.md": "# Colour a photo\n"})
    index = having["index.md"].decode()
    assert "[Colour your own photo](colour.md)" in index
    assert index.index("/colour\n") < index.index("/lessons/index\n")


def test_pictures_of_the_home_page_differ_only_in_color():
    gray, predicted, photo = (
        rgb_to_lab(image_to_tensor(home.STORED / f"{name}.webp"))
        for name in ("gray", "predicted", "photo")
    )
    assert gray.shape == predicted.shape == photo.shape
    assert (gray[:, 1:].abs().mean(), predicted[:, 1:].abs().mean() > 5) < (1, True)
    assert (predicted[:, 1:] - photo[:, 1:]).abs().mean() > 3
    for other in (gray, predicted):
        assert (other[:, :1] - photo[:, :1]).abs().mean() < 2  # what WebP loses


def test_every_page_has_the_new_menu_after_a_second_run(complete, capfd):
    gallery_page = complete / "build/gallery/gallery.md"
    text = gallery_page.read_text("utf-8")
    gallery_page.unlink()
    assert site.make(complete) == 0, capfd.readouterr()
    assert not [link for link in links(soup(complete, "course/more"), "a") if "gallery" in link]
    gallery_page.write_text(text, "utf-8")
    (complete / "course/other.md").write_text("# Other\n", "utf-8")
    assert site.make(complete) == 0, capfd.readouterr()
    paths = [path for path in (complete / "build").rglob("*.html") if "_static" not in path.parts]
    assert len(paths) > 8
    for path in paths:
        page = bs4.BeautifulSoup(path.read_text("utf-8"), "html.parser")
        assert "Gallery" in page.select_one(".navbar-nav").text, path
    assert "Other" in soup(complete, "course/more").select_one(".bd-sidebar-primary").text


def test_navigation_changes_with_a_title_but_not_with_a_text(complete):
    before = source_tree.navigation(pages(complete))
    more = complete / "course/more.md"
    more.write_text(f"{MORE}\nA new paragraph.\n", "utf-8")
    assert source_tree.navigation(pages(complete)) == before
    more.write_text(MORE.replace("# More", "# Even more", 1), "utf-8")
    assert source_tree.navigation(pages(complete)) != before


def test_outdated_file_is_removed_from_the_tree(complete):
    source = complete / "build/.source"
    source_tree.write(source, pages(complete))
    (complete / "course/more.md").unlink()
    assert not (source_tree.write(source, pages(complete)) / "course/more.md").exists()


def test_library_index_lists_the_core_first_in_the_order_of_the_overview(complete):
    for name in ("data/__init__", "losses"):
        add_module(complete, name)
    (complete / "course/library.md").write_text(
        "# L\n\n`losses.py`, `color.py`, `data/`\n", "utf-8"
    )
    found = library.index(complete)
    places = [found.index(f"[colorlib.{name}]({name}.rst)") for name in ("losses", "color", "data")]
    assert places == sorted(places)
    assert places[1] < found.index("## The workshop") < places[2]


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
    assert "<textarea" in tiny.cell(nb, "see-write").source
    assert "why" not in {cell.id for cell in nb.cells}  # nobody can write an answer on a page
    assert "· Squares · solved\n" in tiny.cell(nb, "header").source


def test_injected_parameters_and_dead_badge_are_left_out(tiny):
    course, nb = course_config.load(tiny.root), tiny.read()
    assert "OWNER/NAME" in tiny.cell(nb, "header").source
    injected = small.code("injected", "SEED = 0", "injected-parameters")
    nb.cells.insert(3, injected)
    adapted = notebook.adapt(nb, course)
    assert "injected" not in {cell.id for cell in adapted.cells}
    assert "OWNER/NAME" not in notebook.prose(adapted)
    hosted = notebook.adapt_links(
        "[![b](x.svg)](https://colab.research.google.com/github/a/b)", course
    )
    assert "github/a/b" in hosted


def test_objectives_are_a_list(tiny):
    text = "| Needs | nothing |\n| You will | see<br>hear |\n"
    page = bs4.BeautifulSoup(
        notebook.adapt_header(text, course_config.load(tiny.root)), "html.parser"
    )
    items = page.select('[role="list"] > [role="listitem"]')
    assert [item.text for item in items] == ["see", "hear"]


@pytest.mark.parametrize(
    ("text", "has_columns"),
    [("a  1\nbb  2\n", True), ("One sentence.\nAnother  one.\n", False), ("a  1\n", False)],
)
def test_outputs_in_columns_are_marked(text, has_columns, tiny):
    nb = tiny.read()
    tiny.cell(nb, "check-1").outputs = [new_output("stream", text=text)]
    cell = tiny.cell(notebook.adapt(nb, course_config.load(tiny.root)), "check-1")
    assert ("columns" in notebooks.tags(cell)) == has_columns


@pytest.mark.parametrize("tex", [r"\arg\min_G x", r"\begin{aligned}a &= b\\c &= d\end{aligned}"])
def test_formula_with_other_spelling_is_converted(tex):
    made = mathml.convert(tex, block=True)
    assert made.startswith("<math") and "\\" not in made and "&amp;" not in made


@pytest.mark.parametrize("tex", [r"\left( a<b", r"\unknown{a<b}"])
def test_formula_that_fails_stays_readable(tex):
    assert mathml.convert(tex) == f"<code>{tex.replace('<', '&lt;')}</code>"
