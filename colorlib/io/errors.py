"""Errors that are one sentence for a person: of images, and of cells of a notebook.

A file that is damaged should be fetched again; one of a kind that is not supported should be
converted. The two are never confused, because the wrong advice costs a person an hour.
"""

from __future__ import annotations

import re

OUT_OF_MEMORY_HINT = "{} needs more memory than there is; make it smaller first."
HEIC = "HEIC or AVIF"
RAW = "camera raw"
_EXPORT_HINT = {
    HEIC: ": open it in Photos or Preview and export it, or run `magick photo.heic photo.jpg` "
    "(ImageMagick)",
    RAW: ": export it from the camera's own program, from darktable or from RawTherapee",
}
# Words of decoders that know the format, but not this variant of it.
_UNSUPPORTED_PATTERN = re.compile(
    r"not supported|unsupported|cannot handle|can't handle|not implemented|not available",
    re.IGNORECASE,
)


class OneSentenceError(Exception):
    """An error that a notebook shows as its message alone, without a traceback.

    IPython calls ``_render_traceback_`` of an error that has it; the cells below do not run, as
    after any other error.
    """

    notebook_hint = ""  #: what to do in a lesson, after the message

    def _render_traceback_(self, *args: object) -> list[str]:
        text = without_error_number(str(self)).rstrip(".")
        lines = [f"\x1b[31m{text}\x1b[0m"]
        if self.notebook_hint:
            lines.append(f"In a lesson: {self.notebook_hint}.")
        return lines


class ImageError(ValueError):
    """An image that cannot be read or written; the message names the file and says what to do."""


def without_error_number(text: str) -> str:
    """Return a message without the numbers that systems have for their errors.

    Example:
        >>> without_error_number("[WinError 5] Access is denied: 'a.png'")
        "Access is denied: 'a.png'"
    """
    return re.sub(r"\[(?:Errno|WinError) -?\d+\] ?", "", text)


def unsupported_error(name: str, format_name: str) -> ImageError:
    """Return the error for a whole file that is of another kind than we read.

    Example:
        >>> print(unsupported_error("a.jxl", "JPEG XL"))
        a.jxl is JPEG XL, which is not supported; convert it to JPEG or PNG first.
    """
    advice = f"convert it to JPEG or PNG first{_EXPORT_HINT.get(format_name, '')}"
    return ImageError(f"{name} is {format_name}, which is not supported; {advice}.")


def damaged_error(name: str, error: Exception | str) -> ImageError:
    """Return the error for a file that a decoder gave up, by what the decoder said.

    Example:
        >>> print(damaged_error("a.jpg", "image file is truncated"))
        a.jpg cannot be decoded (image file is truncated); it is cut off or damaged, so fetch it ...
        >>> print(damaged_error("a.bmp", "Unsupported BMP compression (4)"))
        a.bmp cannot be decoded (Unsupported BMP compression (4)); convert it to JPEG or PNG first.
    """
    advice = "it is cut off or damaged, so fetch it again"
    reason = " ".join(str(error).split()) or type(error).__name__
    if _UNSUPPORTED_PATTERN.search(reason) and not isinstance(error, TypeError):
        advice = "convert it to JPEG or PNG first"
    return ImageError(f"{name} cannot be decoded ({reason}); {advice}.")


def too_large_error(name: str, size: str, limit: str) -> ImageError:
    """Return the error for an image of more pixels than a limit.

    Example:
        >>> print(too_large_error("a.png", "9 x 9 = 81 pixels", "max_pixels = 80"))
        a.png has 9 x 9 = 81 pixels, more than max_pixels = 80; make it smaller first.
    """
    return ImageError(f"{name} has {size}, more than {limit}; make it smaller first.")
