"""What a photo's EXIF says, carried over to its coloured copy, with a word that a model chose the colours.

A copy without the photographer's name and the date is worth less, and one that says nothing of the model
passes for a photograph. So both stand in the file, where lesson 8 puts them by hand.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.ExifTags import IFD, Base

from colorlib import __version__

PROVENANCE_NOTE = "colorized by a model"
_MOST = 65_533  # bytes of EXIF that a JPEG can hold
_NAMES = "ImageDescription Make Model DateTime Artist Copyright Rating XResolution YResolution ResolutionUnit"
_KEPT = (*(Base[name] for name in _NAMES.split()), *range(0x9C9B, 0x9CA0))  # and what Windows shows
# Places in the picture, which may have been turned, and notes in a maker's own form with a preview in them.
_STALE = (0x9214, 0xA214, Base.MakerNote, IFD.Interop)
_logger = logging.getLogger("colorlib")


def exif_for_result(photo: str | Path | IO[bytes], size: tuple[int, int]) -> bytes:
    """Make the EXIF of a coloured copy: who, when, where and how the photo was taken, and :data:`WORDS`.

    The words go to the end of the description (tag 0x010E), and this program's name into ``Software``. What
    no longer holds is left out: orientation, thumbnail, the maker's notes. The copy is upright, in sRGB.

    Args:
        photo: the file, of any format that Pillow opens.
        size: width and height of the copy, for the two tags that repeat them.

    Returns:
        What :func:`colorlib.io.images.save_image` takes as ``exif``. Of a photo whose EXIF cannot be read or is too
        long for a JPEG, it holds the words alone, with a warning on the logger ``"colorlib"``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("L", (4, 3)).save(Path(folder, "lawn.png"))
        ...     WORDS.encode() in exif_for_result(Path(folder, "lawn.png"), (4, 3))
        True
    """
    try:
        exif = _kept(photo, size).tobytes()
        if len(exif) > _MOST:
            raise ValueError(f"{len(exif):,} bytes, more than a JPEG can hold")
        return exif
    except (
        Exception
    ) as error:  # Pillow's EXIF code raises SyntaxError, struct.error, KeyError and others
        _logger.warning(
            "%s has EXIF data that cannot be kept (%s); its result has none of it", photo, error
        )
    return _marked(Image.Exif()).tobytes()


def _kept(photo: str | Path | IO[bytes], size: tuple[int, int]) -> Image.Exif:
    kept = Image.Exif()
    now = {Base.ExifImageWidth: size[0], Base.ExifImageHeight: size[1], Base.ColorSpace: 1}
    with Image.open(photo) as image:
        found = image.getexif()
        for tag in (
            tag for tag in _KEPT if tag in found
        ):  # as bytes: Pillow would write "?" for "ß"
            kept[tag] = found[tag].encode("latin-1") if isinstance(found[tag], str) else found[tag]
        for part in (IFD.Exif, IFD.GPSInfo):
            fields = found.get_ifd(part).items()
            if fields := {tag: now.get(tag, value) for tag, value in fields if tag not in _STALE}:
                kept[part] = fields
    return _marked(kept)


def _marked(exif: Image.Exif) -> Image.Exif:
    before, words = exif.get(Base.ImageDescription, b"").strip(b"\0 "), PROVENANCE_NOTE.encode()
    if words not in before:
        exif[Base.ImageDescription] = b"; ".join(filter(None, [before, words]))
    exif[Base.Software] = f"colorlib {__version__}"
    return exif
