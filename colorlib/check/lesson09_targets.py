"""The exercises 9.1 and 9.2: the nearest bin, and soft targets."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.check.graders import Case, KnownMistake
from colorlib.color_bins import ColorBins, grid_bins

_generator = torch.Generator().manual_seed(9)
_GRID = grid_bins().centers
_FEW = torch.tensor([[60.0, 40], [0, 0], [20, -60], [-50, 45], [5, 70], [35, 10], [-20, -20]])
_ONE_COLOR = torch.tensor([31.0, -42.5]).view(1, 2, 1, 1)
_COLORS = 30 * torch.randn(2, 2, 3, 4, generator=_generator)
_NEAR_GRAY = torch.tensor([2.0, 3.5]).view(1, 2, 1, 1)

# 9.1 ----------------------------------------------------------------------------------------------
NEAREST_CASES = [
    Case("one blue pixel and 7 bins", (_ONE_COLOR, _FEW)),
    Case("two images of 3x4 pixels and 7 bins", (_COLORS, _FEW)),
    Case("the same images and the 261 bins of the lesson", (_COLORS, _GRID)),
]


def nearest_bin(ab: Tensor, centers: Tensor) -> Tensor:
    """Return the index of the bin that is nearest to each pixel of (n, 2, h, w): (n, h, w)."""
    return ColorBins(centers).nearest(ab)


def _distances(ab: Tensor, centers: Tensor, p: float = 2.0) -> Tensor:
    """Return the distance from each pixel to each bin, (n, h, w, k)."""
    return torch.cdist(ab.movedim(1, -1), centers, p=p)


def _nearest_mutant(choose: Callable[[Tensor], object], p: float = 2.0) -> Callable:
    """Return an answer that chooses in another way from the distances (n, h, w, k)."""
    return lambda ab, centers: choose(_distances(ab, centers, p))


def _dot_products(ab: Tensor, centers: Tensor) -> Tensor:
    return ab.movedim(1, -1) @ centers.T


_OVER_PIXELS = "your argmin runs over pixels or images: it belongs to the dimension of the k bins."
_ALL_TOGETHER = "argmin without dim searches all pixels together: argmin(dim=-1)."
_ONE_CHANNEL = "you compare only one of the two channels: a distance needs a and b."
_SIZE_ONE = "your result keeps a dimension of size 1: its shape must be (n, h, w)."
_NOT_MOVED = "view and reshape move nothing, so a and b of different pixels become pairs: "
NEAREST_MISTAKES = [
    KnownMistake("this is the farthest bin: the nearest has the smallest distance, argmin.",
                 _nearest_mutant(lambda d: d.argmax(-1))),
    KnownMistake("these are the distances: argmin gives the index of the smallest one.",
                 _nearest_mutant(lambda d: d.min(-1).values)),
    KnownMistake("these are distances, rounded down: argmin gives the index of the smallest one.",
                 _nearest_mutant(lambda d: d.square().amin(-1).long())),
    KnownMistake("these are distances, rounded down: argmin gives the index of the smallest one.",
                 _nearest_mutant(lambda d: d.amin(-1).long())),
    KnownMistake("this is the order of all k bins: argmin gives the first of them.",
                 _nearest_mutant(lambda d: d.argsort(-1))),
    KnownMistake("this is the nearest pixel of each bin: you want the nearest bin of each pixel.",
                 _nearest_mutant(lambda d: d.flatten(0, 2).argmin(0))),
    KnownMistake("min(dim=...) returns the distances and their indices: use .indices, or argmin.",
                 _nearest_mutant(lambda d: tuple(d.min(-1)))),
    *(KnownMistake(_OVER_PIXELS, _nearest_mutant(lambda d, dim=dim: d.argmin(dim)))
      for dim in range(3)),
    *(KnownMistake(_OVER_PIXELS, _nearest_mutant(lambda d, dim=dim: d.movedim(-1, 1).argmin(dim)))
      for dim in (0, 2, 3)),
    KnownMistake(_ALL_TOGETHER, _nearest_mutant(torch.argmin)),
    *(KnownMistake(_ONE_CHANNEL, lambda ab, centers, c=c: (
        ab[:, c, ..., None] - centers[:, c]).abs().argmin(-1)) for c in range(2)),
    KnownMistake("you add the differences of a and b with their signs, so that they cancel: square "
                 "them first.", lambda ab, centers: (
                     ab.movedim(1, -1)[..., None, :] - centers).sum(-1).argmin(-1)),
    KnownMistake("you add the differences of a and b with their signs, so that they cancel: square "
                 "them first.", lambda ab, centers: (
                     ab.movedim(1, -1)[..., None, :] - centers).sum(-1).abs().argmin(-1)),
    KnownMistake("this is the sum of two absolute differences; the distance in the plane is the "
                 "root of the sum of their squares.",
                 _nearest_mutant(lambda d: d.argmin(-1), p=1)),
    KnownMistake("this is the larger of two absolute differences; the distance in the plane is the "
                 "root of the sum of their squares.",
                 _nearest_mutant(lambda d: d.argmin(-1), p=math.inf)),
    KnownMistake("these are the colours of the bins: return their indices.",
                 lambda ab, centers: centers[nearest_bin(ab, centers)].movedim(-1, 1)),
    KnownMistake("these are the colours of the bins: return their indices.",
                 lambda ab, centers: centers[nearest_bin(ab, centers)]),
    KnownMistake(_SIZE_ONE, lambda ab, centers: nearest_bin(ab, centers)[:, None]),
    KnownMistake(_SIZE_ONE, lambda ab, centers: nearest_bin(ab, centers)[..., None]),
    KnownMistake("your result is one long row: give it the shape of the images, (n, h, w).",
                 lambda ab, centers: nearest_bin(ab, centers).flatten()),
    KnownMistake("height and width are one dimension: give it the shape of the images, (n, h, w).",
                 lambda ab, centers: nearest_bin(ab, centers).flatten(1)),
    KnownMistake(_NOT_MOVED + "use movedim(1, -1) before.", lambda ab, centers: torch.cdist(
        ab.reshape(-1, 2), centers).argmin(-1).view(-1, *ab.shape[2:])),
    KnownMistake("height and width are swapped: movedim(1, -1) keeps their order.",
                 lambda ab, centers: nearest_bin(ab, centers).mT),
    KnownMistake("a and b are swapped on one side.",
                 lambda ab, centers: nearest_bin(ab.flip(1), centers)),
    KnownMistake("a dot product is not a distance: it is largest for the bins of highest chroma.",
                 lambda ab, centers: _dot_products(ab, centers).argmax(-1)),
    KnownMistake("a dot product is not a distance: it is smallest for the opposite hue.",
                 lambda ab, centers: _dot_products(ab, centers).argmin(-1)),
    KnownMistake("this compares hues only: two colours of one hue can be far from each other.",
                 lambda ab, centers: F.cosine_similarity(
                     ab.movedim(1, -1)[..., None, :], centers, dim=-1).argmax(-1)),
    KnownMistake("these are the 261 bins of the lesson: use the argument `centers`.",
                 lambda ab, centers: grid_bins().nearest(ab)),
    KnownMistake("this rounds the colours: return the index of a row of centers.",
                 lambda ab, centers: (ab / 10).round()),
    KnownMistake("this rounds the colours: return the index of a row of centers.",
                 lambda ab, centers: (ab / 10).round() * 10),
]  # fmt: skip

# 9.2 ----------------------------------------------------------------------------------------------
SOFT_CASES = [
    Case("one pixel, nearly gray", (_NEAR_GRAY, _GRID)),
    Case("two images of 3x4 pixels", (_COLORS, _GRID)),
    Case("the same images, sigma 12", (_COLORS, _GRID, 12.0)),
    Case("the same images, 7 bins and sigma 30", (_COLORS, _FEW, 30.0)),
]


def _five(ab: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distances to the five nearest bins and their indices, each (n, h, w, 5)."""
    return _distances(ab, centers).topk(5, largest=False)


def _normalize(weights: Tensor) -> Tensor:
    return weights / weights.sum(-1, keepdim=True)


def _gaussian(distances: Tensor, sigma: float) -> Tensor:
    return torch.exp(-distances.square() / (2 * sigma**2))


def _gaussian_shares(distances: Tensor, sigma: float) -> Tensor:
    return _normalize(_gaussian(distances, sigma))


def _soft_mutant(weigh: Callable[[Tensor, float], Tensor]) -> Callable:
    """Return an answer with other probabilities: (n, h, w, 5) distances, sigma -> the same."""

    def compute(ab: Tensor, centers: Tensor, sigma: float = 5.0) -> tuple[Tensor, Tensor]:
        distances, bins = _five(ab, centers)
        return bins.movedim(-1, 1), weigh(distances, sigma).movedim(-1, 1)

    return compute


def _soft_output_mutant(change: Callable[[Tensor, Tensor], object]) -> Callable:
    """Return an answer that puts right bins and probabilities, both (n, 5, h, w), together."""
    return lambda ab, centers, sigma=5.0: change(*soft_targets(ab, centers, sigma))


def _gaussian_softmax(distances: Tensor, sigma: float) -> Tensor:
    """Return the right probabilities where exp alone would become 0 for all five."""
    return (-distances.square() / (2 * sigma**2)).softmax(-1)


def _soft_choice_mutant(
    count: int = 5, *, largest: bool = False, weigh: Callable = _gaussian_shares
) -> Callable:
    """Return an answer that shares the probability among other bins."""

    def compute(ab: Tensor, centers: Tensor, sigma: float = 5.0) -> tuple[Tensor, Tensor]:
        distances, bins = _distances(ab, centers).topk(count, largest=largest)
        return bins.movedim(-1, 1), weigh(distances, sigma).movedim(-1, 1)

    return compute


def _share_among_all(ab: Tensor, centers: Tensor, sigma: float = 5.0) -> tuple[Tensor, Tensor]:
    weights = _normalize(_gaussian(_distances(ab, centers), sigma))
    probabilities, bins = weights.topk(5)
    return bins.movedim(-1, 1), probabilities.movedim(-1, 1)


soft_targets = _soft_mutant(_gaussian_shares)
_OTHER_SUM = "divide by the sum of the five weights of each pixel, keepdim=True."
_MOVE_FIVE = "the five are in the last dimension: .movedim(-1, 1) brings them behind n."
SOFT_MISTAKES = [
    KnownMistake("the weights do not add up to 1: " + _OTHER_SUM, _soft_mutant(_gaussian)),
    KnownMistake("the weights do not add up to 1: " + _OTHER_SUM, _soft_mutant(
        lambda d, s: _gaussian(d, s) / (s * math.sqrt(2 * math.pi)))),
    KnownMistake("you divide by the largest weight: " + _OTHER_SUM,
                 _soft_mutant(lambda d, s: _gaussian(d, s) / _gaussian(d, s)[..., :1])),
    KnownMistake("you divide by the sum over all pixels: " + _OTHER_SUM,
                 _soft_mutant(lambda d, s: _gaussian(d, s) / _gaussian(d, s).sum())),
    *(KnownMistake("the sum runs over pixels, not over the five bins: " + _OTHER_SUM,
                   _soft_mutant(lambda d, s, dim=dim: _gaussian(d, s) / _gaussian(d, s).sum(
                       dim, keepdim=True))) for dim in range(3)),
    KnownMistake("you share the probability among all bins: select the five nearest first.",
                 _share_among_all),
    KnownMistake("sigma is not squared: -d**2 / (2 * sigma**2).",
                 _soft_mutant(lambda d, s: _normalize(torch.exp(-d**2 / (2 * s))))),
    KnownMistake("the 2 is missing: -d**2 / (2 * sigma**2).",
                 _soft_mutant(lambda d, s: _normalize(torch.exp(-(d**2) / s**2)))),
    KnownMistake("you square the 2 as well: only sigma is squared, 2 * sigma**2.",
                 _soft_mutant(lambda d, s: _normalize(torch.exp(-(d**2) / (2 * s) ** 2)))),
    KnownMistake("brackets are missing: / 2 * sigma**2 multiplies by sigma**2.",
                 _soft_mutant(lambda d, s: _normalize(torch.exp(-(d**2) / 2 * s**2)))),
    KnownMistake("the distance is not squared: -d**2 / (2 * sigma**2).",
                 _soft_mutant(lambda d, s: _normalize(torch.exp(-d / (2 * s**2))))),
    KnownMistake("the distance is not squared: -d**2 / (2 * sigma**2).",
                 _soft_mutant(lambda d, s: _normalize(torch.exp(-d / s)))),
    KnownMistake("the distance is not squared: -d**2 / (2 * sigma**2).",
                 _soft_mutant(lambda d, s: _normalize(torch.exp(-d / (2 * s))))),
    KnownMistake("you square the distance twice: square only once.",
                 _soft_mutant(lambda d, s: _gaussian_shares(d**2, s))),
    KnownMistake("the minus is missing, so the farthest of the five gets the most.",
                 _soft_mutant(lambda d, s: _normalize(1 / _gaussian(d, s)))),
    KnownMistake("softmax of the weights applies exp twice: divide them by their sum.",
                 _soft_mutant(lambda d, s: _gaussian(d, s).softmax(-1))),
    KnownMistake("softmax of -d is not a Gaussian, and sigma is missing: -d**2 / (2 * sigma**2).",
                 _soft_mutant(lambda d, s: (-d).softmax(-1))),
    KnownMistake("the weight is 1 / distance: use exp(-d**2 / (2 * sigma**2)).",
                 _soft_mutant(lambda d, s: _normalize(1 / d))),
    KnownMistake("your weight falls on a straight line: use exp(-d**2 / (2 * sigma**2)).",
                 _soft_mutant(lambda d, s: 1 - _normalize(d))),
    KnownMistake("your weight falls on a straight line: use exp(-d**2 / (2 * sigma**2)).",
                 _soft_mutant(lambda d, s: _normalize(1 - _normalize(d)))),
    KnownMistake("the five get equal probabilities: the weight falls with the distance.",
                 _soft_mutant(lambda d, s: torch.full_like(d, 0.2))),
    KnownMistake("this is a hard target: the nearest bin gets everything. Are there brackets "
                 "around 2 * sigma**2?",
                 _soft_mutant(lambda d, s: F.one_hot(torch.zeros_like(d[..., 0]).long(), 5) + 0.0)),
    KnownMistake("these are the distances: turn them into probabilities.",
                 _soft_mutant(lambda d, s: d)),
    KnownMistake("sigma is always 5: use the argument.",
                 _soft_mutant(lambda d, s: _gaussian_shares(d, 5.0))),
    KnownMistake("these are the five farthest bins: largest=False.",
                 _soft_choice_mutant(largest=True)),
    KnownMistake("these are the five farthest bins: largest=False.",
                 _soft_choice_mutant(largest=True, weigh=_gaussian_softmax)),
    KnownMistake("a soft target has five bins.", _soft_choice_mutant(4)),
    KnownMistake("a soft target has five bins.", _soft_choice_mutant(6)),
    KnownMistake("the nearest of the five comes first: your order is reversed.",
                 _soft_output_mutant(lambda bins, p: (bins.flip(1), p.flip(1)))),
    KnownMistake("the probabilities are in the order of other bins: sort both alike.",
                 _soft_output_mutant(lambda bins, p: (bins, p.flip(1)))),
    KnownMistake("the order is wrong: return the bins first, then their probabilities.",
                 _soft_output_mutant(lambda bins, p: (p, bins))),
    KnownMistake(_MOVE_FIVE, _soft_output_mutant(
        lambda b, p: (b.movedim(1, -1), p.movedim(1, -1)))),
    KnownMistake(_MOVE_FIVE, _soft_output_mutant(lambda b, p: (b, p.movedim(1, -1)))),
    KnownMistake(_MOVE_FIVE, _soft_output_mutant(lambda b, p: (b.movedim(1, -1), p))),
    KnownMistake("these are the colours of the five bins: return their indices.",
                 lambda ab, centers, sigma=5.0: (
                     centers[soft_targets(ab, centers, sigma)[0]],
                     soft_targets(ab, centers, sigma)[1])),
    KnownMistake("you return only the probabilities: return the bins as well, first.",
                 _soft_output_mutant(lambda bins, p: p)),
    KnownMistake("you return only the bins: return their probabilities as well.",
                 _soft_output_mutant(lambda bins, p: bins)),
]  # fmt: skip
