"""Conversion to and from Lab: ours, eager and compiled, against scikit-image and kornia.

Run it with ``python -m benchmarks.color_conversion``: half a minute, and another one if there is a
compiler.
"""

from __future__ import annotations

import argparse
import shutil

import torch
from skimage.color import lab2rgb, rgb2lab
from torch import Tensor

from benchmarks.timing import Report, command, is_installed, time_interleaved
from colorlib import cie
from colorlib.color import lab_to_rgb, out_of_gamut, rgb_to_lab, to_uint8
from colorlib.data import sample_photo_crops

BASE = "scikit-image"
VIVID = 2.5  # times the photos' chroma: about two pixels of three are outside sRGB


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=256, help="side of the photos")
    parser.add_argument("--batch", type=int, default=16, help="how many photos")
    parser.add_argument("--rounds", type=int, default=15, help="rounds that count")
    parser.add_argument(
        "--no-compile", dest="compiled", action="store_false", help="without torch.compile"
    )


def run(size: int = 256, batch: int = 16, rounds: int = 15, compiled: bool = True) -> Report:
    """Time both directions, on photos and on colours that sRGB cannot show."""
    protocol = f"{batch} photos of {size}x{size}, 8 bits in, float32 out"
    report = Report("python -m benchmarks.color_conversion", protocol)
    photos = to_uint8(sample_photo_crops(batch, size=size, seed=0))
    array, lab = photos.movedim(1, -1).numpy(), rgb_to_lab(photos)
    lab_array = rgb2lab(array)
    vivid = torch.cat([lab[:, :1], lab[:, 1:] * VIVID], dim=1)
    forward = {BASE: lambda: rgb2lab(array), "colorlib": lambda: rgb_to_lab(photos)}
    back = {BASE: lambda: lab2rgb(lab_array), "colorlib": lambda: lab_to_rgb(lab)}
    if compiled and has_compiler(report):
        compiled_to_lab = torch.compile(rgb_to_lab)
        compiled_to_rgb = torch.compile(lambda lab: lab_to_rgb(lab, "clip"))
        forward["colorlib, compiled"] = lambda: compiled_to_lab(photos)
        back["colorlib, compiled, clipped"] = lambda: compiled_to_rgb(lab)
    if is_installed("kornia", report, "kornia's Lab"):
        from kornia.color import rgb_to_lab as kornia_rgb_to_lab

        forward["kornia"] = lambda: kornia_rgb_to_lab(photos.float() / 255)
    report.facts["largest difference from scikit-image, Lab units"] = max_difference(photos)
    share_outside = float(out_of_gamut(vivid).float().mean())
    report.facts["share of the vivid pixels that sRGB cannot show"] = round(share_outside, 2)
    gamut_mappings = {
        "clipped": lambda: lab_to_rgb(vivid, "clip"),
        "chroma lowered": lambda: lab_to_rgb(vivid),
        "chroma lowered by bisection": lambda: lab_to_rgb_by_bisection(vivid),
    }
    report.timings = [
        time_interleaved("RGB to Lab", forward, rounds=rounds),
        time_interleaved("Lab to RGB", back, rounds=rounds),
        time_interleaved("vivid Lab to RGB", gamut_mappings, rounds=max(1, rounds // 3)),
    ]
    return report


def lab_to_rgb_by_bisection(lab: Tensor) -> Tensor:
    """Lower the chroma without the table of the largest chroma: every outside pixel is bisected."""
    share, outside = torch.ones_like(lab[:, 0]), out_of_gamut(lab)[:, 0]
    share[outside] = cie.bisect_chroma(lab.movedim(1, 0)[None, :, outside])[0]
    return lab_to_rgb(torch.cat([lab[:, :1], lab[:, 1:] * share.unsqueeze(1)], dim=1), "clip")


def has_compiler(report: Report) -> bool:
    """Return whether torch.compile finds a C++ compiler; if not, add that to the report."""
    found = any(map(shutil.which, ("g++", "clang++", "c++", "cl")))
    if not found:
        report.missing.append("torch.compile: it needs a C++ compiler, such as g++; found none")
    return found


def max_difference(photos: Tensor) -> float:
    """Return the largest difference from scikit-image's Lab, on photos (n, 3, h, w) uint8."""
    reference = rgb2lab(photos.movedim(1, -1).numpy())
    difference = abs(rgb_to_lab(photos).movedim(1, -1).numpy() - reference).max()
    return float(f"{difference:.1e}")


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
