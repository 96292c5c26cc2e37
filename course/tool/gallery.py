"""``python -m course gallery``: the embedded photographs in the colours of the models that ship, as a page.

The page is Markdown with a picture for each photo beside it, so that any builder of pages can take it. It
shows every photo, the worst ones first: nothing is chosen.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from course.tool import files
from course.tool.course_config import ROOT

if TYPE_CHECKING:
    from torch import Tensor

    from colorlib.data import PhotoFile

FOLDER = "build/gallery"
SIZE = 256  # the shorter side, in pixels
KINDS = {"plain": "general", "adversarial": "general-adversarial"}
COLUMNS = {
    "PSNR, dB": "psnr",
    "CIEDE2000": "ciede2000",
    "colourfulness / true": "colorfulness_ratio",
}
SATURATIONS = (0.5, 1.0, 1.5)
TOP = """# Gallery

The photographs that the course carries, in the colours of the models that come with `colorlib`. None is
left out, and the one on which the plain model gains least over gray comes first: that is where it fails.
The colours are guesses of a model, and not a restoration of the truth.

*Gray* is what the models see. *Plain* is the model `general`, which learnt by a pixel loss alone;
*adversarial* is `general-adversarial`, which learnt against a critic, too."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Write ``build/gallery/gallery.md`` and its pictures."""
    from colorlib import data

    print(f"{write(root / FOLDER, data.sample_photos('all')).relative_to(root)} written")
    return 0


def write(folder: Path, photos: list[PhotoFile]) -> Path:
    """Write the page and its pictures into a folder; what it held under these names is replaced.

    Args:
        folder: made if it is not there.
        photos: what to show, each in all models' colours.

    Returns:
        The page, ``gallery.md``.
    """
    from colorlib import pretrained, viz
    from colorlib.evaluation.collection import default_metrics, score_batch
    from colorlib.evaluation.evaluate import ResizedModel, colorize_batch

    folder.mkdir(parents=True, exist_ok=True)
    nets = {name: ResizedModel(pretrained.load(name)) for name in pretrained.NAMES}
    parts, protocols = [], {name: metric.protocol for name, metric in default_metrics().items()}
    for photo in photos:
        rgb = photo.rgb(SIZE)
        painted = {"gray": colorize_batch(None, rgb)} | {
            name: colorize_batch(net, rgb) for name, net in nets.items()
        }
        scores = {name: score_batch(fake, rgb) for name, fake in painted.items()}
        shown = {
            "gray": painted["gray"],
            **{kind: painted[name] for kind, name in KINDS.items()},
            "truth": rgb,
        }
        alt = f"{photo.alt.rstrip('.')}: in gray, in the colours of two models, and as it was."
        stronger = {f"saturation {s:g}": saturated(painted[KINDS["plain"]], s) for s in SATURATIONS}
        more = f"{photo.title}: the plain model's colours at {len(SATURATIONS)} saturations, weakest first."
        for name, pictures, words in (
            (photo.name, shown, alt),
            (f"{photo.name}-saturation", stronger, more),
        ):
            (folder / f"{name}.jpg").write_bytes(
                viz.image_row(pictures, alt=words, height=2.2).to_bytes(110)
            )
        gain = scores[KINDS["plain"]]["psnr"] - scores["gray"]["psnr"]
        images = f"![{alt}]({photo.name}.jpg)\n\n![{more}]({photo.name}-saturation.jpg)"
        credit = f"*Photo: {photo.credit}, {photo.licence}.*"
        parts.append((gain, f"## {photo.title}\n\n{images}\n\n{table(scores)}\n\n{credit}"))
    said = "\n".join(f"- *{heading}*: {protocols[name]}" for heading, name in COLUMNS.items())
    end = f"## How it was measured\n\nAt {SIZE} pixels on the shorter side, each photo alone.\n\n{said}"
    page = "\n\n".join([TOP, *(text for _, text in sorted(parts)), end]) + "\n"
    files.atomic_write_text(folder / "gallery.md", page)
    return folder / "gallery.md"


def saturated(rgb: Tensor, saturation: float) -> Tensor:
    """Make the colours of RGB (n, 3, h, w) weaker or stronger, as ``colorlib colorize --saturation`` does."""
    from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab

    L, ab = LabScaler().split(rgb_to_lab(rgb))
    return lab_to_rgb(LabScaler().join(L, ab * saturation))


def table(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Give a row for each system, and how many decibels it gains over gray."""
    rows = [["", *COLUMNS, "over gray, dB"], [":---", *["---:"] * (len(COLUMNS) + 1)]]
    for name, numbers in scores.items():
        gain = numbers["psnr"] - scores["gray"]["psnr"]
        rows.append(
            [name, *(f"{numbers[column]:.2f}" for column in COLUMNS.values()), f"{gain:+.2f}"]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
