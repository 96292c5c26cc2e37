"""What a run needs to go on, and how it takes that up again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from colorlib import checkpoint
from colorlib.training import fast, several

if TYPE_CHECKING:
    from colorlib.training.trainer import Trainer

_logger = logging.getLogger("colorlib")
_FREE = ("epochs", "compile")  # may change when a run goes on
_COUNTERS = ("epoch", "step", "total", "best", "waited", "factor", "sums", "history")


def state(run: Trainer) -> checkpoint.Tree:
    """Collect everything that the rest of a run depends on; random numbers follow from the counters."""
    counters = {name: getattr(run, name) for name in _COUNTERS}
    parts = {name: part.state_dict() for name, part in run.parts.items()}
    return {"settings": run.settings.plain(), "counters": counters, "parts": parts}


def take_up(run: Trainer, folder: Path, resume: bool) -> None:
    """Bring a new trainer to where the newest checkpoint of ``folder`` stands, if there is one.

    Raises:
        FileExistsError: If there is one and ``resume`` is false.
        ValueError: If it was made with other settings (more epochs are allowed) or other networks, or if
            not every process sees it.
    """
    saved = checkpoint.latest(folder)
    stands = saved and saved["counters"]["total"]
    if several.told(stands) != stands:
        raise ValueError(f"process {several.rank()} does not find in {folder} what process 0 finds; share it")
    if saved is None:
        return
    if not resume:
        raise FileExistsError(f"{folder} holds a run already; resume it, or choose another folder")
    ours, theirs = run.settings.plain(), saved["settings"]
    other = sorted(key for key in ours if key not in _FREE and ours[key] != theirs.get(key))
    unlike = set(saved["parts"]) ^ set(run.parts)
    if other or unlike - {"scaler"}:  # a run may move to a device with or without one
        what = ", ".join(other) or "networks"
        raise ValueError(f"the run in {folder} has other {what}; use its settings, or another folder")
    for name, part in run.parts.items():
        if isinstance(part, torch.optim.Adam):
            fast.take_up(part, saved["parts"][name])
        elif name in saved["parts"]:
            part.load_state_dict(saved["parts"][name])
    for name in _COUNTERS:
        setattr(run, name, saved["counters"][name])
    if several.rank() == 0:
        _logger.info("resumed at epoch %d, step %d", run.epoch, run.step)
