"""The cells that all notebooks share, generated from the configuration of the course.

Four cells (tags ``header``, ``picture``, ``setup``, ``footer``) and the notebook metadata.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path

import jinja2
import nbformat
from nbformat import NotebookNode

from course.tool import course_map, files, notebooks
from course.tool.cli import CourseError
from course.tool.course_config import RELEASE, Course, Lesson

COLAB = "https://colab.research.google.com"
WHEEL = "releases/download/v{version}/colorlib_course-{version}-py3-none-any.whl"
PICTURES = "course/pictures"
PICTURE_LIMIT = 12 * 1024
MAP_LIMIT = 8 * 1024
TAGS = ("header", "picture", "setup", "footer")
DIFFICULTY = {1: "●○○ gentle", 2: "●●○ medium", 3: "●●● demanding"}
NOTE_AFTER_BADGE = {
    "lessons": "*File → Save a copy in Drive* keeps what you write.",
    "solutions": "**Instructor's version: every answer is filled in.**",
}
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=jinja2.StrictUndefined,
)


def refresh(
    nb: NotebookNode, tree: str, course: Course, lesson: Lesson, root: Path
) -> NotebookNode:
    """Return a copy of ``nb`` whose generated cells and metadata match the configuration.

    Args:
        nb: A notebook of either tree; its own cells, outputs and ``metadata.course`` are kept.
        tree: ``"lessons"`` or ``"solutions"``.
        course: The configuration.
        lesson: The notebook's entry in it.
        root: The folder of the course, for the pictures.
    """
    nb = copy.deepcopy(nb)
    where = f"{tree}/{lesson.name}.ipynb"
    setup = _setup(course, lesson)
    for tag in TAGS:
        tagged = [cell for cell in nb.cells if tag in notebooks.tags(cell)]
        if len(tagged) > 1:
            raise CourseError(
                f"{where}: {len(tagged)} cells are tagged {tag!r}, expected 1: fix it."
            )
        if tag == "setup" and tagged and tagged[0].cell_type == "code":
            setup.execution_count = tagged[0].execution_count
            setup.outputs = tagged[0].outputs
    nb.cells = [
        _header(tree, course, lesson),
        *_pictures(course, lesson, root),
        setup,
        *(cell for cell in nb.cells if not is_generated(cell)),
        _footer(course, lesson),
    ]
    notebooks.check_ids(nb.cells, where)
    nb.metadata = _metadata(lesson, nb.metadata)
    return nb


def is_generated(cell: NotebookNode) -> bool:
    """Return whether a cell is one of those that this module writes."""
    return not set(TAGS).isdisjoint(notebooks.tags(cell))


def badge(tree: str, course: Course, lesson: Lesson, alt: str) -> str:
    """Return the Colab badge of a notebook, in Markdown."""
    target = f"{COLAB}/github/{course.address}/blob/{course.branch}/{tree}/{lesson.name}.ipynb"
    return f"[![{alt}]({COLAB}/assets/colab-badge.svg)]({target})"


def install_source(course: Course) -> str:
    """Return what set-up passes to pip: a release's wheel, else the branch; empty if not hosted."""
    if not course.repository:
        return ""
    repository = f"https://github.com/{course.repository}"
    if release := re.fullmatch(RELEASE, course.branch):
        return f"{repository}/{WHEEL.format(version=release[1])}"
    return f"git+{repository}@{course.branch}"


def _header(tree: str, course: Course, lesson: Lesson) -> NotebookNode:
    text = TEMPLATES.get_template("header.md.jinja").render(
        badge=badge(tree, course, lesson, "Open this lesson in Colab"),
        note=NOTE_AFTER_BADGE[tree],
        lesson=lesson,
        difficulty=DIFFICULTY[lesson.difficulty],
    )
    return _markdown("header", text)


def _pictures(course: Course, lesson: Lesson, root: Path) -> list[NotebookNode]:
    """Return one cell with the lesson's picture and the map of the course, if the files exist."""
    picture = f"{PICTURES}/{lesson.name}.webp"
    map_file = f"{PICTURES}/map_{lesson.number}.webp"
    images = []
    if (root / picture).exists():
        data = files.read_picture(root, picture, PICTURE_LIMIT)
        images.append(files.embed_picture(data, "webp", lesson.picture_alt))
    if (root / map_file).exists():
        data = files.read_picture(root, map_file, MAP_LIMIT)
        alt = course_map.alt(lesson, course.lessons)
        images.append(files.embed_picture(data, "webp", alt))
    return [_markdown("picture", "\n\n".join(images))] if images else []


def _setup(course: Course, lesson: Lesson) -> NotebookNode:
    template = TEMPLATES.get_template("setup.py.jinja")
    source = template.render(source=install_source(course), lesson=lesson)
    cell = nbformat.v4.new_code_cell(source, id="setup")
    cell.metadata.tags = ["setup"]
    cell.metadata.cellView = "form"  # Colab shows the title and folds the code
    cell.metadata.jupyter = {"source_hidden": True}  # JupyterLab folds it
    return cell


def _footer(course: Course, lesson: Lesson) -> NotebookNode:
    later = course.lessons[course.lessons.index(lesson) + 1 :]
    template = TEMPLATES.get_template("footer.md.jinja")
    return _markdown("footer", template.render(following=later[0] if later else None))


def _markdown(tag: str, source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id=tag, metadata={"tags": [tag]})


def _metadata(lesson: Lesson, old: NotebookNode) -> NotebookNode:
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "name": "python"},
        "colab": {"provenance": [], "toc_visible": True},
    }
    if lesson.gpu_minutes:
        metadata["accelerator"] = "GPU"
        metadata["colab"]["gpuType"] = "T4"
    if "course" in old:
        metadata["course"] = old["course"]
    return nbformat.from_dict(metadata)
