"""Placeholders: filled from their sources, the same however often, or refused with their place."""

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_markdown_cell

from course.tool import check, placeholders, stored_results
from course.tool.cli import CourseError
from course.tool.lints.notebook_parsing import word_count
from tests.course.test_stored_results import BALLS

OPEN, CLOSE = "<!-- result: balls -->", "<!-- end result -->"
PICTURE, CLOSE_PICTURE = "<!-- picture: balls | Gray balls. -->", "<!-- end picture -->"
RESULT_PLACE, PICTURE_PLACE = f"{OPEN}\n{CLOSE}", f"{PICTURE}\n{CLOSE_PICTURE}"
WEBP = b"RIFF....WEBP"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a course with one result and its picture."""
    root = tmp_path_factory.mktemp("results")
    stored_results.write("balls", **BALLS, root=root)
    (root / stored_results.FOLDER / "balls.webp").write_bytes(WEBP)
    return root


def test_fill_replaces_the_lines_between_the_comments(folder):
    text = placeholders.fill(f"Above.\n\n{OPEN}\nold\n{CLOSE}\nBelow.", "x", folder)
    table = stored_results.to_markdown("balls", folder)
    assert text == f"Above.\n\n{OPEN}\n\n{table}\n\n{CLOSE}\nBelow."
    blank = placeholders.blank(text)
    assert blank.split("\n") == [
        "Above.",
        "",
        OPEN,
        *[""] * (text.count("\n") - 4),
        CLOSE,
        "Below.",
    ]


@pytest.mark.parametrize(
    ("text_path", "address"),
    [
        (None, "data:image/webp;base64,UklGRi4uLi5XRUJQ"),
        ("README.md", "course/results/balls.webp"),
        ("course/notes.md", "results/balls.webp"),
    ],
)
def test_picture_is_embedded_in_notebook_and_linked_in_text(folder, text_path, address):
    filled = placeholders.fill(PICTURE_PLACE, "x", folder, text_path=text_path)
    assert f"\n![Gray balls.]({address})\n" in filled


MARKS = [OPEN, CLOSE, PICTURE, CLOSE_PICTURE, RESULT_PLACE]
LINES = st.sampled_from(["", "Words.", "| a |", "```", "```python", "~~~", "``` a ```", *MARKS])


@given(st.lists(LINES | st.text(), max_size=12))
def test_fill_twice_equals_fill_once(folder, lines):
    text = "\n".join(lines)
    try:
        once = placeholders.fill(text, "x", folder)
    except CourseError as error:
        assert str(error).startswith("x")
        return
    assert placeholders.fill(once, "x", folder) == once
    assert placeholders.blank(once).split() == placeholders.blank(text).split()
    assert len(placeholders.find(once, "x")) == len(placeholders.find(text, "x"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OPEN, "x, line 1: found '<!-- result: balls -->', expected a complete placeholder"),
        (f"\n{CLOSE}", "x, line 2: found '<!-- end result -->'"),
        (f"{OPEN}\n{CLOSE_PICTURE}", "x, line 1: found '<!-- result: balls -->'"),
        (f"{OPEN}\n{RESULT_PLACE}", "x, line 2: found '<!-- result: balls -->'"),
        ("<!-- Result balls -->", "x, line 1: found '<!-- Result balls -->', expected"),
        (f"See {RESULT_PLACE}", "on its own line"),
        (f"<!-- picture: balls -->\n{CLOSE_PICTURE}", "alt text"),
        (PICTURE_PLACE.replace("Gray", "[Gray]"), "alt text without brackets"),
        (RESULT_PLACE.replace("balls", "lost"), "x: course/results/lost.json does not exist"),
        (RESULT_PLACE.replace("balls", "../balls"), "expected letters, digits"),
    ],
)
def test_invalid_placeholder_is_named_with_its_line(folder, text, message):
    with pytest.raises(CourseError) as caught:
        placeholders.fill(text, "x", folder)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [(None, "does not exist"), (WEBP * 9000, "at most 14336"), (b"GIF", "not a WebP")],
)
def test_missing_large_or_foreign_picture_raises(tmp_path, data, message):
    stored_results.write("balls", **BALLS, root=tmp_path)
    if data:
        (tmp_path / stored_results.FOLDER / "balls.webp").write_bytes(data)
    with pytest.raises(CourseError, match=message):
        placeholders.fill(PICTURE_PLACE, "x", tmp_path)


@pytest.fixture
def measured(tiny):
    """The tiny course with a stored result in a cell, not yet filled."""
    stored_results.write("balls", **BALLS, root=tiny.root)
    tiny.add(new_markdown_cell(RESULT_PLACE, id="measured"), before="exercise-1")
    tiny.store()
    return tiny


def output_of_check(tiny, capsys):
    capsys.readouterr()
    tiny.build(check=True)
    return capsys.readouterr().out


def test_build_fills_both_trees_without_a_new_run(measured, capsys):
    stale = "solutions/01_tiny.ipynb: cell 8 (measured) is not what"
    assert stale in output_of_check(measured, capsys)
    assert measured.build() == 0
    for tree in ("solutions", "lessons"):
        cell = measured.cell(measured.read(tree), "measured")
        assert stored_results.to_markdown("balls", measured.root) in cell.source
        assert word_count(cell.source) == 0
    assert check.main(argparse.Namespace(), measured.root) == 0
    stored_results.write("balls", **BALLS | {"title": "Newer"}, root=measured.root)
    assert stale in output_of_check(measured, capsys)
    measured.build()
    assert check.main(argparse.Namespace(), measured.root) == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [("balls", "lost", "lost.json does not exist"), (CLOSE, "", "expected a complete placeholder")],
)
@pytest.mark.parametrize("only_check", [True, False])
def test_build_error_names_notebook_and_cell(measured, old, new, message, only_check):
    measured.replace("measured", old, new)
    expected = rf"solutions/01_tiny.ipynb: cell 8 \(measured\).*{message}"
    with pytest.raises(CourseError, match=expected):
        measured.build(check=only_check)


@pytest.mark.parametrize("name", ["README.md", "course/notes.md"])
def test_build_fills_texts(tiny, capsys, name):
    stored_results.write("balls", **BALLS, root=tiny.root)
    path = tiny.root / name
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{before}\n{RESULT_PLACE}\n", "utf-8")
    assert f"{name}: a generated table is not what" in output_of_check(tiny, capsys)
    tiny.build()
    assert stored_results.to_markdown("balls", tiny.root) in path.read_text("utf-8")
    assert "files are what their sources say" in output_of_check(tiny, capsys)
