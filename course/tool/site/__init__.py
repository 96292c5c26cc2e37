"""``python -m course site``: the course as web pages that need no network; nothing is executed.

:mod:`~course.tool.site.source_tree` writes a source tree for Sphinx: notebooks as
:mod:`~course.tool.site.notebook` adapts them, texts, and a page for each part of the library.
``conf.py`` is the configuration of Sphinx.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from colorlib.io.threads import available_cores
from course.tool import build, course_config
from course.tool.cli import CourseError
from course.tool.course_config import PLACEHOLDER, Course
from course.tool.site import colour_page, home, source_tree

FOLDER = "build"
STUDENTS = "build/students-site"
CONFIGURATION = Path(__file__).parent


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options, which are those of ``course build --answers private``."""
    build.answers_arguments(parser)
    parser.add_argument("--repository", metavar=PLACEHOLDER, help="of the students")
    parser.add_argument("--branch", help="of the students' repository (default: main)")
    parser.set_defaults(check=False, out=None)


def main(args: argparse.Namespace, root: Path = course_config.ROOT) -> int:
    """Make the pages; return 1 if one of them has something to fix."""
    if args.answers == "private":
        status = build.write_student_tree(args, root)
        theirs = build.students_course(args, course_config.load(root))
        return make(root / build.STUDENTS, root / STUDENTS, theirs) or status
    if args.exam or args.repository or args.branch:
        raise CourseError("found options of --answers private without it: add it.")
    return make(root)


def make(root: Path, out: Path | None = None, course: Course | None = None) -> int:
    """Make or update the pages, from the last executions or else stored outputs.

    Args:
        root: The course; where it has no solutions, the pages have none.
        out: Where the pages go (default: ``build/``).
        course: The configuration (default: that of the course).

    Returns:
        0, or 1 if Sphinx found something to fix, such as a dead link; the pages are made anyway.
    """
    from sphinx.cmd.build import main as sphinx

    out, course = out or root / FOLDER, course or course_config.load(root)
    title = course.title
    print("\nMaking the pages ...", flush=True)
    colour = colour_page.make(root, out)
    files = source_tree.pages(root, course, {home.COLOUR_PAGE: colour} if colour else None)
    source = source_tree.write(out / source_tree.SOURCE, files)
    options = [
        "-b",
        "html",
        "-c",
        CONFIGURATION,
        "-d",
        out / ".doctrees",
        "-j",
        min(2, available_cores()),
    ]
    options += ["-W", "-D", f"project={title}", "-D", f"html_title={title}"]
    options += ["-D", f"navigation={source_tree.navigation(files)}"]
    options += [] if sys.stdout.isatty() else ["-q"]
    status = sphinx([str(option) for option in [*options, source, out]])
    print(f"Pages: {out / 'index.html'}")
    return int(status != 0)
