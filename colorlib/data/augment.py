"""Random flips, random crops and the order of an epoch, as pure functions of (seed, epoch, index).

Nothing is drawn from a random number generator with a state: the random numbers of an image are a
hash of its index. So an image is changed in the same way in any batch, a resumed run continues as
if it had not stopped, and previews and validation do not change the run. The hash is splitmix64
(Steele, Lea and Flood, 2014), whose values do not depend on the version of any library.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int64, Num
from torch import Tensor

from colorlib.tensor_checks import check_at_least, check_images

# The purposes of random numbers, so that the flips and crops of an image are independent.
_ORDER = 0
_FLIP = 1
_SCALE = 2
_CENTER_X = 3
_CENTER_Y = 4


def epoch_permutation(n: int, seed: int, epoch: int) -> Int64[Tensor, " n"]:
    """Return the numbers 0 to n - 1 in the order of an epoch.

    Args:
        n: the number of images.
        seed: the seed of the run.
        epoch: the number of the epoch.

    Returns:
        (n,) int64, each number once.

    Example:
        >>> epoch_permutation(5, seed=0, epoch=0).sort().values.tolist()
        [0, 1, 2, 3, 4]
        >>> bool((epoch_permutation(5, 0, epoch=1) == epoch_permutation(5, 0, epoch=1)).all())
        True
    """
    keys = hash_uniform(np.arange(n), seed, epoch, _ORDER)
    return torch.from_numpy(np.argsort(keys, kind="stable"))


def augment(
    batch: Num[Tensor, "n 3 h w"],
    indices: Sequence[int] | Tensor,
    seed: int,
    epoch: int,
    horizontal_flip: bool = True,
    min_crop: float | None = None,
) -> Num[Tensor, "n 3 h w"]:
    """Mirror half of the images and cut a random part out of each, on the batch's device.

    Args:
        batch: (n, 3, h, w), uint8 or floating point.
        indices: the indices of the n images in their data set.
        seed: the seed of the run.
        epoch: the number of the epoch.
        horizontal_flip: whether to mirror each image with probability one half.
        min_crop: the smallest share of the sides that a crop keeps, in (0, 1]. A crop has the
            image's proportions, its share is drawn between ``min_crop`` and 1, and it is resized to
            (h, w) bilinearly. None keeps whole images.

    Returns:
        A new batch of the same shape and dtype.

    Raises:
        TypeError, ValueError: not such a batch, another number of indices, or ``min_crop`` outside
            (0, 1].

    Example:
        >>> batch = torch.rand(4, 3, 8, 8)
        >>> four = augment(batch, [0, 1, 2, 3], seed=0, epoch=0, min_crop=0.5)
        >>> two = augment(batch[2:], [2, 3], seed=0, epoch=0, min_crop=0.5)
        >>> bool((two == four[2:]).all())
        True
    """
    check_images("batch", batch, allow_uint8=True)
    check_at_least("seed", seed, 0)
    check_at_least("epoch", epoch, 0)
    indices = np.asarray(torch.as_tensor(indices).cpu(), dtype=np.int64)
    if indices.shape != (len(batch),):
        found = f"indices has shape {indices.shape}"
        raise ValueError(f"{found}; expected ({len(batch)},): one for each image")
    if min_crop is not None:
        if not 0 < min_crop <= 1:
            found = f"min_crop is {min_crop!r}"
            raise ValueError(f"{found}; expected a share of the sides in (0, 1], or None")
        batch = _random_resized_crop(batch, indices, seed, epoch, min_crop)
    if horizontal_flip:
        mirrored = torch.from_numpy(hash_uniform(indices, seed, epoch, _FLIP) < 0.5)
        batch = torch.where(mirrored.to(batch.device)[:, None, None, None], batch.flip(-1), batch)
    return batch


def hash_uniform(indices: np.ndarray, seed: int, epoch: int, purpose: int) -> np.ndarray:
    """Hash (seed, epoch, purpose, index) to float64 numbers in [0, 1), one for each index."""
    state = np.zeros(len(indices), np.uint64)
    for number in (seed, epoch, purpose, indices):
        words = np.asarray(number, dtype=np.int64).astype(np.uint64)
        state = _splitmix64((state ^ words) + np.uint64(0x9E3779B97F4A7C15))
    return (state >> np.uint64(11)).astype(np.float64) / 2**53


def _splitmix64(z: np.ndarray) -> np.ndarray:
    """Mix the bits of uint64 numbers."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _random_resized_crop(
    batch: Tensor, indices: np.ndarray, seed: int, epoch: int, min_scale: float
) -> Tensor:
    """Cut a random part out of each image and resize it to the image's size."""
    scale = min_scale + (1 - min_scale) * hash_uniform(indices, seed, epoch, _SCALE)
    theta = np.zeros((len(batch), 2, 3), np.float32)
    for axis, purpose in enumerate((_CENTER_X, _CENTER_Y)):
        theta[:, axis, axis] = scale
        theta[:, axis, 2] = (1 - scale) * (2 * hash_uniform(indices, seed, epoch, purpose) - 1)
    affine = torch.from_numpy(theta).to(batch.device)
    grid = F.affine_grid(affine, list(batch.shape), align_corners=False)
    crops = F.grid_sample(batch.float(), grid, padding_mode="border", align_corners=False)
    if not batch.is_floating_point():
        crops = crops.round().clamp(0, 255)
    return crops.to(batch.dtype)
