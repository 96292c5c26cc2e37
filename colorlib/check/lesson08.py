"""The exercises of lesson 8, the papers compared."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from colorlib.check import lesson08_card as card
from colorlib.check import lesson08_label as label
from colorlib.check.graders import Case, FunctionGrader, KnownMistake, SideEffectGrader
from colorlib.evaluation.statistics import mean_gain_interval

_generator = torch.Generator().manual_seed(8)


# 8.1 ----------------------------------------------------------------------------------------------
def _beats_gray(table: Tensor, gray: Tensor, higher: Tensor) -> Tensor:
    """Return where each system is better than gray: (k, c), (c,) and bool (c,) to bool (k, c)."""
    return torch.where(higher, table > gray, table < gray)


_HIGHER = torch.tensor([True, True, False])
_GRAY = torch.tensor([21.3, 0.88, 12.05])
_SYSTEMS = torch.tensor([[22.0, 0.8, 11.0], [20.0, 0.9, 13.0], [21.0, 0.9, 12.0]])
_TABLE_CASES = [
    Case("three systems; PSNR, SSIM and CIEDE2000", (_SYSTEMS, _GRAY, _HIGHER)),
    Case("a system that equals gray", (_GRAY[None], _GRAY, _HIGHER)),
]
_TABLE_MISTAKES = [
    KnownMistake("a lower CIEDE2000 or L1 is better: use < where higher is False.",
                 lambda table, gray, higher: table > gray),
    KnownMistake("your comparison is inverted: where higher is True, the larger number is better.",
                 lambda table, gray, higher: torch.where(higher, table < gray, table > gray)),
    KnownMistake("a system that equals gray does not beat it: use > and <, without =.",
                 lambda table, gray, higher: torch.where(higher, table >= gray, table <= gray)),
    KnownMistake("a system that equals gray does not beat it: where higher is False, use <, not "
                 "the opposite of >.", lambda table, gray, higher: (table > gray) == higher),
    KnownMistake("a system that equals gray does not beat it: use > where higher is True, too.",
                 lambda table, gray, higher: torch.where(higher, table >= gray, table < gray)),
    KnownMistake("a higher PSNR or SSIM is better: use > where higher is True.",
                 lambda table, gray, higher: table < gray),
    KnownMistake("one answer for each system is not enough: return a bool for each column.",
                 lambda table, gray, higher: _beats_gray(table, gray, higher).all(1)),
    KnownMistake("one answer for each system is not enough: return a bool for each column.",
                 lambda table, gray, higher: _beats_gray(table, gray, higher).any(1)),
    KnownMistake("these are differences: return a bool, whether a system is better.",
                 lambda table, gray, higher: torch.where(higher, table - gray, gray - table)),
    KnownMistake("gray has one number for each column, so its shape (c,) fits as it is.",
                 lambda table, gray, higher: _beats_gray(table, gray[:, None], higher)),
    KnownMistake("you count the columns: return a bool for each system and each column.",
                 lambda table, gray, higher: _beats_gray(table, gray, higher).sum(1)),
    KnownMistake("you compare with the mean of the systems: compare with gray.",
                 lambda table, gray, higher: _beats_gray(table, table.mean(0), higher)),
]  # fmt: skip


# 8.2 ----------------------------------------------------------------------------------------------
def _count_weights(
    encoder: list[int], embedding: int, decoder: list[int], kernel: int = 9, bias: int = 1
) -> int:
    """Count the parameters of paper 002's fusion network."""
    pairs = [*pairwise(encoder), *pairwise(decoder)]
    fusion = (encoder[-1] + embedding + bias) * decoder[0]
    return sum((kernel * a + bias) * b for a, b in pairs) + fusion


_ENCODER, _DECODER = [1, 64, 128, 128, 256, 256, 512, 512, 256], [256, 128, 64, 64, 32, 2]
_COUNT_CASES = [
    Case("a toy: 1 to 4 channels, an embedding of 10, then 3 to 2", ([1, 4], 10, [3, 2])),
    Case("the paper's network, with 256 encoder outputs", (_ENCODER, 1001, _DECODER)),
]
_COUNT_MISTAKES = [
    KnownMistake("the biases are missing: one for each output channel.",
                 lambda e, v, d: _count_weights(e, v, d, bias=0)),
    KnownMistake("a 3x3 kernel has 9 weights for each pair of channels; 16 is for 4x4 kernels.",
                 lambda e, v, d: _count_weights(e, v, d, kernel=16)),
    KnownMistake("the fusion is a 1x1 convolution: one weight for each pair of channels, not nine.",
                 lambda e, v, d: _count_weights(e, v, d) + 8 * (e[-1] + v) * d[0]),
    KnownMistake("the fusion is missing: a 1x1 convolution from encoder[-1] + embedding to "
                 "decoder[0] channels.",
                 lambda e, v, d: _count_weights(e, v, d) - (e[-1] + v + 1) * d[0]),
    KnownMistake("the fusion's input is the encoder's output and the embedding: add both.",
                 lambda e, v, d: _count_weights(e, 0, d)),
    KnownMistake("the fusion has biases too: one for each of its decoder[0] channels.",
                 lambda e, v, d: _count_weights(e, v, d) - d[0]),
    KnownMistake("between encoder and decoder there is only the 1x1 fusion, not a 3x3 convolution.",
                 lambda e, v, d: sum((9 * a + 1) * b for a, b in pairwise([*e, *d]))),
    KnownMistake("between encoder and decoder there is only the 1x1 fusion, not also a 3x3 "
                 "convolution.",
                 lambda e, v, d: _count_weights(e, v, d) + (9 * e[-1] + 1) * d[0]),
    KnownMistake("the decoder is missing.", lambda e, v, d: _count_weights(e, v, d[:1])),
    KnownMistake("the encoder is missing.", lambda e, v, d: _count_weights(e[-1:], v, d)),
    KnownMistake("the fusion sees the encoder's last channels, too: encoder[-1] + embedding.",
                 lambda e, v, d: _count_weights(e, v, d) - e[-1] * d[0]),
    KnownMistake("the biases of the 3x3 convolutions are missing: one for each output channel.",
                 lambda e, v, d: _count_weights(e, v, d) - sum(e[1:]) - sum(d[1:])),
    KnownMistake("a convolution has one bias for each output channel, not one for the layer.",
                 lambda e, v, d: _count_weights(e, v, d) - sum(e[1:]) - sum(d[1:])
                 + len(e) + len(d) - 2),
    KnownMistake("a convolution has one bias for each output channel, not for each input channel.",
                 lambda e, v, d: _count_weights(e, v, d) - sum(e[1:]) - sum(d[1:])
                 + sum(e[:-1]) + sum(d[:-1])),
    KnownMistake("a 3x3 kernel has 9 weights for each pair of channels, not 3.",
                 lambda e, v, d: _count_weights(e, v, d, kernel=3)),
    KnownMistake("the last layer is missing.", lambda e, v, d: _count_weights(e, v, d[:-1])),
    KnownMistake("return the number itself, not millions.",
                 lambda e, v, d: _count_weights(e, v, d) / 1e6),
    KnownMistake("return the number itself, not a text.",
                 lambda e, v, d: f"{_count_weights(e, v, d):,}"),
    KnownMistake("return the number itself, not a text.",
                 lambda e, v, d: str(_count_weights(e, v, d))),
]  # fmt: skip


# 8.3 ----------------------------------------------------------------------------------------------
def _photo_means(gains: Tensor, photo: Tensor) -> Tensor:
    return torch.stack([gains[photo == p].mean() for p in range(int(photo.max()) + 1)])


def _photo_sums(gains: Tensor, photo: Tensor) -> Tensor:
    return torch.stack([gains[photo == p].sum() for p in range(int(photo.max()) + 1)])


def _normal_interval(values: Tensor, mean: Tensor | None = None) -> Tensor:
    center, half = values.mean(), 1.96 * values.std()
    return torch.stack([center - half, center if mean is None else mean, center + half])


def _draw_means(gains: Tensor, photo: Tensor, draws: Tensor) -> Tensor:
    return _photo_means(gains, photo)[draws].mean(1)


def _interval(values: Tensor, mean: Tensor, low: float = 0.025, high: float = 0.975) -> Tensor:
    return torch.stack([values.quantile(low), mean, values.quantile(high)])


def _quantiles_mutant(low: float, high: float) -> Callable:
    return lambda gains, photo, draws: _interval(
        _draw_means(gains, photo, draws), _photo_means(gains, photo).mean(), low, high
    )


_PHOTO = torch.arange(8).repeat_interleave(torch.tensor([5, 2, 4, 3, 1, 2, 3, 4]))
_GAINS = torch.tensor([1.0, -0.5, 2.0, 0.3, 0.8, -0.1, 1.4, 0.5])[_PHOTO]
_GAINS = _GAINS + 0.2 * torch.randn(24, generator=_generator)
_DRAWS = torch.randint(8, (200, 8), generator=_generator)
_FEWER_DRAWS = torch.randint(3, (50, 3), generator=_generator)
_BOOTSTRAP_CASES = [
    Case("24 images of eight photos, 200 draws", (_GAINS, _PHOTO, _DRAWS)),
    Case("6 images of three photos, 50 draws",
         (_GAINS[:6] * 3, torch.tensor([0, 1, 2, 0, 1, 2]), _FEWER_DRAWS)),
    Case("a photo that is never drawn", (_GAINS, _PHOTO, _DRAWS.clamp(max=6))),
]  # fmt: skip
_BOOTSTRAP_MISTAKES = [
    KnownMistake("draws are indices of photos, not images: compute each photo's mean gain first.",
                 lambda g, p, d: _interval(g[d].mean(1), _photo_means(g, p).mean())),
    KnownMistake("draws are indices of photos, and you use them for images: compute each photo's "
                 "mean gain first.", lambda g, p, d: _interval(g[d].mean(1), g[d].mean())),
    KnownMistake("draws are indices of photos, and gains[draws] takes images: compute each photo's "
                 "mean gain first.", lambda g, p, d: _interval(g[d].mean(1), g.mean())),
    KnownMistake("these are draws of single gains: take the mean of each draw, .mean(1).",
                 lambda g, p, d: _interval(_photo_means(g, p)[d].flatten(),
                                           _photo_means(g, p).mean())),
    KnownMistake("you add up a photo's gains: a photo with many images is not better. Take means.",
                 lambda g, p, d: _interval(_photo_sums(g, p)[d].mean(1), _photo_sums(g, p).mean())),
    KnownMistake("the mean of the draws is random, and so is their median: return the mean over "
                 "the photos.",
                 lambda g, p, d: _interval(_draw_means(g, p, d), _draw_means(g, p, d).median())),
    KnownMistake("take the mean of each draw, not its median.",
                 lambda g, p, d: _interval(_photo_means(g, p)[d].median(1).values,
                                           _photo_means(g, p).mean())),
    KnownMistake("1.96 deviations are not the bootstrap: use the quantiles of the draws.",
                 lambda g, p, d: _normal_interval(_draw_means(g, p, d))),
    KnownMistake("1.96 deviations are not the bootstrap: use the quantiles of the draws.",
                 lambda g, p, d: _normal_interval(_draw_means(g, p, d), _photo_means(g, p).mean())),
    KnownMistake("return one tensor: torch.stack([low, mean, high]).",
                 lambda g, p, d: tuple(mean_gain_interval(g, p, d))),
    KnownMistake("return one tensor: torch.stack([low, mean, high]) of tensors, not of floats.",
                 lambda g, p, d: mean_gain_interval(g, p, d).tolist()),
    KnownMistake("the order is low end, mean, high end: yours is reversed.",
                 lambda g, p, d: mean_gain_interval(g, p, d).flip(0)),
    KnownMistake("the mean of the draws is random: return the mean over the photos.",
                 lambda g, p, d: _interval(_draw_means(g, p, d), _draw_means(g, p, d).mean())),
    KnownMistake("the mean is missing: return low end, mean, high end.",
                 lambda g, p, d: mean_gain_interval(g, p, d)[[0, 2]]),
    KnownMistake("you average over the draws; each draw is a row, so use dimension 1.",
                 lambda g, p, d: _interval(_photo_means(g, p)[d].mean(0),
                                           _photo_means(g, p).mean())),
    KnownMistake("these quantiles leave out 5 % at each end; a 95 % interval leaves out 2.5 %.",
                 _quantiles_mutant(0.05, 0.95)),
    KnownMistake("photos with many images count more in your mean: average the photos' means.",
                 lambda g, p, d: _interval(_draw_means(g, p, d), g.mean())),
    KnownMistake("you return the lowest and the highest draw: use quantiles 0.025 and 0.975.",
                 _quantiles_mutant(0.0, 1.0)),
    KnownMistake("the order is low end, mean, high end.",
                 lambda g, p, d: mean_gain_interval(g, p, d)[[1, 0, 2]]),
]  # fmt: skip


# 8.4 ----------------------------------------------------------------------------------------------
def _score_of_best_seed(validation: Tensor, test: Tensor) -> Tensor:
    """Return the test score of the seed with the best validation score: (k, n), (k, m) to ()."""
    return test.mean(1)[validation.mean(1).argmax()]


def _random_scores(seed: int, k: int, n: int, m: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)  # 3457: each mistake has another result
    scores = [20 + torch.randn((k, count), generator=generator) for count in (n, m)]
    return scores[0], scores[1]


_SEED_CASES = [
    Case("12 seeds, 8 validation and 13 test photos", _random_scores(3457, 12, 8, 13)),
    Case("3 seeds, 4 validation and 9 test photos", _random_scores(1, 3, 4, 9)),
]
_SEED_MISTAKES = [
    KnownMistake("this behaves like the broken function: the test photos choose the seed.",
                 lambda validation, test: test.mean(1).max()),
    KnownMistake("this is the validation score of the chosen seed: return its test score.",
                 lambda validation, test: validation.mean(1).max()),
    KnownMistake("the test photos influence the choice: choose by the validation photos only.",
                 lambda validation, test: test.mean(1)[
                     torch.cat([validation, test], dim=1).mean(1).argmax()]),
    KnownMistake("these are the chosen seed's scores on each test photo: return their mean.",
                 lambda validation, test: test[validation.mean(1).argmax()]),
    KnownMistake("this chooses the worst seed: a higher validation score is better.",
                 lambda validation, test: test.mean(1)[validation.mean(1).argmin()]),
    KnownMistake("this is the chosen seed's number: return its test score.",
                 lambda validation, test: validation.mean(1).argmax()),
    KnownMistake("this is the first seed's test score: return that of the chosen seed.",
                 lambda validation, test: test.mean(1)[0]),
    KnownMistake("the median over all seeds chooses by the test photos: choose by the validation "
                 "photos.", lambda validation, test: test.mean(1).median()),
    KnownMistake("this chooses the median seed: choose the best one, .argmax().",
                 lambda validation, test: test.mean(1)[
                     validation.mean(1).argsort()[len(validation) // 2]]),
    KnownMistake("the best single photo chooses: take each seed's mean first, validation.mean(1).",
                 lambda validation, test: test.mean(1)[validation.max(1).values.argmax()]),
    KnownMistake("mean(0) is the mean over the seeds, so this chooses a photo: use "
                 "validation.mean(1).",
                 lambda validation, test: test.mean(1)[validation.mean(0).argmax()]),
    KnownMistake("this is a column, one photo's scores: the chosen seed is a row, test[best].",
                 lambda validation, test: test[:, validation.mean(1).argmax()].mean()),
    KnownMistake("this is one photo's score: return the mean over the test photos.",
                 lambda validation, test: test[validation.mean(1).argmax()].max()),
    KnownMistake("the mean over all seeds is also honest, but here you return the chosen seed.",
                 lambda validation, test: test.mean()),
]  # fmt: skip

_TABLE_ERRORS = {
    "is ambiguous": "higher has one bool for each column, and `if`, `and`, `or` need a single one: "
    "torch.where(higher, ..., ...) chooses for each column.",
}
_BOOTSTRAP_ERRORS = {
    "is out of bounds": "there is one photo too few: the last photo has the number "
    "int(photo.max()), so range needs + 1.",
    "q values must be in the range": "quantiles are shares, between 0 and 1: 0.025 and 0.975.",
    "must be the same dtype": "the quantiles must have the type of the gains: torch.tensor(...) of "
    "floats.",
}
_SEED_ERRORS = {
    "tensors used as indices": "max() returns the best score; argmax() returns the number of its "
    "seed, which is an index.",
}
GRADERS = {
    "8.1": FunctionGrader(_beats_gray, _TABLE_CASES, _TABLE_MISTAKES, error_causes=_TABLE_ERRORS),
    "8.2": FunctionGrader(_count_weights, _COUNT_CASES, _COUNT_MISTAKES),
    "8.3": FunctionGrader(
        mean_gain_interval,
        _BOOTSTRAP_CASES,
        _BOOTSTRAP_MISTAKES,
        tolerance=1e-4,
        error_causes=_BOOTSTRAP_ERRORS,
    ),
    "8.4": FunctionGrader(
        _score_of_best_seed,
        _SEED_CASES,
        _SEED_MISTAKES,
        tolerance=1e-4,
        accepts_numbers=True,
        error_causes=_SEED_ERRORS,
    ),
    "8.5": SideEffectGrader(card.model_card, card.CASES, card.MISTAKES, run=card.run_model_card),
    "8.6": SideEffectGrader(
        label.label, label.CASES, label.MISTAKES, run=label.run_label, error_causes=label.ERRORS
    ),
}
