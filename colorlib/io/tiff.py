"""TIFF files of scanners, archives and cameras: which page is the photo, and who reads it.

Pillow reads ordinary TIFFs, and some others wrongly without an error. So tifffile reads the tags,
Pillow decodes the kinds that it is known to read right, :mod:`colorlib.io.tiff_samples` decodes
the rest, and what neither reads is refused with its reason. tests/colorlib/test_tiff.py has a row
for each kind. Camera raw is recognised by its tags, whatever the file is called.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Callable
from itertools import islice
from typing import IO, TYPE_CHECKING

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from colorlib.io.errors import OUT_OF_MEMORY_HINT, RAW, ImageError, damaged_error, unsupported_error
from colorlib.io.tiff_colors import (
    BLACK_IS_ZERO,
    CMYK,
    COLOR_SAMPLES,
    ICCLAB,
    MAX_SAMPLES,
    RGB,
    YCBCR,
    alpha_kind,
    palette_to_uint8,
    samples_to_image,
)
from colorlib.io.tiff_samples import (
    COMPRESSIONS,
    UnsupportedTiff,
    lacks_codec,
    read_samples,
    tag_name,
)

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

_logger = logging.getLogger("colorlib")

_MAX_PAGES = 200  # that are looked at
_MAKE, _SUB_IFDS = 271, 330
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_JPEG = (6, 7)
_BY_PILLOW_ONLY = (2, 3, 4, *_JPEG)  # compressions: of faxes, and JPEG
# Raw photos are TIFFs in which Pillow would read the thumbnail. These tags, photometric
# interpretations (a colour filter array, linear raw), compressions and bytes are found in no other:
_RAW_TAGS = (50706, 33421, 33422, 50740, 34310)  # DNG version, filter arrays, private data, Leaf
_RAW_PHOTOMETRICS = (32803, 34892)
_RAW_COMPRESSIONS = (262, 32767, 32769, 32770, 32772, 34713, 65535)
_RAW_MARKS = (b"CR\2", b"IIII", b"MMMM")  # at byte 8: Canon, Phase One


def read_tiff(
    file: IO[bytes], name: str, check_size: Callable[[int, int], None], *, is_named_raw: bool
) -> Image.Image:
    """Decode the photo of a TIFF: its first page of full size, not a thumbnail.

    Args:
        file: An open file, which is left open.
        name: Its name in messages.
        check_size: Called with width and height before pixels are decoded; raises if they are too
            large.
        is_named_raw: Whether the name is that of a camera's raw photos, some of which have no other
            sign than that.

    Returns:
        The decoded image, upright, with its ICC profile in ``info``.

    Raises:
        ImageError: If it is camera raw, damaged, too large, or of a kind that is not supported.
    """
    import tifffile  # only a TIFF needs it

    logging.getLogger("tifffile").addHandler(logging.NullHandler())  # our errors say enough
    try:
        file.seek(0)
        if is_named_raw or file.read(12)[8:].startswith(_RAW_MARKS):
            raise unsupported_error(name, RAW)
        file.seek(0)
        with tifffile.TiffFile(file) as tiff:
            pages = _list_pages(tiff)
            if _is_raw(pages):
                raise unsupported_error(name, RAW)
            page = _find_photo(pages, name)
            check_size(page.imagewidth, page.imagelength)
            return _decode_page(page, tiff, file)
    except (ImageError, FileNotFoundError):
        raise
    except MemoryError:
        raise ImageError(OUT_OF_MEMORY_HINT.format(name)) from None
    except UnsupportedTiff as error:
        raise unsupported_error(name, f"a TIFF with {error}") from None
    except Exception as error:  # of tifffile, of Pillow, of NumPy
        raise damaged_error(name, error) from error


def _list_pages(tiff: TiffFile) -> list[TiffPage]:
    """Return the pages, each followed by those of its sub-directories."""
    pages = []
    for page in islice(tiff.pages, _MAX_PAGES):
        pages.append(page)
        if page.subifds:
            try:
                pages += islice(page.pages, _MAX_PAGES)
            except Exception as error:  # a raw photo's directory of a kind that tifffile refuses
                _logger.debug("sub-directories cannot be read: %s", error)
    if not pages:
        raise ValueError("it has no page")
    return pages


def _is_raw(pages: list[TiffPage]) -> bool:
    for page in pages:
        if int(page.photometric or 0) in _RAW_PHOTOMETRICS:
            return True
        if int(page.compression) in _RAW_COMPRESSIONS:
            return True
        if any(tag in page.tags for tag in _RAW_TAGS):
            return True
    first = pages[0]
    if not (_is_reduced(first) and _SUB_IFDS in first.tags):
        return False
    full = [page for page in pages if not _is_reduced(page)]
    if _MAKE in first.tags:  # a camera's own TIFF has its photo in colours, a raw one has not
        full = [page for page in full if int(page.photometric) in (RGB, YCBCR)]
    return not full


def _is_reduced(page: TiffPage) -> bool:
    """Return whether a page is a thumbnail or a mask of another one."""
    is_old_reduced = page.tags.valueof(255) == 2
    return bool(int(page.subfiletype) & (_REDUCED | _MASK)) or is_old_reduced


def _find_photo(pages: list[TiffPage], name: str) -> TiffPage:
    """Return the first page of full size; of a file of nothing but thumbnails, the largest."""
    pages = [page for page in pages if page.imagewidth > 0 and page.imagelength > 0]
    full = [page for page in pages if not _is_reduced(page)] or pages
    if not full:
        raise ValueError("it has no page with pixels")
    # A thumbnail may not be marked as one. Pages of a scanned album differ less than by half.
    largest = max(page.imagewidth * page.imagelength for page in full)
    full = [page for page in full if 2 * page.imagewidth * page.imagelength >= largest]
    if len(full) > 1:
        message = "%s has %d pages; only the first was read: save the others as files of their own"
        _logger.warning(message, name, len(full))
    return full[0]


def _decode_page(page: TiffPage, tiff: TiffFile, file: IO[bytes]) -> Image.Image:
    _check_kind(page)
    if _is_read_by_pillow(page) and not (tiff.is_bigtiff and page.compression in COMPRESSIONS):
        return _decode_with_pillow(page, tiff, file)
    image = samples_to_image(read_samples(page, file), page)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = page.tags.valueof(274, 1)
    image.info["exif"] = exif.tobytes()
    image = ImageOps.exif_transpose(image)
    profile = page.tags.valueof(34675)
    image.info = {"icc_profile": bytes(profile)} if profile else {}
    return image


def _check_kind(page: TiffPage) -> None:
    """Raise UnsupportedTiff for colours that nobody here reads."""
    photometric = -1 if page.photometric is None else int(page.photometric)
    n = COLOR_SAMPLES.get(photometric)
    if n is None:
        raise UnsupportedTiff(f"colours of the kind {page.photometric!s}")
    if not n <= page.samplesperpixel <= MAX_SAMPLES:
        expected = f"of the kind {page.photometric!s}"
        raise UnsupportedTiff(f"{page.samplesperpixel} samples a pixel {expected}")
    if page.compression not in (*COMPRESSIONS, *_BY_PILLOW_ONLY) or lacks_codec(page.compression):
        raise UnsupportedTiff(f"compression {tag_name(page.compression)}")
    if page.imagedepth > 1:
        raise UnsupportedTiff("pixels in three dimensions")
    if photometric == CMYK and page.tags.valueof(332, 1) != 1:
        raise UnsupportedTiff("other inks than cyan, magenta, yellow and black")


def _is_read_by_pillow(page: TiffPage) -> bool:
    """Return whether Pillow decodes a page, and rightly."""
    bits, photometric, samples = page.bitspersample, int(page.photometric), page.samplesperpixel
    n = COLOR_SAMPLES[photometric]
    if int(page.sampleformat or 1) != 1 or bits not in (1, 2, 4, 8):
        return False
    if page.fillorder == 2 and page.compression in COMPRESSIONS:
        return False
    if bits < 8:
        return samples == 1
    if photometric == YCBCR:
        return samples == n and int(page.compression) in _JPEG
    if photometric in (BLACK_IS_ZERO, RGB) and alpha_kind(page) is not None:
        return samples == n + 1 and page.planarconfig == 1
    return samples == n and photometric != ICCLAB


def _decode_with_pillow(page: TiffPage, tiff: TiffFile, file: IO[bytes]) -> Image.Image:
    chain = [one.offset for one in islice(tiff.pages, _MAX_PAGES)]
    file.seek(0)
    try:
        if page.offset in chain:
            image = Image.open(file, formats=["TIFF"])
            image.seek(chain.index(page.offset))
        else:  # Pillow opens a sub-directory if the file begins with it
            data = bytearray(file.read())
            place, form = (8, "Q") if tiff.is_bigtiff else (4, "I")
            struct.pack_into(tiff.byteorder + form, data, place, page.offset)
            image = Image.open(io.BytesIO(data), formats=["TIFF"])
    except UnidentifiedImageError:
        samples = f"{page.samplesperpixel} samples of {page.bitspersample} bits"
        raise UnsupportedTiff(f"{samples}, compression {tag_name(page.compression)}") from None
    image.load()
    if image.mode == "P" and page.colormap is not None:
        image.putpalette(palette_to_uint8(page.colormap).tobytes())
    return image
