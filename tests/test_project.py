"""Project metadata: requirements, tested versions, make targets and release numbers agree."""

import re
import subprocess
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PYPROJECT["optional-dependencies"]


def requirements(lines: list[str]) -> dict[str, Requirement]:
    return {(r := Requirement(line)).name: r for line in lines}


def test_conda_users_get_the_same_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    conda = requirements([line for line in pip if not line.startswith("-e")])
    everything = requirements(PYPROJECT["dependencies"] + EXTRAS["course"] + EXTRAS["dev"])
    assert {name: str(r.specifier) for name, r in conda.items()} == {
        name: str(r.specifier) for name, r in everything.items()
    }
    assert "-e ." in pip
    wanted = (
        "jupyterlab torch torchvision fastai scikit-image matplotlib ipywidgets nbval papermill"
    )
    assert set(wanted.split()) <= set(conda)


def test_lower_bounds_only_and_none_above_colab():
    colab = dict(
        line.removesuffix(".*").split("==")
        for line in (ROOT / "course/colab-2026-08.txt").read_text().splitlines()
        if not line.startswith("#")
    )
    for name, requirement in requirements(PYPROJECT["dependencies"]).items():
        bounds = list(requirement.specifier)
        assert [bound.operator for bound in bounds] == [">="], f"{name}: lower bounds only"
        assert name not in colab or Version(bounds[0].version) <= Version(colab[name])


def test_tested_versions_are_of_packages_that_we_name():
    named = set(requirements(PYPROJECT["dependencies"] + EXTRAS["course"] + EXTRAS["dev"]))
    pinned = requirements(
        [
            line
            for line in (ROOT / "course/tested-versions.txt").read_text().splitlines()
            if line[0] != "#"
        ]
    )
    assert named <= set(pinned)
    assert set(pinned) - named == {"ipykernel", "ipython"}  # they draw what a notebook shows


def test_make_help_has_a_line_for_every_target():
    text = (ROOT / "Makefile").read_text()
    phony = set(re.search(r"\.PHONY: (.*)", text)[1].split())
    assert phony == set(re.findall(r"(?m)^([a-z-]+):.*## \S", text))
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert all(f"make {target} " in listed for target in phony)


def test_ci_calls_the_two_commands():
    script = (ROOT / ".ci/run").read_text()
    assert "make test" in script and "make course" in script
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert any(
        step.get("run") == "bash .ci/run" for step in workflow["jobs"]["everything"]["steps"]
    )


def test_versions_agree():
    from colorlib import __version__

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
