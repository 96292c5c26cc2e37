"""The steps between sRGB, linear RGB, CIE XYZ and CIE Lab, on tensors, and the edge of the gamut.

Lesson 1 builds the steps, one function for each arrow::

    sRGB --srgb_to_linear--> linear RGB --linear_to_xyz--> XYZ --xyz_to_lab--> Lab
    sRGB <--linear_to_srgb-- linear RGB <--xyz_to_linear-- XYZ <--lab_to_xyz-- Lab

Every step takes and returns floating-point tensors (n, 3, ...) and computes in float32. White point
D65, 2-degree observer. The matrix and the constants are those of scikit-image, so that the numbers
agree with it. The matrix is written out as sums of products, because a matrix product may silently
run in TF32 or bfloat16.

Sources: IEC 61966-2-1:1999 (sRGB); CIE 15:2004 (XYZ and L*a*b* of 1976).
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

#: Linear RGB -> XYZ for sRGB's primaries and a D65 white, six digits as in scikit-image.
XYZ_FROM_RGB = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
RGB_FROM_XYZ = tuple(map(tuple, torch.tensor(XYZ_FROM_RGB, dtype=torch.float64).inverse().tolist()))
#: XYZ of the D65 white, 2-degree observer, with Y = 1.
WHITE = (0.95047, 1.0, 1.08883)
# Linear RGB this far outside [0, 1] still counts as inside: it is float32 noise, not a colour.
_GAMUT_EPS = 1e-4
# Clipping may still move L and ab by this much. Rounding to 8 bits moves them about as much.
_L_TOLERANCE = 0.3
_AB_TOLERANCE = 1.5
_TABLE_SHAPE = (301, 1081)  # the largest chroma by L and hue, in steps of a third
_TABLE_TOLERANCE = 0.15  # units of chroma
_LARGEST_CHROMA = 140.0  # more than any colour of sRGB has: its blue has 134
_SEARCH_TILE = 2**15  # colours searched at a time: they stay in the processor's cache


def srgb_to_linear(srgb: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Undo sRGB's gamma: encoded values in [0, 1] to values proportional to light, in [0, 1].

    Example:
        >>> srgb_to_linear(torch.tensor([0.0, 0.5, 1.0])).round(decimals=3).tolist()
        [0.0, 0.214..., 1.0]
    """
    srgb = srgb.float()
    curve = ((srgb.clamp(min=0.04045) + 0.055) / 1.055).pow(2.4)
    return torch.where(srgb > 0.04045, curve, srgb / 12.92)


def linear_to_srgb(linear: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Apply sRGB's gamma: values proportional to light in [0, 1] to encoded values in [0, 1]."""
    linear = linear.float()
    curve = 1.055 * linear.clamp(min=0.0031308).pow(1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curve, 12.92 * linear)


def linear_to_xyz(linear: Float[Tensor, "n 3 *sides"]) -> Float[Tensor, "n 3 *sides"]:
    """Convert linear RGB (n, 3, ...) to CIE XYZ, with Y = 1 for white."""
    return _apply_matrix(XYZ_FROM_RGB, _unbind_channels("linear", linear))


def xyz_to_linear(xyz: Float[Tensor, "n 3 *sides"]) -> Float[Tensor, "n 3 *sides"]:
    """Convert CIE XYZ (n, 3, ...) to linear RGB; colours that sRGB lacks are outside [0, 1]."""
    return _apply_matrix(RGB_FROM_XYZ, _unbind_channels("xyz", xyz))


def xyz_to_lab(xyz: Float[Tensor, "n 3 *sides"]) -> Float[Tensor, "n 3 *sides"]:
    """Convert CIE XYZ (n, 3, ...) to Lab: :func:`lab_f` of each channel, then differences.

    Example:
        >>> xyz_to_lab(torch.tensor([WHITE])).round().abs().tolist()
        [[100.0, 0.0, 0.0]]
    """
    x, y, z = _unbind_channels("xyz", xyz)
    fx, fy, fz = lab_f(x / WHITE[0]), lab_f(y / WHITE[1]), lab_f(z / WHITE[2])
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], dim=1)


def lab_to_xyz(lab: Float[Tensor, "n 3 *sides"]) -> Float[Tensor, "n 3 *sides"]:
    """Convert Lab (n, 3, ...) to CIE XYZ, with Y = 1 for white."""
    L, a, b = _unbind_channels("lab", lab)
    fy = (L + 16) / 116
    x, y, z = lab_f_inverse(fy + a / 500), lab_f_inverse(fy), lab_f_inverse(fy - b / 200)
    return torch.stack([x * WHITE[0], y * WHITE[1], z * WHITE[2]], dim=1)


def lab_f(t: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Compute CIE's *f* of X, Y or Z relative to white: a cube root, a straight line near black."""
    # The clamp keeps the unused branch away from the cube root's infinite slope at 0: no NaN in
    # gradients. exp(log / 3) is the cube root in half the time that pow takes.
    return torch.where(t > 0.008856, (t.clamp(min=0.008856).log() / 3).exp(), 7.787 * t + 16 / 116)


def lab_f_inverse(f: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Compute the inverse of :func:`lab_f`."""
    return torch.where(f > 0.2068966, f * f * f, (f - 16 / 116) / 7.787)


def in_gamut(lab: Float[Tensor, "n 3 *sides"]) -> Bool[Tensor, "n ..."]:
    """Return for each colour of (n, 3, ...) Lab whether sRGB can show it.

    Example:
        >>> in_gamut(torch.tensor([[50.0, 0.0, 0.0], [50.0, 0.0, -120.0]])).tolist()
        [True, False]
    """
    linear = xyz_to_linear(lab_to_xyz(lab))
    return ((linear >= -_GAMUT_EPS) & (linear <= 1 + _GAMUT_EPS)).all(dim=1)


def nearly_in_gamut(lab: Float[Tensor, "n 3 *sides"]) -> Bool[Tensor, "n ..."]:
    """Return for each colour of (n, 3, ...) Lab whether clipping hardly moves it: bool (n, ...)."""
    clipped = xyz_to_linear(lab_to_xyz(lab)).clamp(0, 1)
    L, a, b = (xyz_to_lab(linear_to_xyz(clipped)) - lab).unbind(1)
    # Squares and a sum: Tensor.norm takes longer than all of the rest.
    return (L.abs() <= _L_TOLERANCE) & (a * a + b * b <= _AB_TOLERANCE**2)


@torch.no_grad()
def chroma_share(lab: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n h w"]:
    """Return the share of their chroma that Lab colours (n, 3, h, w) may keep to be in the gamut.

    The largest chroma for an L and a hue is read from a table. Where the edge of the gamut bends
    too sharply for a table, the table holds NaN, and :func:`bisect_chroma` finds the edge.

    Returns:
        (n, h, w): 1 for colours that :func:`in_gamut` accepts; others end where
        :func:`nearly_in_gamut` draws the edge, with an error of less than half a unit of chroma.

    Example:
        >>> chroma_share(torch.tensor([50.0, 30.0, -120.0]).view(1, 3, 1, 1)).item()
        0.56...
    """
    L, a, b = lab.float().unbind(1)
    table = _max_chroma_table(lab.device).expand(len(lab), 1, -1, -1)
    position = torch.stack([torch.atan2(b, a) / math.pi, L / 50 - 1], dim=-1)  # in [-1, 1]
    share = F.grid_sample(table, position, align_corners=True)[:, 0] / torch.hypot(a, b)
    share = share.clamp(max=1)
    unknown = share.isnan()
    if unknown.any():
        colors = lab.movedim(1, 0)[:, unknown]  # (3, number of colours)
        parts = colors.split(_SEARCH_TILE, dim=1)
        share[unknown] = torch.cat([_share_outside(part) for part in parts])
    return share


def bisect_chroma(lab: Float[Tensor, "n 3 *sides"], steps: int = 12) -> Float[Tensor, "n ..."]:
    """Return what :func:`chroma_share` does, by bisecting the line from each colour to its gray.

    Twelve steps find the edge of the gamut to better than 0.05 units of chroma, nine to 0.3.
    """
    L, a, b = _unbind_channels("lab", lab)
    share = torch.zeros_like(L)
    for step in range(1, steps + 1):
        middle = share + 0.5**step
        share += nearly_in_gamut(torch.stack([L, a * middle, b * middle], dim=1)) * 0.5**step
    return share


def _share_outside(colors: Tensor) -> Tensor:
    """Bisect those of the (3, k) Lab colours that are outside the gamut; others may keep all."""
    outside = ~in_gamut(colors[None])[0]
    share = torch.ones_like(colors[0])
    share[outside] = bisect_chroma(colors[None, :, outside], steps=9)[0]
    return share


@lru_cache
def _max_chroma_table(device: torch.device) -> Tensor:
    """Return the largest chroma in the gamut by L (rows) and hue (columns); NaN where it bends."""
    rows, columns = _TABLE_SHAPE
    L = torch.linspace(0, 100, rows)[:, None].expand(rows, columns)
    hue = torch.linspace(-math.pi, math.pi, columns)
    a, b = (_LARGEST_CHROMA * line.expand(rows, columns) for line in (hue.cos(), hue.sin()))
    tiles = torch.stack([L, a, b])[None].split(_SEARCH_TILE // columns, dim=2)
    table = _LARGEST_CHROMA * torch.cat([bisect_chroma(tile) for tile in tiles], dim=1)[None]
    # Every second value is left out. Where the others do not give it back, the edge bends.
    between = F.interpolate(table[..., ::2, ::2], _TABLE_SHAPE, mode="bilinear", align_corners=True)
    bends = F.max_pool2d(((between - table).abs() > _TABLE_TOLERANCE).float(), 3, 1, 1) > 0
    return table.masked_fill(bends, math.nan).to(device)


def _unbind_channels(name: str, colors: Tensor) -> tuple[Tensor, ...]:
    if colors.ndim < 2 or colors.shape[1] != 3:
        found = f"{name} has shape {tuple(colors.shape)}"
        raise ValueError(f"{found}; expected (n, 3, ...): three channels")
    return colors.float().unbind(1)


def _apply_matrix(matrix: tuple[tuple[float, ...], ...], channels: tuple[Tensor, ...]) -> Tensor:
    x, y, z = channels
    return torch.stack([p * x + q * y + r * z for p, q, r in matrix], dim=1)
