"""Execute one notebook in an empty folder, as a student would who has only it and the library."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from course.tool import notebooks

TIMEOUT = 120  # seconds for one cell; a whole notebook is meant to take 30
SLOW_START = "Kernel died before replying to kernel_info"  # the message on a busy machine
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Run:
    """The result of executing one notebook."""

    name: str
    nb: NotebookNode
    seconds: float
    folder: str  # the working folder of the kernel, which is deleted by now
    problem: str = ""  # one line; empty if all went well
    source: str = ""  # of the cell that raised
    traceback: str = ""

    @property
    def cells(self) -> int:
        """The number of code cells that were executed."""
        return sum(cell.get("execution_count") is not None for cell in code_cells(self.nb))


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """Return the code cells of a notebook, without the one that a run injects."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    return [cell for cell in cells if "injected-parameters" not in notebooks.tags(cell)]


def environment(tree: str, workers: int) -> dict[str, str]:
    """Return the variables for kernels: this Python's kernel, a share of the cores, the tree."""
    return {
        "COURSE_EXPECT": tree.removesuffix("s"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "OMP_NUM_THREADS": str(max(1, cores() // workers)),
    }


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def execute(
    path: Path,
    parameters: dict[str, Any],
    on_cell_executed: Callable[[], object] = lambda: None,
    kernel: str = "python3",
) -> Run:
    """Execute a notebook in an empty folder.

    Args:
        path: The notebook; it is only read.
        parameters: Values to set after the cell tagged ``parameters``; no cell is added if empty.
        on_cell_executed: Called after each code cell.
        kernel: The name of the kernel, as ``jupyter kernelspec list`` shows it.

    Returns:
        The run. An error in a cell is described in it, and is not raised.
    """
    from nbclient import NotebookClient

    nb = notebooks.read(path)
    for cell in code_cells(nb):  # forget what an earlier execution left
        cell.outputs, cell.execution_count = [], None
    if parameters:
        _inject(nb, parameters)
    current = {"cell": None}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        client = NotebookClient(
            nb,
            kernel_name=kernel,
            timeout=TIMEOUT,
            resources={"metadata": {"path": folder}},
            coalesce_streams=True,
            extra_arguments=["--log-level=CRITICAL"],  # the kernel logs being stopped as an error
            on_cell_start=lambda cell, cell_index: current.update(cell=cell),
            on_cell_executed=lambda **_: on_cell_executed(),
        )
        error = None
        try:
            _execute_patiently(client)
        except Exception as raised:  # whatever stopped this notebook, the others continue
            error = raised
    run = Run(path.stem, nb, time.perf_counter() - start, folder)
    if error is not None:
        _describe_error(run, current["cell"], error)
    elif not run.cells:
        run.problem = "no code cell was executed"
    elif run.seconds < 1:
        run.problem = f"took {run.seconds:.2f} s: no notebook can run in under 1 s"
    return run


def _inject(nb: NotebookNode, parameters: dict[str, Any]) -> None:
    """Insert a cell that sets the parameters, after the cell tagged ``parameters`` or on top."""
    source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    cell = new_code_cell(source, metadata={"tags": ["injected-parameters"]})
    tagged = [index for index, one in enumerate(nb.cells) if "parameters" in notebooks.tags(one)]
    nb.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def _execute_patiently(client: Any) -> None:
    """Execute a notebook; try a second time if its kernel did not start."""
    try:
        client.execute()
    except RuntimeError as error:
        if SLOW_START not in str(error):
            raise
        client.execute()


def _describe_error(run: Run, cell: NotebookNode | None, error: Exception) -> None:
    """Write into ``run`` which cell stopped it, and the error."""
    run.traceback = ANSI.sub("", getattr(error, "traceback", str(error)))
    place = "before its first cell"
    if cell is not None:
        own = [one.id for one in run.nb.cells if "injected-parameters" not in notebooks.tags(one)]
        place = f"in {notebooks.place(own.index(cell.id) + 1, cell)}"
        run.source = cell.source
    text = getattr(error, "evalue", str(error))
    if type(error).__name__ == "CellTimeoutError":
        text = f"it took more than {TIMEOUT} s"
    lines = text.strip().splitlines() or [type(error).__name__]
    name = getattr(error, "ename", "")
    run.problem = f"stopped {place}: {name}: {lines[0]}" if name else f"stopped {place}: {lines[0]}"
