"""Tables of the lessons, and links that open one, as Markdown for README.md and the syllabus."""

from __future__ import annotations

from pathlib import Path

from course.tool import course_config, markdown, reading_time
from course.tool.boilerplate_cells import COLAB, badge
from course.tool.cli import CourseError
from course.tool.course_config import PLACEHOLDER, Course, Lesson

KAGGLE = "https://kaggle.com/kernels/welcome"
BINDER = "https://mybinder.org/v2/gh"
CODESPACES = "https://codespaces.new"
UNSET = (
    f"A badge opens its lesson only after `python -m course build --repository {PLACEHOLDER}`, "
    "run for the place that hosts the course."
)


def lesson_table(name: str, root: Path) -> str:
    """Return the content of ``<!-- course: NAME -->``.

    Args:
        name: ``lessons`` or ``open`` (for README.md), ``minutes``, ``objectives`` or ``map``.
        root: The folder of the course.

    Raises:
        CourseError: If there is no such table.
    """
    course = course_config.load(root)
    if name == "lessons":
        rows = []
        for lesson in course.lessons:
            alt = f"Open lesson {lesson.number} in Colab"
            solution = f"[solution](solutions/{lesson.name}.ipynb)"
            gpu = lesson.gpu_minutes or "none"
            colab = badge("lessons", course, lesson, alt)
            rows.append((_link(lesson, ""), colab, lesson.minutes, gpu, solution))
        table = markdown.table(("Lesson", "Open", "Minutes", "GPU minutes", "Solution"), rows)
        return table if course.repository else f"{table}\n\n{UNSET}"
    if name == "open":
        return open_links(course, course.lessons[0])
    if name == "minutes":
        return reading_time.table(root)
    if name == "objectives":
        rows = [(_link(one), "<br>".join(one.objectives), one.needs) for one in course.lessons]
        return markdown.table(("Lesson", "Afterwards you can", "It needs"), rows)
    if name == "map":
        rows = [(_link(one), one.promise) for one in course.lessons if one.number]
        return markdown.table(("Lesson", "What you will have"), rows)
    known = "lessons, open, minutes, objectives or map"
    raise CourseError(f"there is no table {name!r} of the course: write {known}.")


def open_links(course: Course, lesson: Lesson, *, builds: bool = True) -> str:
    """Return links that open a lesson in each place that needs nothing but a browser.

    Args:
        course: The configuration, for the repository and the branch.
        lesson: The lesson.
        builds: Whether to name the places that build an image from files of the repository.
    """
    repository, branch = course.address, course.branch
    file = f"blob/{branch}/lessons/{lesson.name}.ipynb"
    links = {
        "Colab": f"{COLAB}/github/{repository}/{file}",
        "Kaggle": f"{KAGGLE}?src=https://github.com/{repository}/{file}",
    }
    if builds:
        path = f"urlpath=lab/tree/lessons/{lesson.name}.ipynb"
        links["Binder"] = f"{BINDER}/{repository}/{branch}?{path}"
        links["Codespaces"] = f"{CODESPACES}/{repository}/tree/{branch}?quickstart=1"
    shown = " · ".join(f"[{name}]({address})" for name, address in links.items())
    return f"Open lesson {lesson.number} in: {shown}"


def _link(lesson: Lesson, up: str = "../") -> str:
    return f"[{lesson.number} · {lesson.title}]({up}lessons/{lesson.name}.ipynb)"
