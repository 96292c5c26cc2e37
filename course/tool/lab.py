"""``python -m course lab``: open JupyterLab on your own copy of the lessons, in ``my/``.

A copy is made once and is yours from then on: no command writes to a notebook in ``my/`` again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path

from colorlib.io.files import atomic_write
from course.tool import course_config, no_network
from course.tool.cli import CourseError
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

    Raises:
        CourseError: If nothing can be written to ``my/``.
    """
    report = []
    for lesson in select(root, "lessons"):
        data, copy = lesson.read_bytes(), root / "my" / lesson.name
        try:
            copy.parent.mkdir(exist_ok=True)
            is_new = create(copy, data)
            differs = not is_new and copy.read_bytes() != data
        except OSError as error:
            found = f"my/{lesson.name} cannot be written or read ({error.strerror})"
            raise CourseError(f"{found}: make my/ a folder of yours, or move it away.") from None
        if is_new:
            report.append(f"my/{lesson.name} is your copy.")
        elif differs and not was_seen(copy.parent / SEEN / lesson.name, data):
            report.append(
                f"my/{lesson.name} is yours and stays; lessons/{lesson.name} differs from it: "
                f"copy it by hand if you want the new one."
            )
        remember(copy.parent / SEEN / lesson.name, data)
    return report


def was_seen(seen: Path, data: bytes) -> bool:
    """Return whether this version of a lesson was copied or reported before."""
    try:
        return seen.read_bytes() == data
    except OSError:  # it is missing or damaged: then the lesson is reported once more
        return False


def remember(seen: Path, data: bytes) -> None:
    """Note a version of a lesson as seen; if that is not possible, it is reported once more."""
    with contextlib.suppress(OSError):
        if not seen.parent.is_dir():
            seen.parent.unlink(missing_ok=True)  # an older version kept a file of this name
            seen.parent.mkdir()
        if not was_seen(seen, data):
            with atomic_write(seen, overwrite=True) as file:
                file.write(data)


def create(path: Path, data: bytes) -> bool:
    """Write a new file in one step; return False if it exists, and leave it as it is."""
    try:
        with atomic_write(path) as file:
            file.write(data)
    except FileExistsError:
        return False
    return True
