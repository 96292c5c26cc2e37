"""`python -m course run` on tiny courses: passes, failures, probe values, stored outputs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from course.tool import notebooks, run
from course.tool.cli import CourseError
from tests.course import tiny

ROOT = Path(__file__).parents[2]
SHOW = """\
import base64, os, socket, sys, time
from IPython.display import Image, display

time.sleep(1)  # the runner rejects notebooks of less than a second
print(PROFILE, os.environ["COURSE_EXPECT"], os.environ["OMP_NUM_THREADS"], os.listdir())
print(f"{SEED}, {COUNT}, {SHARE}, {WIDTH=}, FLIP = {FLIP}, {PHOTO}, {NAME}")
print("a warning", file=sys.stderr)
try:
    socket.create_connection(("192.0.2.1", 80), 2)
except OSError as error:
    print(error)
display(Image(base64.b64decode("PNG")), metadata={"image/png": {"alt": "A red rectangle"}})"""
START = """
import argparse, pathlib, sys
from course.tool import run
sys.exit(run.main(argparse.Namespace(**eval(sys.argv[2])), pathlib.Path(sys.argv[1])))
"""


def good():
    """Return a notebook that uses every parameter."""
    show = tiny.code("show", SHOW.replace("PNG", tiny.png()))
    return tiny.notebook(tiny.code("set", tiny.PARAMETERS, "parameters"), show)


def start(root: Path, **options) -> subprocess.CompletedProcess:
    """Run the command in its own process."""
    defaults = {"names": [], "tree": "solutions", "store": False, "probe": False, "jobs": 2}
    command = [sys.executable, "-c", START, str(root), repr(defaults | options)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """One run of three solutions: good, raising, empty."""
    raising = tiny.notebook(
        tiny.code("first", "print('so far')"),
        tiny.code("second", "x = 1\nraise ValueError('not\\nthis')"),
    )
    books = {"01_good": good(), "02_raising": raising, "03_empty": tiny.notebook()}
    root = tiny.course(tmp_path_factory.mktemp("run"), solutions=books)
    return root, start(root)


def test_run_of_good_notebook_is_ok_and_offline(executed):
    root, done = executed
    nb = notebooks.read(root / "build/solutions/01_good.ipynb")
    injected = [cell for cell in nb.cells if "injected-parameters" in notebooks.tags(cell)]
    assert [cell.source for cell in injected] == ['# Parameters\nPROFILE = "reduced"\n']
    text = nb.cells[-1].outputs[0].text
    assert text.startswith(
        "reduced solution 1 []\n3, 0, 0.5, WIDTH=8, FLIP = False, china, a name\n"
    )
    assert "the course runs offline: a notebook tried to reach 192.0.2.1" in text
    assert "image/png" in nb.cells[-1].outputs[-1].data
    line = next(line for line in done.stdout.splitlines() if line.startswith("01_good"))
    assert line.split()[2:] == ["2", "ok"]
    assert not (root / "build/solutions/01_good.error.txt").exists()
    assert done.stderr.startswith("offline: ") and "cell/s" in done.stderr
    assert notebooks.read(root / "solutions/01_good.ipynb") == good()


def test_run_reports_cell_that_raises_and_empty_notebook(executed):
    root, done = executed
    assert done.returncode == 1
    message = "02_raising: stopped in cell 3 (second): ValueError: not\n    | x = 1\n    | raise Va"
    assert message in done.stdout
    traceback = (root / "build/solutions/02_raising.error.txt").read_text("utf-8")
    assert "ValueError: not\nthis" in traceback and "\x1b" not in traceback
    assert notebooks.read(root / "build/solutions/02_raising.ipynb").metadata.course.run.problem
    assert "03_empty: no code cell was executed" in done.stdout


def test_run_probe_reports_ignored_parameters(tmp_path, capsys, monkeypatch):
    source = "import time; time.sleep(1); print(SEED, 'FLIP=False', 'WIDTH=8', 'china')"
    ignoring = tiny.notebook(
        tiny.code("set", tiny.PARAMETERS, "parameters"), tiny.code("say", source)
    )
    root = tiny.course(tmp_path / "probe", lessons={"01_good": good(), "02_ignoring": ignoring})
    monkeypatch.setattr(os, "environ", os.environ.copy())
    assert run.run(root, "lessons", probe=True, workers=2) == 1
    out = capsys.readouterr().out
    problem = "ignores the parameter COUNT, SHARE, WIDTH, FLIP, PHOTO: no output shows its probe"
    assert f"02_ignoring: {problem}" in out
    assert "01_good: " not in out
    text = notebooks.read(root / "build/probe/01_good.ipynb").cells[-1].outputs[0].text
    assert text.startswith(
        "reduced lesson 1 []\n90218, 90219, 0.9022, WIDTH=12, FLIP = True, coffee, a name\n"
    )
    assert not (root / "build/lessons").exists()


def test_run_store_writes_fit_outputs_once(tmp_path, capsys, monkeypatch):
    leaking = tiny.notebook(
        tiny.code("here", "import os, time\ntime.sleep(1)\nprint('in', os.getcwd())")
    )
    root = tiny.course(tmp_path / "store", solutions={"01_good": good(), "02_leaking": leaking})
    monkeypatch.setattr(os, "environ", os.environ.copy())
    paths = [root / f"solutions/{name}.ipynb" for name in ("01_good", "02_leaking")]
    before = paths[1].read_bytes()

    assert run.run(root, "solutions", store=True, workers=2) == 1
    assert "02_leaking.ipynb: cell 2 (here) prints '" in capsys.readouterr().out
    assert paths[1].read_bytes() == before
    nb = notebooks.read(paths[0])
    assert nb.metadata.course.executed == notebooks.code_hash(nb) == notebooks.code_hash(good())
    assert [output.output_type for output in nb.cells[2].outputs] == ["stream", "display_data"]
    assert nb.cells[2].outputs[0].text.startswith("full solution")  # the default parameters
    assert nb.cells[2].outputs[1].metadata["image/png"]["alt"] == "A red rectangle"
    assert nb.cells[2].execution_count == 2

    stored = paths[0].read_bytes()
    assert run.run(root, "solutions", ["01"], store=True, workers=2) == 0
    assert paths[0].read_bytes() == stored

    paths[1].unlink()
    capsys.readouterr()
    monkeypatch.setattr(run, "execute", None)
    assert run.run(root, "solutions", store=True) == 0
    assert "nothing to do" in capsys.readouterr().out


STOPPED = """
import argparse, pathlib, sys
from colorlib.cli.errors import run_command
from course.tool import run
args = argparse.Namespace(names=[], tree="solutions", store=False, probe=False, jobs=1)
sys.exit(run_command("course run", lambda: run.main(args, pathlib.Path(sys.argv[1]))))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_that_is_stopped_ends_its_kernels(tmp_path, number):
    source = "import os, pathlib, time\n"
    source += f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
    waits = tiny.notebook(tiny.code("wait", source + "time.sleep(60)"))
    root = tiny.course(tmp_path / "stop", solutions={"01_waits": waits, "02_waits": waits})
    command = [sys.executable, "-c", STOPPED, str(root)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    for _ in range(600):
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            break
        time.sleep(0.1)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number, out
    assert "course run: stopped" in out and "Traceback" not in out
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_select_finds_names_and_numbers(tmp_path):
    root = tiny.course(tmp_path / "names", solutions={"01_good": good(), "02_more": good()})
    paths = run.select(root, "solutions", [])
    assert [path.stem for path in paths] == ["01_good", "02_more"]
    for name in ("02", "02_more", "02_more.ipynb", "solutions/02_more.ipynb"):
        assert run.select(root, "solutions", [name]) == paths[1:]
    message = "'03' is not a notebook of solutions/: choose from 01_good, 02_more."
    with pytest.raises(CourseError, match=message):
        run.select(root, "solutions", ["03"])
    with pytest.raises(CourseError, match="lessons/ holds no notebook"):
        run.select(root, "lessons", [])


def test_run_with_options_that_do_not_fit_raises(tmp_path):
    root = tiny.course(
        tmp_path / "options", solutions={"01_bare": tiny.notebook(tiny.code("one", "1"))}
    )
    assert "found --store with --tree lessons" in start(root, store=True, tree="lessons").stderr
    with pytest.raises(CourseError, match="solutions/01_bare.ipynb: no cell is tagged parameters"):
        run.run(root, "solutions", probe=True)
