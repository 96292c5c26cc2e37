"""Store the outputs of a run in the solution it came from, fit for every reader and every machine."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.cli import CourseError
from course.tool.execute import Run

WIDGET = "application/vnd.jupyter.widget-view+json"  # a view without its state: some readers call it invalid


def store_outputs(path: Path, run: Run) -> None:
    """Write the outputs of ``run`` into the notebook at ``path``.

    Raises:
        CourseError: if the run failed, if the notebook changed while it ran, or if an output names a place on
            this machine.
    """
    if run.problem:
        raise CourseError(
            f"{path.name} is not stored, because it {run.problem}: mend it and run again."
        )
    nb = notebooks.read(path)
    if notebooks.source_hash(nb) != notebooks.source_hash(run.nb):
        raise CourseError(f"{path.name} changed while it ran: run it again.")
    places = machine_places(path.parents[1], run.folder)
    for number, (cell, ran) in enumerate(zip(nb.cells, run.nb.cells, strict=True), start=1):
        if cell.cell_type != "code":
            continue
        cell.execution_count, cell.outputs = ran.execution_count, list(portable(ran.outputs))
        for text in texts(cell.outputs):
            if found := places.search(text):
                raise CourseError(
                    f"{path.name}: {notebooks.place(number, cell)} prints {found[0]!r}, a place on "
                    f"this machine; stored outputs must be the same everywhere: print the file's name alone."
                )
    nb.metadata.setdefault("course", nbformat.from_dict({}))["executed"] = notebooks.source_hash(nb)
    notebooks.write(path, nb)


def portable(outputs: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The outputs without warnings and without live widgets, whose text stays."""
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        if "data" in output:
            output.data.pop(WIDGET, None)
            if not output.data:
                continue
        yield output


def texts(outputs: list[NotebookNode]) -> Iterator[str]:
    """Every text in the outputs, pictures left out."""
    for output in outputs:
        yield output.get("text", "")
        for kind, value in output.get("data", {}).items():
            if not kind.startswith("image/") or kind == "image/svg+xml":
                yield str(value)


def machine_places(root: Path, folder: str) -> re.Pattern[str]:
    """Finds a path that only this machine has: the course, the kernel's folder, the home, Python itself."""
    folders = [str(root), folder, os.path.expanduser("~"), sys.prefix]
    folders += [os.path.realpath(place) for place in folders]
    known = sorted(
        {place for place in folders if len(Path(place).parts) > 1}, key=len, reverse=True
    )
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?![\w-])[^\s'\"]*|[^\s'\"]*ipykernel_\d+[^\s'\"]*"
    )
