"""Comparison of the reconstruction losses on small photos, after equally many steps.

Run it with ``python -m benchmarks.objectives FOLDER``, where the folder holds photos of at least
64 x 64 pixels; with the 22,000 photos of tiny-imagenet that have colours, a run takes about ten
minutes on one core. It writes ``course/results/objectives.json``, which the training log shows.
Runs are saved in build/, and a run that was stopped is resumed.

All runs have the generator of the recipe ``everything``. For colour bins its last layer is another
one, at a quarter of the photo's size instead of half, so a step costs about the same.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from torch.utils.data import Dataset

from benchmarks.shipped import score
from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.evaluation.evaluate import ResizedModel
from colorlib.recipe import Recipe
from colorlib.recipes.pretrained import EVERYTHING
from colorlib.training import Trainer
from course.tool import stored_results
from course.tool.course_config import ROOT

SIZE, SEEDS, SCORED = 64, (0, 1, 2), 400
BINS = LabScaler(output_space="bins")
TEMPERATURES = (0.0, 0.2, 0.38, 0.6, 1.0)
COLUMNS = {"RGB PSNR, dB": 2, "CIEDE2000": 2, "colourfulness / true": 3}  # and their digits
#: What each row changes in the configuration of the pixel stage.
OBJECTIVES = {
    "minus PSNR": {"reconstruction": "psnr"},
    "bins": {"reconstruction": "cross_entropy", "scaler": BINS, "uniform_share": 1.0},
    "bins, rebalanced a little": {
        "reconstruction": "cross_entropy",
        "scaler": BINS,
        "uniform_share": 0.9,
    },
    "bins, rebalanced": {"reconstruction": "cross_entropy", "scaler": BINS, "uniform_share": 0.5},
}
PROTOCOL = (
    "{train:,} photos at 64 x 64, one epoch of {steps} steps of 32, Adam at 0.001 on a cosine, "
    "whole photos and mirror images, moving average 0.99; the generator of the recipe everything "
    f"with ImageNet weights. Scored on {SCORED} photos of the validation split, drawn once, at "
    "64 x 64: means over images; colourfulness is Hasler and Süsstrunk's, its mean divided by that "
    "of the true images. T: the temperature at which bins are decoded. Mean ± standard deviation "
    "over seeds."
)


def recipe(objective: str) -> Recipe:
    """Return the recipe of a row."""
    changes = OBJECTIVES[objective]
    num_bins = BINS.out_channels if "scaler" in changes else 0
    whole = {"min_crop": None, "film_share": 0.0, "load_scale": 1.0}
    config = {"epochs": 1, "ema_decay": 0.99, "amp": True, **whole, **changes}
    generator = {**EVERYTHING.generator, "num_bins": num_bins}
    return EVERYTHING.replace(
        objective, generator=generator, discriminator=None, adversarial=None, config=config
    )


def train(objective: str, images: Dataset, seed: int, folder: Path) -> Colorizer:
    """Train, or resume, and return the model."""
    chosen = recipe(objective).replace(config={"seed": seed})
    net, _ = chosen.build_networks(seed)
    net = Trainer(net, images, chosen.pixel, folder=folder).fit(progress=True)
    return Colorizer(net, chosen.scaler, SIZE)


def rows_of(model: Colorizer, images: Dataset, objective: str) -> dict[str, dict[str, float]]:
    """Return the scores of a model by the name of the row: one for each temperature of bins."""
    if model.scaler.output_space != "bins":
        return {objective: score(ResizedModel(model), images)}
    rows = {}
    for temperature in TEMPERATURES:
        scaler = LabScaler(output_space="bins", temperature=temperature)
        decoded = ResizedModel(Colorizer(model.net, scaler, SIZE))
        rows[f"{objective}, T = {temperature:g}"] = score(decoded, images)
    return rows


def main(photos: Path, seeds: tuple[int, ...] = SEEDS, root: Path = ROOT) -> None:
    """Train and score every objective with every seed, and store the table."""
    splits = load_dataset(photos, SIZE, split_ratios=EVERYTHING.data.split_ratios)
    scored = draw_subset(splits.validation, SCORED, seed=0)
    scores: dict[str, list[dict[str, float]]] = {"gray": [score(None, scored)]}
    for done, seed in enumerate(seeds, 1):
        for objective in OBJECTIVES:
            folder = Path(root, "build/objectives", f"{objective}-{seed}")
            model = train(objective, splits.train, seed, folder)
            for name, values in rows_of(model, scored, objective).items():
                print(seed, name, {column: round(values[column], 3) for column in COLUMNS})
                scores.setdefault(name, []).append(values)
        _store(scores, len(splits.train), seeds[:done], root)


def _store(
    scores: dict[str, list[dict[str, float]]], count: int, seeds: tuple[int, ...], root: Path
) -> None:
    rows = [
        {"name": name, "values": {column: _mean(runs, column) for column in COLUMNS}}
        for name, runs in scores.items()
    ]
    stored_results.write(
        "objectives",
        title="Each reconstruction loss on small photos",
        command="python -m benchmarks.objectives FOLDER",
        protocol=PROTOCOL.format(train=count, steps=count // EVERYTHING.pixel.batch_size),
        seeds=list(seeds),
        columns=[{"name": name, "digits": digits} for name, digits in COLUMNS.items()],
        rows=rows,
        root=root,
    )


def _mean(runs: list[dict[str, float]], column: str) -> float | dict[str, float]:
    """Return the mean of a column with its spread; of a single run, its number."""
    numbers = [run[column] for run in runs]
    if len(numbers) == 1:
        return numbers[0]
    mean, spread = statistics.mean(numbers), statistics.stdev(numbers)
    return {"mean": mean, "spread": spread, "n": len(numbers)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", type=Path, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    options = parser.parse_args()
    main(options.photos, tuple(options.seeds))
