"""Notebook files: read with clear errors, and written so that equal notebooks have equal bytes."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course.tool import conflicts
from course.tool.cli import CourseError
from course.tool.files import atomic_write_text

# All metadata that a file may hold. Editors add their own (collapsed, scrolled, vscode, widgets,
# execution times, Colab's outputId), which differ from person to person and never enter a file.
KEPT_METADATA = ("accelerator", "colab", "course", "kernelspec", "language_info")
KEPT_CELL_METADATA = ("course", "mystnb", "tags")  # mystnb: labels of the site
TO_WRITE_IN = ("prediction", "written")  # tags of Markdown cells in which students write
FOLDED_TAGS = {"setup", "hide-input"}  # the code of these cells is folded, in Colab and JupyterLab
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}
CELL_ID = r"[A-Za-z0-9_-]{1,64}"


def read(path: Path) -> NotebookNode:
    """Read a notebook of format 4.5 in which every cell has a unique id, without foreign metadata.

    Colab saves an older format and keeps the ids in the metadata of the cells: they are restored.

    Raises:
        CourseError: If the file is anything else, or a merge is not finished; the message names
            the file.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise CourseError(f"{name(path)} does not exist: write it, or restore it.") from None
    except UnicodeDecodeError:
        raise CourseError(f"{name(path)} is not a text in UTF-8: restore it from git.") from None
    nb = parse(text, name(path))
    normalize(nb)
    return nb


def parse(text: str, where: str) -> NotebookNode:
    """Return the notebook that a text holds, with all its metadata; ``where`` names the file."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        conflicts.refuse(text, where)
        advice = "correct that line, or restore the file from git"
        raise CourseError(f"{where} is not valid JSON ({error}): {advice}.") from None
    try:
        _restore_ids(raw)
        if (raw["nbformat"], raw["nbformat_minor"]) != (4, 5):
            version = f"{raw['nbformat']}.{raw['nbformat_minor']}"
            advice = "open it in JupyterLab and save it; its cells get new ids"
            raise CourseError(f"{where} is of format {version}, not of format 4.5: {advice}.")
        check_ids(raw["cells"], where)
        nbformat.validate(raw)
    except (nbformat.ValidationError, LookupError, TypeError, AttributeError) as error:
        reason = str(error).strip().splitlines()[0]
        advice = "restore it from git, or save it again in JupyterLab"
        raise CourseError(f"{where} is not a valid notebook ({reason}): {advice}.") from None
    nb = nbformat.v4.reads(json.dumps(raw))
    conflicts.refuse_in_cells(nb, where)
    return nb


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


def normalize(nb: NotebookNode) -> None:
    """Keep only the metadata of the course; fold the cells whose tags ask for it."""
    nb.metadata = _only(nb.metadata, KEPT_METADATA)
    for cell in nb.cells:
        cell.metadata = _only(cell.metadata, KEPT_CELL_METADATA)
        if cell.cell_type == "code" and not FOLDED_TAGS.isdisjoint(tags(cell)):
            cell.metadata.update(nbformat.from_dict(FOLDED))


def foreign_metadata(nb: NotebookNode) -> list[str]:
    """Return the names of the metadata that ``normalize`` would remove, in order."""
    found = set(nb.metadata) - set(KEPT_METADATA)
    for cell in nb.cells:
        found |= set(cell.metadata) - set(KEPT_CELL_METADATA)
        if not FOLDED_TAGS.isdisjoint(tags(cell)):
            found -= set(FOLDED)
    return sorted(found)


def dumps(nb: NotebookNode) -> str:
    """Return the text of a notebook file: keys sorted, without metadata of editors and runs."""
    nb = copy.deepcopy(nb)
    normalize(nb)
    return nbformat.v4.writes(nb) + "\n"


def write(path: Path, nb: NotebookNode) -> None:
    """Write ``dumps(nb)`` in one step, so that a reader never sees half a notebook."""
    atomic_write_text(path, dumps(nb))


def source_hash(nb: NotebookNode) -> str:
    """Return a hash of what a person writes (ids, kinds, sources, tags); outputs do not count."""
    return _hash([[cell.id, cell.cell_type, cell.source, sorted(tags(cell))] for cell in nb.cells])


def code_hash(nb: NotebookNode) -> str:
    """Return a hash of the code alone: a new word in a text asks for no new run."""
    return _hash([[cell.id, cell.source, sorted(tags(cell))] for _, cell in numbered(nb, "code")])


def content_hash(nb: NotebookNode) -> str:
    """Return a hash of everything but ``metadata.course``, where such hashes are kept."""
    nb = copy.deepcopy(nb)
    nb.metadata.pop("course", None)
    return _hash(dumps(nb))


def is_fresh(nb: NotebookNode) -> bool:
    """Return whether the stored outputs are those of this code.

    Outputs of an earlier version of this tool are current only if no text has changed, either.
    """
    executed = nb.metadata.get("course", {}).get("executed")
    return executed in (code_hash(nb), source_hash(nb))


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


def _restore_ids(raw: dict[str, Any]) -> None:
    """Take the ids of cells from their metadata, where Colab keeps them."""
    for cell in raw["cells"]:
        kept = cell.get("metadata", {}).get("id")
        if not cell.get("id") and isinstance(kept, str) and re.fullmatch(CELL_ID, kept):
            cell["id"] = kept
    older = raw["nbformat"] == 4 and raw["nbformat_minor"] in range(5)
    if older and raw["cells"] and all(cell.get("id") for cell in raw["cells"]):
        raw["nbformat_minor"] = 5


def _only(metadata: NotebookNode, kept: tuple[str, ...]) -> NotebookNode:
    return nbformat.from_dict({key: metadata[key] for key in kept if key in metadata})


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode("utf-8")).hexdigest()
