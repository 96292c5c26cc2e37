"""``python -m course wheel``: build the wheel that set-up installs, and check what is in it."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from colorlib import __version__
from course.tool import course_config
from course.tool.cli import CourseError
from course.tool.course_config import PLACEHOLDER, ROOT, Course

MAX_BYTES = 16 * 1024**2
SUFFIXES = {"wheel": "-py3-none-any.whl", "sdist": ".tar.gz"}
SMOKE_TEST = """\
import torch
from colorlib import color

rgb = torch.rand(1, 3, 4, 4)
torch.testing.assert_close(color.lab_to_rgb(color.rgb_to_lab(rgb)), rgb, atol=1e-3, rtol=0)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("--tag", help="of a release: version, badges and set-up cells must agree")
    parser.add_argument("--try", dest="install", action="store_true", help="install and use it")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Build into ``dist/``; return 1 if something is wrong."""
    problems = list(tag_problems(args.tag, course_config.load(root))) if args.tag else []
    build(root, root / "dist", "sdist")
    wheel = build(root, root / "dist")
    problems += content_problems(wheel, root)
    for line in problems:
        print(line)
    if problems:
        return 1
    size = wheel.stat().st_size / 1024**2
    print(f"{wheel.relative_to(root)}: {size:.1f} MB, everything is in it.")
    if args.install:
        with tempfile.TemporaryDirectory(prefix="course-") as folder:
            python = Path(folder, "bin", "python")
            uv = [sys.executable, "-m", "uv"]
            subprocess.run([*uv, "venv", "--quiet", folder], check=True)
            install = [*uv, "pip", "install", "--quiet", "--python", python, wheel]
            subprocess.run(install, check=True)
            print(smoke_test(python))
    return 0


def build(root: Path, folder: Path, target: str = "wheel") -> Path:
    """Build one archive of the library and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1]
        raise CourseError(f"the {target} could not be built: {reason}")
    return folder / f"colorlib_course-{__version__}{SUFFIXES[target]}"


def content_problems(wheel: Path, root: Path) -> Iterator[str]:
    """Yield a sentence for each file that is missing in a wheel, or should not be in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    packed = {name for name in names if ".dist-info/" not in name}
    licenses = {name.rpartition("/")[2] for name in names if "/licenses/" in name}
    paths = [path for path in (root / "colorlib").rglob("*") if path.is_file()]
    files = {path.relative_to(root).as_posix() for path in paths if "__pycache__" not in path.parts}
    for name in sorted(files - packed):
        yield f"{name} is not in the wheel: is it ignored by git?"
    for name in sorted(packed - files):
        yield f"{name} is in the wheel, but not in the library: delete it and build again."
    for name in sorted({"LICENSE", "LICENSE-content"} - licenses):
        yield f"the wheel lacks {name}: see license-files in pyproject.toml."
    size = wheel.stat().st_size
    if size > MAX_BYTES:
        yield f"the wheel has {size} bytes, at most {MAX_BYTES} may be: make the weights smaller."


def tag_problems(tag: str, course: Course) -> Iterator[str]:
    """Yield a sentence for each thing that does not match the tag of a release."""
    if tag != f"v{__version__}":
        yield f"the tag is {tag}, the library's version {__version__}: change one of them."
    if course.branch != tag or not course.repository:
        yield (
            f"badges open {course.branch!r} of {course.address}, expected {tag!r} of the real "
            f"place: run python -m course build --repository {PLACEHOLDER} --branch {tag}, "
            f"and commit."
        )


def smoke_test(python: Path) -> str:
    """Use the library that a Python has, away from its source; return ``colorlib --version``."""
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        subprocess.run([python, "-c", SMOKE_TEST], check=True, cwd=folder)
        command = [python.with_name("colorlib"), "--version"]
        done = subprocess.run(command, check=True, cwd=folder, capture_output=True, text=True)
    version = done.stdout.strip()
    if version.split()[-1] != __version__:
        raise CourseError(
            f"colorlib is {version!r}, expected {__version__}: build the wheel again."
        )
    return version
