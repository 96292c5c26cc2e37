"""The wheel: what is in it, and what does not fit a release."""

import zipfile
from dataclasses import replace

import pytest

from colorlib import __version__
from course.tool import course_config, wheel
from course.tool.course_config import ROOT


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return wheel.build(ROOT, tmp_path_factory.mktemp("dist"))


def test_it_carries_every_file_of_the_library_and_nothing_else(archive):
    assert list(wheel.contents(archive, ROOT)) == []
    assert "colorlib/data/catalog.toml" in zipfile.ZipFile(archive).namelist()


def test_what_is_wrong_with_it_is_said(archive, tmp_path, monkeypatch):
    spoilt = tmp_path / archive.name
    with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(spoilt, "w") as part:
        for name in whole.namelist():
            if name != "colorlib/data/catalog.toml" and not name.endswith("/LICENSE-content"):
                part.writestr(name, whole.read(name))
        part.writestr("colorlib/secret.py", "")
    monkeypatch.setattr(wheel, "LIMIT", 1000)
    missing, more, licence, size = wheel.contents(spoilt, ROOT)
    assert missing.startswith("colorlib/data/catalog.toml is not in the wheel")
    assert more.startswith("colorlib/secret.py is in the wheel, but not in the library")
    assert licence.startswith("the wheel lacks LICENSE-content")
    assert size.endswith("at most 1000 may be: make the weights smaller.")


def test_a_release_fits_its_tag():
    course, tag = course_config.load(ROOT), f"v{__version__}"
    fits = replace(course, repository="ada/colour", branch=tag)
    assert list(wheel.disagreements(tag, fits)) == []
    (line,) = wheel.disagreements(tag, replace(fits, branch="main"))
    assert f"--branch {tag}" in line
    assert len(list(wheel.disagreements("v99.0.0", fits))) == 2
