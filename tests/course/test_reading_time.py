"""How long a lesson takes comes from its notebook; what texts say of lessons and data from their tables."""

import argparse

import pytest

from course.tool import course_config, placeholders, reading_time
from course.tool.cli import CourseError
from course.tool.course_config import ROOT


def test_words_code_and_exercises_are_counted_as_a_student_meets_them(tiny):
    (before,) = reading_time.every(tiny.root)
    assert before.exercises == 20 and before.together == before.reading + 20
    tiny.replace("teacher", "Students", "Students " * 1000)  # the instructor's cell
    tiny.replace(
        "answer-1", "    return x**2", "    y = 1\n" * 100 + "    return x**2"
    )  # an answer
    (same,) = reading_time.every(tiny.root)
    assert (same.words, same.lines, same.exercises) == (
        before.words,
        before.lines,
        before.exercises,
    )
    tiny.replace("saw", "nine", "nine " * 300)
    tiny.replace("three", "print(3**2)", "print(3**2)\n" * 40)
    (longer,) = reading_time.every(tiny.root)
    assert longer.words == before.words + 299 and longer.lines == before.lines + 39
    assert longer.reading == before.reading + 4


def test_the_command_prints_a_row_for_each_lesson(tiny, capsys):
    assert reading_time.main(argparse.Namespace(), tiny.root) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("Lesson") and out[1].startswith("1 · Squares") and "20 min" in out[1]
    assert str(reading_time.WORDS) in out[-1]


def test_every_exercise_of_the_course_names_its_minutes():
    for found in reading_time.every(ROOT):
        least = (1000, 30) if found.lesson.number else (300, 4)  # lesson 0 is a short one
        assert found.words > least[0] and found.exercises >= least[1]


def test_tables_of_the_lessons_are_filled_in(tiny):
    text = "<!-- course: objectives -->\n<!-- end course -->\n\n<!-- course: minutes -->\n<!-- end course -->"
    filled = placeholders.fill(text, "x", tiny.root)
    assert (
        "| [1 · Squares](../lessons/01_tiny.ipynb) | square \\|x\\|<br>say why | nothing |"
        in filled
    )
    assert "| 1 · Squares |" in filled and "| 5 min |" in filled
    assert placeholders.fill(filled, "x", tiny.root) == filled
    with pytest.raises(
        CourseError, match="no table 'hours' of the course: write minutes, objectives or map"
    ):
        placeholders.fill(text.replace("minutes", "hours"), "x", tiny.root)


def test_the_syllabus_has_the_tables_of_the_lessons():
    text = (ROOT / "course/syllabus.md").read_text("utf-8")
    shown = {region.name for region in placeholders.find(text, "x") if region.kind == "course"}
    assert shown == {"objectives", "minutes"}
    assert all(
        f"lessons/{lesson.name}.ipynb" in text for lesson in course_config.load(ROOT).lessons
    )
