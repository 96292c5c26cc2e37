"""Conversion of images between sRGB and CIE Lab, gamut mapping, and the scaling that networks see.

The single steps of the conversion are in :mod:`colorlib.cie`. Everything is computed in float32,
also under autocast: in bfloat16, Lab would be wrong by several steps of 255.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from colorlib import cie
from colorlib.color_bins import BINS_BY_NAME, ColorBins
from colorlib.tensor_checks import check_at_least, check_choice, check_images, check_range

# Pixels converted at a time: the intermediate results stay small. From RGB, they also stay in the
# processor's cache, which is 1.7 times as fast for 16 images of 256 x 256.
_RGB_TILE_PIXELS = 2**17
_LAB_TILE_PIXELS = 2**19


def rgb_to_lab(
    rgb: Float[Tensor, "n 3 h w"] | UInt8[Tensor, "n 3 h w"],
) -> Float[Tensor, "n 3 h w"]:
    """Convert images from sRGB to CIE Lab.

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
    check_images("rgb", rgb, allow_uint8=True)
    if rgb.dtype != torch.uint8 and _runs_in_tiles(rgb):
        check_range("rgb", rgb)
    return _map_tiles(_rgb_to_lab_unchecked, rgb, _RGB_TILE_PIXELS)


def lab_to_rgb(
    lab: Float[Tensor, "n 3 h w"], gamut: Literal["chroma", "clip"] = "chroma"
) -> Float[Tensor, "n 3 h w"]:
    """Convert images from CIE Lab to sRGB, and map colours that sRGB cannot show into its gamut.

    Args:
        lab: (n, 3, h, w) floating point, L in [0, 100].
        gamut: ``"chroma"`` reduces the chroma at constant L and hue, so that a colorized photo
            keeps its lightness; ``"clip"`` clips red, green and blue, which moves L by up to
            several units.

    Returns:
        (n, 3, h, w) float32 in [0, 1]. Differentiable; with ``"chroma"``, the factor by which the
        chroma of an outside colour is reduced counts as a constant.

    Raises:
        TypeError, ValueError: If ``lab`` is not such a tensor, or ``gamut`` is not one of the two
            words.

    Example:
        >>> vivid = torch.tensor([50.0, 0.0, -120.0]).view(1, 3, 1, 1)
        >>> out_of_gamut(vivid).item()
        True
        >>> rgb_to_lab(lab_to_rgb(vivid)).flatten()[0].round().item()
        50.0
    """
    check_images("lab", lab)
    check_choice("gamut", gamut, ("chroma", "clip"))
    convert = _lab_to_clipped_rgb if gamut == "clip" else _lab_to_rgb_by_chroma
    return _map_tiles(convert, lab, _LAB_TILE_PIXELS)


def to_uint8(rgb: Float[Tensor, "*shape"]) -> UInt8[Tensor, "*shape"]:
    """Round floating-point images in [0, 1] to uint8 in 0..255; values outside are clipped.

    Example:
        >>> to_uint8(torch.tensor([0.0, 0.5, 1.0])).tolist()
        [0, 128, 255]
    """
    return (rgb.float().clamp(0, 1) * 255).round().to(torch.uint8)


def out_of_gamut(lab: Float[Tensor, "n 3 h w"]) -> Bool[Tensor, "n 1 h w"]:
    """Return a mask (n, 1, h, w) of the pixels of (n, 3, h, w) Lab images that sRGB cannot show.

    Example:
        >>> out_of_gamut(torch.tensor([50.0, 0.0, 0.0]).view(1, 3, 1, 1)).item()
        False
    """
    check_images("lab", lab)
    return ~cie.in_gamut(lab.float()).unsqueeze(1)


def reduce_chroma_to_gamut(lab: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Map Lab colours into sRGB's gamut by reducing their chroma at constant lightness and hue.

    The largest chroma at each lightness and hue comes from :func:`colorlib.cie.chroma_share`. L is
    first clipped to [0, 100]. Colours inside are returned unchanged. The edge of the gamut is where
    clipping would move L by 0.3 or ab by 1.5 units, no more than rounding to 8 bits does: the
    straight line from vivid yellow to gray leaves sRGB by 0.26 and 1.4, and a strict edge would
    turn such yellows almost white.

    Args:
        lab: (n, 3, h, w) floating point.

    Returns:
        (n, 3, h, w) float32.

    Example:
        >>> vivid = torch.tensor([50.0, 30.0, -120.0]).view(1, 3, 1, 1)
        >>> reduce_chroma_to_gamut(vivid).flatten().round().tolist()
        [50.0, 17.0, -67.0]
    """
    check_images("lab", lab)
    L, ab = lab.float().split([1, 2], dim=1)
    lab = torch.cat([L.clamp(0, 100), ab], dim=1)
    return torch.cat([lab[:, :1], ab * cie.chroma_share(lab).unsqueeze(1)], dim=1)


def quantize_lightness(lab: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Return a copy with L in the 256 levels of an 8-bit gray photo, which a colorizer gets in use.

    The last bits of an unrounded L reveal how red, green and blue were rounded, and a network can
    learn to read a hue from them. A gray photo does not have these bits.

    Args:
        lab: (n, 3, h, w) Lab.

    Example:
        >>> quantize_lightness(torch.tensor([50.1, 20.0, 30.0]).view(1, 3, 1, 1)).flatten()
        tensor([50.1961, 20.0000, 30.0000])
    """
    check_images("lab", lab)
    return torch.cat([(lab[:, :1] * 2.55).round() / 2.55, lab[:, 1:]], dim=1)


@dataclass(frozen=True)
class LabScaler:
    """The scaling between Lab and the input and output of a network. It travels with the weights.

    The input is always L/50 - 1.

    Args:
        ab_scale: The divisor of a and b: 110 keeps all of sRGB inside [-1, 1] (the tutorial
            behind papers 000 and 004), 128 fits paper 002. The PSNR of scaled channels depends on
            it by 20 log10(128/110) = 1.3 dB.
        output_space: What the network predicts. ``"ab"``: a and b divided by ``ab_scale``.
            ``"lab"``: L as well, then a and b (paper 003); back in Lab, the given L is used.
            ``"rgb"``: 2 rgb - 1 (paper 001, two systems of paper 002); back in Lab, the predicted L
            is used, right or wrong. ``"bins"``, ``"kmeans_bins"``: a logit for each of the bins of
            that name in :data:`BINS_BY_NAME`, perhaps at a smaller size; the target is ab.
        temperature: Of :meth:`ColorBins.decode`, for bins: 0 is the mode, 1 the mean.

    Example:
        >>> L, ab = LabScaler().normalize(torch.tensor([50.0, 55.0, -110.0]).view(1, 3, 1, 1))
        >>> L.flatten().tolist(), ab.flatten().tolist()
        ([0.0], [0.5, -1.0])
    """

    ab_scale: float = 110.0
    output_space: Literal["ab", "lab", "rgb", "bins", "kmeans_bins"] = "ab"
    temperature: float = 0.38

    def __post_init__(self) -> None:
        check_choice("output_space", self.output_space, ("ab", "lab", "rgb", *BINS_BY_NAME))
        check_at_least("temperature", self.temperature, 0)
        if not 0 < self.ab_scale < float("inf"):
            expected = "expected a positive number such as 110 or 128"
            raise ValueError(f"LabScaler got ab_scale={self.ab_scale!r}; {expected}")

    @property
    def out_channels(self) -> int:
        """The number of channels that the network predicts: 2 or 3, or one for each bin."""
        if self.predicts_bins:
            return len(self.bins)
        return 2 if self.output_space == "ab" else 3

    @property
    def predicts_bins(self) -> bool:
        """Whether the network's output is logits of colour bins."""
        return self.output_space in BINS_BY_NAME

    @property
    def bins(self) -> ColorBins:
        """The bins of a network that predicts them."""
        check_choice("output_space", self.output_space, tuple(BINS_BY_NAME))
        return BINS_BY_NAME[self.output_space]()

    def normalize(
        self, lab: Float[Tensor, "n 3 h w"]
    ) -> tuple[Float[Tensor, "n 1 h w"], Float[Tensor, "n c h w"]]:
        """Convert Lab to the input L (n, 1, h, w) and the target (n, 2 or 3, h, w), in [-1, 1]."""
        check_images("lab", lab)
        L = lab[:, :1].float() / 50 - 1
        if self.output_space == "rgb":
            return L, 2 * lab_to_rgb(lab, "clip") - 1
        ab = lab[:, 1:].float() / self.ab_scale
        return L, torch.cat([L, ab], dim=1) if self.output_space == "lab" else ab

    def denormalize(
        self, L: Float[Tensor, "n 1 h w"], output: Float[Tensor, "n c h_out w_out"]
    ) -> Float[Tensor, "n 3 h w"]:
        """Convert L (n, 1, h, w) and a network's output to Lab (n, 3, h, w)."""
        check_images("L", L, channels=1)
        if self.output_space == "rgb":
            check_images("output", output)
            return _rgb_output_to_lab(output)
        ab = self.ab_of(output, L.shape[-2:]) * self.ab_scale
        return torch.cat([(L.float() + 1) * 50, ab], dim=1)

    def ab_of(
        self, output: Float[Tensor, "n c h_out w_out"], size: Sequence[int] | None = None
    ) -> Float[Tensor, "n 2 h w"]:
        """Return a and b, divided by ``ab_scale``, of a network's output.

        Args:
            output: (n, :attr:`out_channels`, h, w).
            size: Height and width of the result; logits of bins may be smaller, and their colours
                are enlarged bilinearly.

        Example:
            >>> white = torch.ones(1, 3, 1, 1)
            >>> LabScaler(output_space="rgb").ab_of(white).round().abs().flatten().tolist()
            [0.0, 0.0]
        """
        check_images("output", output, channels=self.out_channels)
        if self.output_space == "rgb":
            return _rgb_output_to_lab(output)[:, 1:] / self.ab_scale
        if not self.predicts_bins:
            return output[:, -2:].float()
        ab = self.bins.decode(output, self.temperature) / self.ab_scale
        return ab if size is None else F.interpolate(ab, tuple(size), mode="bilinear")


def _rgb_output_to_lab(output: Tensor) -> Tensor:
    """Convert a network's RGB output, (n, 3, h, w) in about [-1, 1], to Lab."""
    return rgb_to_lab((output.float().clamp(-1, 1) + 1) / 2)


def _runs_in_tiles(images: Tensor) -> bool:
    return images.device.type == "cpu" and images.numel() > 0 and not torch.compiler.is_compiling()


def _map_tiles(convert: Callable[[Tensor], Tensor], images: Tensor, pixels: int) -> Tensor:
    """Convert (n, c, h, w) images, on the CPU a few images or rows at a time."""
    if not _runs_in_tiles(images):
        return convert(images)
    h, w = images.shape[-2:]
    if h * w <= pixels:
        return torch.cat([convert(tile) for tile in images.split(pixels // (h * w))])
    # A multiple of 32 rows fills whole vectors, so that tiles do not change any rounding.
    rows = 32 * max(pixels // w // 32, 1)
    return torch.cat([convert(tile) for tile in images.split(rows, dim=2)], dim=2)


def _rgb_to_lab_unchecked(rgb: Tensor) -> Tensor:
    if rgb.dtype != torch.uint8:
        return cie.xyz_to_lab(cie.linear_to_xyz(cie.srgb_to_linear(rgb)))
    table = cie.srgb_to_linear(torch.arange(256, device=rgb.device) / 255)
    linear = table.index_select(0, rgb.flatten().int()).view(rgb.shape)
    return cie.xyz_to_lab(cie.linear_to_xyz(linear))


def _lab_to_clipped_rgb(lab: Tensor) -> Tensor:
    return cie.linear_to_srgb(cie.xyz_to_linear(cie.lab_to_xyz(lab)).clamp(0, 1))


def _lab_to_rgb_by_chroma(lab: Tensor) -> Tensor:
    return _lab_to_clipped_rgb(reduce_chroma_to_gamut(lab))
