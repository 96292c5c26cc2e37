"""Notebooks as students send them: any format, any editor, damaged or not notebooks at all."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import nbformat

from course.tool import conflicts

MAX_BYTES = 50 * 2**20
PRINT_STATEMENT = re.compile(r"^\s*print\s+[^\s(=]", re.MULTILINE)
TRIES = re.compile(r"^\s*(\d+\.\d+)\s.*?\btries:\s*(\d+)", re.MULTILINE)
# The first bytes of other kinds of file, and what to say about them.
OTHER_KINDS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive, or a Word or Excel file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"{\\rtf": "a text document (RTF)",
}
SEND_IPYNB = "Ask for the .ipynb file itself"


class UnreadableNotebook(ValueError):
    """The file cannot be read as a notebook; the message is a sentence for the instructor."""


@dataclass(frozen=True)
class Cell:
    """One cell: its number from 1, its id (or ""), ``code`` or ``markdown``, and its source."""

    number: int
    id: str
    kind: str
    source: str


@dataclass(frozen=True)
class SubmittedNotebook:
    """The parts of a notebook that grading needs.

    Args:
        cells: In their order.
        remarks: Sentences about the file, for the instructor.
        source_hash: The hash of the solution that the lesson was made from, or "".
        tries: Number of an exercise -> tries, as the notebook's last table of progress says.
    """

    cells: tuple[Cell, ...]
    remarks: tuple[str, ...] = ()
    source_hash: str = ""
    tries: dict[str, int] = field(default_factory=dict)


def parse_notebook(data: bytes) -> SubmittedNotebook:
    """Read the bytes of a file.

    Raises:
        UnreadableNotebook: If it is not a notebook; the message says what it is instead.
    """
    remarks: list[str] = []
    raw = _load_json(_decode(data, remarks))
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise UnreadableNotebook(f"The file is JSON, but not a notebook. {SEND_IPYNB}.")
    if raw["nbformat"] < 4:
        remarks.append(f"The notebook has the old format {raw['nbformat']}; it was converted.")
        raw = _upgrade(raw)
    elif raw["nbformat"] > 4:
        version = raw["nbformat"]
        raise UnreadableNotebook(f"The notebook has format {version}; this version reads 3 and 4.")
    if not isinstance(raw.get("cells"), list):
        raise UnreadableNotebook(f"The notebook has no list of cells. {SEND_IPYNB}.")
    cells = [_read_cell(number, cell) for number, cell in enumerate(raw["cells"], start=1)]
    cells = [cell for cell in cells if cell is not None]
    if not any(cell.source.strip() for cell in cells):
        raise UnreadableNotebook("The notebook has no cell with text in it.")
    metadata = _dict(raw.get("metadata"))
    remarks += _describe_kernel(metadata, cells)
    if any(conflicts.first_line(cell.source) for cell in cells):
        remarks.append("Cells have the markers of a merge conflict (<<<<<<<).")
    source_hash = str(_dict(metadata.get("course")).get("source", ""))
    return SubmittedNotebook(tuple(cells), tuple(remarks), source_hash, _read_tries(raw["cells"]))


def _decode(data: bytes, remarks: list[str]) -> str:
    if not data.strip():
        raise UnreadableNotebook("The file is empty.")
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 2**20:.0f} MB"
        raise UnreadableNotebook(f"The file has {size}; ask for it without its outputs.")
    for start, kind in OTHER_KINDS.items():
        if data.startswith(start):
            raise UnreadableNotebook(f"The file is {kind}, not a notebook. {SEND_IPYNB}.")
    encodings = ["utf-8-sig", "cp1252", "latin-1"]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16", *encodings]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "utf-8-sig":
            remarks.append(f"The file is not UTF-8; it was read as {encoding}.")
        return text
    raise AssertionError("latin-1 reads every byte")


def _load_json(text: str) -> object:
    start = text.lstrip()[:300].lower()
    if start.startswith("<") and not start.startswith("<<<<"):
        raise UnreadableNotebook(f"The file is a web page (HTML), not a notebook. {SEND_IPYNB}.")
    try:
        return json.loads(text)
    except RecursionError:
        raise UnreadableNotebook("The file is JSON nested too deeply for a notebook.") from None
    except ValueError as error:
        if line := conflicts.first_line(text):
            marker = text.split("\n")[line - 1].split()[0]
            raise UnreadableNotebook(
                f"The file has the markers of a merge conflict (line {line}: {marker}). "
                f"Ask for it with the conflict resolved."
            ) from None
        if not start.startswith("{"):
            text = f"The file is a text, not a notebook. {SEND_IPYNB}."
            raise UnreadableNotebook(text) from None
        text = f"The file is damaged or incomplete ({error}). Ask for it again."
        raise UnreadableNotebook(text) from None


def _upgrade(raw: dict) -> dict:
    try:
        return nbformat.convert(nbformat.from_dict(raw), 4)
    except Exception as error:
        text = f"The notebook's old format cannot be converted ({type(error).__name__})."
        raise UnreadableNotebook(f"{text} Ask for it saved by a current Jupyter.") from None


def _read_cell(number: int, raw: object) -> Cell | None:
    """Read a cell; Colab keeps the id of a cell in its metadata."""
    if not isinstance(raw, dict) or raw.get("cell_type") not in ("code", "markdown"):
        return None
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        source = ""
    cell_id = raw.get("id") or _dict(raw.get("metadata")).get("id") or ""
    return Cell(number, str(cell_id), raw["cell_type"], source.replace("\r\n", "\n"))


def _describe_kernel(metadata: dict, cells: list[Cell]) -> list[str]:
    kernel, language = _dict(metadata.get("kernelspec")), _dict(metadata.get("language_info"))
    name = str(language.get("name") or kernel.get("language") or "python").lower()
    version = str(language.get("version", ""))
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    if not name.startswith(("python", "ipython")):
        return [f"The notebook is for the language {name}; its cells were read as Python 3."]
    if version.startswith("2") or kernel.get("name") == "python2" or PRINT_STATEMENT.search(code):
        return ["The notebook is for Python 2, or prints as Python 2 does; it was run as Python 3."]
    return []


def _read_tries(cells: list) -> dict[str, int]:
    """Read the tries from stored tables of progress; the last table counts."""
    tries: dict[str, int] = {}
    for cell in cells:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            data = _dict(_dict(output).get("data")).get("text/plain") or _dict(output).get("text")
            text = "".join(map(str, data)) if isinstance(data, list) else str(data or "")
            tries |= {number: int(count) for number, count in TRIES.findall(text[:20_000])}
    return tries


def _dict(value: object) -> dict:
    return value if isinstance(value, dict) else {}
