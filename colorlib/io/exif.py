"""EXIF data of a colorized photo: the photo's own, with a note that a model chose the colours.

Without the photographer's name and the date, a copy is worth less, and without the note it passes
for a colour photograph. So both are written into the file, as lesson 8 does by hand.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from pathlib import Path
from typing import IO

from PIL import Image
from PIL.ExifTags import IFD, Base

from colorlib import __version__
from colorlib.io.decode import display_name, open_photo
from colorlib.io.formats import is_classic_tiff

PROVENANCE_NOTE = "colorized by a model"
_MAX_BYTES = 65_533  # of EXIF in a JPEG
_COPIED_TAGS = (
    Base.ImageDescription,
    Base.Make,
    Base.Model,
    Base.DateTime,
    Base.Artist,
    Base.Copyright,
    Base.Rating,
    Base.XResolution,
    Base.YResolution,
    Base.ResolutionUnit,
    *range(0x9C9B, 0x9CA0),  # title, comment, author, keywords and subject, as Windows shows them
)
# Positions in the image, which may have been rotated, and the maker's notes, which hold a preview.
_DROPPED_TAGS = (0x9214, 0xA214, Base.MakerNote, IFD.Interop)
_logger = logging.getLogger("colorlib")


def exif_for_result(photo: str | Path | IO[bytes], size: tuple[int, int]) -> bytes:
    """Return EXIF data for the colorized copy of a photo: the photo's own with a note.

    :data:`PROVENANCE_NOTE` is appended to the description (tag 0x010E), and ``Software`` becomes
    this program. What is not true of the copy is dropped: orientation, thumbnail, the maker's
    notes. The copy is upright and in sRGB.

    Args:
        photo: The file, of any format that Pillow opens; an open file stays open.
        size: Width and height of the copy, for the two tags that repeat them.

    Returns:
        The argument ``exif`` of :func:`colorlib.io.images.save_image`. If the photo's EXIF data
        cannot be read or are too long for a JPEG, the note only, with a warning on the logger
        ``"colorlib"``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Image.new("L", (4, 3)).save(Path(folder, "lawn.png"))
        ...     PROVENANCE_NOTE.encode() in exif_for_result(Path(folder, "lawn.png"), (4, 3))
        True
    """
    try:
        with open_photo(photo) if isinstance(photo, str | Path) else nullcontext(photo) as file:
            exif = _add_note(_copy_exif(_read_exif(file), size)).tobytes()
        if len(exif) > _MAX_BYTES:
            raise ValueError(f"{len(exif):,} bytes, more than a JPEG can hold")
        return exif
    except Exception as error:  # SyntaxError, struct.error, KeyError and others from Pillow
        message = "%s has EXIF data that cannot be kept (%s); its result has none of it"
        _logger.warning(message, display_name(photo), error)
    return _add_note(Image.Exif()).tobytes()


def _read_exif(file: IO[bytes]) -> Image.Exif:
    file.seek(0)
    if is_classic_tiff(file.read(4)):
        # Its tags are EXIF data themselves, also where Pillow cannot read its pixels.
        file.seek(0)
        exif = Image.Exif()
        exif.load_from_fp(file)
        return exif
    file.seek(0)
    return Image.open(file).getexif()


def _copy_exif(found: Image.Exif, size: tuple[int, int]) -> Image.Exif:
    copied = Image.Exif()
    for tag in _COPIED_TAGS:
        if tag in found:
            value = found[tag]
            # As bytes, because Pillow would write "?" for "ß".
            copied[tag] = value.encode("latin-1") if isinstance(value, str) else value
    changed = {Base.ExifImageWidth: size[0], Base.ExifImageHeight: size[1], Base.ColorSpace: 1}
    for directory in (IFD.Exif, IFD.GPSInfo):
        fields = {}
        for tag, value in found.get_ifd(directory).items():
            if tag not in _DROPPED_TAGS:
                fields[tag] = changed.get(tag, value)
        if fields:
            copied[directory] = fields
    return copied


def _add_note(exif: Image.Exif) -> Image.Exif:
    note = PROVENANCE_NOTE.encode()
    description = exif.get(Base.ImageDescription, b"").strip(b"\0 ")
    if note not in description:
        exif[Base.ImageDescription] = b"; ".join([description, note]) if description else note
    exif[Base.Software] = f"colorlib {__version__}"
    return exif
