"""Comparison of the reconstruction losses on small photos, after equally many steps.

Run it with ``python -m benchmarks.objectives FOLDER``, where the folder holds photos of at least
64 x 64 pixels; with the 22,000 photos of tiny-imagenet that have colours, a run takes about ten
minutes on one core. It writes ``course/results/objectives.json``, which the training log shows.
Runs are saved in build/, and a run that was stopped is resumed.

All runs have the generator of the recipe ``everything``. For colour bins its last layer is another
one, at a quarter of the photo's size instead of half, so a step costs about the same. A hybrid is
such a network whose loss also has the distance of the mean colour of its bins to the true colours.

Two rows follow from the runs with minus PSNR, which differ in their seed: the mean of their
predictions, and a network that is distilled from it (Hinton et al. 2015): its target is halfway
between the true colours and that mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from benchmarks.shipped import score
from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.engine.objective import Objective
from colorlib.evaluation.evaluate import ResizedModel
from colorlib.losses import reconstruction_loss
from colorlib.recipe import Recipe
from colorlib.recipes.pretrained import EVERYTHING
from colorlib.training import Trainer
from course.tool import stored_results
from course.tool.course_config import ROOT

SIZE, SEEDS, SCORED = 64, (0, 1, 2), 400
BINS = LabScaler(output_space="bins")
MEAN_OF_BINS = LabScaler(output_space="bins", temperature=1.0)
HYBRID_WEIGHT = 0.5  # one dB of PSNR counts as much as half a nat of cross-entropy
TEMPERATURES = (0.0, 0.2, 0.38, 0.6, 1.0)
COLUMNS = {"RGB PSNR, dB": 2, "CIEDE2000": 2, "colourfulness / true": 3}  # and their digits
_BINS_CONFIG = {"reconstruction": "cross_entropy", "scaler": BINS, "uniform_share": 1.0}
#: What each row changes in the configuration of the pixel stage.
OBJECTIVES = {
    "minus PSNR": {"reconstruction": "psnr"},
    "bins": _BINS_CONFIG,
    "hybrid of both": _BINS_CONFIG,
    "bins, rebalanced a little": {**_BINS_CONFIG, "uniform_share": 0.9},
}
PROTOCOL = (
    "{train:,} photos at 64 x 64, one epoch of {steps} steps of 32, Adam at 0.001 on a cosine, "
    "whole photos and mirror images, moving average 0.99; the generator of the recipe everything "
    f"with ImageNet weights. Scored on {SCORED} photos of the validation split, drawn once, at "
    "64 x 64: means over images; colourfulness is Hasler and Süsstrunk's, its mean divided by that "
    "of the true images. T: the temperature at which bins are decoded. Hybrid: the loss of bins, "
    f"plus {HYBRID_WEIGHT:g} times minus the PSNR, in dB, of the colours decoded at T = 1. Mean ± "
    "standard deviation over seeds; the mean of the networks has one score, and the distilled "
    "network is one run."
)


class HybridObjective(Objective):
    """The loss of colour bins, plus minus the PSNR of the colours that they are decoded to."""

    def __call__(self, real: Tensor, output: Tensor) -> Tensor:
        """Return the sum of the two losses, for logits (n, k, h / 4, w / 4)."""
        fake = MEAN_OF_BINS.ab_of(output.float(), real.shape[-2:])
        distance = reconstruction_loss(real, fake, "psnr")
        return super().__call__(real, output) + HYBRID_WEIGHT * distance


class MeanOfNetworks(nn.Module):
    """Several networks whose outputs are averaged."""

    def __init__(self, nets: Sequence[nn.Module]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(self, L: Tensor) -> Tensor:
        """Return the mean of all outputs for L (n, 1, h, w)."""
        return torch.stack([net(L) for net in self.nets]).mean(dim=0)


class DistillingTrainer(Trainer):
    """A trainer whose targets are halfway between the true colours and those of a teacher."""

    teacher: nn.Module

    def train_step(self, L: Tensor, real: Tensor) -> dict[str, float]:
        """Update the generator."""
        is_mixed = self.amp_dtype is not None
        with torch.no_grad(), torch.autocast(self.device.type, self.amp_dtype, enabled=is_mixed):
            predicted = self.teacher(L)
        return super().train_step(L, torch.lerp(real, predicted.float(), 0.5))


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


def train(
    objective: str, images: Dataset, seed: int, folder: Path, teacher: nn.Module | None = None
) -> Colorizer:
    """Train, or resume, and return the model."""
    chosen = recipe(objective).replace(config={"seed": seed})
    net, _ = chosen.build_networks(seed)
    trainer_class = Trainer if teacher is None else DistillingTrainer
    trainer = trainer_class(net, images, chosen.pixel, folder=folder)
    if teacher is not None:
        trainer.teacher = teacher.eval()
    if objective == "hybrid of both":
        trainer.objective = HybridObjective(chosen.pixel, images)
    net = trainer.fit(progress=True)
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
    runs = Path(root, "build/objectives")
    nets = []  # those with minus PSNR
    for done, seed in enumerate(seeds, 1):
        for objective in OBJECTIVES:
            model = train(objective, splits.train, seed, runs / f"{objective}-{seed}")
            if objective == "minus PSNR":
                nets.append(model.net)
            for name, values in rows_of(model, scored, objective).items():
                print(seed, name, {column: round(values[column], 3) for column in COLUMNS})
                scores.setdefault(name, []).append(values)
        _store(scores, len(splits.train), seeds[:done], root)
    mean = MeanOfNetworks(nets)
    student = train("minus PSNR", splits.train, seeds[0], runs / "distilled", teacher=mean)
    for name, net in {"mean of the networks": mean, "distilled from it": student.net}.items():
        scores[f"minus PSNR, {name}"] = [
            score(ResizedModel(Colorizer(net, student.scaler, SIZE)), scored)
        ]
    _store(scores, len(splits.train), seeds, root)


def _store(
    scores: dict[str, list[dict[str, float]]], count: int, seeds: tuple[int, ...], root: Path
) -> None:
    store_scores(
        "objectives",
        title="Each reconstruction loss on small photos",
        protocol=PROTOCOL,
        scores=scores,
        num_photos=count,
        seeds=seeds,
        root=root,
    )


def store_scores(
    name: str,
    *,
    title: str,
    protocol: str,
    scores: dict[str, list[dict[str, float]]],
    num_photos: int,
    seeds: tuple[int, ...],
    root: Path,
) -> None:
    """Store a table with a row for each name of ``scores``: the mean over its runs."""
    rows = []
    for row, runs in scores.items():
        values = [{column: run[column] for column in COLUMNS} for run in runs]
        rows.append({"name": row, "values": stored_results.mean_over_runs(values)})
    stored_results.write(
        name,
        title=title,
        command=f"python -m benchmarks.{name} FOLDER",
        protocol=protocol.format(train=num_photos, steps=num_photos // EVERYTHING.pixel.batch_size),
        seeds=list(seeds),
        columns=[{"name": column, "digits": digits} for column, digits in COLUMNS.items()],
        rows=rows,
        root=root,
    )


def parse_arguments(doc: str) -> argparse.Namespace:
    """Return the folder of photos and the seeds that a reader asks for."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("photos", type=Path, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    return parser.parse_args()


if __name__ == "__main__":
    options = parse_arguments(__doc__)
    main(options.photos, tuple(options.seeds))
