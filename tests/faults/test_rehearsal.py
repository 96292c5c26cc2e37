"""Lesson 5's full run, rehearsed: sessions that end, a server that drops, a small and slow Drive.

Each session has an empty disk, as a new machine of Colab has; only the folder that stands for
Google Drive stays. The lesson's own cells run, with small networks and few photos.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from course.tool import notebooks
from course.tool.execute import execute
from tests.course import tiny
from tests.course.fake_download_server import SilentHandler, serve_archives

LESSON = Path(__file__).parents[2] / "solutions/05_training_on_colab_t4.ipynb"
#: Cells of the run: what the full profile needs to train, and nothing to look at.
CELLS = ["setup", "parameters", "imports", "start", "s1-album", "s1-filter", "s1-split"]
CELLS += ["s2-numbers", "s4-run", "s4-fit", "s4-numbers"]
NETWORKS = dict(num_downs=5, base_channels=4, n_layers=1)
PHOTOS, SIZE, EPOCHS = 60, 256, 3

GOOGLE_COLAB = '''
"""Stands for Colab: its Drive is slow and counts its bytes, and the session ends at some moment."""

import importlib
import os
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from colorlib.notebook import environment

DRIVE = Path(os.environ["REHEARSAL_DRIVE"])


def mount(path):
    environment.DRIVE_MOUNT = DRIVE
    wrap("os.replace", measure)
    moment, number = os.environ["REHEARSAL_END"].rsplit(":", 1)
    if moment == "seconds":
        timer = threading.Timer(float(number), os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        timer.start()
    elif moment:
        calls = iter(range(1, 10**9))
        wrap(moment, lambda: next(calls) == int(number) and os.kill(os.getpid(), signal.SIGKILL))


def wrap(name, before):
    """Call ``before`` before each call of a function, which its module and name describe."""
    parts = name.split(".")
    depth = max(i for i in range(len(parts)) if is_module(".".join(parts[:i])))
    owner = importlib.import_module(".".join(parts[:depth]))
    for part in parts[depth:-1]:
        owner = getattr(owner, part)
    original = getattr(owner, parts[-1])

    def wrapped(*args, **kwargs):
        before()
        return original(*args, **kwargs)

    setattr(owner, parts[-1], wrapped)


def is_module(name):
    try:
        return bool(importlib.import_module(name))
    except (ImportError, ValueError):
        return False


def measure():
    """Wait as for a slow disk, and write down how many bytes the Drive holds just now."""
    time.sleep(0.02)
    size = sum(file.stat().st_size for file in DRIVE.rglob("*") if file.is_file())
    with open(os.environ["REHEARSAL_SIZES"], "a") as file:
        file.write(f"{size}\\n")


drive = SimpleNamespace(mount=mount)
'''


class DroppingHandler(SilentHandler):
    """Serve files; the first answers break off half-way."""

    drops = 2

    def do_GET(self):
        if type(self).drops:
            type(self).drops -= 1
            content = Path(self.translate_path(self.path)).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        else:
            super().do_GET()


class Rehearsal:
    """Runs sessions of the lesson, one after the other, with what the Drive keeps."""

    def __init__(self, folder, drive, variables):
        self.folder, self.drive, self.sizes = folder, drive, folder / "sizes.txt"
        self.variables = variables
        self.notebook = folder / "lesson_5.ipynb"
        nb = notebooks.read(LESSON)
        nb.cells = [cell for cell in nb.cells if cell.id in CELLS]
        assert [cell.id for cell in nb.cells] == CELLS
        at = CELLS.index("s4-run") + 1
        nb.cells.insert(at, tiny.code("small", f"net_g, net_d = build_networks(**{NETWORKS})"))
        notebooks.write(self.notebook, nb)
        module = folder / "path/google/colab.py"
        module.parent.mkdir(parents=True)
        module.with_name("__init__.py").touch()
        module.write_text(GOOGLE_COLAB)

    def session(self, monkeypatch, end=":0"):
        """Run the lesson with an empty disk until ``end``; return why it stopped, and its texts."""
        shutil.rmtree(self.variables["COLORLIB_CACHE"], ignore_errors=True)
        own = {
            "PYTHONPATH": str(self.folder / "path"),
            "REHEARSAL_DRIVE": str(self.drive),
            "REHEARSAL_END": end,
            "REHEARSAL_SIZES": str(self.sizes),
            "COURSE_EXPECT": "solution",
        }
        for name, value in {**self.variables, **own}.items():
            monkeypatch.setenv(name, value)
        done = execute(self.notebook, {"PROFILE": "full", "DRIVE": True, "EPOCHS": EPOCHS})
        self.seconds = done.seconds
        texts = ["".join(o.get("text", "") for o in c.get("outputs", [])) for c in done.nb.cells]
        return done.problem, "\n".join(texts)

    def files(self):
        """Return the names of all files that the Drive holds, also of hidden ones."""
        return sorted(self.file_sizes())

    def file_sizes(self):
        """Return the size of each file that the Drive holds, by its name below the run's folder."""
        top = self.drive / "MyDrive/colorlib/05-coco-0"
        files = [path for path in top.rglob("*") if path.is_file()]
        return {path.relative_to(top).as_posix(): path.stat().st_size for path in files}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    with serve_archives(folder, {"coco": PHOTOS}, DroppingHandler) as variables:
        yield variables


@pytest.fixture(scope="module")
def undisturbed(served, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "drive").mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        rehearsal = Rehearsal(folder, folder / "drive", served)
        problem, texts = rehearsal.session(monkeypatch)
    assert not problem, problem
    assert f"trained: True, {EPOCHS} epochs" in texts
    return rehearsal


only_long = pytest.mark.skipif(os.environ.get("FAULTS") != "long", reason="for make test-faults")
#: Moments at which a session ends: the n-th call of a function, in the order of a run.
MOMENTS = [
    "colorlib.data.download._fetch:2",
    "colorlib.data.archive._check_member_path:20",
    "colorlib.data.image_cache.load_square:9",
    "os.replace:1",  # the photos, as they are prepared
    "os.replace:3",  # the photos, on their way to the Drive
    "colorlib.training.Trainer.train_step:2",
    "colorlib.io.checkpoint._encode:1",
    "colorlib.training.Trainer.train_step:5",
]


def check_equal_to(undisturbed, rehearsal, texts):
    """Compare a finished run with one that nothing disturbed, and the space that it took."""
    assert f"{PHOTOS} photos, prepared in an earlier session" in texts
    assert f"trained: True, {EPOCHS} epochs" in texts
    assert rehearsal.files() == undisturbed.files()  # a checkpoint's name ends in its hash
    sizes = rehearsal.file_sizes()
    photos = PHOTOS * SIZE**2 * 3
    checkpoint = max(size for name, size in sizes.items() if name.startswith("checkpoint"))
    assert sizes["photos/pixels.npy"] - photos < 1000
    others = sum(size for name, size in sizes.items() if "checkpoint" not in name) - photos
    peak = max(int(line) for line in rehearsal.sizes.read_text().split())
    assert peak <= photos + 3 * checkpoint + others  # what the lesson announces


def test_a_run_in_many_sessions_equals_an_undisturbed_one(
    undisturbed, served, long, record_trials, tmp_path, monkeypatch
):
    (tmp_path / "drive").mkdir()
    rehearsal = Rehearsal(tmp_path, tmp_path / "drive", served)
    DroppingHandler.drops = 2
    ends = MOMENTS if long else MOMENTS[-1:]
    for end in ends:
        problem, texts = rehearsal.session(monkeypatch, end)
        assert "died" in problem, problem or texts
    problem, texts = rehearsal.session(monkeypatch)
    assert not problem, problem
    check_equal_to(undisturbed, rehearsal, texts)
    record_trials("session of lesson 5 that ends at a chosen moment", len(ends))


@only_long
def test_a_run_in_sessions_of_random_length_equals_an_undisturbed_one(
    undisturbed, served, record_trials, tmp_path, monkeypatch
):
    rng, kills = random.Random(5), 0
    longest = 0.6 * undisturbed.seconds  # the kernel starts and imports before the clock does
    for run in range(8):
        (tmp_path / f"{run}/drive").mkdir(parents=True)
        rehearsal = Rehearsal(tmp_path / str(run), tmp_path / f"{run}/drive", served)
        problem = "died"
        while "died" in problem:
            problem, _ = rehearsal.session(monkeypatch, f"seconds:{rng.uniform(0.1, longest)}")
            kills += "died" in problem
        assert not problem, problem
        _, texts = rehearsal.session(monkeypatch)
        check_equal_to(undisturbed, rehearsal, texts)
    record_trials("session of lesson 5 that ends at a random moment", kills)


@only_long
def test_a_full_drive_stops_the_run_with_a_sentence_and_space_lets_it_go_on(
    undisturbed, served, record_trials, small_disk, tmp_path, monkeypatch
):
    rehearsal = Rehearsal(tmp_path, small_disk.folder, served)
    sizes = undisturbed.file_sizes()
    photos = sizes["photos/pixels.npy"]
    checkpoint = max(size for name, size in sizes.items() if name.startswith("checkpoint"))
    for free in (photos // 2, photos + 2 * checkpoint):
        small_disk.resize(free // 1024)
        problem, texts = rehearsal.session(monkeypatch)
        assert "are free there; " in problem or "the disk is full" in problem, problem or texts
        assert not [name for name in rehearsal.files() if name.endswith(".tmp")]
    small_disk.resize(64 * 1024)
    problem, texts = rehearsal.session(monkeypatch)
    assert not problem, problem
    check_equal_to(undisturbed, rehearsal, texts)
    record_trials("full Drive of lesson 5", 2)
