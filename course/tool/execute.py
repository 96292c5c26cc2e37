"""Execute one notebook in an empty folder, as a student would who has only it and the library."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from colorlib.io.threads import available_cores
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
        "OMP_NUM_THREADS": str(max(1, available_cores() // workers)),
    }


def execute(
    path: Path,
    parameters: dict[str, Any],
    on_cell_executed: Callable[[], object] = lambda: None,
    kernel: str = "python3",
) -> Run:
    """Execute a notebook in an empty folder.

    Args:
        path: The notebook; it is only read.
        parameters: Values that papermill injects after the cell tagged ``parameters``; if empty, no
            cell is added.
        on_cell_executed: Called after each code cell.
        kernel: The name of the kernel, as ``jupyter kernelspec list`` shows it.

    Returns:
        The run. An error in a cell is described in it, and is not raised.
    """
    import papermill

    options = {"kernel_name": kernel, "language": "python", "prepare_only": True}
    nb = papermill.execute_notebook(notebooks.read(path), None, parameters, **options)
    last = {"cell": None, "reply": None}  # the cell that ran last, the kernel's reply if it raised
    error = None
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        try:
            _run_papermill(
                nb,
                kernel_name=kernel,
                resources={"metadata": {"path": folder}},
                on_cell_start=lambda cell, **_: last.update(cell=cell),
                on_cell_error=lambda execute_reply, **_: last.update(
                    reply=execute_reply["content"]
                ),
                on_cell_executed=lambda **_: on_cell_executed(),
            )
        except Exception as raised:  # whatever stopped this notebook, the others continue
            error = raised
    run = Run(path.stem, nb, time.perf_counter() - start, folder)
    if error is not None or nb.metadata.papermill.exception:
        _describe_error(run, last["cell"], last["reply"] if error is None else error)
    elif not run.cells:
        run.problem = "no code cell was executed"
    elif run.seconds < 1:
        run.problem = f"took {run.seconds:.2f} s: no notebook can run in under 1 s"
    return run


def _run_papermill(nb: NotebookNode, **options: Any) -> None:
    """Execute a notebook in place; try a second time if its kernel did not start."""
    from papermill.engines import papermill_engines

    options |= {
        "progress_bar": False,
        "execution_timeout": TIMEOUT,
        "coalesce_streams": True,
        "extra_arguments": ["--log-level=CRITICAL"],  # the kernel logs being stopped as an error
    }
    try:
        papermill_engines.execute_notebook_with_engine(None, nb, **options)
    except RuntimeError as error:
        if SLOW_START not in str(error):
            raise
        papermill_engines.execute_notebook_with_engine(None, nb, **options)


def _describe_error(run: Run, cell: NotebookNode | None, error: Exception | dict[str, Any]) -> None:
    """Write into ``run`` which cell stopped it, and the exception or the kernel's reply."""
    if isinstance(error, dict):
        text = f"{error['ename']}: {error['evalue'].strip()}".removesuffix(": ")
        traceback = "\n".join(error["traceback"])
    else:
        text = traceback = str(error).strip() or type(error).__name__
    if type(error).__name__ == "CellTimeoutError":
        text = f"it took more than {TIMEOUT} s"
    place = "before its first cell"
    if cell is not None:
        own = [one.id for one in run.nb.cells if "injected-parameters" not in notebooks.tags(one)]
        place = f"in {notebooks.place(own.index(cell.id) + 1, cell)}"
        run.source = cell.source
    run.problem = f"stopped {place}: {text.splitlines()[0]}"
    run.traceback = ANSI.sub("", traceback)
