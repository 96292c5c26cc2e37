"""What a run needs to go on, and how it takes that up again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from colorlib import checkpoint

if TYPE_CHECKING:
    from colorlib.training.trainer import Trainer

_logger = logging.getLogger("colorlib")
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
        ValueError: If it was made with other settings (more epochs are allowed) or other networks.
    """
    saved = checkpoint.latest(folder)
    if saved is None:
        return
    if not resume:
        raise FileExistsError(f"{folder} holds a run already; resume it, or choose another folder")
    ours, theirs = run.settings.plain(), saved["settings"]
    other = sorted(key for key in ours if key != "epochs" and ours[key] != theirs.get(key))
    unlike = set(saved["parts"]) ^ set(run.parts)
    if other or unlike - {"scaler"}:  # a run may move to a device with or without one
        what = ", ".join(other) or "networks"
        raise ValueError(f"the run in {folder} has other {what}; use its settings, or another folder")
    for name, part in run.parts.items():
        if name in saved["parts"]:
            part.load_state_dict(saved["parts"][name])
    for name in _COUNTERS:
        setattr(run, name, saved["counters"][name])
    _logger.info("resumed at epoch %d, step %d", run.epoch, run.step)
