"""Notebook files: read with clear errors, written so that the same notebook gives the same bytes."""

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

VOLATILE_METADATA = (
    "widgets",
    "papermill",
)  # of a notebook: stored widget state, a run's parameters
VOLATILE_CELL_METADATA = ("papermill", "execution")  # of a cell: when and how long it ran


def read(path: Path) -> NotebookNode:
    """Read a notebook of format 4.5 in which every cell has an id of its own.

    Raises:
        CourseError: if the file is anything else; the text names the file.
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
    version = (raw.get("nbformat"), raw.get("nbformat_minor")) if isinstance(raw, dict) else None
    if version != (4, 5):
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
    """The last two parts of a notebook's path, as people speak of it: ``solutions/01_x.ipynb``."""
    return "/".join(path.parts[-2:])


def check_ids(cells: list, where: str) -> None:
    """Stop if a cell has no id, or the id of another cell."""
    for number, cell in enumerate(cells, start=1):
        if not cell.get("id"):
            raise CourseError(
                f"{where}: cell {number} has no id: open the file in JupyterLab and save it."
            )
    for cell_id, count in Counter(cell["id"] for cell in cells).items():
        if count > 1:
            raise CourseError(
                f"{where}: {count} cells have the id {cell_id!r}: give each an id of its own."
            )


def dumps(nb: NotebookNode) -> str:
    """The text of a notebook file: keys sorted, no widget state, no traces of a run's date and time."""
    nb = copy.deepcopy(nb)
    for key in VOLATILE_METADATA:
        nb.metadata.pop(key, None)
    for cell in nb.cells:
        for key in VOLATILE_CELL_METADATA:
            cell.metadata.pop(key, None)
    return nbformat.v4.writes(nb) + "\n"


def write(path: Path, nb: NotebookNode) -> None:
    """Write ``dumps(nb)`` in one step: a reader never sees half a notebook."""
    atomic_write_text(path, dumps(nb))


def source_hash(nb: NotebookNode) -> str:
    """A hash of everything a person writes in a notebook (ids, kinds, sources, tags), and of no output."""
    rows = [[cell.id, cell.cell_type, cell.source, sorted(tags(cell))] for cell in nb.cells]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode("utf-8")).hexdigest()


def is_fresh(nb: NotebookNode) -> bool:
    """Whether the stored outputs are those of these sources."""
    return nb.metadata.get("course", {}).get("executed") == source_hash(nb)


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def place(number: int, cell: NotebookNode) -> str:
    """How messages name a cell; ``number`` counts from 1."""
    return f"cell {number} ({cell.id})"
