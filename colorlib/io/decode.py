"""Decoding of image files, with an error message that helps where this fails.

Pillow's decoders raise a dozen kinds of errors, few of which name the file. Here each becomes an
:class:`ImageError` of one sentence: what was found, what was expected, what to do. Pillow's global
settings are not changed. :mod:`colorlib.io.images` calls this for every photo.
"""

from __future__ import annotations

import difflib
import io
import os
import re
import struct
import warnings
from pathlib import Path

from PIL import Image, ImageChops, UnidentifiedImageError, features

from colorlib.io.errors import (
    OUT_OF_MEMORY_HINT,
    RAW,
    ImageError,
    damaged_error,
    too_large_error,
    unsupported_error,
)
from colorlib.io.formats import (
    UNSUPPORTED,
    begins_like_photo,
    begins_like_simple_photo,
    is_tiff,
    unsupported_brightness,
    unsupported_format,
    wide_primaries,
)
from colorlib.io.jpeg import check_jpeg, check_jpeg_kind
from colorlib.io.paths import expand_home
from colorlib.io.tiff import read_tiff

ImageSource = str | Path | bytes | bytearray | memoryview | io.BufferedIOBase | Image.Image

MAX_PIXELS = 64_000_000
# Pillow knows icons, drawings, previews and measurements, too. These are photos, besides TIFF:
_PHOTO_FORMATS = (
    "AVIF",
    "BMP",
    "DDS",
    "DIB",
    "GIF",
    "JPEG",
    "JPEG2000",
    "MPO",
    "PCX",
    "PNG",
    "PPM",
)
_PHOTO_FORMATS += ("PSD", "QOI", "SGI", "TGA", "TIFF", "WEBP")
_COLOR_KEYS = ("icc_profile", "srgb", "gamma")  # of Image.info
_HEADER = 2**16  # bytes in which a file says what kind it is


def decode(source: ImageSource, max_pixels: int | None = MAX_PIXELS) -> Image.Image:
    """Decode the first frame of an image, in whatever mode it has.

    Args:
        source: A path, bytes, a binary file (left open) or a Pillow image (loaded and returned).
        max_pixels: Larger images are refused before they are decoded; ``None`` for no limit but
            Pillow's own.

    Returns:
        The image as Pillow decodes it.

    Raises:
        FileNotFoundError: If there is no such file.
        ImageError: If it is a folder, not readable, empty, not an image, truncated, too large, HEIC
            or camera raw.
        TypeError: If ``source`` is something else.

    Example:
        >>> decode(b"hello")
        Traceback (most recent call last):
        colorlib.io.errors.ImageError: <bytes> is not an image (it starts with b'hello'); ...
    """
    name = display_name(source)
    if isinstance(source, Image.Image):
        return _decode_image(source, name, max_pixels)
    if isinstance(source, str | Path):
        with open_photo(source) as file:
            return _decode_file(file, name, max_pixels)
    if isinstance(source, bytes | bytearray | memoryview):
        return _decode_file(io.BytesIO(source), name, max_pixels)
    if not hasattr(source, "read") or isinstance(source, io.TextIOBase):
        expected = "a path, bytes, a file opened in binary mode or a Pillow image"
        found = type(source).__name__
        raise TypeError(f"{found} was found, expected {expected}; pass one of these.")
    try:
        source.seek(0)
    except (AttributeError, OSError):  # a download, for example, cannot be rewound
        source = io.BytesIO(source.read())
    return _decode_file(source, name, max_pixels)


def display_name(source: ImageSource) -> str:
    """Return the name of an image for messages: its path, or else its type in angle brackets."""
    if isinstance(source, str | Path):
        return str(source)
    name = getattr(source, "filename", None) or getattr(source, "name", None)
    return name if isinstance(name, str) else f"<{type(source).__name__}>"


def open_photo(path: str | Path) -> io.BufferedIOBase:
    """Open a file for reading; the errors say what to do.

    Raises:
        FileNotFoundError: If there is no such file; the message suggests one with a similar name.
        ImageError: If it is a folder or may not be read.
    """
    path = expand_home(path)
    try:
        return open(path, "rb")
    except OSError as error:
        if isinstance(error, FileNotFoundError) or _is_broken_link(path):
            raise _not_found_error(path) from None
        if isinstance(error, IsADirectoryError) or (os.name == "nt" and os.path.isdir(path)):
            found = f"{path} is a folder, expected one image file"
            raise ImageError(f"{found}; name a file inside it.") from None
        advice = "check that you may read it"
        raise ImageError(f"{path} cannot be opened ({error.strerror}); {advice}.") from None


def _is_broken_link(path: Path) -> bool:
    return os.path.islink(path) and not os.path.exists(path)


def _not_found_error(path: Path) -> FileNotFoundError:
    if _is_broken_link(path):
        found = f"{path} is a link to {os.readlink(path)}, which leads to no file"
        return FileNotFoundError(f"{found}; fix or remove the link.")
    folder = path.parent.resolve()
    names = {}
    if folder.is_dir():
        names = {file.name.lower(): file.name for file in folder.iterdir()}
    similar = difflib.get_close_matches(path.name.lower(), names, n=1)
    hint = f"did you mean {names[similar[0]]}?" if similar else "check the name and the folder."
    return FileNotFoundError(f"{path} was not found in {folder}; {hint}")


def _decode_image(image: Image.Image, name: str, max_pixels: int | None) -> Image.Image:
    """Load a Pillow image; one of these that is not loaded yet is decoded as from a file."""
    file = getattr(image, "fp", None)
    if (
        image.format in ("AVIF", "JPEG", "PNG", "PSD", "TIFF")
        and file is not None
        and image.tell() == 0
    ):
        place = file.tell()
        file.seek(0)
        try:
            return _decode_file(file, name, max_pixels)
        finally:
            file.seek(place)
    return _load_pixels(image, name, max_pixels)


def _decode_file(file: io.BufferedIOBase, name: str, max_pixels: int | None) -> Image.Image:
    start = file.read(32)
    file.seek(0)
    if is_tiff(start):

        def check_size(width: int, height: int) -> None:
            _check_size(width, height, name, max_pixels)

        is_named_raw = UNSUPPORTED.get(Path(name).suffix.lower()) == RAW
        return read_tiff(file, name, check_size, is_named_raw=is_named_raw)
    header = file.read(_HEADER)
    check_jpeg_kind(header, name)
    if found := unsupported_brightness(header):
        raise unsupported_error(name, found)
    file.seek(0)
    image = _load_pixels(_detect_format(file, name, max_pixels), name, max_pixels)
    if (primaries := wide_primaries(header)) is not None:
        if image.format == "PNG":  # its cICP replaces what other chunks say
            image.info = {key: image.info[key] for key in image.info if key not in _COLOR_KEYS}
        image.info["primaries"] = primaries
    elif "gamma" in image.info and "chromaticity" in image.info and "srgb" not in image.info:
        image.info["primaries"] = image.info["chromaticity"]
    transparent = image.info.get("transparency")
    if image.format == "PNG" and header[24] == 16 and isinstance(transparent, tuple):
        image.info["transparency"] = tuple(value >> 8 for value in transparent)  # as the pixels
    if image.format == "PSD" and image.mode == "RGBA" and not _has_transparency(file):
        return image.convert("RGB")
    if image.format in ("JPEG", "MPO"):
        file.seek(0)
        check_jpeg(file.read(), name)
    return image


def _has_transparency(file: io.BufferedIOBase) -> bool:
    """Return whether the fourth channel of a PSD is alpha; else it is a selection that was kept.

    The number of layers is negative if it is alpha, and missing in a file without layers.
    """
    position = 26
    for _ in ("colours", "resources"):
        file.seek(position)
        position += 4 + int.from_bytes(file.read(4), "big")
    file.seek(position)
    length, layers_length, n_layers = struct.unpack(">IIh", file.read(10))
    return length > 0 and layers_length > 0 and n_layers < 0


def _detect_format(file: io.BufferedIOBase, name: str, max_pixels: int | None) -> Image.Image:
    """Read the header only."""
    try:
        with warnings.catch_warnings():
            # Pillow also warns of what is refused below, in words about its own settings.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file)
    except Image.DecompressionBombError as error:
        pixels = int(re.search(r"\d+", str(error)).group())
        raise too_large_error(name, f"{pixels:,} pixels", _limit(max_pixels)[1]) from None
    except UnidentifiedImageError:
        file.seek(0)
        raise _not_an_image_error(name, file.read(32)) from None
    except Exception as error:
        raise damaged_error(name, error) from error
    if image.format not in _PHOTO_FORMATS:
        raise unsupported_error(name, f"a drawing or data in the form {image.format}")
    return image


def _load_pixels(image: Image.Image, name: str, max_pixels: int | None) -> Image.Image:
    _check_size(*image.size, name, max_pixels)
    try:
        image.load()
    except MemoryError:
        raise ImageError(OUT_OF_MEMORY_HINT.format(name)) from None
    except Exception as error:
        raise damaged_error(name, error) from error
    if image.format == "PSD" and image.mode == "1":  # 1 is black there, which Pillow overlooks
        return ImageChops.invert(image)
    return image


def _check_size(width: int, height: int, name: str, max_pixels: int | None) -> None:
    """Raise ImageError if an image is too large, before its pixels are decoded."""
    limit, text = _limit(max_pixels)
    if width * height > limit:
        found = f"{width} x {height} = {width * height:,} pixels"
        raise too_large_error(name, found, text)


def _limit(max_pixels: int | None) -> tuple[float, str]:
    """Return the largest number of pixels, and its name: ours or Pillow's, the smaller one."""
    pillow_limit = 2 * Image.MAX_IMAGE_PIXELS if Image.MAX_IMAGE_PIXELS else float("inf")
    if max_pixels is None or max_pixels >= pillow_limit:
        return pillow_limit, f"Pillow's {pillow_limit:,} (twice PIL.Image.MAX_IMAGE_PIXELS)"
    return max_pixels, f"max_pixels = {max_pixels:,}"


def _not_an_image_error(name: str, start: bytes) -> ImageError:
    if not start:
        return ImageError(f"{name} is empty (0 bytes), expected an image; fetch it again.")
    is_avif = re.match(rb".{4}ftypavi", start, re.DOTALL) and "AVIF" in Image.OPEN
    if begins_like_simple_photo(start) or (is_avif and features.check("avif")):
        return damaged_error(name, "it only begins like an image")
    found = unsupported_format(start, Path(name).suffix)
    if begins_like_photo(start) and not found:
        advice = "fetch it again, or convert it to JPEG or PNG first"
        found = "begins like an image, but is damaged or of a kind that is not supported"
        return ImageError(f"{name} {found}; {advice}.")
    if found:
        return unsupported_error(name, found)
    found = f"{name} is not an image (it starts with {start[:12]!r})"
    return ImageError(f"{found}; save it as JPEG or PNG.")
