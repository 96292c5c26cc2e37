"""The mathematics of the metrics, as functions of tensors: one number per picture.

They compute in float64 on the processor, whatever they get, need no gradients, and let NaN through. Which
tensors to hand over, and how to average over pictures, is the business of
:mod:`colorlib.evaluation.metric`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from colorlib.color import lab_to_rgb, rgb_to_lab
from colorlib.tensor_checks import check_images, check_not_empty, check_same_shape

WINDOW = 11  # side of SSIM's Gaussian window in pixels: sigma 1.5, cut at 3.5 sigma


def mse(fake: Tensor, real: Tensor) -> Tensor:
    """Mean squared error of each picture: the mean of (fake - real)² over its channels and pixels.

    (Equation 2 of paper 001 lacks the square, and the mean over channels.)

    Args:
        fake: (n, c, h, w), any channels, in any unit.
        real: the same shape and unit.

    Returns:
        (n,) float64, in the unit squared.

    Raises:
        TypeError, ValueError: They differ in shape or kind of number, or are empty.

    Example:
        >>> mse(torch.full((1, 3, 4, 4), 0.75), torch.full((1, 3, 4, 4), 0.5)).tolist()
        [0.0625]
    """
    check_same_shape(fake=fake, real=real)
    return (_double(fake) - _double(real)).square().flatten(1).mean(1)


def l1(fake: Tensor, real: Tensor) -> Tensor:
    """Mean absolute error of each picture, paper 003's measure: the mean of abs(fake - real).

    Args, returns and errors are those of :func:`mse`, but the result is in the unit itself.

    Example:
        >>> l1(torch.full((1, 3, 4, 4), 0.25), torch.full((1, 3, 4, 4), 0.5)).tolist()
        [0.25]
    """
    check_same_shape(fake=fake, real=real)
    return (_double(fake) - _double(real)).abs().flatten(1).mean(1)


def psnr(error: Tensor | float, peak: float) -> Tensor:
    """Peak signal-to-noise ratio of a mean squared error: 10 log10(peak² / MSE).

    The factor 10 belongs to both terms: 20 log10(peak) - 10 log10(MSE). (Equation 4 of paper 001 drops it
    before log10(MSE).) An error of zero, from identical pictures, gives infinity.

    Args:
        error: mean squared errors, any shape, at least 0.
        peak: the width of the range of values, in their unit: 1 for [0, 1], 2 for [-1, 1], 255 for bytes.

    Returns:
        Decibels, float64, in the shape of ``error``.

    Raises:
        ValueError: ``peak`` is not a positive number, or an error is negative.

    Example:
        >>> round(psnr(100.0, peak=255).item(), 2)
        28.13
    """
    if not 0 < peak < float("inf"):
        raise ValueError(
            f"peak is {peak!r}; expected a positive number: 1 for [0, 1], 2 for [-1, 1]"
        )
    error = torch.as_tensor(error, dtype=torch.float64)
    if (error < 0).any():
        raise ValueError(
            f"error goes down to {error.min():.3g}; expected 0 or more: it is a mean of squares"
        )
    return 10 * torch.log10(peak**2 / error)


def ssim(fake: Tensor, real: Tensor) -> Tensor:
    """Structural similarity of each picture, with the settings of Wang et al. (2004).

    Around each pixel, (2 mx my + C1)(2 sxy + C2) / ((mx² + my² + C1)(sx² + sy² + C2)): m are means, s
    (co)variances under an 11x11 Gaussian window of sigma 1.5 (population, not sample), C1 = 0.01² and
    C2 = 0.03². The mean over pixels at least 5 from the border is taken for red, green and blue, and the
    mean of these three returned; scikit-image's default is a flat 7x7 window with sample covariance, whose
    numbers differ, and torchmetrics 1.9 averages over the border as well. On luminance alone a colorizer
    that keeps L would score 1.

    Args:
        fake: (n, 3, h, w) in [0, 1], at least 11 pixels high and wide.
        real: the same shape.

    Returns:
        (n,) float64 in [-1, 1]; 1 for identical pictures.

    Raises:
        TypeError, ValueError: As for :func:`mse`, or the pictures are smaller than the window.

    Example:
        >>> ssim(torch.zeros(1, 3, 16, 16), torch.ones(1, 3, 16, 16)).round(decimals=4).tolist()
        [0.0001]
    """
    check_same_shape(fake=fake, real=real)
    h, w = fake.shape[-2:]
    if min(h, w) < WINDOW:
        advice = "leave SSIM out, or measure larger pictures"
        raise ValueError(
            f"pictures are {h}x{w}; SSIM expected at least {WINDOW}x{WINDOW}: {advice}"
        )
    pairs = zip(
        _double(fake), _double(real), strict=True
    )  # one at a time: the maps stay in the cache
    return torch.stack([_ssim_map(x, y).mean() for x, y in pairs])


def _ssim_map(x: Tensor, y: Tensor) -> Tensor:
    """Give SSIM at each pixel of (3, h, w) around which the window fits: (3, h - 10, w - 10)."""
    distance = torch.arange(WINDOW, dtype=torch.float64) - WINDOW // 2
    weights = torch.exp(-distance.square() / (2 * 1.5**2))
    maps = torch.stack([x, y, x * x, y * y, x * y])
    for dim in (-2, -1):  # the Gaussian of a plane is that of its rows, then of its columns
        size = maps.shape[dim] - WINDOW + 1
        parts = [maps.narrow(dim, i, size) for i in range(WINDOW)]
        maps = torch.zeros_like(parts[0])
        for part, weight in zip(parts, (weights / weights.sum()).tolist(), strict=True):
            maps.add_(part, alpha=weight)
    mx, my, xx, yy, xy = maps
    c1, c2 = 0.01**2, 0.03**2
    alike = (2 * mx * my + c1) * (2 * (xy - mx * my) + c2)
    return alike / ((mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2))


def ciede2000(fake_lab: Tensor, real_lab: Tensor) -> Tensor:
    """Difference between colours as eyes see it, CIEDE2000 with kL = kC = kH = 1, for each pixel.

    About 1 is barely visible, 10 plain to see. The formula is scikit-image's (CIE 142-2001; Sharma, Wu and
    Dalal 2005), on Lab of a D65 white.

    Args:
        fake_lab: (n, 3, h, w) Lab, L in [0, 100].
        real_lab: the same shape.

    Returns:
        (n, h, w) float64, at least 0.

    Raises:
        TypeError, ValueError: They are no such tensors, differ in shape or are empty.

    Example:
        >>> colors = torch.tensor([[50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485]]).view(2, 3, 1, 1)
        >>> round(ciede2000(colors[:1], colors[1:]).item(), 4)  # the first pair of Sharma et al.
        2.0425
    """
    from skimage.color import deltaE_ciede2000  # loads scipy, which few need

    check_images("fake_lab", fake_lab)
    check_same_shape(fake_lab=fake_lab, real_lab=real_lab)
    fake, real = _double(fake_lab).numpy(), _double(real_lab).numpy()
    return torch.from_numpy(deltaE_ciede2000(fake, real, channel_axis=1))


def colorfulness(rgb: Tensor) -> Tensor:
    """Colourfulness M of Hasler and Süsstrunk (2003, their M3): 0 for gray, about 45 for a moderate photo.

    With rg = R - G and yb = (R + G)/2 - B, both signed, on 0..255:
    M = sqrt(var rg + var yb) + 0.3 sqrt(mean² rg + mean² yb). Variants that take abs(R - G) score less.

    Args:
        rgb: (n, 3, h, w) in [0, 1].

    Returns:
        (n,) float64, at least 0.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
        >>> round(colorfulness(red).item(), 2)  # 0.3 sqrt(255² + 127.5²)
        85.53
    """
    check_images("rgb", rgb)
    check_not_empty("rgb", rgb)
    red, green, blue = (_double(rgb) * 255).flatten(2).unbind(1)
    opponent = torch.stack([red - green, (red + green) / 2 - blue])  # (2, n, h w)
    spread = opponent.var(dim=2, correction=0).sum(0).sqrt()
    return spread + 0.3 * opponent.mean(dim=2).norm(dim=0)


def chroma(lab: Tensor) -> Tensor:
    """Chroma sqrt(a² + b²) of each pixel of (n, 3, h, w) Lab: (n, h, w) float64, 0 for gray.

    Example:
        >>> chroma(torch.tensor([50.0, 3.0, -4.0]).view(1, 3, 1, 1)).item()
        5.0
    """
    check_images("lab", lab)
    return torch.hypot(*_double(lab)[:, 1:].unbind(1))


def gray_baseline(rgb: Tensor) -> Tensor:
    """Take the colour out of pictures: a = b = 0, L kept. A colorizer that does not beat it learnt nothing.

    Args:
        rgb: (n, 3, h, w), floating point in [0, 1].

    Returns:
        (n, 3, h, w) float32 in [0, 1].

    Example:
        >>> green = torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)
        >>> gray_baseline(green).flatten().round(decimals=2).tolist()
        [0.86..., 0.86..., 0.86...]
    """
    check_images("rgb", rgb)
    lab = rgb_to_lab(rgb)
    return lab_to_rgb(torch.cat([lab[:, :1], torch.zeros_like(lab[:, 1:])], dim=1))


def _double(values: Tensor) -> Tensor:
    return values.detach().cpu().double()
