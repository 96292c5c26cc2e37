"""TIFF files written byte by byte, of kinds that Pillow writes wrongly or not at all."""

import struct
import zlib
from typing import NamedTuple

import numpy as np

SHORT, LONG, LONG8, ASCII, BYTE = 3, 4, 16, 2, 1
_FORMATS = {BYTE: "B", ASCII: "B", SHORT: "H", LONG: "I", LONG8: "Q"}
NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, CIELAB, ICCLAB = 0, 1, 2, 3, 5, 6, 8, 9


class Page(NamedTuple):
    """A page: its tags, its strips or tiles, and the samples in them (h, w, n)."""

    fields: dict
    parts: list
    samples: np.ndarray


def pack_samples(rows, bits, order):
    """Return rows (h, n) as bytes; samples of other than 8, 16, 32 or 64 bits are packed."""
    if bits == 8 * rows.dtype.itemsize:
        return rows.astype(rows.dtype.newbyteorder(order)).tobytes()
    shifts = np.arange(bits - 1, -1, -1)
    return np.packbits((rows[..., None] >> shifts & 1).reshape(len(rows), -1), axis=1).tobytes()


def lzw(data):
    """Compress as TIFF does, in the simplest way: the table is cleared before it grows."""
    codes = []
    for start in range(0, len(data), 200):
        codes += [256, *data[start : start + 200]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def packbits(data):
    """Compress as TIFF does, in the simplest way: every run is literal."""
    parts = [data[i : i + 128] for i in range(0, len(data), 128)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


COMPRESS = {NONE: bytes, LZW: lzw, DEFLATE: zlib.compress, PACKBITS: packbits}


def difference(block, predictor, order):
    """Apply a predictor to samples (rows, columns, samples), and return what is stored."""
    if predictor == 2:
        return np.diff(block, axis=1, prepend=block[:, :1] * 0)
    rows, columns, samples = block.shape
    size = block.dtype.itemsize
    big = np.ascontiguousarray(block.astype(f">f{size}")).view(np.uint8)
    planes = big.reshape(rows, columns * samples, size).transpose(0, 2, 1)
    planes = planes.reshape(rows, size * columns, samples)
    return np.diff(planes, axis=1, prepend=planes[:, :1] * 0)


def page(
    samples,
    photometric,
    bits=None,
    *,
    compression=NONE,
    predictor=1,
    planar=False,
    tile=None,
    rows=7,
    order="<",
    extra=(),
    tags=(),
):
    """Return a page.

    Args:
        samples: (h, w) or (h, w, samples).
        tile: (rows, columns) of a tile; strips of ``rows`` rows without it.
        extra: values of the tag ExtraSamples.
        tags: more tags, as (number, type, values).
    """
    samples = np.atleast_3d(samples)
    h, w, n = samples.shape
    bits = bits or 8 * samples.dtype.itemsize
    kind = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    height, width = tile or (rows, w)
    planes = np.split(samples, n, axis=2) if planar else [samples]
    parts = []
    for plane in planes:
        for y in range(0, h, height):
            for x in range(0, w, width):
                block = plane[y : y + height, x : x + width]
                if tile:
                    gaps = [(0, height - block.shape[0]), (0, width - block.shape[1]), (0, 0)]
                    block = np.pad(block, gaps)
                if predictor != 1:
                    block = difference(block, predictor, order)
                stored = 8 if predictor == 3 else bits
                data = pack_samples(block.reshape(len(block), -1), stored, order)
                parts.append(COMPRESS[compression](data))
    fields = {
        256: (LONG, [w]),
        257: (LONG, [h]),
        258: (SHORT, [bits] * n),
        259: (SHORT, [compression]),
        262: (SHORT, [photometric]),
        277: (SHORT, [n]),
        284: (SHORT, [2 if planar else 1]),
        317: (SHORT, [predictor]),
        339: (SHORT, [kind] * n),
    }
    if tile:
        fields |= {322: (LONG, [width]), 323: (LONG, [height])}
    else:
        fields[278] = (LONG, [rows])
    if extra:
        fields[338] = (SHORT, list(extra))
    fields |= {number: (kind, list(values)) for number, kind, values in tags}
    return Page(fields, parts, samples)


def tiff(*pages, order="<", big=False, sub=()):
    """Return a file of pages; ``sub`` are the pages of the first one's sub-directories."""
    offset, word = (LONG8, 8) if big else (LONG, 4)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    head += struct.pack(order + "HH", 8, 0) if big else b""
    body = bytearray(head + bytes(word))
    first = len(body) - word

    def write(data):
        body.extend(bytes(len(body) % 2))
        body.extend(data)
        return len(body) - len(data)

    def write_page(page, more_fields):
        """Write a page; return where it begins, and where the offset of the next one belongs."""
        tiled = 322 in page.fields
        places = [write(part) for part in page.parts]
        fields = page.fields | more_fields
        fields |= {
            324 if tiled else 273: (offset, places),
            325 if tiled else 279: (LONG, [len(part) for part in page.parts]),
        }
        entries = b""
        for number, (kind, values) in sorted(fields.items()):
            data = struct.pack(f"{order}{len(values)}{_FORMATS[kind]}", *values)
            if len(data) > word:
                data = struct.pack(order + ("Q" if big else "I"), write(data))
            entry = struct.pack(order + ("HHQ" if big else "HHI"), number, kind, len(values))
            entries += entry + data.ljust(word, b"\0")
        count = struct.pack(order + ("Q" if big else "H"), len(fields))
        place = write(count + entries + bytes(word))
        return place, len(body) - word

    subs = [write_page(page, {})[0] for page in sub]
    link = first
    for i, one in enumerate(pages):
        place, following = write_page(one, {330: (offset, subs)} if subs and i == 0 else {})
        struct.pack_into(order + ("Q" if big else "I"), body, link, place)
        link = following
    return bytes(body)
