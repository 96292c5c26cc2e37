"""When the learning rate falls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colorlib.engine.trainer import Trainer


def lower(run: Trainer) -> None:
    """Set the learning rate of the next epoch, lower than the last one where the schedule says so."""
    if run.config.schedule == "step" and run.epoch == run.config.step_epoch:
        run.factor /= 10
    if run.config.schedule == "plateau" and run.waited > run.config.patience:
        run.factor, run.waited = run.factor / 10, 0
    if run.config.schedule == "cosine":
        run.factor = (1 + math.cos(math.pi * run.epoch / run.config.epochs)) / 2
    for optimizer in filter(None, (run.opt_g, run.opt_d)):
        for group in optimizer.param_groups:
            group["lr"] = run.config.lr * run.factor
