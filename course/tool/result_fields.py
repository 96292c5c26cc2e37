"""The fields of a stored result, ``course/results/NAME.json``, each checked."""

from __future__ import annotations

import math
import re
from typing import Any

from course.tool.cli import CourseError

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*"
AGAIN = "measure again with course.tool.results.write, which checks every field"
FIELDS = {
    "title": str,
    "command": str,
    "date": str,
    "versions": dict,
    "machine": str,
    "protocol": str,
    "seeds": list,
    "columns": list,
    "rows": list,
}
KINDS = {str: "a text", list: "a list", dict: "an object"}


def check(raw: Any, file: str) -> None:
    """Go through a result field by field.

    Raises:
        CourseError: naming the first field that is wrong, what it holds and what was expected.
    """
    if not isinstance(raw, dict):
        raise CourseError(f"{file} holds {said(raw)}, expected an object: {AGAIN}.")
    for field in FIELDS:
        if field not in raw:
            raise CourseError(f"{file} has no {field!r}: {AGAIN}.")
    for field, value in raw.items():
        if field not in FIELDS:
            raise CourseError(
                f"{file} has an unknown field {field!r}: known are {', '.join(FIELDS)}."
            )
        if type(value) is not FIELDS[field] or not value:
            _refuse(file, repr(field), value, f"{KINDS[FIELDS[field]]}, not empty")
        if isinstance(value, str):
            _check_text(value, file, repr(field))
    if "`" in raw["command"]:
        _refuse(file, "'command'", raw["command"], "a text without backticks")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", raw["date"]):
        _refuse(file, "'date'", raw["date"], "a day such as 2026-05-31")
    for key in ("python", "torch"):
        _check_text(raw["versions"].get(key), file, f"'versions' of {key}")
    for seed in raw["seeds"]:
        if type(seed) is not int:
            _refuse(file, "a seed", seed, "a whole number")
    names = [_check_column(entry, file) for entry in raw["columns"]]
    if len(set(names)) < len(names):
        _refuse(file, "'columns'", names, "names that differ")
    for place, row in enumerate(raw["rows"], start=1):
        _check_row(row, names, file, f"row {place}")


def _check_column(entry: Any, file: str) -> str:
    wanted = 'a name, or {"name": ..., "digits": a whole number from 0 to 9}'
    if isinstance(entry, dict):
        digits = entry.get("digits")
        if set(entry) != {"name", "digits"} or type(digits) is not int or not 0 <= digits <= 9:
            _refuse(file, "a column", entry, wanted)
        entry = entry["name"]
    _check_text(entry, file, "a column", wanted)
    return entry


def _check_row(row: Any, names: list[str], file: str, where: str) -> None:
    if (
        not isinstance(row, dict)
        or set(row) != {"name", "values"}
        or not isinstance(row["values"], dict)
    ):
        _refuse(file, where, row, '{"name": ..., "values": {column: value}}')
    _check_text(row["name"], file, f"the name of {where}")
    for column, value in row["values"].items():
        at = f"{column!r} of {where} ({row['name']})"
        if column not in names:
            raise CourseError(f"{file}: {at} is no column: known are {', '.join(names)}.")
        if isinstance(value, dict):
            good = (
                set(value) == {"mean", "spread", "n"} and type(value["n"]) is int and value["n"] > 0
            )
            good = (
                good
                and _finite(value["mean"])
                and _finite(value["spread"])
                and value["spread"] >= 0
            )
            if not good:
                _refuse(file, at, value, '{"mean": number, "spread": 0 or more, "n": 1 or more}')
        elif not _finite(value):
            _check_text(value, file, at, "a finite number, a text, or a mean with spread and n")


def _check_text(
    value: Any, file: str, where: str, wanted: str = "a text, not empty, on one line"
) -> None:
    if (
        not isinstance(value, str)
        or not value.strip()
        or not value.isprintable()
        or "<!--" in value
    ):
        _refuse(file, where, value, wanted)


def check_name(name: str) -> None:
    """Stop if a result is called what no file and no comment can hold."""
    if not re.fullmatch(NAME, name):
        raise CourseError(
            f"a result is called {name!r}, expected letters, digits, _ and -: rename it."
        )


def _refuse(file: str, where: str, value: Any, wanted: str) -> None:
    raise CourseError(f"{file}: {where} is {said(value)}, expected {wanted}: {AGAIN}.")


def said(value: Any) -> str:
    """How messages show a value: cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _finite(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
