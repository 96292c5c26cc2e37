"""Unusual and malformed image files: what each one means, or the words of its error."""

import io
import struct
import zlib

import numpy as np
import PIL
import tifffile
from PIL import Image, ImageCms, features

H, W = 24, 40
Y, X = np.mgrid[:H, :W]
RGB = np.stack([40 + X * 4, 60 + Y * 5, 220 - X * 2 - Y * 3], axis=2).astype(np.uint8)
GRAY = (40 + X * 4 + Y).astype(np.uint8)
STEPS = (X // 10).astype(np.uint8)  # four steps from left to right
BLACK_AND_WHITE = 255 * (GRAY > 99)
GRAY_16 = GRAY.astype(np.uint16) * 257
OPAQUE = np.full((H, W), 65535, np.uint16)
rgb, gray = Image.fromarray(RGB), Image.fromarray(GRAY)


def encode(image, form, **options):
    """Return the bytes of an image file."""
    file = io.BytesIO()
    image.copy().save(file, form, **options)  # a JPEG leaves its settings in the image
    return file.getvalue()


def encode_jpeg(**options):
    """Return a JPEG of good quality."""
    return encode(rgb, "JPEG", **{"quality": 95, "subsampling": 0, **options})


def encode_tiff(pixels, **options):
    """Return a TIFF of a kind that Pillow does not write."""
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def put_thumbnail_first(**tags):
    """Return a TIFF that begins with a small black picture, marked as a reduced one."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as tiff:
        tiff.write(np.zeros((6, 10), np.uint8), subfiletype=1, metadata=None, **tags)
        tiff.write(GRAY_16, metadata=None)
    return file.getvalue()


def make_chunk(kind, data):
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def make_png(rows, size, bits, color_type, *chunks, interlaced=False):
    """Return a PNG of packed rows; Pillow writes no interlaced ones."""
    header = struct.pack(">IIBBBBB", *size, bits, color_type, 0, 0, interlaced)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", body), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(make_chunk(*part) for part in parts)


def pack_bits(values, bits):
    """Return rows of values of 1, 2 or 4 bits."""
    shifts = np.arange(8 - bits, -1, -bits)
    values = values.reshape(len(values), -1, 8 // bits).astype(int) << shifts
    return [row.tobytes() for row in values.sum(axis=2).astype(np.uint8)]


def interlace(pixels):
    """Yield the rows of the seven passes of an interlaced PNG."""
    # first row, first column, distance of rows, distance of columns
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4)]
    passes += [(2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    for top, left, down, right in passes:
        for row in pixels[top::down, left::right]:
            yield row.tobytes()


def remove_segment(jpeg, marker):
    """Return a JPEG without its segments of one kind."""
    kept, position = jpeg[:2], 2
    while jpeg[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
        if jpeg[position + 1] != marker:
            kept += jpeg[position:end]
        position = end
    kept += jpeg[position:]
    assert len(kept) < len(jpeg), "there is no such segment"
    return kept


def make_strip(width, height):
    """Return a gray image, far wider than high or the reverse, and its pixels."""
    steps = (np.arange(width) * 5 // 8 % 200 + 30).astype(np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(steps, (height, width)))
    return encode(Image.fromarray(pixels), "PNG"), pixels


COLORS = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200], [90, 90, 90]], np.uint8)
PALETTE = (b"PLTE", COLORS.tobytes())
CMYK = encode(rgb.convert("CMYK"), "JPEG", quality=100, subsampling=0)
PNG = encode(rgb, "PNG")
WEBP = encode(rgb, "WEBP", lossless=True)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
UPSIDE_DOWN, UNKNOWN_TURN = Image.Exif(), Image.Exif()
UPSIDE_DOWN[0x0112], UNKNOWN_TURN[0x0112] = 3, 77
FRAMES = [Image.new("RGB", (W, H), color) for color in ("lime", "blue")]
ANIMATED = {"save_all": True, "append_images": FRAMES}
TWO_IMAGES = {"save_all": True, "append_images": [rgb.copy()], "quality": 95, "subsampling": 0}
palette = rgb.quantize(64)
black_and_white = Image.fromarray(BLACK_AND_WHITE.astype(np.uint8)).convert("1")
one_pixel = Image.new("L", (1, 1), 99)
ONE = np.full((1, 1), 99)

# name: (file, the image that it means, how far off each value may be)
GOOD = {
    "gray 1 bit.png": (make_png(pack_bits(STEPS > 1, 1), (W, H), 1, 0), 255 * (STEPS > 1), 0),
    "gray 2 bits.png": (make_png(pack_bits(STEPS, 2), (W, H), 2, 0), 85 * STEPS, 0),
    "gray 4 bits.png": (make_png(pack_bits(STEPS * 5, 4), (W, H), 4, 0), 85 * STEPS, 0),
    "palette.png": (make_png(pack_bits(STEPS, 2), (W, H), 2, 3, PALETTE), COLORS[STEPS], 0),
    "interlaced.png": (make_png(interlace(RGB), (W, H), 8, 2, interlaced=True), RGB, 0),
    "interlaced gray.png": (make_png(interlace(GRAY), (W, H), 8, 0, interlaced=True), GRAY, 0),
    "turned.png": (encode(rgb, "PNG", exif=UPSIDE_DOWN), RGB[::-1, ::-1], 0),
    "turned by 77.jpg": (encode_jpeg(exif=UNKNOWN_TURN), RGB, 6),
    "profile.jpg": (encode_jpeg(icc_profile=SRGB), RGB, 6),
    "progressive.jpg": (encode_jpeg(progressive=True), RGB, 6),
    "restarts.jpg": (encode_jpeg(restart_marker_blocks=2), RGB, 6),
    "half the colour.jpg": (encode_jpeg(subsampling=2), RGB, 12),
    "as RGB.jpg": (encode_jpeg(keep_rgb=True), RGB, 6),
    "cmyk with Adobe's marker.jpg": (CMYK, RGB, 6),
    # read as browsers do: 0 is full ink with and without the marker
    "cmyk without it.jpg": (remove_segment(CMYK, 0xEE), RGB, 6),
    "two images.jpg": (encode(rgb, "MPO", **TWO_IMAGES), RGB, 6),
    "lossy.webp": (encode(rgb, "WEBP", quality=95), RGB, 24),
    "lossless.webp": (WEBP, RGB, 0),
    "animated.gif": (encode(palette, "GIF", **ANIMATED), np.asarray(palette.convert("RGB")), 0),
    "animated.webp": (encode(rgb, "WEBP", lossless=True, **ANIMATED), RGB, 0),
    "animated.png": (encode(rgb, "PNG", **ANIMATED), RGB, 0),
    "pages.tif": (encode(rgb, "TIFF", **ANIMATED), RGB, 0),
    "packed.tif": (encode(rgb, "TIFF", compression="tiff_lzw"), RGB, 0),
    "fax.tif": (encode(black_and_white, "TIFF", compression="group4"), BLACK_AND_WHITE, 0),
    "white is zero.tif": (encode_tiff(65535 - GRAY_16, photometric="miniswhite"), GRAY, 0),
    "deflated.tif": (encode_tiff(GRAY_16, compression="zlib", predictor=True), GRAY, 0),
    "gray and alpha.tif": (encode_tiff(np.dstack([GRAY_16, OPAQUE]), extrasamples=[2]), GRAY, 0),
    "float.tif": (encode_tiff(GRAY.astype(float) / 255), GRAY, 0),
    "planes.tif": (
        encode_tiff(RGB.transpose(2, 0, 1).astype(np.uint16) * 257, planarconfig="separate"),
        RGB,
        0,
    ),
    "thumbnail first.tif": (put_thumbnail_first(), GRAY, 0),
    "from the web.jfif": (encode_jpeg(), RGB, 6),
    "map.pgm": (encode(gray, "PPM"), GRAY, 0),
    "render.tga": (encode(rgb, "TGA"), RGB, 0),
    "stream.j2k": (encode(rgb, "JPEG2000", no_jp2=True), RGB, 0),
    "IMG_0001": (encode_jpeg(), RGB, 6),
    "photo.backup": (PNG, RGB, 0),
    "a PNG named.jpg": (PNG, RGB, 0),
    "a JPEG named.png": (encode_jpeg(), RGB, 6),
    "a WebP named.tiff": (WEBP, RGB, 0),
    "a PNG named.heic": (PNG, RGB, 0),
    "one pixel.png": (encode(one_pixel, "PNG"), ONE, 0),
    "one pixel.gif": (encode(one_pixel, "GIF"), ONE, 0),
    "one by two.jpg": (encode(one_pixel.resize((1, 2)), "JPEG"), np.full((2, 1), 99), 2),
    "12000 by 1.png": (*make_strip(12_000, 1), 0),
    "12000 by 9.png": (*make_strip(12_000, 9), 0),
    "3 by 12000.png": (*make_strip(3, 12_000), 0),
    "-dash %s {0} 'quoted' & $HOME.png": (PNG, RGB, 0),
    "été à la mer, 夏の海 🎩.png": (PNG, RGB, 0),
    f"{'long' * 62}.webp": (WEBP, RGB, 0),
    f"{'長' * 83}.png": (PNG, RGB, 0),  # three bytes a letter, 253 in all
}
if "AVIF" in Image.SAVE and features.check("avif"):
    AVIF = {"quality": 95, "subsampling": "4:4:4"}
    GOOD["still.avif"] = encode(rgb, "AVIF", **AVIF), RGB, 9
    GOOD["animated.avif"] = encode(rgb, "AVIF", **AVIF, **ANIMATED), RGB, 9


def make_tiff_header(width, height):
    """Return the header of an uncompressed RGB TIFF, whose pixels are missing."""
    fields = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 2)]
    fields += [(273, 4, 8), (277, 3, 3), (278, 4, height), (279, 4, 99)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + body + bytes(4)


def overwrite(data, position, numbers):
    """Return the same bytes with some packed numbers written over them."""
    return data[:position] + numbers + data[position + len(numbers) :]


JPEG = encode(rgb, "JPEG")
JP2 = encode(rgb, "JPEG2000")
NOISE = np.random.default_rng(0).bytes(500)
JPEG_SIZE, JP2_SIZE = JPEG.index(b"\xff\xc0") + 5, JP2.index(b"ihdr") + 4
# Small on disk and large in memory
BOMBS = {
    "bomb.png": make_png([], (60_000, 60_000), 8, 2),
    "bomb.gif": overwrite(encode(gray, "GIF"), 6, struct.pack("<HH", 65_535, 65_535)),
    "bomb.bmp": overwrite(encode(rgb, "BMP"), 18, struct.pack("<ii", 50_000, 50_000)),
    "bomb.jpg": overwrite(JPEG, JPEG_SIZE, struct.pack(">HH", 65_000, 65_000)),
    "bomb.tif": make_tiff_header(100_000, 100_000),
    "bomb.ppm": b"P6\n99999 99999\n255\n" + NOISE,
    "bomb.jp2": overwrite(JP2, JP2_SIZE, struct.pack(">II", 90_000, 90_000)),
}
if int(PIL.__version__.partition(".")[0]) >= 12:  # an older one calls this one damaged
    lossless = b"\x2f" + (2**28 - 1).to_bytes(4, "little") + bytes(12)
    BOMBS["bomb.webp"] = b"RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0" + lossless
LONG_TEXT = b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000))
NAN = np.full((H, W), np.nan, np.float32)
RAW = "convert it to JPEG or PNG first: export it from the camera's own program"
HEIC = "convert it to JPEG or PNG first: open it in Photos or Preview"
CUT = "it is cut off or damaged"
# name: (file, words of the error)
BAD = {
    "empty.jpg": (b"", "is empty (0 bytes), expected an image; fetch it again"),
    "noise.webp": (b"\x07" + NOISE, "is not an image"),
    "text.gif": (
        b"Dear aunt, here is the photo",
        "is not an image (it starts with b'Dear aunt, h')",
    ),
    "page.jpg": (b"<!DOCTYPE html><title>Not found</title>", "a web page"),
    "drawing.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
    "script.jpg": (encode(rgb, "EPS"), "is a drawing or data in the form EPS, which is not"),
    "stars.jpg": (b"SIMPLE  =                    T" + bytes(3000), "is measurements (FITS"),
    "weather.bmp": (b"GRIB\0\0\0\1" + NOISE, "is a drawing or data in the form GRIB"),
    "phone.jpg": (b"\0\0\0\x24ftypheix\0\0\0\0mif1heic" + NOISE, HEIC),
    "camera.nef": (encode(rgb, "TIFF"), RAW),
    "camera.srw": (put_thumbnail_first(), RAW),
    "renamed raw.tif": (encode_tiff(GRAY_16, photometric=32803), RAW),
    "renamed raw.jpg": (b"FUJIFILMCCD-RAW 0201" + NOISE, RAW),
    "nameless raw": (b"IIU\0\x18\0\0\0" + NOISE, RAW),
    "new.jxl": (b"\xff\x0a" + NOISE, "is JPEG XL, which is not supported; convert it"),
    "clip.jpg": (b"\0\0\0\x18ftypmp42" + NOISE, "is video, which is not supported"),
    "radiance.tif": (
        encode_tiff(GRAY_16, photometric=32844),
        "is a TIFF with colours of the kind",
    ),
    "ends early.jpg": (JPEG[: len(JPEG) // 2] + b"\xff\xd9", CUT),
    "head only.jpg": (JPEG[:20], f"{CUT}, so fetch it again"),
    "half.jpg": (JPEG[: len(JPEG) // 2], CUT),
    # found by fuzzing
    "nan.tif": (encode(Image.fromarray(NAN), "TIFF"), "gray from nan to nan was found"),
    "long text.png": (make_png([row.tobytes() for row in RGB], (W, H), 8, 2, LONG_TEXT), CUT),
    **{name: (data, "make it smaller first") for name, data in BOMBS.items()},
}
