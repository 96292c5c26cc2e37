"""Workflows, the steps of a release and noxfile.py name make targets and commands that exist."""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import yaml

from course.tool.cli import COMMANDS, import_command
from course.tool.course_config import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8")))


def steps(path):
    for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values():
        yield from job["steps"]


def check_commands(text):
    """Check every ``make X`` and ``-m course X ...`` of a text; return how many there are."""
    targets = re.findall(r"(?<![\w-])make ([a-z-]+)", text)
    assert set(targets) <= TARGETS
    calls = re.findall(r"-m course ([a-z-]+)([^\n|`]*)", text)
    for command, words in calls:
        assert command in COMMANDS
        parser = argparse.ArgumentParser(exit_on_error=False)
        module = import_command(command)
        if hasattr(module, "arguments"):
            module.arguments(parser)
        parser.parse_args(shlex.split(words))
    return len(targets) + len(calls)


def test_there_are_four_workflows():
    assert [path.stem for path in WORKFLOWS] == ["ci", "pages", "release", "weekly"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_commands_and_files_exist(path):
    commands = 0
    for script in (step["run"] for step in steps(path) if "run" in step):
        commands += check_commands(script)
        for file in re.findall(r"(?<![\w/])(?:course|\.ci)/[\w./-]+", script):
            assert (ROOT / file).exists(), file
        subprocess.run([shutil.which("bash"), "-n"], input=script, text=True, check=True)
    assert commands
    ids = {step["id"] for step in steps(path) if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", path.read_text("utf-8"))) <= ids
    for step in steps(path):
        assert ("run" in step) != ("uses" in step)
        action = step.get("uses", "actions/x@v1")
        assert re.fullmatch(r"(actions/[\w-]+|mamba-org/setup-micromamba)@v\d+", action)


def test_weekly_workflow_covers_other_systems_and_versions_to_come():
    jobs = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]
    assert jobs["systems"]["strategy"]["matrix"]["system"] == ["windows-latest", "macos-latest"]
    scripts = [step.get("run", "") for step in jobs["systems"]["steps"]]
    assert any("pytest" in script and "tests/colorlib" in script for script in scripts)
    assert not re.search(r"\bmake\b", "\n".join(scripts)), "Windows has no make"
    rows = jobs["newest"]["strategy"]["matrix"]["include"]
    assert {row["python"] for row in rows} >= {"3.14"} and any("nightly" in row for row in rows)
    everything = {name for name in jobs if name != "issue"}
    assert set(jobs["issue"]["needs"]) == everything and jobs["issue"]["if"] == "failure()"


def test_weekly_workflow_builds_the_environment_of_conda_users():
    jobs = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]
    job = jobs["conda"]
    (build,) = (step for step in job["steps"] if "micromamba" in step.get("uses", ""))
    assert build["with"]["environment-file"] == "environment.yml"
    assert job["defaults"]["run"]["shell"] == "bash -el {0}", "a login shell activates it"
    scripts = " ".join(step.get("run", "") for step in job["steps"])
    for file in re.findall(r"(?:tests|solutions)/\S+", scripts):
        assert (ROOT / file).exists(), file
    assert "pytest tests/colorlib" in scripts and "--nbval-lax" in scripts


def test_release_steps_name_commands_that_exist():
    assert check_commands((ROOT / "course/releasing.md").read_text("utf-8")) >= 4


@pytest.mark.parametrize(
    "text", ["make tset", "python -m course lnes", "python -m course wheel --tga v1"]
)
def test_command_that_does_not_exist_is_found(text):
    with pytest.raises((AssertionError, argparse.ArgumentError, SystemExit)):
        check_commands(text)


class RecordingSession:
    """Record the commands of a nox session."""

    bin = "venv/bin"

    def __init__(self):
        self.commands = []

    def install(self, *words):
        self.commands.append(("install", *words))

    def run(self, *words, **options):
        self.commands.append(words)


@pytest.fixture(scope="module")
def noxfile():
    spec = spec_from_file_location("noxfile", ROOT / "noxfile.py")
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.environ["PATH"])  # the file changes it
        spec.loader.exec_module(module)
    return module


def commands_of(function):
    session = RecordingSession()
    function(session)
    return [" ".join(words) for words in session.commands]


@pytest.mark.parametrize("place", ["colab", "kaggle"])
def test_hosted_session_runs_lessons_before_colorlib(noxfile, place):
    versions = {"colab": noxfile.COLAB_VERSIONS, "kaggle": noxfile.KAGGLE_VERSIONS}[place]
    packages, lessons, install, library, solutions = commands_of(getattr(noxfile, place).func)
    assert f"--requirement {versions}" in packages and "torch>=" in packages
    assert (ROOT / versions).exists() and "-e" not in packages.split()
    assert lessons.endswith("-m course standalone --python venv/bin/python")
    assert install == f"install -e .[course,dev] --constraint {versions}"
    assert "tests/colorlib" in library
    assert "-m course offline python -m pytest --nbval-lax" in solutions


def test_binder_session_installs_what_binder_does(noxfile):
    install, library, solutions = commands_of(noxfile.binder.func)
    assert install == f"install -e .[course,dev] --constraint {noxfile.BINDER_VERSIONS}"
    assert "tests/colorlib" in library and solutions.endswith("solutions")
    python = (ROOT / ".binder/runtime.txt").read_text("utf-8").strip()
    assert python == f"python-{noxfile.binder.python}"


def test_all_hosts_are_among_the_sessions(noxfile):
    assert {"colab", "kaggle", "binder"} <= set(noxfile.nox.options.sessions)


def test_python_sessions_skip_the_lessons(noxfile):
    install, library, solutions = commands_of(noxfile.tests.func)
    assert install == "install -e .[course,dev]"
    assert "tests/colorlib" in library and solutions.endswith("solutions")
    for command in (library, solutions):
        check_commands(command)


def test_codespell_reads_inside_notebooks(tmp_path):
    """The settings of pyproject.toml find a mistake next to pictures, and no false ones."""
    wrong = "Words that you recei" + "ve are fine, those you reci" + "eve are not."
    text = (ROOT / "solutions/01_colour_spaces.ipynb").read_text("utf-8")
    book = tmp_path / "book.ipynb"
    assert "**Predict" in text
    book.write_text(text.replace("**Predict", f"{wrong} **Predict", 1), "utf-8")
    command = [sys.executable, "-m", "codespell_lib", str(book)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and done.stdout.count("==>") == 1 and "==> receive" in done.stdout
