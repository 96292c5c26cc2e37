"""``python -m course site``: the course as web pages that need no network; nothing is executed.

:mod:`~course.tool.site.stage` writes a source tree for Sphinx: notebooks as
:mod:`~course.tool.site.notebook` fits them for reading, texts, a page for each part of the library.
``conf.py`` says how Sphinx reads it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from course.tool import course_config
from course.tool.execute import cores
from course.tool.site import stage

FOLDER = "build"
CONF = Path(__file__).parent


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command has no options."""


def main(args: argparse.Namespace, root: Path = course_config.ROOT) -> int:
    """Make the pages; 1 if one of them has something to mend."""
    return make(root)


def make(root: Path) -> int:
    """Make or renew the pages in ``build/``: of the last executions, or else of stored outputs.

    Returns:
        0, or 1 if Sphinx found something to mend, such as a dead link; the pages come all the same.
    """
    from sphinx.cmd.build import main as sphinx

    out, title = root / FOLDER, course_config.load(root).title
    print("\nMaking the pages ...", flush=True)
    source = stage.write(root)
    words = ["-b", "html", "-c", CONF, "-d", out / ".doctrees", "-j", min(2, cores()), "-W"]
    words += ["-D", f"project={title}", "-D", f"html_title={title}"]
    words += [] if sys.stdout.isatty() else ["-q"]
    status = sphinx([str(word) for word in [*words, source, out]])
    print(f"Pages: {out / 'index.html'}")
    return int(status != 0)
