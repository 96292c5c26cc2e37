"""The time of ``make test``: seconds of each notebook, and the slowest tests.

Run it with ``python -m benchmarks.notebooks``: some minutes, because it runs every solution. Tests
are read from pytest's report: ``pytest --junitxml=build/tests.xml``, then ``--junit
build/tests.xml``. With ``--names 01`` only that notebook runs, with ``--names none`` none runs.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from benchmarks.timing import Report, command

_LINE = re.compile(r"^(\d\d_\w+)\s+(\d+\.\d+)\s+\d+\s+(.*)$", re.MULTILINE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--names", nargs="*", default=[], help="notebooks; all if not given")
    parser.add_argument("--junit", type=Path, help="pytest's own report, for the slowest tests")
    parser.add_argument("--max-tests", type=int, default=15, help="how many tests to list")


def run(names: Sequence[str] = (), junit: Path | None = None, max_tests: int = 15) -> Report:
    """Run notebooks with the course's own runner, one at a time, and read a report of tests."""
    protocol = "seconds of each alone, kernel start included; one run of each"
    report = Report("python -m benchmarks.notebooks", protocol)
    if list(names) != ["none"]:
        args = ["-m", "course", "run", "--tree", "solutions", "--jobs", "1", *names]
        finished = subprocess.run([sys.executable, *args], capture_output=True, text=True)
        found = parse_run(finished.stdout)
        if not found:
            last_line = (finished.stderr or finished.stdout).strip().splitlines()[-1:]
            raise SystemExit(
                f"course run printed no notebook ({last_line}); expected a line for each: "
                "run it alone"
            )
        report.facts |= {f"{name}, s": seconds for name, seconds in found.items()}
        report.facts["all notebooks, s"] = round(sum(found.values()), 1)
    if junit is None:
        report.missing.append("slowest tests: --junit names the file of pytest --junitxml")
    else:
        found = parse_junit(junit.read_text("utf-8"))
        slowest = sorted(found, key=found.get, reverse=True)[:max_tests]
        report.facts |= {f"{name}, s": round(found[name], 2) for name in slowest}
        report.facts[f"all {len(found)} tests, s"] = round(sum(found.values()), 1)
    return report


def parse_run(printed: str) -> dict[str, float]:
    """Return the seconds of each notebook from the output of ``course run``.

    Example:
        >>> parse_run("notebook  seconds  cells  result\\n01_colour    12.5     40  ok")
        {'01_colour': 12.5}
    """
    return {name: float(seconds) for name, seconds, _ in _LINE.findall(printed)}


def parse_junit(xml: str) -> dict[str, float]:
    """Return the seconds of each test from pytest's JUnit report.

    Example:
        >>> case = '<testcase classname="test_a" name="test_b" time="0.25"/>'
        >>> parse_junit(f"<testsuite>{case}</testsuite>")
        {'test_a::test_b': 0.25}
    """
    seconds = {}
    for case in ET.fromstring(xml).iter("testcase"):
        seconds[f"{case.get('classname')}::{case.get('name')}"] = float(case.get("time", 0))
    return seconds


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
