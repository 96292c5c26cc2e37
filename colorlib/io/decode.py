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
from pathlib import Path

from PIL import Image, ImageFile, UnidentifiedImageError, features

ImageSource = str | Path | bytes | bytearray | memoryview | io.BufferedIOBase | Image.Image

MAX_PIXELS = 64_000_000
OUT_OF_MEMORY_HINT = "{} needs more memory than there is; make it smaller first."
HEIC = "HEIC or AVIF"
RAW = "camera raw"
_HEIC_SUFFIXES = (".heic", ".heif", ".hif", ".avif")
_RAW_SUFFIXES = (*(".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2"),)
#: File suffix -> format, of photos that cannot be read.
UNSUPPORTED = {**dict.fromkeys(_HEIC_SUFFIXES, HEIC), **dict.fromkeys(_RAW_SUFFIXES, RAW)}
_EXPORT_HINT = {
    HEIC: ": open it in Photos or Preview and export it, or run `magick photo.heic photo.jpg` "
    "(ImageMagick)",
    RAW: ": export it from the camera's own program, from darktable or from RawTherapee",
}
_MAGIC_BYTES = {  # the first bytes of a file -> its format
    rb".{4}ftyp(he|mif|msf|avi)": HEIC,
    rb".{4}ftypcrx|FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb": RAW,
    rb"\s*<": "text (a web page or an SVG drawing)",
    rb"%PDF": "PDF",
}
# The first bytes of the formats that can be read.
_SUPPORTED_FORMATS = rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP|II\*\0|MM\0\*"
_DNG_VERSION = 50706  # this tag makes a TIFF a raw photo, of which Pillow would read the thumbnail


class ImageError(ValueError):
    """An image that cannot be read or written; the message names the file and says what to do."""


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
        colorlib.io.decode.ImageError: <bytes> is not an image (it starts with b'hello'); ...
    """
    name = display_name(source)
    if isinstance(source, Image.Image):
        return _load_pixels(source, name, max_pixels)
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
    path = Path(path).expanduser()
    try:
        return open(path, "rb")
    except OSError as error:
        if isinstance(error, FileNotFoundError) or _is_broken_link(path):
            raise _not_found_error(path) from None
        if isinstance(error, IsADirectoryError) or (os.name == "nt" and os.path.isdir(path)):
            found = f"{path} is a folder, expected one image file"
            raise ImageError(f"{found}; name a file inside it.") from None
        advice = "check that you may read it"
        raise ImageError(f"{path} cannot be opened ({error}); {advice}.") from None


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


def _decode_file(file: io.BufferedIOBase, name: str, max_pixels: int | None) -> Image.Image:
    return _load_pixels(_detect_format(file, name, max_pixels), name, max_pixels)


def _detect_format(file: io.BufferedIOBase, name: str, max_pixels: int | None) -> Image.Image:
    """Read the header only."""
    suffix_format = UNSUPPORTED.get(Path(name).suffix.lower())
    try:
        image = Image.open(file)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        pixels = int(re.search(r"\d+", str(error)).group())
        raise _too_large_error(name, f"{pixels:,} pixels", max_pixels) from None
    except UnidentifiedImageError:
        file.seek(0)
        raise _not_an_image_error(name, file.read(32), suffix_format) from None
    except Exception as error:
        raise _damaged_error(name, error) from error
    if image.format == "TIFF" and (suffix_format == RAW or _DNG_VERSION in image.tag_v2):
        raise _unsupported_error(name, RAW)
    if image.format == "EPS" or isinstance(image, ImageFile.StubImageFile):
        # Pillow would run another program.
        raise _unsupported_error(name, f"a drawing or data in the form {image.format}")
    return image


def _load_pixels(image: Image.Image, name: str, max_pixels: int | None) -> Image.Image:
    pixels = image.width * image.height
    if max_pixels is not None and pixels > max_pixels:
        found = f"{image.width} x {image.height} = {pixels:,} pixels"
        raise _too_large_error(name, found, max_pixels)
    try:
        image.load()
    except MemoryError:
        raise ImageError(OUT_OF_MEMORY_HINT.format(name)) from None
    except Exception as error:
        raise _damaged_error(name, error) from error
    return image


def _too_large_error(name: str, found: str, max_pixels: int | None) -> ImageError:
    pillow_limit = 2 * Image.MAX_IMAGE_PIXELS if Image.MAX_IMAGE_PIXELS else float("inf")
    if max_pixels is None or max_pixels >= pillow_limit:
        limit = f"Pillow's {pillow_limit:,} (twice PIL.Image.MAX_IMAGE_PIXELS)"
    else:
        limit = f"max_pixels = {max_pixels:,}"
    advice = "make it smaller first, or raise that limit"
    return ImageError(f"{name} has {found}, more than {limit}; {advice}.")


def _damaged_error(name: str, error: Exception | str) -> ImageError:
    advice = "it is cut off or damaged, so fetch it again"
    return ImageError(f"{name} cannot be decoded ({error}); {advice}.")


def _unsupported_error(name: str, found: str) -> ImageError:
    advice = f"convert it to JPEG or PNG first{_EXPORT_HINT.get(found, '')}"
    return ImageError(f"{name} is {found}, which is not supported; {advice}.")


def _not_an_image_error(name: str, start: bytes, suffix_format: str | None) -> ImageError:
    if not start:
        return ImageError(f"{name} is empty (0 bytes), expected an image; fetch it again.")
    supported = _SUPPORTED_FORMATS
    if "AVIF" in Image.OPEN and features.check("avif"):
        supported += rb"|.{4}ftypavi"
    if suffix_format != RAW and re.match(supported, start, re.DOTALL):
        return _damaged_error(name, "it only begins like an image")
    for pattern, found in _MAGIC_BYTES.items():
        if re.match(pattern, start, re.DOTALL):
            return _unsupported_error(name, found)
    if suffix_format:
        return _unsupported_error(name, suffix_format)
    found = f"{name} is not an image (it starts with {start[:12]!r})"
    return ImageError(f"{found}; save it as JPEG or PNG.")
