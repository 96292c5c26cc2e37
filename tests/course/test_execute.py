"""One notebook that hangs, dies, starts slowly or cannot have run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import nbformat
import papermill
import pytest

from course.tool import execute, notebooks
from tests.course import tiny


@pytest.fixture
def path(tmp_path):
    """A notebook whose one cell prints."""
    nb = tiny.notebook(tiny.code("one", "print(1)"))
    notebooks.write(tmp_path / "01_one.ipynb", nb)
    return tmp_path / "01_one.ipynb"


def test_a_cell_that_hangs_and_a_kernel_that_dies(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "TIMEOUT", 1)
    books = {"hangs": "import time\ntime.sleep(60)", "dies": "import os\nos._exit(3)"}
    for name, source in books.items():
        nb = tiny.notebook(tiny.code("before", "print('so far')"), tiny.code("here", source))
        notebooks.write(tmp_path / f"{name}.ipynb", nb)
    with ThreadPoolExecutor(2) as pool:
        hangs, dies = pool.map(lambda name: execute.execute(tmp_path / f"{name}.ipynb", {}), books)
    assert hangs.problem == "stopped in cell 3 (here): it took more than 1 s"
    assert dies.problem == "stopped in cell 3 (here): Kernel died"
    assert hangs.nb.cells[1].outputs[0].text == dies.nb.cells[1].outputs[0].text == "so far\n"


def answers(monkeypatch, *answers):
    """Let papermill answer at once, once with each of these."""
    left = list(answers)

    def answer(nb, output, parameters, **options):
        if error := left.pop(0):
            raise error
        nb.cells[1].execution_count = 1
        nbformat.write(nb, output)

    monkeypatch.setattr(papermill, "execute_notebook", answer)
    return left


def test_a_slow_start_is_tried_again_once(path, monkeypatch):
    slow = RuntimeError("Kernel died before replying to kernel_info")
    left = answers(monkeypatch, slow, None)
    assert execute.execute(path, {}).cells == 1
    assert not left
    answers(monkeypatch, slow, slow, None)
    assert execute.execute(path, {}).problem == f"stopped before its first cell: {slow}"


def test_any_other_error_is_not_tried_again(path, monkeypatch):
    answers(monkeypatch, RuntimeError("no"), None)
    assert execute.execute(path, {}).problem == "stopped before its first cell: no"


def test_what_cannot_have_run(path, monkeypatch):
    answers(monkeypatch, None)
    assert "no notebook can run in under 1 s" in execute.execute(path, {}).problem


def test_parameters_that_were_not_injected(path, monkeypatch):
    answers(monkeypatch, None)
    clock = iter([0.0, 5.0])
    monkeypatch.setattr(execute.time, "perf_counter", lambda: next(clock))
    assert (
        execute.execute(path, {"PROFILE": "reduced"}).problem == "the parameters were not injected"
    )


def test_kernels_share_the_cores(monkeypatch):
    monkeypatch.setattr(execute, "cores", lambda: 8)
    assert execute.environment("lessons", 3)["OMP_NUM_THREADS"] == "2"
    assert execute.environment("lessons", 9)["OMP_NUM_THREADS"] == "1"
    assert execute.environment("lessons", 1)["COURSE_EXPECT"] == "lesson"
    assert execute.environment("solutions", 1)["COURSE_EXPECT"] == "solution"
