"""``python -m course site``: the course as web pages that need no network; nothing is executed.

:mod:`~course.tool.site.source_tree` writes a source tree for Sphinx: notebooks as
:mod:`~course.tool.site.notebook` adapts them, texts, and a page for each part of the library.
``conf.py`` is the configuration of Sphinx.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from course.tool import course_config
from course.tool.execute import cores
from course.tool.site import source_tree

FOLDER = "build"
CONFIGURATION = Path(__file__).parent


def main(args: argparse.Namespace, root: Path = course_config.ROOT) -> int:
    """Make the pages; return 1 if one of them has something to fix."""
    return make(root)


def make(root: Path) -> int:
    """Make or update the pages in ``build/``, from the last executions or else stored outputs.

    Returns:
        0, or 1 if Sphinx found something to fix, such as a dead link; the pages are made anyway.
    """
    from sphinx.cmd.build import main as sphinx

    out, title = root / FOLDER, course_config.load(root).title
    print("\nMaking the pages ...", flush=True)
    options = ["-b", "html", "-c", CONFIGURATION, "-d", out / ".doctrees", "-j", min(2, cores())]
    options += ["-W", "-D", f"project={title}", "-D", f"html_title={title}"]
    options += [] if sys.stdout.isatty() else ["-q"]
    status = sphinx([str(option) for option in [*options, source_tree.write(root), out]])
    print(f"Pages: {out / 'index.html'}")
    return int(status != 0)
