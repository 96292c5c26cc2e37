"""Notebook files: read with clear errors, and written so that equal notebooks have equal bytes."""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.tool.cli import CourseError
from course.tool.files import atomic_write_text

# What a run leaves behind and differs from run to run: widget state, parameters, times.
VOLATILE_METADATA = ("widgets", "papermill")
VOLATILE_CELL_METADATA = ("papermill", "execution")


def read(path: Path) -> NotebookNode:
    """Read a notebook of format 4.5 in which every cell has a unique id.

    Raises:
        CourseError: If the file is anything else; the message names the file.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        raw = json.loads(text)
    except FileNotFoundError:
        raise CourseError(
            f"{name(path)} does not exist: write it, or restore it from git."
        ) from None
    except ValueError as error:
        raise CourseError(f"{name(path)} is not JSON ({error}): restore it from git.") from None
    if not isinstance(raw, dict) or (raw.get("nbformat"), raw.get("nbformat_minor")) != (4, 5):
        raise CourseError(
            f"{name(path)} is not a notebook of format 4.5: open it in JupyterLab and save it."
        )
    try:
        check_ids(raw["cells"], name(path))
        nbformat.validate(raw)
    except (nbformat.ValidationError, LookupError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CourseError(
            f"{name(path)} is not a valid notebook ({reason}): restore it from git."
        ) from None
    return nbformat.v4.reads(text)


def name(path: Path) -> str:
    """Return the last two parts of a notebook's path: ``solutions/01_x.ipynb``."""
    return "/".join(path.parts[-2:])


def check_ids(cells: list, where: str) -> None:
    """Raise CourseError if a cell has no id, or the id of another cell."""
    for number, cell in enumerate(cells, start=1):
        if not cell.get("id"):
            raise CourseError(
                f"{where}: cell {number} has no id: open the file in JupyterLab and save it."
            )
    for cell_id, count in Counter(cell["id"] for cell in cells).items():
        if count > 1:
            raise CourseError(
                f"{where}: {count} cells have the id {cell_id!r}: give each its own id."
            )


def dumps(nb: NotebookNode) -> str:
    """Return the text of a notebook file: keys sorted, without widget state and times of a run."""
    nb = copy.deepcopy(nb)
    for key in VOLATILE_METADATA:
        nb.metadata.pop(key, None)
    for cell in nb.cells:
        for key in VOLATILE_CELL_METADATA:
            cell.metadata.pop(key, None)
    return nbformat.v4.writes(nb) + "\n"


def write(path: Path, nb: NotebookNode) -> None:
    """Write ``dumps(nb)`` in one step, so that a reader never sees half a notebook."""
    atomic_write_text(path, dumps(nb))


def source_hash(nb: NotebookNode) -> str:
    """Return a hash of what a person writes (ids, kinds, sources, tags); outputs do not count."""
    rows = [[cell.id, cell.cell_type, cell.source, sorted(tags(cell))] for cell in nb.cells]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode("utf-8")).hexdigest()


def is_fresh(nb: NotebookNode) -> bool:
    """Return whether the stored outputs are those of these sources."""
    return nb.metadata.get("course", {}).get("executed") == source_hash(nb)


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


def place(number: int, cell: NotebookNode) -> str:
    """Return the name of a cell in messages; ``number`` counts from 1."""
    return f"cell {number} ({cell.id})"
