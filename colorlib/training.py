"""Training of a generator, alone or against a discriminator.

A run depends on its configuration, its data and its seed only. So a run that is stopped at any
moment resumes from its checkpoint and ends with the same weights, bit for bit on one CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.data import Dataset

from colorlib.engine import callbacks as hooks
from colorlib.engine import distributed, optimization
from colorlib.engine.batches import epoch_batches, load_batches
from colorlib.engine.checkpointing import Checkpointer, save_run
from colorlib.engine.config import TrainConfig
from colorlib.engine.objective import Objective
from colorlib.engine.precision import amp_dtype
from colorlib.engine.seeding import fork_rng
from colorlib.engine.validation import update_ema_statistics, validate_epoch

COUNTERS = ("epoch", "step", "global_step", "sums", "history")  # of a trainer: part of its state


class Trainer:
    """Train a generator, with a reconstruction loss alone or also against a discriminator.

    Args:
        net_g: the generator, from L (n, 1, h, w) to ab (n, 2, h, w).
        dataset: the images to train on.
        config: how to train.
        net_d: the discriminator, called with (L, ab); None for the reconstruction loss only.
        folder: where checkpoints are saved; None saves none.
        validate: takes the generator in evaluation mode and returns a score, better if larger.
        callbacks: called after each step and each epoch.
        device: where to train.

    Attributes:
        epoch, step: epochs and steps of the current epoch that are completed.
        global_step: all steps that are completed.
        history: a row for each epoch: ``epoch``, mean losses, ``input_sensitivity``, ``val_psnr``.
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
        callbacks: Sequence[hooks.Callback] = (),
        device: torch.device | str = "cpu",
    ) -> None:
        if len(dataset) < config.batch_size:
            found = f"there are {len(dataset)} images"
            raise ValueError(f"{found}; expected at least one batch of {config.batch_size}")
        if config.schedule == "plateau" and validate is None:
            raise ValueError("schedule is 'plateau' and validate is None; expected a function")
        distributed.check_divisible(config.batch_size)
        self.dataset, self.config, self.device = dataset, config, torch.device(device)
        self.folder = None if folder is None else Path(folder)
        self.validate, self.callbacks = validate, list(callbacks)
        self.amp_dtype = amp_dtype(self.device) if config.amp else None
        # float16 has few small numbers: the loss is scaled up, so that gradients do not vanish
        uses_float16 = self.amp_dtype is torch.float16
        self.grad_scaler = torch.amp.GradScaler(self.device.type, enabled=uses_float16)
        self.net_g, self.net_d = net_g, net_d
        # the parallel networks are these two, with gradients averaged over all processes
        self.parallel_g, self.opt_g, self.scheduler_g = self._prepare(net_g)
        self.parallel_d, self.opt_d, self.scheduler_d = self._prepare(net_d)
        self.objective = Objective(config, dataset)
        self.ema = optimization.build_ema(net_g, config.ema_decay) if config.ema_decay else None
        if config.compile:
            for net in filter(None, (net_g, net_d)):
                net.compile()  # in place: the names of the weights stay
        self.epoch = self.step = self.global_step = 0
        self.sums: dict[str, float] = {}  # of the losses of this epoch
        self.history: list[dict[str, float]] = []
        self.should_stop = self.is_validating = False

    def _prepare(self, net: nn.Module | None) -> tuple[Any, Any, Any]:
        """Return the network as it runs in several processes, its optimizer and its schedule."""
        if net is None:
            return None, None, None
        net = optimization.to_device(net, self.device, self.amp_dtype)
        optimizer = optimization.build_adam(net, self.config, self.device)
        scheduler = optimization.build_scheduler(optimizer, self.config)
        return distributed.data_parallel(net), optimizer, scheduler

    @property
    def steps_per_epoch(self) -> int:
        """Steps in an epoch."""
        return len(self.dataset) // self.config.batch_size

    @property
    def done(self) -> bool:
        """Whether all epochs are completed."""
        return self.epoch >= self.config.epochs

    def train_step(
        self, L: Float[Tensor, "n 1 h w"], real: Float[Tensor, "n c h w"]
    ) -> dict[str, float]:
        """Update the discriminator, then the generator, which runs once for both.

        Args:
            L: (n, 1, h, w), the input.
            real: (n, c, h, w), the true colours.

        Returns:
            ``G_rec``, and with a discriminator ``D_real``, ``D_fake`` and ``G_GAN``: log 2 = 0.693
            each if it cannot tell real from fake.
        """
        with torch.autocast(self.device.type, self.amp_dtype, enabled=self.amp_dtype is not None):
            self.net_g.train()
            output = self.parallel_g(L)
            losses = {}
            if self.net_d is not None:
                fake = self.objective.colors(L, output.detach())
                losses |= self._update_discriminator(L, real, fake)
            losses |= self._update_generator(L, real, output)
        self.grad_scaler.update()
        if self.ema is not None:
            self.ema.update_parameters(self.net_g)
        return {name: loss.item() for name, loss in losses.items()}

    def _update_discriminator(self, L: Tensor, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Take a step with the discriminator; ``fake`` is detached from the generator."""
        self.net_d.train().requires_grad_(True)
        logits_real, logits_fake = self.parallel_d(L, real), self.parallel_d(L, fake)
        loss_real, loss_fake = self.config.gan.discriminator_loss(logits_real, logits_fake)
        self._optimize(self.opt_d, (loss_real + loss_fake) / 2)
        return {"D_real": loss_real, "D_fake": loss_fake}

    def _update_generator(self, L: Tensor, real: Tensor, output: Tensor) -> dict[str, Tensor]:
        """Take a step with the generator."""
        reconstruction = self.objective(real, output)
        if self.net_d is None:
            self._optimize(self.opt_g, reconstruction)
            return {"G_rec": reconstruction}
        self.net_d.requires_grad_(False)  # gradients pass through it, but it does not learn here
        logits = self.net_d(L, self.objective.colors(L, output))
        adversarial = self.config.gan.generator_loss(logits)
        self._optimize(self.opt_g, adversarial + self.config.lambda_rec * reconstruction)
        return {"G_GAN": adversarial, "G_rec": reconstruction}

    def _optimize(self, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        """Take one step of an optimizer down the gradient of a loss."""
        optimizer.zero_grad(set_to_none=True)
        self.grad_scaler.scale(loss).backward()
        self.grad_scaler.step(optimizer)

    def fit(
        self,
        *,
        resume: bool = True,
        save_every_steps: int = 200,
        max_steps: int | None = None,
        max_minutes: float | None = None,
        progress: bool = False,
    ) -> nn.Module:
        """Train to the last epoch, from the newest checkpoint in the folder if there is one.

        Args:
            resume: whether to resume a run in this folder.
            save_every_steps: how often a checkpoint is saved within an epoch; one is saved at the
                end of each epoch, too.
            max_steps: stop after this many steps in all, with a checkpoint.
            max_minutes: stop this long after the call, with a checkpoint.
            progress: whether to show a progress bar.

        Returns:
            The generator in evaluation mode: its moving average if there is one.

        Raises:
            FileExistsError: if the folder holds a checkpoint and ``resume`` is False.
            ValueError: if the checkpoint belongs to a run with another configuration, or all
                checkpoints are damaged.
            OSError: if the folder cannot be written to, is full, or is in use by another run.
            FloatingPointError, MemoryError: if a loss is NaN or infinite, or memory runs out.
            KeyboardInterrupt: after Ctrl-C, SIGINT or SIGTERM, with a checkpoint.
        """
        callbacks = [
            hooks.FiniteLosses(),
            hooks.GanWarnings(),
            *self.callbacks,
            hooks.TimeLimit(max_steps, max_minutes),
            hooks.Progress(progress),
            Checkpointer(resume, save_every_steps),
            hooks.GracefulStop(),
        ]
        rank = [distributed.rank()] if distributed.rank() else []  # each has its own dropout
        self.should_stop = self.is_validating = False
        # an interrupt inside of no_grad may leave gradients switched off: here they are on again
        with torch.enable_grad(), hooks.explain_out_of_memory(self), ExitStack() as stack:
            for callback in reversed(callbacks):
                stack.callback(callback.on_fit_end, self)
                callback.on_fit_start(self)
            while not self.done and not self.should_stop:
                for L, real in self._load_epoch():
                    with fork_rng(self.device, self.config.seed, self.epoch, self.step, *rank):
                        losses = self._count_step(self.train_step(L, real))
                    for callback in callbacks:
                        callback.on_step_end(self, losses)
                    if self.should_stop:
                        break
                if self.step >= self.steps_per_epoch:  # more if images were removed
                    self._end_epoch()
                    for callback in callbacks:
                        callback.on_epoch_end(self)
            if not self.done:
                update_ema_statistics(self, self.epoch)
                self.save_checkpoint()
        return self.eval_model()

    def _load_epoch(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield this process's shard of each remaining batch of the epoch: L and real colours."""
        batches = epoch_batches(len(self.dataset), self.config, self.epoch)
        shards = [distributed.shard(batch) for batch in batches[self.step :]]
        return load_batches(self.dataset, shards, self.config, self.epoch, self.device)

    def _count_step(self, losses: dict[str, float]) -> dict[str, float]:
        """Count a completed step and return its losses, averaged over all processes."""
        losses = distributed.all_reduce_mean(losses)
        self.sums = {name: self.sums.get(name, 0.0) + loss for name, loss in losses.items()}
        self.step += 1
        self.global_step += 1
        return losses

    def _end_epoch(self) -> None:
        """Validate, add a row to the history, and step the learning-rate schedules.

        The counters are those of an unfinished epoch until the row is there: a run that is stopped
        while it validates, validates again when it resumes.
        """
        row = {name: total / self.step for name, total in self.sums.items()}
        if distributed.rank() == 0:  # the other processes wait for its row
            self.is_validating = True
            row |= validate_epoch(self)
            self.is_validating = False
        self.history = [*self.history, {"epoch": self.epoch, **distributed.broadcast(row)}]
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}
        for scheduler in filter(None, (self.scheduler_g, self.scheduler_d)):
            if self.config.schedule == "plateau":
                scheduler.step(self.history[-1]["val_psnr"])
            else:
                scheduler.step()

    def eval_model(self) -> nn.Module:
        """Return the generator in evaluation mode: its moving average if there is one."""
        return (self.net_g if self.ema is None else self.ema.module).eval()

    @property
    def parts(self) -> dict[str, Any]:
        """Everything that has a state of its own, by name."""
        parts = {
            "net_g": self.net_g,
            "net_d": self.net_d,
            "opt_g": self.opt_g,
            "opt_d": self.opt_d,
            "scheduler_g": self.scheduler_g,
            "scheduler_d": self.scheduler_d,
            "ema": self.ema,
            "grad_scaler": self.grad_scaler if self.grad_scaler.is_enabled() else None,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def state_dict(self) -> dict[str, Any]:
        """Return all that the rest of a run depends on; random numbers follow from the counters."""
        return {
            "parts": {name: part.state_dict() for name, part in self.parts.items()},
            "counters": {name: getattr(self, name) for name in COUNTERS},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue where the run of this state was."""
        for name, part in self.parts.items():
            if name in state["parts"]:
                part.load_state_dict(state["parts"][name])
        for scheduler in filter(None, (self.scheduler_g, self.scheduler_d)):
            optimization.restore_lr(scheduler)
        for name in COUNTERS:
            setattr(self, name, state["counters"][name])

    def save_checkpoint(self) -> None:
        """Save the state in the folder, if there is one; of several processes, process 0 does."""
        if self.folder is not None and distributed.rank() == 0:
            save_run(self)
