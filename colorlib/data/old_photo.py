"""Old photographs, simulated: what film saw, and what time and scanner did to the print.

A photo that was turned gray by a computer holds L, the lightness that eyes see. Film saw other light, paper
fades and turns brown, prints have borders. From a colour photo, whose true colours are known, :func:`aged`
makes such a picture, so that a colorizer can be measured on it. Numbers are typical ones, not those of one
film: each says where it comes from.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from colorlib import cie
from colorlib.io import images
from colorlib.tensor_checks import check_images

#: Shares of red, green and blue light that blacken a film. ``eye`` is luminance, the middle row of
#: :data:`colorlib.cie.XYZ_FROM_RGB`: what a computer's gray picture holds. ``panchromatic`` (common from the
#: 1920s on) is Kodak Tri-X in the table of black-and-white presets of darktable's channel mixer.
#: ``orthochromatic`` (from the 1880s on) is blind to red: the same without its red. ``blue`` is the wet plate
#: of the 1850s to 1880s, which saw blue and ultraviolet alone.
SPECTRAL_RESPONSES = {
    "eye": cie.XYZ_FROM_RGB[1],
    "panchromatic": (0.25, 0.35, 0.40),
    "orthochromatic": (0.0, 0.35, 0.40),
    "blue": (0.0, 0.0, 1.0),
}


@dataclass(frozen=True)
class OldPhotoEffect:
    """What a print went through; the default went through nothing.

    Args:
        response: one of :data:`RESPONSES`.
        grain: standard deviation of the noise in the middle tones, on 0 to 1; 0.06 is coarse.
        black, white: what black and white have become, on 0 to 1: silver fades, paper yellows.
        sepia: whether grays are brown: red is the gray, green and blue lie below it (our own curve, by eye
            after sulphide-toned prints).
        scratches: how many, each a light line from top to bottom.
        border: its width on each side, as a share of the shorter side; ``border_gray`` its gray, on 0 to 1.
        jpeg: quality of the scan's JPEG file, 1 to 95; None for none.

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
        if self.response not in SPECTRAL_RESPONSES:
            raise ValueError(
                f"response is {self.response!r}; expected one of {', '.join(SPECTRAL_RESPONSES)}"
            )
        if not 0 <= self.black < self.white <= 1:
            raise ValueError(
                f"black is {self.black} and white {self.white}; expected 0 <= black < white <= 1"
            )


def simulate_old_photo(rgb: Tensor, how: OldPhotoEffect, seed: int = 0) -> Tensor:
    """Make an old print of colour photos, and scan it.

    Args:
        rgb: (n, 3, h, w) in [0, 1].
        how: what happened to it.
        seed: of grain and scratches.

    Returns:
        (n, 3, h', w') float32 in [0, 1], multiples of 1/255; :func:`margin` larger on each side.

    Raises:
        TypeError, ValueError: ``rgb`` is not such a tensor.

    Example:
        >>> simulate_old_photo(torch.rand(1, 3, 40, 60), OldPhotoEffect(border=0.1)).shape
        torch.Size([1, 3, 48, 68])
    """
    check_images("rgb", rgb)
    dice = torch.Generator().manual_seed(seed)
    gray = to_film_gray(rgb, how.response)
    if how.grain:  # finest detail softened a little; none in pure black and white
        noise = F.avg_pool2d(torch.randn(gray.shape, generator=dice), 2, stride=1, padding=1)[
            ..., :-1, :-1
        ]
        gray = (gray + 2 * how.grain * noise * 4 * gray * (1 - gray)).clamp(0, 1)
    gray = how.black + (how.white - how.black) * gray
    for x in torch.randint(gray.shape[-1], (how.scratches,), generator=dice).tolist():
        gray[..., x] = 0.3 * gray[..., x] + 0.7
    if side := border_width(rgb, how):
        gray = F.pad(gray, (side,) * 4, value=how.border_gray)
    print_ = gray.expand(-1, 3, -1, -1)
    if how.sepia:
        print_ = torch.cat([gray, gray**1.15 * 0.95, gray**1.5 * 0.82], dim=1)
    return jpeg_round_trip(print_, how.jpeg)


def to_film_gray(rgb: Tensor, response: str = "panchromatic") -> Tensor:
    """Photograph (n, 3, h, w) RGB on black-and-white film: gray (n, 1, h, w) in [0, 1], as a file stores it.

    The shares of light are mixed as light, and then stored along sRGB's curve, as scanners do.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
        >>> to_film_gray(red, "eye").item() > 0.4, to_film_gray(red, "orthochromatic").item()
        (True, 0.0)
    """
    check_images("rgb", rgb)
    if response not in SPECTRAL_RESPONSES:
        raise ValueError(
            f"response is {response!r}; expected one of {', '.join(SPECTRAL_RESPONSES)}"
        )
    weights = torch.tensor(SPECTRAL_RESPONSES[response])
    light = cie.srgb_to_linear(rgb.float()) * (weights / weights.sum()).view(1, 3, 1, 1)
    return cie.linear_to_srgb(light.sum(dim=1, keepdim=True).clamp(0, 1))


def border_width(rgb: Tensor, how: OldPhotoEffect) -> int:
    """Say how many pixels of border a print of ``rgb`` has on each side."""
    check_images("rgb", rgb)
    return round(how.border * min(rgb.shape[-2:]))


def jpeg_round_trip(rgb: Tensor, quality: int | None = None) -> Tensor:
    """Round (n, 3, h, w) to 8 bits, and through a JPEG file of this quality if one is given."""
    check_images("rgb", rgb)
    pictures = [images.tensor_to_image(picture) for picture in rgb]
    if quality is not None:
        for number, picture in enumerate(pictures):
            picture.save(file := io.BytesIO(), "JPEG", quality=quality)
            pictures[number] = Image.open(file)
    return torch.cat([images.image_to_tensor(picture) for picture in pictures])


_PAN = OldPhotoEffect("panchromatic")
#: What a benchmark and lesson 0 try, one thing at a time, and then all of it.
PRESETS = {
    "converted by a computer": OldPhotoEffect(),
    "panchromatic film": _PAN,
    "orthochromatic film": OldPhotoEffect("orthochromatic"),
    "wet plate": OldPhotoEffect("blue"),
    "panchromatic, grain": replace(_PAN, grain=0.06),
    "panchromatic, faded": replace(_PAN, black=0.25, white=0.85),
    "panchromatic, sepia": replace(_PAN, sepia=True),
    "panchromatic, scratches": replace(_PAN, scratches=8),
    "panchromatic, white border": replace(_PAN, border=0.08),
    "panchromatic, black border": replace(_PAN, border=0.08, border_gray=0.0),
    "panchromatic, JPEG blocks": replace(_PAN, jpeg=15),
    "grandmother's album": OldPhotoEffect("orthochromatic", 0.04, 0.2, 0.9, True, 4, 0.08, 1.0, 40),
}
