"""Lab: ours, eager and compiled, against scikit-image's and kornia's, on 16 photos of 256x256.

Run it with ``python -m benchmarks.lab``: half a minute, and another where a compiler is found.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable

import torch
from skimage.color import lab2rgb, rgb2lab
from torch import Tensor

from benchmarks.race import Report, command, installed, race
from colorlib.color import lab_to_rgb, rgb_to_lab, to_uint8
from colorlib.data import sample_photo_crops

BASE = "scikit-image"
VIVID = 2.5  # times the chroma that the photos have: about four pixels of ten leave sRGB


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", type=int, default=256, help="side of the photos")
    parser.add_argument("--batch", type=int, default=16, help="how many photos")
    parser.add_argument("--rounds", type=int, default=15, help="rounds that count")
    parser.add_argument(
        "--no-compile", dest="compiled", action="store_false", help="leave torch.compile out"
    )


def run(size: int = 256, batch: int = 16, rounds: int = 15, compiled: bool = True) -> Report:
    """Measure both directions, on photos and on colours that sRGB cannot show."""
    report = Report(
        "python -m benchmarks.lab", f"{batch} photos of {size}x{size}, 8 bits in, float32 out"
    )
    photos = to_uint8(sample_photo_crops(batch, size=size, seed=0))
    array, lab = photos.movedim(1, -1).numpy(), rgb_to_lab(photos)
    lab_array = rgb2lab(array)
    vivid = torch.cat([lab[:, :1], lab[:, 1:] * VIVID], dim=1)
    forward = {BASE: lambda: rgb2lab(array), "colorlib": lambda: rgb_to_lab(photos)}
    back = {BASE: lambda: lab2rgb(lab_array), "colorlib": lambda: lab_to_rgb(lab)}
    if compiled and (made := compiled_pair(report)):
        forward["colorlib, compiled"] = lambda: made[0](photos)
        back["colorlib, compiled, clipped"] = lambda: made[1](lab)
    if installed("kornia", report, "kornia's Lab"):
        from kornia.color import rgb_to_lab as kornias

        forward["kornia"] = lambda: kornias(photos.float() / 255)
    report.facts["largest difference from scikit-image, Lab units"] = difference(photos)
    report.races = [
        race("RGB to Lab", forward, rounds=rounds),
        race("Lab to RGB", back, rounds=rounds),
    ]
    ways = {
        "clipped": lambda: lab_to_rgb(vivid, "clip"),
        "chroma lowered": lambda: lab_to_rgb(vivid),
    }
    report.races.append(race("vivid Lab to RGB", ways, rounds=max(1, rounds // 3)))
    return report


def compiled_pair(
    report: Report,
) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]] | None:
    """Compile both directions, or say why not."""
    if not any(map(shutil.which, ("g++", "clang++", "c++", "cl"))):
        report.missing.append(
            "torch.compile: it needs a C++ compiler, such as g++, and none was found"
        )
        return None
    return torch.compile(rgb_to_lab), torch.compile(lambda lab: lab_to_rgb(lab, "clip"))


def difference(photos: Tensor) -> float:
    """Give the largest difference from scikit-image's Lab, on photos (n, 3, h, w) uint8."""
    theirs = rgb2lab(photos.movedim(1, -1).numpy())
    return float(f"{abs(rgb_to_lab(photos).movedim(1, -1).numpy() - theirs).max():.1e}")


if __name__ == "__main__":
    raise SystemExit(command(run, arguments))
