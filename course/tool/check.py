"""``python -m course check``: every notebook and text, read for what the course promises."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from course.tool import course_config, notebooks, regions
from course.tool.course_config import ROOT
from course.tool.lints import LINTS
from course.tool.lints.links import internal_links
from course.tool.lints.reading import Finding
from course.tool.lints.stored import stored_results
from course.tool.lints.texts import banned_words_in_file

TEXTS = ("CONTRIBUTING.md", *regions.TEXTS)


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command has no options."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print every finding; 1 if there is one."""
    every = list(findings(root))
    for finding in every:
        print(finding)
    print(f"{len(every)} finding{'' if len(every) == 1 else 's'}.")
    return 1 if every else 0


def findings(root: Path) -> Iterator[Finding]:
    """What the lints find in both trees and in the texts."""
    for lesson in course_config.load(root).lessons:
        for tree in ("solutions", "lessons"):
            path = f"{tree}/{lesson.name}.ipynb"
            nb = notebooks.read(root / path)
            for lint in LINTS:
                yield from lint(path, nb, lesson)
    yield from stored_results(root)
    yield from internal_links(root)
    for pattern in TEXTS:
        for file in sorted(root.glob(pattern)):
            yield from banned_words_in_file(
                file.relative_to(root).as_posix(), file.read_text("utf-8")
            )
