"""Training in two stages: the reconstruction loss first, then an adversarial loss as well.

A discriminator cannot teach a generator that outputs noise, so the generator learns plain colours
first (as in fastai's course and in the tutorial that papers 000 and 004 follow). Each stage is a
run in its own folder, and resumes after it was stopped. The weights to use are next to them::

    run/pixel.safetensors          the pixel stage's best epoch, by the validation images
    run/adversarial.safetensors    the adversarial stage's last epoch
    run/1-pixel/, run/2-adversarial/    checkpoints, curves and progress images

Of the adversarial stage the last epoch is kept, not the best: this stage gives up PSNR for colour,
so the best epoch by PSNR would be the least colourful.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import DataSplits
from colorlib.engine import distributed
from colorlib.engine.callbacks import Callback
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.io.checkpoint import load_weights, newest_epoch
from colorlib.tensor_checks import check_at_least
from colorlib.training import TrainConfig, Trainer


@dataclass(frozen=True)
class TrainingResult:
    """The result of training in stages.

    Attributes:
        models: the saved weights by stage: ``pixel``, ``adversarial``.
        history: a row for each epoch, by the name of the stage's folder.
        done: whether all epochs of all stages are trained.
    """

    models: dict[str, Path]
    history: dict[str, list[dict[str, float]]]
    done: bool


class SaveBestModel(Callback):
    """Saves the generator after each epoch whose validation score is the best so far."""

    def __init__(self, save: Callable[[nn.Module], None]) -> None:
        self.save = save

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Save the generator if no earlier epoch was better."""
        scores = [row["val_psnr"] for row in trainer.history]
        if scores[-1] == max(scores):
            self.save(trainer.eval_model())


def train_two_stage(
    net_g: nn.Module,
    splits: DataSplits,
    folder: str | Path,
    pixel: TrainConfig | None,
    *,
    image_size: int,
    net_d: nn.Module | None = None,
    adversarial: TrainConfig | None = None,
    monitor: Callable[[Path], Callback] | None = None,
    device: torch.device | str = "cpu",
    max_minutes: float | None = None,
    save_every_steps: int = 200,
    progress: bool = False,
) -> TrainingResult:
    """Train the pixel stage, then the adversarial stage; resume where a run was stopped.

    Args:
        net_g: the generator, with a ``config`` as :class:`colorlib.unet.UNet` has it and with its
            initial weights.
        splits: the images to train on, and those that the best epoch is chosen by.
        folder: where everything is saved.
        pixel: the configuration of the pixel stage; None leaves the stage out.
        image_size: side in pixels of the images that the networks see, which the saved models
            carry; the images of ``splits`` are ``load_scale`` times as large.
        net_d, adversarial: the discriminator and the configuration of the adversarial stage; both
            or neither.
        monitor: takes the folder of a stage and returns a callback for it, such as
            :class:`colorlib.viz.TrainingMonitor`.
        device: where to train.
        max_minutes: stop after this time in this call; another call resumes.
        save_every_steps, progress: as in :meth:`colorlib.training.Trainer.fit`.

    Raises:
        ValueError: if only one of ``net_d`` and ``adversarial`` is given, or there is no stage; if
            the adversarial stage of this folder began from a shorter pixel stage; or as
            :meth:`colorlib.training.Trainer.fit`.
    """
    if (net_d is None) != (adversarial is None):
        raise ValueError(
            "the discriminator or its configuration is missing; expected both net_d and "
            "adversarial, or neither"
        )
    if pixel is None and adversarial is None:
        raise ValueError("there is no stage; expected a configuration for pixel or for adversarial")
    if max_minutes is not None:
        check_at_least("max_minutes", max_minutes, 0)
    folder, started = Path(folder), time.monotonic()
    if pixel is not None and adversarial is not None:
        _check_pixel_stage_is_finished(folder, pixel)
    folder.mkdir(parents=True, exist_ok=True)
    scaler = (pixel or adversarial).scaler
    pixel_path, adversarial_path = folder / "pixel.safetensors", folder / "adversarial.safetensors"

    def save(net: nn.Module, path: Path) -> None:
        if distributed.rank() == 0:
            Colorizer(net, scaler, image_size).save(path, overwrite=True)

    def validate(net: nn.Module) -> float:
        model = ResizedModel(Colorizer(net, scaler, image_size))
        metrics = {"psnr": psnr_metric("rgb", peak=1)}
        scores = evaluate(model, splits.validation, LabScaler(scaler.ab_scale), metrics).compute()
        return scores["psnr"]

    def train_stage(name: str, config: TrainConfig, callbacks: list[Callback]) -> Trainer:
        if monitor is not None:
            callbacks = [*callbacks, monitor(folder / name)]
        trainer = Trainer(
            net_g,
            splits.train,
            config,
            net_d=net_d if name == "2-adversarial" else None,
            folder=folder / name,
            validate=validate,
            callbacks=callbacks,
            device=device,
        )
        minutes = max_minutes
        if max_minutes is not None:
            minutes = max(0.0, max_minutes - (time.monotonic() - started) / 60)
        trainer.fit(max_minutes=minutes, save_every_steps=save_every_steps, progress=progress)
        return trainer

    trainers = {}
    if pixel is not None:
        best = SaveBestModel(lambda net: save(net, pixel_path))
        trainers["1-pixel"] = train_stage("1-pixel", pixel, [best])
        if not pixel_path.exists():  # stopped within the first epoch
            save(trainers["1-pixel"].eval_model(), pixel_path)
        distributed.barrier()  # process 0 saves
    pixel_done = pixel is None or trainers["1-pixel"].done
    if adversarial is not None and pixel_done:
        if pixel is not None:
            net_g.load_state_dict(load_weights(pixel_path)[0])
        trainers["2-adversarial"] = train_stage("2-adversarial", adversarial, [])
        save(trainers["2-adversarial"].eval_model(), adversarial_path)
    paths = {"1-pixel": pixel_path, "2-adversarial": adversarial_path}
    return TrainingResult(  # weights of a stage that is yet to begin again are not listed
        models={path.stem: path for name, path in paths.items() if name in trainers},
        history={name: trainer.history for name, trainer in trainers.items()},
        done=pixel_done and (adversarial is None or trainers["2-adversarial"].done),
    )


def _check_pixel_stage_is_finished(folder: Path, pixel: TrainConfig) -> None:
    """Raise ValueError if the adversarial stage has begun and the pixel stage would continue.

    A longer pixel stage ends with other weights, and the adversarial stage began from those of the
    shorter one: its model would no longer be the one that was asked for.
    """
    stage = folder / "2-adversarial"
    epochs = newest_epoch(folder / "1-pixel") or 0
    if newest_epoch(stage) is not None and epochs < pixel.epochs:
        found = f"the adversarial stage in {stage} began after {epochs} epochs of the pixel stage"
        advice = "ask for as many, use another folder, or remove that one to train the stage again"
        raise ValueError(f"{found}, now {pixel.epochs}: {advice}")
