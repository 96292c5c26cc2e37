"""From a path, bytes, an open file or a Pillow image to decoded pixels, or to an error that helps.

Pillow's decoders raise a dozen kinds of error, few of which name the file. Here each becomes an
:class:`ImageError` of one sentence: what was found, what was expected, what to do. Pillow's global settings
stay as they are. :mod:`colorlib.io.images` is the door to this.
"""

from __future__ import annotations

import difflib
import io
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO

from PIL import Image, ImageFile, UnidentifiedImageError, features

ImageSource = str | Path | bytes | bytearray | memoryview | IO[bytes] | Image.Image

MAX_PIXELS = 64_000_000
OUT_OF_MEMORY_HINT = "{} needs more memory than there is; make it smaller first."
HEIC, RAW = "HEIC or AVIF", "camera raw"
UNSUPPORTED = {
    **dict.fromkeys((".heic", ".heif", ".hif", ".avif"), HEIC),
    **dict.fromkeys(
        (".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2"), RAW
    ),
}
_EXPORT = {
    HEIC: ": open it in Photos or Preview and export it, or run `magick photo.heic photo.jpg` (ImageMagick)",
    RAW: ": export it from the camera's own program, from darktable or from RawTherapee",
}
_STARTS = {  # a file's first bytes, and what such a file is
    rb".{4}ftyp(he|mif|msf|avi)": HEIC,
    rb".{4}ftypcrx|FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb": RAW,
    rb"\s*<": "text (a web page or an SVG drawing)",
    rb"%PDF": "PDF",
}
_OWN = (
    rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP|II\*\0|MM\0\*"  # the first bytes of what can be read
)
_DNG_VERSION = 50706  # this tag makes a TIFF a raw photo, of which Pillow would give the thumbnail


class ImageError(ValueError):
    """A picture that cannot be read or written; the text names the file and says what to do."""


def decode(source: ImageSource, max_pixels: int | None = MAX_PIXELS) -> Image.Image:
    """Decode the first frame, whatever mode it has.

    Args:
        source: path, bytes, binary file (left open) or Pillow image (returned, loaded).
        max_pixels: more pixels than this are refused before they are decoded; ``None`` for no limit but
            Pillow's own.

    Returns:
        The picture as Pillow decodes it.

    Raises:
        FileNotFoundError: there is no such file.
        ImageError: a folder, no permission, empty, not an image, cut off, too large, HEIC or camera raw.
        TypeError: ``source`` is something else.

    Example:
        >>> decode(b"hello")
        Traceback (most recent call last):
        colorlib.io.decode.ImageError: <bytes> is not an image (it starts with b'hello'); save it as JPEG or PNG.
    """
    name = display_name(source)
    if isinstance(source, Image.Image):
        return _load(source, name, max_pixels)
    if isinstance(source, str | Path):
        with _open(Path(source).expanduser()) as file:
            return _load(_identify(file, name, max_pixels), name, max_pixels)
    if hasattr(source, "read") and not isinstance(source, io.TextIOBase):
        with suppress(AttributeError, OSError):  # some cannot be rewound, such as a download
            source.seek(0)
        source = source.read()
    if not isinstance(source, bytes | bytearray | memoryview):
        expected = "a path, bytes, a file opened in binary mode or a Pillow image"
        raise TypeError(
            f"{type(source).__name__} was found, expected {expected}; pass one of these."
        )
    return _load(_identify(io.BytesIO(source), name, max_pixels), name, max_pixels)


def display_name(source: ImageSource) -> str:
    """Return what messages call ``source``: its path where it has one, else its type in angle brackets."""
    if isinstance(source, str | Path):
        return str(source)
    name = getattr(source, "filename", None) or getattr(source, "name", None)
    return name if isinstance(name, str) else f"<{type(source).__name__}>"


def _open(path: Path) -> IO[bytes]:
    try:
        return open(path, "rb")
    except OSError as error:
        if path.is_symlink() and not path.exists():
            found = f"{path} is a link to {os.readlink(path)}, which leads to no file"
            raise FileNotFoundError(f"{found}; mend or remove the link.") from None
        if isinstance(error, FileNotFoundError):
            folder = path.parent.resolve()
            names = (
                {file.name.lower(): file.name for file in folder.iterdir()}
                if folder.is_dir()
                else {}
            )
            close = difflib.get_close_matches(path.name.lower(), names, n=1)
            hint = f"did you mean {names[close[0]]}?" if close else "check the name and the folder."
            raise FileNotFoundError(f"{path} was not found in {folder}; {hint}") from None
        if isinstance(error, IsADirectoryError) or (os.name == "nt" and path.is_dir()):
            raise ImageError(
                f"{path} is a folder, expected one image file; name a file inside it."
            ) from None
        raise ImageError(
            f"{path} cannot be opened ({error}); check that you may read it."
        ) from None


def _identify(file: IO[bytes], name: str, max_pixels: int | None) -> Image.Image:
    """Read the header only."""
    kind = UNSUPPORTED.get(Path(name).suffix.lower())
    try:
        image = Image.open(file)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        pixels = int(re.search(r"\d+", str(error)).group())
        raise _too_large(name, f"{pixels:,} pixels", max_pixels) from None
    except UnidentifiedImageError:
        file.seek(0)
        raise _not_an_image(name, file.read(32), kind) from None
    except Exception as error:
        raise _damaged(name, error) from error
    if image.format == "TIFF" and (kind == RAW or _DNG_VERSION in image.tag_v2):
        raise _unsupported(name, RAW)
    if image.format == "EPS" or isinstance(
        image, ImageFile.StubImageFile
    ):  # another program would run
        raise _unsupported(name, f"a drawing or data in the form {image.format}")
    return image


def _load(image: Image.Image, name: str, max_pixels: int | None) -> Image.Image:
    pixels = image.width * image.height
    if max_pixels is not None and pixels > max_pixels:
        raise _too_large(name, f"{image.width} x {image.height} = {pixels:,} pixels", max_pixels)
    try:
        image.load()
    except MemoryError:
        raise ImageError(OUT_OF_MEMORY_HINT.format(name)) from None
    except Exception as error:
        raise _damaged(name, error) from error
    return image


def _too_large(name: str, found: str, max_pixels: int | None) -> ImageError:
    own = 2 * Image.MAX_IMAGE_PIXELS if Image.MAX_IMAGE_PIXELS else float("inf")
    if max_pixels is None or max_pixels >= own:
        limit = f"Pillow's {own:,} (twice PIL.Image.MAX_IMAGE_PIXELS)"
    else:
        limit = f"max_pixels = {max_pixels:,}"
    return ImageError(
        f"{name} has {found}, more than {limit}; make it smaller first, or raise that limit."
    )


def _damaged(name: str, error: Exception | str) -> ImageError:
    return ImageError(
        f"{name} cannot be decoded ({error}); it is cut off or damaged, so fetch it again."
    )


def _unsupported(name: str, kind: str) -> ImageError:
    told = f"{name} is {kind}, which is not supported; convert it to JPEG or PNG first"
    return ImageError(f"{told}{_EXPORT.get(kind, '')}.")


def _not_an_image(name: str, start: bytes, kind: str | None) -> ImageError:
    if not start:
        return ImageError(f"{name} is empty (0 bytes), expected an image; fetch it again.")
    avif = rb"|.{4}ftypavi" if "AVIF" in Image.OPEN and features.check("avif") else b""
    if kind != RAW and re.match(_OWN + avif, start, re.DOTALL):
        return _damaged(name, "it only begins like an image")
    kind = next(
        (is_a for pattern, is_a in _STARTS.items() if re.match(pattern, start, re.DOTALL)), kind
    )
    if kind:
        return _unsupported(name, kind)
    return ImageError(
        f"{name} is not an image (it starts with {start[:12]!r}); save it as JPEG or PNG."
    )
