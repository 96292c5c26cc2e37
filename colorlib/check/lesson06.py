"""The exercises of lesson 6, evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from colorlib import metrics
from colorlib.check.graders import Case, FunctionGrader, KnownMistake

_generator = torch.Generator().manual_seed(6)
_REAL = torch.rand(3, 3, 5, 7, generator=_generator)
_NOISE = torch.randn(3, 3, 5, 7, generator=_generator)
_FAKE = (_REAL + _NOISE * torch.tensor([0.02, 0.1, 0.3]).view(3, 1, 1, 1)).clamp(0, 1)
_AB = torch.rand(2, 2, 4, 4, generator=_generator) * 2 - 1


# 6.1 ----------------------------------------------------------------------------------------------
def _psnr(fake: Tensor, real: Tensor, peak: float) -> Tensor:
    """Return the PSNR of each image (n, c, h, w), in decibels (n,)."""
    return metrics.psnr(metrics.mse(fake, real), peak)


def _psnr_mutant(formula: Callable[[Tensor, float], Tensor]) -> Callable:
    """Return a PSNR that applies another formula to the images' mean squared errors."""
    return lambda fake, real, peak: formula((fake - real).square().flatten(1).mean(1), peak)


_PSNR_CASES = [
    Case("two images of ab in [-1, 1], peak 2", (_AB * 0.8, _AB, 2)),
    Case("three images of RGB in [0, 1], peak 1", (_FAKE, _REAL, 1)),
    Case("the same three on 0..255, peak 255", (255 * _FAKE, 255 * _REAL, 255)),
]
_PSNR_MISTAKES = [
    KnownMistake("you return one number for the batch: .flatten(1).mean(1) keeps one per image.",
                 lambda fake, real, peak: metrics.psnr((fake - real).square().mean(), peak)),
    KnownMistake("you average the decibels of the images: return one number for each image.",
                 lambda fake, real, peak: _psnr(fake, real, peak).mean()),
    KnownMistake("your mean is over channels only: use channels, height and width.",
                 lambda fake, real, peak: metrics.psnr((fake - real).square().mean(1), peak)),
    KnownMistake("you do not square the differences: abs computes the mean absolute error.",
                 lambda fake, real, peak: metrics.psnr(metrics.l1(fake, real), peak)),
    KnownMistake("you take the sum of the squared differences: PSNR needs their mean, so that a "
                 "larger image is not worse.", lambda fake, real, peak: metrics.psnr(
                     (fake - real).square().flatten(1).sum(1), peak)),
    KnownMistake("you keep one number for each channel: average over channels, too.",
                 lambda fake, real, peak: metrics.psnr((fake - real).square().mean((2, 3)), peak)),
    KnownMistake("your mean runs over the images: each image keeps its own number, .mean(1).",
                 lambda fake, real, peak: metrics.psnr(
                     (fake - real).square().flatten(1).mean(0), peak)),
    KnownMistake("your result keeps dimensions of size 1: its shape must be (n,).",
                 lambda fake, real, peak: metrics.psnr(
                     (fake - real).square().mean((1, 2, 3), keepdim=True), peak)),
    KnownMistake("return one tensor, not a list of numbers.",
                 lambda fake, real, peak: _psnr(fake, real, peak).tolist()),
    KnownMistake("you subtract the mean error: MSE is the mean of the squared differences "
                 "themselves, not their variance.",
                 lambda fake, real, peak: metrics.psnr((fake - real).flatten(1).var(1), peak)),
    KnownMistake("your peak is always 255: use the argument.",
                 lambda fake, real, peak: _psnr(fake, real, 255)),
    KnownMistake("you take the root of the mean squared error: 10 log10 needs the squared error.",
                 _psnr_mutant(lambda mse, peak: 10 * torch.log10(peak**2 / mse.sqrt()))),
    KnownMistake("you do not square peak: the error's unit is squared, so the peak must be too.",
                 _psnr_mutant(lambda mse, peak: 10 * torch.log10(peak / mse))),
    KnownMistake("you do not use peak: the same image would have 48 dB less on 0..255.",
                 _psnr_mutant(lambda mse, peak: 10 * torch.log10(1 / mse))),
    KnownMistake("this is equation (4) of paper 001: the factor 10 before log10(MSE) is missing.",
                 _psnr_mutant(lambda mse, peak: 20 * math.log10(peak) - torch.log10(mse))),
    KnownMistake("the factor 10 is missing: without it the unit is the bel, not the decibel.",
                 _psnr_mutant(lambda mse, peak: torch.log10(peak**2 / mse))),
    KnownMistake("20 is for ratios of errors, 10 for ratios of squared errors, such as the MSE.",
                 _psnr_mutant(lambda mse, peak: 20 * torch.log10(peak**2 / mse))),
    KnownMistake("torch.log is the natural logarithm; decibels use torch.log10.",
                 _psnr_mutant(lambda mse, peak: 10 * torch.log(peak**2 / mse))),
    KnownMistake("your fraction is inverted: a smaller error must have more decibels.",
                 _psnr_mutant(lambda mse, peak: 10 * torch.log10(mse / peak**2))),
]  # fmt: skip


# 6.2 ----------------------------------------------------------------------------------------------
def _equation_error(mse: Tensor) -> Tensor:
    """Return equation (4) of paper 001 minus equation (3), in decibels: any shape."""
    return 9 * torch.log10(mse)


_ERROR_CASES = [
    Case("MSE 100", (torch.tensor([100.0]),)),
    Case("MSE 0.01, 1 and 2000", (torch.tensor([0.01, 1.0, 2000.0]),)),
]
_ERROR_MISTAKES = [
    KnownMistake("the sign is wrong: return equation (4) minus equation (3).",
                 lambda mse: -9 * torch.log10(mse)),
    KnownMistake("the sign of the second term is wrong: minus one log10(MSE), plus ten.",
                 lambda mse: 11 * torch.log10(mse)),
    KnownMistake("this is equation (3) with peak 255; return how much more equation (4) gives.",
                 lambda mse: 20 * math.log10(255) - 10 * torch.log10(mse)),
    KnownMistake("you return one number: each MSE keeps its own, in the same shape.",
                 lambda mse: 9 * torch.log10(mse.mean())),
    KnownMistake("you return one number: each MSE keeps its own, in the same shape.",
                 lambda mse: 9 * torch.log10(mse).mean()),
    KnownMistake("equation (4) does subtract one log10(MSE), but it should subtract ten.",
                 lambda mse: 10 * torch.log10(mse)),
    KnownMistake("this is what equation (4) subtracts; return what it leaves out.", torch.log10),
    KnownMistake("torch.log is the natural logarithm; decibels use torch.log10.",
                 lambda mse: 9 * torch.log(mse)),
    KnownMistake("math.log10 takes one number; torch.log10 takes a tensor of any shape.",
                 lambda mse: 9 * math.log10(mse)),
    KnownMistake("keep the sign: below MSE 1 the equation is too small, not too large.",
                 lambda mse: 9 * torch.log10(mse).abs()),
    KnownMistake("this is equation (4) with peak 255; return its difference from equation (3).",
                 lambda mse: 20 * math.log10(255) - torch.log10(mse)),
]  # fmt: skip


# 6.3 ----------------------------------------------------------------------------------------------
def _unexplained(mse: Tensor, psnr: Tensor, peak: float) -> Tensor:
    """Return the published PSNR minus the PSNR of the published MSE, in decibels (k,)."""
    return psnr - 10 * torch.log10(peak**2 / mse)


_TABLE = (
    torch.tensor([0.0120, 0.0121, 0.0107, 0.0108, 0.0289, 0.0237]),
    torch.tensor([26.443, 26.630, 26.870, 26.872, 22.59, 23.725]),
)
_TABLE_CASES = [
    Case("the table of paper 002 with peak 2", (*_TABLE, 2.0)),
    Case("the table of paper 002 with peak 1", (*_TABLE, 1.0)),
    Case("MSE 100 and 28.13 dB with peak 255",
         (torch.tensor([100.0]), torch.tensor([28.13]), 255.0)),
]  # fmt: skip
_TABLE_MISTAKES = [
    KnownMistake("the sign is wrong: return the published PSNR minus the PSNR that you compute.",
                 lambda mse, psnr, peak: -_unexplained(mse, psnr, peak)),
    KnownMistake("keep the sign: a mean of decibels is always *above* the decibels of the mean.",
                 lambda mse, psnr, peak: _unexplained(mse, psnr, peak).abs()),
    KnownMistake("the logarithm of a fraction is a difference, 20 log10(peak) - 10 log10(MSE), and "
                 "you subtract it: the sign of its second term changes.",
                 lambda mse, psnr, peak: psnr - 20 * math.log10(peak) - 10 * torch.log10(mse)),
    KnownMistake("torch.log is the natural logarithm; decibels use torch.log10.",
                 lambda mse, psnr, peak: psnr - 10 * torch.log(peak**2 / mse)),
    KnownMistake("the factor 10 before the logarithm is missing.",
                 lambda mse, psnr, peak: psnr - torch.log10(peak**2 / mse)),
    KnownMistake("your fraction is inverted: a smaller error must have more decibels.",
                 lambda mse, psnr, peak: psnr - 10 * torch.log10(mse / peak**2)),
    KnownMistake("a gap is a difference of decibels, not a quotient.",
                 lambda mse, psnr, peak: psnr / (10 * torch.log10(peak**2 / mse))),
    KnownMistake("you use the table MSE and PSNR itself: use the arguments mse and psnr.",
                 lambda mse, psnr, peak: _unexplained(*_TABLE, peak)),
    KnownMistake("you do not square peak.",
                 lambda mse, psnr, peak: psnr - 10 * torch.log10(peak / mse)),
    KnownMistake("you do not use peak.", lambda mse, psnr, peak: psnr - 10 * torch.log10(1 / mse)),
    KnownMistake("this is the PSNR of the published MSE: subtract it from the published PSNR.",
                 lambda mse, psnr, peak: 10 * torch.log10(peak**2 / mse)),
    KnownMistake("you return one number for the table: each row keeps its own.",
                 lambda mse, psnr, peak: _unexplained(mse, psnr, peak).mean()),
    KnownMistake("20 is for ratios of errors, 10 for ratios of squared errors, such as the MSE.",
                 lambda mse, psnr, peak: psnr - 20 * torch.log10(peak**2 / mse)),
]  # fmt: skip


# 6.4 ----------------------------------------------------------------------------------------------
def _psnr_of_bytes(fake: Tensor, real: Tensor) -> Tensor:
    """Return the PSNR of each uint8 image (n, 3, h, w), in decibels (n,)."""
    return metrics.psnr(metrics.mse(fake.double(), real.double()), 255)


def _to_bytes(rgb: Tensor) -> Tensor:
    return (255 * rgb).round().to(torch.uint8)


def _psnr_of_squares(squares: Tensor) -> Tensor:
    return 10 * torch.log10(255**2 / squares.double().flatten(1).mean(1))


_DARKER = _to_bytes(0.9 * _REAL[:1])
_BYTE_CASES = [
    Case("three images, from a small error to a large one", (_to_bytes(_FAKE), _to_bytes(_REAL))),
    Case("an image 16 steps brighter than the photo", (_DARKER + 16, _DARKER)),
]
_BYTE_MISTAKES = [
    KnownMistake("this behaves like the broken function: it subtracts and squares bytes.",
                 lambda fake, real: _psnr_of_squares((fake - real) ** 2)),
    KnownMistake("you convert too late: in bytes, 3 - 5 is 254. Convert before the difference.",
                 lambda fake, real: _psnr_of_squares((fake - real).float() ** 2)),
    KnownMistake("int16 holds the difference, but not its square: 200 ** 2 is 40,000, and it ends "
                 "at 32,767. Use float.", lambda fake, real: _psnr_of_squares(
                     (fake.short() - real.short()) ** 2)),
    KnownMistake("int8 holds only -128 to 127, for the bytes, their difference and its square: use "
                 "float.", lambda fake, real: _psnr_of_squares((fake.char() - real.char()) ** 2)),
    KnownMistake("int8 holds only -128 to 127, also for the difference: use float.",
                 lambda fake, real: _psnr_of_squares((fake.char() - real.char()).float() ** 2)),
    KnownMistake("you do not square the differences: abs computes the mean absolute error.",
                 lambda fake, real: _psnr_of_squares((fake.double() - real.double()).abs())),
    KnownMistake("you take the mean of a square root: the logarithm needs the mean squared error.",
                 lambda fake, real: _psnr_of_bytes(fake, real) * 2 - 20 * math.log10(255)),
    KnownMistake("int8 holds only -128 to 127, so bytes above 127 become negative: use float.",
                 lambda fake, real: _psnr_of_squares(
                     (fake.char().float() - real.char().float()) ** 2)),
    KnownMistake("your peak is 1, but values go up to 255: the result is 48 dB too low.",
                 lambda fake, real: metrics.psnr(metrics.mse(fake.double(), real.double()), 1)),
    KnownMistake("you divide the values by 255, but the peak is still 255: 48 dB too many.",
                 lambda fake, real: _psnr_of_squares(((fake.double() - real.double()) / 255) ** 2)),
    KnownMistake("you return one number for the batch: each image keeps its own.",
                 lambda fake, real: metrics.psnr(
                     (fake.double() - real.double()).square().mean(), 255)),
]  # fmt: skip


# 6.5 ----------------------------------------------------------------------------------------------
def _interval(mean: Tensor, error: Tensor, z: float = 1.96) -> Tensor:
    return torch.stack([mean - z * error, mean, mean + z * error])


def _standard_error(gains: Tensor) -> Tensor:
    return gains.std() / math.sqrt(len(gains))


def _mean_difference(one: Tensor, two: Tensor) -> Tensor:
    """Return the mean of one - two over n images, and its 95 % interval: (low, mean, high)."""
    return _interval((one - two).mean(), _standard_error(one - two))


def _interval_mutant(error=_standard_error, z=1.96) -> Callable:
    """Return an interval around the right mean with another width."""
    return lambda one, two: _interval((one - two).mean(), error(one - two), z)


_EASY = 20 + 5 * torch.randn(12, generator=_generator)
_PAIR_CASES = [
    Case("twelve images, two systems that are close",
         (_EASY + 0.3 + 0.2 * torch.randn(12, generator=_generator), _EASY)),
    Case("four images",
         (torch.tensor([20.0, 22, 25, 31]), torch.tensor([19.0, 22.5, 23, 30]))),
]  # fmt: skip
_PAIR_MISTAKES = [
    KnownMistake("you treat the images of the two systems as different: subtract image by image "
                 "first, then compute the deviation of the differences.",
                 lambda one, two: _interval(
                     one.mean() - two.mean(), ((one.var() + two.var()) / len(one)).sqrt())),
    KnownMistake("this is the deviation of single images: divide it by the root of n.",
                 _interval_mutant(lambda gains: gains.std())),
    KnownMistake("var() is the variance, the square of the deviation: use std().",
                 _interval_mutant(lambda gains: gains.var() / math.sqrt(len(gains)))),
    KnownMistake("this is the deviation of one system: compute that of the differences.",
                 lambda one, two: _interval((one - two).mean(), _standard_error(one))),
    KnownMistake("this is the deviation of one system: compute that of the differences.",
                 lambda one, two: _interval((one - two).mean(), _standard_error(two))),
    KnownMistake("95 % needs 1.96 standard errors, not 2.", _interval_mutant(z=2.0)),
    KnownMistake("1.96 standard errors belong to *each* side, not half of them.",
                 _interval_mutant(z=0.98)),
    KnownMistake("torch.std divides by n - 1 already; the mean's error divides by the root of n.",
                 _interval_mutant(lambda gains: gains.std() / math.sqrt(len(gains) - 1))),
    KnownMistake("return one tensor: torch.stack([low, mean, high]).",
                 lambda one, two: tuple(_mean_difference(one, two))),
    KnownMistake("return one tensor: torch.stack([low, mean, high]) of tensors, not of floats.",
                 lambda one, two: _mean_difference(one, two).tolist()),
    KnownMistake("the middle is missing: return low end, mean, high end.",
                 lambda one, two: _mean_difference(one, two)[[0, 2]]),
    KnownMistake("this is half of the interval's width: return low end, mean, high end.",
                 lambda one, two: 1.96 * _standard_error(one - two)),
    KnownMistake("the median is not the mean.",
                 lambda one, two: _interval((one - two).median(), _standard_error(one - two))),
    KnownMistake("the number of images is a constant: use len(gains).",
                 _interval_mutant(lambda gains: gains.std() / math.sqrt(12))),
    KnownMistake("the order is low end, mean, high end: yours is reversed.",
                 lambda one, two: _mean_difference(one, two).flip(0)),
    KnownMistake("divide by the root of n, not by n.",
                 _interval_mutant(lambda gains: gains.std() / len(gains))),
    KnownMistake("the sign is wrong: subtract two from one.",
                 lambda one, two: _mean_difference(two, one)),
    KnownMistake("your ends are one standard error away; 95 % needs 1.96 of them.",
                 _interval_mutant(z=1.0)),
    KnownMistake("correction=0 is for a whole population; for a sample use torch.std's default.",
                 _interval_mutant(lambda gains: gains.std(correction=0) / len(gains) ** 0.5)),
    KnownMistake("the order is low end, mean, high end.",
                 lambda one, two: _mean_difference(one, two)[[1, 0, 2]]),
]  # fmt: skip

_ERRORS = {
    "only one element tensors": "math.log10 takes one number; torch.log10 takes a tensor.",
    "mean(): could not infer": "the mean of whole numbers is not a whole number: convert to float "
    "before.",
}
GRADERS = {
    "6.1": FunctionGrader(_psnr, _PSNR_CASES, _PSNR_MISTAKES, tolerance=1e-2, error_causes=_ERRORS),
    "6.2": FunctionGrader(_equation_error, _ERROR_CASES, _ERROR_MISTAKES, error_causes=_ERRORS),
    "6.3": FunctionGrader(_unexplained, _TABLE_CASES, _TABLE_MISTAKES, error_causes=_ERRORS),
    "6.4": FunctionGrader(
        _psnr_of_bytes, _BYTE_CASES, _BYTE_MISTAKES, tolerance=1e-2, error_causes=_ERRORS
    ),
    "6.5": FunctionGrader(_mean_difference, _PAIR_CASES, _PAIR_MISTAKES),
}
