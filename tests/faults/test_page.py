"""The page of promises names tests that exist, and includes every fault test."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "course/hard-to-break.md").read_text("utf-8")
NAMED = set(re.findall(r"`((?:faults|colorlib|course)/test_\w+\.py::test_\w+)`", PAGE))
ABOUT_THESE = {"test_tried.py", "test_page.py"}  # the table of faults and the page themselves


def functions_of(path):
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_every_test_that_the_page_names_exists():
    existing = set()
    for filename in {name.partition("::")[0] for name in NAMED}:
        existing |= {f"{filename}::{node.name}" for node in functions_of(TESTS / filename)}
    assert NAMED - existing == set()
    names = re.findall(r"\w::test_\w+", PAGE)
    assert len(names) == len(NAMED), "a name is misspelt, or is there twice"


def test_every_promise_names_a_test():
    lines = PAGE.splitlines()
    rows = [row for row in lines if row.startswith("| ") and not row.startswith("| Promise")]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


def test_every_counted_fault_test_is_on_the_page():
    """A test that counts into the table of faults, with the fixture ``tried``, proves a promise."""
    for path in sorted(TESTS.glob("faults/test_*.py")):
        if path.name in ABOUT_THESE:
            continue
        for node in functions_of(path):
            if "tried" in [argument.arg for argument in node.args.args]:
                name = f"faults/{path.name}::{node.name}"
                assert not node.name.startswith("test_") or name in NAMED, name
