"""Notebook files: read with clear errors, and written so that equal notebooks have equal bytes."""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
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
        if (raw["nbformat"], raw["nbformat_minor"]) != (4, 5):
            raise CourseError(f"{name(path)} is not of format 4.5: save it again in JupyterLab.")
        check_ids(raw["cells"], name(path))
        nbformat.validate(raw)
    except FileNotFoundError:
        raise CourseError(f"{name(path)} does not exist: write it, or restore it.") from None
    except (nbformat.ValidationError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        text = f"{name(path)} is not a valid notebook ({reason}): restore it from git."
        raise CourseError(text) from None
    return nbformat.v4.reads(text)


def name(path: Path) -> str:
    """Return the last two parts of a notebook's path: ``solutions/01_x.ipynb``."""
    return "/".join(path.parts[-2:])


def check_ids(cells: list, where: str) -> None:
    """Raise CourseError if a cell has no id, or the id of another cell."""
    for number, cell in enumerate(cells, start=1):
        if not cell.get("id"):
            raise CourseError(f"{where}: cell {number} has no id: save it again in JupyterLab.")
    for cell_id, count in Counter(cell["id"] for cell in cells).items():
        if count > 1:
            raise CourseError(f"{where}: {count} cells have the id {cell_id!r}: change one.")


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


def numbered(
    nb: NotebookNode, kind: str | None = None, tag: str | None = None
) -> Iterator[tuple[int, NotebookNode]]:
    """Yield the cells of a notebook (of one kind, with one tag), with their numbers from 1."""
    for number, cell in enumerate(nb.cells, start=1):
        if kind in (None, cell.cell_type) and (tag is None or tag in tags(cell)):
            yield number, cell


def place(number: int, cell: NotebookNode) -> str:
    """Return the name of a cell in messages; ``number`` counts from 1."""
    return f"cell {number} ({cell.id})"
