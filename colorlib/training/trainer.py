"""The critic's step, the generator's step, and a loop that survives being stopped at any moment."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from colorlib import checkpoint
from colorlib.color import rgb_to_lab
from colorlib.data.augment import augment, order
from colorlib.losses import generator_loss, pixel_loss
from colorlib.training.settings import Settings

_logger = logging.getLogger("colorlib")
_COUNTERS = ("epoch", "step", "total", "best", "waited", "factor", "sums", "history")


class Pictures(Protocol):
    """What the loop needs of a data set; :class:`colorlib.data.prepared.Prepared` is one."""

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> Tensor:
        """Give pictures as uint8 or floating-point RGB (n, 3, h, w)."""


class Trainer:
    """Train a generator, alone with a pixel loss or against a critic.

    Args:
        net_g: L (n, 1, h, w) to ab (n, 2, h, w).
        data: What to train on.
        settings: How.
        net_d: The critic, called with (L, ab); without it only the pixel loss trains.
        folder: Where checkpoints go; None keeps none.
        validate: Takes the generator in evaluation mode, returns a number that is better when larger.
        device: Where to train.
    """

    def __init__(
        self,
        net_g: nn.Module,
        data: Pictures,
        settings: Settings,
        *,
        net_d: nn.Module | None = None,
        folder: str | Path | None = None,
        validate: Callable[[nn.Module], float] | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        if len(data) < settings.batch:
            raise ValueError(
                f"there are {len(data)} pictures; expected at least one batch of {settings.batch}"
            )
        if settings.schedule == "plateau" and validate is None:
            raise ValueError("schedule is 'plateau' and validate is None; a plateau needs something to watch")
        self.net_g, self.net_d = net_g.to(device), net_d.to(device) if net_d is not None else None
        self.data, self.settings, self.validate, self.device = data, settings, validate, torch.device(device)
        self.folder = Path(folder) if folder is not None else None
        adam = {"lr": settings.lr, "betas": settings.betas}
        self.opt_g = torch.optim.Adam(net_g.parameters(), **adam)
        self.opt_d = torch.optim.Adam(net_d.parameters(), **adam) if net_d is not None else None
        self.average = _average(net_g, settings.ema) if settings.ema else None
        self.epoch = self.step = self.total = 0
        self.best, self.waited, self.factor = -math.inf, 0, 1.0
        self.sums: dict[str, float] = {}  # of the losses of this epoch so far
        self.history: list[dict[str, float]] = []  # a row for each epoch: mean losses, validation

    def train_step(self, L: Tensor, ab: Tensor) -> dict[str, float]:
        """Do the critic's step, then the generator's; the generator runs once for both.

        Returns:
            ``G_pixel``, and with a critic ``G_GAN``, ``D_real`` and ``D_fake``: log 2 = 0.693 each is the
            critic not knowing.
        """
        self.net_g.train()
        fake, losses = self.net_g(L), {}
        if self.net_d is None:
            loss = losses["G_pixel"] = pixel_loss(ab, fake, self.settings.pixel)
        else:
            self.net_d.train().requires_grad_(True)
            # detach: the critic's step must not reach into the generator
            d_real, d_fake = self.settings.gan.critic(self.net_d(L, ab), self.net_d(L, fake.detach()))
            _descend(self.opt_d, (d_real + d_fake) / 2)
            self.net_d.requires_grad_(False)  # only the generator's weights need gradients now
            how = {"gan": self.settings.gan, "pixel": self.settings.pixel, "lam": self.settings.weight}
            loss, gan, pixel = generator_loss(self.net_d(L, fake), ab, fake, **how)
            losses |= {"D_real": d_real, "D_fake": d_fake, "G_GAN": gan, "G_pixel": pixel}
        _descend(self.opt_g, loss)
        if self.average is not None:
            self.average.update_parameters(self.net_g)
        return {name: value.item() for name, value in losses.items()}

    def fit(
        self, *, resume: bool = True, save_every_steps: int = 200, max_steps: int | None = None
    ) -> nn.Module:
        """Train to the last epoch, from the newest checkpoint of the folder if there is one.

        Args:
            resume: Whether to go on where a run in this folder stopped.
            save_every_steps: Checkpoints are written so often, and at the end of every epoch.
            max_steps: Stop after this many steps in all, with a checkpoint.

        Returns:
            The generator in evaluation mode; its moving average if there is one.

        Raises:
            FileExistsError: If the folder holds checkpoints and ``resume`` is false.
            ValueError: If the checkpoint belongs to a run with other settings.
            FloatingPointError: If a loss is not a number any more.
        """
        self._start(resume)
        steps = len(self.data) // self.settings.batch
        while self.epoch < self.settings.epochs:
            batches = order(len(self.data), self.settings.seed, self.epoch).split(self.settings.batch)[:steps]
            for indices in batches[self.step :]:
                if max_steps is not None and self.total >= max_steps:
                    self.save()
                    return self.result()
                self._one_step(indices)
                if self.step % save_every_steps == 0 and self.step < steps:
                    self.save()
            self._end_epoch()
            self.save()
        return self.result()

    def result(self) -> nn.Module:
        """Give the generator in evaluation mode: its moving average if there is one."""
        return (self.net_g if self.average is None else self.average.module).eval()

    def save(self) -> None:
        """Write a checkpoint of everything that the run needs to go on."""
        if self.folder is not None:
            checkpoint.save(self.folder, self._state(), epoch=self.epoch, step=self.step)

    def _one_step(self, indices: Tensor) -> None:
        seed, epoch = self.settings.seed, self.epoch
        rgb = augment(self.data.batch(indices).to(self.device), indices, seed, epoch, flip=self.settings.flip)
        L, ab = self.settings.scale.split(rgb_to_lab(rgb))
        with _seeded(self.device, seed, epoch, self.step):
            losses = self.train_step(L, ab)
        if not all(map(math.isfinite, losses.values())):
            found = f"a loss is not a number at epoch {epoch}, step {self.step} ({losses})"
            raise FloatingPointError(f"{found}; lower the learning rate, or look for a broken picture")
        self.step, self.total = self.step + 1, self.total + 1
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def _end_epoch(self) -> None:
        """Validate, and let the schedule have its say."""
        row = {"epoch": self.epoch, **{name: value / self.step for name, value in self.sums.items()}}
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}
        if self.validate is not None:
            with torch.no_grad(), _seeded(self.device, self.settings.seed, self.epoch, -1):
                score = float(self.validate(self.result()))
            row["validation"] = score
            self.waited = 0 if score > self.best else self.waited + 1
            self.best = max(score, self.best)
        self.history.append(row)
        if self.settings.schedule == "step" and self.epoch == self.settings.step_epoch:
            self.factor /= 10
        if self.settings.schedule == "plateau" and self.waited > self.settings.patience:
            self.factor, self.waited = self.factor / 10, 0
        for optimizer in filter(None, (self.opt_g, self.opt_d)):
            for group in optimizer.param_groups:
                group["lr"] = self.settings.lr * self.factor

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        parts = {"net_g": self.net_g, "net_d": self.net_d, "opt_g": self.opt_g, "opt_d": self.opt_d}
        return {name: part for name, part in (parts | {"average": self.average}).items() if part is not None}

    def _state(self) -> checkpoint.Tree:
        counters = {name: getattr(self, name) for name in _COUNTERS}
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        return {"settings": self.settings.plain(), "counters": counters, "parts": parts}

    def _start(self, resume: bool) -> None:
        """Take up the newest checkpoint of the folder, if there is one and it is ours."""
        state = checkpoint.latest(self.folder) if self.folder is not None else None
        if state is None:
            return
        if not resume:
            raise FileExistsError(f"{self.folder} holds a run already; resume it, or choose another folder")
        ours, theirs = self.settings.plain(), state["settings"]
        other = sorted(key for key in ours if key != "epochs" and ours[key] != theirs.get(key))
        if other or set(state["parts"]) != set(self._parts()):
            what = ", ".join(other) or "networks"
            raise ValueError(
                f"the run in {self.folder} has other {what}; use its settings, or another folder"
            )
        for name, part in self._parts().items():
            part.load_state_dict(state["parts"][name])
        for name in _COUNTERS:
            setattr(self, name, state["counters"][name])
        _logger.info("resumed at epoch %d, step %d", self.epoch, self.step)


def _average(net: nn.Module, decay: float) -> torch.optim.swa_utils.AveragedModel:
    """Start an exponential moving average of a network, its batch statistics included."""
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
    return torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=averaging, use_buffers=True)


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


@contextmanager
def _seeded(device: torch.device, *numbers: int) -> Iterator[None]:
    """Draw what is random inside from these numbers alone, and leave the random state outside as it was."""
    digest = hashlib.sha256(repr(numbers).encode()).digest()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(int.from_bytes(digest[:8], "little") >> 1)
        yield
