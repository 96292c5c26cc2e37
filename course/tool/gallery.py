"""``python -m course gallery``: the sample photographs in the colours of the pretrained models.

The page is Markdown with picture files, so that any page builder can use it. It shows every photo,
and those with the lowest gain first: nothing is selected.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from course.tool import markdown
from course.tool.course_config import ROOT
from course.tool.files import atomic_write_bytes, atomic_write_text

if TYPE_CHECKING:
    from torch import Tensor

    from colorlib.colorizer import Colorizer
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

The pictures are whole photos, as `colorlib colorize` colours them. The scores, and the pictures at
three saturations, are of the middle square of each photo at {SIZE} pixels."""
FOLDED = """<details>
<summary>Scores, and three saturations</summary>

{}

</details>"""


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
    colorizers = {name: pretrained.load(name) for name in pretrained.NAMES}
    nets = {"gray": None} | {name: ResizedModel(one) for name, one in colorizers.items()}
    sections = []
    for photo in photos:
        rgb = photo.rgb(SIZE)
        colorized = {name: colorize_batch(net, rgb) for name, net in nets.items()}
        scores = {name: score_batch(fake, rgb) for name, fake in colorized.items()}
        details = [score_table(scores), _save_saturations(folder, photo, colorized[PLAIN])]
        credit = f"*Photo: {photo.credit}, {photo.licence}.*"
        pictures = "\n".join(_save_pictures(folder, photo, colorizers))
        parts = [f"## {photo.title}", pictures, FOLDED.format("\n\n".join(details)), credit]
        gain = scores[PLAIN]["psnr"] - scores["gray"]["psnr"]
        sections.append((gain, "\n\n".join(parts)))
    metrics = default_metrics()
    protocols = [f"- *{title}*: {metrics[name].protocol}" for title, name in COLUMNS.items()]
    method = f"{METHOD}\n\n" + "\n".join(protocols)
    page = [INTRODUCTION, *(section for _, section in sorted(sections)), method]
    atomic_write_text(folder / "gallery.md", "\n\n".join(page) + "\n")
    return folder / "gallery.md"


def _save_pictures(
    folder: Path, photo: PhotoFile, colorizers: Mapping[str, Colorizer]
) -> Iterator[str]:
    """Save the whole photo in gray, in all models' colours, and as it was; yield their Markdown."""
    from colorlib.io.images import tensor_to_image
    from colorlib.metrics import gray_baseline

    alt = photo.alt.rstrip(".")
    gray = tensor_to_image(gray_baseline(photo.rgb()))
    rows = [("gray", gray, f"{alt}, in gray.")]
    for name, colorizer in colorizers.items():
        words = f"The same photo, {photo.title}, in the colours of the model {name}."
        rows.append((name, colorizer(gray), words))
    rows.append(("truth", photo.image(), f"The same photo, {photo.title}, as it was."))
    for name, image, words in rows:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=85)
        atomic_write_bytes(folder / f"{photo.name}-{name}.jpg", file.getvalue())
        yield f"- ![{words}]({photo.name}-{name}.jpg) {name}"


def _save_saturations(folder: Path, photo: PhotoFile, rgb: Tensor) -> str:
    """Save a model's colours at three saturations as one picture; return its Markdown."""
    from colorlib import viz

    pictures = {f"saturation {factor:g}": saturate(rgb, factor) for factor in SATURATIONS}
    alt = f"{photo.title}: the plain model's colours at three saturations, weakest first."
    figure = viz.image_row(pictures, alt=alt, height=2.2)
    name = f"{photo.name}-saturation.jpg"
    atomic_write_bytes(folder / name, figure.to_bytes(110))
    return f"![{alt}]({name})"


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
