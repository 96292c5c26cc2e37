"""The page of promises names tests that exist, and includes every fault test."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "course/hard-to-break.md").read_text("utf-8")
NAMES = re.findall(r"`((?:faults|colorlib|course)/test_\w+\.py::test_\w+)`", PAGE)
NO_PROMISES = {"test_trials_table.py", "test_promises.py"}  # they test the table and the page


def find_functions(path):
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_page_names_existing_tests_once():
    assert len(NAMES) == len(set(NAMES)) == len(re.findall(r"\w::test_\w+", PAGE))
    existing = set()
    for filename in {name.partition("::")[0] for name in NAMES}:
        path = TESTS / filename
        assert path.exists(), filename
        existing |= {f"{filename}::{node.name}" for node in find_functions(path)}
    assert set(NAMES) - existing == set()


def test_page_promises_each_name_a_test():
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith("| Promise")]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


def test_page_includes_every_recorded_test():
    """A test with the fixture ``record_trials`` counts into the table, so it proves a promise."""
    missing = []
    for path in sorted(TESTS.glob("faults/test_*.py")):
        for node in find_functions(path):
            name = f"faults/{path.name}::{node.name}"
            is_recorded = "record_trials" in [argument.arg for argument in node.args.args]
            if path.name not in NO_PROMISES and is_recorded and name not in NAMES:
                missing.append(name)
    assert missing == []
