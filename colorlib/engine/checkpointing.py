"""Checkpoints of a training run: when they are saved, what they hold, how a run resumes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from colorlib.data.datasets import fingerprint
from colorlib.engine import distributed
from colorlib.engine.callbacks import Callback
from colorlib.io import checkpoint
from colorlib.io.disk_space import check_disk_space, format_bytes
from colorlib.io.locks import lock_folder
from colorlib.tensor_checks import check_at_least

if TYPE_CHECKING:
    from colorlib.training import Trainer

_logger = logging.getLogger("colorlib")
_MAY_CHANGE = ("epochs", "compile")  # fields of the configuration that may differ on resuming


class Checkpointer(Callback):
    """Locks the folder of a run, resumes from its newest checkpoint, and saves new ones.

    Args:
        resume: whether to resume; if not, a folder that holds a checkpoint is refused.
        every_steps: how often to save within an epoch; one is saved at the end of each epoch, too.
    """

    def __init__(self, resume: bool, every_steps: int) -> None:
        check_at_least("save_every_steps", every_steps, 1)
        self.resume, self.every_steps = resume, every_steps
        self.lock = ExitStack()

    def on_fit_start(self, trainer: Trainer) -> None:
        """Lock the folder and load its newest checkpoint."""
        if trainer.folder is not None:
            if distributed.rank() == 0:
                self.lock.enter_context(lock_folder(trainer.folder))
                _check_disk_space(trainer)
            self._load(trainer)

    def _load(self, trainer: Trainer) -> None:
        folder = trainer.folder
        saved = checkpoint.load_latest_checkpoint(folder)
        global_step = saved and saved["counters"]["global_step"]
        if distributed.broadcast(global_step) != global_step:
            raise ValueError(
                f"process {distributed.rank()} does not find in {folder} what process 0 finds; "
                "use a folder that all processes see"
            )
        if saved is None:
            return
        if not self.resume:
            raise FileExistsError(f"{folder} holds a run already; resume it, or use another folder")
        _check_same_run(trainer, saved)
        trainer.load_state_dict(saved)
        if distributed.rank() == 0:
            left = "; nothing is left to train" if trainer.done else ""
            _logger.info("resumed at epoch %d, step %d%s", trainer.epoch, trainer.step, left)
            _warn_if_data_changed(trainer, saved["data"])

    def on_step_end(self, trainer: Trainer, losses: Mapping[str, float]) -> None:
        """Save a checkpoint every so many steps."""
        if trainer.step % self.every_steps == 0 and trainer.step < trainer.steps_per_epoch:
            trainer.save_checkpoint()

    def on_epoch_end(self, trainer: Trainer) -> None:
        """Save a checkpoint."""
        trainer.save_checkpoint()

    def on_fit_end(self, trainer: Trainer) -> None:
        """Unlock the folder."""
        self.lock.close()


def _check_disk_space(trainer: Trainer) -> None:
    """Log how large the checkpoints will be; raise OSError if the disk has no room for them."""
    size = 0
    for part in trainer.parts.values():
        if isinstance(part, nn.Module):
            size += sum(tensor.nbytes for tensor in part.state_dict().values())
        elif isinstance(part, torch.optim.Optimizer):  # Adam keeps two averages of each gradient
            weights = [weight for group in part.param_groups for weight in group["params"]]
            size += 2 * sum(weight.nbytes for weight in weights)
    existing = sum(path.stat().st_size for path in checkpoint.list_checkpoints(trainer.folder))
    title = f"checkpoints ({format_bytes(size)} each, of which two are kept, three for a moment)"
    advice = "free some space, or choose a folder on another disk"
    check_disk_space(trainer.folder, max(0, 3 * size - existing), title, advice)


def save_run(trainer: Trainer) -> None:
    """Save a checkpoint of a run in its folder: what :meth:`Trainer.save_checkpoint` does.

    Raises:
        FloatingPointError: if a network has weights that are NaN or infinite.
    """
    for name, part in trainer.parts.items():
        tensors = part.state_dict().values() if isinstance(part, nn.Module) else ()
        if not all(tensor.isfinite().all() for tensor in tensors):
            raise FloatingPointError(
                f"{name} has weights that are not finite: look for images with such values, or "
                "lower the learning rate, in another folder; the last checkpoint is intact"
            )
    tree = {
        "config": trainer.config.to_dict(),
        "data": [len(trainer.dataset), fingerprint(trainer.dataset)],
        **trainer.state_dict(),
    }
    checkpoint.save_checkpoint(trainer.folder, tree, epoch=trainer.epoch, step=trainer.step)


def _check_same_run(trainer: Trainer, saved: checkpoint.State) -> None:
    """Raise ValueError if a checkpoint was made with another configuration or other networks."""
    config = trainer.config.to_dict()
    saved_config = type(trainer.config)().to_dict() | saved["config"]  # it may lack newer fields
    changed = [
        name
        for name in sorted(config)
        if name not in _MAY_CHANGE and config[name] != saved_config[name]
    ]
    unmatched = set(saved["parts"]) ^ set(trainer.parts)
    if unmatched - {"grad_scaler"}:  # a run may move to a device with or without one
        changed = changed or ["networks"]
    if changed:
        raise ValueError(
            f"the run in {trainer.folder} has other {', '.join(changed)}; "
            "use its configuration, or another folder"
        )


def _warn_if_data_changed(trainer: Trainer, saved_data: list[Any]) -> None:
    num_images = len(trainer.dataset)
    if saved_data != [num_images, fingerprint(trainer.dataset)]:
        _logger.warning(
            "the images are not those that this run began with (%d then, %d now), and it continues "
            "with these: some test images may be among them now, so test on others or start again",
            saved_data[0],
            num_images,
        )
