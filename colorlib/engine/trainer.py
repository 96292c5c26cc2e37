"""The critic's step, the generator's step, and a loop that survives being stopped at any moment."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from tqdm import tqdm

from colorlib.data.augment import epoch_permutation
from colorlib.engine import distributed, optimization
from colorlib.engine.batches import load_batch
from colorlib.engine.diagnostics import gan_warnings, input_sensitivity
from colorlib.engine.ema import build_ema, update_bn
from colorlib.engine.guard import check, guarded, keep
from colorlib.engine.precision import amp_dtype, describe_dtype
from colorlib.engine.resume import trainer_state
from colorlib.engine.schedule import lower
from colorlib.engine.seeding import fork_rng
from colorlib.engine.settings import TrainConfig
from colorlib.io import checkpoint
from colorlib.losses import generator_loss, reconstruction_loss
from colorlib.tensor_checks import check_at_least

_logger = logging.getLogger("colorlib")


class Trainer:
    """Train a generator, alone with a pixel loss or against a critic.

    Args:
        net_g: L (n, 1, h, w) to ab (n, 2, h, w).
        data: What to train on.
        config: How.
        net_d: The critic, called with (L, ab); without it only the pixel loss trains.
        folder: Where checkpoints go; None keeps none.
        validate: Takes the generator in evaluation mode, returns a number that is better when larger.
        after_epoch: Called with this trainer after each epoch, when ``history`` has its row and before the
            checkpoint is written: to look, draw and save, not to change anything.
        device: Where to train.
    """

    def __init__(
        self,
        net_g: nn.Module,
        dataset: Dataset[Tensor],
        config: TrainConfig,
        *,
        net_d: nn.Module | None = None,
        folder: str | Path | None = None,
        validate: Callable[[nn.Module], float] | None = None,
        after_epoch: Callable[[Trainer], None] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        if len(dataset) < config.batch_size:
            few = config.batch_size
            raise ValueError(
                f"there are {len(dataset)} pictures; expected at least one batch of {few}"
            )
        if config.schedule == "plateau" and validate is None:
            raise ValueError(
                "schedule is 'plateau' and validate is None; a plateau needs something to watch"
            )
        distributed.check_divisible(config.batch_size)
        self.dataset, self.config, self.device = dataset, config, torch.device(device)
        self.half = amp_dtype(self.device) if config.amp else None
        nets = [net_g] if net_d is None else [net_g, net_d]
        for net in nets:
            distributed.broadcast_weights(optimization.to_device(net, self.device, self.half))
        self.net_g, self.net_d = net_g, net_d
        self.validate, self.after_epoch = validate, after_epoch
        self.folder = Path(folder) if folder is not None else None
        self.opt_g = optimization.build_adam(net_g, config, self.device)
        self.opt_d = (
            optimization.build_adam(net_d, config, self.device) if net_d is not None else None
        )
        self.average = build_ema(net_g, config.ema_decay) if config.ema_decay else None
        for net in nets if config.compile else ():
            net.compile()  # in place: the names of the weights stay
        # float16 has few small numbers: the loss is multiplied up, so that gradients do not vanish
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.half is torch.float16)
        self.epoch = self.step = self.total = 0
        self.best, self.waited, self.factor = -math.inf, 0, 1.0
        self.sums: dict[str, float] = {}  # of the losses of this epoch so far
        self.history: list[dict[str, float]] = []  # a row for each epoch: mean losses, validation
        self.before: checkpoint.State | None = None  # while an epoch ends: where the run was before

    @property
    def parts(self) -> dict[str, Any]:
        """Everything that has a state of its own: networks, optimisers, moving average, scaler."""
        parts = {"net_g": self.net_g, "net_d": self.net_d, "opt_g": self.opt_g, "opt_d": self.opt_d}
        parts |= {
            "average": self.average,
            "scaler": self.scaler if self.scaler.is_enabled() else None,
        }
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return len(self.dataset) // self.config.batch_size

    @property
    def done(self) -> bool:
        """Whether the last epoch is trained."""
        return self.epoch >= self.config.epochs

    def train_step(self, L: Tensor, ab: Tensor) -> dict[str, float]:
        """Do the critic's step, then the generator's; the generator runs once for both.

        Returns:
            ``G_rec``, and with a critic ``G_GAN``, ``D_real`` and ``D_fake``: log 2 = 0.693 each is the
            critic not knowing.
        """
        with torch.autocast(self.device.type, self.half, enabled=self.half is not None):
            losses = self._critic_and_generator(L, ab)
        self.scaler.update()
        if self.average is not None:
            self.average.update_parameters(self.net_g)
        return {name: value.item() for name, value in losses.items()}

    def _critic_and_generator(self, L: Tensor, ab: Tensor) -> dict[str, Tensor]:
        self.net_g.train()
        fake = self.net_g(L)
        if self.net_d is None:
            loss = reconstruction_loss(ab, fake, self.config.reconstruction)
            self._descend(self.opt_g, loss)
            return {"G_rec": loss}
        self.net_d.train().requires_grad_(True)
        # detach: the critic's step must not reach into the generator
        d_real, d_fake = self.config.gan.discriminator_loss(
            self.net_d(L, ab), self.net_d(L, fake.detach())
        )
        self._descend(self.opt_d, (d_real + d_fake) / 2)
        self.net_d.requires_grad_(False)  # only the generator's weights need gradients now
        how = {
            "gan": self.config.gan,
            "reconstruction": self.config.reconstruction,
            "lambda_rec": self.config.lambda_rec,
        }
        loss, gan, pixel = generator_loss(self.net_d(L, fake), ab, fake, **how)
        self._descend(self.opt_g, loss)
        return {"D_real": d_real, "D_fake": d_fake, "G_GAN": gan, "G_rec": pixel}

    def _descend(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        distributed.all_reduce_gradients(optimizer)  # over all processes; alone, nothing happens
        self.scaler.step(optimizer)

    def fit(
        self,
        *,
        resume: bool = True,
        save_every_steps: int = 200,
        max_steps: int | None = None,
        minutes: float | None = None,
        progress: bool = False,
    ) -> nn.Module:
        """Train to the last epoch, from the newest checkpoint of the folder if there is one.

        Args:
            resume: Whether to go on where a run in this folder stopped.
            save_every_steps: Checkpoints are written so often, and at the end of every epoch.
            max_steps: Stop after this many steps in all, with a checkpoint.
            minutes: Stop this long after the call, with a checkpoint.
            progress: Whether to show a bar.

        Returns:
            The generator in evaluation mode; its moving average if there is one.

        Raises:
            FileExistsError: If the folder holds checkpoints and ``resume`` is false.
            ValueError: If the checkpoint belongs to a run with other config, or none is whole.
            OSError: If the folder cannot be written to, is full, or is in use by another run.
            FloatingPointError, MemoryError: If a loss is not a number any more, or memory runs out.
            KeyboardInterrupt: From the keyboard, after a checkpoint is written.
        """
        check_at_least("save_every_steps", save_every_steps, 1)
        if max_steps is not None:
            check_at_least("max_steps", max_steps, 0)
        if minutes is not None:
            check_at_least("minutes", minutes, 0)
        if self.config.amp and distributed.rank() == 0:
            _logger.info("precision: %s", describe_dtype(self.half))
        began, slow = time.monotonic(), self.config.compile
        until = math.inf if minutes is None else began + 60 * minutes
        how = {"total": self.config.epochs * self.steps, "unit": "step", "desc": "Training"}
        how["disable"] = distributed.rank() > 0 or not progress
        with guarded(self, resume) as step, tqdm(initial=self.total, **how) as bar:
            while not self.done:
                for indices in self._batches()[self.step :]:
                    if distributed.any_process(
                        self.total == max_steps or time.monotonic() >= until
                    ):
                        self._refresh()
                        self.save()
                        return self.result()
                    losses = step(indices)
                    if slow:
                        slow = _logger.info(
                            "first step, with compiling: %.1f s", time.monotonic() - began
                        )
                    bar.update()
                    bar.set_postfix(epoch=self.epoch + 1, **losses, refresh=False)
                    if self.step % save_every_steps == 0 and self.step < self.steps:
                        self.save()
                self._end_epoch()
                self.save()
        return self.result()

    def result(self) -> nn.Module:
        """Give the generator in evaluation mode: its moving average if there is one."""
        return (self.net_g if self.average is None else self.average.module).eval()

    def save(self) -> None:
        """Write a checkpoint of everything that the run needs to go on; of several processes one does."""
        keep(self)

    def _batches(self) -> Sequence[Tensor]:
        """Give the batches of this epoch, in their order."""
        indices = epoch_permutation(len(self.dataset), self.config.seed, self.epoch)
        return indices.split(self.config.batch_size)[: self.steps]

    def _pictures(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        return load_batch(self.dataset, indices, self.config, self.epoch, self.device)

    def _one_step(self, indices: Tensor) -> dict[str, float]:
        L, ab = self._pictures(distributed.shard(indices))
        seed, epoch, rank = self.config.seed, self.epoch, distributed.rank()
        with fork_rng(
            self.device, seed, epoch, self.step, *([rank] if rank else [])
        ):  # dropout of its own
            losses = distributed.all_reduce_mean(self.train_step(L, ab))
        check(self, losses, indices.tolist())
        self.step, self.total = self.step + 1, self.total + 1
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in losses.items()}
        return losses

    def _end_epoch(self) -> None:
        """Validate, look for trouble, and let the schedule have its say."""
        self.before = trainer_state(
            self
        )  # whoever saves before this is over saves that, and all of it is done again
        L, _ = self._pictures(self._batches()[-1][:4])  # four of the last batch
        row = {
            "epoch": self.epoch,
            **{name: value / self.step for name, value in self.sums.items()},
        }
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}
        with torch.no_grad(), fork_rng(self.device, self.config.seed, self.epoch, -1):
            if distributed.rank() == 0:
                self._refresh()
                row["input_sensitivity"] = input_sensitivity(self.result(), L)
                if self.validate is not None:
                    row["val_psnr"] = float(self.validate(self.result()))
            self.history = [
                *self.history,
                row := distributed.broadcast(row),
            ]  # the others have waited for it
            if "val_psnr" in row:
                self.waited = 0 if row["val_psnr"] > self.best else self.waited + 1
                self.best = max(row["val_psnr"], self.best)
            if distributed.rank() == 0:
                for message in gan_warnings(self.history, self.config.gan):
                    _logger.warning("epoch %d: %s", self.epoch, message)
                if self.after_epoch is not None:
                    self.after_epoch(self)
        lower(self)
        self.before = None

    def _refresh(self) -> None:
        """Give the moving average the batch statistics that belong to its weights, on whole pictures."""
        if self.average is not None:
            whole = dataclasses.replace(self.config, min_crop=None)
            some = epoch_permutation(len(self.dataset), whole.seed, self.epoch).split(
                whole.batch_size
            )[: min(self.steps, 20)]
            update_bn(
                self.average,
                (load_batch(self.dataset, i, whole, self.epoch, self.device)[0] for i in some),
            )
