"""The exercises of lesson 0, a first photo."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from colorlib.check.graders import Case, FunctionGrader, KnownMistake

_generator = torch.Generator().manual_seed(0)
_RANGES = torch.tensor([100.0, 200, 200]).view(1, 3, 1, 1)
_LAB = torch.rand(2, 3, 4, 5, generator=_generator) - torch.tensor([0, 0.5, 0.5]).view(1, 3, 1, 1)
_LAB = _LAB * _RANGES  # L in 0..100, a and b in -100..100
_AB, _OTHER_AB = (torch.randn(2, 2, 4, 5, generator=_generator) * 20 for _ in range(2))


# 0.1 ----------------------------------------------------------------------------------------------
def _scale_chroma(lab: Tensor, strength: float) -> Tensor:
    """Multiply a and b of (n, 3, h, w) Lab, and keep L."""
    return torch.cat([lab[:, :1], lab[:, 1:] * strength], dim=1)


def _scale_mutant(*, scale_L: bool = False, scale_a: bool = True, scale_b: bool = True) -> Callable:
    """Return a function that multiplies other channels than the reference."""

    def scale(lab: Tensor, strength: float) -> Tensor:
        scaled = torch.tensor([scale_L, scale_a, scale_b]).view(1, 3, 1, 1)
        return torch.where(scaled, lab * strength, lab)

    return scale


_CAT_ERRORS = {
    "same number of dimensions": "lab[:, 0] loses a dimension: lab[:, :1] keeps it.",
    "Sizes of tensors must match": "torch.cat joins along dim=1, the channels: every other "
    "dimension must have the same size.",
}
_SCALE_CASES = [
    Case("two images, strength 1.5", (_LAB, 1.5)),
    Case("the same, strength 0: gray", (_LAB, 0.0)),
    Case("the same, strength 1: unchanged", (_LAB, 1.0)),
]
_SCALE_MISTAKES = [
    KnownMistake("you also multiply L, so the photo gets lighter or darker: keep channel 0.",
                 _scale_mutant(scale_L=True)),
    KnownMistake("it is the other way round: you multiply L and keep a and b.",
                 _scale_mutant(scale_L=True, scale_a=False, scale_b=False)),
    KnownMistake("you do not multiply b: the slice 1: takes a and b, the slice 1:2 only a.",
                 _scale_mutant(scale_b=False)),
    KnownMistake("you do not multiply a: channels count from 0, so a is 1 and b is 2.",
                 _scale_mutant(scale_a=False)),
    KnownMistake("you do not multiply, but raise to a power: write *, not **.",
                 lambda lab, strength: torch.cat([lab[:, :1], lab[:, 1:] ** strength], dim=1)),
    KnownMistake("you limit a and b, so strong colours lose their hue: only multiply.",
                 lambda lab, strength: torch.cat(
                     [lab[:, :1], (lab[:, 1:] * strength).clamp(-110, 110)], dim=1)),
    KnownMistake("L is missing: join lab[:, :1] and the new colours with torch.cat.",
                 lambda lab, strength: lab[:, 1:] * strength),
    KnownMistake("you put L last: the order is L, a, b.",
                 lambda lab, strength: torch.cat([lab[:, 1:] * strength, lab[:, :1]], dim=1)),
    KnownMistake("you do not use strength: the photo comes back unchanged.",
                 lambda lab, strength: lab.clone()),
    KnownMistake("you add strength, which shifts every colour towards pink and yellow: multiply.",
                 lambda lab, strength: torch.cat([lab[:, :1], lab[:, 1:] + strength], dim=1)),
]  # fmt: skip


# 0.2 ----------------------------------------------------------------------------------------------
def _mean_distance(ab: Tensor, other: Tensor) -> Tensor:
    """Return the mean distance between the colours (n, 2, h, w) of two images."""
    return ((ab - other) ** 2).sum(dim=1).sqrt().mean()


_DISTANCE_CASES = [
    Case("two sets of colours", (_AB, _OTHER_AB)),
    Case("gray, and a colour with a = 3 and b = 4",
         (torch.tensor([3.0, 4]).view(1, 2, 1, 1), torch.zeros(1, 2, 1, 1))),
]  # fmt: skip
_DISTANCE_MISTAKES = [
    KnownMistake("this is the root of the mean of all squares: add the two squares of each pixel "
                 "with .sum(dim=1), take the root there, then the mean.",
                 lambda one, other: ((one - other) ** 2).mean().sqrt()),
    KnownMistake("you add over the images of the batch: dim=1 holds a and b.",
                 lambda one, other: ((one - other) ** 2).sum(dim=0).sqrt().mean()),
    KnownMistake("you add along the width: dim=1 holds a and b.",
                 lambda one, other: ((one - other) ** 2).sum(dim=-1).sqrt().mean()),
    KnownMistake("you add along the height: dim=1 holds a and b.",
                 lambda one, other: ((one - other) ** 2).sum(dim=2).sqrt().mean()),
    KnownMistake("you add the distances of all pixels: .mean() at the end, not .sum().",
                 lambda one, other: ((one - other) ** 2).sum(dim=1).sqrt().sum()),
    KnownMistake("you take the mean over a and b, and not their sum: .sum(dim=1) before the root.",
                 lambda one, other: (one - other).abs().mean()),
    KnownMistake("this is the mean squared error: .sum(dim=1), then .sqrt(), then .mean().",
                 lambda one, other: ((one - other) ** 2).mean()),
    KnownMistake("the square is missing, and differences of both signs have no root: ** 2 first.",
                 lambda one, other: (one - other).sum(dim=1).sqrt().mean()),
    KnownMistake("the colours are added, not subtracted: first - second.",
                 lambda one, other: ((one + other) ** 2).sum(dim=1).sqrt().mean()),
    KnownMistake("this is the largest distance: .mean(), not .max().",
                 lambda one, other: ((one - other) ** 2).sum(dim=1).sqrt().max()),
    KnownMistake("this is the median: .mean() at the end.",
                 lambda one, other: ((one - other) ** 2).sum(dim=1).sqrt().median()),
    KnownMistake("without dim=1 all squares are added to one number: .sum(dim=1).",
                 lambda one, other: ((one - other) ** 2).sum().sqrt().mean()),
    KnownMistake("the root is missing: this is the mean squared distance.",
                 lambda one, other: ((one - other) ** 2).sum(dim=1).mean()),
    KnownMistake("you take the mean before the root: take the root at each pixel, then the mean.",
                 lambda one, other: ((one - other) ** 2).sum(dim=1).mean().sqrt()),
    KnownMistake("these are only the squares: .sum(dim=1), .sqrt() and .mean() must follow.",
                 lambda one, other: (one - other) ** 2),
    KnownMistake("you average a and b instead of adding them: use .sum(dim=1) before the root.",
                 lambda one, other: ((one - other) ** 2).mean(dim=1).sqrt().mean()),
    KnownMistake("you do not square, so too much a and too little b cancel.",
                 lambda one, other: (one - other).sum(dim=1).mean()),
    KnownMistake("you return one distance for each pixel: .mean() makes them one number.",
                 lambda one, other: ((one - other) ** 2).sum(dim=1).sqrt()),
    KnownMistake("you add the differences along a and b: square them, add, take the root.",
                 lambda one, other: (one - other).abs().sum(dim=1).mean()),
]  # fmt: skip

GRADERS = {
    "0.1": FunctionGrader(
        _scale_chroma,
        _SCALE_CASES,
        _SCALE_MISTAKES,
        error_causes=_CAT_ERRORS,
        channels="Lab",
        exact_dtype=True,
    ),
    "0.2": FunctionGrader(
        _mean_distance, _DISTANCE_CASES, _DISTANCE_MISTAKES, accepts_numbers=True
    ),
}
