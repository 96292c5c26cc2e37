"""``python -m course quick``: run the tests that a change touches, the nearest ones first.

What imports what is read from the source files. A test that imports a changed file itself is
nearest; a test of a file that imports it comes after. Tests that run a changed notebook, text or
table are not chosen: ``make test`` runs them.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from course.tool.cli import CourseError
from course.tool.course_config import ROOT

FOLDERS = ("benchmarks", "colorlib", "course", "tests")
BATCH = 4  # test files for each start of pytest, which takes seconds
LEFT_OUT = ("tests/browser/", "tests/faults/")  # slow; make test runs them


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    since = "a commit; default: HEAD, so that what is not committed counts as changed"
    parser.add_argument("--since", default="HEAD", metavar="COMMIT", help=since)
    seconds = "begin no further tests after this time; those nearest to the change come first"
    parser.add_argument("--seconds", type=float, default=45, help=seconds)


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Run the tests, a group for each distance from the change; stop at the first that fails."""
    changed = changed_files(root, args.since)
    groups = find_tests(root, changed)
    if not groups:
        print(f"{len(changed)} changed files, and no test imports one of them.")
        return 0
    begin, environment = time.monotonic(), os.environ | {"OMP_NUM_THREADS": "1"}
    pending = [(distance, file) for distance, files in sorted(groups.items()) for file in files]
    while pending and time.monotonic() - begin < args.seconds:
        batch, pending = pending[:BATCH], pending[BATCH:]
        files = [file for _, file in batch]
        print(f"distance {batch[0][0]} to {batch[-1][0]}: {', '.join(files)}", flush=True)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--no-header", *files]
        if status := subprocess.run(command, cwd=root, env=environment, check=False).returncode:
            return status
    if pending:
        print(f"The time is over: {len(pending)} test files further away did not run.")
    return 0


def changed_files(root: Path, since: str) -> list[str]:
    """Return the paths of files that differ from a commit, and of those that git does not know.

    Raises:
        CourseError: If git does not know the commit.
    """
    found = []
    for command in (
        ["git", "diff", "--name-only", since, "--"],
        ["git", "ls-files", "--others", "--exclude-standard"],
    ):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CourseError(f"git could not compare with {since!r}: name a commit that exists.")
        found += done.stdout.splitlines()
    return sorted(found)


def find_tests(root: Path, changed: Iterable[str]) -> dict[int, list[str]]:
    """Return test files by the number of imports between them and a changed file.

    Example:
        >>> find_tests(ROOT, ["colorlib/fusion.py"])[1]
        ['tests/colorlib/test_fusion.py']
    """
    importers = read_importers(root)
    distances = {path: 0 for path in changed if path.endswith(".py")}
    reached = list(distances)
    for path in reached:  # grows while it is read: breadth first
        for importer in importers.get(path, ()):
            if importer not in distances:
                distances[importer] = distances[path] + 1
                reached.append(importer)
    groups: dict[int, list[str]] = {}
    for path in sorted(distances):
        is_test = path.startswith("tests/") and Path(path).name.startswith("test_")
        if is_test and not path.startswith(LEFT_OUT) and (root / path).exists():
            groups.setdefault(distances[path], []).append(path)
    return groups


def read_importers(root: Path) -> Mapping[str, set[str]]:
    """Return for each Python file of the project the files that import it."""
    paths = [path for folder in FOLDERS for path in (root / folder).rglob("*.py")]
    names = {}
    for path in paths:
        relative = path.relative_to(root)
        parts = relative.parent.parts if path.stem == "__init__" else relative.with_suffix("").parts
        names[".".join(parts)] = relative.as_posix()
    importers: dict[str, set[str]] = {}
    for path in paths:
        for name in imported_names(path.read_text("utf-8")):
            if name in names:
                importers.setdefault(names[name], set()).add(path.relative_to(root).as_posix())
    return importers


def imported_names(source: str) -> set[str]:
    """Return the names that a source file imports, also inside of functions.

    Example:
        >>> sorted(imported_names("from colorlib import color"))
        ['colorlib', 'colorlib.color']
    """
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
