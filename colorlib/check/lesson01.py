"""The exercises of lesson 1, colour spaces."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from colorlib import cie
from colorlib.check.graders import Case, FunctionGrader, KnownMistake
from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab


def _pixel(*channels: float) -> Tensor:
    """Return one pixel, which also broadcasts over an image."""
    return torch.tensor(channels).view(1, 3, 1, 1)


_PHOTOS = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
_MATRIX = torch.tensor(cie.XYZ_FROM_RGB)
_WHITE = torch.tensor(cie.WHITE).view(1, 3, 1, 1)
_TEST_IMAGES = {
    "one red pixel": _pixel(1.0, 0, 0),
    "one green pixel": _pixel(0, 1.0, 0),
    "one blue pixel": _pixel(0, 0, 1.0),
    "one mid gray pixel": _pixel(0.5, 0.5, 0.5),
    "one black pixel": _pixel(0.0, 0, 0),
    "one very dark pixel": _pixel(0.02, 0.03, 0.01),
    "two images of 5 x 7 pixels": _PHOTOS,
}


def _image_cases(convert: Callable[[Tensor], Tensor]) -> list[Case]:
    return [Case(name, (convert(rgb),)) for name, rgb in _TEST_IMAGES.items()]


# 1.1 ----------------------------------------------------------------------------------------------
_GAMMA_CASES = [
    Case("0.5", (torch.tensor(0.5),)),
    Case("0 and 1", (torch.tensor([0.0, 1.0]),)),
    Case("0.02, a value on the straight part", (torch.tensor([0.02]),)),
    Case("0.04045, where the two parts meet", (torch.tensor([0.0404, 0.0405]),)),
    Case("two images of 5 x 7 pixels", (_PHOTOS,)),
]
_GAMMA_MISTAKES = [
    KnownMistake("this is the opposite direction, from light to file: here you undo the curve.",
                 cie.linear_to_srgb),
    KnownMistake("a power of 2.2 is the usual shortcut; sRGB has its own curve in two parts.",
                 lambda s: s**2.2),
    KnownMistake("this is only a power of 2.4: the offset 0.055 is missing.", lambda s: s**2.4),
    KnownMistake("the straight part near black is missing: divide values below 0.04045 by 12.92.",
                 lambda s: ((s + 0.055) / 1.055) ** 2.4),
    KnownMistake("near black you multiply by 12.92, the opposite direction: divide.",
                 lambda s: torch.where(s > 0.04045, ((s + 0.055) / 1.055) ** 2.4, s * 12.92)),
    KnownMistake("this threshold is for the opposite direction: use 0.04045, not 0.0031308.",
                 lambda s: torch.where(s > 0.0031308, ((s + 0.055) / 1.055) ** 2.4, s / 12.92)),
    KnownMistake("the values come back unchanged.", lambda s: s),
]  # fmt: skip

# 1.2 ----------------------------------------------------------------------------------------------
_XYZ_MISTAKES = [
    KnownMistake("the matrix is transposed: each *row* of it computes one of X, Y and Z.",
                 lambda x: torch.einsum("ji,njhw->nihw", _MATRIX, x)),
    KnownMistake("this is the inverse matrix, from XYZ to RGB.",
                 lambda x: torch.einsum("ij,njhw->nihw", torch.linalg.inv(_MATRIX), x)),
    KnownMistake("you divide by the white point, which belongs to the next step.",
                 lambda x: cie.linear_to_xyz(x) / _WHITE),
    KnownMistake("you scale each channel on its own; each of X, Y and Z mixes R, G and B.",
                 lambda x: x * _MATRIX.diagonal().view(1, 3, 1, 1)),
    KnownMistake("the values come back unchanged.", lambda x: x),
]  # fmt: skip


# 1.3 and 1.4: the reference with one step missing or changed --------------------------------------
def _xyz_to_lab_mutant(*, white: Tensor = _WHITE, straight_part: bool = True, swap: bool = False):
    def convert(rgb: Tensor) -> Tensor:
        t = cie.linear_to_xyz(cie.srgb_to_linear(rgb)) / white
        near_black = 7.787 * t + 16 / 116 if straight_part else t ** (1 / 3)
        f = torch.where(t > 0.008856, t.clamp(min=1e-9) ** (1 / 3), near_black)
        fx, fy, fz = f.unbind(dim=1)
        L, a, b = 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
        return torch.stack([L, b, a] if swap else [L, a, b], dim=1)

    return convert


_LAB_MISTAKES = [
    KnownMistake("you did not undo gamma: begin with your linearise from exercise 1.1.",
                 lambda rgb: cie.xyz_to_lab(cie.linear_to_xyz(rgb))),
    KnownMistake("WHITE, shape (3,), broadcasts along the width: use WHITE.view(1, 3, 1, 1).",
                 _xyz_to_lab_mutant(white=_WHITE.view(3))),
    KnownMistake("you did not divide XYZ by the white point before the cube root.",
                 _xyz_to_lab_mutant(white=torch.ones(1, 3, 1, 1))),
    KnownMistake("near black the curve is straight: below 0.008856 it is 7.787 t + 16/116.",
                 _xyz_to_lab_mutant(straight_part=False)),
    KnownMistake("a and b are swapped: a comes from X and Y (green to red), b from Y and Z (blue "
                 "to yellow).", _xyz_to_lab_mutant(swap=True)),
    KnownMistake("a and b have the wrong sign: a uses fx - fy, b uses fy - fz.",
                 lambda rgb: rgb_to_lab(rgb) * _pixel(1.0, -1, -1)),
    KnownMistake("b has the wrong sign: it uses fy - fz.",
                 lambda rgb: rgb_to_lab(rgb) * _pixel(1.0, 1, -1)),
    KnownMistake("the factors 500 and 200 are swapped.",
                 lambda rgb: rgb_to_lab(rgb) * _pixel(1.0, 0.4, 2.5)),
    KnownMistake("the result is scaled for a network already; return Lab units.",
                 lambda rgb: torch.cat(LabScaler().normalize(rgb_to_lab(rgb)), dim=1)),
    KnownMistake("L is 16 too large: L is 116 fy - 16.",
                 lambda rgb: rgb_to_lab(rgb) + _pixel(16.0, 0, 0)),
]  # fmt: skip


def _cubes_to_xyz(lab: Tensor) -> Tensor:
    L, a, b = lab.unbind(1)
    fy = (L + 16) / 116
    return torch.stack([(fy + a / 500) ** 3, fy**3, (fy - b / 200) ** 3], dim=1) * _WHITE


def _light_to_rgb(light: Tensor) -> Tensor:
    return cie.linear_to_srgb(light.clamp(0, 1))


_RGB_MISTAKES = [
    KnownMistake("the result is light: apply gamma at the end (colorlib.cie.linear_to_srgb).",
                 lambda lab: cie.xyz_to_linear(cie.lab_to_xyz(lab))),
    KnownMistake("you undo the curve, but not the division by the white point.",
                 lambda lab: _light_to_rgb(cie.xyz_to_linear(cie.lab_to_xyz(lab) / _WHITE))),
    KnownMistake("the straight part is missing: below 0.2068966 use (f - 16/116) / 7.787.",
                 lambda lab: _light_to_rgb(cie.xyz_to_linear(_cubes_to_xyz(lab)))),
    KnownMistake("this is the matrix from RGB to XYZ; the opposite direction needs its inverse.",
                 lambda lab: _light_to_rgb(cie.linear_to_xyz(cie.lab_to_xyz(lab)))),
    KnownMistake("a and b are swapped.", lambda lab: lab_to_rgb(lab[:, [0, 2, 1]], gamut="clip")),
    KnownMistake("fz is fy - b/200: a larger b is more yellow, so Z is smaller.",
                 lambda lab: lab_to_rgb(lab * _pixel(1.0, 1, -1), gamut="clip")),
]  # fmt: skip

# 1.5 ----------------------------------------------------------------------------------------------
_normalize = LabScaler().normalize
_SCALING_MISTAKES = [
    KnownMistake("you divide a and b by 128; papers 000 and 004 divide by 110.",
                 LabScaler(128).normalize),
    KnownMistake("L goes from 0 to 1; the network expects -1 to 1: L/50 - 1.",
                 lambda lab: (lab[:, :1] / 100, lab[:, 1:] / 110)),
    KnownMistake("L goes from 0 to 2: subtract 1.",
                 lambda lab: (lab[:, :1] / 50, lab[:, 1:] / 110)),
    KnownMistake("you treat L as an 8-bit gray value; L goes from 0 to 100.",
                 lambda lab: (lab[:, :1] / 127.5 - 1, lab[:, 1:] / 110)),
    KnownMistake("you divide a and b by 255, which is for red, green and blue.",
                 lambda lab: (lab[:, :1] / 50 - 1, lab[:, 1:] / 255)),
    KnownMistake("the two are in the wrong order: return L first, then ab.",
                 lambda lab: _normalize(lab)[::-1]),
    KnownMistake("L lost its channel dimension: use lab[:, :1], not lab[:, 0].",
                 lambda lab: (_normalize(lab)[0][:, 0], _normalize(lab)[1])),
    KnownMistake("a and b are swapped.", lambda lab: _normalize(lab[:, [0, 2, 1]])),
]  # fmt: skip


# 1.6 ----------------------------------------------------------------------------------------------
def _network_values_to_rgb(L: Tensor, ab: Tensor) -> Tensor:
    return lab_to_rgb(LabScaler().denormalize(L, ab))


_BUGFIX_MISTAKES = [
    KnownMistake("this still returns what the broken function returns: a and b are swapped.",
                 lambda L, ab: _network_values_to_rgb(L, ab.flip(1))),
    KnownMistake("now a and b hold the same values: each of them must keep its own.",
                 lambda L, ab: _network_values_to_rgb(L, ab[:, [0, 0]])),
    KnownMistake("L is right, but you did not multiply a and b by 110.",
                 lambda L, ab: lab_to_rgb(torch.cat([(L + 1) * 50, ab], dim=1))),
    KnownMistake("a and b changed their sign, which turns every hue into its opposite.",
                 lambda L, ab: _network_values_to_rgb(L, -ab)),
]  # fmt: skip
_NETWORK_CASES = [Case(name, _normalize(rgb_to_lab(rgb))) for name, rgb in _TEST_IMAGES.items()]

GRADERS = {
    "1.1": FunctionGrader(cie.srgb_to_linear, _GAMMA_CASES, _GAMMA_MISTAKES, tolerance=1e-5),
    "1.2": FunctionGrader(
        cie.linear_to_xyz, _image_cases(cie.srgb_to_linear), _XYZ_MISTAKES, tolerance=1e-5
    ),
    "1.3": FunctionGrader(rgb_to_lab, _image_cases(lambda rgb: rgb), _LAB_MISTAKES, tolerance=5e-3),
    "1.4": FunctionGrader(lab_to_rgb, _image_cases(rgb_to_lab), _RGB_MISTAKES, tolerance=2e-3),
    "1.5": FunctionGrader(_normalize, _image_cases(rgb_to_lab), _SCALING_MISTAKES, tolerance=1e-5),
    "1.6": FunctionGrader(_network_values_to_rgb, _NETWORK_CASES, _BUGFIX_MISTAKES, tolerance=2e-3),
}
