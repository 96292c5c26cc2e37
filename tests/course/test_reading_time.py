"""The reading time of a lesson comes from its notebook, the tables of lessons from course.toml."""

import pytest

from course.tool import course_config, placeholders, reading_time
from course.tool.cli import CourseError
from course.tool.course_config import ROOT


def test_measure_counts_what_a_student_sees(tiny):
    (before,) = reading_time.measure_all(tiny.root)
    assert before.exercises == 20
    tiny.replace("teacher", "Students", "Students " * 1000)  # a cell for instructors
    answer = "    y = 1\n" * 100 + "    return x**2"
    tiny.replace("answer-1", "    return x**2", answer)
    assert reading_time.measure_all(tiny.root) == [before]
    tiny.replace("saw", "nine", "nine " * 300)
    tiny.replace("three", "print(3**2)", "print(3**2)\n" * 40)
    (longer,) = reading_time.measure_all(tiny.root)
    assert longer.words == before.words + 299 and longer.lines == before.lines + 39
    assert longer.reading == before.reading + 4


def test_placeholders_of_lessons_are_filled(tiny):
    text = (
        "<!-- course: objectives -->\n<!-- end course -->\n\n"
        "<!-- course: minutes -->\n<!-- end course -->"
    )
    filled = placeholders.fill(text, "x", tiny.root)
    assert "| 20 min |" in filled and f"at {reading_time.WORDS_PER_MINUTE} words" in filled
    row = "| [1 · Squares](../lessons/01_tiny.ipynb) | square \\|x\\|<br>say why | nothing |"
    assert row in filled and "| 1 · Squares |" in filled and "| 5 min |" in filled
    assert placeholders.fill(filled, "x", tiny.root) == filled
    message = "no table 'hours' of the course: write lessons, open, minutes, objectives or map"
    with pytest.raises(CourseError, match=message):
        placeholders.fill(text.replace("minutes", "hours"), "x", tiny.root)


@pytest.mark.parametrize(
    ("file", "tables"),
    [("README.md", {"lessons", "open"}), ("course/syllabus.md", {"objectives", "minutes"})],
)
def test_texts_have_the_tables_of_lessons(file, tables):
    text = (ROOT / file).read_text("utf-8")
    assert {
        place.name for place in placeholders.find(text, "x") if place.kind == "course"
    } == tables
    lessons = course_config.load(ROOT).lessons
    assert all(f"lessons/{lesson.name}.ipynb" in text for lesson in lessons)
