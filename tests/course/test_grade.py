"""A class of made-up students is graded: every kind gets its outcome, and nothing outside changes.

The short version grades a sample; FAULTS=long grades every kind, also those that run into limits.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from course.tool.cli import CourseError
from course.tool.grade import command, sandbox
from course.tool.grade.sandbox import Limits
from course.tool.grade.walls import missing_walls, try_walls
from tests.course import hostile_submissions as hostile
from tests.course import submission_maker as maker
from tests.course.submission_maker import read_rows

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("FAULTS") == "long"
SAMPLE = (
    "all right",
    "all wrong",
    "half done",
    "a mistake without a name",
    "answer cell deleted",
    "a helper cell",
    "below its check",
    "the library's own",
    "empty file",
    "web page",
    "merge conflict",
    "infinite loop",
    "os._exit",
    "deletes home",
    "reads other submissions",
    "writes into the grader",
    "network",
    "kills its parent",
    "prints passed",
    "replaces a function",
    "writes results",
)
CELL_SECONDS = "6"
needs_namespaces = pytest.mark.skipif(
    not sandbox.level(), reason="this machine forbids namespaces, so no sandbox stands"
)


def chosen(kinds):
    """Return all kinds in the long version, else the quick ones of the sample."""
    quick = [kind for kind in kinds if not kind.slow and kind.name.startswith(SAMPLE)]
    return kinds if LONG else quick


def grade(submissions, out, *options):
    """Run the command in a process of its own; return the finished process."""
    words = ["grade", str(submissions), "--out", str(out), "--cell-seconds", CELL_SECONDS, *options]
    return subprocess.run(
        [sys.executable, "-m", "course", *words], cwd=ROOT, capture_output=True, text=True
    )


def snapshot(folder):
    """Return the bytes of every file below a folder."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def results_of(out):
    """Return what a second run must write again: everything but the kept results."""
    return {
        path.relative_to(out).as_posix(): data
        for path, data in snapshot(out).items()
        if "kept" not in path.parts
    }


def start_and_kill(submissions, out, after=3):
    """Run the command until it has kept some results, then end it at once; return what it kept."""
    words = ["grade", submissions, "--out", out, "--cell-seconds", CELL_SECONDS]
    command_line = [sys.executable, "-m", "course", *map(str, words)]
    run = subprocess.Popen(command_line, cwd=ROOT, stderr=subprocess.DEVNULL)
    while run.poll() is None and len(list(out.glob("kept/*.json"))) < after:
        time.sleep(0.05)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL and not (out / "grades.csv").exists()
    results = [path for path in out.glob("kept/*.json") if "exercises" not in path.name]
    return {path: path.stat().st_mtime_ns for path in results}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A graded class: the kinds, the folder of grades, and the folder of the canary.

    Its run is killed in the middle, and resumed.
    """
    base = tmp_path_factory.mktemp("class")
    out = base / "grades"
    canary = base / "outside" / "canary.txt"
    canary.parent.mkdir()
    canary.write_text("tweet")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        kinds = [*maker.honest_kinds(), maker.unexplained_kind(), *hostile.broken_kinds()]
        kinds += hostile.hostile_kinds(canary, port)
        kinds = chosen(kinds)
        for kind in kinds:
            folder = base / "submissions" / kind.folder
            folder.mkdir(parents=True)
            (folder / kind.file_name).write_bytes(kind.data)
        before = snapshot(base)
        kept = start_and_kill(base / "submissions", out)
        process = grade(base / "submissions", out)
        assert process.returncode == 0, process.stderr
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # not graded twice
    after = {path: data for path, data in snapshot(base).items() if "grades" not in path.parts}
    assert after == before
    return kinds, out, base


@needs_namespaces
def test_every_kind_gets_its_outcome(graded):
    kinds, out, _ = graded
    assert maker.wrong_grades(kinds, read_rows(out), maker.EXERCISES, {}) == []


@needs_namespaces
def test_second_run_writes_the_same_files(graded):
    _, out, base = graded
    before = results_of(out)
    process = grade(base / "submissions", out)
    assert process.returncode == 0, process.stderr
    assert results_of(out) == before


@needs_namespaces
@pytest.mark.skipif(not LONG, reason="long: every notebook is graded a second time")
def test_run_that_was_not_killed_writes_the_same_files(graded, tmp_path):
    _, out, base = graded
    process = grade(base / "submissions", tmp_path / "grades")
    assert process.returncode == 0, process.stderr
    assert results_of(tmp_path / "grades") == results_of(out)


@needs_namespaces
def test_overview_names_causes_and_unexplained_answers(graded):
    _, out, _ = graded
    page = BeautifulSoup((out / "overview.html").read_text("utf-8"), "html.parser")
    text = page.get_text(" ", strip=True)
    for _, cause in maker.WRONG.values():
        assert cause in text, cause
    first = page.find(id="unexplained")
    assert "a mistake without a name" in first.find_next("details").get_text()
    assert "field * 3 + 17" in first.find_next("details").get_text()
    assert "Files that could not be read" in text
    matrix = page.find(id=f"m{maker.LESSON}").find_next("table")
    heads = [cell.get_text() for cell in matrix.find_all("th", scope="col")]
    assert heads[:3] == ["Student", "Points", "3.1"]  # what is cut off on the right matters less
    (row,) = [row for row in matrix.find_all("tr") if "half done" in row.get_text()]
    assert "".join(row.get_text().split()).startswith("halfdone1✓passed")
    for link in page.find_all("a", href=True):
        if not link["href"].startswith("#"):
            assert (out / link["href"]).exists(), link["href"]


@needs_namespaces
def test_feedback_shows_answer_card_and_next_hint(graded):
    _, out, _ = graded
    (path,) = (out / "feedback").glob("all-wrong-*.html")
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    assert [heading.name for heading in page.find_all(["h1", "h2", "h3"])][:3] == ["h1", "h2", "h3"]
    text = page.get_text(" ", strip=True)
    assert "✗ wrong" in text and "likely cause" in text and "Hint 1 of 3" in text
    assert "shifts=-1" in text
    assert page.html["lang"] == "en" and not page.find("script")
    assert all(block.get("tabindex") == "0" for block in page.find_all("pre"))
    (path,) = (out / "feedback").glob("half-done-*.html")
    assert "Your answer to 3.4" not in path.read_text("utf-8")  # it is the stub


@needs_namespaces
def test_gradebooks_have_the_columns_of_their_platforms(graded):
    kinds, out, _ = graded
    with open(out / "gradebooks/canvas.csv", newline="", encoding="utf-8") as file:
        canvas = list(csv.reader(file))
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", maker.LESSON]
    assert canvas[1] == ["    Points Possible", "", "", "", "", "6.5"]  # with the quiz
    assert len(canvas) == len(kinds) + 2
    with open(out / f"gradebooks/moodle-{maker.LESSON}.csv", newline="", encoding="utf-8") as file:
        moodle = list(csv.DictReader(file))
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(moodle[0])
    grades = {row["Full name"]: row["Grade"] for row in moodle}
    assert grades["all right"] == "5" and grades["all wrong"] == "0"


@needs_namespaces
def test_walls_stand_and_their_absence_is_noticed(tmp_path):
    (tmp_path / "file").write_text("secret")
    walls = try_walls(sandbox.level(), Limits(), [tmp_path])
    assert all(wall.stands for wall in walls), walls
    without = try_walls("", Limits(), [tmp_path])
    assert missing_walls(without) == ["files", "network"]


def test_no_sandbox_is_refused_unless_told(tmp_path, monkeypatch, capsys):
    def refuse(*args):
        raise PermissionError(1, "no namespaces")

    monkeypatch.setattr(sandbox, "unshare", refuse)
    assert sandbox.level() == ""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/ada.ipynb").write_bytes(b"")
    args = arguments(tmp_path / "in", tmp_path / "out")
    with pytest.raises(CourseError, match="no wall around files and network .*--without-sandbox"):
        command.main(args)
    shown = capsys.readouterr().err
    for name in ("files", "network", "processes", "disk"):
        assert re.search(f"{name} +MISSING", shown), shown
    assert f"it reached {tmp_path / 'in'}" in shown and "memory     yes" in shown
    assert command.main(arguments(tmp_path / "in", tmp_path / "out", "--without-sandbox")) == 0


def arguments(submissions, out, *options):
    """Return the parsed options of the command."""
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    return parser.parse_args([str(submissions), "--out", str(out), *options])


def test_out_inside_the_submissions_is_refused(tmp_path):
    (tmp_path / "ada.ipynb").write_bytes(b"")
    with pytest.raises(CourseError, match="is inside the submissions"):
        command.main(arguments(tmp_path, tmp_path / "grades"))


@needs_namespaces
@pytest.mark.skipif(not LONG, reason="long: every lesson is graded, solved and unsolved")
@pytest.mark.parametrize("path", sorted((ROOT / "lessons").glob("*.ipynb")), ids=lambda p: p.stem)
def test_solution_passes_and_lesson_is_not_attempted(path, tmp_path):
    for tree in ("solutions", "lessons"):
        folder = tmp_path / "in" / tree
        folder.mkdir(parents=True)
        shutil.copy(ROOT / tree / path.name, folder / "x.ipynb")
    process = grade(tmp_path / "in", tmp_path / "out")
    assert process.returncode == 0, process.stderr
    rows = read_rows(tmp_path / "out")
    assert {row["outcome"] for row in rows["solutions"].values()} == {"passed"}
    assert {row["outcome"] for row in rows["lessons"].values()} == {"not attempted"}


@needs_namespaces
def test_user_namespace_gives_the_same_walls(tmp_path):
    (tmp_path / "file").write_text("secret")
    walls = try_walls("user", Limits(), [tmp_path])
    if os.geteuid() == 0 and not walls[0].stands and "forbid" in walls[0].text:
        pytest.skip("this machine has no user namespaces")
    assert all(wall.stands for wall in walls), json.dumps([wall.text for wall in walls])
