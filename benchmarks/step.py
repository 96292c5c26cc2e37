"""A training step of generator and critic: ours against the one commonly written.

Run it with ``python -m benchmarks.step``: a few minutes at 64x64. Paper 000's own: ``--size 256 --downs 8
--width 64 --batch 16``. With ``--curve 200`` both train for so many steps on the same pictures, from several
seeds, and the losses are set side by side instead of the seconds.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks import commonly_written
from benchmarks.apart import apart
from benchmarks.race import Report, command, race
from colorlib.color import LabScaler, quantize_lightness, rgb_to_lab, to_uint8
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.discriminators import PatchDiscriminator
from colorlib.engine.optimization import tune_malloc
from colorlib.engine.precision import amp_dtype
from colorlib.training import TrainConfig, Trainer
from colorlib.generator import init_weights
from colorlib.unet import UNet

BASE, OURS = "as commonly written", "colorlib"
LAST = 25  # steps whose mean loss a curve ends with


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=64, help="side of the pictures")
    parser.add_argument("--downs", type=int, default=6, help="levels of the U-Net: 8 at 256")
    parser.add_argument(
        "--width", type=int, default=32, help="filters of the first layer: 64 in pix2pix"
    )
    parser.add_argument("--batch", type=int, default=16, help="pictures in a step")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument("--compile", action="store_true", help="also compiled: a minute or more")
    parser.add_argument(
        "--curve", type=int, default=0, help="steps to train both for, instead of a race"
    )
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
    """Race the steps, or compare the losses."""
    shape = f"{size}x{size}, {downs} levels, width {width}, batch {batch}"
    report = Report(
        "python -m benchmarks.step", f"U-Net and 70x70 patch critic, {shape}, on {device}"
    )
    photos = to_uint8(sample_photo_crops(batch * (8 if curve else 1), size, seed=0))
    L, ab = (
        part.to(device) for part in LabScaler().normalize(quantize_lightness(rgb_to_lab(photos)))
    )
    if amp_dtype(torch.device(device)) is None:
        report.missing.append("16 bits: this device computes them no faster than 32")
    if curve:
        compare_curves(report, L, ab, curve, seeds, (downs, width, batch, device))
        return report
    sides = {BASE: partial(theirs, 0, downs, width, device)}
    for name, chosen in choices(compile, report).items():
        sides[name] = partial(ours, 0, downs, width, device, TensorImages(photos), batch, **chosen)
    with apart(
        {name: partial(turn, make, L, ab, name != BASE) for name, make in sides.items()}
    ) as calls:
        report.races.append(race(f"training step, {shape}", calls, rounds=rounds, warm=3))
    return report


def turn(make: Callable[[], Callable], L: Tensor, ab: Tensor, kept: bool) -> Callable[[], object]:
    """Make one step, in a process of its own, with the memory as ``fit`` has it or as it comes."""
    if kept and L.device.type == "cpu":
        tune_malloc()
    return partial(make(), L, ab)


def choices(compile: bool, report: Report) -> dict[str, dict[str, bool]]:
    """Give the settings to race, by name."""
    found = {OURS: {}, f"{OURS}, mixed": {"amp": True}}
    there = any(field.name == "compile" for field in dataclasses.fields(TrainConfig))
    if compile and there:
        found[f"{OURS}, mixed, compiled"] = {"amp": True, "compile": True}
    elif compile:
        report.missing.append("compiled: this version's Settings has no field 'compile'")
    return found


def theirs(
    seed: int, downs: int, width: int, device: str
) -> Callable[[Tensor, Tensor], dict[str, float]]:
    """Make the common step with weights drawn as pix2pix draws them."""
    net_g = init_weights(commonly_written.unet(downs, width), seed=seed)
    net_d = init_weights(commonly_written.critic(width), seed=100 + seed)
    return commonly_written.stepper(net_g.to(device).train(), net_d.to(device).train())


def ours(
    seed: int, downs: int, width: int, device: str, data: TensorImages, batch: int, **chosen: bool
) -> Callable[[Tensor, Tensor], dict[str, float]]:
    """Make the library's step."""
    net_g = init_weights(UNet(num_downs=downs, base_channels=width), seed=seed)
    net_d = init_weights(PatchDiscriminator(base_channels=width), seed=100 + seed)
    settings = TrainConfig(batch_size=batch, seed=seed, **chosen)
    return Trainer(net_g, data, settings, net_d=net_d, device=device).train_step


def compare_curves(
    report: Report, L: Tensor, ab: Tensor, steps: int, seeds: int, shape: tuple[int, int, int, str]
) -> None:
    """Train both sides from several seeds, and say where their losses end and how seeds spread."""
    downs, width, batch, device = shape
    data = TensorImages(
        torch.zeros(batch, 3, *L.shape[-2:], dtype=torch.uint8)
    )  # the step is given its pictures
    sides = {
        BASE: lambda seed: theirs(seed, downs, width, device),
        OURS: lambda seed: ours(seed, downs, width, device, data, batch, amp=True),
    }
    for name, make in sides.items():
        ends: dict[str, list[float]] = {}
        for seed in range(seeds):
            torch.manual_seed(seed)
            step, rows = make(seed), []
            for number in range(steps):
                some = torch.arange(number * batch, (number + 1) * batch, device=L.device) % len(L)
                rows.append(step(L[some], ab[some]))
            for loss in rows[0]:
                ends.setdefault(loss, []).append(statistics.mean(row[loss] for row in rows[-LAST:]))
        for loss, values in ends.items():
            mean, low, high = statistics.mean(values), min(values), max(values)
            said = f"{mean:.4f} ({low:.4f} to {high:.4f} over {seeds} seeds)"
            report.facts[f"{loss}, last {LAST} of {steps} steps, {name}"] = said


if __name__ == "__main__":
    raise SystemExit(command(run, arguments))
