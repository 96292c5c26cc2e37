"""Damage inside a JPEG, which Pillow fills with gray or wrong colours without a word."""

from __future__ import annotations

import logging

import simplejpeg

from colorlib.io.errors import damaged_error, unsupported_error

_logger = logging.getLogger("colorlib")
_KINDS = {0xC3: "a lossless JPEG", 0xF7: "JPEG-LS"}  # by the marker of the frame
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def check_jpeg(data: bytes, name: str) -> None:
    """Raise an error if a part of a JPEG is missing; warn if its data is wrong in the middle.

    libjpeg decodes both. What is missing becomes gray, as in a file that was cut off, so both are
    refused alike. After wrong bytes in the middle, the rest may be shifted or in other colours: a
    person may want to see that, so the warning on the logger ``"colorlib"`` names the file.

    Args:
        data: The file.
        name: Its name in messages.

    Raises:
        ImageError: If the data ends before the last row.

    Example:
        >>> import io
        >>> from PIL import Image
        >>> file = io.BytesIO()
        >>> Image.radial_gradient("L").save(file, "JPEG")
        >>> check_jpeg(file.getvalue()[:2000] + bytes([0xFF, 0xD9]), "a.jpg")
        Traceback (most recent call last):
        colorlib.io.errors.ImageError: a.jpg cannot be decoded (Corrupt JPEG data: premature end ...
    """
    damage = find_damage(data)
    if damage is None:
        return
    if "premature end" in damage.lower():
        raise damaged_error(name, damage)
    advice = "a part of the picture may be wrong; look at it, and fetch the file again if you can"
    _logger.warning("%s is damaged inside (%s): %s", name, damage, advice)


def find_damage(data: bytes) -> str | None:
    """Return what libjpeg says of damaged data; None if it finds none.

    It takes half of the time of decoding, because only an eighth of each side is computed.
    """
    try:
        color_space = simplejpeg.decode_jpeg_header(data, strict=False)[2]
        target = "CMYK" if color_space in ("CMYK", "YCCK") else "GRAY"
        simplejpeg.decode_jpeg(data, target, min_height=1, min_width=1, min_factor=8, strict=True)
    except ValueError as error:
        if "corrupt jpeg data" in str(error).lower() or "premature end" in str(error).lower():
            return str(error)
    return None


def check_jpeg_kind(start: bytes, name: str) -> None:
    """Raise ImageError for a JPEG of a kind that libjpeg does not read: 12 bits, lossless.

    Args:
        start: The first segments of the file; of another format, nothing happens.
        name: Its name in the message.
    """
    position = 2
    while start[:2] == b"\xff\xd8" and position + 4 < len(start) and start[position] == 0xFF:
        marker, bits = start[position + 1], start[position + 4]
        if marker in _FRAMES:
            if marker in _KINDS:
                raise unsupported_error(name, _KINDS[marker])
            if bits != 8:
                raise unsupported_error(name, f"a JPEG of {bits} bits")
            return
        position += 2 + int.from_bytes(start[position + 2 : position + 4], "big")
