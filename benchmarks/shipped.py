"""Quality of the pretrained models on folders of photos.

Run it with ``python -m benchmarks.shipped NAME=FOLDER ... --also NAME=WEIGHTS ...``. Every photo of
a folder becomes a square of 256 pixels from its middle; the network sees it at its own size, and
its a and b are enlarged, as in ``colorlib colorize``. ``--also`` adds other weights to the table,
such as those of the release before. It writes ``course/results/shipped.json``, which the cards of
the models show. For one model on one folder there is ``colorlib evaluate NAME --data FOLDER --split
all --image-size 256``.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from torch.utils.data import Dataset

from colorlib import pretrained
from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from course.tool import stored_results
from course.tool.course_config import ROOT

SIZE = 256
#: Heading, digits after the point, and the name of a metric in ``default_metrics``.
COLUMNS = {
    "RGB PSNR, dB": (2, "psnr"),
    "above gray, dB": (2, None),
    "CIEDE2000": (2, "ciede2000"),
    "SSIM": (3, "ssim"),
    "colourfulness / true": (2, "colorfulness_ratio"),
}
PROTOCOL = (
    "{counts}, none of them trained on, each a square of 256 pixels from its middle, scored once "
    "when everything was chosen. The network sees L at {side} pixels; its a and b are enlarged "
    "bilinearly. PSNR on RGB with peak 1 and CIEDE2000 are means over images; colourfulness is "
    "Hasler and Süsstrunk's, its mean divided by that of the true images."
)


def main(
    folders: Mapping[str, Path], also: Mapping[str, Path] = MappingProxyType({}), root: Path = ROOT
) -> None:
    """Score every pretrained model, the other weights, and gray, on every folder."""
    models = {name: pretrained.load(name) for name in pretrained.NAMES}
    models |= {name: Colorizer.load(weights) for name, weights in also.items()}
    photos = {place: load_photos(folder, SIZE) for place, folder in folders.items()}
    rows = []
    for place, images in photos.items():
        gray = score(None, images)
        rows.append({"name": f"{place}: gray", "values": gray})
        for name, model in models.items():
            values = score(ResizedModel(model), images)
            values["above gray, dB"] = values["RGB PSNR, dB"] - gray["RGB PSNR, dB"]
            rows.append({"name": f"{place}: {name}", "values": values})
            print(rows[-1], flush=True)
    sides = sorted({str(model.image_size) for model in models.values()})
    stored_results.write(
        "shipped",
        title="The pretrained models on photos that they never saw",
        command=_command(folders, also),
        protocol=PROTOCOL.format(counts=count_photos(photos), side=" or ".join(sides)),
        seeds=[0],
        columns=[{"name": name, "digits": digits} for name, (digits, _) in COLUMNS.items()],
        rows=rows,
        root=root,
    )


def load_photos(folder: Path, size: int, max_photos: int | None = None) -> Dataset:
    """Return the photos of a folder as squares, or a subset of them that is always the same."""
    images = load_dataset(folder, size, split_ratios=(1.0, 0.0, 0.0)).train
    if max_photos is None:
        return images
    return draw_subset(images, min(max_photos, len(images)), seed=0)


def count_photos(photos: Mapping[str, Dataset]) -> str:
    """Return how many photos each folder has, for the protocol of a table.

    Example:
        >>> count_photos({"landscapes": range(3), "COCO": range(2)})
        '3 photos: landscapes; 2 photos: COCO'
    """
    return "; ".join(f"{len(images)} photos: {place}" for place, images in photos.items())


def score(net: ResizedModel | None, images: Dataset) -> dict[str, float]:
    """Return the scores of a model, or of gray, by the headings of the table."""
    values = evaluate(net, images, LabScaler()).compute()
    return {heading: values[metric] for heading, (_, metric) in COLUMNS.items() if metric}


def _command(folders: Mapping[str, Path], also: Mapping[str, Path]) -> str:
    """Return what a reader types, without the names of folders and files."""
    words = [f"{place}=FOLDER" for place in folders]
    words += ["--also", *(f"'{name}=WEIGHTS'" for name in also)] if also else []
    return f"python -m benchmarks.shipped {' '.join(words)}"


def named_path(text: str) -> tuple[str, Path]:
    """Return the name and the path of an argument such as ``name=path``."""
    name, _, path = text.partition("=")
    return name, Path(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=named_path, metavar="NAME=FOLDER")
    parser.add_argument("--also", nargs="+", type=named_path, metavar="NAME=WEIGHTS", default=[])
    options = parser.parse_args()
    main(dict(options.folders), dict(options.also))
