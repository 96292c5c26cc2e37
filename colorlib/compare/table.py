"""The rows of a comparison as words for a screen, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from colorlib.evaluation.hue import HUES

_HUES = [f"hue_{name}" for name in [*HUES, "gray"]]
#: Heading and where its number stands; the first ones fit on a screen.
COLUMNS = {
    "paper's number": "said",
    "its metric here": "metric",
    "PSNR": "psnr",
    "SSIM": "ssim",
    "CIEDE2000": "ciede2000",
    "L1": "l1",
    "colourful": "colorfulness_ratio",
    "ms": "ms",
    "parameters": "parameters",
    "minutes": "minutes",
    "epochs": "epochs",
    "pixels": "size",
}


def row_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the cells of a row by their headings, hues last; what there is not is None.

    Example:
        >>> row_values({"numbers": {"psnr": 21.5}, "said": {"PSNR": 26.4}, "metric": "psnr", "size": 64})["PSNR"]
        21.5
    """
    numbers, said = row["numbers"], row["said"]
    special = {"said": said.get("PSNR"), "metric": numbers.get(row["metric"] or "")}
    found = {
        heading: special.get(name, numbers.get(name, row.get(name)))
        for heading, name in COLUMNS.items()
    }
    return found | {name.replace("hue_", "error on "): numbers.get(name) for name in _HUES}


def format_table(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Give the table as words, its heading first, without the hues: for a screen."""
    shown = [["system", *COLUMNS]]
    for row in rows:
        found = row_values(row)
        shown.append([row["name"], *(format_value(found[heading]) for heading in COLUMNS)])
    return shown


def to_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Give the whole table as CSV: every number of the standard metrics, by its own name."""
    numbers = list(rows[0]["numbers"])
    fixed = [
        "paper",
        "system",
        "size",
        "pretrained",
        "parameters",
        "epochs",
        "photos_seen",
        "minutes",
        "ms",
    ]
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["name", *fixed, "said_MSE", "said_PSNR", "said_ms", "paper_metric", *numbers])
    for row in rows:
        said = [row["said"].get(name) for name in ("MSE", "PSNR", "ms")]
        values = [row["numbers"][name] for name in numbers]
        table.writerow(
            [row["name"], *(row.get(name) for name in fixed), *said, row["metric"], *values]
        )
    return out.getvalue()


def format_value(value: Any) -> str:
    """Write a cell.

    Example:
        >>> [format_value(value) for value in (None, 54409858, 0.89, 21.294)]
        ['', '54,409,858', '0.890', '21.29']
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}"
