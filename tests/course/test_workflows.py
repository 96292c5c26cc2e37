"""What the workflows and the steps of a release name exists: make targets, commands, options, outcomes."""

import argparse
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml

from course.tool import lanes
from course.tool.cli import COMMANDS, import_command
from course.tool.course_config import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8")))


def steps(path):
    for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
        yield from job["steps"]


def scripts(path):
    return [step["run"] for step in steps(path) if "run" in step]


def check_commands(text):
    """Every ``make X`` and every ``-m course X ...`` in a text can be run; how many there are."""
    targets = re.findall(r"(?<![\w-])make ([a-z-]+)", text)
    assert set(targets) <= TARGETS
    calls = re.findall(r"-m course ([a-z-]+)([^\n|`]*)", text)
    for command, words in calls:
        assert command in COMMANDS
        parser = argparse.ArgumentParser(exit_on_error=False)
        import_command(command).arguments(parser)
        parser.parse_args(shlex.split(words))
    return len(targets) + len(calls)


def test_there_are_three_workflows():
    assert [path.stem for path in WORKFLOWS] == ["ci", "release", "weekly"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_runs_exists(path):
    found = 0
    for script in scripts(path):
        found += check_commands(script)
        for file in re.findall(r"(?<![\w/])(?:course|\.ci)/[\w./-]+", script):
            assert (ROOT / file).exists(), file
        subprocess.run([shutil.which("bash"), "-n"], input=script, text=True, check=True)
    assert found
    ids = {step["id"] for step in steps(path) if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", path.read_text("utf-8"))) <= ids
    for step in steps(path):
        assert ("run" in step) != ("uses" in step)
        assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/x@v1"))


def test_what_the_steps_of_a_release_name_exists():
    assert check_commands((ROOT / "course/releasing.md").read_text("utf-8")) >= 4


def test_a_command_that_does_not_exist_is_found():
    for text in ("make tset", "python -m course lnes", "python -m course wheel --tga v1"):
        with pytest.raises((AssertionError, argparse.ArgumentError, SystemExit)):
            check_commands(text)


def test_colabs_lane_runs_lessons_before_colorlib_is_installed():
    plan = lanes.steps(lanes.COLAB, "python3.13", ROOT)
    names = list(plan)
    assert names.index("lessons") < names.index("install")
    assert not any("-e" in plan[name] for name in names[: names.index("lessons")])
    versions = str(ROOT / f"course/{lanes.COLAB}.txt")
    assert versions in plan["Colab's packages"] and versions in plan["install"]
    assert "lessons" not in lanes.steps("3.12", "python3.12", ROOT)


def test_spelling_is_read_inside_notebooks(tmp_path):
    """The settings of pyproject.toml find a mistake beside pictures, and find none in what is kept."""
    wrong = "Words that you recei" + "ve are fine, those you reci" + "eve are not."
    text = (ROOT / "solutions/01_colour_spaces.ipynb").read_text("utf-8")
    book = tmp_path / "book.ipynb"
    assert "**Predict" in text
    book.write_text(text.replace("**Predict", f"{wrong} **Predict", 1), "utf-8")
    command = [sys.executable, "-m", "codespell_lib", str(book)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and done.stdout.count("==>") == 1 and "==> receive" in done.stdout
