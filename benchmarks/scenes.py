"""Scenes drawn per second on one core, conversion to 8-bit RGB included.

Run it with ``python -m benchmarks.scenes``. The sizes take turns in one process; each number is the
median over the rounds.
"""

from __future__ import annotations

import platform
import statistics
import time

import numpy as np
import torch

from colorlib.scenes import draw_scenes

ROUNDS = 7
COUNTS = {32: 512, 64: 256, 128: 64, 256: 16}  # how many scenes of each size a round draws


def main() -> None:
    torch.set_num_threads(1)
    draw_scenes(32)  # warm up
    rates: dict[int, list[float]] = {size: [] for size in COUNTS}
    for number in range(ROUNDS):
        for size, count in COUNTS.items():
            start = time.perf_counter()
            draw_scenes(count, size, start=number * count)
            rates[size].append(count / (time.perf_counter() - start))
    versions = f"torch {torch.__version__}, numpy {np.__version__}, 1 thread"
    print(f"Python {platform.python_version()}, {versions}; {ROUNDS} interleaved rounds, medians")
    for size, values in rates.items():
        print(f"{size:4} x {size:<4} {statistics.median(values):7.0f} scenes a second")


if __name__ == "__main__":
    main()
