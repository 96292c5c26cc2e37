"""A notebook in a kernel of its own, whose cells run in any order."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from course.tool import no_network, notebooks
from course.tool.execute import ANSI, code_cells

ROOT = Path(__file__).parents[2]
SECONDS = 120  # for one cell


@dataclass
class KernelMessage:
    """The output of a cell, and the error that stopped it, if there is one."""

    text: str
    error: str = ""


class Notebook:
    """A notebook of the course, and a kernel that works in a folder."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.folder = folder
        self.cells = {cell.id: cell for cell in code_cells(notebooks.read(path))}
        env = os.environ | {
            "COURSE_EXPECT": path.parent.name.removesuffix("s"),
            "JUPYTER_PREFER_ENV_PATH": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(no_network.GUARD), str(ROOT)]),  # runs offline
        }
        self.manager, self.client = start_new_kernel(
            kernel_name="python3", cwd=folder, env=env, extra_arguments=["--log-level=ERROR"]
        )

    def run(self, source: str, on_start=lambda: None) -> KernelMessage:
        """Run a source, or the cell of that id; ``on_start`` is called when the kernel begins."""
        if source in self.cells:
            source = self.cells[source].source
        request = self.client.execute(source)
        result, has_started, deadline = KernelMessage(""), False, time.monotonic() + SECONDS
        while True:
            message = self.client.get_iopub_msg(timeout=max(deadline - time.monotonic(), 0.1))
            kind, content = message["msg_type"], message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            if kind == "execute_input" and not has_started:
                has_started = True
                on_start()
            elif kind == "stream":
                result.text += content["text"]
            elif kind in ("execute_result", "display_data"):
                result.text += content["data"].get("text/plain", "") + "\n"
            elif kind == "error":
                result.error = ANSI.sub("", f"{content['ename']}: {content['evalue']}")
            elif kind == "status" and content["execution_state"] == "idle":
                self.client.get_shell_msg(timeout=10)
                return result

    def run_all(self, names=None) -> dict[str, str]:
        """Run all cells in order, or those that are named; return their text by name."""
        texts = {}
        for name in names or self.cells:
            result = self.run(name)
            assert not result.error, f"{name}: {result.error}"
            texts[name] = result.text
        return texts

    def run_stable(self) -> dict[str, str]:
        """Run all cells; return the text of those that print the same on every machine."""
        texts = self.run_all()
        tagged = "nbval-check-output"
        return {name: texts[name] for name in texts if tagged in notebooks.tags(self.cells[name])}

    def interrupt(self) -> None:
        """Interrupt the kernel, as the button with the square does."""
        self.manager.interrupt_kernel()

    def restart(self) -> None:
        """Kill the kernel and start another one, as "Restart session" does."""
        self.client.stop_channels()
        self.manager.restart_kernel(now=True)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)


@contextmanager
def open_notebook(path: Path, folder: Path):
    """Open a notebook with a kernel that ends with the block."""
    notebook = Notebook(path, folder)
    try:
        yield notebook
    finally:
        notebook.client.stop_channels()
        notebook.manager.shutdown_kernel(now=True)
