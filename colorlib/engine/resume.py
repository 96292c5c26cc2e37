"""What a run needs to go on, and how it takes that up again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch

from colorlib.data.datasets import fingerprint
from colorlib.engine import distributed, optimization
from colorlib.engine.settings import TrainConfig
from colorlib.io import checkpoint

if TYPE_CHECKING:
    from colorlib.engine.trainer import Trainer

_logger = logging.getLogger("colorlib")
_FREE = ("epochs", "compile")  # may change when a run goes on
_COUNTERS = ("epoch", "step", "total", "best", "waited", "factor", "sums", "history")


def trainer_state(run: Trainer) -> checkpoint.State:
    """Collect everything that the rest of a run depends on; random numbers follow from the counters."""
    counters = {name: getattr(run, name) for name in _COUNTERS}
    parts = {name: part.state_dict() for name, part in run.parts.items()}
    data = [len(run.dataset), fingerprint(run.dataset)]
    return {"settings": run.config.to_dict(), "data": data, "counters": counters, "parts": parts}


def resume_from_checkpoint(run: Trainer, resume: bool) -> None:
    """Bring a trainer to where the newest checkpoint of its folder stands, if there is one.

    Raises:
        FileExistsError: If there is one and ``resume`` is false.
        ValueError: If it was made with other settings (more epochs are allowed) or other networks, or if
            not every process sees it.
    """
    folder, torn = run.folder, run.before
    saved = None if folder is None else checkpoint.load_latest_checkpoint(folder)
    stands = saved and saved["counters"]["total"]
    if distributed.broadcast(stands) != stands:
        raise ValueError(
            f"process {distributed.rank()} does not find in {folder} what process 0 finds; share it"
        )
    if saved is None and torn is not None:
        restore_state(run, torn)  # the end of an epoch was interrupted, and nothing was kept
    if saved is None:
        return
    if not resume:
        raise FileExistsError(f"{folder} holds a run already; resume it, or choose another folder")
    ours, theirs = (
        run.config.to_dict(),
        TrainConfig().to_dict() | saved["settings"],
    )  # which may know fewer
    other = sorted(key for key in ours if key not in _FREE and ours[key] != theirs[key])
    unlike = set(saved["parts"]) ^ set(run.parts)
    if other or unlike - {"scaler"}:  # a run may move to a device with or without one
        what = ", ".join(other) or "networks"
        raise ValueError(
            f"the run in {folder} has other {what}; use its settings, or another folder"
        )
    restore_state(run, saved)
    if distributed.rank() == 0:
        _logger.info("resumed at epoch %d, step %d", run.epoch, run.step)
        n, data = len(run.dataset), saved.get("data")
        if data not in (None, [n, fingerprint(run.dataset)]):
            _logger.warning(
                "the pictures are not those that this run began with (%d then, %d now) and it goes on with "
                "these: some kept for testing may be among them now, so test on others or begin anew",
                data[0],
                n,
            )


def restore_state(run: Trainer, saved: checkpoint.State) -> None:
    """Give a trainer the states and counters of :func:`state`."""
    for name, part in run.parts.items():
        if isinstance(part, torch.optim.Adam):
            optimization.load_optimizer_state(part, saved["parts"][name])
        elif name in saved["parts"]:
            part.load_state_dict(saved["parts"][name])
    for name in _COUNTERS:
        setattr(run, name, saved["counters"][name])
    run.before = None
