"""``python -m course check``: run the lints over every notebook and text."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from course.tool import course_config, notebooks, pairing
from course.tool.course_config import ROOT
from course.tool.lints import LINTS
from course.tool.lints.completeness import course_parts
from course.tool.lints.links import internal_links, merge_conflicts
from course.tool.lints.notebook_parsing import Finding, LessonNotebook
from course.tool.lints.plain_words import plain_words
from course.tool.lints.quizzes import quizzes
from course.tool.lints.spoilers import alt_texts
from course.tool.lints.stored import result_files


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print every finding; return 1 if there is one."""
    found = list(findings(root))
    for finding in found:
        print(finding)
    print(f"{len(found)} finding{'' if len(found) == 1 else 's'}.")
    return 1 if found else 0


def findings(root: Path) -> Iterator[Finding]:
    """Yield what the lints find in both trees, in the texts and around each lesson."""
    course = course_config.load(root)
    unpaired = [*pairing.find_unpaired(root, course), *pairing.find_unbuilt(root, course)]
    if unpaired:
        yield from (Finding("", "", text) for text in unpaired)
        return  # what else is missing depends on these files
    for lesson in course.lessons:
        for tree in ("solutions", "lessons"):
            path = f"{tree}/{lesson.name}.ipynb"
            book = LessonNotebook(path, notebooks.read(root / path), lesson)
            for lint in LINTS:
                yield from (book.finding(number, text) for number, text in lint(book))
    yield from course_parts(root)
    yield from quizzes(root)
    yield from alt_texts(root)
    yield from merge_conflicts(root)
    yield from result_files(root)
    yield from internal_links(root)
    yield from plain_words(root)
