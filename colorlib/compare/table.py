"""The rows of a comparison as a table for the screen, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from colorlib.evaluation.hue import HUES

#: Heading, and the name of its value in a row or among the row's numbers.
COLUMNS = {
    "paper's number": "reported_PSNR",
    "its metric here": "paper_metric",
    "PSNR": "psnr",
    "SSIM": "ssim",
    "CIEDE2000": "ciede2000",
    "L1": "l1",
    "colourful": "colorfulness_ratio",
    "ms": "ms",
    "parameters": "parameters",
    "minutes": "minutes",
    "epochs": "epochs",
    "pixels": "image_size",
}
_HUE_COLUMNS = {f"error on {name}": f"hue_{name}" for name in [*HUES, "gray"]}
_CSV_FIELDS = [
    "name",
    "paper",
    "description",
    "image_size",
    "pretrained",
    "parameters",
    "epochs",
    "photos_seen",
    "minutes",
    "ms",
]
_REPORTED = ["MSE", "PSNR", "ms"]


def row_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of a row by their headings, hues last; a value that is missing is None.

    Example:
        >>> row = {"numbers": {"psnr": 21.5}, "reported": {"PSNR": 26.4}, "metric": "psnr"}
        >>> values = row_values(row)
        >>> values["PSNR"], values["paper's number"], values["its metric here"]
        (21.5, 26.4, 21.5)
    """
    numbers = row["numbers"]
    found = {
        **row,
        **numbers,
        "reported_PSNR": row["reported"].get("PSNR"),
        "paper_metric": numbers.get(row["metric"]),
    }
    return {heading: found.get(name) for heading, name in (COLUMNS | _HUE_COLUMNS).items()}


def format_value(value: float | None) -> str:
    """Return a cell as text.

    Example:
        >>> [format_value(value) for value in (None, 54409858, 0.89, 21.294)]
        ['', '54,409,858', '0.890', '21.29']
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}"


def format_table(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the table as text, headings first, without the hues: for a screen."""
    table = [["system", *COLUMNS]]
    for row in rows:
        values = row_values(row)
        table.append([row["name"], *(format_value(values[heading]) for heading in COLUMNS)])
    return table


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the whole table as CSV: every number of the standard metrics, by its own name."""
    reported = [f"reported_{name}" for name in _REPORTED]
    fields = [*_CSV_FIELDS, *reported, "paper_metric", *rows[0]["numbers"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        paper_numbers = {f"reported_{name}": row["reported"].get(name) for name in _REPORTED}
        writer.writerow({**row, **paper_numbers, "paper_metric": row["metric"], **row["numbers"]})
    return text.getvalue()
