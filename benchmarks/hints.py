"""PSNR by the number of hints: Levin's optimization alone, a network alone, and both.

Run it with ``python -m benchmarks.hints FOLDER``, where the folder holds photos that the network
was not trained on; 40 photos take about a quarter of an hour on one core. It writes
``course/results/hints.json``, which lesson 9 shows.

A hint is a small disc at a random place, as ``colorlib colorize --hint`` makes it, in the true
colour of its middle. A person would choose better places.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.shipped import load_photos
from colorlib import pretrained
from colorlib.color import LabScaler, lab_to_rgb, quantize_lightness, rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.inference.hints import Hints, PointHint
from colorlib.inference.propagation import apply_hints
from colorlib.io.images import tensor_to_image
from colorlib.metrics import mse, psnr
from course.tool import stored_results
from course.tool.course_config import ROOT

SIZE, SEEDS, PHOTOS = 256, (0, 1, 2), 40
COUNTS = (0, 1, 3, 10, 30, 100)
ALONE, NETWORK, BOTH = "Levin alone, dB", "network alone, dB", "network and hints, dB"
PROTOCOL = (
    "{photos} photos, drawn once, each a square of {size} pixels from its middle. A hint is a disc "
    "with a radius of 1/128 of the side, at a random place, in the true colour of its middle. PSNR "
    "on RGB with peak 1, mean over images; mean ± standard deviation over seeds of the "
    "places. The network is the pretrained model {model}."
)


def random_hints(rgb: Tensor, count: int, seed: int) -> list[PointHint]:
    """Return hints at random places of (1, 3, h, w) in its true colours; the first stay the same.

    Example:
        >>> random_hints(torch.ones(1, 3, 4, 4), 1, seed=0)
        [PointHint(x=3, y=2, color='#ffffff')]
    """
    photo = tensor_to_image(rgb)
    places = np.random.default_rng(seed).integers(0, photo.size, (count, 2)).tolist()
    return [PointHint(x, y, f"#{bytes(photo.getpixel((x, y))).hex()}") for x, y in places]


def score_photo(rgb: Tensor, model: Colorizer, seed: int) -> dict[tuple[int, str], float]:
    """Return the PSNR of a photo (1, 3, h, w) by the number of hints and the column."""
    lab = quantize_lightness(rgb_to_lab(rgb))
    L, _ = LabScaler().normalize(lab)
    network = model.predict_ab_at(L, model.image_size) * model.scaler.ab_scale

    def score(ab: Tensor) -> float:
        fake = lab_to_rgb(torch.cat([lab[:, :1], ab], dim=1))
        return psnr(mse(fake, rgb), peak=1).item()

    points = random_hints(rgb, max(COUNTS), seed)
    scores = {}
    for count in COUNTS:
        ab, mask = Hints(points=points[:count]).to_tensors(*L.shape[:1:-1])
        scores[count, ALONE] = score(apply_hints(L, ab, mask))
        scores[count, NETWORK] = score(network)
        scores[count, BOTH] = score(apply_hints(L, ab, mask, network))
    return scores


def main(
    folder: Path,
    model_name: str = "plain",
    count: int = PHOTOS,
    seeds: tuple[int, ...] = SEEDS,
    root: Path = ROOT,
) -> None:
    """Score every number of hints with every seed, and store the table."""
    images = load_photos(folder, SIZE, count)
    model = pretrained.load(model_name)
    means = []  # one for each seed: {(number of hints, column): mean over images}
    for seed in seeds:
        scores = []
        for index in range(len(images)):
            rgb = images.__getitems__([index]).float() / 255
            scores.append(score_photo(rgb, model, seed=1000 * seed + index))
        means.append({key: statistics.mean(one[key] for one in scores) for key in scores[0]})
        print(seed, {key: round(value, 2) for key, value in means[-1].items()}, flush=True)
    stored_results.write(
        "hints",
        title="PSNR by the number of true hints",
        command=f"python -m benchmarks.hints FOLDER --model {model_name} --photos {count}",
        protocol=PROTOCOL.format(photos=len(images), size=SIZE, model=model_name),
        seeds=list(seeds),
        columns=[ALONE, NETWORK, BOTH],
        rows=[_row(number, means) for number in COUNTS],
        root=root,
    )


def _row(number: int, means: list[dict[tuple[int, str], float]]) -> dict:
    """Return a row; without hints, or of the network, there is nothing random and no spread."""
    columns = (ALONE, NETWORK, BOTH)
    runs = [{column: one[number, column] for column in columns} for one in means]
    values = dict(runs[0])
    if number:
        values |= stored_results.mean_over_runs(runs) | {NETWORK: runs[0][NETWORK]}
    return {"name": f"{number} hint{'s' * (number != 1)}", "values": values}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--model", default="plain", choices=pretrained.NAMES)
    parser.add_argument("--photos", type=int, default=PHOTOS)
    options = parser.parse_args()
    main(options.folder, options.model, options.photos)
