"""The exercises 9.3 and 9.4: cross-entropy with soft targets, and weights for rare colours."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib import color_bins
from colorlib.check.graders import Case, KnownMistake

_generator = torch.Generator().manual_seed(93)
_LOGITS = 3 * torch.randn(2, 9, 2, 3, generator=_generator)
_BINS = torch.rand(2, 9, 2, 3, generator=_generator).argsort(dim=1)[:, :5]
_PROBABILITIES = torch.rand(2, 5, 2, 3, generator=_generator).softmax(dim=1)
_WEIGHTS = 0.5 + 2 * torch.rand(2, 1, 2, 3, generator=_generator)

# 9.3 ----------------------------------------------------------------------------------------------
LOSS_CASES = [
    Case("one pixel, all 9 logits 0",
         (torch.zeros(1, 9, 1, 1), _BINS[:1, :, :1, :1], _PROBABILITIES[:1, :, :1, :1])),
    Case("two images of 2x3 pixels", (_LOGITS, _BINS, _PROBABILITIES)),
    Case("the same, each pixel times a weight, as section 5 does",
         (_LOGITS, _BINS, _PROBABILITIES * _WEIGHTS)),
    Case("logits of -300 to 300, where a softmax becomes 0",
         (30 * _LOGITS.clamp(-10, 10), _BINS, _PROBABILITIES)),
]  # fmt: skip


def bin_loss(logits: Tensor, bins: Tensor, probabilities: Tensor) -> Tensor:
    """Return the mean cross-entropy of all pixels with their soft targets, one number."""
    log_q = logits.log_softmax(dim=1).gather(1, bins)
    return -(probabilities * log_q).sum(dim=1).mean()


def _loss_mutant(
    log_q: Callable[[Tensor], Tensor] = lambda x: x.log_softmax(1),
    reduce: Callable[[Tensor], object] = lambda x: x.sum(1).mean(),
) -> Callable:
    """Return a loss with another logarithm of all (n, k, h, w), or another sum of (n, 5, h, w)."""
    return lambda logits, bins, p: reduce(-p * log_q(logits).gather(1, bins))


def _loss_of_five(compute: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """Return a loss computed from the right log q of five bins and their probabilities."""
    return lambda logits, bins, p: compute(logits.log_softmax(1).gather(1, bins), p)


_INFINITE = "right for small logits; where a softmax becomes 0, its logarithm is infinite: use "
_CUT_OFF = "you keep log away from 0 by a small number, which cuts large losses off: use "
_NORMALIZE_K = "normalize over the k bins, which are in dim=1: log_softmax(dim=1)."
_NO_LOG = "the logarithm is missing: -probability * log q."
_ONE_BIN = "this looks only at the nearest bin: a soft target shares the probability among five."
LOSS_MISTAKES = [
    KnownMistake("the minus is missing: a logarithm of a probability is negative, a loss positive.",
                 _loss_mutant(reduce=lambda x: -x.sum(1).mean())),
    KnownMistake(_INFINITE + "log_softmax.", _loss_mutant(lambda x: x.softmax(1).log())),
    *(KnownMistake(_CUT_OFF + "log_softmax.", mutant) for eps in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7,
                                                                  1e-6, 1e-5, 1e-4, 1e-3)
      for mutant in (_loss_mutant(lambda x, eps=eps: (x.softmax(1) + eps).log()),
                     _loss_mutant(lambda x, eps=eps: x.softmax(1).clamp(min=eps).log()))),
    KnownMistake(_NO_LOG, _loss_mutant(lambda x: x.softmax(1))),
    KnownMistake("these are logits, not logarithms of probabilities: log_softmax(dim=1).",
                 _loss_mutant(lambda x: x)),
    KnownMistake("you apply the softmax twice: log_softmax takes logits.",
                 _loss_mutant(lambda x: x.softmax(1).log_softmax(1))),
    KnownMistake("a sigmoid looks at each bin alone; here the probabilities of all bins add up to "
                 "1: log_softmax.", _loss_mutant(F.logsigmoid)),
    *(KnownMistake("binary cross-entropy looks at each bin alone; here the probabilities of all "
                   "bins add up to 1: log_softmax.", lambda logits, bins, p, reduce=reduce: reduce(
                       F.binary_cross_entropy_with_logits(
                           logits.gather(1, bins), p, reduction="none")))
      for reduce in (torch.mean, lambda x: x.sum(1).mean())),
    *(KnownMistake(_NORMALIZE_K, _loss_mutant(lambda x, dim=dim: x.log_softmax(dim)))
      for dim in (0, 2, 3)),
    KnownMistake("this is the logarithm to another base: log_softmax is the natural one.",
                 _loss_mutant(lambda x: x.log_softmax(1) / torch.tensor(10.0).log())),
    KnownMistake("this is the logarithm to another base: log_softmax is the natural one.",
                 _loss_mutant(lambda x: x.log_softmax(1) / torch.tensor(2.0).log())),
    KnownMistake("you select five logits first, so the other bins cost nothing: log_softmax over "
                 "all k, then gather.", lambda logits, bins, p: -(
                     p * logits.gather(1, bins).log_softmax(1)).sum(1).mean()),
    KnownMistake("you take the first five bins: gather(1, bins) selects those of each pixel.",
                 lambda logits, bins, p: -(p * logits.log_softmax(1)[:, :5]).sum(1).mean()),
    KnownMistake("your mean also runs over the five bins: sum(dim=1) first, then the mean.",
                 _loss_mutant(reduce=torch.mean)),
    KnownMistake("you add over all pixels: return their mean.", _loss_mutant(reduce=torch.sum)),
    KnownMistake("you add over the pixels of an image: return the mean over all pixels.",
                 _loss_mutant(reduce=lambda x: x.sum() / len(x))),
    KnownMistake("you keep one loss for each image: return one number.",
                 _loss_mutant(reduce=lambda x: x.sum(1).mean((1, 2)))),
    KnownMistake("you keep one loss for each image: return one number.",
                 _loss_mutant(reduce=lambda x: x.sum((1, 2, 3)))),
    KnownMistake("you keep one loss for each pixel: return their mean.",
                 _loss_mutant(reduce=lambda x: x.sum(1))),
    KnownMistake("the sum over the five bins is missing.",
                 _loss_mutant(reduce=lambda x: x)),
    KnownMistake("the sum over the five bins is missing.",
                 _loss_mutant(reduce=lambda x: x.mean((0, 2, 3)))),
    KnownMistake(_ONE_BIN, lambda logits, bins, p: F.cross_entropy(logits, bins[:, 0])),
    KnownMistake(_ONE_BIN, _loss_of_five(lambda log_q, p: -(p * log_q)[:, 0].mean())),
    KnownMistake("you do not use the probabilities: multiply log q by them.",
                 _loss_of_five(lambda log_q, p: -log_q.sum(1).mean())),
    KnownMistake("you do not use the probabilities: multiply log q by them.",
                 _loss_of_five(lambda log_q, p: -log_q.mean())),
    KnownMistake("this is the logarithm of a sum; the loss is a sum of logarithms.",
                 _loss_of_five(lambda log_q, p: -(p * log_q.exp()).sum(1).log().mean())),
    KnownMistake("q and the probabilities are swapped: the logarithm is of what the network says.",
                 _loss_of_five(lambda log_q, p: -(log_q.exp() * p.log()).sum(1).mean())),
    KnownMistake("this is the squared error of the probabilities, not the cross-entropy.",
                 _loss_of_five(lambda log_q, p: (log_q.exp() - p).square().sum(1).mean())),
    KnownMistake("this is the squared error of the probabilities, not the cross-entropy.",
                 _loss_of_five(lambda log_q, p: (log_q.exp() - p).square().mean())),
    KnownMistake("this is the Kullback-Leibler divergence, which lacks the entropy of the target: "
                 "-probability * log q alone.",
                 _loss_of_five(lambda log_q, p: (p * (p.log() - log_q)).sum(1).mean())),
    KnownMistake("you divide by the sum of the probabilities, which takes the weights of section 5 "
                 "away: divide by the number of pixels.",
                 _loss_of_five(lambda log_q, p: -(p * log_q).sum() / p.sum())),
    KnownMistake("you make the probabilities add up to 1 again, which takes the weights of section "
                 "5 away.", _loss_of_five(
                     lambda log_q, p: -(p / p.sum(1, keepdim=True) * log_q).sum(1).mean())),
]  # fmt: skip

# 9.4 ----------------------------------------------------------------------------------------------
_COUNTS = torch.tensor([500.0, 0, 30, 4, 260, 75])
WEIGHTS_CASES = [
    Case("98 and 2 pixels in two bins", (torch.tensor([98.0, 2.0]),)),
    Case("six bins, one of them empty", (_COUNTS,)),
    Case("the same, uniform 0.1", (_COUNTS, 0.1)),
    Case("the same, uniform 1: all bins weigh alike", (_COUNTS, 1.0)),
]
rebalancing_weights = color_bins.rebalancing_weights


def _scale(weights: Tensor, share: Tensor) -> Tensor:
    return weights / (share * weights).sum()


def _weights_mutant(
    weigh: Callable[[Tensor, float], Tensor] = lambda share, u: 1 / _mix(share, u),
    scale: Callable[[Tensor, Tensor], Tensor] = _scale,
) -> Callable:
    """Return weights that are computed from the shares, or scaled, in another way."""

    def compute(counts: Tensor, uniform: float = 0.5) -> Tensor:
        share = counts / counts.sum()
        return scale(weigh(share, uniform), share)

    return compute


def _mix(share: Tensor, uniform: float) -> Tensor:
    return (1 - uniform) * share + uniform / len(share)


_MEAN_OVER_PIXELS = "the mean over *pixels* is 1: divide by (share * weights).sum()."
_NO_UNIFORM = "you do not use `uniform`: mix it in, so that an empty bin has no infinite weight."
_WRONG_SHARE = "a bin's share is its count divided by the sum of all counts."
WEIGHTS_MISTAKES = [
    KnownMistake("the weights are not scaled: " + _MEAN_OVER_PIXELS,
                 _weights_mutant(scale=lambda w, p: w)),
    KnownMistake("your mean is over the bins: " + _MEAN_OVER_PIXELS,
                 _weights_mutant(scale=lambda w, p: w / w.mean())),
    KnownMistake("your mean is over the bins that are in use: " + _MEAN_OVER_PIXELS,
                 _weights_mutant(scale=lambda w, p: w / w[p > 0].mean())),
    KnownMistake("your weights add up to 1: " + _MEAN_OVER_PIXELS,
                 _weights_mutant(scale=lambda w, p: w / w.sum())),
    KnownMistake("your largest weight is 1: " + _MEAN_OVER_PIXELS,
                 _weights_mutant(scale=lambda w, p: w / w.max())),
    KnownMistake("you multiply by the mean: divide by it.",
                 _weights_mutant(scale=lambda w, p: w * (p * w).sum())),
    KnownMistake("you divide by (counts * weights).sum(), which counts each pixel: use the shares.",
                 lambda c, u=0.5: (
                     1 / _mix(c / c.sum(), u) / (c / _mix(c / c.sum(), u)).sum())),
    KnownMistake("you divide by the mean of share * weights over the bins: use the sum.",
                 _weights_mutant(scale=lambda w, p: w / (p * w).mean())),
    KnownMistake("you return share * weights: return the weights.",
                 _weights_mutant(scale=lambda w, p: p * _scale(w, p))),
    KnownMistake("`uniform` is the wrong way round: 1 - uniform belongs to the share of the "
                 "pixels.", _weights_mutant(lambda p, u: 1 / _mix(p, 1 - u))),
    KnownMistake("the equal share of k bins is 1 / k: uniform / len(counts).",
                 _weights_mutant(lambda p, u: 1 / ((1 - u) * p + u))),
    KnownMistake("the equal share of k bins is 1 / k: uniform / len(counts).",
                 _weights_mutant(lambda p, u: 1 / ((1 - u) * p + u * len(p)))),
    KnownMistake("the equal share of k bins is 1 / k: uniform / len(counts).",
                 lambda c, u=0.5: _scale(1 / ((1 - u) * c / c.sum() + u / c.sum()), c / c.sum())),
    KnownMistake("brackets are missing: 1 / (...) around the whole sum.",
                 _weights_mutant(lambda p, u: 1 / (1 - u) * p + u / len(p))),
    KnownMistake("brackets are missing: 1 / (...) around the whole sum.",
                 _weights_mutant(lambda p, u: 1 / ((1 - u) * p) + u / len(p))),
    KnownMistake("the number of bins is a constant: use len(counts).",
                 _weights_mutant(lambda p, u: 1 / ((1 - u) * p + u / 261))),
    KnownMistake("the number of bins is a constant: use len(counts).",
                 _weights_mutant(lambda p, u: 1 / ((1 - u) * p + u / 313))),
    KnownMistake("the pixels' share is not multiplied by 1 - uniform.",
                 _weights_mutant(lambda p, u: 1 / (p + u / len(p)))),
    KnownMistake("you do not take the inverse: frequent bins get the large weights.",
                 _weights_mutant(_mix)),
    KnownMistake("you do not take the inverse: frequent bins get the large weights.",
                 _weights_mutant(lambda p, u: p)),
    KnownMistake(_NO_UNIFORM, _weights_mutant(lambda p, u: 1 / p)),
    *(KnownMistake(_NO_UNIFORM, _weights_mutant(lambda p, u, e=e: 1 / (p + e)))
      for e in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)),
    KnownMistake(_NO_UNIFORM, lambda c, u=0.5: _scale(1 / (c + 1), c / c.sum())),
    KnownMistake("`uniform` is always 0.5: use the argument.",
                 _weights_mutant(lambda p, u: 1 / _mix(p, 0.5))),
    KnownMistake("you use counts where shares belong: " + _WRONG_SHARE,
                 lambda c, u=0.5: _scale(1 / _mix(c, u), c / c.sum())),
    KnownMistake("you use counts where shares belong: " + _WRONG_SHARE,
                 lambda c, u=0.5: _scale(1 / _mix(c, u), c)),
    KnownMistake("you divide by the number of bins: " + _WRONG_SHARE,
                 lambda c, u=0.5: _scale(1 / _mix(c / len(c), u), c / len(c))),
    KnownMistake("you divide by the largest count: " + _WRONG_SHARE,
                 lambda c, u=0.5: _scale(1 / _mix(c / c.max(), u), c / c.max())),
    KnownMistake("you divide by the largest count: " + _WRONG_SHARE,
                 lambda c, u=0.5: _scale(1 / _mix(c / c.max(), u), c / c.sum())),
    KnownMistake("you average two weights: mix the shares, then take the inverse.",
                 _weights_mutant(lambda p, u: (1 - u) / p + u * len(p))),
    KnownMistake("you take the root of the weights, which the formula does not.",
                 _weights_mutant(lambda p, u: _mix(p, u).rsqrt())),
    KnownMistake("1 - share is not the inverse: all rare bins get nearly the same.",
                 _weights_mutant(lambda p, u: 1 - _mix(p, u))),
    KnownMistake("minus the logarithm is not the inverse: 1 / (...).",
                 _weights_mutant(lambda p, u: -_mix(p, u).log())),
    KnownMistake("the weights are the wrong way round after scaling: divide them by their mean.",
                 _weights_mutant(scale=lambda w, p: (p * w).sum() / w)),
    KnownMistake("this is one number: return the weight of each bin.",
                 _weights_mutant(scale=lambda w, p: (p * w).sum())),
]  # fmt: skip
