"""What students do to a notebook: run it twice, run cells out of order, press stop, restart the kernel."""

from __future__ import annotations

import random
import re
import time
from functools import partial
from pathlib import Path

import pytest

from course.tool import notebooks
from course.tool.parameter_probe import probe_values
from tests.faults.kernels import ROOT, SECONDS, Notebook, opened

SOLUTIONS = sorted((ROOT / "solutions").glob("[0-9]*.ipynb"))
SHORT = ("00_start_here",)
LESSON_5 = ROOT / "solutions/05_training_on_colab_t4.ipynb"
#: Of lesson 5: what the run of section 4 needs, which the kernel is made to lose.
TO_THE_RUN = [
    "setup",
    "parameters",
    "imports",
    "start",
    "s1-album",
    "s1-filter",
    "s1-split",
    "s2-numbers",
    "s4-run",
]
HASH = """\
import hashlib
weights = b"".join(weight.detach().cpu().numpy().tobytes() for weight in trained.state_dict().values())
print(run.epoch, len(run.history), hashlib.sha256(weights).hexdigest())"""


def chosen(long: bool) -> list:
    """The solutions that a version runs."""
    return [path for path in SOLUTIONS if long or path.stem in SHORT]


def printed(notebook: Notebook, said: dict) -> dict[str, str]:
    """Give the words that are the same on every machine."""
    return {name: said[name].text for name in notebook.checked() if name in said}


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_notebook_takes_what_students_do_to_it(path, long, tried, tmp_path):
    """Run all, twice; each exercise and its check again, the last one first; other parameters, and on."""
    if path not in chosen(long):
        pytest.skip("in the long version")
    with opened(path, tmp_path) as notebook:
        first = printed(notebook, notebook.run_all())
        assert first, "no cell prints what can be compared"
        again = printed(notebook, notebook.run_all())
        lost = [name for name in first if first[name] != again[name]]
        assert not lost, {name: (first[name], again[name]) for name in lost}
        tried("a notebook run twice in one kernel", 1, lost=len(lost))

        checks = sorted(
            (name for name in notebook.cells if re.fullmatch(r"e\d-check", name)), reverse=True
        )
        for check in checks:
            notebook.run_all(
                [check.replace("-check", "-stub"), check]
            )  # the cell, changed or not, and its check
            notebook.run_all([check])  # and the check alone, of what the check gave back
        tried("an exercise and its check run again after the end", 2 * len(checks))

        if not long:
            return
        names = list(notebook.cells)
        odd = {one.name: one.value for one in probe_values(notebooks.read(path), path.stem)}
        if path == LESSON_5:
            odd["EPOCHS"] = 5
        notebook.run_all(["parameters"])
        notebook.run(
            "\n".join(f"{name} = {value!r}" for name, value in odd.items() if name != "PROFILE")
        )
        notebook.run_all(names[names.index("parameters") + 1 :])
        tried("parameters changed and everything after them run", 1)


def to_the_run(notebook: Notebook, epochs: int) -> None:
    """Run lesson 5 up to the cell that trains, in a folder that lasts."""
    for cell in TO_THE_RUN:
        notebook.run_all([cell])
        if cell in ("parameters", "start"):
            notebook.run(f"EPOCHS = {epochs}" if cell == "parameters" else "HERE = Path('runs')")


def begin(notebook: Notebook, name: str) -> Path:
    """Make a run new, in a folder that is named."""
    notebook.run(f"HERE = Path({name!r})")
    notebook.run_all(["s4-run"])
    return notebook.folder / name / "05-album-0"


def epochs_kept(folder: Path) -> int:
    """Say how many epochs the newest checkpoint holds."""
    return max((int(path.name[12:16]) for path in folder.glob("checkpoint-e*")), default=0)


def reach(folder: Path, epoch: int, later: float = 0.0) -> None:
    """Wait until a run has kept so many epochs, and a little longer: somewhere in the next one."""
    end = time.monotonic() + SECONDS
    while epochs_kept(folder) < epoch:
        assert time.monotonic() < end, f"no checkpoint of epoch {epoch} in {folder}"
        time.sleep(0.005)
    time.sleep(later)


def stop(notebook: Notebook, folder: Path, epoch: int, later: float) -> None:
    """Press stop in the epoch after ``epoch``."""
    reach(folder, epoch, later)
    notebook.interrupt()


def test_a_run_that_is_stopped_or_loses_its_kernel_is_the_run_that_nobody_disturbed(
    long, tried, tmp_path
):
    """In the middle of an epoch; then the same cell again, or in a new kernel all cells from the first."""
    epochs, stops, restarts, dice = (
        (20, 12, 4, random.Random(5)) if long else (4, 1, 1, random.Random(5))
    )
    with opened(LESSON_5, tmp_path) as notebook:
        to_the_run(notebook, epochs)
        notebook.run_all(["s4-fit"])
        expected = notebook.run(HASH).text
        assert expected.startswith(f"{epochs} {epochs} ")

        stopped = lost = 0
        for number in range(stops):
            folder, later = begin(notebook, f"stopped-{number}"), dice.uniform(0, 0.2)
            epoch = dice.randrange(epochs - 2) if number % 4 else 0  # also before anything is kept
            halted = notebook.run("s4-fit", partial(stop, notebook, folder, epoch, later))
            assert halted.error.startswith("KeyboardInterrupt"), halted
            stopped += 1
            assert not notebook.run("s4-fit").error
            lost += notebook.run(HASH).text != expected
        tried("a run of lesson 5 stopped in an epoch, its cell run again", stopped, lost)

        lost = 0
        for number in range(restarts):
            folder, epoch = begin(notebook, f"restarted-{number}"), 1 + dice.randrange(epochs - 3)
            notebook.client.execute(notebook.cells["s4-fit"].source)
            reach(folder, epoch)
            notebook.restart()
            to_the_run(notebook, epochs)
            kept = epochs_kept(begin(notebook, f"restarted-{number}"))
            done = notebook.run("s4-fit")
            resumed = re.search(r"resumed at epoch (\d+), step (\d+)", done.text)
            assert resumed and int(resumed[1]) == kept >= epoch and not done.error, done
            lost += notebook.run(HASH).text != expected
        tried("a kernel restarted in the middle of lesson 5", restarts, lost)
        assert notebook.run("s4-numbers").text.startswith(f"trained: True, {epochs} epochs")
