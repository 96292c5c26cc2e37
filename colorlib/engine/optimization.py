"""What makes a step faster and leaves what it computes as it is: memory, and one call for Adam."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import torch
from torch import nn

from colorlib.engine.settings import TrainConfig

# mallopt(3): M_TRIM_THRESHOLD, M_MMAP_MAX, and M_ARENA_MAX, by which threads to come share the first's memory
_KEEPING = {-1: -1, -4: 0, -8: 1}


def tune_malloc() -> None:
    """Let the process keep the memory that a step frees, for the next one; on Linux with glibc, else nothing.

    Every step asks for the same large tensors. As it comes, glibc gives those above 32 MB back to the system
    and fetches them anew, page by page, and so does every thread but the first with smaller ones. At 256x256
    a step in ``fit`` takes a fifth longer for it; where tensors are small it hardly matters.

    Example:
        >>> tune_malloc()
    """
    if mallopt := sys.platform == "linux" and getattr(ctypes.CDLL(None), "mallopt", None):
        for option in _KEEPING.items():
            mallopt(*option)


def to_device(net: nn.Module, device: torch.device, half: torch.dtype | None) -> nn.Module:
    """Move a network to where it trains, in the order in memory that its convolutions are fastest in.

    Channels last is what 16-bit arithmetic and GPUs want. A CPU in float32 gains nothing by it, and loses
    where a convolution must turn its input around first; a generator whose convolutions do gain says so by
    ``channels_last``.

    Example:
        >>> net = to_device(nn.Conv2d(2, 3, 3), torch.device("cpu"), torch.bfloat16)
        >>> net.weight.stride()
        (18, 1, 6, 2)
    """
    if half is None and device.type != "cuda" and not getattr(net, "channels_last", False):
        return net.to(device)
    return net.to(device, memory_format=torch.channels_last)


def build_adam(net: nn.Module, settings: TrainConfig, device: torch.device) -> torch.optim.Adam:
    """Make Adam, fused where every torch from 2.4 on has it: one pass over memory, not many."""
    fused = device.type in ("cpu", "cuda")
    return torch.optim.Adam(net.parameters(), lr=settings.lr, betas=settings.betas, fused=fused)


def load_optimizer_state(optimizer: torch.optim.Adam, saved: dict[str, Any]) -> None:
    """Load Adam's state as it was saved, on whatever device and in whatever order in memory.

    How it computes is this machine's to say, and its moments must lie in memory as the weights do: fused
    kernels walk over both side by side.
    """
    for group in saved["param_groups"]:
        group["fused"] = optimizer.defaults["fused"]
    optimizer.load_state_dict(saved)
    for weights, state in optimizer.state.items():
        for name in ("exp_avg", "exp_avg_sq"):
            state[name] = torch.empty_like(weights).copy_(state[name])
