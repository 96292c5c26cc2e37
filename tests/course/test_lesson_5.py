"""Lesson 5, interrupted: the cells below the run work with what was trained so far."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.tool import notebooks
from course.tool.execute import execute
from tests.course import tiny

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "solutions/05_training_on_colab_t4.ipynb"
NOT_OF_THE_RUN = ("e1-", "s3-", "s4-both", "s4-gap", "e2-")
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


def lesson_with(code, path):
    """Write the lesson up to section 6, with code before the run, as a notebook of its own."""
    nb = notebooks.read(LESSON)
    ids = [cell.id for cell in nb.cells]
    cells = nb.cells[: ids.index("s6-numbers") + 1]
    cells.insert(ids.index("s4-fit"), tiny.code("inserted", code))
    nb.cells = [cell for cell in cells if not cell.id.startswith(NOT_OF_THE_RUN)]
    notebooks.write(path, nb)
    return path


def run(path, monkeypatch):
    """Execute a notebook; return what each cell printed."""
    monkeypatch.setenv("COURSE_EXPECT", "solution")
    done = execute(path, {"PROFILE": "reduced"})
    assert not done.problem, done.problem
    texts = {}
    for cell in done.nb.cells:
        outputs = cell.get("outputs", [])
        shown = [output.get("data", {}).get("text/plain", "") for output in outputs]
        texts[cell.id] = "".join([*(output.get("text", "") for output in outputs), *shown])
    return texts


@pytest.mark.parametrize("step", [1, 14], ids=["in the first epoch", "later"])
def test_cells_below_an_interrupted_run_work(step, tmp_path, monkeypatch):
    code = INTERRUPT.replace("STEP", str(step))
    texts = run(lesson_with(code, tmp_path / "lesson_5.ipynb"), monkeypatch)
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
