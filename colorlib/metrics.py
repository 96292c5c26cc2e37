"""Image metrics as functions of tensors: one number for each image.

All of them compute in float64 on the CPU, without gradients. NaN in an image gives NaN in its
number. A metric over a whole data set, with its protocol, is in :mod:`colorlib.evaluation`.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64, Num
from torch import Tensor

from colorlib.color import lab_to_rgb, rgb_to_lab
from colorlib.tensor_checks import check_images, check_not_empty, check_range, check_same_shape

SSIM_WINDOW = 11  # side of SSIM's Gaussian window in pixels
_SSIM_SIGMA = 1.5  # the window ends at 3.5 sigma


def mse(fake: Num[Tensor, "n c h w"], real: Num[Tensor, "n c h w"]) -> Float64[Tensor, " n"]:
    """Return the mean squared error of each image: the mean of (fake - real)² over all its values.

    Equation 2 of paper 001 lacks the square, and the mean over channels.

    Args:
        fake: colorized images with any number of channels, in any unit.
        real: the true images, of the same shape and in the same unit.

    Returns:
        The errors, in the unit squared.

    Raises:
        TypeError: if one is not a tensor, or only one is floating point.
        ValueError: if they differ in shape or are empty.

    Example:
        >>> mse(torch.full((1, 3, 4, 4), 0.75), torch.full((1, 3, 4, 4), 0.5)).tolist()
        [0.0625]
    """
    check_same_shape(fake=fake, real=real)
    return (_to_float64(fake) - _to_float64(real)).square().flatten(1).mean(1)


def l1(fake: Num[Tensor, "n c h w"], real: Num[Tensor, "n c h w"]) -> Float64[Tensor, " n"]:
    """Return the mean absolute error of each image: the mean of abs(fake - real).

    Paper 003 reports it. Args and errors are those of :func:`mse`; the result is in the unit of the
    images.

    Example:
        >>> l1(torch.full((1, 3, 4, 4), 0.25), torch.full((1, 3, 4, 4), 0.5)).tolist()
        [0.25]
    """
    check_same_shape(fake=fake, real=real)
    return (_to_float64(fake) - _to_float64(real)).abs().flatten(1).mean(1)


def psnr(mse: Num[Tensor, " *shape"] | float, peak: float) -> Float64[Tensor, " *shape"]:
    """Return the peak signal-to-noise ratio of a mean squared error: 10 log10(peak² / MSE).

    The factor 10 belongs to both terms: 20 log10(peak) - 10 log10(MSE). Equation 4 of paper 001
    drops it before log10(MSE). Identical images have an error of zero and a PSNR of infinity.

    Args:
        mse: mean squared errors of any shape, at least 0.
        peak: the width of the range of values, in their unit: 1 for [0, 1], 2 for [-1, 1], 255 for
            bytes.

    Returns:
        Decibels, in the shape of ``mse``.

    Raises:
        ValueError: if ``peak`` is not a positive number, or an error is negative.

    Example:
        >>> round(psnr(100.0, peak=255).item(), 2)
        28.13
    """
    if not 0 < peak < float("inf"):
        raise ValueError(
            f"peak is {peak!r}; expected a positive number: 1 for [0, 1], 2 for [-1, 1]"
        )
    mse = torch.as_tensor(mse, dtype=torch.float64)
    if (mse < 0).any():
        raise ValueError(
            f"mse goes down to {mse.min():.3g}; expected 0 or more: it is a mean of squares"
        )
    return 10 * torch.log10(peak**2 / mse)


def ssim(fake: Float[Tensor, "n 3 h w"], real: Float[Tensor, "n 3 h w"]) -> Float64[Tensor, " n"]:
    """Return the structural similarity of each image, with the settings of Wang et al. (2004).

    At each pixel it is (2 mx my + C1)(2 sxy + C2) / ((mx² + my² + C1)(sx² + sy² + C2)), where m are
    means and s (co)variances under an 11x11 Gaussian window of sigma 1.5 (population, not sample),
    C1 = 0.01² and C2 = 0.03². The mean over pixels at least 5 from the border is taken for red,
    green and blue, and then the mean of these three. The default of scikit-image is a flat 7x7
    window with sample covariance, so its numbers differ; torchmetrics 1.9 averages over the border
    as well. On luminance alone, a colorizer that keeps L would score 1.

    Args:
        fake: colorized images in [0, 1], at least 11 pixels high and wide.
        real: the true images, of the same shape.

    Returns:
        Similarities in [-1, 1]; 1 for identical images.

    Raises:
        TypeError, ValueError: as in :func:`mse`, if values are outside [0, 1], or if the images
            are smaller than the window.

    Example:
        >>> ssim(torch.zeros(1, 3, 16, 16), torch.ones(1, 3, 16, 16)).round(decimals=4).tolist()
        [0.0001]
    """
    check_same_shape(fake=fake, real=real)
    for name, images in (("fake", fake), ("real", real)):
        check_images(name, images)
        check_range(name, images)
    h, w = fake.shape[-2:]
    if min(h, w) < SSIM_WINDOW:
        raise ValueError(
            f"images are {h}x{w}; SSIM expected at least {SSIM_WINDOW}x{SSIM_WINDOW}: "
            "leave SSIM out, or measure larger images"
        )
    pairs = zip(_to_float64(fake), _to_float64(real), strict=True)
    # One image at a time: its maps stay in the processor's cache.
    return torch.stack([_ssim_map(x, y).mean() for x, y in pairs])


def _ssim_map(
    x: Float64[Tensor, "3 h w"], y: Float64[Tensor, "3 h w"]
) -> Float64[Tensor, "3 h2 w2"]:
    """Return SSIM at each pixel around which the window fits: h2 = h - 10, w2 = w - 10."""
    distance = torch.arange(SSIM_WINDOW, dtype=torch.float64) - SSIM_WINDOW // 2
    weights = torch.exp(-distance.square() / (2 * _SSIM_SIGMA**2))
    weights = weights / weights.sum()
    mx, my, xx, yy, xy = _blur(torch.stack([x, y, x * x, y * y, x * y]), weights)
    c1, c2 = 0.01**2, 0.03**2
    numerator = (2 * mx * my + c1) * (2 * (xy - mx * my) + c2)
    denominator = (mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2)
    return numerator / denominator


def _blur(maps: Float64[Tensor, "k 3 h w"], weights: Float64[Tensor, " m"]) -> Tensor:
    """Return the maps convolved with ``weights`` along rows, then columns, without padding."""
    for dim in (-2, -1):
        size = maps.shape[dim] - len(weights) + 1
        blurred = torch.zeros_like(maps.narrow(dim, 0, size))
        for i, weight in enumerate(weights.tolist()):
            blurred.add_(maps.narrow(dim, i, size), alpha=weight)
        maps = blurred
    return maps


def ciede2000(
    fake_lab: Float[Tensor, "n 3 h w"], real_lab: Float[Tensor, "n 3 h w"]
) -> Float64[Tensor, "n h w"]:
    """Return the perceived colour difference of each pixel: CIEDE2000 with kL = kC = kH = 1.

    A difference of 1 is barely visible, one of 10 is obvious. The formula is scikit-image's (CIE
    142-2001; Sharma, Wu and Dalal 2005).

    Args:
        fake_lab: colorized images in Lab with the white point D65, L in [0, 100].
        real_lab: the true images, of the same shape.

    Returns:
        Differences, at least 0.

    Raises:
        TypeError, ValueError: if they are not such tensors, differ in shape or are empty.

    Example:
        >>> fake = torch.tensor([50.0, 2.6772, -79.7751]).view(1, 3, 1, 1)
        >>> real = torch.tensor([50.0, 0.0, -82.7485]).view(1, 3, 1, 1)
        >>> round(ciede2000(fake, real).item(), 4)  # the first pair of Sharma et al.
        2.0425
    """
    from skimage.color import deltaE_ciede2000  # imports scipy, which few callers need

    check_images("fake_lab", fake_lab)
    check_same_shape(fake_lab=fake_lab, real_lab=real_lab)
    for name, lab in (("fake_lab", fake_lab), ("real_lab", real_lab)):
        check_range(f"L of {name}", lab[:, 0], 0, 100)
    fake, real = _to_float64(fake_lab).numpy(), _to_float64(real_lab).numpy()
    return torch.from_numpy(deltaE_ciede2000(fake, real, channel_axis=1))


def colorfulness(rgb: Float[Tensor, "n 3 h w"]) -> Float64[Tensor, " n"]:
    """Return the colourfulness of each image: 0 for gray, about 45 for a moderate photo.

    This is M3 of Hasler and Süsstrunk (2003). With rg = R - G and yb = (R + G)/2 - B, both signed,
    on 0..255: M = sqrt(var rg + var yb) + 0.3 sqrt(mean² rg + mean² yb). Variants that take abs(R -
    G) score less.

    Args:
        rgb: images in [0, 1].

    Returns:
        Colourfulness, at least 0.

    Raises:
        TypeError, ValueError: if they are not such tensors, are empty, or have other values.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
        >>> round(colorfulness(red).item(), 2)  # 0.3 sqrt(255² + 127.5²)
        85.53
    """
    check_images("rgb", rgb)
    check_not_empty("rgb", rgb)
    check_range("rgb", rgb)
    red, green, blue = (_to_float64(rgb) * 255).flatten(2).unbind(1)
    opponent = torch.stack([red - green, (red + green) / 2 - blue])  # (2, n, h * w)
    spread = opponent.var(dim=2, correction=0).sum(0).sqrt()
    return spread + 0.3 * opponent.mean(dim=2).norm(dim=0)


def chroma(lab: Float[Tensor, "n 3 h w"]) -> Float64[Tensor, "n h w"]:
    """Return the chroma sqrt(a² + b²) of each pixel of Lab images, 0 for gray.

    Example:
        >>> chroma(torch.tensor([50.0, 3.0, -4.0]).view(1, 3, 1, 1)).item()
        5.0
    """
    check_images("lab", lab)
    check_range("L of lab", lab[:, 0], 0, 100)
    a, b = _to_float64(lab)[:, 1:].unbind(1)
    return torch.hypot(a, b)


def gray_baseline(rgb: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """Return the images without colour: a = b = 0, L unchanged. A useful colorizer must beat them.

    Args:
        rgb: images in [0, 1].

    Returns:
        Gray images in [0, 1], float32.

    Example:
        >>> green = torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)
        >>> gray_baseline(green).flatten().round(decimals=2).tolist()
        [0.86..., 0.86..., 0.86...]
    """
    check_images("rgb", rgb)
    lab = rgb_to_lab(rgb)
    return lab_to_rgb(torch.cat([lab[:, :1], torch.zeros_like(lab[:, 1:])], dim=1))


def _to_float64(x: Tensor) -> Tensor:
    return x.detach().cpu().double()
