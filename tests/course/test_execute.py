"""Executing one notebook: a cell that hangs, a kernel that dies, a slow start, a run of nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from papermill.clientwrap import PapermillNotebookClient

from course.tool import execute, notebooks
from tests.course import tiny


@pytest.fixture
def path(tmp_path):
    """A notebook whose one cell prints."""
    notebooks.write(tmp_path / "01_one.ipynb", tiny.notebook(tiny.code("one", "print(1)")))
    return tmp_path / "01_one.ipynb"


def test_execute_reports_cell_that_hangs_or_kills_kernel(tmp_path, monkeypatch):
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


SLOW = RuntimeError("Kernel died before replying to kernel_info")


@pytest.mark.parametrize(
    ("results", "problem"),
    [
        ([SLOW, None], "took 0.00 s: no notebook can run in under 1 s"),
        ([SLOW, SLOW, None], f"stopped before its first cell: {SLOW}"),
        ([RuntimeError("no"), None], "stopped before its first cell: no"),
    ],
    ids=["one slow start", "two slow starts", "another error"],
)
def test_execute_retries_a_slow_start_once(path, monkeypatch, results, problem):
    left = list(results)

    def fake_execute(client):
        if error := left.pop(0):
            raise error
        client.nb.cells[1].execution_count = 1

    monkeypatch.setattr(PapermillNotebookClient, "execute", fake_execute)
    monkeypatch.setattr(execute.time, "perf_counter", lambda: 0.0)
    assert execute.execute(path, {}).problem == problem


def test_environment_shares_the_cores(monkeypatch):
    monkeypatch.setattr(execute, "available_cores", lambda: 8)
    for workers, threads in ((3, "2"), (9, "1")):
        assert execute.environment("lessons", workers)["OMP_NUM_THREADS"] == threads
    assert execute.environment("lessons", 1)["COURSE_EXPECT"] == "lesson"
    assert execute.environment("solutions", 1)["COURSE_EXPECT"] == "solution"
