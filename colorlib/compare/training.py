"""Training of one recipe for its epochs or for a given time, over interruptions."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from colorlib.data.datasets import draw_subset
from colorlib.engine.callbacks import Callback
from colorlib.evaluation.evaluate import evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.io.files import read_json, write_json
from colorlib.recipe import Recipe
from colorlib.training import Trainer

_NUM_VALIDATION_IMAGES = 64  # few, so that validation takes little of the training time
_ENDLESS = 1_000_000  # epochs, if the time ends a stage


def train_recipe(
    recipe: Recipe,
    train: Dataset[Tensor],
    validation: Dataset[Tensor],
    folder: Path,
    max_minutes: float | None,
    device: torch.device | str,
) -> tuple[nn.Module, dict[str, float]]:
    """Train the stages of a recipe.

    Args:
        recipe: its stages are trained one after the other.
        train, validation: the images.
        folder: where checkpoints and the training time are saved. Training resumes from there, and
            the time before an interruption counts, also what was trained after the last checkpoint.
        max_minutes: the training time, divided among the stages in proportion to their epochs; None
            trains the epochs of each stage.
        device: where to train.

    Returns:
        The generator, and how long it was trained: ``epochs``, ``photos_seen`` and ``minutes``.
    """
    seed = next(iter(recipe.stages.values())).seed
    net_g, net_d = recipe.build_networks(seed)
    subset = draw_subset(validation, _NUM_VALIDATION_IMAGES, seed)
    metrics = {"psnr": psnr_metric("rgb", peak=1)}

    def validate(net: nn.Module) -> float:
        return evaluate(net, subset, recipe.scaler, metrics).compute()["psnr"]

    total_epochs = sum(stage.epochs for stage in recipe.stages.values())
    photos_seen, seconds = 0, 0.0
    for name, stage in recipe.stages.items():
        timer = _StageTimer(folder / "seconds.json", name)
        minutes = None
        epochs = stage.epochs
        if max_minutes is not None:
            minutes = max_minutes * stage.epochs / total_epochs - timer.seconds_before / 60
            minutes = max(0.0, minutes)
            epochs = _ENDLESS
        batch_size = min(stage.batch_size, len(train))
        trainer = Trainer(
            net_g,
            train,
            dataclasses.replace(stage, epochs=epochs, batch_size=batch_size),
            net_d=net_d if name == "2-adversarial" else None,
            folder=folder / name,
            validate=validate,
            callbacks=[timer],
            device=device,
        )
        try:
            net = trainer.fit(max_minutes=minutes, save_every_steps=500)
        finally:
            timer.save()
        photos_seen += trainer.global_step * batch_size
        seconds += timer.seconds
    return net, {
        "epochs": round(photos_seen / len(train), 2),
        "photos_seen": photos_seen,
        "minutes": seconds / 60,
    }


class _StageTimer(Callback):
    """The training time of a stage, saved in a file, so that it counts over interruptions."""

    def __init__(self, path: Path, stage: str) -> None:
        self.path, self.stage = path, stage
        self.seconds_of_stages = read_json(path) if path.exists() else {}
        self.seconds_before = self.seconds_of_stages.get(stage, 0.0)
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        return self.seconds_of_stages[self.stage]

    def on_epoch_end(self, trainer: Trainer) -> None:
        self.save()

    def save(self) -> None:
        self.seconds_of_stages[self.stage] = self.seconds_before + time.monotonic() - self.started
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, self.seconds_of_stages)
