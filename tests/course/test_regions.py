"""Regions: filled from the stored results, the same however often, and named where they cannot be."""

import argparse

import pytest
from course.tool.lints.reading import word_count
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_markdown_cell

from course.tool import check, regions, results
from course.tool.cli import CourseError
from tests.course.test_results import WHAT

OPEN, CLOSE = "<!-- result: balls -->", "<!-- end result -->"
PICTURE, CLOSE_PICTURE = "<!-- picture: balls | Gray balls. -->", "<!-- end picture -->"
JPEG = b"\xff\xd8\xff..."
REGION = f"{OPEN}\n{CLOSE}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course's folder with one result and its picture."""
    root = tmp_path_factory.mktemp("results")
    results.write("balls", **WHAT, root=root)
    (root / results.FOLDER / "balls.jpg").write_bytes(JPEG)
    return root


def test_a_region_is_filled_between_its_lines(folder):
    text = regions.fill(f"Above.\n\n{OPEN}\nold\n{CLOSE}\nBelow.", "x", folder)
    assert text == f"Above.\n\n{OPEN}\n\n{results.table('balls', folder)}\n\n{CLOSE}\nBelow."
    assert regions.empty(text) == f"Above.\n\n{REGION}\nBelow."


def test_a_picture_travels_with_a_notebook_and_stands_beside_a_text(folder):
    text = f"{PICTURE}\n{CLOSE_PICTURE}"
    assert "\n![Gray balls.](data:image/jpeg;base64,/9j/Li4u)\n" in regions.fill(text, "x", folder)
    for beside, link in (("README.md", "course/results/"), ("course/notes.md", "results/")):
        assert f"\n![Gray balls.]({link}balls.jpg)\n" in regions.fill(
            text, "x", folder, beside=beside
        )


LINES = st.sampled_from(
    [
        "",
        "Words.",
        "| a |",
        "```",
        "```python",
        "~~~",
        "``` a ```",
        OPEN,
        CLOSE,
        PICTURE,
        CLOSE_PICTURE,
        REGION,
    ]
)


@given(st.lists(LINES | st.text(), max_size=12))
def test_filling_twice_is_filling_once(folder, lines):
    text = "\n".join(lines)
    try:
        once = regions.fill(text, "x", folder)
    except CourseError as error:
        assert str(error).startswith("x")
        return
    assert regions.fill(once, "x", folder) == once
    assert regions.empty(once) == regions.empty(text)
    assert len(regions.find(once, "x")) == len(regions.find(text, "x"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OPEN, "x, line 1: 'balls' is never closed: write <!-- end result -->"),
        (f"\n{CLOSE}", "x, line 2: <!-- end result --> closes nothing"),
        (f"{OPEN}\n{CLOSE_PICTURE}", "x, line 2: '<!-- end picture -->' inside 'balls' of line 1"),
        (f"{OPEN}\n{REGION}", "x, line 2: '<!-- result: balls -->' inside 'balls'"),
        (
            "<!-- Result balls -->",
            "x, line 1: found '<!-- Result balls -->': write <!-- result: NAME -->",
        ),
        (f"See {OPEN}", "on a line of its own"),
        ("<!-- picture: balls -->", "alt text"),
        ("<!-- result: lost -->\n" + CLOSE, "x: course/results/lost.json does not exist"),
        ("<!-- result: ../balls -->\n" + CLOSE, "expected letters, digits"),
        (f"{PICTURE.replace('Gray', '[Gray]')}\n{CLOSE_PICTURE}", "has brackets"),
    ],
)
def test_what_cannot_be_filled_is_named(folder, text, said):
    with pytest.raises(CourseError) as caught:
        regions.fill(text, "x", folder)
    assert said in str(caught.value)


def test_a_picture_that_is_missing_large_or_none(tmp_path):
    results.write("balls", **WHAT, root=tmp_path)
    file = tmp_path / results.FOLDER / "balls.jpg"
    for data, said in [
        (None, "does not exist"),
        (JPEG * 9000, "at most 14336"),
        (b"GIF", "no JPEG"),
    ]:
        if data:
            file.write_bytes(data)
        with pytest.raises(CourseError, match=said):
            regions.fill(f"{PICTURE}\n{CLOSE_PICTURE}", "x", tmp_path)


@pytest.fixture
def measured(tiny):
    """The tiny course with a stored result in a cell, not yet filled."""
    results.write("balls", **WHAT, root=tiny.root)
    tiny.add(new_markdown_cell(REGION, id="measured"), before="exercise-1")
    tiny.store()
    return tiny


def said_by(tiny, capsys):
    capsys.readouterr()
    tiny.build(check=True)
    return capsys.readouterr().out


def test_build_fills_both_trees_and_asks_for_no_new_run(measured, capsys):
    assert "solutions/01_tiny.ipynb: cell 7 (measured) is not what course/results says" in said_by(
        measured, capsys
    )
    assert measured.build() == 0
    for tree in ("solutions", "lessons"):
        cell = measured.cell(measured.read(tree), "measured")
        assert results.table("balls", measured.root) in cell.source
        assert word_count(cell.source) == 0
    assert check.main(argparse.Namespace(), measured.root) == 0
    results.write("balls", **WHAT | {"title": "Newer"}, root=measured.root)
    assert "(measured) is not what course/results says" in said_by(measured, capsys)
    measured.build()
    assert check.main(argparse.Namespace(), measured.root) == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("balls", "lost", "lost.json does not exist"), (CLOSE, "", "never closed")],
)
def test_build_names_the_notebook_and_the_cell(measured, old, new, said):
    measured.replace("measured", old, new)
    for only_check in (True, False):
        with pytest.raises(
            CourseError, match=rf"solutions/01_tiny.ipynb: cell 7 \(measured\).*{said}"
        ):
            measured.build(check=only_check)


@pytest.mark.parametrize("name", ["README.md", "course/notes.md"])
def test_texts_are_filled_too(tiny, capsys, name):
    results.write("balls", **WHAT, root=tiny.root)
    path = tiny.root / name
    before = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"{before}\n{REGION}\n", "utf-8")
    assert f"{name}: a region is not what course/results" in said_by(tiny, capsys)
    tiny.build()
    assert results.table("balls", tiny.root) in path.read_text("utf-8")
    assert "files are what their sources say" in said_by(tiny, capsys)
