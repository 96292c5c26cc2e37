"""The table: what is wrong in it is said, and setting the repository changes one line."""

import re

import pytest

from course.tool import course_config
from course.tool.cli import CourseError


def edit(root, old, new):
    path = root / course_config.COURSE_TOML
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_courses_own_table_loads():
    course = course_config.load(course_config.ROOT)
    assert course.lessons and course.lessons[0].number <= 1


def test_fields_arrive_as_written(root):
    course = course_config.load(root)
    (lesson,) = course.lessons
    assert (lesson.name, lesson.number, lesson.minutes) == ("01_tiny", 1, 5)
    assert lesson.objectives == ("square |x|", "say why")
    assert course.address == "OWNER/NAME"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('needs = "nothing"\n', "", r"lesson 1 \(01_tiny\) has no 'needs': add it"),
        ('branch = "main"\n', "", "the course has no 'branch'"),
        ("minutes = 5\n", "minutes = 5\nstars = 3\n", "unknown field 'stars'"),
        ("minutes = 5\n", 'minutes = "5"\n', "'minutes' of lesson 1 .* expected a whole number"),
        ("minutes = 5\n", "minutes = true\n", "expected a whole number"),
        ("minutes = 5\n", "minutes = 0\n", "minutes above 0"),
        ("difficulty = 1", "difficulty = 4", "a difficulty of 1, 2 or 3"),
        ('title = "Squares"', 'title = ""', "'title' .* not empty"),
        ('"say why"', "7", "objectives that are texts"),
        ('"01_tiny"', '"tiny"', "a name such as 03_patchgan"),
        ('repository = ""', 'repository = "https://github.com/ada/colour"', "such as ada/colour"),
        ("[[lesson]]", "[[lesson", "not valid TOML"),
    ],
)
def test_a_wrong_field_is_named(root, old, new, message):
    edit(root, old, new)
    with pytest.raises(CourseError, match=message):
        course_config.load(root)


@pytest.mark.parametrize("name", ["01_tiny", "00_before"])
def test_names_rise_without_a_duplicate(root, name):
    text = (root / course_config.COURSE_TOML).read_text("utf-8")
    entry = text[text.index("[[lesson]]") :].replace("01_tiny", name)
    (root / course_config.COURSE_TOML).write_text(text + "\n" + entry, "utf-8")
    with pytest.raises(CourseError, match=f"'{name}' stands after '01_tiny'"):
        course_config.load(root)


def test_setting_the_repository_changes_that_line_only(root):
    before = (root / course_config.COURSE_TOML).read_text("utf-8").split("\n")
    course_config.set_repository(root, "ada/colour-course.2")
    after = (root / course_config.COURSE_TOML).read_text("utf-8").split("\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [('repository = ""', 'repository = "ada/colour-course.2"')]
    assert course_config.load(root).address == "ada/colour-course.2"


@pytest.mark.parametrize(
    "text", ["", "ada", "OWNER/NAME", "github.com/ada/colour", 'a/b"\nc = "', "-a/b"]
)
def test_a_repository_of_another_shape_changes_nothing(root, text):
    before = (root / course_config.COURSE_TOML).read_bytes()
    with pytest.raises(CourseError, match=re.escape(repr(text))):
        course_config.set_repository(root, text)
    assert (root / course_config.COURSE_TOML).read_bytes() == before


def test_a_table_without_the_line_is_refused(root):
    edit(root, 'repository = ""\n', "")
    with pytest.raises(CourseError, match="has 0 lines"):
        course_config.set_repository(root, "ada/colour")
