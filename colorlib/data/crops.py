"""Random squares of the embedded photographs: enough variety to train a small network without a download."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from colorlib.data.sample_photos import sample_photos

if TYPE_CHECKING:
    from torch import Tensor


def sample_photo_crops(
    n: int, size: int = 64, seed: int = 0, split: Literal["train", "test", "all"] = "train"
) -> Tensor:
    """Cut ``n`` random squares, taking the photos in turn, and mirror half of them.

    Crop ``i`` depends on ``seed`` and ``i`` alone: asking for more keeps the first ones. A square's side is
    drawn between a third of the photo's shorter side (at least ``size``) and the whole of it.

    Args:
        n: how many.
        size: side of the result in pixels.
        seed: another seed gives other crops.
        split: as in :func:`colorlib.data.sample_photos`.

    Returns:
        float32, (n, 3, size, size), in [0, 1].

    Example:
        >>> few, more = sample_photo_crops(2, size=16), sample_photo_crops(5, size=16)
        >>> more.shape, bool((more[:2] == few).all())
        (torch.Size([5, 3, 16, 16]), True)
    """
    import torch

    from colorlib.tensor_checks import check_at_least

    check_at_least("n", n, 0)
    check_at_least("size", size, 1)
    pictures = [photo.image() for photo in sample_photos(split)]
    crops = np.empty((n, size, size, 3), np.uint8)
    for i in range(n):
        crops[i] = _crop(pictures[i % len(pictures)], size, random.Random(f"{seed}:{i}"))
    return torch.from_numpy(crops).permute(0, 3, 1, 2).contiguous().float().div_(255)


def _crop(image: Image.Image, size: int, rng: random.Random) -> Image.Image:
    # Only rng.random() is used: Python promises its sequence for every version.
    longest = min(image.size)
    shortest = min(longest, max(size, longest // 3))
    side = shortest + int(rng.random() * (longest - shortest + 1))
    left = int(rng.random() * (image.width - side + 1))
    top = int(rng.random() * (image.height - side + 1))
    box = (left, top, left + side, top + side)
    crop = image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop
