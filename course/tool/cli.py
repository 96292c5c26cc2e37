"""The commands of ``python -m course``; each is a module of ``course.tool``."""

from __future__ import annotations

import argparse
import importlib
import locale
import os
import sys
from types import ModuleType

from colorlib.cli.errors import run_command

MODULES = {
    "grade": "grade.command",
    "new": "new_lesson",
    "offline": "no_network",
    "quick": "quick_tests",
    "words": "lints.plain_words",
}  # where names differ
COMMANDS = {
    "build": "write lessons/ and the generated cells of solutions/ from the sources",
    "check": "read every notebook and text for what the course promises (lints)",
    "words": "count archaic and figurative words in each file; the plain words are in a table",
    "links": "ask the web for every address of texts, notebooks and data sets",
    "new": "create a lesson: a notebook with all its parts, and its entry in course.toml",
    "quick": "run the tests that a change touches, the nearest ones first",
    "run": "execute notebooks, offline; make web pages from the solutions",
    "site": "make the web pages again without executing anything",
    "pictures": "draw the maps of the course, or make a picture of a lesson from its figure",
    "gallery": "show the sample photographs in the colours of the pretrained models, as a page",
    "release-weights": "put a trained model into the package, in half precision and with its hash",
    "train-uncertainty": "teach a model to say where it guesses, in a file next to its weights",
    "standalone": "run lessons as on Colab: each in an empty folder, without colorlib installed",
    "wheel": "build the wheel that set-up installs, and check what is in it",
    "colab-versions": "report which of Colab's versions changed since our list of them",
    "grade": "grade the notebooks of a class in a sandbox, and write feedback",
    "lab": "open JupyterLab on your own copy of the lessons",
    "offline": "run any command that can reach only the loopback",
}


class CourseError(Exception):
    """An error that a person can fix: its message has what was found, expected, and to be done."""


def import_command(name: str) -> ModuleType:
    """Import the module of a command.

    Raises:
        CourseError: If it needs a module that Windows does not have.
    """
    try:
        return importlib.import_module(f"course.tool.{MODULES.get(name, name.replace('-', '_'))}")
    except ModuleNotFoundError as error:
        if error.name not in ("fcntl", "resource"):
            raise
        text = f"python -m course {name} cannot run on Windows: run it on Linux, or in WSL."
        raise CourseError(text) from None


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 found something wrong, 2 bad usage."""
    words = sys.argv[1:] if argv is None else argv
    name = " ".join(["course", *(word for word in words[:1] if word in COMMANDS)])
    return run_command(name, lambda: _run(words), explained=(CourseError,))


def _run(words: list[str]) -> int:
    _use_a_locale_that_exists()
    parser = argparse.ArgumentParser(
        prog="python -m course", description="The tool that builds and checks the course."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if words[:1] == [name]:  # only the command that is asked for costs its imports
            module = import_command(name)
            if hasattr(module, "arguments"):
                module.arguments(sub)
            sub.set_defaults(run=module.main)
    args = parser.parse_args(words)
    return args.run(args)


def _use_a_locale_that_exists() -> None:
    """Take the C locale, here and in child processes, where the system lacks the one of LANG.

    Sphinx would end with an error, and so would every other program that sets its locale.
    """
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "")
    except locale.Error:
        os.environ["LC_ALL"] = "C.UTF-8" if sys.platform == "linux" else "C"
    finally:
        locale.setlocale(locale.LC_ALL, before)
