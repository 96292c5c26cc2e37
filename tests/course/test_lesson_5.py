"""Lesson 5 in full and interrupted: a lost session repeats no data work, later cells run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.tool import notebooks
from course.tool.execute import execute
from tests.course import tiny
from tests.course.fake_download_server import serve_archives

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "solutions/05_training_on_colab_t4.ipynb"
FAKE_DRIVE = """\
from pathlib import Path
from types import SimpleNamespace

from colorlib.notebook import environment


def mount(path):
    environment.DRIVE_MOUNT = Path(FOLDER)


drive = SimpleNamespace(mount=mount)
"""
INTERRUPT = """\
from colorlib.engine.callbacks import Callback


class Interrupt(Callback):
    def on_step_end(self, trainer, losses):
        if trainer.global_step == STEP:
            import signal

            signal.raise_signal(signal.SIGINT)


_build = Trainer.__init__


def build(self, *args, callbacks=(), **options):
    Trainer.__init__ = _build
    _build(self, *args, callbacks=[*callbacks, Interrupt()], **options)


Trainer.__init__ = build
"""


def lesson_until(last_id, path, insert_before=None, code=""):
    """Write the lesson's cells up to one, with a cell inserted, as a notebook of its own."""
    nb = notebooks.read(LESSON)
    ids = [cell.id for cell in nb.cells]
    nb.cells = nb.cells[: ids.index(last_id) + 1]
    slow = [cell for cell in nb.cells if cell.id in ("s4-both-figure", "s4-gap")]  # not of the run
    if insert_before is not None:
        nb.cells.insert(ids.index(insert_before), tiny.code("inserted", code))
    nb.cells = [cell for cell in nb.cells if cell not in slow]
    notebooks.write(path, nb)
    return path


def run(path, monkeypatch, variables=None, **parameters):
    """Execute a notebook; return what each cell printed."""
    for name, value in {**(variables or {}), "COURSE_EXPECT": "solution"}.items():
        monkeypatch.setenv(name, value)
    done = execute(path, parameters)
    assert not done.problem, done.problem
    texts = {}
    for cell in done.nb.cells:
        outputs = cell.get("outputs", [])
        shown = [output.get("data", {}).get("text/plain", "") for output in outputs]
        texts[cell.id] = "".join([*(output.get("text", "") for output in outputs), *shown])
    return texts


def test_lost_session_repeats_no_data_work(tmp_path, monkeypatch):
    """The second session has neither the photos nor a server: only what is on Google Drive."""
    google = tmp_path / "path/google"
    google.mkdir(parents=True)
    (google / "__init__.py").write_text("")
    drive = tmp_path / "drive"
    (google / "colab.py").write_text(FAKE_DRIVE.replace("FOLDER", repr(str(drive))))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    small = "net_g, net_d = build_networks(num_downs=5, base_channels=4, n_layers=1)"
    path = lesson_until("s4-numbers", tmp_path / "lesson_5.ipynb", "s4-fit", small)
    parameters = {"PROFILE": "full", "DRIVE": True, "EPOCHS": 1}
    (tmp_path / "server").mkdir()
    with serve_archives(tmp_path / "server", {"coco": 28}) as variables:
        first = run(path, monkeypatch, variables, **parameters)
    assert "28 photos, the last one is called" in first["s1-album"]
    folder = drive / "MyDrive/colorlib/05-coco-0"
    assert {"manifest.json", "pixels.npy"} == {file.name for file in (folder / "photos").iterdir()}
    assert len(list(folder.glob("checkpoint-*"))) == 1  # one an epoch
    shutil.rmtree(tmp_path / "server/cache")
    second = run(path, monkeypatch, variables, **{**parameters, "EPOCHS": 2})
    assert "28 photos, prepared in an earlier session" in second["s1-album"]
    assert "resumed at epoch 1, step 0" in second["s4-fit"]
    assert "trained: True, 2 epochs" in second["s4-numbers"]


@pytest.mark.parametrize("step", [1, 14], ids=["in the first epoch", "later"])
def test_cells_below_an_interrupted_run_work(step, tmp_path, monkeypatch):
    code = INTERRUPT.replace("STEP", str(step))
    path = lesson_until("s6-numbers", tmp_path / "lesson_5.ipynb", "s4-fit", code)
    texts = run(path, monkeypatch, PROFILE="reduced")
    assert "stopped; run this cell again" in texts["s4-fit"]
    assert "interrupted at epoch" in texts["s4-fit"]
    assert f"trained: False, {(step - 1) // 4} epochs" in texts["s4-numbers"]
    assert "no images yet" in texts["s4-strips"]
    assert ("no epoch is complete yet" in texts["s5-figure"]) == (step == 1)


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_lesson_checks_its_profile_before_it_uses_it(path):
    cells = [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]
    using = [cell.source for cell in cells if "PROFILE" in cell.source]
    assert "parameters" in notebooks.tags(cells[1]) and using[0] == cells[1].source
    before, check, _ = using[1].partition("check_profile(PROFILE)")
    assert check and "PROFILE" not in before
