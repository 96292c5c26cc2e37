"""The last choices before weights are released: the size at which a model sees a photo, its gain.

Run it with ``python -m benchmarks.choices WEIGHTS NAME=FOLDER ... --sizes 160 192 --gains 0.9 1``,
on photos that were not trained on and that are not those of the final numbers. Each photo becomes a
square of 256 pixels, and is coloured as ``colorlib colorize`` does it, with the mean of four
predictions. The gain multiplies the last layer's output, as that of ``python -m course
release-weights`` does.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch

from benchmarks.shipped import SIZE, score
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.evaluation.evaluate import ResizedModel


def main(options: argparse.Namespace) -> None:
    """Print the scores on every folder for every size and gain."""
    trained = Colorizer.load(options.weights)
    gain = trained.net.gain.item()
    for place, folder in (word.split("=", 1) for word in options.folders):
        images = load_dataset(Path(folder), SIZE, split_ratios=(1.0, 0.0, 0.0)).train
        images = draw_subset(images, min(options.max_photos, len(images)), seed=0)
        gray = score(None, images)["RGB PSNR, dB"]
        for size in options.sizes:
            for factor in options.gains:
                with torch.no_grad():
                    trained.net.gain.fill_(gain * factor)
                model = dataclasses.replace(trained, image_size=size, tta=not options.single)
                values = score(ResizedModel(model), images)
                above = values["RGB PSNR, dB"] - gray
                print(f"{place}, {len(images)} photos, size {size}, gain {factor:g}:", end=" ")
                print(f"{above:+.2f} dB above gray, CIEDE2000 {values['CIEDE2000']:.2f},", end=" ")
                print(f"colourfulness {values['colourfulness / true']:.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("folders", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--sizes", type=int, nargs="+", default=[192])
    parser.add_argument("--gains", type=float, nargs="+", default=[1.0])
    parser.add_argument("--max-photos", type=int, default=200)
    parser.add_argument("--single", action="store_true", help="one prediction, not the mean of 4")
    main(parser.parse_args())
