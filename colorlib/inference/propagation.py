"""Propagation of colour hints over a photo: Levin's optimization, at a bounded size, enlarged.

A person says the colour of a few pixels, and all others follow: neighbours of similar lightness get
similar colours (Levin, Lischinski and Weiss, "Colorization using optimization", SIGGRAPH 2004).
:mod:`colorlib.inference.hints` reads hints, and uses this for whole photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import scipy.sparse
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from scipy.sparse.linalg import splu
from torch import Tensor

from colorlib.tensor_checks import check_images

PULL = 1e-7  # of the prior against hints: see propagate_hints
_VARIANCE_FACTOR = 0.2  # 2σ² is this share of the variance of L in the window
_LEAST_WEIGHT = 1e-7  # connects all pixels, so that the system has one solution
_MIN_VARIANCE = 3e-4  # of L in [-1, 1]: differences of one unit of lightness are noise
_SHORTER_SIDE, _LONGER_SIDE = 256, 1024  # the largest size of the linear system
_SIMILARITY = 0.1  # the standard deviation of L in the enlargement: 5 units of lightness
_LEAST_SIMILARITY = 1e-4  # where no neighbour has the pixel's lightness, all of them count
_STRIP_HEIGHT = 128  # rows enlarged at a time: a large photo takes little memory


def apply_hints(
    L: Float[Tensor, "1 1 h w"],
    ab: Float[Tensor, "1 2 h w"],
    mask: Bool[Tensor, "1 1 h w"],
    prior: Float[Tensor, "1 2 h w"] | None = None,
    *,
    pull: float = PULL,
) -> Float[Tensor, "1 2 h w"]:
    """Propagate hints over a photo of any size.

    The linear system of :func:`propagate_hints` is solved for a smaller copy of a photo with a
    shorter side of more than 256 pixels, or a longer one of more than 1024. What the hints change
    is enlarged by :func:`enlarge_guided`, so that the prior keeps its own details.

    Args:
        L, ab, mask, prior, pull: As in :func:`propagate_hints`.

    Returns:
        (1, 2, h, w), in the unit of ``ab``. Hints are kept exactly; without any, it is the prior.

    Example:
        >>> L = torch.zeros(1, 1, 300, 260)
        >>> mask = torch.zeros(1, 1, 300, 260, dtype=torch.bool)
        >>> mask[..., 5, 7] = True
        >>> blue = torch.tensor([0.1, -0.4]).view(1, 2, 1, 1).expand(1, 2, 300, 260)
        >>> apply_hints(L, blue, mask)[0, :, 299, 259]
        tensor([ 0.1000, -0.4000])
    """
    _check_hints(L, ab, mask, prior)
    if not mask.any():
        return torch.zeros_like(ab) if prior is None else prior.clone()
    h, w = L.shape[-2:]
    scale = min(1, _SHORTER_SIDE / min(h, w), _LONGER_SIDE / max(h, w))
    if scale == 1:
        return propagate_hints(L, ab, mask, prior, pull=pull)
    size = max(round(scale * h), 1), max(round(scale * w), 1)
    share = F.adaptive_avg_pool2d(mask.float(), size)
    small_ab = F.adaptive_avg_pool2d(ab * mask, size) / share.clamp(min=1e-12)
    small_L = F.adaptive_avg_pool2d(L, size)
    small_prior = None if prior is None else F.adaptive_avg_pool2d(prior, size)
    change = propagate_hints(small_L, small_ab, share > 0, small_prior, pull=pull)
    if small_prior is not None:
        change -= small_prior
    result = enlarge_guided(change, small_L, L)
    if prior is not None:
        result += prior
    return torch.where(mask, ab.to(result), result)


def propagate_hints(
    L: Float[Tensor, "1 1 h w"],
    ab: Float[Tensor, "1 2 h w"],
    mask: Bool[Tensor, "1 1 h w"],
    prior: Float[Tensor, "1 2 h w"] | None = None,
    *,
    pull: float = PULL,
) -> Float[Tensor, "1 2 h w"]:
    """Compute a colour for every pixel from hints, by the optimization of Levin et al. (2004).

    Each pixel r without a hint should have the weighted mean of its up to eight neighbours s: the
    sum over r of (U(r) - sum over s of w_rs U(s))² is smallest, where w_rs is proportional to
    exp(-(L(r) - L(s))² / 2σ_r²), and the weights of a pixel have the sum 1. 2σ_r² is 0.2 times the
    variance of L in the window around r. (The authors' code has 0.6, which lets more colour leak
    through faint edges.) There are as many terms as values to find, so the smallest sum is 0, and
    one sparse linear system gives it. All colours are between those of the hints. Counting the
    pixels with hints as well, which is another reading of the paper's equation 1, leaves a
    remainder, and colours go far beyond those of the hints.

    With a prior, such as a network's output, U is not the colour but its difference from the
    prior, and each pixel without a hint has a weak pull towards 0: (1 + pull) U(r) is the weighted
    mean of its neighbours. So hints overrule the prior in what the photo connects to them, the
    prior's own details stay, and what leaks through an edge fades.

    Args:
        L: (1, 1, h, w) in [-1, 1].
        ab: Colours in any unit; only those under the mask are read.
        mask: Where the hints are.
        prior: Colours in the same unit; without it, the prior is gray and has no pull.
        pull: At least 0. In an even part of a photo, a single hint's effect falls off over about
            0.6 / sqrt(pull) pixels: with the default, it covers the whole part.

    Returns:
        (1, 2, h, w), in the unit of ``ab``. Hints are kept exactly; without any, it is the prior.

    Raises:
        TypeError, ValueError: If the tensors do not have these shapes.

    Example:
        >>> L = torch.tensor([-0.5, -0.5, -0.5, 0.5, 0.5, 0.5]).view(1, 1, 1, 6)
        >>> ab = torch.zeros(1, 2, 1, 6)
        >>> ab[..., 0], ab[..., 5] = -1, 1
        >>> propagate_hints(L, ab, ab[:, :1] != 0)[0, 0, 0].round(decimals=1).tolist()
        [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]
    """
    _check_hints(L, ab, mask, prior)
    base = torch.zeros_like(ab) if prior is None else prior
    known = mask.flatten().numpy()
    if not known.any():
        return base.clone()
    if prior is None:
        pull = 0.0
    change = torch.where(mask, ab - base, 0).reshape(2, -1).T.double().numpy()
    weights = neighbor_weights(L)
    free = ~known
    system = ((1 + pull) * scipy.sparse.eye_array(len(known), format="csr") - weights)[free]
    if free.any():
        # The rows are diagonally dominant, so that no row needs to be exchanged; this order of the
        # columns and this mode are those for a matrix whose pattern is symmetric.
        factors = splu(
            system[:, free].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0,
            options={"SymmetricMode": True},
        )
        change[free] = factors.solve(-(system[:, known] @ change[known]))
    result = base + torch.from_numpy(change.T.reshape(ab.shape)).to(base)
    return torch.where(mask, ab, result)


def neighbor_weights(L: Float[Tensor, "1 1 h w"]) -> scipy.sparse.csr_array:
    """Return Levin's weights w_rs as a sparse matrix (h w, h w): row r is for pixel r.

    Example:
        >>> neighbor_weights(torch.zeros(1, 1, 1, 3)).toarray()
        array([[0. , 1. , 0. ],
               [0.5, 0. , 0.5],
               [0. , 1. , 0. ]])
    """
    plane = L[0, 0].double().numpy()
    index = np.arange(plane.size).reshape(plane.shape)
    neighbors = _windows(index, outside=-1)
    exists = neighbors >= 0
    values = _windows(plane, outside=np.nan)
    variance = np.maximum(np.nanvar(values, axis=1, keepdims=True), _MIN_VARIANCE)
    similarity = np.exp(-((values - plane.reshape(-1, 1)) ** 2) / (_VARIANCE_FACTOR * variance))
    similarity = np.maximum(similarity, _LEAST_WEIGHT)
    exists[:, 4] = False  # a pixel is not its own neighbour
    similarity[~exists] = 0
    weights = similarity / np.maximum(similarity.sum(axis=1, keepdims=True), 1e-300)
    rows = np.nonzero(exists)[0]
    return scipy.sparse.csr_array(
        (weights[exists], (rows, neighbors[exists])), shape=(plane.size, plane.size)
    )


def enlarge_guided(
    ab: Float[Tensor, "1 c h_small w_small"],
    small_L: Float[Tensor, "1 1 h_small w_small"],
    L: Float[Tensor, "1 1 h w"],
) -> Float[Tensor, "1 c h w"]:
    """Enlarge colours so that their edges are where those of a photo's lightness are.

    Joint bilateral upsampling (Kopf, Cohen, Lischinski and Uyttendaele, SIGGRAPH 2007): each pixel
    has the weighted mean of nine pixels of the small image. A weight is the product of a quadratic
    B-spline of the distance and a Gaussian of the difference in L.

    Example:
        >>> L = torch.tensor([-0.5, -0.5, -0.5, 0.5, 0.5, 0.5]).view(1, 1, 1, 6)
        >>> small_L = torch.tensor([-0.5, 0.5]).view(1, 1, 1, 2)
        >>> enlarge_guided(small_L, small_L, L).flatten().round(decimals=2).tolist()
        [-0.5, -0.5, -0.5, 0.5, 0.5, 0.5]
    """
    h, w = L.shape[-2:]
    rows, row_weights = _nearest_three(small_L.shape[-2], h)
    columns, column_weights = _nearest_three(small_L.shape[-1], w)
    result = torch.empty(1, ab.shape[1], h, w)
    for top in range(0, h, _STRIP_HEIGHT):
        strip = slice(top, top + _STRIP_HEIGHT)
        total = torch.zeros_like(result[..., strip, :])
        weight_sum = torch.zeros_like(total[:, :1])
        for i, j in product(range(3), repeat=2):
            near = (..., rows[i, strip, None], columns[j])
            difference = L[..., strip, :] - small_L[near]
            similarity = torch.exp(-(difference**2) / (2 * _SIMILARITY**2)) + _LEAST_SIMILARITY
            weight = row_weights[i, strip, None] * column_weights[j] * similarity
            total += weight * ab[near]
            weight_sum += weight
        result[..., strip, :] = total / weight_sum
    return result


def _windows(plane: np.ndarray, outside: float) -> np.ndarray:
    """Return the 3 x 3 window around each pixel of (h, w): (h w, 9)."""
    padded = np.pad(plane, 1, constant_values=outside)
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).reshape(-1, 9)


def _nearest_three(small: int, large: int) -> tuple[Tensor, Tensor]:
    """Return, for each of ``large`` pixels, three of ``small`` ones and their weights: (3, large).

    The weights are a quadratic B-spline, whose sum is 1.
    """
    place = (torch.arange(large) + 0.5) * (small / large) - 0.5
    nearest = place.round()
    t = place - nearest
    weights = torch.stack([(0.5 - t) ** 2 / 2, 0.75 - t**2, (0.5 + t) ** 2 / 2])
    indices = torch.stack([nearest - 1, nearest, nearest + 1]).long()
    return indices.clamp(0, small - 1), weights


def _check_hints(L: Tensor, ab: Tensor, mask: Tensor, prior: Tensor | None) -> None:
    check_images("L", L, channels=1)
    size = tuple(L.shape[-2:])
    shapes: dict[str, tuple[Tensor | None, Sequence[int]]] = {
        "L": (L, (1, 1, *size)),
        "ab": (ab, (1, 2, *size)),
        "mask": (mask, (1, 1, *size)),
        "prior": (prior, (1, 2, *size)),
    }
    for name, (tensor, shape) in shapes.items():
        if tensor is not None and tuple(tensor.shape) != shape:
            found = f"{name} has shape {tuple(tensor.shape)}"
            raise ValueError(f"{found}; expected {shape}: one photo at a time, all of its size")
    if mask.dtype != torch.bool:
        raise TypeError(f"mask has dtype {mask.dtype}; expected bool: compare it, as in mask > 0")
