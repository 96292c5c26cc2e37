"""Conversion of every image mode that Pillow decodes to 8-bit sRGB.

A file can store colour as a palette, CMYK, 16-bit gray, with transparency, in a camera's wider
colour space, or rotated with a note about it. A network that sees the raw numbers sees a wrong
image, so :func:`to_srgb` converts all of this once. :mod:`colorlib.io.images` calls it for every
photo.
"""

from __future__ import annotations

import io
import logging

import numpy as np
from PIL import Image, ImageCms, ImageOps

_logger = logging.getLogger("colorlib")

_GRAY_MODES = ("1", "L", "LA", "La")
# Programs write 32 bits a pixel here without meaning alpha: if all of it is 0, it says nothing.
_OFTEN_WITHOUT_ALPHA = ("BMP", "DIB", "TGA", "ICO", "DDS")
_SCREEN_GAMMA = 2.2
_SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_BLOCK = 2**22  # values that are scaled at once
# Floating-point values that count as 0 to 1, or as 0 to 255: up to 16 times that, and 95 % inside.
_MAX_OVERSHOOT, _MIN_INSIDE = 16, 0.95
_ICC_COLOR_SPACES = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, name: str = "<image>", *, keep_alpha: bool = False) -> Image.Image:
    """Convert an image to an upright 8-bit RGB image in sRGB, without metadata.

    In this order: the EXIF orientation is applied; gray of more than 8 bits is scaled
    (:func:`gray_to_uint8`); an embedded ICC profile is applied (RGB, gray and CMYK; without one,
    the gamma and the primaries of a PNG or AVIF, and Pillow's plain conversion); transparent parts
    are composited on white,
    in sRGB as browsers do, with a warning on the logger ``"colorlib"``.

    Args:
        image: An image in any Pillow mode; it is not changed.
        name: Its name in log messages.
        keep_alpha: Whether to keep transparency instead: mode RGBA with the file's own alpha, and
            the colours as the file stores them under it (not multiplied by alpha).

    Returns:
        A new image in mode RGB with an empty ``info``; with ``keep_alpha``, in mode RGBA if any
        pixel is transparent.

    Raises:
        ValueError: If floating-point gray holds NaN or infinity.

    Example:
        >>> half_clear_red = Image.new("RGBA", (2, 1), (255, 0, 0, 128))
        >>> to_srgb(half_clear_red).getpixel((0, 0))
        (255, 127, 127)
    """
    profile = image.info.get("icc_profile")
    gamma = None if profile or "srgb" in image.info else image.info.get("gamma")
    source = _apply_exif_orientation(image, name)
    if source.mode[0] in "IF":
        source = _deep_gray_to_uint8(source, image.format, gamma)
        gamma = None
    mode = "RGB"
    if source.mode in _GRAY_MODES:
        mode = "L"
    elif source.mode == "CMYK":
        mode = "CMYK"
    alpha = None
    if source.has_transparency_data:
        source = source.convert("LA" if mode == "L" else "RGBA")
        alpha = source.getchannel("A")
        if alpha.getextrema()[1] == 0 and image.format in _OFTEN_WITHOUT_ALPHA:
            alpha = None
    if source.mode != mode:
        source = source.convert(mode)
    if gamma and mode in ("L", "RGB"):
        table = np.rint(255 * _apply_gamma(np.arange(256) / 255, gamma)).astype(int).tolist()
        source = source.point(table * len(source.getbands()))
    rgb = _apply_icc_profile(source, profile, name)
    if mode == "RGB" and not profile and "primaries" in image.info:
        rgb = _convert_primaries(rgb, image.info["primaries"])
    if alpha is not None and alpha.getextrema()[0] < 255:
        rgb.putalpha(alpha)
        if not keep_alpha:
            _logger.warning("%s has transparent parts; they were composited on white", name)
            rgb = composite_on_white(rgb)
    rgb.info = {}
    return rgb


def composite_on_white(rgba: Image.Image) -> Image.Image:
    """Composite an RGBA image on white, as a person sees it on a page: mode RGB.

    Example:
        >>> composite_on_white(Image.new("RGBA", (2, 1), (255, 0, 0, 128))).getpixel((0, 0))
        (255, 127, 127)
    """
    white = Image.new("RGB", rgba.size, "white")
    return Image.composite(rgba.convert("RGB"), white, rgba.getchannel("A"))


def gray_to_uint8(values: np.ndarray, bits: int | None = None) -> Image.Image:
    """Scale gray values (h, w) as :func:`scale_to_uint8` does: an image in mode L.

    Example:
        >>> gray_to_uint8(np.array([[0, 32768, 65535]], dtype=np.uint16), bits=16).getpixel((1, 0))
        128
    """
    return Image.fromarray(scale_to_uint8(values, bits))


def scale_to_uint8(values: np.ndarray, bits: int | None = None) -> np.ndarray:
    """Scale values of any depth to 8 bits.

    The first rule that fits decides which range becomes 0 to 255: ``bits`` if given (0 to 2^bits -
    1); for floating point, 0 to 1 if the largest value is at most 16, or 0 to 255 if it is at most
    16 times that; for integers, 0 to 255, then of at most 16 bits the type's largest value, of
    others 65535, and of unsigned ones beyond 2^24 their largest value; else the smallest to the
    largest value. A few floating-point values may be outside of their range, as sharpening and
    highlights make them: they are clipped. If more than one in twenty is outside, the range is
    another one, and the smallest to the largest value is taken.

    Args:
        values: Of any shape, integers or floating point.
        bits: The depth that the file declares, if it declares one.

    Returns:
        uint8, of the same shape.

    Raises:
        ValueError: If a value is NaN or infinite.

    Example:
        >>> scale_to_uint8(np.array([0.0, 0.5, 1.0])), scale_to_uint8(np.array([0, 4095]), bits=12)
        (array([  0, 128, 255], dtype=uint8), array([  0, 255], dtype=uint8))
    """
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        expected = "expected finite numbers; replace them first"
        raise ValueError(f"gray from {low} to {high} was found, {expected}")
    if bits is not None:
        low, high = 0, 2**bits - 1
    elif values.dtype.kind == "f":
        low, high = _guess_float_range(values, low, high)
    elif low >= 0:
        low, high = _guess_integer_range(values.dtype, low, high)
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return values.copy()
    result = np.empty(values.shape, np.uint8)
    step = max(1, _BLOCK // max(1, values[:1].size))
    for start in range(0, len(values), step):  # a part at a time, which bounds the memory
        part = values[start : start + step]
        part = part.astype(np.float64 if part.dtype.itemsize > 2 else np.float32)
        part = np.rint((part - low) * (255 / max(high - low, 1e-30)))
        result[start : start + step] = part.clip(0, 255)
    return result


def _guess_float_range(values: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Return the range of floating-point values, of which a few may be outside of it."""
    for full in (1, 255):
        if low >= -full and high <= _MAX_OVERSHOOT * full:
            inside = np.count_nonzero((values >= 0) & (values <= full))
            return (0, full) if inside >= _MIN_INSIDE * values.size else (low, high)
    return low, high


def _guess_integer_range(dtype: np.dtype, low: float, high: float) -> tuple[float, float]:
    """Return the range of integers of which no file says it; none of them is negative."""
    if high <= 255 and dtype.itemsize > 1:
        return 0, 255
    if dtype.itemsize <= 2:
        return 0, np.iinfo(dtype).max
    if high <= 65535:
        return 0, 65535
    if dtype.kind == "u" and high >= 2**24:
        return 0, np.iinfo(dtype).max
    return low, high


def _deep_gray_to_uint8(
    image: Image.Image, file_format: str | None, gamma: float | None
) -> Image.Image:
    """Scale gray of modes I and F, with the one gray value that a PNG can declare transparent."""
    # Files of these two formats declare 16 bits even where an older Pillow opens them in mode I.
    is_16_bit = image.mode == "I" and file_format in ("PNG", "PPM")
    declared = image.mode.startswith("I;16") or is_16_bit
    values = np.asarray(image)
    if gamma and declared:  # before the reduction to 8 bits, which would leave few dark shades
        corrected = _apply_gamma(values.astype(np.float32) / 65535, gamma)
        gray = gray_to_uint8(corrected.clip(0, 1))
    else:
        gray = gray_to_uint8(values, bits=16 if declared else None)
    transparent = image.info.get("transparency")
    if transparent is not None:
        gray.putalpha(Image.fromarray(np.uint8(255) * (values != transparent)))
    return gray


def _apply_gamma(values: np.ndarray, gamma: float) -> np.ndarray:
    """Convert values in [0, 1] of a PNG with a chunk gAMA for a screen, as its standard says."""
    exponent = 1 / (gamma * _SCREEN_GAMMA)
    return values if abs(exponent - 1) < 0.05 else values**exponent


def _convert_primaries(image: Image.Image, primaries: tuple[float, ...]) -> Image.Image:
    """Convert RGB of a screen with other primaries to sRGB; colours outside of it are clipped.

    Args:
        image: In mode RGB, with the gamma of a screen.
        primaries: x and y of white, red, green and blue, as in the chunk cHRM of a PNG.
    """
    matrix = np.linalg.inv(_matrix_to_xyz(_SRGB_PRIMARIES)) @ _matrix_to_xyz(primaries)
    if np.abs(matrix - np.eye(3)).max() < 0.02:
        return image
    linear = (np.arange(256, dtype=np.float32) / 255) ** _SCREEN_GAMMA
    pixels = np.array(image)
    for start in range(0, len(pixels), step := max(1, _BLOCK // pixels[0].size)):
        light = linear[pixels[start : start + step]] @ matrix.T.astype(np.float32)
        pixels[start : start + step] = np.rint(255 * light.clip(0, 1) ** (1 / _SCREEN_GAMMA))
    return Image.fromarray(pixels)


def _matrix_to_xyz(primaries: tuple[float, ...]) -> np.ndarray:
    """Return the matrix from linear RGB to XYZ of which white is (1, 1, 1)."""
    x, y = np.array(primaries, float).reshape(4, 2).T
    white, *columns = np.stack([x / y, np.ones(4), (1 - x - y) / y], axis=1)
    matrix = np.stack(columns, axis=1) / white[:, None]
    return matrix * np.linalg.solve(matrix, np.ones(3))


def _apply_exif_orientation(image: Image.Image, name: str) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception as error:  # SyntaxError, struct.error, KeyError and others from Pillow
        message = "%s has EXIF data that cannot be read (%s); its orientation was ignored"
        _logger.warning(message, name, error)
        return image.copy()


def _apply_icc_profile(image: Image.Image, profile: bytes | None, name: str) -> Image.Image:
    """Convert L, RGB or CMYK to RGB, with the ICC ``profile`` if it is for that colour space."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if source.profile.xcolor_space.strip() == _ICC_COLOR_SPACES[image.mode]:
                srgb = ImageCms.createProfile("sRGB")
                return ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ImportError) as error:
            message = "%s has a colour profile that cannot be used (%s); it was ignored"
            _logger.warning(message, name, error)
    return image if image.mode == "RGB" else image.convert("RGB")
