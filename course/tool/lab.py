"""``python -m course lab``: open JupyterLab on your own copy of the lessons, in ``my/``.

A copy is made once and is yours from then on: no command writes to a notebook in ``my/`` again.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from colorlib.io.files import atomic_write
from course.tool import course_config, no_network
from course.tool.run import select

SEEN = ".lessons"  # in my/: the last version of each lesson that was copied or reported


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--no-open", action="store_true", help="print the address, open no browser")
    parser.add_argument("more", nargs="*", metavar="-- ARGS", help="options of JupyterLab")


def main(args: argparse.Namespace, root: Path = course_config.ROOT) -> int:
    """Copy the lessons that are new, then start JupyterLab in ``my/``."""
    for line in copy_lessons(root):
        print(line)
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this Python's kernel, not another "python3"
    no_network.exec_command([*command(root, args.no_open), *args.more], dict(os.environ))
    return 0


def command(root: Path, no_open: bool) -> list[str]:
    """Return the command that starts JupyterLab in ``my/``."""
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={root / 'my'}"]
    if no_open:
        words.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        words.append("--allow-root")  # in a container everybody is root
    return words


def copy_lessons(root: Path) -> list[str]:
    """Copy each lesson that ``my/`` does not have yet.

    Returns:
        A line for each copy, and once for each lesson that has changed since you copied it.
    """
    report = []
    for lesson in select(root, "lessons"):
        data, copy = lesson.read_bytes(), root / "my" / lesson.name
        seen = copy.parent / SEEN / lesson.name
        seen.parent.mkdir(parents=True, exist_ok=True)
        if create(copy, data):
            report.append(f"my/{lesson.name} is your copy.")
        elif copy.read_bytes() != data and not (seen.exists() and seen.read_bytes() == data):
            report.append(
                f"my/{lesson.name} is yours and stays; lessons/{lesson.name} differs from it: "
                f"copy it by hand if you want the new one."
            )
        seen.write_bytes(data)
    return report


def create(path: Path, data: bytes) -> bool:
    """Write a new file in one step; return False if it exists, and leave it as it is."""
    try:
        with atomic_write(path) as file:
            file.write(data)
    except FileExistsError:
        return False
    return True
