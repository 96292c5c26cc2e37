"""``python -m course colab-versions FILE``: compare Colab's package versions with our list of them.

Colab publishes its ``pip freeze`` as ``pip-freeze.gpu.txt`` in the repository
googlecolab/backend-info. Our list is what the ``colab`` session of ``noxfile.py`` installs.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from course.tool.cli import CourseError
from course.tool.course_config import ROOT

OUR_LIST = "course/colab-2026-08.txt"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="Colab's list, a pip freeze")


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print each difference on a line; return 1 if there is one."""
    if not args.file.is_file():
        raise CourseError(f"{args.file} does not exist: download Colab's list of versions first.")
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    ours, published = (root / OUR_LIST).read_text("utf-8"), args.file.read_text("utf-8")
    lines = list(differences(ours, published, project["dependencies"]))
    print("\n".join(lines) or f"Colab has the versions of {OUR_LIST}.")
    return int(bool(lines))


def read_versions(text: str) -> dict[str, str]:
    """Return the pinned packages of a list by normalized name; other lines are ignored.

    Example:
        >>> read_versions("# Colab\\nScikit_Image==0.25.2\\ntorch==2.11.0+cu128\\nx @ https://h/x.whl")
        {'scikit-image': '0.25.2', 'torch': '2.11.0+cu128'}
    """
    pins = re.findall(r"(?m)^([\w.-]+)==(\S+)$", text)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pins}


def differences(ours: str, published: str, dependencies: list[str]) -> Iterator[str]:
    """Yield a line for each difference that a person has to look at.

    Args:
        ours: Our list of versions; ``2.11.*`` matches every version that begins so.
        published: Colab's list.
        dependencies: What the library needs; set-up would install what Colab does not meet.

    Raises:
        CourseError: If ``published`` is not a list of versions.
    """
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    on_colab = read_versions(published)
    if "torch" not in on_colab:
        raise CourseError("found no line torch==... in Colab's list, expected pip freeze: read it.")
    for name, version in read_versions(ours).items():
        if name not in on_colab:
            yield f"- {name}: {version} in {OUR_LIST}, no longer on Colab"
        elif not SpecifierSet(f"=={version}").contains(on_colab[name], prereleases=True):
            yield f"- {name}: {version} in {OUR_LIST}, {on_colab[name]} on Colab"
    for requirement in map(Requirement, dependencies):
        version = on_colab.get(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            found = version or "missing"
            yield f"- **{requirement}** is not met by Colab ({found}): set-up would install it"
