"""The configuration: errors name the field, and setting the repository changes one line."""

import re

import pytest

from course.tool import course_config
from course.tool.cli import CourseError


def edit(root, old, new):
    path = root / course_config.COURSE_TOML
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_load_returns_fields_as_written(root):
    course = course_config.load(root)
    (lesson,) = course.lessons
    assert (lesson.name, lesson.number, lesson.minutes) == ("01_tiny", 1, 5)
    assert lesson.objectives == ("square |x|", "say why")
    assert course.address == "OWNER/NAME"
    own = course_config.load(course_config.ROOT)
    assert own.lessons[0].number <= 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "01_tiny"\n', "", "entry 1 of the lessons: 'name' is a required property"),
        ('needs = "nothing"\n', "", "the lesson '01_tiny': 'needs' is a required property"),
        ('branch = "main"\n', "", "the course: 'branch' is a required property"),
        ("minutes = 5\n", "minutes = 5\nstars = 3\n", "'stars' was unexpected"),
        (
            "minutes = 5\n",
            'minutes = "5"\n',
            "'minutes' of the lesson '01_tiny' .* a whole number",
        ),
        ("minutes = 5\n", "minutes = true\n", "expected a whole number"),
        ("minutes = 5\n", "minutes = 0\n", "expected a whole number of minutes, 1 or more"),
        ("difficulty = 1", "difficulty = 4", "is 4, expected a difficulty of 1, 2 or 3"),
        ('title = "Squares"', 'title = ""', "'title' of the lesson '01_tiny' is '', .* not empty"),
        ('"say why"', "7", "'objectives' of the lesson '01_tiny' is 7, expected a text"),
        ('"01_tiny"', '"tiny"', "'tiny', expected a name such as 03_patchgan"),
        ('repository = ""', 'repository = "https://github.com/ada/colour"', "such as ada/colour"),
        ("[[lesson]]", "[[lesson", "not valid TOML"),
    ],
)
def test_load_with_wrong_field_names_it(root, old, new, message):
    edit(root, old, new)
    with pytest.raises(CourseError, match=message):
        course_config.load(root)


@pytest.mark.parametrize("name", ["01_tiny", "00_before"])
def test_load_with_numbers_that_do_not_rise_raises(root, name):
    text = (root / course_config.COURSE_TOML).read_text("utf-8")
    entry = text[text.index("[[lesson]]") :].replace("01_tiny", name)
    (root / course_config.COURSE_TOML).write_text(text + "\n" + entry, "utf-8")
    with pytest.raises(CourseError, match=f"'{name}' comes after '01_tiny'"):
        course_config.load(root)


def test_set_field_changes_that_line_only(root):
    before = (root / course_config.COURSE_TOML).read_text("utf-8").split("\n")
    course_config.set_field(root, "repository", "ada/colour-course.2")
    after = (root / course_config.COURSE_TOML).read_text("utf-8").split("\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [('repository = ""', 'repository = "ada/colour-course.2"')]
    assert course_config.load(root).address == "ada/colour-course.2"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("repository", "ada"),
        ("repository", "OWNER/NAME"),
        ("repository", "github.com/ada/colour"),
        ("repository", 'a/b"\nc = "'),
        ("repository", "-a/b"),
        ("branch", "a b"),
    ],
)
def test_set_field_with_invalid_value_changes_nothing(root, field, text):
    before = (root / course_config.COURSE_TOML).read_bytes()
    with pytest.raises(CourseError, match=re.escape(repr(text))):
        course_config.set_field(root, field, text)
    assert (root / course_config.COURSE_TOML).read_bytes() == before


def test_set_field_without_its_line_raises(root):
    edit(root, 'repository = ""\n', "")
    with pytest.raises(CourseError, match="has 0 lines"):
        course_config.set_field(root, "repository", "ada/colour")
