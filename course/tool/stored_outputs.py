"""Store the outputs of a run in its solution, in a form that fits every reader and machine."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from course.tool import notebooks
from course.tool.cli import CourseError
from course.tool.execute import Run
from course.tool.lints.code import MAX_BYTES

WIDGET = "application/vnd.jupyter.widget-view+json"  # without its state, some readers reject it


JPEG = "image/jpeg"
LOWER_QUALITY = 60  # figures come with 72; the difference shows at the edges of letters only


def store_outputs(path: Path, run: Run) -> None:
    """Write the outputs of ``run`` into the notebook at ``path``.

    Raises:
        CourseError: If the run failed, if the notebook changed while it ran, or if an output
            contains a path of this machine.
    """
    if run.problem:
        raise CourseError(f"{path.name} is not stored, because it {run.problem}: fix that first.")
    nb = notebooks.read(path)
    if notebooks.source_hash(nb) != notebooks.source_hash(run.nb):
        raise CourseError(f"{path.name} changed while it ran: run it again.")
    pattern = machine_path_pattern(path.parents[1], run.folder)
    for number, cell in notebooks.numbered(nb, "code"):
        ran = run.nb.cells[number - 1]
        cell.execution_count, cell.outputs = ran.execution_count, list(portable(ran.outputs))
        for text in texts(cell.outputs):
            if found := pattern.search(text):
                raise CourseError(
                    f"{path.name}: {notebooks.place(number, cell)} prints {found[0]!r}, a path of "
                    f"this machine; stored outputs must be the same everywhere: print only the "
                    f"file's name."
                )
    nb.metadata.setdefault("course", nbformat.from_dict({}))["executed"] = notebooks.code_hash(nb)
    make_room(nb, MAX_BYTES["solutions"])
    notebooks.write(path, nb)


def portable(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """Yield the outputs without warnings and without live widgets, whose text stays."""
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        if "data" in output:
            output.data.pop(WIDGET, None)
            if not output.data:
                continue
        yield output


def make_room(nb: NotebookNode, limit: int) -> None:
    """Save photos at a lower quality, the largest first, until the file has ``limit`` bytes.

    Nothing changes in a notebook that fits, and no photo is saved twice at the lower quality.
    """
    photos = [out.data for _, cell in notebooks.numbered(nb, "code") for out in cell.outputs
              if JPEG in out.get("data", {})]  # fmt: skip
    for data in sorted(photos, key=lambda data: len(data[JPEG]), reverse=True):
        if len(notebooks.dumps(nb).encode("utf-8")) <= limit:
            return
        with Image.open(io.BytesIO(base64.b64decode(data[JPEG]))) as photo:
            file = io.BytesIO()
            photo.save(file, "JPEG", quality=LOWER_QUALITY, optimize=True, progressive=True)
        smaller = base64.b64encode(file.getvalue()).decode("ascii")
        data[JPEG] = min(data[JPEG], smaller, key=len)


def texts(outputs: list[NotebookNode]) -> Iterator[str]:
    """Yield every text in the outputs; images are left out."""
    for output in outputs:
        yield output.get("text", "")
        for kind, value in output.get("data", {}).items():
            if not kind.startswith("image/") or kind == "image/svg+xml":
                yield str(value)


def machine_path_pattern(root: Path, folder: str) -> re.Pattern[str]:
    """Return a pattern of paths below the course, the kernel's folder, the home and Python."""
    folders = {str(root), folder, os.path.expanduser("~"), sys.prefix}
    folders |= {os.path.realpath(place) for place in folders}
    known = [re.escape(place) for place in folders if len(Path(place).parts) > 1]
    rest = r"[^\s'\"]*"
    alternatives = "|".join(sorted(known, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{alternatives})(?![\w-]){rest}|{rest}ipykernel_\d+{rest}")
