"""Inference: the time of each network for one image and for sixteen, in several modes.

Run it with ``python -m benchmarks.inference``: a few minutes. The modes are float32 as built;
channels_last weights; channels_last in 16 bits, where the device computes those faster; the same
with batch norms fused into convolutions, as in ``colorlib colorize``; compiled (``--compile``).
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.timing import Report, command, is_installed, time_interleaved
from colorlib.encoders import EncoderUNet
from colorlib.engine.precision import amp_dtype
from colorlib.generator import init_weights
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.fuse import fuse_conv_bn
from colorlib.unet import UNet

BASELINE = "float32"
NETS: dict[str, Callable[[], nn.Module]] = {
    "baseline CNN": BaselineCNN,
    "MobileNetV2 U-Net": lambda: EncoderUNet("mobilenet_v2"),
    "DenseNet121 U-Net": lambda: EncoderUNet("densenet121"),
    "P0": lambda: UNet(num_downs=8, base_channels=64),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=256, help="side of the images")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16], help="batch sizes")
    names = list(NETS)
    parser.add_argument("--nets", nargs="+", default=names, choices=names, help="which networks")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument("--compile", action="store_true", help="also compiled: a minute for each")
    parser.add_argument("--device", default="cpu", help="where to compute")


def run(
    size: int = 256,
    batches: Sequence[int] = (1, 16),
    nets: Sequence[str] = tuple(NETS),
    rounds: int = 5,
    compile: bool = False,
    device: str = "cpu",
) -> Report:
    """Time the modes of each network, and report how far their outputs differ."""
    protocol = f"L of {size}x{size} in, ab out, evaluation mode"
    report = Report("python -m benchmarks.inference", protocol)
    dtype = amp_dtype(torch.device(device))
    if dtype is None:
        report.missing.append("16 bits: this device computes them no faster than 32")
    built = {name: init_weights(NETS[name](), "he", seed=0) for name in nets}
    if is_installed("segmentation_models_pytorch", report, "smp's U-Net"):
        from segmentation_models_pytorch import Unet

        if "MobileNetV2 U-Net" in nets:
            smp_unet = Unet("mobilenet_v2", encoder_weights=None, in_channels=1, classes=2)
            built["smp's MobileNetV2 U-Net"] = smp_unet
    for name, net in built.items():
        modes = build_modes(net.eval().to(device), dtype, compile)
        for n in batches:
            L = torch.rand(n, 1, size, size, device=device) * 2 - 1
            calls = {mode: partial(predict, L) for mode, predict in modes.items()}
            report.timings.append(time_interleaved(f"{name}, batch {n}", calls, rounds=rounds))
        reference = modes[BASELINE](L)
        difference = max((predict(L) - reference).abs().max().item() for predict in modes.values())
        fact = f"{name}: largest difference of a mode, network units"
        report.facts[fact] = float(f"{difference:.1e}")
    return report


def build_modes(
    net: nn.Module, dtype: torch.dtype | None, compiled: bool
) -> dict[str, Callable[[Tensor], Tensor]]:
    """Return functions that call a network in several modes, by name; float32 as built is first."""
    channels_last = copy.deepcopy(net).to(memory_format=torch.channels_last)
    modes = {BASELINE: build_predict(net), "channels_last": build_predict(channels_last)}
    name = "channels_last"
    if dtype is not None:
        name = f"channels_last, {str(dtype).removeprefix('torch.')}"
    modes[name] = build_predict(channels_last, dtype)
    modes[f"{name}, fused"] = build_predict(fuse_conv_bn(channels_last), dtype)
    if compiled:
        modes["channels_last, compiled"] = build_predict(torch.compile(channels_last), dtype)
    return modes


def build_predict(net: nn.Module, dtype: torch.dtype | None = None) -> Callable[[Tensor], Tensor]:
    """Return a function that calls a network without gradients, in a 16-bit type if one is given.

    Its outputs are float32.
    """

    def predict(L: Tensor) -> Tensor:
        autocast = torch.autocast(L.device.type, dtype, enabled=dtype is not None)
        with torch.inference_mode(), autocast:
            return net(L).float()

    return predict


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
