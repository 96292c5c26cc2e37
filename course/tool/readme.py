"""The table of lessons in README.md, written from the course table between two comments."""

from __future__ import annotations

from course.tool.boilerplate_cells import badge
from course.tool.cli import CourseError
from course.tool.course_config import PLACEHOLDER, Course, Lesson

BEGIN, END = "<!-- lessons:begin -->", "<!-- lessons:end -->"
COMMAND = f"python -m course build --repository {PLACEHOLDER}"
UNSET = f"A badge opens its lesson only after `{COMMAND}`, run for the place that hosts the course."


def refresh(text: str, course: Course) -> str:
    """Return the text of README.md with an up-to-date table of lessons."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise CourseError(f"README.md needs a line {BEGIN} and below it a line {END}: add them.")
    rows = ["| Lesson | Open | Minutes | GPU minutes | Solution |", "|---|---|---|---|---|"]
    rows += [_row(course, lesson) for lesson in course.lessons]
    if not course.repository:
        rows += ["", UNSET]
    return before + "\n".join([BEGIN, *rows, END]) + after


def _row(course: Course, lesson: Lesson) -> str:
    file = f"{lesson.name}.ipynb"
    link = f"[{lesson.number} · {lesson.title}](lessons/{file})"
    open_it = badge("lessons", course, lesson, f"Open lesson {lesson.number} in Colab")
    gpu = lesson.gpu_minutes or "none"
    return f"| {link} | {open_it} | {lesson.minutes} | {gpu} | [solution](solutions/{file}) |"
