"""The samples of a TIFF page as an array, of any depth, for the pages that Pillow reads wrongly.

tifffile reads the tags. It decodes most compressions only with imagecodecs, a large package, so
this file undoes those that scanners use: Deflate with zlib, and LZW, PackBits, LZMA and Zstandard
with the libtiff in Pillow. No more is ever decoded than the size in the tags calls for.
"""

from __future__ import annotations

import functools
import io
import math
import struct
import zlib
from typing import IO, TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from tifffile import TiffPage

_NONE, _LZW, _DEFLATE, _ZSTANDARD = 1, 5, (8, 32946), 50000
_FOUR_ZEROS = bytes.fromhex("28b52ffd200421000000000000")  # in Zstandard
_BY_LIBTIFF = (_LZW, 32773, 34925, _ZSTANDARD)  # also PackBits, LZMA, Zstandard
COMPRESSIONS = (_NONE, *_DEFLATE, *_BY_LIBTIFF)
_UINT, _INT, _FLOAT, _VOID = 1, 2, 3, 4
_KINDS = {_UINT: "u", _INT: "i", _FLOAT: "f", _VOID: "u"}
_BITS = {"u": (*range(1, 17), 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}
_HORIZONTAL, _FLOATING = 2, 3  # predictors: differences of samples, and of the bytes of floats
_BLOCK = 2**20  # bytes of which the bits are taken apart at once
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_LARGEST_TILE = 2**24  # pixels; a larger tile must at least not exceed four times the image


class UnsupportedTiff(ValueError):
    """A page of a kind that is not read; the text completes "a TIFF with ..."."""


def read_samples(page: TiffPage, file: IO[bytes]) -> np.ndarray:
    """Return the samples of a page: (h, w, samples), in the type that its tags declare.

    Args:
        page: The page; its size was checked before.
        file: The file.

    Raises:
        UnsupportedTiff: If the page is of a kind that is not read.
        ValueError, OSError: If the file is damaged.
    """
    h, w, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    bits, dtype = page.bitspersample, _sample_type(page)
    is_planar = page.planarconfig == 2 and samples > 1
    planes, per_pixel = (samples, 1) if is_planar else (1, samples)
    rows, columns = min(page.rowsperstrip, h), w
    if page.is_tiled:
        rows, columns = page.tilelength, page.tilewidth
    if rows * columns > max(4 * h * w, _LARGEST_TILE) or min(rows, columns) < 1:
        raise ValueError(f"tiles of {columns} x {rows} pixels in an image of {w} x {h}")
    across, down = math.ceil(w / columns), math.ceil(h / rows)
    offsets, counts = page.dataoffsets, page.databytecounts
    if min(len(offsets), len(counts)) < across * down * planes:
        raise ValueError(f"{len(offsets)} strips or tiles, expected {across * down * planes}")
    result = np.zeros((h, w, samples), dtype.newbyteorder("="))
    for i in range(across * down * planes):
        plane, place = divmod(i, across * down)
        y, x = place // across * rows, place % across * columns
        n_rows = rows if page.is_tiled else min(rows, h - y)
        row_bytes = math.ceil(columns * per_pixel * bits / 8)
        data = _read(file, offsets[i], counts[i])
        if page.fillorder == 2:
            data = data.translate(_REVERSED)
        data = _decompress(data, page.compression, n_rows * row_bytes)
        block = _unpack(data, (n_rows, columns, per_pixel), bits, dtype, page.predictor)
        block = block[: h - y, : w - x]
        height, width = block.shape[:2]
        result[y : y + height, x : x + width, plane : plane + per_pixel] = block
    return result


def _sample_type(page: TiffPage) -> np.dtype:
    """Return the type of samples, in the file's byte order; raise if it is not read."""
    bits, kind = page.bitspersample, _KINDS.get(int(page.sampleformat or _UINT))
    if page.compression not in COMPRESSIONS:
        raise UnsupportedTiff(f"compression {tag_name(page.compression)}")
    if kind is None or bits not in _BITS[kind]:
        raise UnsupportedTiff(f"samples of {bits} bits in format {tag_name(page.sampleformat)}")
    size = next(size for size in (1, 2, 4, 8) if 8 * size >= bits)
    if page.predictor not in (None, 1) and not _fits_predictor(page.predictor, kind, bits):
        raise UnsupportedTiff(f"predictor {tag_name(page.predictor)} on samples of {bits} bits")
    return np.dtype(f"{page.parent.byteorder}{kind}{size}")


def _fits_predictor(predictor: int, kind: str, bits: int) -> bool:
    if predictor == _FLOATING:
        return kind == "f"
    return predictor == _HORIZONTAL and kind != "f" and bits in (8, 16, 32, 64)


def tag_name(value: int) -> str:
    """Return the name of a tag's value, if tifffile knows it, and the number."""
    name = getattr(value, "name", None)
    return f"{name} ({int(value)})" if name else str(value)


def _read(file: IO[bytes], offset: int, count: int) -> bytes:
    """Return bytes of the file; asking for more than there is takes no memory."""
    size = file.seek(0, io.SEEK_END)
    file.seek(min(offset, size))
    return file.read(max(0, min(count, size - offset)))


def _decompress(data: bytes, compression: int, size: int) -> bytes:
    """Return ``size`` decompressed bytes, and never more; raise ValueError if there are fewer."""
    if compression in _DEFLATE:
        try:
            data = zlib.decompressobj().decompress(data, size)
        except zlib.error as error:
            raise ValueError(str(error)) from None
    elif compression != _NONE:
        data = _decompress_with_libtiff(data, compression, size)
    if len(data) < size:
        raise ValueError(f"a strip or tile of {len(data)} bytes, expected {size}")
    return data[:size]


@functools.cache
def lacks_codec(compression: int) -> bool:
    """Return whether it is Zstandard, and the libtiff in Pillow was built without it."""
    if compression != _ZSTANDARD:
        return False
    try:
        return _decompress_with_libtiff(_FOUR_ZEROS, _ZSTANDARD, 4) != bytes(4)
    except OSError:
        return True


def _decompress_with_libtiff(data: bytes, compression: int, size: int) -> bytes:
    """Decode with Pillow, for which the bytes are the pixels of an image of one row."""
    # Four bytes a pixel, if possible, because Pillow limits the number of pixels.
    samples, photometric = (4, 5) if size % 4 == 0 else (1, 1)
    n_fields = 10
    start = 8 + 2 + 12 * n_fields + 4  # of the four depths, after which the data follow
    fields = [(256, 4, 1, size // samples), (257, 4, 1, 1)]
    fields += [(258, 3, samples, start if samples == 4 else 8)]
    fields += [(259, 3, 1, compression), (262, 3, 1, photometric), (273, 4, 1, start + 8)]
    fields += [(277, 3, 1, samples), (278, 4, 1, 1), (279, 4, 1, len(data)), (284, 3, 1, 1)]
    entries = b"".join(struct.pack("<HHII", *field) for field in fields)
    tiff = b"II*\0" + struct.pack("<IH", 8, n_fields) + entries + bytes(4)
    tiff += struct.pack("<4H", 8, 8, 8, 8) + data
    with Image.open(io.BytesIO(tiff), formats=["TIFF"]) as image:
        return image.tobytes()


def _unpack(
    data: bytes, shape: tuple[int, int, int], bits: int, dtype: np.dtype, predictor: int
) -> np.ndarray:
    """Return the bytes of a strip or tile as samples: (rows, columns, samples)."""
    rows, columns, samples = shape
    if dtype.kind == "f" and predictor == _FLOATING:
        return _undo_floating_predictor(data, shape, dtype.itemsize)
    if bits == 8 * dtype.itemsize:
        block = np.frombuffer(data, dtype).reshape(shape)
    else:
        packed = np.frombuffer(data, np.uint8).reshape(rows, -1)
        block = _unpack_bits(packed, columns * samples, bits, dtype).reshape(shape)
    if predictor == _HORIZONTAL:
        native = dtype.newbyteorder("=")
        block = np.cumsum(block, axis=1, dtype=native)
    return block


def _unpack_bits(packed: np.ndarray, n: int, bits: int, dtype: np.dtype) -> np.ndarray:
    """Unpack integers of 1 to 31 bits, the highest bit first: (rows, bytes) to (rows, n)."""
    values = np.empty((len(packed), n), dtype.newbyteorder("="))
    step = max(1, _BLOCK // packed.shape[1])
    for start in range(0, len(packed), step):
        part = np.unpackbits(packed[start : start + step], axis=1)[:, : n * bits]
        part = part.reshape(len(part), n, bits)
        block = np.zeros(part.shape[:2], values.dtype)
        for i in range(bits):
            block = block << 1 | part[..., i]
        values[start : start + step] = block
    return values


def _undo_floating_predictor(data: bytes, shape: tuple[int, int, int], itemsize: int) -> np.ndarray:
    """Undo predictor 3: a row holds the highest bytes of all floats first, as differences."""
    rows, columns, samples = shape
    differences = np.frombuffer(data, np.uint8).reshape(rows, itemsize * columns, samples)
    planes = np.cumsum(differences, axis=1, dtype=np.uint8).reshape(rows, itemsize, -1)
    values = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(f">f{itemsize}")
    return values.reshape(shape)
