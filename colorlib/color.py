"""Whole pictures between sRGB and CIE Lab, colours brought into the gamut, and what a network sees.

The way from one space to the other, step by step, is in :mod:`colorlib.cie`. Everything here runs in
float32 whatever autocast says: bfloat16 Lab is wrong by several steps of 255.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from colorlib import cie
from colorlib.tensor_checks import check_choice, check_images

_EDGE = (
    1e-4  # linear RGB this far outside [0, 1] still counts as inside: float32 noise, not a colour
)
_STEPS = 14  # halvings in the search for the gamut's edge: chroma to better than 0.01 units
_TILE = 2**17  # colours at a time: what is worked on stays near the processor
_SLACK_L, _SLACK_AB = (
    0.3,
    1.5,
)  # what clipping may still move: a rounding to 8 bits moves about as much


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
    check_images("rgb", rgb, uint8=True)
    if rgb.device.type != "cpu" or not rgb.numel() or torch.compiler.is_compiling():
        return _to_lab(rgb)
    if rgb.dtype != torch.uint8:
        low, high = (v.item() for v in rgb.detach().aminmax())
        if low < -0.01 or high > 1.01:
            found = f"rgb runs from {low:.3g} to {high:.3g}"
            raise ValueError(f"{found}; expected [0, 1]: divide by 255, or pass 0..255 as uint8")
    few = max(_TILE // rgb[0, 0].numel(), 1)  # 1.7 times as fast as all 16 of 256x256 at once
    return torch.cat([_to_lab(some) for some in rgb.split(few)])


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
    check_images("lab", lab)
    check_choice("gamut", gamut, ("chroma", "clip"))
    if gamut == "chroma":
        lab = reduce_chroma_to_gamut(lab)
    return cie.linear_to_srgb(cie.xyz_to_linear(cie.lab_to_xyz(lab)).clamp(0, 1))


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
    check_images("lab", lab)
    return ~_inside(lab.float()).unsqueeze(1)


def reduce_chroma_to_gamut(lab: Tensor) -> Tensor:
    """Bring Lab colours into sRGB by lowering their chroma, at constant lightness and hue.

    The way from a colour to the gray of its lightness is halved until the edge of the gamut is found. L is
    first brought into [0, 100]. Colours inside come back as they were. The edge is where clipping would move
    L by 0.3 or a and b by 1.5 units, no more than rounding to 8 bits does: the straight way from vivid yellow
    to gray bulges out of sRGB by 0.26 and 1.4, and a strict search would turn such yellows almost white.

    Args:
        lab: (n, 3, h, w) floating point.

    Returns:
        (n, 3, h, w) float32.

    Example:
        >>> reduce_chroma_to_gamut(torch.tensor([50.0, 30.0, -120.0]).view(1, 3, 1, 1)).flatten().round().tolist()
        [50.0, 17.0, -67.0]
    """
    check_images("lab", lab)
    L, ab = lab.float().split([1, 2], dim=1)
    lab = torch.cat([L.clamp(0, 100), ab], dim=1)
    with torch.no_grad():
        outside = ~_inside(lab)
        pixels = lab.movedim(1, 0)[:, outside]  # (3, number of pixels outside)
        keep = torch.ones_like(lab[:, 0])
        if pixels.numel():
            keep[outside] = torch.cat([_kept(some) for some in pixels.split(_TILE, dim=1)])
    return torch.cat([lab[:, :1], lab[:, 1:] * keep.unsqueeze(1)], dim=1)


def quantize_lightness(lab: Tensor) -> Tensor:
    """Round L to the 255 steps of an 8-bit gray photo, which is all that a colorizer is ever given.

    The last bits of an unrounded L betray how red, green and blue were rounded, and a network that looks for
    them can tell a hue from them. They are no part of a gray photo.

    Args:
        lab: (n, 3, h, w) Lab.

    Returns:
        A new tensor; a and b are unchanged.

    Example:
        >>> quantize_lightness(torch.tensor([50.1, 20.0, 30.0]).view(1, 3, 1, 1)).flatten()
        tensor([50.1961, 20.0000, 30.0000])
    """
    check_images("lab", lab)
    return torch.cat([(lab[:, :1] * 2.55).round() / 2.55, lab[:, 1:]], dim=1)


@dataclass(frozen=True)
class LabScaler:
    """How Lab becomes what a network sees and what it is to answer, and back.

    It sees L/50 - 1, whatever it answers.

    Args:
        ab: The divisor of a and b: 110 keeps all of sRGB inside [-1, 1] (papers 000 and 004), 128 fits
            paper 002. PSNR of the scaled channels depends on it by 20 log10(128/110) = 1.3 dB, so it travels
            with the weights.
        answer: ``"ab"``: a and b divided by ``ab``. ``"lab"``: L once more, then a and b (paper 003); back in
            Lab, the L that it was given counts. ``"rgb"``: red, green and blue, 2 rgb - 1 (paper 001, two
            systems of paper 002); back in Lab, its own L counts, right or wrong.

    Example:
        >>> L, ab = LabScaler().split(torch.tensor([50.0, 55.0, -110.0]).view(1, 3, 1, 1))
        >>> L.flatten().tolist(), ab.flatten().tolist()
        ([0.0], [0.5, -1.0])
    """

    ab: float = 110.0
    answer: Literal["ab", "lab", "rgb"] = "ab"

    def __post_init__(self) -> None:
        check_choice("answer", self.answer, ("ab", "lab", "rgb"))
        if not 0 < self.ab < float("inf"):
            raise ValueError(
                f"Scale got ab={self.ab!r}; expected a positive number such as 110 or 128"
            )

    @property
    def channels(self) -> int:
        """How many channels the network answers: 2 or 3."""
        return 2 if self.answer == "ab" else 3

    def split(self, lab: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (n, 3, h, w) Lab into ``L`` (n, 1, h, w) and the true answer (n, 2 or 3, h, w), in [-1, 1]."""
        check_images("lab", lab)
        L = lab[:, :1].float() / 50 - 1
        if self.answer == "rgb":
            return L, 2 * lab_to_rgb(lab, "clip") - 1
        ab = lab[:, 1:].float() / self.ab
        return L, ab if self.answer == "ab" else torch.cat([L, ab], dim=1)

    def join(self, L: Tensor, answer: Tensor) -> Tensor:
        """Put ``L`` (n, 1, h, w) and a network's answer (n, 2 or 3, h, w) together as (n, 3, h, w) Lab."""
        check_images("L", L, channels=1)
        if self.answer == "rgb":
            check_images("answer", answer)
            return _lab_of_rgb(answer)
        return torch.cat([(L.float() + 1) * 50, self.colors(answer) * self.ab], dim=1)

    def colors(self, answer: Tensor) -> Tensor:
        """Take a and b, divided by ``ab``, (n, 2, h, w) from a network's answer (n, 2 or 3, h, w).

        Example:
            >>> LabScaler(answer="rgb").colors(torch.ones(1, 3, 1, 1)).abs().max().item() < 1e-4
            True
        """
        check_images("answer", answer, channels=self.channels)
        if self.answer == "rgb":
            return _lab_of_rgb(answer)[:, 1:] / self.ab
        return answer[:, -2:].float()


def _lab_of_rgb(answer: Tensor) -> Tensor:
    """Turn an answer in RGB, (n, 3, h, w) about [-1, 1], into Lab."""
    return rgb_to_lab((answer.float().clamp(-1, 1) + 1) / 2)


def _kept(pixels: Tensor) -> Tensor:
    """Search the share of its chroma that each of (3, k) Lab colours outside sRGB may keep: (k,)."""
    low = torch.zeros_like(pixels[0])
    for step in range(1, _STEPS + 1):
        middle = low + 0.5**step
        inside = _nearly_inside(
            torch.stack([pixels[0], pixels[1] * middle, pixels[2] * middle])[None]
        )[0]
        low += inside * 0.5**step
    return low


def _to_lab(rgb: Tensor) -> Tensor:
    """Convert pictures that have passed the checks."""
    if rgb.dtype != torch.uint8:
        return cie.xyz_to_lab(cie.linear_to_xyz(cie.srgb_to_linear(rgb)))
    light = cie.srgb_to_linear(
        torch.arange(256, device=rgb.device) / 255
    )  # of 256 values, each once
    return cie.xyz_to_lab(
        cie.linear_to_xyz(light.index_select(0, rgb.flatten().int()).view(rgb.shape))
    )


def _inside(lab: Tensor) -> Tensor:
    """Say which colours of (n, 3, ...) Lab lie in sRGB, as a boolean (n, ...)."""
    linear = cie.xyz_to_linear(cie.lab_to_xyz(lab))
    return ((linear >= -_EDGE) & (linear <= 1 + _EDGE)).all(dim=1)


def _nearly_inside(lab: Tensor) -> Tensor:
    """Say which colours of (n, 3, ...) Lab clipping hardly moves, as a boolean (n, ...)."""
    clipped = cie.xyz_to_linear(cie.lab_to_xyz(lab)).clamp(0, 1)
    moved = cie.xyz_to_lab(cie.linear_to_xyz(clipped)) - lab
    L, a, b = moved.unbind(1)  # squares and a sum: Tensor.norm takes longer than all of the rest
    return (L.abs() <= _SLACK_L) & (a * a + b * b <= _SLACK_AB**2)
