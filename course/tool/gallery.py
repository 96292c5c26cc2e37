"""``python -m course gallery``: the sample photographs in the colours of the pretrained models.

The page is Markdown with a picture file for each photo, so that any page builder can use it. It
shows every photo, and those with the lowest gain first: nothing is selected.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from course.tool import markdown
from course.tool.course_config import ROOT
from course.tool.files import atomic_write_text

if TYPE_CHECKING:
    from torch import Tensor

    from colorlib.data import PhotoFile

FOLDER = "build/gallery"
SIZE = 256  # the shorter side, in pixels
PLAIN = "plain"  # the model that orders the photos, and that is shown at three saturations
COLUMNS = {
    "PSNR, dB": "psnr",
    "CIEDE2000": "ciede2000",
    "colourfulness / true": "colorfulness_ratio",
}
SATURATIONS = (0.5, 1.0, 1.5)
INTRODUCTION = """# Gallery

The photographs that the course carries, in the colours of the models that come with `colorlib`.
None is left out, and the one on which the plain model gains least over gray comes first: that is
where it fails. The colours are guesses of a model, and not a restoration of the truth.

*Gray* is the input of the models. `plain` was trained with a pixel loss only, and `vivid` against a
discriminator too."""

METHOD = f"""## How it was measured

At {SIZE} pixels on the shorter side, each photo by itself."""


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Write ``build/gallery/gallery.md`` and its pictures."""
    from colorlib import data

    print(f"{write(root / FOLDER, data.sample_photos('all')).relative_to(root)} written")
    return 0


def write(folder: Path, photos: list[PhotoFile]) -> Path:
    """Write the page and its pictures into a folder, replacing files of these names.

    Args:
        folder: It is made if it does not exist.
        photos: The photos to show, each in all models' colours.

    Returns:
        The page, ``gallery.md``.
    """
    from colorlib import pretrained
    from colorlib.evaluation.collection import default_metrics, score_batch
    from colorlib.evaluation.evaluate import ResizedModel, colorize_batch

    folder.mkdir(parents=True, exist_ok=True)
    nets = {"gray": None}
    for name in pretrained.NAMES:
        nets[name] = ResizedModel(pretrained.load(name))
    sections = []
    for photo in photos:
        rgb = photo.rgb(SIZE)
        colorized = {name: colorize_batch(net, rgb) for name, net in nets.items()}
        scores = {name: score_batch(fake, rgb) for name, fake in colorized.items()}
        images = _save_images(folder, photo, rgb, colorized)
        credit = f"*Photo: {photo.credit}, {photo.licence}.*"
        parts = [f"## {photo.title}", *images, score_table(scores), credit]
        gain = scores[PLAIN]["psnr"] - scores["gray"]["psnr"]
        sections.append((gain, "\n\n".join(parts)))
    metrics = default_metrics()
    protocols = [f"- *{title}*: {metrics[name].protocol}" for title, name in COLUMNS.items()]
    method = f"{METHOD}\n\n" + "\n".join(protocols)
    page = [INTRODUCTION, *(section for _, section in sorted(sections)), method]
    atomic_write_text(folder / "gallery.md", "\n\n".join(page) + "\n")
    return folder / "gallery.md"


def _save_images(
    folder: Path, photo: PhotoFile, rgb: Tensor, colorized: Mapping[str, Tensor]
) -> list[str]:
    """Save both pictures of a photo; return their Markdown."""
    models = {**colorized, "truth": rgb}
    saturated = {f"saturation {s:g}": saturate(colorized[PLAIN], s) for s in SATURATIONS}
    alt = f"{photo.alt.rstrip('.')}: in gray, in the colours of two models, and as it was."
    more = f"{photo.title}: the plain model's colours at three saturations, weakest first."
    return [
        _save_row(folder / f"{photo.name}.jpg", models, alt),
        _save_row(folder / f"{photo.name}-saturation.jpg", saturated, more),
    ]


def _save_row(path: Path, pictures: Mapping[str, Tensor], alt: str) -> str:
    from colorlib import viz

    path.write_bytes(viz.image_row(pictures, alt=alt, height=2.2).to_bytes(110))
    return f"![{alt}]({path.name})"


def saturate(rgb: Tensor, saturation: float) -> Tensor:
    """Scale the chroma of RGB (n, 3, h, w), as ``colorlib colorize --saturation`` does."""
    from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab

    L, ab = LabScaler().normalize(rgb_to_lab(rgb))
    return lab_to_rgb(LabScaler().denormalize(L, ab * saturation))


def score_table(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table with a row for each system and its gain over gray in decibels."""
    rows = []
    for name, numbers in scores.items():
        gain = numbers["psnr"] - scores["gray"]["psnr"]
        values = [f"{numbers[column]:.2f}" for column in COLUMNS.values()]
        rows.append([name, *values, f"{gain:+.2f}"])
    return markdown.table(["", *COLUMNS, "over gray, dB"], rows)
