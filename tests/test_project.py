"""What the project promises about itself: layers, length, laziness, packages named alike, versions."""

import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PYPROJECT["optional-dependencies"]
MODULES = sorted((ROOT / "colorlib").rglob("*.py"))

# Lowest first: a module imports only what stands before it. Layers as in the overview: 0 colour, files and
# photos; 1 scenes; 2 data; 5 figures, widgets, checks.
ORDER = [
    "files",
    "locks",
    "tensor_checks",
    "precision",
    "cie",
    "color",
    "modes",
    "decode",
    "images",
]
ORDER += [
    "colab",
    "metrics",
    "scenes",
    "film",
    "configs",
    "generators",
    "discriminators",
    "losses",
    "data",
]
ORDER += [
    "checkpoint",
    "colorize",
    "shipped",
    "evaluate",
    "training",
    "recipes",
    "show",
    "compare",
    "widgets",
    "check",
    "cli",
    "__main__",
]
CODE_LINES = (
    5800  # of colorlib without check/ and the tables of recipes: what can be read in an evening
)


def part(path: Path) -> str:
    """Name the module or package directly under colorlib that a file belongs to."""
    return path.relative_to(ROOT / "colorlib").parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """List what a file imports, as dotted names, at its top and inside its functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            assert all(alias.name != "*" for alias in node.names), f"{path}: star import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_to_lower_layers_only(path):
    names = imported(path)
    assert not any(name.split(".")[0] == "course" for name in names)
    if path == ROOT / "colorlib/__init__.py":
        assert not any(name.startswith("colorlib") for name in names)
        return
    place = ORDER.index(part(path))
    for name in (name.split(".")[1] for name in names if name.startswith("colorlib.")):
        if name != "__version__":
            assert name == part(path) or ORDER.index(name) < place, f"{part(path)} imports {name}"


def code_lines(path: Path) -> int:
    """Count the lines that hold code: no blank lines, comments or docstrings."""
    source, lines = path.read_text("utf-8"), set()
    docstrings = set()
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
            and ast.get_docstring(node) is not None
        ):
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    skip = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skip:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - docstrings)


def test_the_library_can_be_read_in_an_evening():
    tables = {
        f"recipes/{name}.py" for name in ("papers", "notes", "experiments")
    }  # read by the row
    counts = {path: code_lines(path) for path in MODULES if part(path) != "check"}
    assert tables <= {path.relative_to(ROOT / "colorlib").as_posix() for path in counts}
    counts = {path: n for path, n in counts.items() if not path.as_posix().endswith(tuple(tables))}
    assert 0 < sum(counts.values()) <= CODE_LINES
    for path in MODULES:
        table = re.fullmatch(
            r"lesson\d\d\.py", path.name
        )  # exercises, mistakes and hints: read by the row
        lines = len(path.read_text("utf-8").splitlines())
        assert lines <= (350 if table else 250), f"split {path}: one idea each"


def test_importing_the_package_is_lazy():
    heavy = "torch", "numpy", "matplotlib", "PIL", "skimage", "ipywidgets"
    code = f"import sys, colorlib; found = [m for m in {heavy} if m in sys.modules]; assert not found, found"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


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
