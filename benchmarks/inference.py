"""Inference: what one picture, and sixteen, cost each network in each mode a library may safely choose.

Run it with ``python -m benchmarks.inference``: a few minutes. Modes: float32 as built; channels_last weights;
channels_last in 16 bits, where the device computes those faster; the same with batch norms folded into
convolutions, as ``colorlib colorize`` asks; compiled (``--compile``).
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from benchmarks.race import Report, command, installed, race
from colorlib.encoders import EncoderUNet
from colorlib.engine.precision import amp_dtype
from colorlib.generator import init_weights
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.fuse import fuse_conv_bn
from colorlib.unet import UNet

BASE = "float32"
NETS: dict[str, Callable[[], nn.Module]] = {
    "baseline CNN": BaselineCNN,
    "MobileNetV2 U-Net": lambda: EncoderUNet("mobilenet_v2"),
    "DenseNet121 U-Net": lambda: EncoderUNet("densenet121"),
    "P0": lambda: UNet(num_downs=8, base_channels=64),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=256, help="side of the pictures")
    parser.add_argument(
        "--batches", type=int, nargs="+", default=[1, 16], help="pictures at a time"
    )
    parser.add_argument(
        "--nets", nargs="+", default=list(NETS), choices=list(NETS), help="which networks"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument(
        "--compile", action="store_true", help="also compiled: a minute or so for each"
    )
    parser.add_argument("--device", default="cpu", help="where to compute")


def run(
    size: int = 256,
    batches: Sequence[int] = (1, 16),
    nets: Sequence[str] = tuple(NETS),
    rounds: int = 5,
    compile: bool = False,
    device: str = "cpu",
) -> Report:
    """Race the modes of each network, and say how far their answers are apart."""
    report = Report(
        "python -m benchmarks.inference", f"L of {size}x{size} in, ab out, evaluation mode"
    )
    dtype = amp_dtype(torch.device(device))
    if dtype is None:
        report.missing.append("16 bits: this device computes them no faster than 32")
    made: dict[str, nn.Module] = {}
    for name in nets:
        made[name] = init_weights(NETS[name](), "he", seed=0)
    if installed("segmentation_models_pytorch", report, "smp's U-Net"):
        from segmentation_models_pytorch import Unet

        if "MobileNetV2 U-Net" in nets:
            made["smp's MobileNetV2 U-Net"] = Unet(
                "mobilenet_v2", encoder_weights=None, in_channels=1, classes=2
            )
    for name, net in made.items():
        ways = modes(net.eval().to(device), dtype, compile)
        for n in batches:
            L = torch.rand(n, 1, size, size, device=device) * 2 - 1
            calls = {way: (lambda go=go, L=L: go(L)) for way, go in ways.items()}
            report.races.append(race(f"{name}, batch {n}", calls, rounds=rounds))
        answers = {way: go(L) for way, go in ways.items()}
        apart = max((answer - answers[BASE]).abs().max().item() for answer in answers.values())
        report.facts[f"{name}: largest difference of a mode, network units"] = float(f"{apart:.1e}")
    return report


def modes(
    net: nn.Module, dtype: torch.dtype | None, compiled: bool
) -> dict[str, Callable[[Tensor], Tensor]]:
    """Give the ways to call a network, by name; float32 as it is built comes first."""
    last = copy.deepcopy(net).to(memory_format=torch.channels_last)
    ways = {BASE: answering(net), "channels_last": answering(last)}
    named = (
        "channels_last" if dtype is None else f"channels_last, {str(dtype).removeprefix('torch.')}"
    )
    ways[named] = answering(last, dtype)
    ways[f"{named}, folded"] = answering(fuse_conv_bn(last), dtype)
    if compiled:
        ways["channels_last, compiled"] = answering(torch.compile(last), dtype)
    return ways


def answering(net: nn.Module, dtype: torch.dtype | None = None) -> Callable[[Tensor], Tensor]:
    """Call a network without gradients, in 16 bits if a type is named, and give float32."""

    def go(L: Tensor) -> Tensor:
        with (
            torch.inference_mode(),
            torch.autocast(L.device.type, dtype, enabled=dtype is not None),
        ):
            return net(L).float()

    return go


if __name__ == "__main__":
    raise SystemExit(command(run, arguments))
