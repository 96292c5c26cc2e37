"""Is one system better than another, or were the photos lucky? An interval for a mean gain."""

from __future__ import annotations

import torch
from torch import Tensor


def mean_gain_interval(gains: Tensor, photo: Tensor, draws: Tensor) -> Tensor:
    """Give the mean gain over photos, between the ends of its 95 % bootstrap interval (Efron, 1979).

    Whole photos are drawn anew: pictures cut from one photo are no independent witnesses, so they come and go
    together. Each photo counts once, however many pictures were cut from it.

    Args:
        gains: (n,) score of one system minus that of another, on the same n pictures.
        photo: (n,) whole numbers from 0: which photo each picture was cut from.
        draws: (k, m) whole numbers: the m photos of each of k draws, ``torch.randint(m, (k, m))``.

    Returns:
        (3,): low end, mean, high end, in the unit of ``gains``.

    Raises:
        ValueError: other shapes, a photo between 0 and the largest has no picture, or is drawn and not there.

    Example:
        >>> draws = torch.randint(2, (1000, 2), generator=torch.Generator().manual_seed(0))
        >>> mean_gain_interval(torch.tensor([1.0, 1.0, 3.0]), torch.tensor([0, 0, 1]), draws).tolist()
        [1.0, 2.0, 3.0]
    """
    if gains.ndim != 1 or photo.shape != gains.shape or draws.ndim != 2 or not gains.numel():
        found = ", ".join(str(tuple(tensor.shape)) for tensor in (gains, photo, draws))
        raise ValueError(
            f"gains, photo and draws have shapes {found}; expected (n,), (n,) and (k, m), n > 0"
        )
    pictures = torch.bincount(photo)
    if not pictures.all():
        raise ValueError("a photo has no picture; expected photos numbered from 0 without a gap")
    means = torch.zeros(len(pictures), dtype=gains.dtype).index_add(0, photo, gains) / pictures
    low, high = means[draws].mean(1).quantile(torch.tensor([0.025, 0.975], dtype=gains.dtype))
    return torch.stack([low, means.mean(), high])
