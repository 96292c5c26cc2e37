"""Flips and crops as a pure function of (seed, epoch, index), and the order of an epoch.

Nothing is drawn from a random state: the numbers of a picture are a hash of its index. So a picture is
changed in the same way whatever batch it is in, a run that is resumed goes on as if it had not stopped, and
previews or validation consume nothing. The hash is splitmix64 (Steele, Lea and Flood, 2014), whose values no
library version can change.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.tensor_checks import check_at_least, check_images

_ORDER, _FLIP, _SIDE, _X, _Y = range(5)  # what a number is drawn for


def epoch_permutation(n: int, seed: int, epoch: int) -> Tensor:
    """Shuffle the numbers 0 to n - 1 for an epoch.

    Args:
        n: how many pictures there are.
        seed: another seed gives another order.
        epoch: each epoch has its own.

    Returns:
        (n,) int64, each number once.

    Example:
        >>> epoch_permutation(5, seed=0, epoch=0).sort().values.tolist()
        [0, 1, 2, 3, 4]
        >>> bool((epoch_permutation(5, 0, epoch=1) == epoch_permutation(5, 0, epoch=1)).all())
        True
    """
    return torch.from_numpy(
        np.argsort(hash_uniform(np.arange(n), seed, epoch, _ORDER), kind="stable")
    )


def augment(
    batch: Tensor,
    indices: Sequence[int] | Tensor,
    seed: int,
    epoch: int,
    flip: bool = True,
    crop: float | None = None,
) -> Tensor:
    """Mirror half of the pictures, and cut a random part of each, on the device that the batch is on.

    Args:
        batch: (n, 3, h, w), uint8 or floating point.
        indices: the n pictures' numbers in their data set.
        seed: another seed gives other flips and crops.
        epoch: so does another epoch.
        flip: whether pictures are mirrored, at odds of one half.
        crop: ``None`` for whole pictures, or a share in (0, 1]: of each picture a part of its own proportions
            is kept, whose sides are drawn between that share and the whole, resized to (h, w) bilinearly.

    Returns:
        A new batch of the same shape and dtype.

    Raises:
        TypeError, ValueError: no such batch, another number of indices, or ``crop`` outside (0, 1].

    Example:
        >>> batch = torch.rand(4, 3, 8, 8)
        >>> both = augment(batch, [0, 1, 2, 3], seed=0, epoch=0, crop=0.5)
        >>> bool((augment(batch[2:], [2, 3], seed=0, epoch=0, crop=0.5) == both[2:]).all())
        True
    """
    check_images("batch", batch, allow_uint8=True)
    check_at_least("seed", seed, 0)
    check_at_least("epoch", epoch, 0)
    indices = np.asarray(torch.as_tensor(indices).cpu(), dtype=np.int64)
    if indices.shape != (len(batch),):
        raise ValueError(
            f"indices has shape {indices.shape}; expected ({len(batch)},): one for each picture"
        )
    if crop is not None:
        if not 0 < crop <= 1:
            raise ValueError(f"crop is {crop!r}; expected a share of the sides in (0, 1], or None")
        batch = _crop(batch, indices, seed, epoch, crop)
    mirrored = torch.from_numpy(hash_uniform(indices, seed, epoch, _FLIP) < 0.5) & flip
    return torch.where(mirrored.to(batch.device)[:, None, None, None], batch.flip(-1), batch)


def hash_uniform(indices: np.ndarray, seed: int, epoch: int, purpose: int) -> np.ndarray:
    """Hash (seed, epoch, purpose, index) to float64 numbers in [0, 1), one for each index."""
    state = np.zeros(len(indices), np.uint64)
    for number in (seed, epoch, purpose, indices):
        words = np.asarray(number, dtype=np.int64).astype(np.uint64)
        state = _mix((state ^ words) + np.uint64(0x9E3779B97F4A7C15))
    return (state >> np.uint64(11)).astype(np.float64) / 2**53


def _mix(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _crop(batch: Tensor, indices: np.ndarray, seed: int, epoch: int, least: float) -> Tensor:
    side = least + (1 - least) * hash_uniform(indices, seed, epoch, _SIDE)
    theta = np.zeros((len(batch), 2, 3), np.float32)
    for axis, purpose in enumerate((_X, _Y)):
        theta[:, axis, axis] = side
        theta[:, axis, 2] = (1 - side) * (2 * hash_uniform(indices, seed, epoch, purpose) - 1)
    grid = F.affine_grid(
        torch.from_numpy(theta).to(batch.device), list(batch.shape), align_corners=False
    )
    cut = F.grid_sample(batch.float(), grid, padding_mode="border", align_corners=False)
    return (cut if batch.is_floating_point() else cut.round().clamp(0, 255)).to(batch.dtype)
