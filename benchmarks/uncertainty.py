"""Whether the pretrained models guess where they say so.

Run it with ``python -m benchmarks.uncertainty NAME=FOLDER ... --store uncertainty``, on photos that
were not trained on. Every photo of a folder becomes a square of 256 pixels from its middle. All
places of all photos of a folder are sorted by the distance that the model expects between its
colour and the true one (:mod:`colorlib.inference.uncertainty`), and divided into five equal parts;
the table has the mean of what was expected and of what was found in each. ``--store NAME`` writes
it into course/results/.
"""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset
from torchmetrics.functional import spearman_corrcoef

from benchmarks.shipped import SIZE, count_photos, load_photos, named_path
from colorlib import pretrained
from colorlib.inference.uncertainty import with_uncertainty
from course.tool import stored_results
from course.tool.train_uncertainty import true_distance

PARTS = 5
PROTOCOL = (
    "{counts}, none of them trained on, each a square of 256 pixels from its middle. All places of "
    "all photos of a folder, each of 2 by 2 pixels, are sorted by what the model expects, and "
    "divided into five equal parts. Distance in a and b, in Lab units; mean of each part."
)


def distances(name: str, images: Dataset[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the expected and the true distance at every place of all images."""
    model, expected, true = pretrained.load(name), [], []
    uncertainty = with_uncertainty(model, pretrained.weights_path(name))
    for k in range(len(images)):
        L, distance = true_distance(model, images[k][None])
        expected.append(F.avg_pool2d(uncertainty.predict(L), 2).flatten())
        true.append(distance.flatten())
    return torch.cat(expected), torch.cat(true)


def mean_of_parts(expected: Tensor, true: Tensor) -> list[tuple[float, float]]:
    """Return the means of both distances in each fifth, the surest one first.

    Example:
        >>> mean_of_parts(torch.arange(10.0), torch.arange(10.0).flip(0))[0]
        (0.5, 8.5)
    """
    parts = expected.argsort().chunk(PARTS)
    return [(expected[part].mean().item(), true[part].mean().item()) for part in parts]


def main(options: argparse.Namespace) -> None:
    """Print, and store if asked, the distances of every pretrained model on every folder."""
    rows = []
    photos = {place: load_photos(folder, SIZE) for place, folder in options.folders}
    for place, images in photos.items():
        numbers = range(1, PARTS + 1)
        own = [{"name": f"{place}: part {k} of {PARTS}", "values": {}} for k in numbers]
        own[0]["name"] += ", the surest one"
        for name in pretrained.NAMES:
            expected, true = distances(name, images)
            means = mean_of_parts(expected, true)
            for row, (mean_expected, mean_true) in zip(own, means, strict=True):
                row["values"] |= {f"{name}: expected": mean_expected, f"{name}: true": mean_true}
            sample = slice(None, None, 97)
            correlation = spearman_corrcoef(expected[sample], true[sample]).item()
            print(f"{name}, {place}: rank correlation of places {correlation:.2f}", flush=True)
        rows += own
    for row in rows:
        print(row["name"], {key: round(value, 1) for key, value in row["values"].items()})
    if options.store:
        stored_results.write(
            options.store,
            title="How far the pretrained models expect to be off, and how far they are",
            command="python -m benchmarks.uncertainty NAME=FOLDER",
            protocol=PROTOCOL.format(counts=count_photos(photos)),
            seeds=[0],
            columns=[{"name": name, "digits": 1} for name in rows[0]["values"]],
            rows=rows,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=named_path, metavar="NAME=FOLDER")
    parser.add_argument("--store", metavar="NAME", help="the name of the table, without .json")
    main(parser.parse_args())
