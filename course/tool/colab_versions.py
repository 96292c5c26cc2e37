"""``python -m course colab-versions FILE``: what has moved on Colab since the lanes' list of its versions.

Colab publishes its ``pip freeze`` as ``pip-freeze.gpu.txt`` in the repository googlecolab/backend-info.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from course.tool.cli import CourseError
from course.tool.course_config import ROOT

KNOWN = "course/colab-2026-08.txt"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="Colab's list, in the form of pip freeze"
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print what differs, a line each; 1 if something does."""
    if not args.file.is_file():
        raise CourseError(
            f"{args.file} does not exist, expected Colab's list of versions: fetch it first."
        )
    needed = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    texts = (root / KNOWN).read_text("utf-8"), args.file.read_text("utf-8")
    lines = list(differences(*texts, needed))
    print("\n".join(lines) or f"Colab has the versions of {KNOWN}.")
    return int(bool(lines))


def versions(text: str) -> dict[str, str]:
    """The pinned packages of a list, by normalised name; lines of another form are left out.

    Example:
        >>> versions("# Colab\\nScikit_Image==0.25.2\\ntorch==2.11.0+cu128\\ncudf @ https://host/cudf.whl")
        {'scikit-image': '0.25.2', 'torch': '2.11.0+cu128'}
    """
    pins = re.findall(r"(?m)^([\w.-]+)==(\S+)$", text)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}


def differences(known: str, published: str, needed: list[str]) -> Iterator[str]:
    """What a person has to look at.

    Args:
        known: The versions that the lanes use; ``2.11.*`` stands for every version that begins so.
        published: Colab's list.
        needed: The library's dependencies; one that Colab does not meet would be installed by set-up.

    Raises:
        CourseError: if ``published`` is no list of versions.
    """
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    there = versions(published)
    if "torch" not in there:
        raise CourseError(
            "found no line torch==... in Colab's list, expected pip freeze: look at the file."
        )
    for name, version in versions(known).items():
        if name not in there:
            yield f"- {name}: {version} in {KNOWN}, no longer on Colab"
        elif not SpecifierSet(f"=={version}").contains(there[name], prereleases=True):
            yield f"- {name}: {version} in {KNOWN}, {there[name]} on Colab"
    for requirement in map(Requirement, needed):
        version = there.get(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            yield f"- **{requirement}** is not met by Colab ({version or 'missing'}): set-up would install it"
