"""The exercises of lesson 9: bins, odds, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.check.graders import Case, FunctionGrader, KnownMistake
from colorlib.check.lesson09_loss import (
    LOSS_CASES,
    LOSS_MISTAKES,
    WEIGHTS_CASES,
    WEIGHTS_MISTAKES,
    bin_loss,
    rebalancing_weights,
)
from colorlib.check.lesson09_targets import (
    NEAREST_CASES,
    NEAREST_MISTAKES,
    SOFT_CASES,
    SOFT_MISTAKES,
    nearest_bin,
    soft_targets,
)
from colorlib.color_bins import ColorBins

_generator = torch.Generator().manual_seed(95)

# 9.5 ----------------------------------------------------------------------------------------------
_CENTERS = torch.tensor([[60.0, 40], [0, 0], [20, -60], [-50, 45], [5, 70]])
_LOGITS = 4 * torch.randn(2, 5, 2, 3, generator=_generator)
_UNSURE = torch.tensor([3.0, 3.2, 2.6, 2.4, 2.8]).view(1, 5, 1, 1)
_MEAN_CASES = [
    Case("one pixel, temperature 1", (_UNSURE, _CENTERS, 1.0)),
    Case("one pixel, temperature 0.38", (_UNSURE, _CENTERS, 0.38)),
    Case("two images of 2x3 pixels, temperature 2", (_LOGITS, _CENTERS, 2.0)),
    Case("the same, temperature 0.01: the exponents are large", (_LOGITS, _CENTERS, 0.01)),
    Case("one pixel, temperature 0.01, no bin above 30 %", (_UNSURE, _CENTERS, 0.01)),
]


def _annealed_mean(logits: Tensor, centers: Tensor, temperature: float) -> Tensor:
    """Return the mean of the centers by softmax(logits / temperature), (n, 2, h, w)."""
    return ColorBins(centers).decode(logits, temperature)


def _mix(probabilities: Tensor, centers: Tensor) -> Tensor:
    return torch.einsum("nkhw,kc->nchw", probabilities, centers)


def _mean_mutant(weigh: Callable[[Tensor, float], Tensor]) -> Callable:
    """Return a mean of the centers with other weights: logits, temperature -> (n, k, h, w)."""
    return lambda logits, centers, temperature: _mix(weigh(logits, temperature), centers)


def _mean_output_mutant(change: Callable[[Tensor], Tensor]) -> Callable:
    """Return an answer that changes the right colours (n, 2, h, w)."""
    return lambda *args: change(_annealed_mean(*args))


def _normalize(weights: Tensor) -> Tensor:
    return weights / weights.sum(1, keepdim=True)


_POWER_FIRST = "the temperature belongs to the logits, before the softmax: (logits / T).softmax(1)."
_SOFTMAX_DIM = "the softmax runs over the wrong dimension: the k bins are in dim=1."
_MEAN_LAYOUT = "a and b belong behind n, (n, 2, h, w): .movedim(-1, 1)."
_MEAN_MISTAKES = [
    KnownMistake("you multiply by the temperature: divide the logits by it.",
                 _mean_mutant(lambda x, t: (x * t).softmax(1))),
    KnownMistake("you do not use the temperature: divide the logits by it.",
                 _mean_mutant(lambda x, t: x.softmax(1))),
    KnownMistake("the temperature is always 0.38: use the argument.",
                 _mean_mutant(lambda x, t: (x / 0.38).softmax(1))),
    KnownMistake("you divide the probabilities, which then do not add up to 1: " + _POWER_FIRST,
                 _mean_mutant(lambda x, t: x.softmax(1) / t)),
    KnownMistake("you apply the softmax twice: " + _POWER_FIRST,
                 _mean_mutant(lambda x, t: (x.softmax(1) / t).softmax(1))),
    KnownMistake("you raise the probabilities to a power and do not divide by their sum: "
                 + _POWER_FIRST, _mean_mutant(lambda x, t: x.softmax(1) ** (1 / t))),
    KnownMistake("right at a high temperature; at a low one the powers become 0, and 0 / 0 is NaN: "
                 + _POWER_FIRST, _mean_mutant(lambda x, t: _normalize(x.softmax(1) ** (1 / t)))),
    KnownMistake("right at a high temperature; at a low one exp becomes infinite: softmax avoids "
                 "it.", _mean_mutant(lambda x, t: _normalize((x / t).exp()))),
    KnownMistake("the weights do not add up to 1: exp alone is only half of a softmax.",
                 _mean_mutant(lambda x, t: (x / t).exp())),
    KnownMistake("this is the most probable bin at any temperature: take the mean of all bins.",
                 lambda x, centers, t: centers[x.argmax(1)].movedim(-1, 1)),
    KnownMistake("this is the most probable bin at any temperature: take the mean of all bins.",
                 lambda x, centers, t: centers[x.argmax(1)]),
    KnownMistake("the softmax is missing: logits are not probabilities.",
                 _mean_mutant(lambda x, t: x / t)),
    KnownMistake("these are logarithms of probabilities: use softmax, not log_softmax.",
                 _mean_mutant(lambda x, t: (x / t).log_softmax(1))),
    KnownMistake("a sigmoid looks at each bin alone: softmax makes them add up to 1.",
                 _mean_mutant(lambda x, t: (x / t).sigmoid())),
    *(KnownMistake(_SOFTMAX_DIM, _mean_mutant(lambda x, t, dim=dim: (x / t).softmax(dim)))
      for dim in (0, 2, 3)),
    KnownMistake("this is the mean of k products: the weights add up to 1, so take their sum.",
                 lambda x, centers, t: _annealed_mean(x, centers, t) / len(centers)),
    KnownMistake("the temperature changes the colours themselves: divide the logits by it.",
                 lambda x, centers, t: _annealed_mean(x, centers, 1.0) * t),
    KnownMistake("this is the mean over the pixels as well: each pixel keeps its own.",
                 _mean_output_mutant(lambda ab: ab.mean((2, 3)))),
    KnownMistake("these are sums over the pixels: each pixel keeps its own colour.",
                 _mean_output_mutant(lambda ab: ab.sum((2, 3)))),
    KnownMistake(_MEAN_LAYOUT, _mean_output_mutant(lambda ab: ab.movedim(1, -1))),
    KnownMistake(_MEAN_LAYOUT, _mean_output_mutant(lambda ab: ab.movedim(1, 0))),
    KnownMistake("view and reshape move nothing: .movedim(-1, 1) brings a and b behind n.",
                 _mean_output_mutant(lambda ab: ab.movedim(1, -1).reshape(ab.shape))),
    KnownMistake("height and width are swapped.", _mean_output_mutant(lambda ab: ab.mT)),
    KnownMistake("a and b are swapped.", _mean_output_mutant(lambda ab: ab.flip(1))),
    KnownMistake("these are the probabilities: take the mean of the centers with them.",
                 lambda x, centers, t: (x / t).softmax(1)),
]  # fmt: skip

# 9.6 ----------------------------------------------------------------------------------------------
_FOUR = torch.tensor([[0.65, 0.25, 0.1], [0.2, 0.65, 0.15], [0.02, 0.03, 0.95], [0.3, 0.26, 0.44]])
_ODDS = (2 * torch.randn(300, 6, generator=_generator)).softmax(dim=1)
_TRUTH = torch.multinomial(_ODDS.sqrt(), 1, generator=_generator)[:, 0]
_CERTAIN = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0.03, 0.02, 0.95], [0.72, 0.05, 0.23]])
_CURVE_CASES = [
    Case("four pixels and 3 bins", (_FOUR, torch.tensor([0, 0, 2, 1]))),
    Case("300 pixels and 6 bins", (_ODDS, _TRUTH)),
    Case("two pixels, no confidence above 0.6", (_FOUR[3:].repeat(2, 1), torch.tensor([2, 1]))),
    Case("two pixels of four with a confidence of 1", (_CERTAIN, torch.tensor([0, 2, 2, 1]))),
]


def _curve(confidence: Tensor, is_right: Tensor, group: Tensor | None = None) -> tuple:
    """Return the mean confidence and the mean of is_right in each of ten groups."""
    if group is None:
        group = _group(confidence)
    size = torch.bincount(group, minlength=10).clamp(min=1)
    return tuple(torch.bincount(group, x.float(), 10) / size for x in (confidence, is_right))


def _group(confidence: Tensor) -> Tensor:
    return (confidence * 10).long().clamp(max=9)


def _reliability(odds: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean confidence and the share of right pixels in each of ten groups."""
    confidence, answer = odds.max(dim=1)
    return _curve(confidence, answer == truth)


def _curve_mutant(compute: Callable[[Tensor, Tensor], object]) -> Callable:
    """Return an answer from the right confidence and the right hits, both (m,)."""
    return lambda odds, truth: compute(odds.amax(1), odds.argmax(1) == truth)


def _curve_output_mutant(change: Callable[[Tensor, Tensor], object]) -> Callable:
    """Return an answer that changes the right mean confidence and the right share, both (10,)."""
    return lambda odds, truth: change(*_reliability(odds, truth))


def _probability_of_truth(odds: Tensor, truth: Tensor) -> Tensor:
    return odds.gather(1, truth[:, None])[:, 0]


def _sums(confidence: Tensor, is_right: Tensor) -> list[Tensor]:
    group = _group(confidence)
    return [torch.bincount(group, x.float(), 10) for x in (torch.ones_like(confidence), confidence,
                                                           is_right)]  # fmt: skip


_MIDDLES = torch.arange(10) / 10 + 0.05
_SHIFTED = "your groups are shifted: a confidence of 0.67 belongs to 0.6 to 0.7, group 6."
_EMPTY = "an empty group gives 0 / 0, which is NaN: .clamp(min=1) on its size makes it 0."
_MIDDLE = "this is the middle of each group: return the mean confidence of its pixels."
_EDGE = "a confidence of 1 belongs to the last group, 0.9 to 1: yours "
_TOTAL = "you divide by the number of all pixels: divide by that of the group."
_NO_DIVISION = "these are sums: divide each by the number of pixels in its group."
_CURVE_MISTAKES = [
    KnownMistake("this behaves like the broken function: its confidence is the probability of "
                 "the *true* bin, which is not known beforehand. Use the largest of each row.",
                 lambda odds, truth: _curve(
                     _probability_of_truth(odds, truth), odds.argmax(1) == truth)),
    KnownMistake("you still sort by the probability of the true bin: sort by the confidence.",
                 lambda odds, truth: _curve(odds.amax(1), odds.argmax(1) == truth,
                                            _group(_probability_of_truth(odds, truth)))),
    KnownMistake("you still average the probability of the true bin: average the confidence.",
                 lambda odds, truth: _curve(_probability_of_truth(odds, truth),
                                            odds.argmax(1) == truth, _group(odds.amax(1)))),
    KnownMistake("a pixel is right if its most probable bin is the true one, however probable.",
                 lambda odds, truth: _curve(
                     odds.amax(1), _probability_of_truth(odds, truth) > 0.5)),
    KnownMistake("this is the mean probability of the true bin: count the right pixels.",
                 lambda odds, truth: _curve(odds.amax(1), _probability_of_truth(odds, truth))),
    KnownMistake(_EMPTY, _curve_mutant(lambda c, r: tuple(x / _sums(c, r)[0]
                                                          for x in _sums(c, r)[1:]))),
    KnownMistake(_NO_DIVISION, _curve_mutant(lambda c, r: tuple(_sums(c, r)[1:]))),
    KnownMistake(_TOTAL, _curve_mutant(lambda c, r: tuple(x / len(c) for x in _sums(c, r)[1:]))),
    KnownMistake("you divide the hits by the number of all pixels: divide by that of the group.",
                 _curve_mutant(lambda c, r: (_curve(c, r)[0], _sums(c, r)[2] / len(c)))),
    KnownMistake("these are numbers of pixels: return the share of the right ones.",
                 _curve_mutant(lambda c, r: (_curve(c, r)[0], _sums(c, r)[2]))),
    KnownMistake(_SHIFTED, _curve_mutant(lambda c, r: _curve(c, r, (c * 10).round().long().clamp(
        max=9)))),
    KnownMistake(_SHIFTED, _curve_mutant(lambda c, r: _curve(c, r, (c * 10).ceil().long().clamp(
        max=9)))),
    KnownMistake(_SHIFTED, _curve_mutant(lambda c, r: _curve(c, r, (c * 9).long()))),
    KnownMistake(_SHIFTED, _curve_mutant(lambda c, r: _curve(c, r, (c * 9).round().long()))),
    KnownMistake(_SHIFTED, _curve_mutant(lambda c, r: _curve(c, r, (c * 9).ceil().long()))),
    KnownMistake(_EDGE + "makes an eleventh. Use .clamp(max=9).",
                 _curve_mutant(lambda c, r: _curve(c, r, (c * 10).long()))),
    KnownMistake(_EDGE + "leaves it out.", _curve_mutant(
        lambda c, r: _curve(c[c < 1], r[c < 1]))),
    KnownMistake("confidence has a fixed scale from 0 to 1: yours begins at the smallest one.",
                 _curve_mutant(lambda c, r: _curve(c, r, _group((c - c.min()) / (
                     c.max() - c.min()))))),
    KnownMistake("your groups have equal numbers of pixels, not equal widths of confidence.",
                 _curve_mutant(lambda c, r: _curve(c, r, c.argsort().argsort() * 10 // len(c)))),
    KnownMistake("you leave empty groups out: each of the ten has its place, with 0.",
                 _curve_output_mutant(lambda c, s: (c[c > 0], s[c > 0]))),
    KnownMistake("this is the difference of both curves: return the share of right pixels.",
                 _curve_output_mutant(lambda c, s: (c, (c - s).abs()))),
    KnownMistake("you divide by the number of all right pixels: divide by that of the group.",
                 _curve_mutant(lambda c, r: (_curve(c, r)[0], _sums(c, r)[2] / r.sum()))),
    KnownMistake("the order is wrong: return the mean confidence first.",
                 _curve_output_mutant(lambda c, s: (s, c))),
    KnownMistake("the groups are in reverse: 0 to 0.1 comes first.",
                 _curve_output_mutant(lambda c, s: (c.flip(0), s.flip(0)))),
    KnownMistake("this is the share of *wrong* pixels: return that of the right ones.",
                 _curve_mutant(lambda c, r: _curve(c, ~r))),
    KnownMistake("this is the share of *wrong* pixels: return that of the right ones.",
                 _curve_output_mutant(lambda c, s: (c, 1 - s))),
    KnownMistake("you return only one curve: return the mean confidence and the share.",
                 _curve_output_mutant(lambda c, s: c)),
    KnownMistake("you return only one curve: return the mean confidence and the share.",
                 _curve_output_mutant(lambda c, s: s)),
    KnownMistake("you stack both curves into one tensor: return them with a comma between them.",
                 _curve_output_mutant(lambda c, s: torch.stack([c, s]))),
    KnownMistake(_MIDDLE, _curve_output_mutant(lambda c, s: (_MIDDLES, s))),
    KnownMistake(_MIDDLE, _curve_output_mutant(lambda c, s: (_MIDDLES * (c > 0), s))),
    KnownMistake("this is the mean over all pixels: each group has its own.",
                 _curve_mutant(lambda c, r: (c.mean().expand(10), r.float().mean().expand(10)))),
    KnownMistake("this is the mean over all pixels: each group has its own.",
                 _curve_mutant(lambda c, r: (c.mean(), r.float().mean()))),
    KnownMistake("this is the confidence of all pixels: each group has its own mean.",
                 _curve_mutant(lambda c, r: (c.mean().expand(10), _curve(c, r)[1]))),
    KnownMistake("confidence is the largest probability of a pixel, not the mean of all bins.",
                 lambda odds, truth: _curve(odds.mean(1), odds.argmax(1) == truth)),
    KnownMistake("this is the least probable bin: confidence is the largest probability.",
                 lambda odds, truth: _curve(odds.amin(1), odds.argmin(1) == truth)),
    KnownMistake("this is the least probable bin: confidence is the largest probability.",
                 lambda odds, truth: _curve(odds.amin(1), odds.argmax(1) == truth)),
    KnownMistake("you count every bin of a pixel: only the most probable one is its answer.",
                 lambda odds, truth: _curve(odds.flatten(), F.one_hot(
                     truth, odds.shape[1]).flatten())),
]  # fmt: skip

_NEAREST_ERRORS = {
    "same number of columns": "cdist needs a and b in the last dimension: ab.movedim(1, -1).",
    "must match the size of tensor b": "ab and centers have no dimension in common: "
    "torch.cdist(ab.movedim(1, -1), centers) compares each pixel with each bin.",
}
_SOFT_ERRORS = {
    **_NEAREST_ERRORS,
    "must match the size of tensor b": "the shapes do not fit: the sum over the five needs "
    "keepdim=True, and cdist needs ab.movedim(1, -1).",
    "selected index k out of range": "topk runs over the bins: they are in the last dimension.",
}
_SIZE_ERRORS = {
    "must match the size of tensor b": "the shapes do not fit: the network gives k numbers for a "
    "pixel, the target has five. gather(1, bins) selects five of k.",
    "is out of bounds for dimension": "log_q[bins] looks along the images: log_q.gather(1, bins).",
    "gather(): argument 'dim'": "the dimension comes first: log_q.gather(1, bins).",
    "log_softmax() missing": "log_softmax needs its dimension: dim=1.",
    "gather(): Expected dtype": "gather takes indices: log_q.gather(1, bins).",
    "only batches of spatial targets": "cross_entropy takes one bin for each pixel; a soft target "
    "has five: log_softmax and gather.",
}
_PRODUCT_ERRORS = {
    "shapes cannot be multiplied": "a product with centers (k, 2) needs the k probabilities in the "
    "last dimension: movedim(1, -1), or einsum.",
}
_GROUP_ERRORS = {
    "bincount": "bincount counts whole numbers in one dimension: (confidence * 10).long().",
    "must match the size of tensor b": "the bins of a pixel are in dim=1: odds.max(dim=1).",
    "weights should be 1-d": "bincount needs one weight for each pixel, in one dimension.",
}
GRADERS = {
    "9.1": FunctionGrader(
        nearest_bin,
        NEAREST_CASES,
        NEAREST_MISTAKES,
        error_causes=_NEAREST_ERRORS,
        exact_dtype=True,
    ),
    "9.2": FunctionGrader(
        soft_targets, SOFT_CASES, SOFT_MISTAKES, tolerance=1e-4, error_causes=_SOFT_ERRORS
    ),
    "9.3": FunctionGrader(
        bin_loss, LOSS_CASES, LOSS_MISTAKES, error_causes=_SIZE_ERRORS, gradients_of=(0,)
    ),
    "9.4": FunctionGrader(rebalancing_weights, WEIGHTS_CASES, WEIGHTS_MISTAKES),
    "9.5": FunctionGrader(
        _annealed_mean, _MEAN_CASES, _MEAN_MISTAKES, error_causes=_PRODUCT_ERRORS
    ),
    "9.6": FunctionGrader(
        _reliability, _CURVE_CASES, _CURVE_MISTAKES, tolerance=1e-4, error_causes=_GROUP_ERRORS
    ),
}
