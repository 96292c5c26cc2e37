"""The last choices before weights are released: the size at which a model sees a photo, its gain.

Run it with ``python -m benchmarks.choices NAME=WEIGHTS ... --photos NAME=FOLDER ... --sizes 160 192
--gains 0.9 1``, on photos that were not trained on and that are not those of the final numbers. A
photo becomes a square of 256 pixels, and is coloured as ``colorlib colorize`` does it, with
test-time augmentation. The gain multiplies the last layer's output, as that of ``python -m course
release-weights`` does. ``--store NAME`` writes the table into course/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
from itertools import product

import torch

from benchmarks.shipped import SIZE, count_photos, load_photos, named_path, score
from colorlib.colorizer import Colorizer
from colorlib.evaluation.evaluate import ResizedModel
from course.tool import stored_results

PROTOCOL = (
    "{counts}, drawn once by seed 0 from photos that were not trained on, each a square of 256 "
    "pixels from its middle; with test-time augmentation. RGB PSNR with peak 1, mean over images; "
    "colourfulness is Hasler and Süsstrunk's, its mean divided by that of the true images. Gain: "
    "what the last layer's output is multiplied by."
)


def main(options: argparse.Namespace) -> None:
    """Print the scores of all weights on every folder, for every size and gain."""
    photos = {place: load_photos(path, SIZE, options.max_photos) for place, path in options.photos}
    gray = {place: score(None, images)["RGB PSNR, dB"] for place, images in photos.items()}
    rows = []
    for (name, path), size in product(options.weights, options.sizes):
        trained = dataclasses.replace(Colorizer.load(path), image_size=size, tta=True)
        gain = trained.net.gain.item()
        for factor in options.gains:
            with torch.no_grad():
                trained.net.gain.fill_(gain * factor)
            values = {}
            for place, images in photos.items():
                scores = score(ResizedModel(trained), images)
                values[f"{place}: above gray, dB"] = scores["RGB PSNR, dB"] - gray[place]
                values[f"{place}: CIEDE2000"] = scores["CIEDE2000"]
                values[f"{place}: colourfulness / true"] = scores["colourfulness / true"]
            rows.append({"name": f"{name}, seen at {size}, gain {factor:g}", "values": values})
            print(rows[-1]["name"], {key: round(value, 2) for key, value in values.items()})
    if options.store:
        stored_results.write(
            options.store,
            title="What the weights were chosen by",
            command="python -m benchmarks.choices NAME=WEIGHTS --photos NAME=FOLDER",
            protocol=PROTOCOL.format(counts=count_photos(photos)),
            seeds=[0],
            columns=list(rows[0]["values"]),
            rows=rows,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", nargs="+", type=named_path, metavar="NAME=WEIGHTS")
    parser.add_argument(
        "--photos", nargs="+", type=named_path, required=True, metavar="NAME=FOLDER"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[192])
    parser.add_argument("--gains", type=float, nargs="+", default=[1.0])
    parser.add_argument("--max-photos", type=int, default=200)
    parser.add_argument("--store", metavar="NAME", help="the name of the table, without .json")
    main(parser.parse_args())
