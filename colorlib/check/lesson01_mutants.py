"""Mutants of the conversions of lesson 1: the reference with one step missing or changed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from colorlib import cie
from colorlib.color import lab_to_rgb

MATRIX = torch.tensor(cie.XYZ_FROM_RGB)
WHITE = torch.tensor(cie.WHITE).view(1, 3, 1, 1)


def gamma_mutant(offset: float = 0.055, scale: float = 1.055, power: float = 2.4) -> Callable:
    """Return the curve with other numbers in its power."""
    return lambda s: torch.where(s > 0.04045, ((s + offset) / scale) ** power, s / 12.92)


def combine(fx: Tensor, fy: Tensor, fz: Tensor) -> list[Tensor]:
    return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)]


def xyz_to_lab_mutant(
    *,
    to_xyz: Callable = lambda rgb: cie.linear_to_xyz(cie.srgb_to_linear(rgb)),
    white: Tensor = WHITE,
    power: Callable = lambda t: t.clamp(min=1e-9) ** (1 / 3),
    near_black: Callable = lambda t: 7.787 * t + 16 / 116,
    combine: Callable = combine,
    dim: int = 1,
) -> Callable:
    """Return a conversion to Lab with one step changed."""

    def convert(rgb: Tensor) -> Tensor:
        t = to_xyz(rgb) / white
        f = torch.where(t > 0.008856, power(t), near_black(t))
        return torch.stack(combine(*f.unbind(dim=1)), dim=dim)

    return convert


def _light_to_rgb(light: Tensor) -> Tensor:
    return cie.linear_to_srgb(light.clamp(0, 1))


def clip_lab_to_rgb(lab: Tensor) -> Tensor:
    return lab_to_rgb(lab, gamut="clip")


def to_fs(L: Tensor, a: Tensor, b: Tensor) -> list[Tensor]:
    fy = (L + 16) / 116
    return [fy + a / 500, fy, fy - b / 200]


def _straight(f: Tensor) -> Tensor:
    return (f - 16 / 116) / 7.787


def lab_to_rgb_mutant(
    *,
    to_fs: Callable = to_fs,
    cube: Callable = lambda f: f**3,
    near_black: Callable = _straight,
    threshold: float = 0.2068966,
    white: Tensor = WHITE,
    matrix: Callable = torch.linalg.inv,
    finish: Callable = _light_to_rgb,
) -> Callable:
    """Return a conversion from Lab with one step changed."""

    def convert(lab: Tensor) -> Tensor:
        f = torch.stack(to_fs(*lab.unbind(dim=1)), dim=1)
        t = torch.where(f > threshold, cube(f), near_black(f))
        return finish(torch.einsum("ij,njhw->nihw", matrix(MATRIX), t * white))

    return convert
