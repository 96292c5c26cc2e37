"""The course without answers: no solution, no link to one, and no check of an exam."""

import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from nbformat.v4 import new_markdown_cell

from course.tool import build, course_config, notebooks, student_tree, wheel
from course.tool.cli import CourseError
from course.tool.lints.links import LINK

GUIDE = "# Guide\n\nOnly for instructors.\n"
PROJECT = """\
# Project

<!-- answers are public -->
They are in `solutions/`.
<!-- end answers -->

See the [guide](instructor-guide.md#x), [lesson 1](../lessons/01_tiny.ipynb), [the
answer](../solutions/01_tiny.ipynb) and [the web](https://example.org).
"""
CHECKS = """\
from colorlib.check.graders import Case, FunctionGrader, SideEffectGrader
GRADERS = {
    "1.1": FunctionGrader(abs, [Case("minus one", (-1,))]),
    "1.2": SideEffectGrader(abs, [Case("minus one", (-1,))], run=print),
}
"""
HINTS = '["1.1"]\ntitle = "Square"\nhints = [\n    "Multiply.",\n    "x**2 [sic]",\n]\n'


@pytest.fixture
def course(tiny):
    """The tiny course with a library and texts."""
    files = {
        "course/instructor-guide.md": GUIDE,
        "course/project.md": PROJECT,
        "colorlib/__init__.py": "",
        "colorlib/check/__init__.py": "",
        "colorlib/check/lesson01.py": CHECKS,
        "colorlib/check/lesson01_mutants.py": "x = 1\n",
        "colorlib/check/exercises.toml": HINTS,
        "colorlib/__pycache__/x.pyc": "",
    }
    for name, text in files.items():
        (tiny.root / name).parent.mkdir(parents=True, exist_ok=True)
        (tiny.root / name).write_text(text, "utf-8")
    tiny.add(new_markdown_cell("[Solution](../solutions/01_tiny.ipynb)", id="alone"))
    assert tiny.build() == 0
    return tiny


def make(course, *options):
    parser = build.argparse.ArgumentParser()
    build.arguments(parser)
    args = parser.parse_args(["--answers", "private", *options])
    return build.main(args, course.root), course.root / "build/students"


def all_links(folder):
    for path in folder.rglob("*"):
        if path.suffix in (".md", ".ipynb"):
            yield from ((path, target) for target in LINK.findall(path.read_text("utf-8")))


@pytest.mark.parametrize("repository", [None, "ada/students"])
def test_tree_has_no_answer_and_no_link_to_one(course, repository):
    before = (course.root / course_config.COURSE_TOML).read_bytes()
    status, folder = make(course, *(["--repository", repository] if repository else []))
    assert status == 0
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"README.md", "LICENSE", "lessons/01_tiny.ipynb", "course/project.md"} <= names
    assert not [name for name in names if re.search("solutions|instructor|pycache|tests", name)]
    assert not [target for _, target in all_links(folder) if "solution" in target]
    text = "".join((folder / name).read_text("utf-8") for name in names)
    assert "solutions/" not in text and "BEGIN SOLUTION" not in text
    project = (folder / "course/project.md").read_text("utf-8")
    assert "See the guide, [lesson 1](../lessons/01_tiny.ipynb), the\nanswer and [the" in project
    nb = notebooks.read(folder / "lessons/01_tiny.ipynb")
    assert course.cell(nb, "alone").source == ""
    assert nb.metadata.course.built == notebooks.content_hash(nb)
    if repository:
        assert f"github/{repository}/blob/main/lessons" in nb.cells[0].source
    assert (course.root / course_config.COURSE_TOML).read_bytes() == before


def test_exam_has_recorded_checks_and_no_hint(course):
    status, folder = make(course, "--exam", "01_tiny")
    assert status == 0
    checks = folder / "colorlib/check"
    names = sorted(path.name for path in checks.glob("lesson*"))
    assert names == ["lesson01.pt", "lesson01.py"]
    assert "abs" not in (checks / "lesson01.py").read_text("utf-8")
    table = tomllib.loads((checks / "exercises.toml").read_text("utf-8"))
    assert table == {"1.1": {"title": "Square", "hints": []}}
    nb = notebooks.read(folder / "lessons/01_tiny.ipynb")
    assert course.cell(nb, "check-1").source == "square = check.q1_1(square_1)"
    assert course.cell(nb, "check-2").source == "# Your instructor checks this answer."
    header = nb.cells[0].source
    assert "This is an exam" in header and "library's own" not in header


def test_module_that_needs_a_removed_check_is_named(course, capsys):
    other = course.root / "colorlib/check/lesson02.py"
    other.write_text("from colorlib.check.lesson01_mutants import x\n", "utf-8")
    assert make(course, "--exam", "01_tiny")[0] == 1
    assert "lesson01_mutants.py was removed, but lesson02.py imports it" in capsys.readouterr().out


def test_answer_that_stays_in_a_text_is_named(course, capsys):
    (course.root / "colorlib/notes.py").write_text('"""See solutions/01_tiny.ipynb."""\n', "utf-8")
    assert make(course)[0] == 1
    assert "colorlib/notes.py, line 1, names a solution" in capsys.readouterr().out


def test_second_build_replaces_only_its_own_folder(course, tmp_path):
    _, folder = make(course)
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text("theirs", "utf-8")
    (folder / "old.md").write_text("old", "utf-8")
    assert make(course)[0] == 0
    assert (folder / ".git/config").exists() and not (folder / "old.md").exists()
    (folder / student_tree.MARKER).unlink()
    with pytest.raises(CourseError, match="is not empty, and no earlier build made it"):
        make(course)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--exam", "09_no"], "'09_no' is not a lesson: choose from 01_tiny"),
        (["--check"], "--check with --answers private"),
        (["--answers", "public", "--exam", "01_tiny"], "need --answers private"),
    ],
)
def test_options_that_do_not_fit_raise(course, options, message):
    with pytest.raises(CourseError, match=message):
        make(course, *options)


ANSWER = """
import torch
from colorlib import check
def pairs(L, ab):
    return torch.cat((L, ab), 1), torch.cat((L, ab.roll({shift}, 0)), 1)
assert check.q3_3(pairs) is pairs
"""


def test_course_itself_has_a_student_tree_and_a_wheel(tmp_path):
    root, tree = course_config.ROOT, tmp_path / "tree"
    theirs = course_config.load(root)
    assert student_tree.write(root, tree, theirs, ["03_patchgan"]) == []
    assert not [pair for pair in all_links(tree) if "solution" in pair[1]]
    path = wheel.build(tree, tmp_path)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert "colorlib/check/lesson01.py" in names and "colorlib/check/lesson03.pt" in names
        assert "colorlib/check/lesson03_mutants.py" not in names
        assert not [name for name in names if "solution" in name.lower()]
        archive.extractall(tmp_path / "installed")
    for shift, words in ((1, "passed"), (-1, "exam names none")):
        done = subprocess.run(
            [sys.executable, "-c", ANSWER.format(shift=shift)],
            cwd=tmp_path / "installed",
            capture_output=True,
            text=True,
        )
        assert words in done.stdout, done.stderr
