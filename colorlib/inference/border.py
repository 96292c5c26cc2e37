"""The frame of a print: found, so that the network sees the photo inside it and nothing else."""

from __future__ import annotations

import torch
from torch import Tensor

from colorlib.tensor_checks import check_images

_FLAT = 1.5  # standard deviation along a row or column, in units of L
_DARK, _LIGHT = 15, 80  # a frame is darker or lighter than this
_LEAST = 0.01  # of the side: a thinner one is left as it is


def find_content(L: Tensor) -> tuple[slice, slice]:
    """Find the rows and columns that a plain black or white frame leaves.

    A network that sees the frame takes it for a part of the scene, and a smaller photo. Only what runs along
    all four sides is a frame: a white sky at the top is none.

    Args:
        L: (1, 1, h, w) as a network sees it, in [-1, 1].

    Returns:
        Rows and columns of the photo; all of them where there is no frame, or nothing within it.

    Example:
        >>> L = torch.rand(1, 1, 50, 80)
        >>> find_content(torch.nn.functional.pad(L, (4, 4, 6, 6), value=1.0))
        (slice(6, 56, None), slice(4, 84, None))
        >>> find_content(L)
        (slice(0, 50, None), slice(0, 80, None))
    """
    check_images("L", L, channels=1)
    plane = 50 * (L[0, 0] + 1)
    whole = [slice(0, side) for side in plane.shape]
    rows = _photo(plane)
    columns = _photo(plane[rows].T) if rows else None
    if not rows or not columns:
        return tuple(whole)
    for found, side in zip((rows, columns), plane.shape, strict=True):
        if min(found.start, side - found.stop) < _LEAST * side:
            return tuple(whole)
    return rows, columns


def _photo(plane: Tensor) -> slice | None:
    """Give the rows between the first and the last one that is no frame; None if there is none."""
    mean = plane.mean(dim=1)
    frame = (plane.std(dim=1, correction=0) < _FLAT) & ((mean < _DARK) | (mean > _LIGHT))
    photo = torch.nonzero(~frame).flatten().tolist()
    return slice(photo[0], photo[-1] + 1) if photo else None
