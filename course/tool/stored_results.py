"""Measured tables, ``course/results/NAME.json``, with the command, seeds and versions behind them.

They are the only source of measured numbers in a text that no cell prints. Every file follows
``course/results/schema.json``.
"""

from __future__ import annotations

import datetime
import json
import platform
import re
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from colorlib.io.threads import available_cores
from course.tool import markdown
from course.tool.cli import CourseError
from course.tool.course_config import ROOT
from course.tool.files import atomic_write_text

FOLDER = "course/results"
SCHEMA = "schema.json"
NOT_MEASURED = "–"
PLUS_MINUS = "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}"  # a narrow column must not break it
DEFAULT_DIGITS = 2  # decimal places of a column that names none
MEASURE_AGAIN = "measure again with course.tool.stored_results.write, which checks every field"


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
        name: The name of the file, without ``.json``: letters, digits, ``_`` and ``-``.
        title: What the table shows, in a few words.
        command: What a reader types to measure it again.
        protocol: One or two sentences: data, sizes, steps, and what the number after ± is.
        seeds: Every seed that was used, at least one.
        columns: A name each, or ``{"name": ..., "digits": 3}`` for another number of decimal
            places than two.
        rows: ``{"name": ..., "values": {column: value}}``, where a value is a number, a text, or
            ``{"mean": m, "spread": s, "n": k}``. Leave out columns that a row did not measure.
        root: The folder of the course.

    Returns:
        The path of the file.

    Raises:
        CourseError: If a field is not as described.
    """
    import torch

    count = available_cores()
    machine = f"{count} CPU core{'s' * (count > 1)}"
    if torch.cuda.is_available():
        machine = f"{torch.cuda.get_device_name(0)}, {machine}"
    result = {
        "title": title,
        "command": command,
        "date": datetime.date.today().isoformat(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "machine": machine,
        "protocol": protocol,
        "seeds": seeds,
        "columns": columns,
        "rows": rows,
    }
    file = _file(name)
    text = json.dumps(result, indent=1, ensure_ascii=False, default=_to_python_number)
    _check(_parse(text, file), file)
    atomic_write_text(root / file, text + "\n")
    return root / file


def read(name: str, root: Path = ROOT) -> dict[str, Any]:
    """Read a stored result and check every field.

    Raises:
        CourseError: If there is no such result, or a field is missing, unknown or invalid.
    """
    file = _file(name)
    try:
        data = (root / file).read_bytes()
    except FileNotFoundError:
        raise CourseError(
            f"{file} does not exist: run the script in benchmarks/ that writes it, or fix the name."
        ) from None
    result = _parse(data, file)
    _check(result, file)
    return result


def mean_over_runs(runs: Iterable[Mapping[str, float]]) -> dict[str, Any]:
    """Return each column's mean with its standard deviation; of a single run, its number.

    Example:
        >>> mean_over_runs([{"dB": 22.0}, {"dB": 24.0}])
        {'dB': {'mean': 23.0, 'spread': 1.4142135623730951, 'n': 2}}
        >>> mean_over_runs([{"dB": 22.0}])
        {'dB': 22.0}
    """
    runs = list(runs)
    columns = {name: [run[name] for run in runs] for name in runs[0]}
    return {
        name: _with_spread(values) if len(values) > 1 else values[0]
        for name, values in columns.items()
    }


def _with_spread(values: list[float]) -> dict[str, float]:
    mean, spread = statistics.mean(values), statistics.stdev(values)
    return {"mean": mean, "spread": spread, "n": len(values)}


def to_markdown(name: str, root: Path = ROOT) -> str:
    """Return a stored result as Markdown: its title, its table, and how it was measured."""
    result = read(name, root)
    digits = dict(map(_name_and_digits, result["columns"]))
    lines = [markdown.table_row(["", *digits]), "|:---|" + "---:|" * len(digits)]
    for row in result["rows"]:
        cells = [_format(row["values"].get(column), digits[column]) for column in digits]
        lines.append(markdown.table_row([row["name"], *cells]))
    seeds = ", ".join(map(str, result["seeds"]))
    measured = (
        f"*Stored result: measured by `{result['command']}`, "
        f"seed{'s' * (len(result['seeds']) > 1)} {seeds}, python {result['versions']['python']}, "
        f"torch {result['versions']['torch']}, {result['machine']}, {result['date']}.*"
    )
    caption = f"<small>{measured} {result['protocol']}</small>"
    return "\n".join([f"**{result['title']}**", "", *lines, "", caption])


def _file(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise CourseError(f"found the name {name!r}, expected letters, digits, _ and -: rename it.")
    return f"{FOLDER}/{name}.json"


def _parse(text: str | bytes, file: str) -> Any:
    """Parse JSON; NaN and infinity, which JSON does not have, are refused."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a finite number")

    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError as error:
        raise CourseError(
            f"{file} is not valid JSON ({error}): restore it from git, or {MEASURE_AGAIN}."
        ) from None


def _check(result: Any, file: str) -> None:
    """Raise a CourseError that names the first invalid field, its value and what was expected."""
    schema = json.loads((ROOT / FOLDER / SCHEMA).read_text("utf-8"))
    error = next(jsonschema.Draft202012Validator(schema).iter_errors(result), None)
    if error is not None:
        expected = error.schema["description"]
        raise CourseError(
            f"{file}: {error.json_path}: {_shorten(error.message)}; expected {expected}: "
            f"{MEASURE_AGAIN}."
        )
    columns = [_name_and_digits(column)[0] for column in result["columns"]]
    if len(set(columns)) < len(columns):
        raise CourseError(f"{file}: columns are {columns}, expected different names: rename one.")
    for row in result["rows"]:
        unknown = [column for column in row["values"] if column not in columns]
        if unknown:
            raise CourseError(
                f"{file}: the row {row['name']!r} has a value for {unknown[0]!r}, which is not "
                f"one of the columns {', '.join(columns)}: add the column, or fix the name."
            )


def _name_and_digits(column: str | dict[str, Any]) -> tuple[str, int]:
    if isinstance(column, str):
        return column, DEFAULT_DIGITS
    return column["name"], column["digits"]


def _format(value: Any, digits: int) -> str:
    if value is None:
        return NOT_MEASURED
    if isinstance(value, dict):
        mean, spread = float(value["mean"]), float(value["spread"])
        return f"{_format(mean, digits)}{PLUS_MINUS}{_format(spread, digits)}"
    if isinstance(value, float):
        return f"{value:z.{digits}f}".replace("-", "−")
    return str(value)


def _to_python_number(value: Any) -> Any:
    """Convert a number of NumPy or torch, which JSON does not know."""
    if hasattr(value, "item"):
        return value.item()
    raise CourseError(f"found {_shorten(repr(value))}, expected a number or a text: convert it.")


def _shorten(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."
