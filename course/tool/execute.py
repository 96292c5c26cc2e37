"""Execute one notebook, as a student who has nothing but it and the library."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course.tool import notebooks

TIMEOUT = 120  # seconds for one cell; a whole notebook is meant to take 30
SLOW_START = (
    "Kernel died before replying to kernel_info"  # a busy machine, not a mistake of the notebook
)
BANNER = "papermill-error-cell-tag"  # papermill's own report; the page has a better one
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Run:
    """What one execution of one notebook came to."""

    name: str
    nb: NotebookNode
    seconds: float
    folder: str  # where the kernel worked; it is gone now
    problem: str = ""  # one line; empty if all went well
    source: str = ""  # of the cell that raised
    traceback: str = ""

    @property
    def cells(self) -> int:
        """How many code cells of the notebook were executed."""
        return sum(cell.get("execution_count") is not None for cell in code_cells(self.nb))

    @property
    def images(self) -> int:
        """How many pictures its outputs hold."""
        return len(pictures(self.nb))


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """The code cells of a notebook, without the one that a run injects."""
    cells = [cell for cell in nb.cells if cell.cell_type == "code"]
    return [cell for cell in cells if "injected-parameters" not in notebooks.tags(cell)]


def pictures(nb: NotebookNode) -> list[NotebookNode]:
    """The outputs that hold a picture, in order."""
    outputs = [output for cell in code_cells(nb) for output in cell.outputs]
    return [
        output
        for output in outputs
        if any(kind.startswith("image/") for kind in output.get("data", {}))
    ]


def environment(tree: str, workers: int) -> dict[str, str]:
    """What kernels get: this Python's own kernel, a fair share of the cores, and what checks expect."""
    return {
        "COURSE_EXPECT": tree.removesuffix("s"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "OMP_NUM_THREADS": str(max(1, cores() // workers)),
    }


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def execute(
    path: Path,
    parameters: dict[str, Any],
    executed: Callable[[], Any] = lambda: None,
    kernel: str = "python3",
) -> Run:
    """Execute a notebook in an empty folder.

    Args:
        path: The notebook; it is only read.
        parameters: What papermill injects after the cell tagged ``parameters``; nothing if empty.
        executed: Called after each code cell.
        kernel: The name of the kernel's description, as ``jupyter kernelspec list`` has it.

    Returns:
        The run. A cell that raises is told in it and raises nothing here.
    """
    nb = notebooks.read(path)
    for cell in code_cells(nb):  # what an earlier execution has left is not this one's
        cell.outputs, cell.execution_count = [], None
    state = {"cell": None, "nb": nb}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        output = Path(folder) / "executed.ipynb"
        work = Path(folder) / "work"
        work.mkdir()
        hooks = {
            "on_notebook_start": lambda notebook, **_: state.update(nb=notebook),
            "on_cell_execute": lambda cell, **_: state.update(cell=cell.id),
            "on_cell_executed": lambda **_: executed(),
        }
        try:
            hooks |= {"kernel_name": kernel, "resources": {"metadata": {"path": str(work)}}}
            _papermill(nb, output, parameters, **hooks)
            error = None
        except Exception as raised:  # whatever stopped this notebook, the others go on
            error = raised
        ran = (
            nbformat.read(output, 4) if output.exists() else state["nb"]
        )  # with what it has come to
    ran.cells = [cell for cell in ran.cells if BANNER not in notebooks.tags(cell)]
    run = Run(path.stem, ran, time.perf_counter() - start, folder)
    if error is not None:
        _explain(run, nb, state["cell"], error)
    elif not run.cells:
        run.problem = "no code cell was executed"
    elif run.seconds < 1:
        run.problem = f"took {run.seconds:.2f} s: no notebook can run in under 1 s"
    elif parameters and not any(
        "injected-parameters" in notebooks.tags(cell) for cell in ran.cells
    ):
        run.problem = "the parameters were not injected"
    return run


def _papermill(nb: NotebookNode, output: Path, parameters: dict[str, Any], **options: Any) -> None:
    import papermill

    for last in (False, True):
        try:
            papermill.execute_notebook(
                nb,
                output,
                parameters,
                language="python",
                progress_bar=False,
                request_save_on_cell_execute=False,  # else it writes and checks the file twice for each cell
                execution_timeout=TIMEOUT,
                coalesce_streams=True,
                extra_arguments=[
                    "--log-level=CRITICAL"
                ],  # an error to it is that it is stopped at the end
                **options,
            )
            return
        except RuntimeError as error:
            if last or SLOW_START not in str(error):
                raise


def _explain(run: Run, nb: NotebookNode, cell_id: str | None, error: Exception) -> None:
    """Put into ``run`` which cell stopped it, and how."""
    run.traceback = ANSI.sub("", "\n".join(getattr(error, "traceback", None) or [str(error)]))
    kind, text = getattr(error, "ename", ""), getattr(error, "evalue", str(error))
    if type(error).__name__ == "CellTimeoutError":
        text = f"it took more than {TIMEOUT} s"
    place = "before its first cell"
    for number, cell in enumerate(nb.cells, start=1):
        if cell.id == cell_id:
            place = f"in {notebooks.place(number, cell)}"
            run.source = cell.source
    first = (text.strip().splitlines() or [type(error).__name__])[0]
    run.problem = f"stopped {place}: " + ": ".join(filter(None, [kind, first]))
