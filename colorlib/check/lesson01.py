"""The exercises of lesson 1, colour spaces."""

from __future__ import annotations

import torch
from torch import Tensor

from colorlib import cie
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab


def _picture(*colors: tuple[float, float, float]) -> Tensor:
    return torch.tensor(colors, dtype=torch.float32).T.reshape(1, 3, 1, len(colors))


_PHOTO = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
_RED, _GREEN, _BLUE, _GRAY, _BLACK = (
    _picture(c) for c in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0.5, 0.5, 0.5), (0, 0, 0))
)
_DARK = _picture((0.02, 0.03, 0.01))
_MATRIX = torch.tensor(cie.XYZ_FROM_RGB)
_WHITE = torch.tensor(cie.WHITE).view(1, 3, 1, 1)


def _cases(change=lambda rgb: rgb) -> list[Case]:
    pictures = {
        "one red pixel": _RED,
        "one green pixel": _GREEN,
        "one blue pixel": _BLUE,
        "one mid gray pixel": _GRAY,
        "one black pixel": _BLACK,
        "one very dark pixel": _DARK,
        "two pictures of 5 x 7 pixels": _PHOTO,
    }
    return [Case(name, (change(rgb),)) for name, rgb in pictures.items()]


# 1.1 ------------------------------------------------------------------------------------------------------
_values = [
    Case("0.5", (torch.tensor(0.5),)),
    Case("0 and 1", (torch.tensor([0.0, 1.0]),)),
    Case("0.02, a value on the straight part", (torch.tensor([0.02]),)),
    Case("0.04045, where the two parts meet", (torch.tensor([0.0404, 0.0405]),)),
    Case("two pictures of 5 x 7 pixels", (_PHOTO,)),
]
_gamma = [
    Mistake(
        "this is the way back, from light to the file: here you undo the curve.", cie.linear_to_srgb
    ),
    Mistake(
        "a power of 2.2 is the usual shortcut; sRGB has its own two-part curve.", lambda s: s**2.2
    ),
    Mistake("a power of 2.4 alone: the offset 0.055 is missing.", lambda s: s**2.4),
    Mistake(
        "the straight part near black is missing: below 0.04045 the value is divided by 12.92.",
        lambda s: ((s + 0.055) / 1.055) ** 2.4,
    ),
    Mistake(
        "near black the straight part divides by 12.92; multiplying is the way back.",
        lambda s: torch.where(s > 0.04045, ((s + 0.055) / 1.055) ** 2.4, s * 12.92),
    ),
    Mistake(
        "the threshold belongs to the way back: on the encoded value it is 0.04045, not 0.0031308.",
        lambda s: torch.where(s > 0.0031308, ((s + 0.055) / 1.055) ** 2.4, s / 12.92),
    ),
    Mistake("the values came back as they went in.", lambda s: s),
]

# 1.2 ------------------------------------------------------------------------------------------------------
_mixing = [
    Mistake(
        "the matrix is transposed: each *row* of it makes one of X, Y and Z.",
        lambda x: torch.einsum("ji,njhw->nihw", _MATRIX, x),
    ),
    Mistake(
        "this is the inverse matrix, from XYZ back to RGB.",
        lambda x: torch.einsum("ij,njhw->nihw", torch.linalg.inv(_MATRIX), x),
    ),
    Mistake(
        "the result is divided by the white point; that belongs to the next step.",
        lambda x: cie.linear_to_xyz(x) / _WHITE,
    ),
    Mistake(
        "each channel was scaled alone; every one of X, Y and Z mixes all three of R, G and B.",
        lambda x: x * _MATRIX.diagonal().view(1, 3, 1, 1),
    ),
    Mistake("the values came back as they went in.", lambda x: x),
]


# 1.3 and 1.4: the right way with one step left out or changed ----------------------------------------------
def _lab(xyz: Tensor, white: Tensor = _WHITE, root: bool = False, swap: bool = False) -> Tensor:
    t = xyz / white
    straight = t ** (1 / 3) if root else 7.787 * t + 16 / 116
    f = torch.where(t > 0.008856, t.clamp(min=1e-9) ** (1 / 3), straight)
    L, a, b = 116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])
    return torch.stack([L, b, a] if swap else [L, a, b], dim=1)


def _xyz(rgb: Tensor) -> Tensor:
    return cie.linear_to_xyz(cie.srgb_to_linear(rgb))


_to_lab = [
    Mistake("gamma was not undone: start with your own linearise from exercise 1.1.",
            lambda rgb: cie.xyz_to_lab(cie.linear_to_xyz(rgb))),
    Mistake("WHITE has shape (3,) and was laid along the width: .view(1, 3, 1, 1) gives it the channels.",
            lambda rgb: _lab(_xyz(rgb), white=_WHITE.view(3))),
    Mistake("XYZ was not divided by the white point before the cube root.",
            lambda rgb: _lab(_xyz(rgb), white=torch.ones(1, 3, 1, 1))),
    Mistake("near black the curve is straight: below 0.008856 it is 7.787 t + 16/116.",
            lambda rgb: _lab(_xyz(rgb), root=True)),
    Mistake("a and b are swapped: a comes from X and Y (green to red), b from Y and Z (blue to yellow).",
            lambda rgb: _lab(_xyz(rgb), swap=True)),
    Mistake("a and b have the wrong sign: a is fx - fy, b is fy - fz.",
            lambda rgb: rgb_to_lab(rgb) * torch.tensor([1.0, -1, -1]).view(1, 3, 1, 1)),
    Mistake("b has the wrong sign: it is fy - fz.",
            lambda rgb: rgb_to_lab(rgb) * torch.tensor([1.0, 1, -1]).view(1, 3, 1, 1)),
    Mistake("the factors 500 and 200 are swapped.",
            lambda rgb: rgb_to_lab(rgb) * torch.tensor([1.0, 0.4, 2.5]).view(1, 3, 1, 1)),
    Mistake("the result is already scaled for a network; this exercise asks for plain Lab units.",
            lambda rgb: torch.cat(LabScaler().split(rgb_to_lab(rgb)), dim=1)),
    Mistake("L is 16 too large: L is 116 fy - 16.",
            lambda rgb: rgb_to_lab(rgb) + torch.tensor([16.0, 0, 0]).view(1, 3, 1, 1)),
]  # fmt: skip

_to_rgb = [
    Mistake("the result is light, not yet a file: apply gamma at the end (colorlib.cie.linear_to_srgb).",
            lambda lab: cie.xyz_to_linear(cie.lab_to_xyz(lab))),
    Mistake("the curve was undone, but not the division by the white point.",
            lambda lab: cie.linear_to_srgb(cie.xyz_to_linear(cie.lab_to_xyz(lab) / _WHITE).clamp(0, 1))),
    Mistake("the straight part near black is missing: below 0.2068966 the way back is (f - 16/116) / 7.787.",
            lambda lab: cie.linear_to_srgb(cie.xyz_to_linear(_cubes(lab)).clamp(0, 1))),
    Mistake("the matrix is the one from RGB to XYZ; the way back needs its inverse.",
            lambda lab: cie.linear_to_srgb(cie.linear_to_xyz(cie.lab_to_xyz(lab)).clamp(0, 1))),
    Mistake("a and b are swapped.", lambda lab: lab_to_rgb(lab[:, [0, 2, 1]], gamut="clip")),
    Mistake("fz is fy - b/200: b pulls toward yellow, away from Z.",
            lambda lab: lab_to_rgb(lab * torch.tensor([1.0, 1, -1]).view(1, 3, 1, 1), gamut="clip")),
]  # fmt: skip


def _cubes(lab: Tensor) -> Tensor:
    L, a, b = lab.unbind(1)
    fy = (L + 16) / 116
    return torch.stack([(fy + a / 500) ** 3, fy**3, (fy - b / 200) ** 3], dim=1) * _WHITE


# 1.5 ------------------------------------------------------------------------------------------------------
_split = LabScaler().split
_scaling = [
    Mistake("a and b are divided by 128; the papers 000 and 004 divide by 110.", LabScaler(128).split),
    Mistake("L runs from 0 to 1; the network wants -1 to 1: L/50 - 1.",
            lambda lab: (lab[:, :1] / 100, lab[:, 1:] / 110)),
    Mistake("L runs from 0 to 2; subtract 1.", lambda lab: (lab[:, :1] / 50, lab[:, 1:] / 110)),
    Mistake("L was read as an 8-bit gray value; here it runs from 0 to 100.",
            lambda lab: (lab[:, :1] / 127.5 - 1, lab[:, 1:] / 110)),
    Mistake("a and b are divided by 255: that is for red, green and blue.",
            lambda lab: (lab[:, :1] / 50 - 1, lab[:, 1:] / 255)),
    Mistake("the two came in the wrong order: L first, then ab.", lambda lab: _split(lab)[::-1]),
    Mistake("L lost its channel dimension: take lab[:, :1], not lab[:, 0].",
            lambda lab: (_split(lab)[0][:, 0], _split(lab)[1])),
    Mistake("a and b are swapped.", lambda lab: (_split(lab)[0], _split(lab)[1].flip(1))),
]  # fmt: skip

# 1.6 ------------------------------------------------------------------------------------------------------
_repairs = [
    Mistake("this still gives what the broken function gives: a and b are swapped on the way back.",
            lambda L, ab: lab_to_rgb(LabScaler().join(L, ab.flip(1)))),
    Mistake("now both channels hold the same values: each of a and b must keep its own.",
            lambda L, ab: lab_to_rgb(LabScaler().join(L, ab[:, [0, 0]]))),
    Mistake("L is right, but a and b were not scaled back by 110.",
            lambda L, ab: lab_to_rgb(torch.cat([(L + 1) * 50, ab], dim=1))),
    Mistake("the sign of both colour channels changed: that turns every hue around.",
            lambda L, ab: lab_to_rgb(LabScaler().join(L, -ab))),
]  # fmt: skip


def _colorized(L: Tensor, ab: Tensor) -> Tensor:
    return lab_to_rgb(LabScaler().join(L, ab))


_outputs = [Case(case.name, _split(rgb_to_lab(case.args[0]))) for case in _cases()]

EXERCISES = (
    Exercise(
        "1.1",
        "Undo the gamma",
        Function(cie.srgb_to_linear, _values, _gamma, tolerance=1e-5),
        (
            "Write the two parts as two tensors of the same shape first, then choose between them.",
            "torch.where(condition, one, other) takes from `one` where the condition holds.",
            "The curve is ((srgb + 0.055) / 1.055) ** 2.4 where srgb > 0.04045, and srgb / 12.92 elsewhere.",
        ),
    ),
    Exercise(
        "1.2",
        "Mix light to XYZ",
        Function(cie.linear_to_xyz, _cases(cie.srgb_to_linear), _mixing, tolerance=1e-5),
        (
            "Three sums of three products, done for each pixel. Which dimension holds the channels?",
            "One line can say it: torch.einsum, with a letter for the row, one for the channel, and n, h, w.",
            "torch.einsum('ij,njhw->nihw', MATRIX, linear): j is summed over, i is the new channel.",
        ),
    ),
    Exercise(
        "1.3",
        "RGB to Lab",
        Function(rgb_to_lab, _cases(), _to_lab, tolerance=5e-3),
        (
            "Call what you have: first undo the gamma, then mix to XYZ.",
            "Divide XYZ by WHITE.view(1, 3, 1, 1), then bend every value with the curve f.",
            "fx, fy, fz = f(t).unbind(1); then stack 116 fy - 16, 500 (fx - fy), 200 (fy - fz) in dim=1.",
        ),
    ),
    Exercise(
        "1.4",
        "Lab to RGB",
        Function(lab_to_rgb, _cases(rgb_to_lab), _to_rgb, tolerance=2e-3),
        (
            "Walk every step of 1.3 backwards, beginning with the last.",
            "fy = (L + 16) / 116, fx = fy + a / 500, fz = fy - b / 200.",
            "f ** 3 where f > 0.2068966, else (f - 16/116) / 7.787; then white point, inverse matrix, gamma.",
        ),
    ),
    Exercise(
        "1.5",
        "What the network sees",
        Function(_split, _cases(rgb_to_lab), _scaling, tolerance=1e-5),
        (
            "Where does 0 go, where does 100 go? Two points make the straight line for L.",
            "Slicing with [:, :1] keeps the channel dimension, indexing with [:, 0] drops it.",
            "return lab[:, :1] / 50 - 1, lab[:, 1:] / 110",
        ),
    ),
    Exercise(
        "1.6",
        "Broken on purpose",
        Function(_colorized, _outputs, _repairs, tolerance=2e-3),
        (
            "Compare one thing whose colour you know in both pictures. To which hue did it move?",
            "Green became something else, gray stayed gray: lightness is right, so look at a and b alone.",
            "torch.cat stacks its list in the order given. Which channel stands second in Lab?",
        ),
    ),
)
