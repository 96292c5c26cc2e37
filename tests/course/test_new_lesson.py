"""A new lesson has every part; what is left to do is to write it."""

import argparse

import pytest

from course.tool import check, course_config, new_lesson, notebooks
from course.tool.cli import CourseError
from course.tool.lints.exercises import exercises

ALLOWED = ("still to write", "never executed", "outputs are older than the source")


def make(tiny, name):
    return new_lesson.main(argparse.Namespace(name=name), tiny.root)


def test_a_new_lesson_lacks_nothing_but_words_and_a_run(tiny, capsys):
    assert make(tiny, "09_fresh_paint") == 0
    said = [str(finding) for finding in check.findings(tiny.root)]
    mine = [line for line in said if "09_fresh_paint" in line]
    assert mine == said
    assert {part for line in mine for part in ALLOWED if part in line} == set(ALLOWED)
    assert [line for line in mine if not any(part in line for part in ALLOWED)] == []
    out = capsys.readouterr().out
    assert "colorlib/check/lesson09.py" in out and "lessons/09_fresh_paint.ipynb written" in out


def test_its_parts_bear_its_number_and_name(tiny):
    make(tiny, "09_fresh_paint")
    lesson = course_config.load(tiny.root).lessons[1]
    assert (lesson.name, lesson.title, lesson.number) == ("09_fresh_paint", "Fresh paint", 9)
    nb = notebooks.read(tiny.root / "solutions/09_fresh_paint.ipynb")
    text = "\n".join(cell.source for cell in nb.cells)
    assert "NUMBER" not in text and "NAME" not in text.replace("OWNER/NAME", "")
    assert [exercise.title.split(" · ")[0] for exercise in exercises(nb)] == [
        f"### Exercise 9.{n}" for n in (1, 2, 3, 4)
    ]
    assert 'colab.ready("09_fresh_paint")' in text


def test_it_stands_at_its_place_and_the_others_point_to_it(tiny):
    before = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    make(tiny, "00_first")
    make(tiny, "03_third")
    assert [lesson.number for lesson in course_config.load(tiny.root).lessons] == [0, 1, 3]
    text = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    assert (
        text.startswith("# A comment that stays.\n")
        and before.partition("[[lesson]]")[2].strip() in text
    )
    footer = tiny.cell(tiny.read("lessons"), "footer")
    assert "(03_third.ipynb)" in footer.source
    assert "Third" in (tiny.root / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fresh", "expected two digits and a word"),
        ("09_Fresh", "expected two digits and a word"),
        ("01_other", "lesson 1 is '01_tiny' already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_written(tiny, name, said):
    before = (tiny.root / course_config.COURSE_TOML).read_text("utf-8")
    with pytest.raises(CourseError, match=said):
        make(tiny, name)
    assert (tiny.root / course_config.COURSE_TOML).read_text("utf-8") == before
    assert len(list((tiny.root / "solutions").iterdir())) == 1


def test_a_notebook_without_an_entry_is_not_written_over(tiny):
    (tiny.root / "solutions/09_mine.ipynb").write_text("mine", "utf-8")
    with pytest.raises(CourseError, match="exists already"):
        make(tiny, "09_mine")
    assert (tiny.root / "solutions/09_mine.ipynb").read_text("utf-8") == "mine"
