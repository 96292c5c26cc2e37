"""What every notebook says alike, written from the table: nobody types it, so it cannot drift.

Four cells (tags ``header``, ``picture``, ``setup``, ``footer``) and the notebook metadata.
"""

from __future__ import annotations

import base64
import copy
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.tool import course_config, course_map, notebooks
from course.tool.cli import CourseError
from course.tool.course_config import Course, Lesson

COLAB = "https://colab.research.google.com"
PICTURES = "course/pictures"
PICTURE_LIMIT = 12 * 1024
MAP_LIMIT = 9 * 1024
TAGS = ("header", "picture", "setup", "footer")
DIFFICULTY = {1: "●○○ gentle", 2: "●●○ medium", 3: "●●● demanding"}
BESIDE_BADGE = {
    "lessons": "*File → Save a copy in Drive* keeps what you write.",
    "solutions": "**Instructor's version: every answer is filled in.**",
}

# Reckoned: lesson 5 shows the formula. No number that was measured on a T4 stands here yet.
GPU = "about {} minutes on a T4 (reckoned) with `PROFILE` full; none as it stands"
HOW = """\
Read, predict, run. In an exercise, write your code in place of the line that says so, then run the check
below it: it says what is wrong and why, and unfolds hints. An exercise left open stops nothing: the library's
own answer stands in."""

SETUP = """\
# @title Set-up: run this cell first
try:
    from colorlib import colab
except ImportError:  # colorlib is not installed, or another package has its name
    import os
    import re
    import subprocess
    import sys

    Stop = type("Stop", (RuntimeError,), {{"_render_traceback_": lambda stop: [str(stop)]}})  # no traceback
    {source}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", source]
    quiet = dict(env=os.environ | {{"GIT_TERMINAL_PROMPT": "0"}}, stdin=subprocess.DEVNULL)
    pip = subprocess.run(command, capture_output=True, text=True, **quiet)
    if pip.returncode:
        reason = re.search(r"(fatal|ERROR): .+|(?<=╰─> )(?!\\[\\d).+", pip.stderr) or ["no reason given"]
        message = f"Could not install {{source}}: check the network, then run this cell again"
        raise Stop(f"{{message}} ({{reason[0]}}).") from None
    for module in [name for name in sys.modules if name.partition(".")[0] == "colorlib"]:
        del sys.modules[module]
    sys.path_importer_cache.clear()
    from colorlib import colab
colab.ready("{name}"{gpu})"""
SOURCE_SET = 'source = os.environ.get("COLORLIB_SOURCE") or "{source}"'
SOURCE_UNSET = """\
if not (source := os.environ.get("COLORLIB_SOURCE")):
        message = "colorlib is not installed: run `make setup`, or set COLORLIB_SOURCE to a wheel or git URL."
        raise Stop(message) from None"""
WHEEL = "https://github.com/{repository}/releases/download/v{version}/colorlib_course-{version}-py3-none-any.whl"


def refresh(
    nb: NotebookNode, tree: str, course: Course, lesson: Lesson, root: Path
) -> NotebookNode:
    """A copy of ``nb`` whose generated cells and metadata say what the table says.

    Args:
        nb: A notebook of either tree; its own cells, its outputs and ``metadata.course`` are kept.
        tree: ``"lessons"`` or ``"solutions"``.
        course: The table.
        lesson: The notebook's entry in it.
        root: The folder of the course, for the picture.
    """
    nb, where = copy.deepcopy(nb), f"{tree}/{lesson.name}.ipynb"
    old = {tag: [cell for cell in nb.cells if tag in notebooks.tags(cell)] for tag in TAGS}
    for tag, cells in old.items():
        if len(cells) > 1:
            raise CourseError(
                f"{where}: {len(cells)} cells are tagged {tag!r}: keep the tag on one of them."
            )
    own = [cell for cell in nb.cells if not set(TAGS) & set(notebooks.tags(cell))]
    header = _markdown("header", _header(tree, course, lesson))
    footer = _markdown("footer", _footer(course, lesson))
    nb.cells = [
        header,
        *_picture(lesson, root),
        _setup(course, lesson, *old["setup"]),
        *own,
        footer,
    ]
    notebooks.check_ids(nb.cells, where)
    nb.metadata = _metadata(lesson, nb.metadata)
    return nb


def badge(tree: str, course: Course, lesson: Lesson, alt: str) -> str:
    """The Colab badge of a notebook, in markdown."""
    target = f"{COLAB}/github/{course.address}/blob/{course.branch}/{tree}/{lesson.name}.ipynb"
    return f"[![{alt}]({COLAB}/assets/colab-badge.svg)]({target})"


def hosted(course: Course) -> str:
    """What set-up asks pip for: the wheel of the release whose tag the badges open, else their branch."""
    if version := re.fullmatch(course_config.RELEASE, course.branch):
        return WHEEL.format(repository=course.repository, version=version[1])
    return f"git+https://github.com/{course.repository}@{course.branch}"


def _header(tree: str, course: Course, lesson: Lesson) -> str:
    rows = {
        "Time": f"about {lesson.minutes} minutes",
        "GPU": GPU.format(lesson.gpu_minutes) if lesson.gpu_minutes else "none",
        "Difficulty": DIFFICULTY[lesson.difficulty],
        "Needs": lesson.needs,
        "You will": "<br>".join(lesson.objectives),
    }
    table = ["| {} | {} |".format(key, value.replace("|", "\\|")) for key, value in rows.items()]
    table.insert(1, "|:---|:---|")
    top = f"{badge(tree, course, lesson, 'Open this lesson in Colab')} {BESIDE_BADGE[tree]}"
    title = f"# Lesson {lesson.number} · {lesson.title}"
    return "\n\n".join([top, title, lesson.promise, "\n".join(table), HOW])


def _picture(lesson: Lesson, root: Path) -> list[NotebookNode]:
    """The lesson's own picture, and below it the map of the course; each while its file exists."""
    map_alt = course_map.alt(lesson.number, lesson.title)
    images = [
        _image(root, f"{PICTURES}/{lesson.name}.jpg", PICTURE_LIMIT, lesson.picture_alt, "jpeg"),
        _image(root, f"{PICTURES}/map_{lesson.number}.png", MAP_LIMIT, map_alt, "png"),
    ]
    text = "\n\n".join(filter(None, images))
    return [_markdown("picture", text)] if text else []


def _image(root: Path, file: str, limit: int, alt: str, kind: str) -> str:
    if not (root / file).exists():
        return ""
    data = (root / file).read_bytes()
    if len(data) > limit:
        raise CourseError(f"{file} has {len(data)} bytes, at most {limit} fit: save it smaller.")
    return f"![{alt}](data:image/{kind};base64,{base64.b64encode(data).decode('ascii')})"


def _setup(course: Course, lesson: Lesson, old: NotebookNode | None = None) -> NotebookNode:
    source = SOURCE_SET.format(source=hosted(course)) if course.repository else SOURCE_UNSET
    gpu = ", needs_gpu=True" if lesson.gpu_minutes else ""
    cell = nbformat.v4.new_code_cell(
        SETUP.format(source=source, name=lesson.name, gpu=gpu), id="setup"
    )
    cell.metadata.update(
        cellView="form", tags=["setup"]
    )  # on Colab: the title, with the code folded
    if old is not None and old.cell_type == "code":
        cell.update(execution_count=old.execution_count, outputs=old.outputs)
    return cell


def _footer(course: Course, lesson: Lesson) -> str:
    later = course.lessons[course.lessons.index(lesson) + 1 :]
    if later:
        following = (
            f"**Next:** [Lesson {later[0].number} · {later[0].title}]({later[0].name}.ipynb)"
        )
    else:
        following = (
            "**This is the last lesson so far:** the [table of lessons](../README.md) has them all."
        )
    return (
        f"{following}\n\nText: [CC BY 4.0](../LICENSE-content). Code: [BSD-3-Clause](../LICENSE)."
    )


def _markdown(tag: str, source: str) -> NotebookNode:
    cell = nbformat.v4.new_markdown_cell(source, id=tag)
    cell.metadata.tags = [tag]
    return cell


def _metadata(lesson: Lesson, old: NotebookNode) -> NotebookNode:
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "colab": {"provenance": [], "toc_visible": True},
    }
    if lesson.gpu_minutes:
        metadata["accelerator"] = "GPU"
        metadata["colab"]["gpuType"] = "T4"
    if "course" in old:
        metadata["course"] = old["course"]
    return nbformat.from_dict(metadata)
