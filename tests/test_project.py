"""Project metadata: requirements, versions and make targets agree; files suit every system."""

import ast
import doctest
import json
import os
import re
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PYPROJECT["optional-dependencies"]


def requirements(lines: list[str]) -> dict[str, Requirement]:
    return {(r := Requirement(line)).name: r for line in lines}


def test_conda_users_get_the_same_packages():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
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


@pytest.mark.parametrize("image", ["colab-2026-08", "kaggle-2026-09"])
def test_lower_bounds_only_and_none_above_an_image(image):
    lines = (ROOT / f"course/{image}.txt").read_text("utf-8").splitlines()
    installed = {}
    for line in lines:
        if not line.startswith("#"):
            name, version = re.fullmatch(r"([\w-]+)[=>]=([\d.]+)(?:\*|,<=[\d.]+)?", line).groups()
            installed[name] = Version(version.removesuffix("."))
    wanted = requirements(PYPROJECT["dependencies"])
    for name, requirement in wanted.items():
        bounds = list(requirement.specifier)
        assert [bound.operator for bound in bounds] == [">="], f"{name}: lower bounds only"
        assert name not in installed or Version(bounds[0].version) <= installed[name]
    assert {"torch", "torchvision", "numpy", "matplotlib"} <= set(installed) & set(wanted)


def test_tested_versions_are_of_packages_that_we_name():
    named = set(requirements(PYPROJECT["dependencies"] + EXTRAS["course"] + EXTRAS["dev"]))
    pinned = requirements(
        [
            line
            for line in (ROOT / "course/tested-versions.txt").read_text("utf-8").splitlines()
            if line[0] != "#"
        ]
    )
    assert named <= set(pinned)
    assert set(pinned) - named == {"ipykernel", "ipython"}  # they draw what a notebook shows


@pytest.mark.skipif(os.name == "nt", reason="Windows has no make")
def test_make_help_has_a_line_for_every_target():
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.search(r"\.PHONY: (.*)", text)[1].split())
    assert phony == set(re.findall(r"(?m)^([a-z-]+):.*## \S", text))
    listed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert all(f"make {target} " in listed for target in phony)


def test_ci_calls_the_two_commands():
    script = (ROOT / ".ci/run").read_text("utf-8")
    assert "make test" in script and "make course" in script
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    assert any(
        step.get("run") == "bash .ci/run" for step in workflow["jobs"]["everything"]["steps"]
    )


def test_versions_agree():
    from colorlib import __version__

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def warn_from(module, category):
    """Warn as a package does when the code of a module calls something that it has deprecated."""
    code = "import warnings\nwarnings.warn('this will be removed', category)"
    exec(code, {"__name__": module, "category": category})


@pytest.mark.parametrize("module", ["colorlib", "colorlib.io.files", "course.tool.cli"])
@pytest.mark.parametrize("category", [DeprecationWarning, FutureWarning, PendingDeprecationWarning])
def test_deprecated_call_in_our_code_is_an_error(module, category):
    with pytest.raises(category):
        warn_from(module, category)
    with warnings.catch_warnings(record=True):
        warn_from("another.package", category)


def test_only_a_benchmark_uses_torchvisions_decoders():
    """TorchVision 0.29 announces their removal, and names its own module in the warning."""
    uses = [
        path
        for path in tracked_files()
        if path.endswith((".py", ".ipynb")) and not path.startswith("tests/")
        if "torchvision.io" in (ROOT / path).read_text("utf-8")
    ]
    assert uses in ([], ["benchmarks/data_loading.py"])


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, encoding="utf-8"
    )
    return listed.stdout.rstrip("\0").split("\0")


RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{i}" for port in ("com", "lpt") for i in range(10)),
}


def refused_names(paths):
    """Return the paths that Windows or macOS cannot hold, or cannot hold all at once."""
    parts = {path: path.split("/") for path in paths}
    folders = {"/".join(words[:end]) for words in parts.values() for end in range(1, len(words))}
    folded = [name.casefold() for name in {*paths, *folders}]
    refused = [name for name in {*paths, *folders} if folded.count(name.casefold()) > 1]
    for path, words in parts.items():
        reserved = any(word.split(".")[0].strip().lower() in RESERVED for word in words)
        odd = re.search(r'[<>:"|?*\\\x00-\x1f]|[. ](/|$)|[^\x00-\x7f]', path)
        if reserved or odd or len(path) > 120:  # Windows allows 260 with the folders above
            refused.append(path)
    return refused


def test_file_names_suit_windows_and_macos():
    assert len(tracked_files()) > 400
    assert refused_names(tracked_files()) == []


@pytest.mark.parametrize(
    "paths",
    [
        ["course/aux.py"],
        ["Nul"],
        ["lessons/a:b.ipynb"],
        ["a /b.py"],
        ["name."],
        ["README.md", "readme.md"],
        ["Course/a.py", "course/b.py"],
        ["x" * 121],
        ["é.png"],
    ],
)
def test_file_name_that_windows_or_macos_refuses_is_found(paths):
    assert refused_names(paths)


def test_text_files_have_the_same_line_ends_everywhere():
    listed = subprocess.run(
        ["git", "ls-files", "--eol"], cwd=ROOT, capture_output=True, check=True, encoding="utf-8"
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    text = [row for row in rows if row[0] not in ("i/-text", "i/none")]
    assert len(text) > 400
    for index, _, rest in text:
        assert index == "i/lf" and "eol=lf" in rest, rest
    assert all("attr/-text" in row[2] for row in rows if row[0] == "i/-text"), "name it binary"


def python_files():
    folders = ("colorlib", "course", "benchmarks")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in files if "node_modules" not in path.parts]


def opened_without_encoding(source):
    """Return the calls that open a text file in the code page of the system, as lines of code."""
    found = []
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        words = [ast.unparse(argument) for argument in call.args]
        is_open = isinstance(call.func, ast.Name) and name == "open"
        mode = words[1] if is_open and len(words) > 1 else "'r'"
        opens_text = is_open and "b" not in mode and "devnull" not in words[0]
        position = {"read_text": 0, "write_text": 1}.get(name, 9)
        takes_encoding = opens_text or position < 9
        named = any(word.arg == "encoding" for word in call.keywords) or len(words) > position
        is_method = isinstance(call.func, ast.Attribute) or is_open
        of_linux = "/proc/" in ast.unparse(call)
        if takes_encoding and is_method and not named and not of_linux:
            found.append(ast.unparse(call))
    return found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Path(a).read_text()", 1),
        ("a.write_text(b)", 1),
        ("open(a)", 1),
        ("open(a, 'w')", 1),
        ("a.read_text('utf-8')", 0),
        ("a.write_text(b, encoding='utf-8')", 0),
        ("open(a, 'rb')", 0),
        ("open(a, encoding='utf-8')", 0),
        ("read_text(a)", 0),
    ],
)
def test_open_without_encoding_is_found(source, found):
    assert len(opened_without_encoding(source)) == found


def test_files_are_opened_with_an_encoding():
    found = {
        path.relative_to(ROOT).as_posix(): calls
        for path in python_files()
        if (calls := opened_without_encoding(source := path.read_text("utf-8")))
        and "/proc/" not in source  # what Linux writes there is ASCII
    }
    assert found == {}


UNIX_ONLY = {"crypt", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}


def unix_imports(path):
    """Return the modules that only Unix has and that a file imports as soon as it is imported."""
    nodes = list(ast.parse(path.read_text("utf-8")).body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & UNIX_ONLY
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} & UNIX_ONLY
        elif not isinstance(node, ast.FunctionDef):
            nodes += ast.iter_child_nodes(node)
    return found


def test_only_the_grader_needs_unix():
    found = {path.relative_to(ROOT).as_posix() for path in python_files() if unix_imports(path)}
    assert {path.rsplit("/", 1)[0] for path in found} == {"course/tool/grade"}


def test_page_on_large_classes_calculates_correctly():
    results = doctest.testfile(str(ROOT / "course/large-classes.md"), module_relative=False)
    assert results.attempted > 5 and not results.failed


def test_files_for_other_homes_name_what_exists():
    image = (ROOT / "Dockerfile").read_text("utf-8")
    copied = [word for words in re.findall(r"(?m)^COPY (.*) \S+$", image) for word in words.split()]
    assert "colorlib" in copied and all((ROOT / word).exists() for word in copied)
    assert 'CMD ["jupyterhub-singleuser"]' in image
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert container["postCreateCommand"] == "make setup"
    binder = (ROOT / ".binder/requirements.txt").read_text("utf-8").splitlines()
    assert ".[course]" in binder, "pip looks for a project below the folder where it runs"
    (constraint,) = (line.split()[1] for line in binder if line.startswith("--constraint"))
    versions = ROOT / ".binder" / constraint  # but for a list next to the file that names it
    assert versions.resolve() == ROOT / "course/tested-versions.txt" and versions.exists()
    pythons = {
        re.search(r"FROM python:(\S+)-slim", image)[1],
        container["image"].split(":")[1],
        (ROOT / ".binder/runtime.txt").read_text("utf-8").strip().removeprefix("python-"),
    }
    assert len(pythons) == 1, "one session of noxfile.py tests them all"
    assert Requirement(f"python{PYPROJECT['requires-python']}").specifier.contains(pythons.pop())


def test_every_make_target_has_a_line_without_make():
    page = (ROOT / "course/other-homes.md").read_text("utf-8")
    described = set(re.findall(r"(?m)^\| `make ([a-z-]+)`", page))
    targets = set(re.search(r"\.PHONY: (.*)", (ROOT / "Makefile").read_text("utf-8"))[1].split())
    parts = {"help", "setup", "test", "test-faults"}  # set-up is above the table; test is its parts
    assert described == targets - parts
    commands = re.findall(r"-m course ([a-z-]+)", page)
    from course.tool.cli import COMMANDS

    assert commands and set(commands) <= set(COMMANDS)


def test_grading_on_windows_says_where_it_runs(monkeypatch):
    from course.tool import cli

    for name in [name for name in sys.modules if name.startswith("course.tool.grade")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    with pytest.raises(cli.CourseError, match="grade cannot run on Windows: run it on Linux"):
        cli.import_command("grade")
