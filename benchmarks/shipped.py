"""Quality of the pretrained models on folders of photos.

Run it with ``python -m benchmarks.shipped NAME=FOLDER ...``. Every photo of a folder becomes a
square of 256 pixels from its middle; the network sees it at its own size, and its a and b are
enlarged, as in ``colorlib colorize``. It writes ``course/results/shipped.json``, which the cards of
the models show. For one model on one folder there is ``colorlib evaluate NAME --data FOLDER --split
all --image-size 256``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from torch.utils.data import Dataset

from colorlib import pretrained
from colorlib.color import LabScaler
from colorlib.data.datasets import load_dataset
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


def main(folders: dict[str, Path], root: Path = ROOT) -> None:
    """Score every pretrained model, and gray, on every folder."""
    rows, counts = [], []
    for place, folder in folders.items():
        images = load_dataset(folder, SIZE, split_ratios=(1.0, 0.0, 0.0)).train
        counts.append(f"{len(images)} photos: {place}")
        gray = score(None, images)
        rows.append({"name": f"{place}: gray", "values": gray})
        for name in pretrained.NAMES:
            values = score(ResizedModel(pretrained.load(name)), images)
            values["above gray, dB"] = values["RGB PSNR, dB"] - gray["RGB PSNR, dB"]
            rows.append({"name": f"{place}: {name}", "values": values})
            print(rows[-1], flush=True)
    sides = sorted({str(pretrained.load(name).image_size) for name in pretrained.NAMES})
    stored_results.write(
        "shipped",
        title="The pretrained models on photos that they never saw",
        command=f"python -m benchmarks.shipped {' '.join(f'{place}=FOLDER' for place in folders)}",
        protocol=PROTOCOL.format(counts="; ".join(counts), side=" or ".join(sides)),
        seeds=[0],
        columns=[{"name": name, "digits": digits} for name, (digits, _) in COLUMNS.items()],
        rows=rows,
        root=root,
    )


def score(net: ResizedModel | None, images: Dataset) -> dict[str, float]:
    """Return the scores of a model, or of gray, by the headings of the table."""
    values = evaluate(net, images, LabScaler()).compute()
    return {heading: values[metric] for heading, (_, metric) in COLUMNS.items() if metric}


if __name__ == "__main__":
    main({place: Path(folder) for place, folder in (word.split("=", 1) for word in sys.argv[1:])})
