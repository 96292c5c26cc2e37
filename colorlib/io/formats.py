"""Formats of files: by the first bytes, and by the suffix only where these do not tell."""

from __future__ import annotations

import re
from pathlib import Path

from colorlib.io.errors import HEIC, RAW

#: Suffixes of photos that are read; a file that begins like one of them is read without it.
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".mpo", ".png", ".apng", ".webp", ".gif"),
    *(".bmp", ".dib", ".tif", ".tiff", ".btf", ".tf8", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf"),
    *(".jpx", ".avif", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga", ".psd", ".pcx", ".sgi"),
    *(".qoi", ".dds"),
)
_HEIC_SUFFIXES = (".heic", ".heif", ".hif", ".avif")
RAW_SUFFIXES = (
    *(".3fr", ".arw", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr"),
    *(".iiq", ".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf"),
    *(".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
)
_JPEG_XL = "JPEG XL"
#: File suffix -> format, of photos that cannot be read.
UNSUPPORTED = {
    **dict.fromkeys(_HEIC_SUFFIXES, HEIC),
    **dict.fromkeys(RAW_SUFFIXES, RAW),
    ".jxl": _JPEG_XL,
}
_UNSUPPORTED_PHOTOS = {  # the first bytes of a file -> its format
    rb".{4}ftyp(he|mif|msf|avi)": HEIC,
    rb".{4}ftypcrx|FUJIFILMCCD-RAW|IIR[OS]|MMOR|IIU\0|FOVb|\0MRM|II\x1a\0\0\0HEAP": RAW,
    rb"\xff\x0a|\0\0\0\x0cJXL ": _JPEG_XL,
    rb"II\xbc": "JPEG XR",
    rb"v/1\x01": "OpenEXR",
    rb"#\?R": "Radiance HDR",
    rb"gimp xcf": "a GIMP project",
    rb"P7\n": "PAM",
    rb"PF\s": "PFM in colours",
}
_OTHER_FILES = {
    rb"(\xef\xbb\xbf)?\s*<": "text (a web page or an SVG drawing)",
    rb"%PDF": "PDF",
    rb"%!PS|\xc5\xd0\xd3\xc6": "a drawing or data in the form EPS",
    rb".{4}ftyp|.{4}(moov|mdat|wide)|\x1a\x45\xdf\xa3|RIFF.{4}AVI": "video",
    rb"SIMPLE  =|CDF\x01|\x89HDF": "measurements (FITS, NetCDF or HDF)",
    rb"PK\x03\x04|Rar!|7z\xbc\xaf|\x1f\x8b": "an archive",
}
_TIFF = rb"II[*+]\0|MM\0[*+]"
# Damage is what keeps these from being read; the others also have variants that are not supported.
_SIMPLE = rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP"
_OTHERS = (
    rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|\0\0\0\x0cjP  |\xff\x4f\xff\x51|"
    rb"P[1-6]\s+[#0-9]|Pf\s+[0-9]|8BPS|qoif|DDS |\x01\xda[\x00\x01][\x01\x02]|"
    rb"\x0a[\x00\x02\x03\x05]\x01[\x01\x02\x04\x08]|"
    rb"[\x28\x34\x38\x40\x6c\x7c]\0\0\0.{8}\x01\0[\x01\x04\x08\x10\x18\x20]\0"
)
# The header of a TGA has no mark, but few other files have these numbers at these places.
_TGA = (
    rb".(\0[\x02\x03\x0a\x0b]\0{5}|\x01[\x01\x09].{4}[\x0f\x10\x18\x20])"
    rb".{8}[\x08\x10\x18\x20][\0-\x3f]"
)
#: Primaries of the same standard as the next line: Rec. 2020 and Display P3.
_WIDE_PRIMARIES = {
    9: (0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    12: (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
#: Transfer characteristics of a standard (ITU-T H.273) that ordinary screens do not have.
_BRIGHTNESS = {8: "of linear light", 16: "for HDR screens (PQ)", 18: "for HDR screens (HLG)"}


def is_tiff(start: bytes) -> bool:
    """Return whether a file begins like a TIFF, also one of more than 4 GB (BigTIFF).

    Example:
        >>> is_tiff(b"MM\\0*\\0\\0\\0\\x08"), is_tiff(b"\\x89PNG")
        (True, False)
    """
    return _match(_TIFF, start)


def is_classic_tiff(start: bytes) -> bool:
    """Return whether a file begins like a TIFF that is not BigTIFF."""
    return start[:4] in (b"II*\0", b"MM\0*")


def begins_like_photo(start: bytes) -> bool:
    """Return whether the first 32 bytes are those of a photo, of a format that is read.

    Example:
        >>> begins_like_photo(b"GIF89a"), begins_like_photo(b"hello")
        (True, False)
    """
    return any(_match(pattern, start) for pattern in (_SIMPLE, _TIFF, _OTHERS, _TGA))


def begins_like_simple_photo(start: bytes) -> bool:
    """Return whether the first bytes are of a format that is read in all its variants."""
    return _match(_SIMPLE, start)


def unsupported_format(start: bytes, suffix: str = "") -> str | None:
    """Return the name of a format that is not supported: by content, else by suffix.

    Example:
        >>> unsupported_format(b"%PDF-1.7"), unsupported_format(bytes(32), ".nef")
        ('PDF', 'camera raw')
    """
    for pattern, found in (_UNSUPPORTED_PHOTOS | _OTHER_FILES).items():
        if _match(pattern, start):
            return found
    if start[:4] == b"8BPS" and (bits := int.from_bytes(start[22:24], "big")) in (16, 32):
        return f"a Photoshop file of {bits} bits"
    return UNSUPPORTED.get(suffix.lower())


def unsupported_brightness(header: bytes) -> str | None:
    """Return what a PNG or AVIF is whose values Pillow would show far too dark or too pale.

    Args:
        header: The beginning of the file, up to its pixels.

    Example:
        >>> unsupported_brightness(b"\\x89PNG ... cICP" + bytes([9, 16, 0, 1]))
        'an image for HDR screens (PQ)'
    """
    transfer = _color_codes(header)[1]
    return f"an image {_BRIGHTNESS[transfer]}" if transfer in _BRIGHTNESS else None


def wide_primaries(header: bytes) -> tuple[float, ...] | None:
    """Return the primaries of a PNG or AVIF for screens of a wide gamut: x and y, white first."""
    return _WIDE_PRIMARIES.get(_color_codes(header)[0])


def _color_codes(header: bytes) -> tuple[int, int]:
    """Return the codes of primaries and transfer characteristic, 0 where there are none."""
    codes, size = b"", 1
    if header.startswith(b"\x89PNG"):
        codes = header.partition(b"IDAT")[0].partition(b"cICP")[2]
    elif header[4:8] == b"ftyp":
        codes, size = header.partition(b"colrnclx")[2], 2
    return int.from_bytes(codes[:size], "big"), int.from_bytes(codes[size : 2 * size], "big")


def has_photo_suffix(path: Path) -> bool:
    """Return whether a name ends like that of a photo, also of a format that cannot be read.

    Example:
        >>> has_photo_suffix(Path("a.JFIF")), has_photo_suffix(Path("a.nef"))
        (True, True)
    """
    return path.suffix.lower() in SUFFIXES or path.suffix.lower() in UNSUPPORTED


def is_unsupported_photo(path: Path) -> bool:
    """Return whether a photo is of a format that cannot be read: by content, else by suffix.

    Files with the suffix of a photo that is read are not opened, because data sets have many.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "IMG_0001.HEIC")
        ...     for start in (b"\\0\\0\\0\\x18ftypheic", b"GIF89a"):
        ...         _ = path.write_bytes(start)
        ...         print(is_unsupported_photo(path))
        True
        False
    """
    if path.suffix.lower() in SUFFIXES:
        return False
    start = _read_start(path)
    if start is None:
        return False
    if begins_like_photo(start):
        return is_tiff(start) and UNSUPPORTED.get(path.suffix.lower()) == RAW
    return unsupported_format(start, path.suffix) is not None


def why_not_a_photo(path: Path) -> str | None:
    """Return why a file is not a photo; None if it is one by its suffix or its content.

    Files with the suffix of a photo are not opened, because data sets have many of them. A photo
    of a format that cannot be read, such as camera raw, counts as a photo.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "IMG_0001")
        ...     _ = path.write_bytes(b"GIF89a")
        ...     print(why_not_a_photo(path))
        ...     _ = path.write_bytes(b"hello")
        ...     print(why_not_a_photo(path))
        None
        not an image (it starts with b'hello')
    """
    if has_photo_suffix(path):
        return None
    start = _read_start(path)
    if start is None:
        return None
    if not start:
        return "empty (0 bytes)"
    is_unsupported = any(_match(pattern, start) for pattern in _UNSUPPORTED_PHOTOS)
    if is_unsupported or begins_like_photo(start):
        return None
    found = unsupported_format(start)
    return f"{found}, not a photo" if found else f"not an image (it starts with {start[:12]!r})"


def _match(pattern: bytes, start: bytes) -> bool:
    return re.match(pattern, start, re.DOTALL) is not None


def _read_start(path: Path) -> bytes | None:
    """Return the first bytes of a file; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read(32)
    except OSError:
        return None  # who reads it names the reason
