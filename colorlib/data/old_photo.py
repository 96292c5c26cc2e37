"""Simulated old photos: black-and-white film, fading, grain, sepia, scratches, borders and scans.

A photo that a computer converted to gray contains L, the lightness that eyes see. Film was
sensitive to other light, paper fades and turns brown, prints have borders.
:func:`simulate_old_photo` makes such an image from a colour photo, whose true colours are known, so
that a colorizer can be measured on it. The numbers are typical ones, not those of one film: each
has its source in a comment or docstring.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from colorlib import cie
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
    weights = torch.tensor(SPECTRAL_RESPONSES[response])
    light = cie.srgb_to_linear(rgb.float()) * (weights / weights.sum()).view(1, 3, 1, 1)
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
    noise = torch.randn(gray.shape, generator=rng)
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
