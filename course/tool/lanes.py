"""Lanes: the tests and the solutions in other environments, each built afresh by uv.

One lane for every Python that the machine has and the course supports, and one with the versions of Colab's
image. A lane runs the tests of the library and compares the solutions' outputs. Colab's lane first runs each
lesson alone (:mod:`course.tool.standalone`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from course.tool.course_config import ROOT

PYTHONS = ("3.11", "3.12", "3.13")
COLAB = "colab-2026-08"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Name lanes to run only those."""
    names = [*PYTHONS, COLAB]
    parser.add_argument(
        "lanes", nargs="*", metavar="LANE", help=f"of {', '.join(names)}; all by default"
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Run the lanes one after the other and print a table of what came of them."""
    own = "{}.{}".format(*sys.version_info)
    wanted = args.lanes or [*(version for version in PYTHONS if version != own), COLAB]
    results = {}
    for lane in wanted:
        python = (
            _python("3.13") or _python("3.11") or sys.executable if lane == COLAB else _python(lane)
        )
        start = time.monotonic()
        outcome = (
            _run(lane, python, root) if python else "left out: this Python is not on the machine"
        )
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
        (Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions").glob(
            f"{version}.*"
        )
    )
    return str(homes[-1] / "bin" / "python") if homes else None


def _run(lane: str, python: str, root: Path) -> str:
    env = os.environ | {"COURSE_EXPECT": "solution", "JUPYTER_PREFER_ENV_PATH": "1"}
    env["OMP_NUM_THREADS"] = (
        "1"  # two processes at a time, which would wait for each other's threads
    )
    for name, command in steps(lane, python, root).items():
        print(f"lane {lane}: {name}", flush=True)
        if subprocess.run(command, cwd=root, env=env).returncode:
            return f"failed at: {name}"
    return "passed"


def steps(lane: str, python: str, root: Path) -> dict[str, list[str]]:
    """The commands of a lane, in order; the first that fails ends it.

    Colab's lane begins without colorlib, with Colab's packages alone, and runs the lessons as Colab would.
    """
    home = root / ".lanes" / lane
    mine = str(home / "bin" / "python")
    uv = [sys.executable, "-m", "uv"]
    install = [*uv, "pip", "install", "--quiet", "--python", mine]
    compare = [
        "--nbval-lax",
        "--nbval-cell-timeout=120",
        "solutions",
        "-n",
        "2",
        "--dist",
        "loadscope",
    ]
    everything = {
        "environment": [*uv, "venv", "--quiet", "--clear", "--python", python, str(home)],
        "install": [*install, "-e", ".[course,dev]"],
        "library tests": [mine, "-m", "pytest", "-n", "2", "tests/colorlib", "colorlib"],
        "solutions": [mine, "-m", "course", "offline", mine, "-m", "pytest", *compare],
    }
    if lane != COLAB:
        return everything
    versions = str(root / f"course/{COLAB}.txt")
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    everything["install"] += ["--constraint", versions]
    return {
        "environment": [*everything.pop("environment"), "--seed"],
        "Colab's packages": [*install, "--requirement", versions, *project],
        "lessons": [sys.executable, "-m", "course", "standalone", "--python", mine],
        **everything,
    }
