"""Start-up: the time before anything happens, measured in a new process each time.

Run it with ``python -m benchmarks.startup``: half a minute.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping

from benchmarks.timing import Report, command, time_interleaved

BASELINE = "bare Python"
GPU_NAME = "from colorlib.notebook.environment import gpu_name; gpu_name()"
STATEMENTS = {
    BASELINE: "pass",
    "import colorlib": "import colorlib",
    "gpu_name() of a set-up cell": GPU_NAME,
    "import torch": "import torch",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count")


def run(rounds: int = 7, statements: Mapping[str, str] = STATEMENTS) -> Report:
    """Time processes that only start."""
    protocol = "wall seconds of a process each; its files are cached"
    report = Report("python -m benchmarks.startup", protocol)
    calls = {name: build_call(["-c", code]) for name, code in statements.items()}
    calls["colorlib --help"] = build_call(["-m", "colorlib", "--help"])
    timing = time_interleaved("start-up", calls, rounds=rounds)
    report.timings.append(timing)
    for name in list(calls)[1:]:
        milliseconds = 1000 * (timing.seconds(name) - timing.seconds(BASELINE))
        report.facts[f"{name}, ms above bare Python"] = round(milliseconds, 1)
    report.facts["loaded by gpu_name() of a set-up cell"] = list_slow_imports(GPU_NAME)
    return report


def build_call(args: list[str]) -> Callable[[], object]:
    """Return a function that runs Python with these arguments, and raises if that fails."""
    return lambda: subprocess.run([sys.executable, *args], check=True, stdout=subprocess.DEVNULL)


def list_slow_imports(code: str) -> str:
    """Return the names of the slow packages that a piece of code imports."""
    packages = ("torch", "numpy", "matplotlib", "PIL", "skimage", "ipywidgets")
    code += f"; import sys; print(*(m for m in {packages} if m in sys.modules))"
    args = [sys.executable, "-c", code]
    finished = subprocess.run(args, check=True, capture_output=True, text=True)
    return finished.stdout.strip() or "none of " + ", ".join(packages)


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
