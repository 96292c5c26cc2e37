"""Detection of a print's plain border, so that the network sees only the photo inside it."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from colorlib.tensor_checks import check_images

_MAX_STD = 1.5  # standard deviation of L along a row or column of a border
_BLACK, _WHITE = 15, 80  # the mean L of a border is below or above these
_MIN_BORDER = 0.01  # of the side; thinner borders are ignored


def find_content(L: Float[Tensor, "1 1 h w"]) -> tuple[slice, slice]:
    """Return the rows and columns inside a plain black or white border.

    A network that sees the border takes it for a part of the scene, and sees a smaller photo. Only
    what runs along all four sides is a border: a white sky at the top is not one.

    Args:
        L: (1, 1, h, w) as a network sees it, in [-1, 1].

    Returns:
        Rows and columns; all of them if there is no border, or nothing inside it.

    Example:
        >>> L = torch.rand(1, 1, 50, 80)
        >>> find_content(torch.nn.functional.pad(L, (4, 4, 6, 6), value=1.0))
        (slice(6, 56, None), slice(4, 84, None))
        >>> find_content(L)
        (slice(0, 50, None), slice(0, 80, None))
    """
    check_images("L", L, channels=1)
    plane = 50 * (L[0, 0] + 1)
    h, w = plane.shape
    everything = slice(0, h), slice(0, w)
    rows = _content_rows(plane)
    if rows is None:
        return everything
    columns = _content_rows(plane[rows].T)
    if columns is None:
        return everything
    thinnest_rows = min(rows.start, h - rows.stop)
    thinnest_columns = min(columns.start, w - columns.stop)
    if thinnest_rows < _MIN_BORDER * h or thinnest_columns < _MIN_BORDER * w:
        return everything
    return rows, columns


def _content_rows(plane: Tensor) -> slice | None:
    """Return the rows from the first to the last one that is not border; None if all are."""
    mean = plane.mean(dim=1)
    is_flat = plane.std(dim=1, correction=0) < _MAX_STD
    is_border = is_flat & ((mean < _BLACK) | (mean > _WHITE))
    content = torch.nonzero(~is_border).flatten().tolist()
    return slice(content[0], content[-1] + 1) if content else None
