"""The meaning of a TIFF page's samples: gray, RGB, a palette, inks, YCbCr or Lab, and alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from colorlib.io.color_modes import scale_to_uint8
from colorlib.io.tiff_samples import UnsupportedTiff

if TYPE_CHECKING:
    from tifffile import TiffPage

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9
#: Photometric interpretation -> number of samples without alpha.
COLOR_SAMPLES = {
    WHITE_IS_ZERO: 1,
    BLACK_IS_ZERO: 1,
    RGB: 3,
    PALETTE: 1,
    CMYK: 4,
    YCBCR: 3,
    CIELAB: 3,
    ICCLAB: 3,
}
PREMULTIPLIED, STRAIGHT = 1, 2  # kinds of alpha
MAX_SAMPLES = 8


def samples_to_image(samples: np.ndarray, page: TiffPage) -> Image.Image:
    """Convert the samples of a page to an image of 8 bits.

    Args:
        samples: (h, w, samples), of any depth.
        page: The page, whose tags say what the samples mean.

    Returns:
        An image in mode L, LA, RGB, RGBA, CMYK, YCbCr or LAB.

    Raises:
        UnsupportedTiff: If the page is of a kind that is not read.
        ValueError: If a sample is NaN or infinite.
    """
    photometric, bits = int(page.photometric), _declared_bits(page)
    if photometric in (CIELAB, ICCLAB):
        return _lab_to_image(samples, photometric, page.bitspersample)
    if photometric == YCBCR and (page.bitspersample != 8 or page.is_subsampled):
        raise UnsupportedTiff("YCbCr colours of reduced resolution without JPEG compression")
    n = COLOR_SAMPLES[photometric]
    kind, alpha = alpha_kind(page), None
    if kind is not None:
        alpha = scale_to_uint8(samples[..., n], bits)
    if photometric == PALETTE:
        n, colors = 3, _apply_palette(samples[..., 0], page.colormap)
    else:
        colors = scale_to_uint8(samples[..., :n], bits)
    if photometric == WHITE_IS_ZERO:
        np.subtract(255, colors, out=colors)
    if photometric == CMYK:
        if alpha is not None:  # no ink where it is transparent: on paper, which is white
            colors = (colors.astype(np.uint16) * alpha[..., None] // 255).astype(np.uint8)
        return _merge("CMYK", colors)
    if photometric == YCBCR:
        return _merge("YCbCr", colors)
    image = Image.fromarray(colors[..., 0] if n == 1 else colors)
    if alpha is None:
        return image
    names = {(1, STRAIGHT): "LA", (1, PREMULTIPLIED): "La", (3, STRAIGHT): "RGBA"}
    bands = [*image.split(), Image.fromarray(alpha)]
    return Image.merge(names.get((n, kind), "RGBa"), bands)


def alpha_kind(page: TiffPage) -> int | None:
    """Return PREMULTIPLIED, STRAIGHT, or None if a page has no alpha; it follows the colours."""
    if page.samplesperpixel <= COLOR_SAMPLES[int(page.photometric)]:
        return None
    extra = [int(kind) for kind in page.extrasamples]
    if not extra:  # the tag is missing
        return STRAIGHT
    return extra[0] if extra[0] in (PREMULTIPLIED, STRAIGHT) else None


def palette_to_uint8(colormap: np.ndarray) -> np.ndarray:
    """Return the colours of a palette as 8 bits: (3, n) to (n, 3).

    The standard says 16 bits. Some programs write 8, which all readers take for what they are.

    Example:
        >>> palette_to_uint8(np.array([[0, 65535], [0, 65280], [0, 257]])).tolist()
        [[0, 0, 0], [255, 255, 1]]
        >>> palette_to_uint8(np.array([[0, 255], [0, 128], [0, 1]])).tolist()
        [[0, 0, 0], [255, 128, 1]]
    """
    colors = np.asarray(colormap).T
    if colors.max(initial=0) > 255:
        colors = colors >> 8
    return np.ascontiguousarray(colors.astype(np.uint8))


def _declared_bits(page: TiffPage) -> int | None:
    """Return the depth of unsigned samples of up to 16 bits; of others, the values decide."""
    is_unsigned = int(page.sampleformat or 1) in (1, 4)
    return page.bitspersample if is_unsigned and page.bitspersample <= 16 else None


def _apply_palette(indices: np.ndarray, colormap: np.ndarray | None) -> np.ndarray:
    if colormap is None:
        raise ValueError("a palette without colours")
    colors = palette_to_uint8(colormap)
    if indices.max(initial=0) >= len(colors):
        raise ValueError(f"colour {indices.max()} of a palette of {len(colors)}")
    return colors[indices]


def _lab_to_image(samples: np.ndarray, photometric: int, bits: int) -> Image.Image:
    """Return Lab of 8 or 16 bits as Pillow's LAB, in which a and b of 0 are stored as 128."""
    if bits not in (8, 16) or samples.dtype.kind not in "ui":
        raise UnsupportedTiff(f"Lab colours of {bits} bits")
    L, ab = samples[..., 0], samples[..., 1:3]
    if photometric == CIELAB:  # a and b are signed
        ab = ab.view(f"i{ab.dtype.itemsize}")
    if bits == 16:
        # 100 is stored as 65535 in CIELab, and as 65280 in ICCLab, as in profiles of version 2.
        full = 65535 if photometric == CIELAB else 65280
        L = np.rint(L.astype(np.float32) * (255 / full)).clip(0, 255)
        ab = np.rint(ab.astype(np.float32) / 256)
    if photometric == CIELAB:
        ab = ab.astype(np.int16) + 128
    return _merge("LAB", np.dstack([L, ab.clip(0, 255)]).astype(np.uint8))


def _merge(mode: str, colors: np.ndarray) -> Image.Image:
    """Return uint8 (h, w, bands) as an image of a mode."""
    bands = np.moveaxis(colors, 2, 0)
    return Image.merge(mode, [Image.fromarray(np.ascontiguousarray(band)) for band in bands])
