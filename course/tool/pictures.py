"""The pictures at the top of the lessons and of README.md, drawn by the library on embedded photographs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from course.tool.generated import PICTURE_LIMIT, PICTURES
from course.tool.table import ROOT

if TYPE_CHECKING:
    from colorlib.show.figure import Figure


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


def answers() -> bytes:
    """A lawn in gray, two truths that share this gray, and the mean and the median of all of them."""
    import torch

    from colorlib import color, data, show
    from colorlib.scenes.actors import CHROMA, MAJOR, MINOR

    lawn = data.scenes(1, size=144, seed=3, start=7)
    lab, ball, flag = lawn.lab(), *((lawn.classes == number) for number in (11, 9))
    ways = []
    for number in range(100):  # hues all round; a flag is red in 70 of them, spread evenly
        angle, way = torch.tensor(number * 2.39996), lab.clone()
        for place, (a, b) in {
            ball: (CHROMA * angle.cos(), CHROMA * angle.sin()),
            flag: MAJOR if number * 7 % 10 < 7 else MINOR,
        }.items():
            way[0, 1:, place[0]] = torch.tensor([float(a), float(b)]).view(2, 1)
        ways.append(way)
    every, gray = torch.cat(ways), lab * torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    shown = {"gray": gray, "it may be": ways[0], "or": ways[4]}
    shown |= {"mean (L2)": every.mean(0)[None], "median (L1)": every.median(0).values[None]}
    rgb = {title: color.lab_to_rgb(lab) for title, lab in shown.items()}
    figure = show.row(rgb, alt="drawn for a file; its alt text stands beside it", height=1.05)
    return largest(figure, 5400)  # the lesson carries a stored picture too


def largest(figure: Figure, limit: int) -> bytes:
    """The figure at the finest resolution that fits into so many bytes."""
    sizes = (figure.to_bytes(dpi, quality=45) for dpi in range(110, 36, -4))
    return next((data for data in sizes if len(data) <= limit), figure.to_bytes(36, quality=45))


DRAW: dict[str, Callable[[], bytes]] = {
    "readme": lambda: apart(["china", "flower"], 2.0, with_swap=True),
    "01_colour_spaces": lambda: apart(["flower"], 1.7, with_swap=False),
    "04_cgan_loss": answers,
}
