"""The tests that a change touches: chosen by what imports what."""

import subprocess

import pytest

from course.tool.cli import main
from course.tool.quick_tests import changed_files, find_tests

FILES = {
    "colorlib/__init__.py": "",
    "colorlib/color.py": "",
    "colorlib/unet.py": "def f():\n    from colorlib import color\n",
    "tests/test_color.py": "import colorlib.color\ndef test(): pass\n",
    "tests/test_unet.py": "from colorlib.unet import f\ndef test(): pass\n",
    "tests/test_other.py": "def test(): assert False\n",
    "tests/faults/test_slow.py": "import colorlib.color\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    for words in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm first"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)
    monkeypatch.setattr("course.tool.quick_tests.main.__defaults__", (tmp_path,))
    return tmp_path


def test_tests_are_ordered_by_their_distance_from_the_change(project):
    found = find_tests(project, ["colorlib/color.py"])
    assert found == {1: ["tests/test_color.py"], 2: ["tests/test_unet.py"]}
    assert find_tests(project, ["tests/test_other.py"]) == {0: ["tests/test_other.py"]}
    assert find_tests(project, ["README.md", "colorlib/gone.py"]) == {}


def test_changed_and_new_files_count_and_a_wrong_commit_is_named(project, capsys):
    assert changed_files(project, "HEAD") == []
    (project / "colorlib/color.py").write_text("x = 1\n")
    (project / "colorlib/new.py").write_text("")
    assert changed_files(project, "HEAD") == ["colorlib/color.py", "colorlib/new.py"]
    assert main(["quick", "--since", "nowhere"]) == 1
    assert "git could not compare with 'nowhere'" in capsys.readouterr().err


def test_only_tests_of_the_change_run_and_a_failure_is_the_exit_status(project, capfd):
    (project / "colorlib/color.py").write_text("x = 1\n")
    assert main(["quick"]) == 0
    out = capfd.readouterr().out
    assert "tests/test_color.py, tests/test_unet.py" in out and "2 passed" in out
    (project / "tests/test_color.py").write_text("def test(): assert False\n")
    assert main(["quick"]) == 1


def test_time_that_is_over_is_said(project, capsys):
    (project / "colorlib/color.py").write_text("x = 1\n")
    assert main(["quick", "--seconds", "0"]) == 0
    assert "2 test files further away did not run" in capsys.readouterr().out
