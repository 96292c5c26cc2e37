"""Start-up: what a person waits for before anything happens, each time in a process of its own.

Run it with ``python -m benchmarks.startup``: half a minute.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping

from benchmarks.race import Report, command, race

BASE = "bare Python"
STATEMENTS = {
    BASE: "pass",
    "import colorlib": "import colorlib",
    "the GPU, as a set-up cell asks": "from colorlib.notebook.environment import gpu_name; gpu_name()",
    "import torch": "import torch",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count")


def run(rounds: int = 7, statements: Mapping[str, str] = STATEMENTS) -> Report:
    """Race processes that do nothing but start."""
    report = Report(
        "python -m benchmarks.startup", "wall seconds of a process each; its files are cached"
    )
    calls = {name: process(["-c", code]) for name, code in statements.items()}
    calls["colorlib --help"] = process(["-m", "colorlib", "--help"])
    found = race("start-up", calls, rounds=rounds)
    report.races.append(found)
    above = {name: 1000 * (found.seconds(name) - found.seconds(BASE)) for name in list(calls)[1:]}
    report.facts = {
        f"{name}, ms above bare Python": round(value, 1) for name, value in above.items()
    }
    report.facts["loaded by a set-up cell that asks for the GPU"] = heavy(
        list(STATEMENTS.values())[2]
    )
    return report


def process(words: list[str]) -> Callable[[], object]:
    """Make a call that runs Python with these words, and fails if it does."""
    return lambda: subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


def heavy(code: str) -> str:
    """Name the slow packages that a piece of code loads."""
    packages = "torch", "numpy", "matplotlib", "PIL", "skimage", "ipywidgets"
    code += f"; import sys; print(*(m for m in {packages} if m in sys.modules))"
    words = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    return words.strip() or "none of " + ", ".join(packages)


if __name__ == "__main__":
    raise SystemExit(command(run, arguments))
