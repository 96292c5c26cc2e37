"""sRGB and CIE Lab on batches of pictures: the code that lesson 1 builds, vectorised.

A colour travels through four rooms, one function for each door::

    sRGB --srgb_to_linear--> linear RGB --linear_to_xyz--> XYZ --xyz_to_lab--> Lab
    sRGB <--linear_to_srgb-- linear RGB <--xyz_to_linear-- XYZ <--lab_to_xyz-- Lab

``rgb_to_lab`` and ``lab_to_rgb`` walk the whole way. White point D65, 2-degree observer; matrix and constants
are those of scikit-image, so that numbers agree with it. Everything runs in float32, also inside autocast:
bfloat16 Lab is wrong by several steps of 255. The matrix is written out as sums of products and not as a
matrix product, because a matrix product may silently run in TF32 or bfloat16.

Sources: IEC 61966-2-1:1999 (sRGB); CIE 15:2004 (XYZ and L*a*b* of 1976).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
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

_EDGE = 1e-4  # linear RGB this far outside [0, 1] still counts as inside: float32 noise, not a colour
_STEPS = 14  # halvings in the search for the gamut's edge: chroma to better than 0.01 units


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert pictures from sRGB to CIE Lab.

    Args:
        rgb: (n, 3, h, w), floating point in [0, 1] or uint8 in 0..255.

    Returns:
        (n, 3, h, w) float32: L in [0, 100], a in about [-86.2, 98.3], b in about [-107.9, 94.5].

    Raises:
        TypeError, ValueError: If ``rgb`` is not such a tensor.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> rgb_to_lab(red).flatten().round().tolist()
        [53.0, 80.0, 67.0]
    """
    _check("rgb", rgb)
    if rgb.dtype == torch.uint8:
        rgb = rgb.float() / 255
    elif rgb.device.type == "cpu" and rgb.numel() and not torch.compiler.is_compiling():
        low, high = (v.item() for v in rgb.detach().aminmax())
        if low < -0.01 or high > 1.01:
            raise ValueError(
                f"rgb runs from {low:.3g} to {high:.3g}; expected [0, 1]: divide a 0..255 picture by 255, or pass it as uint8"
            )
    return xyz_to_lab(linear_to_xyz(srgb_to_linear(rgb)))


def lab_to_rgb(lab: Tensor, gamut: Literal["chroma", "clip"] = "chroma") -> Tensor:
    """Convert pictures from CIE Lab to sRGB, bringing colours that sRGB cannot show inside.

    Args:
        lab: (n, 3, h, w) floating point, L in [0, 100].
        gamut: ``"chroma"`` lowers the chroma at constant L and hue, so that a colorized photo keeps its
            lightness; ``"clip"`` clips red, green and blue, which moves L by up to several units.

    Returns:
        (n, 3, h, w) float32 in [0, 1]. Differentiable; with ``"chroma"`` the amount by which the chroma of
        an outside colour was lowered counts as a constant.

    Raises:
        TypeError, ValueError: If ``lab`` is not such a tensor, or ``gamut`` not one of the two words.

    Example:
        >>> vivid = torch.tensor([50.0, 0.0, -120.0]).view(1, 3, 1, 1)
        >>> out_of_gamut(vivid).item()
        True
        >>> rgb_to_lab(lab_to_rgb(vivid)).flatten()[0].round().item()
        50.0
    """
    _check("lab", lab)
    if gamut not in ("chroma", "clip"):
        raise ValueError(f"gamut is {gamut!r}; expected 'chroma' or 'clip'")
    if gamut == "chroma":
        lab = lower_chroma(lab)
    return linear_to_srgb(xyz_to_linear(lab_to_xyz(lab)).clamp(0, 1))


def to_uint8(rgb: Tensor) -> Tensor:
    """Round floating-point pictures in [0, 1] to uint8 in 0..255; what lies outside is clipped.

    Example:
        >>> to_uint8(torch.tensor([0.0, 0.5, 1.0])).tolist()
        [0, 128, 255]
    """
    return (rgb.float().clamp(0, 1) * 255).round().to(torch.uint8)


def out_of_gamut(lab: Tensor) -> Tensor:
    """Say which pixels of (n, 3, h, w) Lab pictures sRGB cannot show: a boolean mask (n, 1, h, w).

    Example:
        >>> out_of_gamut(torch.tensor([50.0, 0.0, 0.0]).view(1, 3, 1, 1)).item()
        False
    """
    _check("lab", lab)
    return ~_inside(lab.float()).unsqueeze(1)


def lower_chroma(lab: Tensor) -> Tensor:
    """Bring Lab colours into sRGB by lowering their chroma, at constant lightness and hue.

    The way from a colour to the gray of its lightness is halved until the edge of the gamut is found. L itself
    is first brought into [0, 100]. Colours inside come back as they were.

    Args:
        lab: (n, 3, h, w) floating point.

    Returns:
        (n, 3, h, w) float32.

    Example:
        >>> lower_chroma(torch.tensor([50.0, 30.0, -120.0]).view(1, 3, 1, 1)).flatten().round().tolist()
        [50.0, 16.0, -65.0]
    """
    _check("lab", lab)
    L, ab = lab.float().split([1, 2], dim=1)
    lab = torch.cat([L.clamp(0, 100), ab], dim=1)
    with torch.no_grad():
        outside = ~_inside(lab)
        pixels = lab.movedim(1, 0)[:, outside]  # (3, number of pixels outside)
        low, high = torch.zeros_like(pixels[0]), torch.ones_like(pixels[0])
        for _ in range(_STEPS if pixels.numel() else 0):
            middle = (low + high) / 2
            inside = _inside(torch.stack([pixels[0], pixels[1] * middle, pixels[2] * middle]).unsqueeze(0))[0]
            low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
        keep = torch.ones_like(lab[:, 0])
        keep[outside] = low
    return torch.cat([lab[:, :1], lab[:, 1:] * keep.unsqueeze(1)], dim=1)


@dataclass(frozen=True)
class Scale:
    """How Lab becomes what a network sees, and back: L/50 - 1 and ab divided by ``ab``.

    Args:
        ab: The divisor of a and b: 110 keeps all of sRGB inside [-1, 1] (papers 000 and 004), 128 fits paper 002.
            PSNR of the scaled channels depends on it by 20 log10(128/110) = 1.3 dB, so it travels with the weights.

    Example:
        >>> L, ab = Scale().split(torch.tensor([50.0, 55.0, -110.0]).view(1, 3, 1, 1))
        >>> L.flatten().tolist(), ab.flatten().tolist()
        ([0.0], [0.5, -1.0])
    """

    ab: float = 110.0

    def __post_init__(self) -> None:
        if not 0 < self.ab < float("inf"):
            raise ValueError(f"Scale got ab={self.ab!r}; expected a positive number such as 110 or 128")

    def split(self, lab: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (n, 3, h, w) Lab into the network's ``L`` (n, 1, h, w) and ``ab`` (n, 2, h, w), in [-1, 1]."""
        _check("lab", lab)
        lab = lab.float()
        return lab[:, :1] / 50 - 1, lab[:, 1:] / self.ab

    def join(self, L: Tensor, ab: Tensor) -> Tensor:
        """Put the network's ``L`` (n, 1, h, w) and ``ab`` (n, 2, h, w) together as (n, 3, h, w) float32 Lab."""
        _check("L", L, channels=1)
        _check("ab", ab, channels=2)
        return torch.cat([(L.float() + 1) * 50, ab.float() * self.ab], dim=1)


# The steps. Each takes and gives tensors with the three channels in dimension 1.


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """Undo sRGB's gamma: encoded values in [0, 1] to values proportional to light, in [0, 1].

    Example:
        >>> srgb_to_linear(torch.tensor([0.0, 0.5, 1.0])).round(decimals=3).tolist()
        [0.0, 0.214..., 1.0]
    """
    srgb = srgb.float()
    curve = ((srgb.clamp(min=0.04045) + 0.055) / 1.055).pow(2.4)
    return torch.where(srgb > 0.04045, curve, srgb / 12.92)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Apply sRGB's gamma: values proportional to light in [0, 1] to encoded values in [0, 1]."""
    linear = linear.float()
    curve = 1.055 * linear.clamp(min=0.0031308).pow(1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curve, 12.92 * linear)


def linear_to_xyz(linear: Tensor) -> Tensor:
    """Mix linear RGB (n, 3, ...) to CIE XYZ with Y = 1 for white."""
    return _mix(XYZ_FROM_RGB, linear)


def xyz_to_linear(xyz: Tensor) -> Tensor:
    """Mix CIE XYZ (n, 3, ...) to linear RGB; below 0 or above 1 where sRGB cannot show the colour."""
    return _mix(RGB_FROM_XYZ, xyz)


def xyz_to_lab(xyz: Tensor) -> Tensor:
    """Bend CIE XYZ (n, 3, ...) into Lab: a cube root per channel, straight near black, then two differences."""
    fx, fy, fz = (
        _lab_curve(channel / white) for channel, white in zip(xyz.float().unbind(1), WHITE, strict=True)
    )
    return torch.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], dim=1)


def lab_to_xyz(lab: Tensor) -> Tensor:
    """Unbend Lab (n, 3, ...) to CIE XYZ with Y = 1 for white."""
    L, a, b = lab.float().unbind(1)
    fy = (L + 16) / 116
    curves = (fy + a / 500, fy, fy - b / 200)
    return torch.stack([_inverse_lab_curve(f) * white for f, white in zip(curves, WHITE, strict=True)], dim=1)


def _lab_curve(t: Tensor) -> Tensor:
    # The clamp keeps the branch that is not taken off the cube root's infinite slope at 0: no NaN in gradients.
    return torch.where(t > 0.008856, t.clamp(min=0.008856).pow(1 / 3), 7.787 * t + 16 / 116)


def _inverse_lab_curve(f: Tensor) -> Tensor:
    return torch.where(f > 0.2068966, f * f * f, (f - 16 / 116) / 7.787)


def _mix(matrix: tuple[tuple[float, ...], ...], colors: Tensor) -> Tensor:
    x, y, z = colors.float().unbind(1)
    return torch.stack([p * x + q * y + r * z for p, q, r in matrix], dim=1)


def _inside(lab: Tensor) -> Tensor:
    """Say which colours of (n, 3, ...) Lab lie in sRGB, as a boolean (n, ...)."""
    linear = xyz_to_linear(lab_to_xyz(lab))
    return ((linear >= -_EDGE) & (linear <= 1 + _EDGE)).all(dim=1)


def _check(name: str, value: Tensor, channels: int = 3) -> None:
    wanted = f"a tensor (n, {channels}, h, w)"
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{name} is a {type(value).__name__}; expected {wanted}: see colorlib.images.to_tensor"
        )
    if value.ndim != 4 or value.shape[1] != channels:
        hint = (
            "add a batch dimension with [None]"
            if value.ndim == 3 and value.shape[0] == channels
            else (
                "move the channels with .movedim(-1, 1)"
                if value.ndim == 4 and value.shape[-1] == channels
                else "reshape it"
            )
        )
        raise ValueError(f"{name} has shape {tuple(value.shape)}; expected {wanted}: {hint}")
    if not (value.is_floating_point() or (name == "rgb" and value.dtype == torch.uint8)):
        raise TypeError(
            f"{name} has dtype {value.dtype}; expected floating point"
            + (" or uint8" if name == "rgb" else "")
        )
