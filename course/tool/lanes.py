"""Lanes: the tests and the solutions in other environments, each built afresh by uv.

One lane for every Python that the machine has and the course supports, and one with the versions of Colab's
image. A lane runs the tests of the library and compares the solutions' outputs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from course.tool.table import ROOT

PYTHONS = ("3.11", "3.12", "3.13")
COLAB = "colab-2026-08"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name lanes to run only those."""
    names = [*PYTHONS, COLAB]
    parser.add_argument("lanes", nargs="*", metavar="LANE", help=f"of {', '.join(names)}; all by default")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Run the lanes one after the other and print a table of what came of them."""
    own = "{}.{}".format(*sys.version_info)
    wanted = args.lanes or [*(version for version in PYTHONS if version != own), COLAB]
    results = {}
    for lane in wanted:
        python = _python("3.13" if lane == COLAB else lane) or (sys.executable if lane == COLAB else None)
        start = time.monotonic()
        outcome = _run(lane, python, root) if python else "left out: this Python is not on the machine"
        results[lane] = f"{time.monotonic() - start:5.0f} s  {outcome}"
    for lane, result in results.items():
        print(f"lane {lane:14} {result}")
    return int(any("failed" in result for result in results.values()))


def _python(version: str) -> str | None:
    """Find an interpreter that really starts: a version manager's shim may be there without one."""
    candidate = shutil.which(f"python{version}")
    if candidate is None:
        return None
    command = [candidate, "-c", "import sys; print(sys.executable)"]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode == 0:
        return answer.stdout.strip()
    homes = sorted(
        (Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions").glob(f"{version}.*")
    )
    return str(homes[-1] / "bin" / "python") if homes else None


def _run(lane: str, python: str, root: Path) -> str:
    home = root / ".lanes" / lane
    mine = home / "bin" / "python"
    constraint = ["--constraint", str(root / f"course/{COLAB}.txt")] if lane == COLAB else []
    uv = [sys.executable, "-m", "uv"]
    compare = ["--nbval-lax", "--nbval-cell-timeout=120", "solutions", "-n", "2", "--dist", "loadscope"]
    steps = {
        "environment": [*uv, "venv", "--quiet", "--clear", "--python", python, str(home)],
        "install": [
            *uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            str(mine),
            *constraint,
            "-e",
            ".[course,dev]",
        ],
        "library tests": [str(mine), "-m", "pytest", "-n", "2", "tests/colorlib", "colorlib"],
        "solutions": [str(mine), "-m", "course", "offline", str(mine), "-m", "pytest", *compare],
    }
    env = os.environ | {"COURSE_EXPECT": "solution", "JUPYTER_PREFER_ENV_PATH": "1"}
    for name, command in steps.items():
        print(f"lane {lane}: {name}", flush=True)
        if subprocess.run(command, cwd=root, env=env).returncode:
            return f"failed at: {name}"
    return "passed"
