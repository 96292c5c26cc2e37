"""Where the time of ``make test`` goes: seconds of each notebook, and the slowest tests.

Run it with ``python -m benchmarks.notebooks``: some minutes, for it runs every solution. Tests are read from
what pytest left: ``pytest --junitxml=build/tests.xml``, then ``--junit build/tests.xml``. With ``--names 01``
only that notebook runs, with ``--names none`` no one.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from benchmarks.race import Report, command

_LINE = re.compile(r"^(\d\d_\w+)\s+(\d+\.\d+)\s+\d+\s+(.*)$", re.MULTILINE)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--names", nargs="*", default=[], help="notebooks; all if not given")
    parser.add_argument("--junit", type=Path, help="pytest's own report, for the slowest tests")
    parser.add_argument("--most", type=int, default=15, help="how many tests to list")


def run(names: Sequence[str] = (), junit: Path | None = None, most: int = 15) -> Report:
    """Run notebooks with the course's own runner, one at a time, and read a report of tests."""
    report = Report(
        "python -m benchmarks.notebooks", "seconds alone, kernel start included; one run of each"
    )
    if list(names) != ["none"]:
        words = [
            sys.executable,
            "-m",
            "course",
            "run",
            "--tree",
            "solutions",
            "--jobs",
            "1",
            *names,
        ]
        done = subprocess.run(words, capture_output=True, text=True)
        found = notebooks(done.stdout)
        if not found:
            told = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise SystemExit(
                f"course run told of no notebook ({told}); expected a line for each: run it alone"
            )
        report.facts |= {f"{name}, s": seconds for name, seconds in found.items()}
        report.facts["all notebooks, s"] = round(sum(found.values()), 1)
    if junit is None:
        report.missing.append("slowest tests: give --junit with the file of pytest --junitxml")
    else:
        found = junit_seconds(junit.read_text("utf-8"))
        slowest = sorted(found, key=found.get, reverse=True)[:most]
        report.facts |= {f"{name}, s": round(found[name], 2) for name in slowest}
        report.facts[f"all {len(found)} tests, s"] = round(sum(found.values()), 1)
    return report


def notebooks(printed: str) -> dict[str, float]:
    """Read the seconds of each notebook from what ``course run`` prints.

    Example:
        >>> notebooks("notebook  seconds  cells  result\\n01_colour    12.5     40  ok")
        {'01_colour': 12.5}
    """
    return {name: float(seconds) for name, seconds, _ in _LINE.findall(printed)}


def junit_seconds(xml: str) -> dict[str, float]:
    """Read the seconds of each test from pytest's JUnit report.

    Example:
        >>> junit_seconds('<testsuite><testcase classname="test_a" name="test_b" time="0.25"/></testsuite>')
        {'test_a::test_b': 0.25}
    """
    cases = ET.fromstring(xml).iter("testcase")
    return {
        f"{case.get('classname')}::{case.get('name')}": float(case.get("time", 0)) for case in cases
    }


if __name__ == "__main__":
    raise SystemExit(command(run, arguments))
