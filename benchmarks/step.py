"""A training step of generator and discriminator: ours against the baseline.

Run it with ``python -m benchmarks.step``: a few minutes at 64x64. Paper 000's sizes are ``--size
256 --downs 8 --width 64 --batch 16``. With ``--curve 200`` both sides train for so many steps on
the same images, from several seeds, and their losses are compared instead of the seconds.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks import baseline
from benchmarks.isolated import isolated_processes
from benchmarks.timing import Report, command, time_interleaved
from colorlib.color import LabScaler, quantize_lightness, rgb_to_lab, to_uint8
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.discriminators import PatchDiscriminator
from colorlib.engine.precision import amp_dtype
from colorlib.generator import init_weights
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet

BASELINE, OURS = "as commonly written", "colorlib"
LAST = 25  # steps at the end of a curve whose mean loss is reported

TrainStep = Callable[[Tensor, Tensor], dict[str, float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=64, help="side of the images")
    parser.add_argument("--downs", type=int, default=6, help="levels of the U-Net: 8 at 256")
    parser.add_argument("--width", type=int, default=32, help="base channels: 64 in pix2pix")
    parser.add_argument("--batch", type=int, default=16, help="images in a step")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument("--compile", action="store_true", help="also compiled: a minute or more")
    parser.add_argument("--curve", type=int, default=0, help="compare losses after so many steps")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each side of a curve")
    parser.add_argument("--device", default="cpu", help="where to train")


def run(
    size: int = 64,
    downs: int = 6,
    width: int = 32,
    batch: int = 16,
    rounds: int = 5,
    compile: bool = False,
    curve: int = 0,
    seeds: int = 3,
    device: str = "cpu",
) -> Report:
    """Time the steps, or compare the losses."""
    shape = f"{size}x{size}, {downs} levels, width {width}, batch {batch}"
    protocol = f"U-Net and 70x70 PatchGAN discriminator, {shape}, on {device}"
    report = Report("python -m benchmarks.step", protocol)
    photos = to_uint8(sample_photo_crops(batch * (8 if curve else 1), size, seed=0))
    L, ab = LabScaler().normalize(quantize_lightness(rgb_to_lab(photos)))
    L, ab = L.to(device), ab.to(device)
    if amp_dtype(torch.device(device)) is None:
        report.missing.append("16 bits: this device computes them no faster than 32")
    if curve:
        compare_curves(report, L, ab, curve, seeds, (downs, width, batch, device))
        return report
    configs = {OURS: {}, f"{OURS}, mixed": {"amp": True}}
    if compile:
        configs[f"{OURS}, mixed, compiled"] = {"amp": True, "compile": True}
    sides = {BASELINE: partial(build_baseline_step, 0, downs, width, device)}
    for name, config in configs.items():
        sides[name] = partial(build_step, 0, downs, width, device, batch, **config)
    builders = {name: partial(build_call, builder, L, ab) for name, builder in sides.items()}
    with isolated_processes(builders) as calls:
        timing = time_interleaved(f"training step, {shape}", calls, rounds=rounds, warmup=3)
    report.timings.append(timing)
    return report


def build_call(build: Callable[[], TrainStep], L: Tensor, ab: Tensor) -> Callable[[], object]:
    """Return a function without arguments that takes one step."""
    return partial(build(), L, ab)


def build_baseline_step(seed: int, downs: int, width: int, device: str) -> TrainStep:
    """Return the baseline's step, with initial weights as in pix2pix."""
    net_g = init_weights(baseline.build_unet(downs, width), seed=seed)
    net_d = init_weights(baseline.build_discriminator(width), seed=100 + seed)
    return baseline.build_train_step(net_g.to(device).train(), net_d.to(device).train())


def build_step(
    seed: int, downs: int, width: int, device: str, batch: int, **config: bool
) -> TrainStep:
    """Return the library's step, which is given its images by the caller."""
    net_g = init_weights(UNet(num_downs=downs, base_channels=width), seed=seed)
    net_d = init_weights(PatchDiscriminator(base_channels=width), seed=100 + seed)
    unused = TensorImages(torch.zeros(batch, 3, 2**downs, 2**downs, dtype=torch.uint8))
    train_config = TrainConfig(batch_size=batch, seed=seed, **config)
    return Trainer(net_g, unused, train_config, net_d=net_d, device=device).train_step


def compare_curves(
    report: Report, L: Tensor, ab: Tensor, steps: int, seeds: int, shape: tuple[int, int, int, str]
) -> None:
    """Train both sides from several seeds; report their last losses and the spread over seeds."""
    downs, width, batch, device = shape
    sides = {
        BASELINE: lambda seed: build_baseline_step(seed, downs, width, device),
        OURS: lambda seed: build_step(seed, downs, width, device, batch, amp=True),
    }
    for name, build in sides.items():
        last_losses: dict[str, list[float]] = {}
        for seed in range(seeds):
            torch.manual_seed(seed)
            step, rows = build(seed), []
            for number in range(steps):
                indices = torch.arange(number * batch, (number + 1) * batch, device=L.device)
                indices = indices % len(L)
                rows.append(step(L[indices], ab[indices]))
            for loss in rows[0]:
                mean = statistics.mean(row[loss] for row in rows[-LAST:])
                last_losses.setdefault(loss, []).append(mean)
        for loss, values in last_losses.items():
            mean, low, high = statistics.mean(values), min(values), max(values)
            summary = f"{mean:.4f} ({low:.4f} to {high:.4f} over {seeds} seeds)"
            report.facts[f"{loss}, last {LAST} of {steps} steps, {name}"] = summary


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
