"""Conversion of a comparison's table to stored results, which texts and lessons show.

After ``colorlib compare --experiment all --data FOLDER --test-data FOLDER --image-size 64
--max-minutes 4 --from-scratch``, run ``python -m benchmarks.systems comparisons/all-64 "These
photos ..."``: the second word says in a sentence or two which photos were used, and how. It trains
nothing; it writes ``course/results/systems.json`` and ``systems_hues.json``.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

from colorlib.evaluation.hue import HUES
from course.tool import stored_results

#: Heading, digits after the point, and the column of the comparison's CSV.
COLUMNS = {
    "RGB PSNR, dB": (2, "psnr"),
    "SSIM": (3, "ssim"),
    "CIEDE2000": (2, "ciede2000"),
    "L1": (3, "l1"),
    "colourfulness / true": (2, "colorfulness_ratio"),
    "paper's PSNR, dB": (2, "reported_PSNR"),
    "its metric here": (2, None),
    "parameters": (0, "parameters"),
    "ms a photo": (0, "ms"),
    "photos seen": (0, "photos_seen"),
    "minutes": (1, "minutes"),
}


def read(folder: Path) -> list[dict[str, str]]:
    """Read the rows of a comparison.

    Raises:
        FileNotFoundError: the folder holds none.
    """
    with open(folder / "table.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main(folder: str, photos: str) -> None:
    """Write both results."""
    rows = read(Path(folder))
    config = json.loads(Path(folder, "config.json").read_text("utf-8"))
    command = "colorlib compare --experiment all --data FOLDER --test-data FOLDER"
    command += f" --image-size {config['image_size']}"
    if config["max_minutes"]:
        command += f" --max-minutes {config['max_minutes']:g}"
    if not config["pretrained"]:
        command += " --from-scratch"
    shared = {"command": command, "seeds": [config["seed"]]}
    stored_results.write(
        "systems",
        title="Every system of the papers, trained alike",
        protocol=f"{photos} Its metric here: the paper's own, at its scale, where it has one; "
        "see lesson 6.",
        columns=[{"name": name, "digits": digits} for name, (digits, _) in COLUMNS.items()],
        rows=[{"name": row["name"], "values": values(row)} for row in rows],
        **shared,
    )
    hues = [*HUES, "gray"]
    stored_results.write(
        "systems_hues",
        title="Error on each hue of the truth, CIEDE2000",
        protocol=f"{photos} Hues as in colorlib.evaluation.hue.HUES; gray is chroma of at most 10.",
        columns=[{"name": hue, "digits": 1} for hue in hues],
        rows=[{"name": row["name"], "values": hue_errors(row, hues)} for row in rows],
        **shared,
    )


def values(row: dict[str, str]) -> dict[str, float]:
    """Return the numbers of a row by their headings; empty fields are left out."""
    numbers = {}
    for heading, (_, column) in COLUMNS.items():
        column = column or row["paper_metric"]
        if column and row[column]:
            numbers[heading] = float(row[column])
    return numbers


def hue_errors(row: dict[str, str], hues: list[str]) -> dict[str, float]:
    """Return the errors of a row by hue; a hue that no pixel had is left out."""
    return {hue: float(row[f"hue_{hue}"]) for hue in hues if row[f"hue_{hue}"]}


if __name__ == "__main__":
    main(*sys.argv[1:])
