"""How long a network takes for one picture, measured so that the machine's moods hit all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

import torch
from torch import nn


def measure_latencies(
    models: Mapping[str, tuple[nn.Module, int]],
    *,
    rounds: int = 15,
    device: torch.device | str = "cpu",
) -> dict[str, float]:
    """Measure how long a network takes for one picture: the median over rounds in which each has its turn.

    Args:
        models: networks and the side of the picture that each is given, by name.
        rounds: how often each is measured, after two rounds that do not count.
        device: where to compute.

    Returns:
        Milliseconds by name.
    """
    inputs = {
        name: torch.zeros(1, 1, size, size, device=device) for name, (_, size) in models.items()
    }
    seen: dict[str, list[float]] = {name: [] for name in models}
    with torch.no_grad():
        for _ in range(rounds + 2):
            for name, (net, _) in models.items():
                net.to(device).eval()
                _wait(device)
                began = time.perf_counter()
                net(inputs[name])
                _wait(device)
                seen[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(times[2:]) for name, times in seen.items()}


def _wait(device: torch.device | str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
