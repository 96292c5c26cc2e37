"""``python -m course wheel``: build the wheel that set-up installs, and see that everything is in it."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from colorlib import __version__
from course.tool import course_config
from course.tool.cli import CourseError
from course.tool.course_config import ROOT

LIMIT = 16 * 1024**2
SMOKE = """\
import torch
from colorlib import color

rgb = torch.rand(1, 3, 4, 4)
torch.testing.assert_close(color.lab_to_rgb(color.rgb_to_lab(rgb)), rgb, atol=1e-3, rtol=0)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "--tag", help="the tag of a release: version, badges and set-up cells must agree"
    )
    parser.add_argument(
        "--try", dest="attempt", action="store_true", help="install it where nothing else is"
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Build into ``dist/``; 1 if something is wrong with it."""
    found = list(disagreements(args.tag, course_config.load(root))) if args.tag else []
    build(root, root / "dist", "sdist")
    wheel = build(root, root / "dist")
    found += contents(wheel, root)
    for line in found:
        print(line)
    if found:
        return 1
    print(
        f"{wheel.relative_to(root)}: {wheel.stat().st_size / 1024**2:.1f} MB, everything is in it."
    )
    if args.attempt:
        with tempfile.TemporaryDirectory(prefix="course-") as folder:
            python = Path(folder, "bin", "python")
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "--quiet", folder], check=True)
            subprocess.run(
                [*uv, "pip", "install", "--quiet", "--python", python, wheel], check=True
            )
            print(smoke(python))
    return 0


def build(root: Path, folder: Path, target: str = "wheel") -> Path:
    """Build one archive of the library and return its path."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        target,
        "--directory",
        str(folder),
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise CourseError(
            f"the {target} could not be built: {done.stderr.strip().splitlines()[-1]}"
        )
    ending = {"wheel": "-py3-none-any.whl", "sdist": ".tar.gz"}[target]
    return folder / f"colorlib_course-{__version__}{ending}"


def contents(wheel: Path, root: Path) -> Iterator[str]:
    """What is missing in a wheel, should not be there, or is too much; a sentence each."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = {name.rpartition("/")[2] for name in archive.namelist() if "/licenses/" in name}
    files = {
        path.relative_to(root).as_posix()
        for path in (root / "colorlib").rglob("*")
        if path.is_file()
    }
    files = {name for name in files if "__pycache__" not in name}
    for name in sorted(files - packed):
        yield f"{name} is not in the wheel: is it ignored by git?"
    for name in sorted(packed - files):
        yield f"{name} is in the wheel, but not in the library: delete it and build again."
    if missing := {"LICENSE", "LICENSE-content"} - licences:
        yield f"the wheel lacks {', '.join(sorted(missing))}: see license-files in pyproject.toml."
    if wheel.stat().st_size > LIMIT:
        yield f"the wheel has {wheel.stat().st_size} bytes, at most {LIMIT} may be: make the weights smaller."


def disagreements(tag: str, course: course_config.Course) -> Iterator[str]:
    """What does not fit the tag of a release, with the command that mends it."""
    if tag != f"v{__version__}":
        yield f"the tag is {tag}, the library's version {__version__}: change one of them."
    if course.branch != tag or not course.repository:
        yield (
            f"badges open {course.branch!r} of {course.address}, expected {tag!r} of the real place: "
            f"run python -m course build --repository {course_config.PLACEHOLDER} --branch {tag}, and commit."
        )


def smoke(python: Path) -> str:
    """Use the library that a Python has, far from its source; what ``colorlib --version`` says."""
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        subprocess.run([python, "-c", SMOKE], check=True, cwd=folder)
        command = [python.with_name("colorlib"), "--version"]
        said = subprocess.run(
            command, check=True, cwd=folder, capture_output=True, text=True
        ).stdout.strip()
    if not re.search(rf"\b{re.escape(__version__)}$", said):
        raise CourseError(
            f"colorlib --version says {said!r}, expected {__version__}: build the wheel again."
        )
    return said
