"""What makes a step faster and leaves what it computes as it is: memory, and one call for Adam."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import torch
from torch import nn

from colorlib.training.settings import Settings

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # glibc's names for what mallopt(3) sets, less their M


def keep_memory(kept: bool = True) -> None:
    """Let the process keep the memory that a step frees, for the next one; on Linux with glibc, else nothing.

    Every step asks for the same large tensors. As it comes, glibc gives each back to the system and fetches
    it anew, page by page: that took a sixth of a step of the shipped network on two cores.

    Args:
        kept: False goes back to what glibc starts with.

    Example:
        >>> keep_memory()
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0 if kept else 1 << 16)
        mallopt(_TRIM_THRESHOLD, -1 if kept else 1 << 17)


def placed(net: nn.Module, device: torch.device, half: torch.dtype | None) -> nn.Module:
    """Move a network to where it trains, in the order in memory that its convolutions are fastest in.

    Channels last is what 16-bit arithmetic and GPUs want. A CPU in float32 gains nothing by it, and loses
    where a convolution must turn its input around first; a generator whose convolutions do gain says so by
    ``channels_last``.

    Example:
        >>> net = placed(nn.Conv2d(2, 3, 3), torch.device("cpu"), torch.bfloat16)
        >>> net.weight.stride()
        (18, 1, 6, 2)
    """
    if half is None and device.type != "cuda" and not getattr(net, "channels_last", False):
        return net.to(device)
    return net.to(device, memory_format=torch.channels_last)


def adam(net: nn.Module, settings: Settings, device: torch.device) -> torch.optim.Adam:
    """Make Adam, fused where every torch from 2.4 on has it: one pass over memory, not many."""
    fused = device.type in ("cpu", "cuda")
    return torch.optim.Adam(net.parameters(), lr=settings.lr, betas=settings.betas, fused=fused)


def take_up(optimizer: torch.optim.Adam, saved: dict[str, Any]) -> None:
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
