"""Awkward photos, made here: what each file holds, beside the picture that it means, or its sentence."""

import io
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, features

H, W = 24, 40
Y, X = np.mgrid[:H, :W]
RGB = np.stack([40 + X * 4, 60 + Y * 5, 220 - X * 2 - Y * 3], axis=2).astype(np.uint8)
GRAY = (40 + X * 4 + Y).astype(np.uint8)
rgb, gray = Image.fromarray(RGB), Image.fromarray(GRAY)


def saved(image, form, **options):
    image.copy().save(
        file := io.BytesIO(), form, **options
    )  # a JPEG leaves its settings in the picture
    return file.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows, size, bits, color, *chunks, interlaced=False):
    """A PNG of packed rows, as Pillow writes neither 16-bit colour nor interlaced ones."""
    header = struct.pack(">IIBBBBB", *size, bits, color, 0, 0, interlaced)
    body = b"".join(b"\0" + row for row in rows)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def packed(values, bits):
    """Rows of values of 1, 2 or 4 bits."""
    shifted = values.reshape(len(values), -1, 8 // bits).astype(int) << np.arange(
        8 - bits, -1, -bits
    )
    return [row.astype(np.uint8).tobytes() for row in shifted.sum(axis=2)]


def adam7(pixels):
    """The seven passes of an interlaced PNG, as rows."""
    for top, left, down, right in [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2),
                                   (0, 1, 2, 2), (1, 0, 2, 1)]:  # fmt: skip
        yield from (row.tobytes() for row in pixels[top::down, left::right])


def without(jpeg, marker):
    """A JPEG without the segments of one kind, and how many there were."""
    kept, at, gone = jpeg[:2], 2, 0
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        kept, gone = (kept, gone + 1) if jpeg[at + 1] == marker else (kept + jpeg[at:end], gone)
        at = end
    assert gone, "no such segment"
    return kept + jpeg[at:]


def turned(pixels, turn):
    """What a camera stores that was held so, by the EXIF standard's words on row 0 and column 0."""
    pixels = pixels.transpose(1, 0, 2) if turn > 4 else pixels
    rows, columns = {
        1: (1, 1),
        2: (1, -1),
        3: (-1, -1),
        4: (-1, 1),
        5: (1, 1),
        6: (-1, 1),
        7: (-1, -1),
        8: (1, -1),
    }[turn]
    return Image.fromarray(np.ascontiguousarray(pixels[::rows, ::columns]))


def exif(**tags):
    made = Image.Exif()
    made.update({int(tag[1:], 16): value for tag, value in tags.items()})
    return made


# Display P3, the colours of most phones, with a gamma of 2.2: a profile of a matrix and a curve, by hand.
P3 = [
    [0.51512, 0.29198, 0.15710],
    [0.24120, 0.69225, 0.06657],
    [-0.00105, 0.04189, 0.78407],
]  # to XYZ, D50
TO_SRGB = [
    [3.13386, -1.61687, -0.49061],
    [-0.97877, 1.91614, 0.03345],
    [0.07195, -0.22899, 1.40524],
]


def p3_profile():
    numbers = [[0.9642, 1, 0.8249], *np.array(P3).T]
    tags = [(name, b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * v) for v in value)))
            for name, value in zip([b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ"], numbers, strict=True)]  # fmt: skip
    tags += [
        (name, b"curv\0\0\0\0\0\0\0\1\2\x33\0\0") for name in (b"rTRC", b"gTRC", b"bTRC")
    ]  # 2.2 in 8.8 bits
    table, at = struct.pack(">I", len(tags)), 132 + 12 * len(tags)
    for name, data in tags:
        table, at = table + struct.pack(">4sII", name, at, len(data)), at + len(data)
    body = table + b"".join(data for _, data in tags)
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(body), b"\0" * 4, 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + body


def p3_as_srgb(pixels):
    linear = ((pixels / 255) ** (0x233 / 256) @ np.array(P3).T @ np.array(TO_SRGB).T).clip(0, 1)
    encoded = np.where(
        linear < 0.0031308, 12.92 * linear, 1.055 * linear.clip(1e-9) ** (1 / 2.4) - 0.055
    )
    return (255 * encoded).round()


FOUR = (X // 10).astype(np.uint8)  # four steps from left to right
COLORS = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200], [90, 90, 90]], np.uint8)
PALETTE = (b"PLTE", COLORS.tobytes())
FINE = np.stack([X * 1500 + Y, Y * 2500 + X, 65535 - X * 900 - Y * 1100], axis=2).astype(">u2")
DEEP = (X * 1600 + Y * 40).astype(">u2")
CMYK = saved(rgb.convert("CMYK"), "JPEG", quality=100, subsampling=0)
SMOOTH = {"quality": 95, "subsampling": 0}
frames = [Image.new("RGB", (W, H), color) for color in ("lime", "blue")]
ALL = {"save_all": True, "append_images": frames}
BLANK = Image.new("L", (1, 1), 99)


def plain(size):
    """A gray picture and its pixels, wide or high as a scroll."""
    w, h = size
    steps = np.broadcast_to((np.arange(w) * 5 // 8 % 200 + 30).astype(np.uint8), (h, w))
    return saved(Image.fromarray(np.ascontiguousarray(steps)), "PNG"), steps


# name: (file, the picture that it means, how far off each value may be)
GOOD = {
    "gray 1 bit.png": (png(packed(FOUR > 1, 1), (W, H), 1, 0), 255 * (FOUR > 1), 0),
    "gray 2 bits.png": (png(packed(FOUR, 2), (W, H), 2, 0), 85 * FOUR, 0),
    "gray 4 bits.png": (png(packed(FOUR * 5, 4), (W, H), 4, 0), 85 * FOUR, 0),
    "gray 16 bits.png": (png([row.tobytes() for row in DEEP], (W, H), 16, 0), (DEEP / 257).round(), 0),
    "palette 1 bit.png": (png(packed(FOUR > 1, 1), (W, H), 1, 3, PALETTE), COLORS[(FOUR > 1) * 1], 0),
    "palette 2 bits.png": (png(packed(FOUR, 2), (W, H), 2, 3, PALETTE), COLORS[FOUR], 0),
    "palette 4 bits.png": (png(packed(FOUR, 4), (W, H), 4, 3, PALETTE), COLORS[FOUR], 0),
    "colour 16 bits.png": (png([row.tobytes() for row in FINE], (W, H), 16, 2), (FINE / 257).round(), 1),
    "interlaced.png": (png(adam7(RGB), (W, H), 8, 2, interlaced=True), RGB, 0),
    "interlaced gray.png": (png(adam7(GRAY), (W, H), 8, 0, interlaced=True), GRAY, 0),
    "progressive.jpg": (saved(rgb, "JPEG", progressive=True, **SMOOTH), RGB, 6),
    "restarts.jpg": (saved(rgb, "JPEG", restart_marker_blocks=2, **SMOOTH), RGB, 6),
    "half the colour.jpg": (saved(rgb, "JPEG", quality=95, subsampling=2), RGB, 12),
    "as RGB.jpg": (saved(rgb, "JPEG", keep_rgb=True, **SMOOTH), RGB, 6),
    "cmyk with Adobe's marker.jpg": (CMYK, RGB, 6),
    "cmyk without it.jpg": (without(CMYK, 0xEE), RGB, 6),  # read as browsers do: 0 is full ink all the same
    "two pictures.jpg": (saved(rgb, "MPO", save_all=True, append_images=[rgb.copy()], **SMOOTH), RGB, 6),
    "wide gamut.png": (saved(rgb, "PNG", icc_profile=p3_profile()), p3_as_srgb(RGB), 3),
    "wide gamut.jpg": (saved(rgb, "JPEG", icc_profile=p3_profile(), **SMOOTH), p3_as_srgb(RGB), 8),
    "lossy.webp": (saved(rgb, "WEBP", quality=95), RGB, 24),
    "lossless.webp": (saved(rgb, "WEBP", lossless=True), RGB, 0),
    "animated.gif": (saved(rgb.quantize(64), "GIF", **ALL), np.asarray(rgb.quantize(64).convert("RGB")), 0),
    "animated.webp": (saved(rgb, "WEBP", lossless=True, **ALL), RGB, 0),
    "animated.png": (saved(rgb, "PNG", **ALL), RGB, 0),
    "pages.tif": (saved(rgb, "TIFF", **ALL), RGB, 0),
    "packed.tif": (saved(rgb, "TIFF", compression="tiff_lzw"), RGB, 0),
    "fax.tif": (saved(gray.point(lambda v: 255 * (v > 99)).convert("1"), "TIFF", compression="group4"),
                255 * (GRAY > 99), 0),
    "a PNG named.jpg": (saved(rgb, "PNG"), RGB, 0),
    "a JPEG named.png": (saved(rgb, "JPEG", **SMOOTH), RGB, 6),
    "a WebP named.tiff": (saved(rgb, "WEBP", lossless=True), RGB, 0),
    "a PNG named.heic": (saved(rgb, "PNG"), RGB, 0),
    "one pixel.png": (saved(BLANK, "PNG"), np.full((1, 1), 99), 0),
    "one pixel.gif": (saved(BLANK, "GIF"), np.full((1, 1), 99), 0),
    "one by two.jpg": (saved(BLANK.resize((1, 2)), "JPEG"), np.full((2, 1), 99), 2),
    **{f"{w} by {h}.png": (*plain((w, h)), 0) for w, h in [(12_000, 1), (12_000, 9), (3, 12_000), (2, 1)]},
    **{f"turn {turn}.jpg": (saved(turned(RGB, turn), "JPEG", exif=exif(x0112=turn), **SMOOTH), RGB, 8)
       for turn in range(1, 9)},
    **{f"turn {turn}.png": (saved(turned(RGB, turn), "PNG", exif=exif(x0112=turn)), RGB, 0)
       for turn in range(1, 9)},
    "turn that is none.jpg": (saved(rgb, "JPEG", exif=exif(x0112=77), **SMOOTH), RGB, 6),
    "-dash %s {0} 'quoted' & $HOME.png": (saved(rgb, "PNG"), RGB, 0),
    "été à la mer, 夏の海 🎩.png": (saved(rgb, "PNG"), RGB, 0),
    f"{'long' * 62}.webp": (saved(rgb, "WEBP", lossless=True), RGB, 0),
    f"{'長' * 83}.png": (saved(rgb, "PNG"), RGB, 0),  # three bytes a letter, 253 in all
}  # fmt: skip
AVIF = {
    "still.avif": (saved(rgb, "AVIF", quality=95, subsampling="4:4:4"), RGB, 9),
    "animated.avif": (saved(rgb, "AVIF", quality=95, subsampling="4:4:4", **ALL), RGB, 9),
} if "AVIF" in Image.SAVE and features.check("avif") else {}  # fmt: skip
GOOD |= AVIF


def tiff(w, h):
    """The header of an uncompressed RGB TIFF, whose pixels would follow."""
    fields = [(256, 4, w), (257, 4, h), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 8), (277, 3, 3),
              (278, 4, h), (279, 4, 99)]  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + body + bytes(4)


def at(data, place, fmt, *values):
    """The same bytes with numbers written over some."""
    return data[:place] + struct.pack(fmt, *values) + data[place + struct.calcsize(fmt) :]


JPEG = saved(rgb, "JPEG")
NOISE = np.random.default_rng(0).bytes(500)
# What is small on disk and would be large in memory: name to file, each with a limit of pixels to cross.
BOMBS = {
    "bomb.png": png([], (60_000, 60_000), 8, 2),
    "just above.png": png([], (8_001, 8_000), 8, 2),
    "bomb.gif": at(saved(gray, "GIF"), 6, "<HH", 65_535, 65_535),
    "bomb.bmp": at(saved(rgb, "BMP"), 18, "<ii", 50_000, 50_000),
    "bomb.jpg": at(JPEG, JPEG.index(b"\xff\xc0") + 5, ">HH", 65_000, 65_000),
    "bomb.tif": tiff(100_000, 100_000),
    "bomb.ppm": b"P6\n99999 99999\n255\n" + NOISE,
    "bomb.jp2": at(JP2 := saved(rgb, "JPEG2000"), JP2.index(b"ihdr") + 4, ">II", 90_000, 90_000),
}
if int(PIL.__version__.partition(".")[0]) >= 12:  # an older one calls this one damaged
    lossless = b"\x2f" + (2**28 - 1).to_bytes(4, "little") + bytes(12)
    BOMBS["bomb.webp"] = b"RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0" + lossless
MUCH = b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000))
RAW = "convert it to JPEG or PNG first: export it from the camera's own program"
HEIC = "convert it to JPEG or PNG first: open it in Photos or Preview"
# name: (file, words of the sentence)
BAD = {
    "empty.jpg": (b"", "is empty (0 bytes), expected an image; fetch it again"),
    "zeros.png": (bytes(4096), "is not an image"),
    "noise.webp": (b"\x07" + NOISE, "is not an image"),
    "text.gif": (b"Dear aunt, here is the photo", "is not an image (it starts with b'Dear aunt, h')"),
    "page.jpg": (b"<!DOCTYPE html><title>Not found</title>", "a web page"),
    "drawing.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
    "letter.tif": (b"%PDF-1.7\n" + NOISE, "is PDF"),
    "script.jpg": (saved(rgb, "EPS"), "is a drawing or data in the form EPS, which is not supported"),
    "weather.bmp": (b"GRIB\0\0\0\1" + NOISE, "is a drawing or data in the form GRIB"),
    "phone.heic": (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + NOISE, HEIC),
    "phone that says JPEG.jpg": (b"\0\0\0\x24ftypheix\0\0\0\0mif1heic" + NOISE, HEIC),
    "camera.cr3": (b"\0\0\0\x18ftypcrx \0\0\0\x01" + NOISE, RAW),
    "camera.nef": (saved(rgb, "TIFF"), RAW),
    "camera.dng": (saved(rgb, "TIFF", tiffinfo={50706: b"\1\4\0\0"}), RAW),
    "camera.raf": (b"FUJIFILMCCD-RAW 0201" + NOISE, RAW),
    "head only.jpg": (JPEG[:20], "it is cut off or damaged, so fetch it again"),
    "half.jpg": (JPEG[: len(JPEG) // 2], "it is cut off or damaged"),
    "half.png": ((data := saved(rgb, "PNG"))[: len(data) // 2], "it is cut off or damaged"),
    "half.webp": ((data := saved(rgb, "WEBP"))[: len(data) // 2], "it is cut off or damaged"),
    "half.gif": ((data := saved(rgb, "GIF"))[: len(data) // 2], "it is cut off or damaged"),
    "half.tiff": ((data := saved(rgb, "TIFF"))[: len(data) // 2], "it is cut off or damaged"),
    "no number.tif": (saved(Image.fromarray(np.full((H, W), np.nan, np.float32)), "TIFF"),
                      "cannot be converted: gray from nan to nan was found"),  # found by fuzzing
    "much text.png": (png([row.tobytes() for row in RGB], (W, H), 8, 2, MUCH), "it is cut off or damaged"),
    **{name: (data, "make it smaller first") for name, data in BOMBS.items()},
}  # fmt: skip
for name, (data, *_) in AVIF.items():
    BAD[f"half {name}"] = data[: len(data) // 2], "it is cut off or damaged"
