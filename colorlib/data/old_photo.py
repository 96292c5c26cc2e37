"""Simulated old photos: black-and-white film, fading, grain, sepia, scratches, borders and scans.

A photo that a computer converted to gray contains L, the lightness that eyes see. Film was
sensitive to other light, paper fades and turns brown, prints have borders.
:func:`simulate_old_photo` makes such an image from a colour photo, whose true colours are known, so
that a colorizer can be measured on it. The numbers are typical ones, not those of one film: each
has its source in a comment or docstring.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from colorlib import cie
from colorlib.color import rgb_to_lab
from colorlib.data.augment import hash_uniform
from colorlib.io import images
from colorlib.tensor_checks import check_images

#: The sensitivity of films to red, green and blue light. ``eye`` is luminance, the middle row of
#: :data:`colorlib.cie.XYZ_FROM_RGB`: a computer's gray image. ``panchromatic`` (common from the
#: 1920s on) is Kodak Tri-X in darktable's black-and-white presets of its channel mixer.
#: ``orthochromatic`` (from the 1880s on) is blind to red: the same without its red. ``blue`` is the
#: wet plate of the 1850s to 1880s, which was sensitive to blue and ultraviolet light only.
SPECTRAL_RESPONSES = {
    "eye": cie.XYZ_FROM_RGB[1],
    "panchromatic": (0.25, 0.35, 0.40),
    "orthochromatic": (0.0, 0.35, 0.40),
    "blue": (0.0, 0.0, 1.0),
}

_FILM = 5  # the purpose of a random number, next to those of colorlib.data.augment


@dataclass(frozen=True)
class OldPhotoEffect:
    """The film, the age and the scan of a print; the default changes nothing but colour.

    Args:
        response: a key of :data:`SPECTRAL_RESPONSES`.
        grain: the standard deviation of the noise in the middle tones, on 0 to 1; 0.06 is coarse.
        black, white: the gray that black and white have become, on 0 to 1: silver fades, paper
            yellows.
        sepia: whether grays are brown: red is the gray, green and blue are below it (our own curve,
            by eye after sulphide-toned prints).
        scratches: the number of scratches, each a light line from top to bottom.
        border: the border's width on each side, as a share of the shorter side.
        border_gray: the border's gray, on 0 to 1.
        jpeg: the quality of the scan's JPEG file, 1 to 95; None for no JPEG compression.

    Example:
        >>> OldPhotoEffect(response="orthochromatic", black=0.2).black
        0.2
    """

    response: str = "eye"
    grain: float = 0.0
    black: float = 0.0
    white: float = 1.0
    sepia: bool = False
    scratches: int = 0
    border: float = 0.0
    border_gray: float = 1.0
    jpeg: int | None = None

    def __post_init__(self) -> None:
        _check_response(self.response)
        if not 0 <= self.black < self.white <= 1:
            found = f"black is {self.black} and white {self.white}"
            raise ValueError(f"{found}; expected 0 <= black < white <= 1")


def simulate_old_photo(
    rgb: Float[Tensor, "n 3 h w"], effect: OldPhotoEffect, seed: int = 0
) -> Float[Tensor, "n 3 h2 w2"]:
    """Make scanned old prints of colour photos.

    Args:
        rgb: (n, 3, h, w) in [0, 1].
        effect: the film, the age and the scan.
        seed: the seed of grain and scratches.

    Returns:
        (n, 3, h2, w2) float32 in [0, 1], multiples of 1/255; larger by :func:`border_width` on each
        side.

    Raises:
        TypeError, ValueError: ``rgb`` is not such a tensor.

    Example:
        >>> simulate_old_photo(torch.rand(1, 3, 40, 60), OldPhotoEffect(border=0.1)).shape
        torch.Size([1, 3, 48, 68])
    """
    check_images("rgb", rgb)
    rng = torch.Generator().manual_seed(seed)
    gray = to_film_gray(rgb, effect.response)
    if effect.grain:
        gray = _add_grain(gray, effect.grain, rng)
    gray = effect.black + (effect.white - effect.black) * gray
    for x in torch.randint(gray.shape[-1], (effect.scratches,), generator=rng).tolist():
        gray[..., x] = 0.3 * gray[..., x] + 0.7
    width = border_width(rgb, effect)
    if width:
        gray = F.pad(gray, (width,) * 4, value=effect.border_gray)
    if effect.sepia:
        toned = torch.cat([gray, gray**1.15 * 0.95, gray**1.5 * 0.82], dim=1)
    else:
        toned = gray.expand(-1, 3, -1, -1)
    return jpeg_round_trip(toned, effect.jpeg)


def to_film_gray(
    rgb: Float[Tensor, "n 3 h w"], response: str = "panchromatic"
) -> Float[Tensor, "n 1 h w"]:
    """Return the gray image of colour photos on black-and-white film.

    Light is mixed in linear RGB and then stored along the sRGB curve, as scanners do.

    Args:
        rgb: (n, 3, h, w) in [0, 1].
        response: a key of :data:`SPECTRAL_RESPONSES`.

    Returns:
        (n, 1, h, w) in [0, 1].

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> to_film_gray(red, "eye").item() > 0.4, to_film_gray(red, "orthochromatic").item()
        (True, 0.0)
    """
    check_images("rgb", rgb)
    _check_response(response)
    return _mix_light(rgb, torch.tensor(SPECTRAL_RESPONSES[response]))


def use_random_film(
    lab: Float[Tensor, "n 3 h w"],
    rgb: Float[Tensor, "n 3 h w"],
    indices: Sequence[int] | Tensor,
    seed: int,
    epoch: int,
    share: float,
) -> Float[Tensor, "n 3 h w"]:
    """Replace the lightness of some images by that of a random film; a and b stay the true ones.

    A network that is trained on such images learns that an old photo's gray is not the lightness
    that eyes see. The film's sensitivity to red, green and blue is drawn from all that there can
    be; black may have faded to 0.25 and white to 0.8, and the grain has a strength up to 0.04.

    Args:
        lab: (n, 3, h, w), Lab of ``rgb``.
        rgb: (n, 3, h, w) in [0, 1].
        indices: the indices of the n images in their data set; with the seed and the epoch they
            determine everything random, as in :func:`colorlib.data.augment.augment`.
        seed: the seed of the run.
        epoch: the number of the epoch.
        share: the share of the images that are changed, 0 to 1.

    Example:
        >>> rgb = torch.rand(2, 3, 8, 8)
        >>> lab = rgb_to_lab(rgb)
        >>> film = use_random_film(lab, rgb, [0, 1], seed=0, epoch=0, share=1)
        >>> bool((film[:, 1:] == lab[:, 1:]).all()), bool((film[:, 0] == lab[:, 0]).all())
        (True, False)
    """
    check_images("rgb", rgb)
    lab = lab.clone()
    draws = hash_uniform(torch.as_tensor(indices).cpu().numpy(), seed, epoch, _FILM)
    for k in (draws < share).nonzero()[0].tolist():
        rng = torch.Generator().manual_seed(int(draws[k] * 2**53))
        lab[k, 0] = _random_film_lightness(rgb[k : k + 1], rng)
    return lab


def _random_film_lightness(rgb: Float[Tensor, "1 3 h w"], rng: torch.Generator) -> Tensor:
    """Return L (h, w) of one photo on a film that is drawn at random."""
    draws = torch.rand(6, generator=rng)
    weights = -draws[:3].clamp(min=1e-6).log()  # uniform over all mixtures, once they are divided
    gray = _add_grain(_mix_light(rgb, weights), 0.04 * draws[3].item(), rng)
    black, white = 0.25 * draws[4].item(), 1 - 0.2 * draws[5].item()
    gray = black + (white - black) * gray
    return rgb_to_lab(gray.expand(-1, 3, -1, -1))[0, 0]


def _mix_light(rgb: Tensor, weights: Tensor) -> Tensor:
    """Return gray images (n, 1, h, w): light, mixed by the weights of red, green and blue."""
    weights = (weights / weights.sum()).to(rgb.device).view(1, 3, 1, 1)
    light = cie.srgb_to_linear(rgb.float()) * weights
    return cie.linear_to_srgb(light.sum(dim=1, keepdim=True).clamp(0, 1))


def border_width(rgb: Float[Tensor, "n 3 h w"], effect: OldPhotoEffect) -> int:
    """Return the width in pixels of the border on each side of a print of ``rgb``."""
    check_images("rgb", rgb)
    return round(effect.border * min(rgb.shape[-2:]))


def jpeg_round_trip(
    rgb: Float[Tensor, "n 3 h w"], quality: int | None = None
) -> Float[Tensor, "n 3 h w"]:
    """Round images to 8 bits, and compress and decode them as JPEG if a quality is given."""
    check_images("rgb", rgb)
    scans = []
    for image in map(images.tensor_to_image, rgb):
        if quality is not None:
            file = io.BytesIO()
            image.save(file, "JPEG", quality=quality)
            image = Image.open(file)
        scans.append(images.image_to_tensor(image))
    return torch.cat(scans)


def _check_response(response: str) -> None:
    if response not in SPECTRAL_RESPONSES:
        known = ", ".join(SPECTRAL_RESPONSES)
        raise ValueError(f"response is {response!r}; expected one of {known}")


def _add_grain(gray: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Add soft noise that is strongest in the middle tones and 0 in black and white."""
    noise = torch.randn(gray.shape, generator=rng).to(gray.device)
    noise = F.avg_pool2d(noise, 2, stride=1, padding=1)[..., :-1, :-1]
    return (gray + 2 * strength * noise * 4 * gray * (1 - gray)).clamp(0, 1)


_PANCHROMATIC = OldPhotoEffect("panchromatic")
#: The effects of the benchmark and of lesson 0: one at a time, and then all of them.
PRESETS = {
    "converted by a computer": OldPhotoEffect(),
    "panchromatic film": _PANCHROMATIC,
    "orthochromatic film": OldPhotoEffect("orthochromatic"),
    "wet plate": OldPhotoEffect("blue"),
    "panchromatic, grain": replace(_PANCHROMATIC, grain=0.06),
    "panchromatic, faded": replace(_PANCHROMATIC, black=0.25, white=0.85),
    "panchromatic, sepia": replace(_PANCHROMATIC, sepia=True),
    "panchromatic, scratches": replace(_PANCHROMATIC, scratches=8),
    "panchromatic, white border": replace(_PANCHROMATIC, border=0.08),
    "panchromatic, black border": replace(_PANCHROMATIC, border=0.08, border_gray=0.0),
    "panchromatic, JPEG blocks": replace(_PANCHROMATIC, jpeg=15),
    "grandmother's album": OldPhotoEffect(
        response="orthochromatic",
        grain=0.04,
        black=0.2,
        white=0.9,
        sepia=True,
        scratches=4,
        border=0.08,
        jpeg=40,
    ),
}
