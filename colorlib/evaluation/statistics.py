"""Confidence intervals of a mean gain and of a share of successes."""

from __future__ import annotations

from math import sqrt

import torch
from jaxtyping import Float, Int
from torch import Tensor


def mean_gain_interval(
    gains: Float[Tensor, " n"], photo: Int[Tensor, " n"], draws: Int[Tensor, "k m"]
) -> Float[Tensor, " 3"]:
    """Return the mean gain over photos and its 95 % bootstrap interval (Efron, 1979).

    Whole photos are resampled: crops of one photo are not independent, so they stay together. Each
    photo counts once, however many crops it has.

    Args:
        gains: the score of one system minus that of another, on each of n crops.
        photo: the index of the photo that each crop comes from.
        draws: the indices of the m photos of each of k resamples, ``torch.randint(m, (k, m))``.

    Returns:
        Low end, mean and high end, in the unit of ``gains``.

    Raises:
        ValueError: if the shapes differ from these, a photo below the largest index has no crop, or
            ``draws`` has an index that no photo has.

    Example:
        >>> draws = torch.randint(2, (1000, 2), generator=torch.Generator().manual_seed(0))
        >>> gains, photo = torch.tensor([1.0, 1.0, 3.0]), torch.tensor([0, 0, 1])
        >>> mean_gain_interval(gains, photo, draws).tolist()
        [1.0, 2.0, 3.0]
    """
    if gains.ndim != 1 or photo.shape != gains.shape or draws.ndim != 2 or not gains.numel():
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in (gains, photo, draws))
        raise ValueError(
            f"gains, photo and draws have shapes {shapes}; expected (n,), (n,) and (k, m), n > 0"
        )
    crops = torch.bincount(photo)
    if not crops.all():
        raise ValueError("a photo has no crop; expected photos numbered from 0 without a gap")
    means = torch.zeros(len(crops), dtype=gains.dtype).index_add(0, photo, gains) / crops
    low, high = means[draws].mean(1).quantile(torch.tensor([0.025, 0.975], dtype=gains.dtype))
    return torch.stack([low, means.mean(), high])


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of probabilities that fit ``successes`` of ``trials`` (Wilson, 1927).

    Unlike p ± z sqrt(p (1 - p) / n) it stays within [0, 1], and does not shrink to a point at p = 0
    and 1.

    Args:
        successes: how many of the independent trials succeeded.
        trials: how many trials there were, at least 1.
        z: the quantile of the normal distribution: 1.96 for 95 % confidence.

    Raises:
        ValueError: if there is no trial, or ``successes`` is not between 0 and ``trials``.

    Example:
        >>> [round(end, 3) for end in wilson_interval(10, 10)]
        [0.722, 1.0]
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(
            f"there are {successes} successes in {trials} trials; "
            "expected at least one trial, and no more successes than trials"
        )
    share = successes / trials
    center = share + z**2 / (2 * trials)
    half_width = z * sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    scale = 1 + z**2 / trials
    return max(0.0, (center - half_width) / scale), min(1.0, (center + half_width) / scale)
