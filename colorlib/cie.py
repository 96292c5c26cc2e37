"""The steps between sRGB, linear RGB, CIE XYZ and CIE Lab, which lesson 1 builds, on tensors.

One function for each arrow::

    sRGB --srgb_to_linear--> linear RGB --linear_to_xyz--> XYZ --xyz_to_lab--> Lab
    sRGB <--linear_to_srgb-- linear RGB <--xyz_to_linear-- XYZ <--lab_to_xyz-- Lab

Every step takes and returns floating-point tensors (n, 3, ...) and computes in float32. White point
D65, 2-degree observer. The matrix and the constants are those of scikit-image, so that the numbers
agree with it. The matrix is written out as sums of products, because a matrix product may silently
run in TF32 or bfloat16.

Sources: IEC 61966-2-1:1999 (sRGB); CIE 15:2004 (XYZ and L*a*b* of 1976).
"""

from __future__ import annotations

import torch
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


def _unbind_channels(name: str, colors: Tensor) -> tuple[Tensor, ...]:
    if colors.ndim < 2 or colors.shape[1] != 3:
        found = f"{name} has shape {tuple(colors.shape)}"
        raise ValueError(f"{found}; expected (n, 3, ...): three channels")
    return colors.float().unbind(1)


def _apply_matrix(matrix: tuple[tuple[float, ...], ...], channels: tuple[Tensor, ...]) -> Tensor:
    x, y, z = channels
    return torch.stack([p * x + q * y + r * z for p, q, r in matrix], dim=1)
