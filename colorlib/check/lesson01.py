"""The exercises of lesson 1, colour spaces."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from colorlib import cie
from colorlib.check.graders import Case, FunctionGrader, KnownMistake
from colorlib.check.lesson01_mutants import (
    MATRIX,
    WHITE,
    clip_lab_to_rgb,
    combine,
    gamma_mutant,
    lab_to_rgb_mutant,
    to_fs,
    xyz_to_lab_mutant,
)
from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab


def _pixel(*channels: float) -> Tensor:
    """Return one pixel, which also broadcasts over an image."""
    return torch.tensor(channels).view(1, 3, 1, 1)


_PHOTOS = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(1))
_TEST_IMAGES = {
    "one red pixel": _pixel(1.0, 0, 0),
    "one green pixel": _pixel(0, 1.0, 0),
    "one blue pixel": _pixel(0, 0, 1.0),
    "one mid gray pixel": _pixel(0.5, 0.5, 0.5),
    "one black pixel": _pixel(0.0, 0, 0),
    "one very dark pixel": _pixel(0.02, 0.03, 0.01),
    "two images of 5 x 7 pixels": _PHOTOS,
}
_MATMUL = "@ multiplies the last two dimensions, height and width: name them in torch.einsum."
_MATMUL_ERRORS = {
    "Expected size for first two dimensions of batch2": _MATMUL,
    "mat1 and mat2 shapes cannot be multiplied": _MATMUL,
    "must match the existing size": _MATMUL,
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
    KnownMistake("the two branches are swapped: torch.where takes its second argument where the "
                 "condition is true.",
                 lambda s: torch.where(s > 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)),
    KnownMistake("the division by 1.055 is missing: white must stay 1.", gamma_mutant(scale=1)),
    KnownMistake("the brackets are missing: divide the sum, (s + 0.055) / 1.055.",
                 gamma_mutant(offset=0.055 / 1.055, scale=1)),
    KnownMistake("the exponent is inverted: 2.4, not 1 / 2.4.", gamma_mutant(power=1 / 2.4)),
    KnownMistake("the exponent is 2.4, not 2.2.", gamma_mutant(power=2.2)),
    KnownMistake("the power is missing: ((s + 0.055) / 1.055) ** 2.4.", gamma_mutant(power=1)),
    KnownMistake("the sign of 0.055 is wrong: add it.", gamma_mutant(offset=-0.055)),
    KnownMistake("the offset 0.055 is missing: ((s + 0.055) / 1.055) ** 2.4.",
                 gamma_mutant(offset=0.0)),
    KnownMistake("you multiply by 1.055, the opposite direction: divide.",
                 gamma_mutant(scale=1 / 1.055)),
    KnownMistake("every value goes through the straight part: take the power above 0.04045.",
                 lambda s: s / 12.92),
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
_FLATTENED = (
    "you flatten the images of the batch together: keep n, for example with .flatten(2), or use "
    "torch.einsum."
)
_XYZ_MISTAKES = [
    KnownMistake(_FLATTENED, lambda x: (MATRIX @ x.reshape(3, -1)).reshape(x.shape)),
    KnownMistake("X, Y and Z are in dim 0 now: move them to dim 1.",
                 lambda x: torch.tensordot(MATRIX, x, ([1], [1]))),
    KnownMistake("the channels are last now: move them back to dim 1.",
                 lambda x: x.movedim(1, -1) @ MATRIX.T),
    KnownMistake("the matrix is transposed, and the channels are last: use MATRIX.T, and move the "
                 "channels back to dim 1.", lambda x: x.movedim(1, -1) @ MATRIX),
    KnownMistake("gamma is undone already: this gets shares of light.",
                 lambda x: cie.linear_to_xyz(cie.srgb_to_linear(x))),
    KnownMistake("gamma is undone already: this gets shares of light.",
                 lambda x: cie.linear_to_xyz(cie.linear_to_srgb(x))),
    KnownMistake("red and blue are swapped: the order is R, G, B.",
                 lambda x: cie.linear_to_xyz(x.flip(1))),
    KnownMistake("you multiply, but you do not add up: each of X, Y and Z is a sum of three.",
                 lambda x: MATRIX.view(1, 3, 3, 1, 1) * x[:, None]),
    KnownMistake("only Y is there: return X, Y and Z.",
                 lambda x: cie.linear_to_xyz(x)[:, 1:2]),
    KnownMistake("height and width are swapped: einsum's output is nihw.",
                 lambda x: cie.linear_to_xyz(x).transpose(2, 3)),
    KnownMistake("the matrix is transposed: each *row* of it computes one of X, Y and Z.",
                 lambda x: torch.einsum("ji,njhw->nihw", MATRIX, x)),
    KnownMistake("this is the inverse matrix, from XYZ to RGB.",
                 lambda x: torch.einsum("ij,njhw->nihw", torch.linalg.inv(MATRIX), x)),
    KnownMistake("you divide by the white point, which belongs to the next step.",
                 lambda x: cie.linear_to_xyz(x) / WHITE),
    KnownMistake("you scale each channel on its own; each of X, Y and Z mixes R, G and B.",
                 lambda x: x * MATRIX.diagonal().view(1, 3, 1, 1)),
    KnownMistake("the values come back unchanged.", lambda x: x),
]  # fmt: skip


# 1.3 and 1.4 --------------------------------------------------------------------------------------
_LAB_MISTAKES = [
    KnownMistake("you did not undo gamma: begin with your linearise from exercise 1.1.",
                 lambda rgb: cie.xyz_to_lab(cie.linear_to_xyz(rgb))),
    KnownMistake("WHITE, shape (3,), broadcasts along the width: use WHITE.view(1, 3, 1, 1).",
                 xyz_to_lab_mutant(white=WHITE.view(3))),
    KnownMistake("you did not divide XYZ by the white point before the cube root.",
                 xyz_to_lab_mutant(white=torch.ones(1, 3, 1, 1))),
    KnownMistake("near black the curve is straight: below 0.008856 it is 7.787 t + 16/116.",
                 xyz_to_lab_mutant(near_black=lambda t: t ** (1 / 3))),
    KnownMistake("a and b are swapped: a comes from X and Y (green to red), b from Y and Z (blue "
                 "to yellow).", xyz_to_lab_mutant(
                     combine=lambda *f: [combine(*f)[k] for k in (0, 2, 1)])),
    KnownMistake("the two parts of the curve are swapped: the cube root is for t above 0.008856.",
                 xyz_to_lab_mutant(power=lambda t: 7.787 * t + 16 / 116,
                                   near_black=lambda t: t ** (1 / 3))),
    KnownMistake("you did not mix: linear light goes through your mix from exercise 1.2 first.",
                 xyz_to_lab_mutant(to_xyz=cie.srgb_to_linear)),
    KnownMistake("gamma and mix are missing: begin with linearise, then mix.",
                 xyz_to_lab_mutant(to_xyz=lambda rgb: rgb)),
    KnownMistake("you undo gamma after mix: linearise comes first.",
                 xyz_to_lab_mutant(
                     to_xyz=lambda rgb: cie.srgb_to_linear(cie.linear_to_xyz(rgb)))),
    KnownMistake("you apply gamma instead of undoing it: linearise goes from file to light.",
                 xyz_to_lab_mutant(
                     to_xyz=lambda rgb: cie.linear_to_xyz(cie.linear_to_srgb(rgb)))),
    KnownMistake("a has the wrong sign: it uses fx - fy.",
                 xyz_to_lab_mutant(combine=lambda x, y, z: [*combine(y, y, z)[:1],
                                                             500 * (y - x), 200 * (y - z)])),
    KnownMistake("the brackets are wrong: L is 116 fy - 16, not 116 (fy - 16).",
                 xyz_to_lab_mutant(
                     combine=lambda x, y, z: [116 * (y - 16), *combine(x, y, z)[1:]])),
    KnownMistake("** comes before /: t ** 1 / 3 is a third of t; write t ** (1 / 3).",
                 xyz_to_lab_mutant(power=lambda t: t / 3)),
    KnownMistake("this is the square root: the curve is a cube root, t ** (1 / 3).",
                 xyz_to_lab_mutant(power=lambda t: t**0.5)),
    KnownMistake("this is the cube, the opposite direction: t ** (1 / 3).",
                 xyz_to_lab_mutant(power=lambda t: t**3)),
    KnownMistake("the cube root is missing: the curve is t ** (1 / 3) above 0.008856.",
                 xyz_to_lab_mutant(power=lambda t: t)),
    KnownMistake("16/116 is missing in the straight part: 7.787 t + 16/116.",
                 xyz_to_lab_mutant(near_black=lambda t: 7.787 * t)),
    KnownMistake("** and / come before +: the straight part is 7.787 t + 16/116.",
                 xyz_to_lab_mutant(near_black=lambda t: (7.787 * t + 16) / 116)),
    KnownMistake("you multiply by the white point: divide by it.",
                 xyz_to_lab_mutant(white=1 / WHITE)),
    KnownMistake("L, a and b are in dim 0 now: stack them in dim=1.", xyz_to_lab_mutant(dim=0)),
    KnownMistake("L, a and b are in the last dimension now: stack them in dim=1.",
                 xyz_to_lab_mutant(dim=-1)),
    KnownMistake("L comes from Y: 116 fy - 16.",
                 xyz_to_lab_mutant(
                     combine=lambda x, y, z: [116 * x - 16, *combine(x, y, z)[1:]])),
    KnownMistake("b uses fy - fz, not fx - fz.",
                 xyz_to_lab_mutant(
                     combine=lambda x, y, z: [*combine(x, y, z)[:2], 200 * (x - z)])),
    KnownMistake("a uses fx - fy, not fx - fz.",
                 xyz_to_lab_mutant(combine=lambda x, y, z: [
                     116 * y - 16, 500 * (x - z), 200 * (y - z)])),
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


_RGB_MISTAKES = [
    KnownMistake("the result is light: apply gamma at the end (colorlib.cie.linear_to_srgb).",
                 lab_to_rgb_mutant(finish=lambda light: light.clamp(0, 1))),
    KnownMistake("the result is light: apply gamma at the end (colorlib.cie.linear_to_srgb).",
                 lab_to_rgb_mutant(finish=lambda light: light)),
    KnownMistake("you do not clamp light to [0, 1] before gamma, so colours that no screen shows "
                 "come out outside the range.", lab_to_rgb_mutant(finish=cie.linear_to_srgb)),
    KnownMistake("you clamp only at 1: light below 0 needs it too, .clamp(0, 1).",
                 lab_to_rgb_mutant(finish=lambda x: cie.linear_to_srgb(x.clamp(max=1)))),
    KnownMistake("you clamp only at 0: light above 1 needs it too, .clamp(0, 1).",
                 lab_to_rgb_mutant(finish=lambda x: cie.linear_to_srgb(x.clamp(min=0)))),
    KnownMistake("you undo gamma at the end; the last step applies it (colorlib.cie."
                 "linear_to_srgb).",
                 lab_to_rgb_mutant(finish=lambda light: cie.srgb_to_linear(light.clamp(0, 1)))),
    KnownMistake("you undo the curve, but not the division by the white point.",
                 lab_to_rgb_mutant(white=torch.ones(1))),
    KnownMistake("you divide by the white point again: multiply by it.",
                 lab_to_rgb_mutant(white=1 / WHITE)),
    KnownMistake("WHITE, shape (3,), broadcasts along the width: use WHITE.view(1, 3, 1, 1).",
                 lab_to_rgb_mutant(white=WHITE.view(3))),
    KnownMistake("the straight part is missing, or never reached: below f = 0.2068966 (not "
                 "0.008856, which is for t) use (f - 16/116) / 7.787.",
                 lab_to_rgb_mutant(near_black=lambda f: f**3)),
    KnownMistake("the cube is missing: t is f ** 3 above 0.2068966.",
                 lab_to_rgb_mutant(cube=lambda f: f)),
    KnownMistake("this is the cube root, the direction of 1.3: here it is f ** 3.",
                 lab_to_rgb_mutant(cube=lambda f: f.clamp(min=1e-9) ** (1 / 3))),
    KnownMistake("near black you multiply by 7.787, the direction of 1.3: divide.",
                 lab_to_rgb_mutant(near_black=lambda f: (f - 16 / 116) * 7.787)),
    KnownMistake("the brackets are missing near black: (f - 16/116) / 7.787.",
                 lab_to_rgb_mutant(near_black=lambda f: f - 16 / 116 / 7.787)),
    KnownMistake("near black you use the direction of 1.3: here it is (f - 16/116) / 7.787.",
                 lab_to_rgb_mutant(near_black=lambda f: 7.787 * f + 16 / 116)),
    KnownMistake("this is the matrix from RGB to XYZ; the opposite direction needs its inverse.",
                 lab_to_rgb_mutant(matrix=lambda m: m)),
    KnownMistake("a transposed matrix is not the inverse: torch.linalg.inv(MATRIX).",
                 lab_to_rgb_mutant(matrix=lambda m: m.T)),
    KnownMistake("the inverse is transposed: each *row* of it computes one of R, G and B.",
                 lab_to_rgb_mutant(matrix=lambda m: torch.linalg.inv(m).T)),
    KnownMistake("1 / MATRIX inverts every number on its own: torch.linalg.inv(MATRIX).",
                 lab_to_rgb_mutant(matrix=lambda m: 1 / m)),
    KnownMistake("a and b are swapped.", lambda lab: clip_lab_to_rgb(lab[:, [0, 2, 1]])),
    KnownMistake("fz is fy - b/200: a larger b is more yellow, so Z is smaller.",
                 lambda lab: clip_lab_to_rgb(lab * _pixel(1.0, 1, -1))),
    KnownMistake("fx is fy + a/500: a larger a is redder, so X is larger.",
                 lambda lab: clip_lab_to_rgb(lab * _pixel(1.0, -1, 1))),
    KnownMistake("fy is missing: fx is fy + a/500, and fz is fy - b/200.",
                 lab_to_rgb_mutant(to_fs=lambda L, a, b: [a / 500, (L + 16) / 116, -b / 200])),
    KnownMistake("fy is missing in fx: it is fy + a/500.",
                 lab_to_rgb_mutant(to_fs=lambda L, a, b: [a / 500, *to_fs(L, a, b)[1:]])),
    KnownMistake("fy is missing in fz: it is fy - b/200.",
                 lab_to_rgb_mutant(to_fs=lambda L, a, b: [*to_fs(L, a, b)[:2], -b / 200])),
    KnownMistake("the brackets are missing: fy is (L + 16) / 116.",
                 lab_to_rgb_mutant(to_fs=lambda L, a, b: to_fs(L * 116, a, b))),
    KnownMistake("the sign of 16 is wrong: fy is (L + 16) / 116.",
                 lab_to_rgb_mutant(to_fs=lambda L, a, b: to_fs(L - 32, a, b))),
    KnownMistake("16 is missing: fy is (L + 16) / 116.",
                 lab_to_rgb_mutant(to_fs=lambda L, a, b: to_fs(L - 16, a, b))),
    KnownMistake("the factors 500 and 200 are swapped.",
                 lambda lab: clip_lab_to_rgb(lab * _pixel(1.0, 2.5, 0.4))),
    KnownMistake("you multiply by 500 and 200, the direction of 1.3: divide.",
                 lambda lab: clip_lab_to_rgb(lab * _pixel(1.0, 500**2, 200**2))),
]  # fmt: skip

# 1.5 ----------------------------------------------------------------------------------------------
_normalize = LabScaler().normalize
_SCALING_MISTAKES = [
    KnownMistake("you divide a and b by 128; the text above says 110.",
                 LabScaler(128).normalize),
    KnownMistake("L goes from 0 to 1; the network expects -1 to 1: L/50 - 1.",
                 lambda lab: (lab[:, :1] / 100, lab[:, 1:] / 110)),
    KnownMistake("you subtract 1 before you divide: L / 50 - 1.",
                 lambda lab: ((lab[:, :1] - 1) / 50, lab[:, 1:] / 110)),
    KnownMistake("L goes from -0.5 to 0.5: L / 50 - 1 reaches -1 and 1.",
                 lambda lab: (lab[:, :1] / 100 - 0.5, lab[:, 1:] / 110)),
    KnownMistake("a and b are not divided: divide them by 110.",
                 lambda lab: (lab[:, :1] / 50 - 1, lab[:, 1:])),
    KnownMistake("L is not scaled: L / 50 - 1.", lambda lab: (lab[:, :1], lab[:, 1:] / 110)),
    KnownMistake("you divide a and b by 127.5, as bytes; here it is 110.",
                 LabScaler(127.5).normalize),
    KnownMistake("a and b have both signs already: do not subtract 1.",
                 lambda lab: (lab[:, :1] / 50 - 1, lab[:, 1:] / 110 - 1)),
    KnownMistake("return two tensors, L and ab, and not one with three channels.",
                 lambda lab: torch.cat(_normalize(lab), dim=1)),
    KnownMistake("return two tensors, L and ab, and not three.",
                 lambda lab: (_normalize(lab)[0], *_normalize(lab)[1].split(1, dim=1))),
    KnownMistake("ab has only a: the slice 1: takes a and b.",
                 lambda lab: (lab[:, :1] / 50 - 1, lab[:, 1:2] / 110)),
    KnownMistake("ab still holds L: the slice 1: begins with a.",
                 lambda lab: (lab[:, :1] / 50 - 1, lab / 110)),
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
    KnownMistake("you subtract 1 where the network's scaling is undone: L is (L + 1) * 50.",
                 lambda L, ab: lab_to_rgb(torch.cat([(L - 1) * 50, ab * 110], dim=1))),
    KnownMistake("you divide a and b by 110: multiply.",
                 lambda L, ab: lab_to_rgb(torch.cat([(L + 1) * 50, ab / 110], dim=1))),
    KnownMistake("L is not scaled back: (L + 1) * 50.",
                 lambda L, ab: lab_to_rgb(torch.cat([L, ab * 110], dim=1))),
    KnownMistake("L is too bright: (L + 1) * 50, so that 1 becomes 100.",
                 lambda L, ab: lab_to_rgb(torch.cat([(L + 1) * 100, ab * 110], dim=1))),
    KnownMistake("L is not scaled back: (L + 1) * 50, not L * 50.",
                 lambda L, ab: lab_to_rgb(torch.cat([L * 50, ab * 110], dim=1))),
    KnownMistake("a and b were divided by 110, not by 128.",
                 lambda L, ab: lab_to_rgb(torch.cat([(L + 1) * 50, ab * 128], dim=1))),
    KnownMistake("the result is Lab: color.lab_to_rgb at the end.",
                 lambda L, ab: LabScaler().denormalize(L, ab)),
    KnownMistake("L is last: the order is L, a, b.",
                 lambda L, ab: lab_to_rgb(torch.cat([ab * 110, (L + 1) * 50], dim=1))),
    KnownMistake("this still returns what the broken function returns: a and b are swapped.",
                 lambda L, ab: _network_values_to_rgb(L, ab.flip(1))),
    KnownMistake("now a and b hold the same values: each of them must keep its own.",
                 lambda L, ab: _network_values_to_rgb(L, ab[:, [0, 0]])),
    KnownMistake("L is right, but you did not multiply a and b by 110.",
                 lambda L, ab: lab_to_rgb(torch.cat([(L + 1) * 50, ab], dim=1))),
    KnownMistake("a and b changed their sign, which turns every hue into its opposite.",
                 lambda L, ab: _network_values_to_rgb(L, -ab)),
]  # fmt: skip
_LAB_CASES = [
    *_image_cases(rgb_to_lab),
    Case("L = 0.5, nearly black", (_pixel(0.5, 0.2, -0.1),)),
    Case("L = 50, a = 100, b = -100, a colour that no screen shows", (_pixel(50.0, 100, -100),)),
    Case("L = 95, a = -60, b = 90, a colour that no screen shows", (_pixel(95.0, -60, 90),)),
]
_NETWORK_CASES = [Case(name, _normalize(rgb_to_lab(rgb))) for name, rgb in _TEST_IMAGES.items()]

GRADERS = {
    "1.1": FunctionGrader(
        cie.srgb_to_linear, _GAMMA_CASES, _GAMMA_MISTAKES, tolerance=1e-5, exact_dtype=True
    ),
    "1.2": FunctionGrader(
        cie.linear_to_xyz,
        _image_cases(cie.srgb_to_linear),
        _XYZ_MISTAKES,
        tolerance=1e-5,
        error_causes=_MATMUL_ERRORS,
        channels="XYZ",
        exact_dtype=True,
    ),
    "1.3": FunctionGrader(
        rgb_to_lab,
        _image_cases(lambda rgb: rgb),
        _LAB_MISTAKES,
        tolerance=5e-3,
        channels="Lab",
        exact_dtype=True,
    ),
    "1.4": FunctionGrader(
        clip_lab_to_rgb,
        _LAB_CASES,
        _RGB_MISTAKES,
        tolerance=2e-3,
        channels="RGB",
        exact_dtype=True,
    ),
    "1.5": FunctionGrader(
        _normalize, _image_cases(rgb_to_lab), _SCALING_MISTAKES, tolerance=1e-5, exact_dtype=True
    ),
    "1.6": FunctionGrader(
        _network_values_to_rgb,
        _NETWORK_CASES,
        _BUGFIX_MISTAKES,
        tolerance=2e-3,
        channels="RGB",
    ),
}
