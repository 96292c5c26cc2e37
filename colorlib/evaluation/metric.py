"""Metrics that say how they measure: a protocol, and sums that can be added over batches.

``psnr_metric("rgb", peak=1)`` makes a metric; called with two batches of RGB pictures, it returns its number. No
metric resizes, crops or rounds: that is yours, and belongs into what you write beside the number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import torch
from torch import Tensor

from colorlib import metrics
from colorlib.color import LabScaler, rgb_to_lab
from colorlib.tensor_checks import check_choice, check_images, check_not_empty, check_same_shape

#: RGB in [0, 1] or [-1, 1], or what a network sees of Lab.
ColorSpace = Literal["rgb", "net_rgb", "net_ab", "net_lab"]


class ImagePair:
    """A batch of colorized pictures and the truth: checked, in float64 on the processor, Lab made once.

    Args:
        fake: colorized, (n, 3, h, w) floating point in [0, 1].
        real: the truth, the same shape.

    Raises:
        TypeError, ValueError: They are not such tensors, are empty, differ in shape, hold NaN, or leave
            [0, 1] by more than 0.01: a metric of such pictures would be a number without meaning.

    Example:
        >>> ImagePair(torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)).lab[0].shape
        torch.Size([2, 3, 4, 4])
    """

    def __init__(self, fake: Tensor, real: Tensor) -> None:
        for name, rgb in (("fake", fake), ("real", real)):
            check_images(name, rgb)
            check_not_empty(name, rgb)
            low, high = (v.item() for v in rgb.detach().aminmax())
            if not (low >= -0.01 and high <= 1.01):
                advice = "has the network diverged?" if low != low else "divide by 255, or clip"
                raise ValueError(
                    f"{name} runs from {low:.3g} to {high:.3g}; expected [0, 1]: {advice}"
                )
        check_same_shape(fake=fake, real=real)
        self.rgb = tuple(rgb.detach().cpu().double() for rgb in (fake, real))

    @cached_property
    def lab(self) -> tuple[Tensor, ...]:
        """Both as CIE Lab, (n, 3, h, w)."""
        return tuple(rgb_to_lab(rgb).double() for rgb in self.rgb)

    @cached_property
    def delta_e(self) -> Tensor:
        """CIEDE2000 of each pixel, (n, h, w)."""
        return metrics.ciede2000(*self.lab)

    def tensors(self, space: ColorSpace, scale: LabScaler) -> tuple[Tensor, ...]:
        """Both as the tensors (n, c, h, w) that a metric on ``space`` compares."""
        if "rgb" in space:
            return self.rgb if space == "rgb" else tuple(2 * rgb - 1 for rgb in self.rgb)
        split = (LabScaler(scale.ab).split(lab) for lab in self.lab)
        return tuple(ab if space == "net_ab" else torch.cat([L, ab], dim=1) for L, ab in split)


@dataclass(frozen=True)
class Metric:
    """A number for a batch of colorized pictures, with the sentence that belongs beside it.

    Args:
        protocol: How it measures, in one sentence.
        sums: Adds up over a :class:`Pair` what the number needs: (k,) float64, and the sums of two batches
            add up to those of both.
        finish: Makes the number, or several by name, of the sums; the first over the second if not given.

    Example:
        >>> round(psnr_metric("rgb", peak=1)(torch.full((2, 3, 4, 4), 0.6), torch.full((2, 3, 4, 4), 0.5)), 4)
        20.0
        >>> psnr_metric("rgb", peak=1).protocol
        'PSNR in dB on RGB in [0, 1], peak 1; mean over pictures'
    """

    protocol: str
    sums: Callable[[ImagePair], Tensor]
    finish: Callable[[Tensor], float | dict[str, float]] = lambda sums: (sums[0] / sums[1]).item()

    def __call__(self, fake: Tensor, real: Tensor) -> float | dict[str, float]:
        """Measure RGB pictures (n, 3, h, w) in [0, 1] against the truth; errors as in :class:`Pair`."""
        return self.finish(self.sums(ImagePair(fake, real)))


def mse_metric(space: ColorSpace = "rgb", scale: LabScaler = LabScaler()) -> Metric:
    """Mean squared error: :func:`colorlib.metrics.mse`, then the mean over pictures.

    Args:
        space: ``"rgb"`` in [0, 1], ``"net_rgb"`` in [-1, 1], ``"net_ab"`` or ``"net_lab"`` as a network sees
            them, read back from the RGB pictures: after colours outside sRGB were brought in.
        scale: divides a and b in the last two.

    Raises:
        ValueError: There is no such ``space``.

    Example:
        >>> mse_metric()(torch.full((2, 3, 4, 4), 0.75), torch.full((2, 3, 4, 4), 0.5))
        0.0625
        >>> mse_metric("net_ab", Scale(128)).protocol
        'mean squared error on ab / 128, read back from RGB; mean per picture, then over pictures'
    """
    protocol = f"mean squared error on {_where(space, scale)}; mean per picture, then over pictures"
    return Metric(protocol, per_image(lambda pair: metrics.mse(*pair.tensors(space, scale))))


def l1_metric(space: ColorSpace = "rgb", scale: LabScaler = LabScaler()) -> Metric:
    """Mean absolute error: :func:`colorlib.metrics.l1`, then the mean over pictures; as :func:`mse_metric`.

    Example:
        >>> l1_metric()(torch.full((2, 3, 4, 4), 0.75), torch.full((2, 3, 4, 4), 0.5))
        0.25
    """
    protocol = (
        f"mean absolute error on {_where(space, scale)}; mean per picture, then over pictures"
    )
    return Metric(protocol, per_image(lambda pair: metrics.l1(*pair.tensors(space, scale))))


def psnr_metric(
    space: ColorSpace, peak: float, scale: LabScaler = LabScaler(), pooled: bool = False
) -> Metric:
    """Peak signal-to-noise ratio in decibels: :func:`colorlib.metrics.psnr`.

    The mean of the pictures' decibels is at least the pooled number, for pictures of one size (Jensen's
    inequality: -log is convex), and *one* identical picture makes it infinite. A photo that is gray itself
    does nearly that for the gray baseline: filter such photos, or pool.

    Args:
        space: As in :func:`mse_metric`.
        peak: The width of the range: 1 for ``"rgb"``, 2 for the network's tensors. It has no default: a wrong
            one moves the number by 6 dB, and nothing else shows it.
        scale: As in :func:`mse_metric`.
        pooled: One mean squared error over all values of all pictures, instead of a mean of decibels.

    Raises:
        ValueError: There is no such ``space``, or ``peak`` is not a positive number.

    Example:
        >>> round(psnr_metric("rgb", peak=1)(torch.full((1, 3, 4, 4), 0.6), torch.full((1, 3, 4, 4), 0.5)), 4)
        20.0
        >>> psnr_metric("rgb", peak=1, pooled=True).protocol
        'PSNR in dB on RGB in [0, 1], peak 1; one mean squared error over all values of all pictures'
    """
    metrics.psnr(1.0, peak)  # refuses a peak that is not positive
    protocol = f"PSNR in dB on {_where(space, scale)}, peak {peak:g}; "

    def pool(pair: ImagePair) -> Tensor:
        errors, values = metrics.mse(*pair.tensors(space, scale)), pair.rgb[0][0, 0].numel()
        return torch.stack([errors.sum() * values, torch.tensor(len(errors) * values)])

    if pooled:
        protocol += "one mean squared error over all values of all pictures"
        return Metric(protocol, pool, lambda sums: metrics.psnr(sums[0] / sums[1], peak).item())
    scores = per_image(lambda pair: metrics.psnr(metrics.mse(*pair.tensors(space, scale)), peak))
    return Metric(protocol + "mean over pictures", scores)


def _where(space: ColorSpace, scale: LabScaler) -> str:
    """Say which tensors are compared."""
    check_choice("space", space, get_args(ColorSpace))
    if "rgb" in space:
        return "RGB in [0, 1]" if space == "rgb" else "RGB in [-1, 1]"
    return f"{'' if space == 'net_ab' else 'L / 50 - 1 and '}ab / {scale.ab:g}, read back from RGB"


def per_image(scores: Callable[[ImagePair], Tensor]) -> Callable[[ImagePair], Tensor]:
    """Turn a score per picture (n,) into sums: of the scores, and of the pictures."""

    def sums(pair: ImagePair) -> Tensor:
        found = scores(pair)
        return torch.stack([found.sum(), torch.tensor(len(found))])

    return sums
