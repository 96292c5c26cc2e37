"""The exercises of lesson 6, evaluation."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from colorlib import metrics
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake

_draw = torch.Generator().manual_seed(6)
_REAL = torch.rand(3, 3, 5, 7, generator=_draw)
_NOISE = torch.randn(3, 3, 5, 7, generator=_draw) * torch.tensor([0.02, 0.1, 0.3]).view(3, 1, 1, 1)
_FAKE = (_REAL + _NOISE).clamp(0, 1)
_AB = torch.rand(2, 2, 4, 4, generator=_draw) * 2 - 1


# 6.1 ------------------------------------------------------------------------------------------------------
def _psnr(fake: Tensor, real: Tensor, peak: float) -> Tensor:
    """PSNR of each picture (n, c, h, w), in decibels (n,)."""
    return metrics.psnr(metrics.mse(fake, real), peak)


def _of_mse(formula):
    """Make a wrong PSNR of a wrong formula of the pictures' mean squared errors."""
    return lambda fake, real, peak: formula((fake - real).square().flatten(1).mean(1), peak)


_pairs = [
    Case("two pictures of ab in [-1, 1], peak 2", (_AB * 0.8, _AB, 2)),
    Case("three pictures of RGB in [0, 1], peak 1", (_FAKE, _REAL, 1)),
    Case("the same three on 0..255, peak 255", (255 * _FAKE, 255 * _REAL, 255)),
]
_decibels = [
    Mistake("one number for the whole batch: flatten from dimension 1 on and take the mean over dimension 1, "
            "so that each picture keeps its own.",
            lambda fake, real, peak: 10 * torch.log10(peak**2 / (fake - real).square().mean())),
    Mistake("the pictures' decibels were averaged: here one number for each picture is asked for.",
            lambda fake, real, peak: _psnr(fake, real, peak).mean()),
    Mistake("the mean runs over the channels only; it belongs over channels, height and width.",
            lambda fake, real, peak: 10 * torch.log10(peak**2 / (fake - real).square().mean(1))),
    Mistake("the differences are not squared: abs gives the mean absolute error.",
            lambda fake, real, peak: 10 * torch.log10(peak**2 / (fake - real).abs().flatten(1).mean(1))),
    Mistake("a root was taken of the mean squared error: with 10 log10 the error stays squared.",
            _of_mse(lambda mse, peak: 10 * torch.log10(peak**2 / mse.sqrt()))),
    Mistake("peak is not squared: the error is in the unit squared, so the peak must be as well.",
            _of_mse(lambda mse, peak: 10 * torch.log10(peak / mse))),
    Mistake("peak is not used: the same picture would get 48 dB less on 0..255 than on 0..1.",
            _of_mse(lambda mse, peak: 10 * torch.log10(1 / mse))),
    Mistake("this is equation (4) of paper 001: the factor 10 is missing before log10(MSE).",
            _of_mse(lambda mse, peak: 20 * math.log10(peak) - torch.log10(mse))),
    Mistake("the factor 10 is missing: without it the unit is the bel, not the decibel.",
            _of_mse(lambda mse, peak: torch.log10(peak**2 / mse))),
    Mistake("20 belongs to ratios of errors, 10 to ratios of squared errors: MSE is squared already.",
            _of_mse(lambda mse, peak: 20 * torch.log10(peak**2 / mse))),
    Mistake("torch.log is the natural logarithm; decibels use torch.log10.",
            _of_mse(lambda mse, peak: 10 * torch.log(peak**2 / mse))),
    Mistake("the fraction stands upside down: a smaller error must give more decibels.",
            _of_mse(lambda mse, peak: 10 * torch.log10(mse / peak**2))),
]  # fmt: skip


# 6.2 ------------------------------------------------------------------------------------------------------
def _too_much(mse: Tensor) -> Tensor:
    """How many decibels equation (4) of paper 001 gives more than equation (3): any shape."""
    return 9 * torch.log10(mse)


_errors = [
    Case("MSE 100", (torch.tensor([100.0]),)),
    Case("MSE 0.01, 1 and 2000", (torch.tensor([0.01, 1.0, 2000.0]),)),
]
_excess = [
    Mistake("the sign is turned round: equation (4) minus equation (3) is asked for.",
            lambda mse: -9 * torch.log10(mse)),
    Mistake("equation (4) does subtract something: one log10(MSE) of the ten that it should.",
            lambda mse: 10 * torch.log10(mse)),
    Mistake("this is what equation (4) subtracts; asked for is what it leaves out.", torch.log10),
    Mistake("torch.log is the natural logarithm; decibels use torch.log10.", lambda mse: 9 * torch.log(mse)),
    Mistake("math.log10 takes one number and gives one back; torch.log10 takes a tensor of any shape.",
            lambda mse: 9 * math.log10(mse)),
    Mistake("the sign matters: below MSE 1 the equation gives too little, not too much.",
            lambda mse: 9 * torch.log10(mse).abs()),
    Mistake("this is equation (4) itself with peak 255; asked for is its difference from equation (3).",
            lambda mse: 20 * math.log10(255) - torch.log10(mse)),
]  # fmt: skip


# 6.3 ------------------------------------------------------------------------------------------------------
def _gaps(mse: Tensor, psnr: Tensor, peak: float) -> Tensor:
    """Published PSNR minus the PSNR of the published MSE, in decibels: (k,) and (k,) to (k,)."""
    return psnr - 10 * torch.log10(peak**2 / mse)


_TABLE = (
    torch.tensor([0.0120, 0.0121, 0.0107, 0.0108, 0.0289, 0.0237]),
    torch.tensor([26.443, 26.630, 26.870, 26.872, 22.59, 23.725]),
)
_tables = [
    Case("the table of paper 002 with peak 2", (*_TABLE, 2.0)),
    Case("the table of paper 002 with peak 1", (*_TABLE, 1.0)),
    Case(
        "MSE 100 and 28.13 dB with peak 255", (torch.tensor([100.0]), torch.tensor([28.13]), 255.0)
    ),
]
_readings = [
    Mistake("the sign is turned round: published PSNR first, minus the one that you compute.",
            lambda mse, psnr, peak: -_gaps(mse, psnr, peak)),
    Mistake("keep the sign: a mean of decibels lies *above* the decibels of the mean, never below.",
            lambda mse, psnr, peak: _gaps(mse, psnr, peak).abs()),
    Mistake("the logarithm of a fraction is a difference: 20 log10(peak) - 10 log10(MSE), and both are "
            "subtracted, so the sign of the second turns round.",
            lambda mse, psnr, peak: psnr - 20 * math.log10(peak) - 10 * torch.log10(mse)),
    Mistake("peak is not squared.", lambda mse, psnr, peak: psnr - 10 * torch.log10(peak / mse)),
    Mistake("peak is not used.", lambda mse, psnr, peak: psnr - 10 * torch.log10(1 / mse)),
    Mistake("this is the PSNR of the published MSE; subtract it from the published PSNR.",
            lambda mse, psnr, peak: 10 * torch.log10(peak**2 / mse)),
    Mistake("one number for the table: each row keeps its own gap.",
            lambda mse, psnr, peak: _gaps(mse, psnr, peak).mean()),
    Mistake("20 belongs to ratios of errors, 10 to ratios of squared errors: MSE is squared already.",
            lambda mse, psnr, peak: psnr - 20 * torch.log10(peak**2 / mse)),
]  # fmt: skip


# 6.4 ------------------------------------------------------------------------------------------------------
def _of_bytes(fake: Tensor, real: Tensor) -> Tensor:
    """PSNR of each uint8 picture (n, 3, h, w), in decibels (n,)."""
    return metrics.psnr(metrics.mse(fake.double(), real.double()), 255)


def _bytes(rgb: Tensor) -> Tensor:
    return (255 * rgb).round().to(torch.uint8)


def _decibels_of(squares: Tensor) -> Tensor:
    return 10 * torch.log10(255**2 / squares.double().flatten(1).mean(1))


_BYTES = [
    Case("three pictures, from a small error to a large one", (_bytes(_FAKE), _bytes(_REAL))),
    Case("a picture 16 steps brighter than the photo",
         (_bytes(0.9 * _REAL[:1]) + 16, _bytes(0.9 * _REAL[:1]))),
]  # fmt: skip
_wraps = [
    Mistake("this still gives what the broken function gives: bytes are subtracted and squared as bytes.",
            lambda fake, real: _decibels_of((fake - real) ** 2)),
    Mistake("too late: the difference was taken in bytes, so 3 - 5 is 254. Change the pictures before it.",
            lambda fake, real: _decibels_of((fake - real).float() ** 2)),
    Mistake("int8 holds -128 to 127 only: bytes above 127 turn negative. Take float.",
            lambda fake, real: _decibels_of((fake.char().float() - real.char().float()) ** 2)),
    Mistake("the peak is 1 and the values run to 255: 48 dB are missing.",
            lambda fake, real: metrics.psnr(metrics.mse(fake.double(), real.double()), 1)),
    Mistake("the values were divided by 255 and the peak is still 255: 48 dB too many.",
            lambda fake, real: metrics.psnr(metrics.mse(fake.double() / 255, real.double() / 255), 255)),
    Mistake("one number for the whole batch: each picture keeps its own.",
            lambda fake, real: metrics.psnr((fake.double() - real.double()).square().mean(), 255)),
]  # fmt: skip


# 6.5 ------------------------------------------------------------------------------------------------------
def _paired(one: Tensor, two: Tensor) -> Tensor:
    """Mean of one - two over the same n pictures, and its 95 % interval: (low, mean, high)."""
    gains = one - two
    return _around(gains.mean(), gains.std() / math.sqrt(len(gains)))


def _around(mean: Tensor, error: Tensor, z: float = 1.96) -> Tensor:
    return torch.stack([mean - z * error, mean, mean + z * error])


_EASY = 20 + 5 * torch.randn(12, generator=_draw)
_scores = [
    Case(
        "twelve pictures, two systems that are close",
        (_EASY + 0.3 + 0.2 * torch.randn(12, generator=_draw), _EASY),
    ),
    Case("four pictures", (torch.tensor([20.0, 22, 25, 31]), torch.tensor([19.0, 22.5, 23, 30]))),
]
_comparing = [
    Mistake("the two sets were treated as different pictures; subtract picture by picture first, then take "
            "the spread of the differences.",
            lambda one, two: _around(one.mean() - two.mean(), ((one.var() + two.var()) / len(one)).sqrt())),
    Mistake("this is the spread of single pictures; the mean of n is surer by the root of n.",
            lambda one, two: _around((one - two).mean(), (one - two).std())),
    Mistake("divide by the root of n, not by n.",
            lambda one, two: _around((one - two).mean(), (one - two).std() / len(one))),
    Mistake("the sign is turned round: one minus two.", lambda one, two: _paired(two, one)),
    Mistake("the ends are one standard error away; 95 % needs 1.96 of them.",
            lambda one, two: _around((one - two).mean(), (one - two).std() / math.sqrt(len(one)), 1.0)),
    Mistake("correction=0 is for a whole population; of a sample, leave torch.std at its default.",
            lambda one, two: _around((one - two).mean(), (one - two).std(correction=0) / len(one) ** 0.5)),
    Mistake("the order is low end, mean, high end.", lambda one, two: _paired(one, two)[[1, 0, 2]]),
]  # fmt: skip

EXERCISES = (
    Exercise(
        "6.1",
        "PSNR",
        Function(_psnr, _pairs, _decibels, tolerance=1e-2),
        (
            "Two lines: the mean squared error of each picture, then the formula.",
            "(fake - real).square().flatten(1) has shape (n, c * h * w); take its mean over dimension 1.",
            "return 10 * torch.log10(peak**2 / (fake - real).square().flatten(1).mean(1))",
        ),
    ),
    Exercise(
        "6.2",
        "The mistake in the equation",
        Function(_too_much, _errors, _excess, tolerance=1e-3),
        (
            "Split equation (3): the logarithm of a fraction is a difference of two logarithms.",
            "The terms with the peak are the same in both and drop out.",
            "-log10(MSE) + 10 log10(MSE): what is left?",
        ),
    ),
    Exercise(
        "6.3",
        "The protocol puzzle",
        Function(_gaps, _tables, _readings, tolerance=1e-3),
        (
            "What PSNR would the published MSE have with this peak? Compute that first.",
            "The published PSNR minus that one, row by row, with its sign.",
            "return psnr - 10 * torch.log10(peak**2 / mse)",
        ),
    ),
    Exercise(
        "6.4",
        "A metric, broken on purpose",
        Function(_of_bytes, _BYTES, _wraps, tolerance=1e-2),
        (
            "Try it by hand: torch.tensor(3, dtype=torch.uint8) - torch.tensor(5, dtype=torch.uint8).",
            "A byte knows 0 to 255 only and wraps around, in the difference and in the square: 16 ** 2 is 0.",
            "Begin with fake.float() - real.float(); the rest may stay as it is.",
        ),
    ),
    Exercise(
        "6.5",
        "A fair comparison",
        Function(_paired, _scores, _comparing, tolerance=1e-3),
        (
            "Both systems coloured the same pictures, so begin with one - two.",
            "The standard error of a mean is the standard deviation over the root of n.",
            "mean ± 1.96 * (one - two).std() / n**0.5; torch.stack([low, mean, high])",
        ),
    ),
)
