"""Any picture that Pillow can decode, as the 8-bit sRGB that everything else here works with.

Files say colour in many ways: a palette, CMYK inks, 16-bit gray, transparency, a camera's wider colour
space, a turn that is only noted beside the pixels. A network that sees the raw numbers sees a wrong
picture, so :func:`to_srgb` undoes all of it once. :mod:`colorlib.io.images` calls it for every photo.
"""

from __future__ import annotations

import io
import logging

import numpy as np
from PIL import Image, ImageCms, ImageOps

log = logging.getLogger("colorlib")

_GRAY = ("1", "L", "LA", "La")
_PROFILE_SPACE = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, name: str = "<image>", *, keep_alpha: bool = False) -> Image.Image:
    """Return ``image`` as an upright 8-bit RGB picture in sRGB, without metadata.

    In this order: the EXIF orientation is applied; gray of more than 8 bits is scaled (:func:`gray_to_uint8`);
    an embedded ICC profile is applied (RGB, gray and CMYK; without one, Pillow's plain conversion); what is
    transparent is laid over white, in sRGB as browsers do, with a warning on the logger ``"colorlib"``.

    Args:
        image: a picture in any Pillow mode; it is not changed.
        name: what the log messages call it.
        keep_alpha: keep what is transparent instead: mode RGBA with the file's own alpha, turned upright
            with the rest, and the colours as the file holds them under it (not multiplied by alpha).

    Returns:
        A new picture in mode RGB with an empty ``info``; with ``keep_alpha``, in mode RGBA if any pixel of
        it is transparent.

    Raises:
        ValueError: gray of floating point that holds NaN or infinity.

    Example:
        >>> half_clear_red = Image.new("RGBA", (2, 1), (255, 0, 0, 128))
        >>> to_srgb(half_clear_red).getpixel((0, 0))
        (255, 127, 127)
    """
    profile = image.info.get("icc_profile")
    source = _upright(image, name)
    if source.mode[0] in "IF":
        # Files of these two formats declare 16 bits even where an older Pillow opens them in mode I.
        declared = source.mode.startswith("I;16") or image.format in ("PNG", "PPM")
        values, clear = np.asarray(source), source.info.get("transparency")
        source = gray_to_uint8(values, bits=16 if declared else None)
        if clear is not None:  # a PNG can name one gray value that is transparent
            source.putalpha(Image.fromarray(np.uint8(255) * (values != clear)))
    mode = "L" if source.mode in _GRAY else "CMYK" if source.mode == "CMYK" else "RGB"
    alpha = None
    if source.has_transparency_data:
        source = source.convert("LA" if mode == "L" else "RGBA")
        alpha = source.getchannel("A")
    source = source if source.mode == mode else source.convert(mode)
    rgb = _through_profile(source, profile, name)
    if alpha is not None and alpha.getextrema()[0] < 255:
        rgb.putalpha(alpha)
        if not keep_alpha:
            log.warning("%s has transparent parts; they were laid over white", name)
            rgb = composite_on_white(rgb)
    rgb.info = {}
    return rgb


def composite_on_white(rgba: Image.Image) -> Image.Image:
    """Lay an RGBA picture over white, as a person sees it on a page: mode RGB.

    Example:
        >>> composite_on_white(Image.new("RGBA", (2, 1), (255, 0, 0, 128))).getpixel((0, 0))
        (255, 127, 127)
    """
    return Image.composite(
        rgba.convert("RGB"), Image.new("RGB", rgba.size, "white"), rgba.getchannel("A")
    )


def gray_to_uint8(values: np.ndarray, bits: int | None = None) -> Image.Image:
    """Scale gray values of any depth to 8 bits: scaled, never clipped.

    The first rule that fits decides which range becomes 0 to 255: ``bits`` if given (0 to 2^bits - 1);
    0 to 1 for floating point; 0 to 255; 0 to 65535 for integers; else the smallest to the largest value.

    Args:
        values: (h, w), integers or floating point.
        bits: the depth that the file declares, where it declares one.

    Returns:
        A picture in mode L.

    Raises:
        ValueError: a value is NaN or infinite.

    Example:
        >>> gray_to_uint8(np.array([[0, 32768, 65535]], dtype=np.uint16), bits=16).getpixel((1, 0))
        128
    """
    low, high = float(values.min()), float(values.max())
    whole = values.dtype.kind in "iu"
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            f"gray from {low} to {high} was found, expected finite numbers; replace them first"
        )
    if bits is not None:
        low, high = 0, 2**bits - 1
    elif low >= 0 and high <= 1 and not whole:
        low, high = 0, 1
    elif low >= 0 and high <= 255:
        low, high = 0, 255
    elif low >= 0 and high <= 65535 and whole:
        low, high = 0, 65535
    scaled = (values.astype(np.float32) - low) * (255 / max(high - low, 1e-30))
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def _upright(image: Image.Image, name: str) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (
        Exception
    ) as error:  # Pillow's EXIF reader raises SyntaxError, struct.error, KeyError and others
        log.warning(
            "%s has EXIF data that cannot be read (%s); its orientation was ignored", name, error
        )
        return image.copy()


def _through_profile(image: Image.Image, profile: bytes | None, name: str) -> Image.Image:
    """Convert L, RGB or CMYK to RGB, by the ICC ``profile`` where there is one for that kind of colour."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == _PROFILE_SPACE[image.mode]:
                return ImageCms.profileToProfile(
                    image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
        except (ImageCms.PyCMSError, OSError, ImportError) as error:
            log.warning(
                "%s has a colour profile that cannot be used (%s); it was ignored", name, error
            )
    return image if image.mode == "RGB" else image.convert("RGB")
