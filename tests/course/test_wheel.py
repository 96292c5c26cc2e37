"""The wheel: what is in it, and what does not match the tag of a release."""

import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace

import pytest

from colorlib import __version__
from course.tool import course_config, wheel
from course.tool.course_config import ROOT

CATALOG = "colorlib/data/catalog.toml"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return wheel.build(ROOT, tmp_path_factory.mktemp("dist"))


def test_wheel_has_every_file_of_the_library_only(archive):
    assert list(wheel.content_problems(archive, ROOT)) == []
    assert CATALOG in zipfile.ZipFile(archive).namelist()


def test_source_archive_has_the_library_only(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.iterdir()
    with tarfile.open(archive) as files:
        tops = {name.split("/")[1] for name in files.getnames()}
    added = {"PKG-INFO", "pyproject.toml", ".gitignore"}  # by hatchling
    assert tops - added == {"colorlib", "LICENSE", "LICENSE-content", "README.md"}


def test_content_problems_name_each_wrong_file(archive, tmp_path, monkeypatch):
    damaged = tmp_path / archive.name
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            if name != CATALOG and not name.endswith("/LICENSE-content"):
                target.writestr(name, source.read(name))
        target.writestr("colorlib/secret.py", "")
    monkeypatch.setattr(wheel, "MAX_BYTES", 1000)
    missing, extra, licence, size = wheel.content_problems(damaged, ROOT)
    assert missing.startswith(f"{CATALOG} is not in the wheel")
    assert extra.startswith("colorlib/secret.py is in the wheel, but not in the library")
    assert licence.startswith("the wheel lacks LICENSE-content")
    assert size.endswith("at most 1000 may be: make the weights smaller.")


def test_tag_problems_name_version_and_branch():
    course, tag = course_config.load(ROOT), f"v{__version__}"
    course = replace(course, repository="ada/colour", branch=tag)
    assert list(wheel.tag_problems(tag, course)) == []
    (line,) = wheel.tag_problems(tag, replace(course, branch="main"))
    assert f"--branch {tag}" in line
    assert len(list(wheel.tag_problems("v99.0.0", course))) == 2
