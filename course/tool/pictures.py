"""The pictures at the top of the lessons and of README.md, drawn by the library on embedded photographs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from course.tool.generated import PICTURE_LIMIT, PICTURES
from course.tool.table import ROOT


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Draw every picture into course/pictures/."""
    from colorlib.files import whole

    (root / PICTURES).mkdir(parents=True, exist_ok=True)
    for name, draw in DRAW.items():
        path = root / PICTURES / f"{name}.jpg"
        data = draw()
        with whole(path, overwrite=True) as file:
            file.write(data)
        print(f"{PICTURES}/{name}.jpg written, {len(data) / 1024:.0f} KB")
    return 0


def apart(names: list[str], height: float, with_swap: bool) -> bytes:
    """Photos beside their L, their a and b alone, and the photo again in another photo's colours."""
    import torch

    from colorlib import color, data, show

    photos = {photo.name: photo.rgb(200) for photo in data.photos("all")}
    titles = ["a photo", "L: the gray picture", "a alone", "b alone"] + ["in another's colours"] * with_swap
    rows = {}
    for name, other in zip(names, reversed(names), strict=True):
        L, a, b = color.rgb_to_lab(photos[name]).split(1, dim=1)
        ab = color.rgb_to_lab(photos[other])[:, 1:]
        even, none = torch.full_like(L, 65), torch.zeros_like(L)
        parts = [[L, none, none], [even, a, none], [even, none, b]] + [[L, ab]] * with_swap
        rows[name] = [photos[name], *(color.lab_to_rgb(torch.cat(part, dim=1)) for part in parts)]
    figure = show.grid(rows, titles, alt="drawn for a file; its alt text stands beside it", height=height)
    for axes in figure.axes:
        axes.set_ylabel("")
    for dpi in range(110, 40, -4):  # the largest that fits
        data = figure.to_bytes(dpi)
        if len(data) <= PICTURE_LIMIT or with_swap:
            break
    return data


DRAW: dict[str, Callable[[], bytes]] = {
    "readme": lambda: apart(["china", "flower"], 2.0, with_swap=True),
    "01_colour_spaces": lambda: apart(["flower"], 1.7, with_swap=False),
}
