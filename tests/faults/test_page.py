"""The page of promises names tests that exist, and leaves out no test of a fault."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "course/hard-to-break.md").read_text("utf-8")
NAMED = set(re.findall(r"`((?:faults|colorlib|course)/test_\w+\.py::test_\w+)`", PAGE))
ABOUT_THESE = {"test_tried.py", "test_page.py"}  # the table of faults and the page themselves


def written(path: Path) -> set[str]:
    """Name the tests of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return {
        f"{path.relative_to(TESTS).as_posix()}::{name}"
        for name in names
        if name.startswith("test_")
    }


def test_every_test_that_the_page_names_exists():
    there = set().union(*(written(TESTS / name.partition("::")[0]) for name in NAMED))
    assert NAMED - there == set()
    assert len(re.findall(r"\w::test_\w+", PAGE)) == len(NAMED), (
        "a name is misspelt, or stands twice"
    )


def test_every_promise_names_a_test():
    rows = [
        line
        for line in PAGE.splitlines()
        if line.startswith("| ") and not line.startswith("| Promise")
    ]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


def test_every_fault_that_is_tried_stands_on_the_page():
    """Whatever counts into the table, by `tried`, holds a promise."""
    for path in sorted(TESTS.glob("faults/test_*.py")):
        if path.name in ABOUT_THESE:
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            counts = isinstance(node, ast.FunctionDef) and "tried" in [
                a.arg for a in node.args.args
            ]
            assert not counts or f"faults/{path.name}::{node.name}" in NAMED, (
                f"{path.name}::{node.name}"
            )
