"""The pictures at the top of the lessons and of README.md, and the maps of the course."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from course.tool import course_map
from course.tool.cli import CourseError
from course.tool.generated import PICTURES
from course.tool.table import ROOT

if TYPE_CHECKING:
    from colorlib.show.figure import Figure

AIM = 7300  # bytes of a lesson's picture: with the map beside it, the notebook stays within its limit


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Draw every picture into course/pictures/."""
    from colorlib.files import whole

    (root / PICTURES).mkdir(parents=True, exist_ok=True)
    files = {f"{name}.jpg": draw for name, draw in DRAW.items()}
    files |= {f"map_{number}.png": partial(course_map.draw, number) for number in course_map.BOXES}
    for name, draw in files.items():
        data = draw()
        with whole(root / PICTURES / name, overwrite=True) as file:
            file.write(data)
        print(f"{PICTURES}/{name} written, {len(data) / 1024:.0f} KB")
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
    return figure.to_bytes(110) if with_swap else fitted(figure)


def trained() -> bytes:
    """One picture after 5, 15, 30 and 45 epochs of a run as short as lesson 5's."""
    import tempfile

    import torch

    from colorlib import data, show
    from colorlib.data.sets import InMemory
    from colorlib.discriminators import PatchCritic
    from colorlib.generators import UNet, initialise
    from colorlib.training import Settings, Trainer

    squares = InMemory(data.photo_crops(48, 32, 0).mul(255).round().to(torch.uint8))
    watched = data.photo_crops(8, 32, 1)[:1]
    nets = UNet(downs=5, width=8), PatchCritic(layers=2, width=8)
    net_g, net_d = (initialise(net, seed=seed) for seed, net in enumerate(nets))
    with tempfile.TemporaryDirectory() as folder:
        watch = show.Watch(watched, folder, live=False)

        def look(run: Trainer) -> None:
            if run.epoch in (5, 15, 30, 45):
                watch(run)

        Trainer(net_g, squares, Settings(epochs=45, batch=8, lr=2e-3), net_d=net_d, after_epoch=look).fit()
        return strip(Path(folder))


def strip(folder: Path, side: int = 64) -> bytes:
    """What a run left of its first watched picture, side by side, soft and without words."""
    from colorlib import show

    moments = show.read_strips(folder, epochs=(5, 15, 30, 45)).values()
    page = Image.new("RGB", (len(moments) * side, side))
    for place, squares in enumerate(moments):
        page.paste(squares[0].resize((side, side), Image.Resampling.BILINEAR), (place * side, 0))
    page.save(small := io.BytesIO(), "JPEG", quality=30, optimize=True, progressive=True)
    return small.getvalue()


def fitted(figure: Figure, limit: int = AIM) -> bytes:
    """The figure as a JPEG: the largest of at most ``limit`` bytes."""
    for dpi in range(110, 40, -4):
        drawn, small = io.BytesIO(), io.BytesIO()
        figure.savefig(drawn, format="png", dpi=dpi)
        Image.open(drawn).convert("RGB").save(small, "JPEG", quality=45, optimize=True, progressive=True)
        if small.tell() <= limit:
            return small.getvalue()
    raise CourseError(f"the picture needs more than {limit} bytes: show less in it.")


DRAW: dict[str, Callable[[], bytes]] = {
    "readme": lambda: apart(["china", "flower"], 2.0, with_swap=True),
    "01_colour_spaces": lambda: apart(["flower"], 1.7, with_swap=False),
    "05_training_on_colab_t4": trained,
}
