"""Measurements at the end of an epoch, and the moving average of the weights that they use."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch

from colorlib.engine.batches import epoch_batches, load_batches
from colorlib.engine.diagnostics import input_sensitivity
from colorlib.engine.optimization import update_bn
from colorlib.engine.seeding import fork_rng

if TYPE_CHECKING:
    from colorlib.training import Trainer

_NUM_PROBES = 4  # images that the generator's sensitivity is measured on
_NUM_BN_BATCHES = 20  # batches that batch-norm statistics are averaged over


def validate_epoch(trainer: Trainer) -> dict[str, float]:
    """Return the scores of a completed epoch: ``input_sensitivity``, and perhaps ``val_psnr``.

    The random state of the caller is left as it was.
    """
    dataset, config, epoch = trainer.dataset, trainer.config, trainer.epoch
    probes = epoch_batches(len(dataset), config, epoch)[-1][:_NUM_PROBES]
    L, _ = next(load_batches(dataset, [probes], config, epoch, trainer.device))
    with torch.no_grad(), fork_rng(trainer.device, config.seed, epoch + 1, -1):
        update_ema_statistics(trainer, epoch + 1)
        net = trainer.eval_model()
        scores = {"input_sensitivity": input_sensitivity(net, L)}
        if trainer.validate is not None:
            scores["val_psnr"] = float(trainer.validate(net))
    return scores


def update_ema_statistics(trainer: Trainer, epoch: int) -> None:
    """Compute the batch-norm statistics of a trainer's moving average, on whole images.

    Args:
        trainer: nothing happens if it keeps no moving average.
        epoch: determines which images.
    """
    if trainer.ema is not None:
        config = dataclasses.replace(trainer.config, min_crop=None)
        batches = epoch_batches(len(trainer.dataset), config, epoch)[:_NUM_BN_BATCHES]
        loaded = load_batches(trainer.dataset, batches, config, epoch, trainer.device)
        update_bn(trainer.ema, (L for L, _ in loaded))
