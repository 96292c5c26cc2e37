"""Notebooks run twice, run out of order, stopped, and resumed after the kernel was lost."""

from __future__ import annotations

import random
import re
import time
from functools import partial
from pathlib import Path

import pytest

from course.tool import notebooks
from course.tool.parameter_probe import probe_values
from tests.faults.kernels import ROOT, SECONDS, Notebook, open_notebook

SOLUTIONS = sorted((ROOT / "solutions").glob("[0-9]*.ipynb"))
SHORT = ("00_start_here",)
LESSON_5 = ROOT / "solutions/05_training_on_colab_t4.ipynb"
# The cells of lesson 5 that its run in section 4 needs
BEFORE_RUN = [
    "setup",
    "parameters",
    "imports",
    "start",
    "s1-album",
    "s1-filter",
    "s1-split",
    "s2-numbers",
]
HASH = """\
import hashlib
weights = [weight.detach().cpu().numpy().tobytes() for weight in run.net_g.state_dict().values()]
print(run.epoch, len(run.history), hashlib.sha256(b"".join(weights)).hexdigest())"""


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_notebook_runs_again_and_with_other_parameters(path, long, record_trials, tmp_path):
    if not long and path.stem not in SHORT:
        pytest.skip("in the long version")
    with open_notebook(path, tmp_path) as notebook:
        first, second = notebook.run_stable(), notebook.run_stable()
        assert first, "no cell prints anything that can be compared"
        changed = {
            name: (first[name], second[name]) for name in first if first[name] != second[name]
        }
        assert not changed
        record_trials("notebook run twice in one kernel", 1)

        checks = [name for name in notebook.cells if re.fullmatch(r"e\d-check", name)]
        for check in sorted(checks, reverse=True):
            notebook.run_all([check.replace("-check", "-stub"), check, check])
        record_trials("exercise and check run again after the end", 2 * len(checks))

        if long:
            run_with_other_parameters(notebook, path)
            record_trials("parameters changed and everything after them run", 1)


def run_with_other_parameters(notebook: Notebook, path: Path) -> None:
    values = {probe.name: probe.value for probe in probe_values(notebooks.read(path), path.stem)}
    values.pop("PROFILE", None)
    if path == LESSON_5:
        values["EPOCHS"] = 5
    names = list(notebook.cells)
    notebook.run_all(["parameters"])
    notebook.run("\n".join(f"{name} = {value!r}" for name, value in values.items()))
    notebook.run_all(names[names.index("parameters") + 1 :])


def prepare_run(notebook: Notebook, epochs: int) -> None:
    """Run lesson 5 up to the cell that creates the run."""
    for name in BEFORE_RUN:
        notebook.run_all([name])
        if name == "parameters":
            notebook.run(f"EPOCHS = {epochs}")
        elif name == "start":
            notebook.run("HERE = Path('runs')")


def create_run(notebook: Notebook, name: str) -> Path:
    """Create a run in a folder that stays when the kernel is lost."""
    notebook.run(f"HERE = Path({name!r})")
    notebook.run("folder = environment.run_folder(run_name, drive=False, root=HERE)")
    notebook.run_all(["s4-run"])
    return notebook.folder / name / "05-album-0"


def count_epochs(folder: Path) -> int:
    """Return the epoch of the newest checkpoint."""
    return max((int(path.name[12:16]) for path in folder.glob("checkpoint-e*")), default=0)


def wait_for_epoch(folder: Path, epoch: int) -> None:
    deadline = time.monotonic() + SECONDS
    while count_epochs(folder) < epoch:
        assert time.monotonic() < deadline, f"there is no checkpoint of epoch {epoch} in {folder}"
        time.sleep(0.005)


def interrupt_after(notebook: Notebook, folder: Path, epoch: int, seconds: float) -> None:
    wait_for_epoch(folder, epoch)
    time.sleep(seconds)
    notebook.interrupt()


@pytest.fixture(scope="module")
def lesson_5(long, tmp_path_factory):
    """Lesson 5 after an undisturbed run: the notebook, its epochs, and the hash of the run."""
    epochs = 20 if long else 4
    with open_notebook(LESSON_5, tmp_path_factory.mktemp("lesson-5")) as notebook:
        prepare_run(notebook, epochs)
        create_run(notebook, "undisturbed")
        notebook.run_all(["s4-fit"])
        expected = notebook.run(HASH).text
        assert expected.startswith(f"{epochs} {epochs} ")
        yield notebook, epochs, expected


def test_run_stopped_in_notebook_resumes_bit_for_bit(lesson_5, long, record_trials):
    """Stop in an epoch, also before anything is saved; then the same cell again."""
    notebook, epochs, expected = lesson_5
    rng, n, lost = random.Random(5), 12 if long else 1, 0
    for number in range(n):
        folder, seconds = create_run(notebook, f"stopped-{number}"), rng.uniform(0, 0.2)
        epoch = rng.randrange(epochs - 2) if number % 4 else 0
        interrupt = partial(interrupt_after, notebook, folder, epoch, seconds)
        stopped = notebook.run("s4-fit", interrupt)
        assert "stopped; run this cell again to resume" in stopped.text, stopped
        assert not notebook.run("s4-fit").error
        lost += notebook.run(HASH).text != expected
    record_trials("run of lesson 5 stopped, its cell run again", n, lost)


def test_resume_after_kernel_loss_is_bit_exact(lesson_5, long, record_trials):
    """The kernel is killed in an epoch; a new one runs all cells from the first."""
    notebook, epochs, expected = lesson_5
    rng, n, lost = random.Random(6), 4 if long else 1, 0
    for number in range(n):
        name = f"restarted-{number}"
        folder, epoch = create_run(notebook, name), 1 + rng.randrange(epochs - 3)
        notebook.client.execute(notebook.cells["s4-fit"].source)
        wait_for_epoch(folder, epoch)
        notebook.restart()
        prepare_run(notebook, epochs)
        saved = count_epochs(create_run(notebook, name))
        done = notebook.run("s4-fit")
        resumed = re.search(r"resumed at epoch (\d+), step (\d+)", done.text)
        assert resumed and int(resumed[1]) == saved >= epoch and not done.error, done
        lost += notebook.run(HASH).text != expected
    record_trials("kernel restarted in the middle of lesson 5", n, lost)
    assert notebook.run("s4-numbers").text.startswith(f"trained: True, {epochs} epochs")
