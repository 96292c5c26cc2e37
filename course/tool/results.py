"""Measured tables, ``course/results/NAME.json``: each with the command, seeds and versions that made it.

They are the only source of measured numbers in a text that no cell prints.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from pathlib import Path
from typing import Any

from course.tool.cli import CourseError
from course.tool.course_config import ROOT
from course.tool.files import atomic_write_text
from course.tool.result_fields import AGAIN, check, check_name, said

FOLDER = "course/results"
DIGITS = 2  # after the point, of a column that names none


def write(
    name: str,
    *,
    title: str,
    command: str,
    protocol: str,
    seeds: list[int],
    columns: list[str | dict[str, Any]],
    rows: list[dict[str, Any]],
    root: Path = ROOT,
) -> Path:
    """Store a measured table; the date, the versions and the machine are added.

    Args:
        name: of the file, without ``.json``: letters, digits, ``_`` and ``-``.
        title: what the table shows, in a few words.
        command: what a reader types to measure it again.
        protocol: one or two sentences: data, sizes, steps, and what the number after ± is.
        seeds: every seed that was used, at least one.
        columns: a name each, or ``{"name": ..., "digits": 3}`` for another number of digits than two.
        rows: ``{"name": ..., "values": {column: value}}``, where a value is a number, a text, or
            ``{"mean": m, "spread": s, "n": k}``; a column that was not measured in a row is left out of it.
        root: the folder of the course.

    Returns:
        The file's path.

    Raises:
        CourseError: if a field is not as described.
    """
    raw = {
        "title": title,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": _torch().__version__},
        "machine": _machine(),
        "protocol": protocol,
        "seeds": seeds,
        "columns": columns,
        "rows": rows,
    }
    check_name(name)
    raw = json.loads(json.dumps(raw, default=_plain))
    check(raw, f"{FOLDER}/{name}.json")
    path = root / FOLDER / f"{name}.json"
    atomic_write_text(path, json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
    return path


def read(name: str, root: Path = ROOT) -> dict[str, Any]:
    """A stored result, every field checked.

    Raises:
        CourseError: if there is no such result, or a field is missing, unknown or not as ``write`` describes.
    """
    check_name(name)
    file = f"{FOLDER}/{name}.json"
    try:
        raw = json.loads((root / file).read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise CourseError(
            f"{file} does not exist: run the script in benchmarks/ that writes it, or mend the name."
        ) from None
    except ValueError as error:
        raise CourseError(
            f"{file} is not JSON ({error}): restore it from git, or {AGAIN}."
        ) from None
    check(raw, file)
    return raw


def table(name: str, root: Path = ROOT) -> str:
    """The Markdown of a stored result: its title, its table, and how it was measured."""
    raw = read(name, root)
    columns = [_column(entry) for entry in raw["columns"]]
    lines = [_line("", *(column for column, _ in columns)), "|:---|" + "---:|" * len(columns)]
    for row in raw["rows"]:
        cells = (_shown(row["values"].get(column), digits) for column, digits in columns)
        lines.append(_line(row["name"], *cells))
    seeds = ", ".join(map(str, raw["seeds"]))
    how = (
        f"*Stored result: measured by `{raw['command']}`, seed{'s' * (len(raw['seeds']) > 1)} {seeds}, "
        f"python {raw['versions']['python']}, torch {raw['versions']['torch']}, {raw['machine']}, "
        f"{raw['date']}.*"
    )
    return "\n".join(
        [f"**{raw['title']}**", "", *lines, "", f"<small>{how} {raw['protocol']}</small>"]
    )


def _column(entry: str | dict[str, Any]) -> tuple[str, int]:
    return (entry, DIGITS) if isinstance(entry, str) else (entry["name"], entry["digits"])


def _shown(value: Any, digits: int) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, dict):
        return f"{_shown(float(value['mean']), digits)} ± {_shown(float(value['spread']), digits)}"
    if isinstance(value, float):
        return f"{value:z.{digits}f}".replace("-", "−")
    return str(value)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _plain(value: Any) -> Any:
    """Numbers of NumPy and torch as Python's own."""
    if hasattr(value, "item"):
        return value.item()
    raise CourseError(f"a result holds {said(value)}, expected numbers and texts: convert it.")


def _torch() -> Any:
    import torch

    return torch


def _machine() -> str:
    """What ran it, in words that name no one's computer."""
    usable = getattr(os, "sched_getaffinity", None)
    count = len(usable(0)) if usable else os.cpu_count() or 1
    cores, cuda = f"{count} CPU core{'s' * (count > 1)}", _torch().cuda
    return f"{cuda.get_device_name(0)}, {cores}" if cuda.is_available() else cores
