"""A notebook in a kernel of its own, cell by cell, in whatever order a student may take."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import start_new_kernel
from nbformat import NotebookNode

from course.tool import no_network, notebooks
from course.tool.execute import ANSI, code_cells

ROOT = Path(__file__).parents[2]
SECONDS = 120  # for one cell


@dataclass
class Said:
    """What a cell came to: what it printed, and the error that stopped it, if one did."""

    text: str
    error: str = ""


class Notebook:
    """A notebook of the course and the kernel in which its cells are run.

    Args:
        path: of the notebook.
        folder: where the kernel works.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.folder = folder
        self.cells: dict[str, NotebookNode] = {
            cell.id: cell for cell in code_cells(notebooks.read(path))
        }
        env = os.environ | {
            "COURSE_EXPECT": path.parent.name.removesuffix("s"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(
                [str(no_network.GUARD), str(ROOT)]
            ),  # nothing but the loopback
        }
        quiet = {"extra_arguments": ["--log-level=ERROR"]}
        self.manager, self.client = start_new_kernel(
            kernel_name="python3", cwd=folder, env=env, **quiet
        )

    def run(self, source: str, meanwhile: Callable[[], object] = lambda: None) -> Said:
        """Run a source, or the cell of that id; ``meanwhile`` is called when the kernel has begun."""
        request = self.client.execute(self.cells[source].source if source in self.cells else source)
        said, began, end = Said(""), False, time.monotonic() + SECONDS
        while True:
            message = self.client.get_iopub_msg(timeout=max(end - time.monotonic(), 0.1))
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            if kind == "execute_input" and not began:
                began = True
                meanwhile()
            if kind == "stream":
                said.text += content["text"]
            if kind in ("execute_result", "display_data"):
                said.text += content["data"].get("text/plain", "") + "\n"
            if kind == "error":
                said.error = ANSI.sub("", f"{content['ename']}: {content['evalue']}")
            if kind == "status" and content["execution_state"] == "idle":
                self.client.get_shell_msg(timeout=10)
                return said

    def run_all(self, ids: Iterable[str] = ()) -> dict[str, Said]:
        """Run all cells in their order, or those named, up to the first that raises."""
        done = {}
        for cell in ids or self.cells:
            done[cell] = self.run(cell)
            assert not done[cell].error, f"{cell}: {done[cell].error}"
        return done

    def checked(self) -> list[str]:
        """Name the cells whose printed words are the same on every machine."""
        return [
            name
            for name, cell in self.cells.items()
            if "nbval-check-output" in notebooks.tags(cell)
        ]

    def interrupt(self) -> None:
        """Press the button with the square."""
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        """Kill the kernel and start another one, as "Restart session" does."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)


@contextmanager
def opened(path: Path, folder: Path) -> Iterator[Notebook]:
    """Open a notebook with a kernel that ends with the block."""
    notebook = Notebook(path, folder)
    try:
        yield notebook
    finally:
        notebook.client.stop_channels()
        notebook.manager.shutdown_kernel(now=True)
