"""The two-stage way: first the pixel loss alone, then the adversarial loss on top of what that found.

A critic has nothing to teach a generator that paints noise, so the generator learns the plain colours first
(as in fastai's course and in the tutorial that papers 000 and 004 follow). Each stage is a run of its own,
in a folder of its own, and survives being stopped; what a person uses lies beside them::

    run/plain.safetensors          the pixel stage's best epoch, by the validation pictures
    run/adversarial.safetensors    the adversarial stage's last epoch
    run/1-pixel/, run/2-adversarial/    checkpoints, curves and strips

The adversarial stage's last epoch is kept and not its best: it trades decibels for colour, so the best
epoch by PSNR would be the one with the least of it.
"""

from __future__ import annotations

import logging
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
from colorlib.engine.settings import TrainConfig
from colorlib.engine.trainer import Trainer
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.io.checkpoint import load_weights

log = logging.getLogger("colorlib")
Look = Callable[[Trainer], None]  # called after each epoch


@dataclass(frozen=True)
class TrainingResult:
    """What a run in stages has come to.

    Attributes:
        models: the weights written so far, ``plain`` and ``adversarial``.
        history: a row for each epoch, by stage.
        done: whether every epoch of every stage is trained.
    """

    models: dict[str, Path]
    history: dict[str, list[dict[str, float]]]
    done: bool


def train_two_stage(
    net_g: nn.Module,
    sets: DataSplits,
    folder: str | Path,
    pixel: TrainConfig | None,
    *,
    size: int,
    net_d: nn.Module | None = None,
    adversarial: TrainConfig | None = None,
    look: Callable[[Path], Look] | None = None,
    device: torch.device | str = "cpu",
    minutes: float | None = None,
    save_every_steps: int = 200,
    progress: bool = False,
) -> TrainingResult:
    """Train the pixel stage, then the adversarial one if there is a critic; go on where a run stopped.

    Args:
        net_g: with a ``config`` as :class:`colorlib.unet.UNet` has it, initialised.
        sets: trained on, and chosen by.
        folder: for everything that is written.
        pixel: of the first stage; None leaves it out.
        size: side of the pictures that the networks see, which the written models carry; those of ``sets``
            are ``load_scale`` times as large.
        net_d, adversarial: the critic and the settings of the second stage; both or none.
        look: is given a stage's folder and gives what to call after each of its epochs.
        device: where to train.
        minutes: stop after so long in this call; another call goes on.
        save_every_steps, progress: as for :meth:`Trainer.fit`.

    Raises:
        ValueError: only one of ``net_d`` and ``adversarial``, no stage at all; or as :meth:`Trainer.fit`.
    """
    if (net_d is None) != (adversarial is None):
        raise ValueError(
            "a critic or its settings are missing; expected both net_d and adversarial, or none"
        )
    if pixel is None and adversarial is None:
        raise ValueError(
            "there is no stage; expected settings for pixel, for adversarial, or for both"
        )
    folder, started, scale = Path(folder), time.monotonic(), (pixel or adversarial).scaler
    models = {
        "plain": folder / "plain.safetensors",
        "adversarial": folder / "adversarial.safetensors",
    }
    metric = {"psnr": psnr_metric("rgb", peak=1)}

    def write(net: nn.Module, name: str) -> None:
        if distributed.rank() == 0:
            Colorizer(net, scale, size).save(models[name], overwrite=True)

    def validate(net: nn.Module) -> float:
        model = ResizedModel(Colorizer(net, scale, size))
        return evaluate(model, sets.validation, LabScaler(scale.ab_scale), metric).compute()["psnr"]

    def stage(
        name: str, settings: TrainConfig, critic: nn.Module | None, keep_best: bool
    ) -> Trainer:
        see = look(folder / name) if look is not None else None

        def after_epoch(run: Trainer) -> None:
            if keep_best and run.history[-1]["val_psnr"] == run.best:
                write(run.result(), "plain")
            if see is not None:
                see(run)

        run = Trainer(
            net_g,
            sets.train,
            settings,
            net_d=critic,
            folder=folder / name,
            validate=validate,
            after_epoch=after_epoch,
            device=device,
        )
        left = None if minutes is None else max(0.0, minutes - (time.monotonic() - started) / 60)
        run.fit(minutes=left, save_every_steps=save_every_steps, progress=progress)
        return run

    folder.mkdir(parents=True, exist_ok=True)
    runs = {}
    if pixel is not None:
        runs["1-pixel"] = stage("1-pixel", pixel, None, keep_best=True)
        if not models["plain"].exists():  # stopped before the first epoch was over
            write(runs["1-pixel"].result(), "plain")
        distributed.barrier()  # for the process that writes
    if net_d is not None and (pixel is None or runs["1-pixel"].done):
        if pixel is not None:
            net_g.load_state_dict(load_weights(models["plain"])[0])
        runs["2-adversarial"] = stage("2-adversarial", adversarial, net_d, keep_best=False)
        write(runs["2-adversarial"].result(), "adversarial")
    return TrainingResult(
        {name: path for name, path in models.items() if path.exists()},
        {name: run.history for name, run in runs.items()},
        all(run.done for run in runs.values())
        and len(runs) == sum(s is not None for s in (pixel, adversarial)),
    )
