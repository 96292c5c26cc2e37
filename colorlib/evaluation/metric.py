"""Metrics with a protocol: a sentence that states how the number is measured.

``psnr_metric("rgb", peak=1)`` makes a metric. Called with two batches of RGB images, it returns its
number. Metrics do not resize, crop or round images; if you do, report it with the number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor

from colorlib import metrics
from colorlib.color import LabScaler, rgb_to_lab
from colorlib.tensor_checks import (
    check_choice,
    check_images,
    check_not_empty,
    check_range,
    check_same_shape,
)

#: RGB in [0, 1], RGB in [-1, 1], or ab and Lab as a network receives them.
ColorSpace = Literal["rgb", "net_rgb", "net_ab", "net_lab"]


class ImagePair:
    """A batch of colorized images and the true ones, checked, in float64 on the CPU.

    Args:
        fake: colorized images, floating point in [0, 1].
        real: the true images, of the same shape.

    Attributes:
        rgb: both batches.

    Raises:
        TypeError, ValueError: if they are not such tensors, are empty, differ in shape, hold NaN,
            or exceed [0, 1] by more than 0.01: a metric of such images would be meaningless.

    Example:
        >>> ImagePair(torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)).lab[0].shape
        torch.Size([2, 3, 4, 4])
    """

    def __init__(self, fake: Float[Tensor, "n 3 h w"], real: Float[Tensor, "n 3 h w"]) -> None:
        _check_rgb("fake", fake)
        _check_rgb("real", real)
        check_same_shape(fake=fake, real=real)
        self.rgb = fake.detach().cpu().double(), real.detach().cpu().double()

    @cached_property
    def lab(self) -> tuple[Tensor, Tensor]:
        """Both batches in CIE Lab: (n, 3, h, w) each, computed once."""
        fake, real = self.rgb
        return rgb_to_lab(fake).double(), rgb_to_lab(real).double()

    @cached_property
    def delta_e(self) -> Tensor:
        """CIEDE2000 of each pixel, (n, h, w)."""
        return metrics.ciede2000(*self.lab)

    def in_space(self, space: ColorSpace, scaler: LabScaler) -> tuple[Tensor, Tensor]:
        """Return both batches in the space in which a metric compares them: (n, c, h, w) each."""
        fake, real = self.rgb
        if space == "rgb":
            return fake, real
        if space == "net_rgb":
            return 2 * fake - 1, 2 * real - 1
        scaler = LabScaler(scaler.ab_scale)  # to ab, whatever the output space
        (fake_L, fake_ab), (real_L, real_ab) = (scaler.normalize(lab) for lab in self.lab)
        if space == "net_ab":
            return fake_ab, real_ab
        return torch.cat([fake_L, fake_ab], dim=1), torch.cat([real_L, real_ab], dim=1)


def _check_rgb(name: str, rgb: Tensor) -> None:
    check_images(name, rgb)
    check_not_empty(name, rgb)
    check_range(name, rgb, hint="divide by 255, or clip", allow_nan=False)


def mean_of_sums(sums: Tensor) -> float:
    """Return the first sum divided by the second."""
    return (sums[0] / sums[1]).item()


@dataclass(frozen=True)
class Metric:
    """A number for a batch of colorized images, with the sentence that states its protocol.

    Args:
        protocol: how the number is measured, in one sentence.
        update: returns the sums (k,) in float64 that the number needs from an :class:`ImagePair`.
            The sums of two batches add up to the sums of both.
        compute: returns the number, or several numbers by name, from the sums. By default it
            divides the first sum by the second.

    Example:
        >>> metric = psnr_metric("rgb", peak=1)
        >>> round(metric(torch.full((2, 3, 4, 4), 0.6), torch.full((2, 3, 4, 4), 0.5)), 4)
        20.0
        >>> metric.protocol
        'PSNR in dB on RGB in [0, 1], peak 1; mean over images'
    """

    protocol: str
    update: Callable[[ImagePair], Tensor]
    compute: Callable[[Tensor], float | dict[str, float]] = mean_of_sums

    def __call__(
        self, fake: Float[Tensor, "n 3 h w"], real: Float[Tensor, "n 3 h w"]
    ) -> float | dict[str, float]:
        """Return the number for RGB images in [0, 1]; errors are those of :class:`ImagePair`."""
        return self.compute(self.update(ImagePair(fake, real)))


def per_image(score: Callable[[ImagePair], Tensor]) -> Callable[[ImagePair], Tensor]:
    """Turn a function that returns a score per image (n,) into an ``update`` for their mean."""

    def update(pair: ImagePair) -> Tensor:
        scores = score(pair)
        return torch.stack([scores.sum(), torch.tensor(len(scores))])

    return update


def mse_metric(space: ColorSpace = "rgb", scaler: LabScaler = LabScaler()) -> Metric:
    """Return a metric of the mean squared error: :func:`colorlib.metrics.mse`, then the mean.

    Args:
        space: ``"rgb"`` in [0, 1], ``"net_rgb"`` in [-1, 1], ``"net_ab"`` or ``"net_lab"`` as a
            network receives them. The last two are computed from the RGB images, that is, after
            colours outside sRGB were brought into it.
        scaler: its divisor of a and b is used for the last two.

    Raises:
        ValueError: if there is no such ``space``.

    Example:
        >>> mse_metric()(torch.full((2, 3, 4, 4), 0.75), torch.full((2, 3, 4, 4), 0.5))
        0.0625
        >>> mse_metric("net_ab", LabScaler(128)).protocol
        'mean squared error on ab / 128, read back from RGB; mean per image, then over images'
    """
    where = _describe_space(space, scaler)
    return Metric(
        f"mean squared error on {where}; mean per image, then over images",
        per_image(lambda pair: metrics.mse(*pair.in_space(space, scaler))),
    )


def l1_metric(space: ColorSpace = "rgb", scaler: LabScaler = LabScaler()) -> Metric:
    """Return a metric of the mean absolute error; args and errors are those of :func:`mse_metric`.

    Example:
        >>> l1_metric()(torch.full((2, 3, 4, 4), 0.75), torch.full((2, 3, 4, 4), 0.5))
        0.25
    """
    where = _describe_space(space, scaler)
    return Metric(
        f"mean absolute error on {where}; mean per image, then over images",
        per_image(lambda pair: metrics.l1(*pair.in_space(space, scaler))),
    )


def psnr_metric(
    space: ColorSpace, peak: float, scaler: LabScaler = LabScaler(), pooled: bool = False
) -> Metric:
    """Return a metric of the peak signal-to-noise ratio in decibels: :func:`colorlib.metrics.psnr`.

    The mean of the images' decibels is at least the pooled number, for images of one size (Jensen's
    inequality: -log is convex), and a *single* identical image makes it infinite. A photo that is
    gray itself nearly does so for the gray baseline: filter such photos, or pool.

    Args:
        space: as in :func:`mse_metric`.
        peak: the width of the range: 1 for ``"rgb"``, 2 for the network's tensors. It has no
            default, because a wrong one moves the number by 6 dB without any other sign.
        scaler: as in :func:`mse_metric`.
        pooled: whether to take one mean squared error over all values of all images, instead of the
            mean of the images' decibels.

    Raises:
        ValueError: if there is no such ``space``, or ``peak`` is not a positive number.

    Example:
        >>> psnr_metric("rgb", peak=1, pooled=True).protocol
        'PSNR in dB on RGB in [0, 1], peak 1; one mean squared error over all values of all images'
    """
    metrics.psnr(1.0, peak)  # raises an error if the peak is not positive
    protocol = f"PSNR in dB on {_describe_space(space, scaler)}, peak {peak:g}"

    def mse_of_each(pair: ImagePair) -> Tensor:
        return metrics.mse(*pair.in_space(space, scaler))

    def update_pooled(pair: ImagePair) -> Tensor:
        errors = mse_of_each(pair)
        num_pixels = pair.rgb[0][0, 0].numel()  # of each image
        return torch.stack([errors.sum() * num_pixels, torch.tensor(len(errors) * num_pixels)])

    if pooled:
        return Metric(
            f"{protocol}; one mean squared error over all values of all images",
            update_pooled,
            lambda sums: metrics.psnr(sums[0] / sums[1], peak).item(),
        )
    return Metric(
        f"{protocol}; mean over images",
        per_image(lambda pair: metrics.psnr(mse_of_each(pair), peak)),
    )


def _describe_space(space: ColorSpace, scaler: LabScaler) -> str:
    """Return the words for the compared tensors."""
    check_choice("space", space, get_args(ColorSpace))
    if space == "rgb":
        return "RGB in [0, 1]"
    if space == "net_rgb":
        return "RGB in [-1, 1]"
    ab = f"ab / {scaler.ab_scale:g}, read back from RGB"
    return ab if space == "net_ab" else f"L / 50 - 1 and {ab}"
