"""TIFFs of scanners, archives and cameras, against the gradient that they mean."""

import io
import logging
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms
from tiff_files import (
    ASCII,
    BLACK_IS_ZERO,
    CIELAB,
    CMYK,
    DEFLATE,
    ICCLAB,
    LONG,
    LZW,
    NONE,
    PACKBITS,
    PALETTE,
    RGB,
    SHORT,
    WHITE_IS_ZERO,
    YCBCR,
    page,
    tiff,
)

from colorlib.io import tiff_samples
from colorlib.io.exif import exif_for_result
from colorlib.io.images import ImageError, load_image

H, W = 24, 40
Y, X = np.mgrid[:H, :W]
GRAY = (40 + X * 4 + Y).astype(np.uint8)
COLORS = np.stack([40 + X * 4, 60 + Y * 5, 220 - X * 2 - Y * 3], axis=2).astype(np.uint8)
ALPHA = np.where(Y < 12, 51, 255).astype(np.uint8)
OVER_WHITE = GRAY * (ALPHA / 255) + 255 - ALPHA
COLORS_OVER_WHITE = COLORS * (ALPHA[..., None] / 255) + 255 - ALPHA[..., None]
GRAY_16, COLORS_16, ALPHA_16 = (a.astype(np.uint16) * 257 for a in (GRAY, COLORS, ALPHA))
GRAY_12 = np.rint(GRAY / 255 * 4095).astype(np.uint16)
FLOAT = (GRAY / 255).astype(np.float32)
LEVELS = (X // 3).astype(np.uint8)  # 0 to 13, for a palette
MAP = np.stack([np.arange(256) * 3 % 256, 255 - np.arange(256), np.arange(256) * 7 % 256])
PALETTE_16 = (320, SHORT, (MAP * 257).ravel())
PALETTE_HIGH_BYTE = (320, SHORT, (MAP * 256).ravel())
PALETTE_8 = (320, SHORT, MAP.ravel())
PALETTE_4_BITS = (320, SHORT, (MAP[:, :16] * 257).ravel())
PALETTE_1_BIT = (320, SHORT, (MAP[:, :2] * 257).ravel())
PALETTE_16_BITS = (320, SHORT, (np.repeat(MAP, 256, axis=1) * 257).ravel())
MAPPED = MAP.T[GRAY]
# L from 20 to 90, a = 12, b = -20
L = np.linspace(20, 90, W) + 0 * Y
AB = np.stack([12 + 0 * X, -20 + 0 * X], axis=2)


def lab(scale, *, offset, full, dtype):
    """Return Lab as a TIFF stores it: L of 100 is ``full``, a and b are times ``scale``."""
    ab = AB * scale + offset
    return np.dstack([L / 100 * full, ab]).round().astype(np.int32).astype(dtype)


def lab_as_rgb():
    """Return the same colours by the formulas of CIE, for the white of print (D50)."""
    fy = (L + 16) / 116
    f = np.stack([fy + AB[..., 0] / 500, fy, fy - AB[..., 1] / 200], axis=2)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    xyz *= [0.96422, 1, 0.82521]
    matrix = [[3.1341, -1.6174, -0.4907], [-0.9788, 1.9161, 0.0335], [0.0720, -0.2290, 1.4054]]
    linear = (xyz @ np.array(matrix).T).clip(0, 1)
    srgb = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return 255 * srgb


def inverted_inks(alpha=False):
    inks = np.dstack([255 - COLORS, np.zeros_like(GRAY)])
    return np.dstack([inks, ALPHA]) if alpha else inks


def with_value(samples, value):
    """Return samples of which the first has another value."""
    samples = samples.copy()
    samples.flat[0] = value
    return samples


def bits_reversed(one):
    """Return a page whose bytes begin with the lowest bit, as some fax machines write them."""
    table = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
    parts = [part.translate(table) for part in one.parts]
    return one._replace(parts=parts, fields=one.fields | {266: (SHORT, [2])})


# name: (pages, the image that they mean, how far off each value may be)
ROWS = {
    "gray 8": (page(GRAY, BLACK_IS_ZERO), GRAY, 0),
    "white is zero 1": (page(GRAY % 2, WHITE_IS_ZERO, 1), 255 * (1 - GRAY % 2), 0),
    "white is zero 4": (page(LEVELS, WHITE_IS_ZERO, 4), 255 - 17 * LEVELS, 0),
    "white is zero 8": (page(255 - GRAY, WHITE_IS_ZERO), GRAY, 0),
    "white is zero 12": (page(4095 - GRAY_12, WHITE_IS_ZERO, 12), GRAY, 0),
    "white is zero 16": (page(65535 - GRAY_16, WHITE_IS_ZERO), GRAY, 0),
    "white is zero float": (page(1 - FLOAT, WHITE_IS_ZERO), GRAY, 1),
    "white is zero float to 255": (page(255 - GRAY.astype("f"), WHITE_IS_ZERO), GRAY, 0),
    "white is zero float 64": (page((1 - FLOAT).astype("d"), WHITE_IS_ZERO), GRAY, 1),
    "white is zero and alpha 8": (
        page(np.dstack([255 - GRAY, ALPHA]), WHITE_IS_ZERO, extra=[2]),
        OVER_WHITE,
        1,
    ),
    "white is zero 16 LZW": (page(65535 - GRAY_16, WHITE_IS_ZERO, compression=LZW), GRAY, 0),
    "white is zero 32": (page(2**32 - 1 - GRAY * np.uint32(16843009), WHITE_IS_ZERO), GRAY, 0),
    **{
        f"packed {bits}": (
            page(np.rint(GRAY / 255 * (2**bits - 1)).astype(np.uint16), BLACK_IS_ZERO, bits),
            np.rint(np.rint(GRAY / 255 * (2**bits - 1)) * 255 / (2**bits - 1)),
            0,
        )
        for bits in (3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15)
    },
    "packed 12 in colours": (
        page(np.rint(COLORS / 255 * 4095).astype(np.uint16), RGB, 12, compression=PACKBITS),
        COLORS,
        0,
    ),
    "packed 12 LZW in tiles": (
        page(GRAY_12, BLACK_IS_ZERO, 12, compression=LZW, tile=(16, 16)),
        GRAY,
        0,
    ),
    "12 bits in 16": (page(GRAY_12, BLACK_IS_ZERO), GRAY / 16, 1),  # the declared depth counts
    "16 signed": (page((GRAY / 255 * 32767).astype(np.int16), BLACK_IS_ZERO), GRAY, 1),
    "16 colours": (page(COLORS_16, RGB), COLORS, 0),
    "16 planar": (page(COLORS_16, RGB, planar=True), COLORS, 0),
    "16 planar in tiles": (page(COLORS_16, RGB, planar=True, tile=(16, 16)), COLORS, 0),
    "16 planar LZW": (page(COLORS_16, RGB, planar=True, compression=LZW, predictor=2), COLORS, 0),
    "16 gray and alpha": (
        page(np.dstack([GRAY_16, ALPHA_16]), BLACK_IS_ZERO, extra=[2]),
        OVER_WHITE,
        1,
    ),
    "16 gray and alpha planar": (
        page(np.dstack([GRAY_16, ALPHA_16]), BLACK_IS_ZERO, extra=[2], planar=True),
        OVER_WHITE,
        1,
    ),
    "16 gray and premultiplied alpha": (
        page(
            np.dstack([GRAY_16 * (ALPHA / 255), ALPHA_16]).astype(np.uint16),
            BLACK_IS_ZERO,
            extra=[1],
        ),
        OVER_WHITE,
        3,
    ),
    "16 gray and another sample": (
        page(np.dstack([GRAY_16, ALPHA_16]), BLACK_IS_ZERO, extra=[0]),
        GRAY,
        0,
    ),
    "8 gray and another sample": (
        page(np.dstack([GRAY, ALPHA]), BLACK_IS_ZERO, extra=[0]),
        GRAY,
        0,
    ),
    **{
        f"8 gray and alpha planar, compression {compression}": (
            page(
                np.dstack([GRAY, ALPHA]),
                BLACK_IS_ZERO,
                extra=[2],
                planar=True,
                compression=compression,
            ),
            OVER_WHITE,
            1,
        )
        for compression in (NONE, LZW, DEFLATE, PACKBITS)
    },
    "8 colours and premultiplied alpha planar": (
        page(
            np.dstack([COLORS * (ALPHA[..., None] / 255), ALPHA]).astype(np.uint8),
            RGB,
            extra=[1],
            planar=True,
        ),
        COLORS_OVER_WHITE,
        6,
    ),
    "8 colours and another sample": (page(np.dstack([COLORS, ALPHA]), RGB, extra=[0]), COLORS, 0),
    "8 colours and two samples": (
        page(np.dstack([COLORS, ALPHA, GRAY]), RGB, extra=[2, 0]),
        COLORS_OVER_WHITE,
        1,
    ),
    "16 colours and alpha": (
        page(np.dstack([COLORS_16, ALPHA_16]), RGB, extra=[2]),
        COLORS_OVER_WHITE,
        1,
    ),
    "32 to 2^32": (page(GRAY * np.uint32(16843009), BLACK_IS_ZERO), GRAY, 0),
    "32 to 255": (page(GRAY.astype(np.uint32), BLACK_IS_ZERO), GRAY, 0),
    "32 to 65535": (page(GRAY_16.astype(np.uint32), BLACK_IS_ZERO), GRAY, 0),
    "32 signed to 65535": (page(GRAY_16.astype(np.int32), BLACK_IS_ZERO), GRAY, 0),
    "32 colours": (page(COLORS * np.uint32(16843009), RGB), COLORS, 0),
    "64 to 65535": (page(GRAY_16.astype(np.uint64), BLACK_IS_ZERO), GRAY, 0),
    "float 16": (page(FLOAT.astype(np.float16), BLACK_IS_ZERO), GRAY, 1),
    "float 32": (page(FLOAT, BLACK_IS_ZERO), GRAY, 0),
    "float 64": (page(FLOAT.astype(np.float64), BLACK_IS_ZERO), GRAY, 0),
    "float with highlights": (page(with_value(FLOAT, 1.3), 1), with_value(GRAY, 255), 0),
    "float with ringing": (page(with_value(FLOAT, -0.01), 1), with_value(GRAY, 0), 0),
    "float to 255 with highlights": (
        page(with_value(GRAY.astype("f"), 300), 1),
        with_value(GRAY, 255),
        0,
    ),
    "white is zero float with ringing": (
        page(with_value(1 - FLOAT, 1.02), WHITE_IS_ZERO),
        with_value(GRAY, 0),
        1,
    ),
    "float colours with highlights": (
        page(with_value((COLORS / 255).astype("f"), 1.05), RGB),
        with_value(COLORS, 255),
        0,
    ),
    "float colours": (page((COLORS / 255).astype(np.float32), RGB), COLORS, 0),
    "float colours planar": (page((COLORS / 255).astype(np.float32), RGB, planar=True), COLORS, 0),
    "float predictor LZW": (page(FLOAT, BLACK_IS_ZERO, compression=LZW, predictor=3), GRAY, 0),
    "float predictor in colours": (
        page((COLORS / 255).astype(np.float32), RGB, compression=DEFLATE, predictor=3),
        COLORS,
        0,
    ),
    "map of 16 bits": (page(GRAY, PALETTE, tags=[PALETTE_16]), MAPPED, 0),
    "map of 16 bits, low byte 0": (page(GRAY, PALETTE, tags=[PALETTE_HIGH_BYTE]), MAPPED, 0),
    "map of 8 bits": (page(GRAY, PALETTE, tags=[PALETTE_8]), MAPPED, 0),
    "map of 8 bits LZW": (page(GRAY, PALETTE, compression=LZW, tags=[PALETTE_8]), MAPPED, 0),
    **{
        f"gray {bits}": (page(LEVELS % 2**bits, BLACK_IS_ZERO, bits), LEVELS % 2**bits * scale, 0)
        for bits, scale in ((1, 255), (2, 85), (4, 17))
    },
    "lowest bit first 1": (
        bits_reversed(page(GRAY % 2, WHITE_IS_ZERO, 1)),
        255 - GRAY % 2 * 255,
        0,
    ),
    "lowest bit first 8": (bits_reversed(page(255 - GRAY, WHITE_IS_ZERO)), GRAY, 0),
    "lowest bit first 16": (bits_reversed(page(GRAY_16, BLACK_IS_ZERO)), GRAY, 0),
    "lowest bit first LZW": (bits_reversed(page(COLORS, RGB, compression=LZW)), COLORS, 0),
    "map and alpha": (
        page(np.dstack([GRAY, ALPHA]), PALETTE, extra=[2], tags=[PALETTE_16]),
        MAPPED * (ALPHA[..., None] / 255) + 255 - ALPHA[..., None],
        1,
    ),
    "map for 1 bit": (page(LEVELS % 2, PALETTE, 1, tags=[PALETTE_1_BIT]), MAP.T[LEVELS % 2], 0),
    "map for 4 bits": (page(LEVELS, PALETTE, 4, tags=[PALETTE_4_BITS]), MAP.T[LEVELS], 0),
    "map for 16 bits": (page(GRAY_16, PALETTE, tags=[PALETTE_16_BITS]), MAPPED, 0),
    "inks 8": (page(inverted_inks(), CMYK), COLORS, 1),
    "inks 8 and alpha": (page(inverted_inks(alpha=True), CMYK, extra=[2]), COLORS_OVER_WHITE, 2),
    "inks 16": (page(inverted_inks().astype(np.uint16) * 257, CMYK), COLORS, 1),
    "YCbCr 8": (
        page(
            np.asarray(Image.fromarray(COLORS).convert("YCbCr")), YCBCR, tags=[(530, SHORT, [1, 1])]
        ),
        COLORS,
        3,
    ),
    "CIELab 8": (
        page(lab(1, offset=0, full=255, dtype=np.uint8), CIELAB),
        lab_as_rgb(),
        3,
    ),
    "CIELab 16": (page(lab(256, offset=0, full=65535, dtype=np.uint16), CIELAB), lab_as_rgb(), 3),
    "ICCLab 8": (page(lab(1, offset=128, full=255, dtype=np.uint8), ICCLAB), lab_as_rgb(), 3),
    "ICCLab 16": (
        page(lab(256, offset=32768, full=65280, dtype=np.uint16), ICCLAB),
        lab_as_rgb(),
        3,
    ),
}
LAYOUTS = {
    "big endian": ({"order": ">"}, {"order": ">"}),
    "BigTIFF": ({}, {"big": True}),
    "BigTIFF, big endian": ({"order": ">"}, {"order": ">", "big": True}),
    "tiles": ({"tile": (16, 32)}, {}),
    "one strip": ({"rows": H}, {}),
    "LZW": ({"compression": LZW}, {}),
    "Deflate": ({"compression": DEFLATE}, {}),
    "PackBits": ({"compression": PACKBITS}, {}),
    "LZW, predictor": ({"compression": LZW, "predictor": 2}, {}),
    "Deflate, predictor, big endian": (
        {"compression": DEFLATE, "predictor": 2, "order": ">"},
        {"order": ">"},
    ),
}


def max_error(image, expected):
    expected = np.asarray(expected, float)
    if expected.ndim == 2:
        expected = expected[..., None]
    return np.abs(np.asarray(image.convert("RGB"), float) - expected).max()


@pytest.mark.parametrize("name", ROWS)
def test_load_image_tiff_matches_gradient(name):
    pages, expected, tolerance = ROWS[name]
    assert max_error(load_image(tiff(pages)), expected) <= tolerance


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("samples", [GRAY, 65535 - GRAY_16, COLORS, COLORS_16], ids="1234")
def test_load_image_tiff_layout_matches_gradient(layout, samples):
    in_page, in_file = LAYOUTS[layout]
    photometric = RGB if samples.ndim == 3 else WHITE_IS_ZERO
    expected = COLORS if samples.ndim == 3 else GRAY
    if samples is GRAY:
        samples = 255 - GRAY
    assert (
        max_error(load_image(tiff(page(samples, photometric, **in_page), **in_file)), expected) == 0
    )


@pytest.mark.parametrize("name", ROWS)
def test_tifffile_reads_the_same_samples(name):
    """The files above are valid: another reader finds in them what was written."""
    written = ROWS[name][0]
    with tifffile.TiffFile(io.BytesIO(tiff(written))) as file:
        try:
            found = np.atleast_3d(file.pages[0].asarray())
        except (ValueError, NotImplementedError) as error:
            if "imagecodecs" not in str(error):
                raise
            pytest.skip("tifffile needs imagecodecs for it")
    if written.fields[284][1] == [2]:
        found = np.moveaxis(found, 0, 2)
    assert np.array_equal(found, written.samples)


REDUCED, OLD_REDUCED, MASK = (254, LONG, [1]), (255, SHORT, [2]), (254, LONG, [4])
MAKE = (271, ASCII, b"NIKON\0")
FULL = page(GRAY_16, BLACK_IS_ZERO)
SMALL = GRAY[::4, ::4] // 2
PAGES = {
    "thumbnail first": tiff(page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), FULL),
    "thumbnail first, 8 bits": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), page(GRAY, BLACK_IS_ZERO)
    ),
    "thumbnail first, in the old way": tiff(page(SMALL, BLACK_IS_ZERO, tags=[OLD_REDUCED]), FULL),
    "thumbnail that is not marked": tiff(page(SMALL, BLACK_IS_ZERO), FULL),
    "thumbnail last": tiff(FULL, page(SMALL, BLACK_IS_ZERO, tags=[REDUCED])),
    "thumbnail larger than its photo": tiff(
        page(np.zeros((50, 90), np.uint8), BLACK_IS_ZERO, tags=[REDUCED]), FULL
    ),
    "mask first": tiff(page(np.zeros((H, W), np.uint8), BLACK_IS_ZERO, 1, tags=[MASK]), FULL),
    "photo in a sub-directory": tiff(page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), sub=[FULL]),
    "photo in a sub-directory, 8 bits": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), sub=[page(GRAY, BLACK_IS_ZERO)]
    ),
    "the same, BigTIFF": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), sub=[page(GRAY, BLACK_IS_ZERO)], big=True
    ),
    "thumbnails in sub-directories": tiff(
        FULL, sub=[page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), page(SMALL, BLACK_IS_ZERO)]
    ),
    "a camera's own TIFF": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED, MAKE]), sub=[page(np.dstack([GRAY] * 3), RGB)]
    ),
    "nothing but a thumbnail": tiff(page(GRAY, BLACK_IS_ZERO, tags=[REDUCED])),
}


@pytest.mark.parametrize("name", PAGES)
def test_load_image_takes_the_page_of_full_size(name, caplog):
    assert max_error(load_image(PAGES[name]), GRAY) == 0
    assert not caplog.records


def test_load_image_of_an_album_takes_its_first_page(tmp_path, caplog):
    second = page(np.zeros((H + 4, W + 2), np.uint8), BLACK_IS_ZERO)
    (tmp_path / "album.tif").write_bytes(tiff(FULL, second, second))
    assert max_error(load_image(tmp_path / "album.tif"), GRAY) == 0
    assert "album.tif has 3 pages; only the first was read" in caplog.text


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("samples", [GRAY, GRAY_16], ids=["8", "16"])
def test_load_image_tiff_follows_orientation(turn, samples):
    rows, columns = samples[::-1], samples[:, ::-1]
    stored = {
        1: samples,
        2: columns,
        3: rows[:, ::-1],
        4: rows,
        5: samples.T,
        6: samples.T[::-1],
        7: samples.T[::-1, ::-1],
        8: samples.T[:, ::-1],
    }[turn]
    data = tiff(page(np.ascontiguousarray(stored), BLACK_IS_ZERO, tags=[(274, SHORT, [turn])]))
    assert max_error(load_image(data), GRAY) == 0


def test_load_image_tiff_uses_profile_at_16_bits():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = tiff(page(COLORS_16, RGB, planar=True, tags=[(34675, 1, profile)]))
    assert max_error(load_image(data), COLORS) <= 1


CFA = page(GRAY_16, 32803)
RAW = {
    "colour filter array": tiff(CFA),
    "filter array in a sub-directory": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED, MAKE]), sub=[CFA]
    ),
    "filter array next to a preview": tiff(
        page(COLORS, RGB, tags=[MAKE]), sub=[page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), CFA]
    ),
    "filter array on the second page": tiff(page(COLORS, RGB), CFA),
    "linear raw": tiff(page(COLORS_16, 34892)),
    "DNG version": tiff(page(COLORS, RGB, tags=[(50706, 1, [1, 4, 0, 0])])),
    "filter pattern": tiff(page(GRAY_16, BLACK_IS_ZERO, tags=[(33421, SHORT, [2, 2])])),
    "gray in a sub-directory of a camera's file": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED, MAKE]), sub=[FULL]
    ),
    "previews only": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED]), sub=[page(SMALL, BLACK_IS_ZERO, tags=[REDUCED])]
    ),
    "directory that leads nowhere": tiff(
        page(SMALL, BLACK_IS_ZERO, tags=[REDUCED, (330, LONG, [10**8])])
    ),
    "Canon": b"II*\0\x10\0\0\0CR\2\0" + tiff(page(COLORS, RGB))[12:],
    "Phase One": b"II*\0\x10\0\0\0IIII" + tiff(page(COLORS, RGB))[12:],
    "Fujifilm": b"FUJIFILMCCD-RAW 0201" + bytes(60),
    "Canon, old": b"II\x1a\0\0\0HEAPCCDR" + bytes(60),
    "Canon, new": b"\0\0\0\x18ftypcrx \0\0\0\1" + bytes(60),
    "Olympus": b"IIRO\x08\0\0\0" + bytes(60),
    "Panasonic": b"IIU\0\x18\0\0\0" + bytes(60),
    "Minolta": b"\0MRM\0\1\2\3" + bytes(60),
    "Sigma": b"FOVb\0\0\2\0" + bytes(60),
}
RAW_SUFFIXES = [".3fr", ".arw", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff"]
RAW_SUFFIXES += [".gpr", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef"]
RAW_SUFFIXES += [".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"]


@pytest.mark.parametrize("kind", RAW)
@pytest.mark.parametrize("name", ["photo.tif", "photo.jpg", "photo", None])
def test_load_image_raw_is_refused_under_any_name(kind, name, tmp_path):
    source = RAW[kind]
    if name is not None:
        source = tmp_path / name
        source.write_bytes(RAW[kind])
    with pytest.raises(ImageError, match="is camera raw, which is not supported; convert it to"):
        load_image(source)


@pytest.mark.parametrize("suffix", RAW_SUFFIXES)
def test_load_image_tiff_named_raw_is_refused(suffix, tmp_path):
    """Some raw photos have no other sign than their suffix."""
    for data in (tiff(page(SMALL, BLACK_IS_ZERO)), bytes(80), RAW["previews only"]):
        (tmp_path / f"photo{suffix}").write_bytes(data)
        with pytest.raises(ImageError, match="is camera raw, which is not supported"):
            load_image(tmp_path / f"photo{suffix}")


UNSUPPORTED = {
    "JPEG 2000 inside": (
        page(GRAY, BLACK_IS_ZERO),
        {259: (SHORT, [34712])},
        "compression JPEG2000 (34712)",
    ),
    "WebP inside": (page(COLORS, RGB), {259: (SHORT, [50001])}, "compression WEBP (50001)"),
    "an unknown compression": (page(GRAY, BLACK_IS_ZERO), {259: (SHORT, [61234])}, "61234"),
    "LogLuv": (page(GRAY, BLACK_IS_ZERO), {262: (SHORT, [32845])}, "colours of the kind"),
    "complex numbers": (page(GRAY_16.astype(np.uint64), 1), {339: (SHORT, [6])}, "format COMPLEX"),
    "24 bits": (page(GRAY_16.astype(np.uint32), 1, 24), {}, "samples of 24 bits"),
    "reduced colours": (page(COLORS, YCBCR), {530: (SHORT, [2, 2])}, "YCbCr colours of reduced"),
    "Lab of float": (page(COLORS.astype(np.float32), CIELAB), {}, "Lab colours of 32 bits"),
    "other inks": (page(inverted_inks(), CMYK), {332: (SHORT, [2])}, "other inks"),
    "twenty bands": (page(np.dstack([GRAY] * 20), BLACK_IS_ZERO), {}, "20 samples a pixel"),
    "two bands of colour": (page(np.dstack([GRAY] * 2), RGB), {}, "2 samples a pixel"),
}


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_load_image_tiff_not_supported_is_not_damaged(kind):
    one, fields, words = UNSUPPORTED[kind]
    with pytest.raises(ImageError, match="which is not supported; convert it") as caught:
        load_image(tiff(one._replace(fields=one.fields | fields)))
    assert words in str(caught.value) and "damaged" not in str(caught.value)


def test_load_image_tiff_without_the_codec_is_not_damaged(monkeypatch):
    """Pillow before 11 comes with a libtiff that lacks Zstandard."""

    def fail(*args):
        raise OSError(-2)

    zstandard = page(GRAY, BLACK_IS_ZERO)._replace(parts=[b"anything"])
    data = tiff(zstandard._replace(fields=zstandard.fields | {259: (SHORT, [50000])}))
    tiff_samples.lacks_codec.cache_clear()
    monkeypatch.setattr(tiff_samples, "_decompress_with_libtiff", fail)
    with pytest.raises(ImageError, match=r"compression ZSTD \(50000\), which is not supported"):
        load_image(data)
    tiff_samples.lacks_codec.cache_clear()


DAMAGED = {
    "strips that are missing": {278: (LONG, [1])},
    "a strip beyond the end": {257: (LONG, [H * 9]), 278: (LONG, [H * 9])},
    "tiles of the size of a town": {322: (LONG, [2**30]), 323: (LONG, [2**30])},
    "Deflate of something else": {259: (SHORT, [DEFLATE])},
    "LZW of something else": {259: (SHORT, [LZW])},
    "no height": {257: (LONG, [0])},
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_load_image_tiff_damaged_is_refused(kind):
    one = page(GRAY_16, BLACK_IS_ZERO)
    with pytest.raises(ImageError, match="it is cut off or damaged"):
        load_image(tiff(one._replace(fields=one.fields | DAMAGED[kind])))


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE, PACKBITS])
def test_load_image_tiff_cut_anywhere_is_whole_or_refused(compression):
    data = tiff(page(GRAY_16, BLACK_IS_ZERO, compression=compression))
    for length in range(1, len(data), len(data) // 40):
        try:
            assert max_error(load_image(data[:length]), GRAY) == 0
        except ImageError as error:
            assert "\n" not in str(error)


def test_load_image_tiff_size_is_judged_before_pixels():
    huge = {256: (LONG, [100_000]), 257: (LONG, [100_000]), 278: (LONG, [100_000])}
    for one in (FULL, page(GRAY, BLACK_IS_ZERO), page(FLOAT, BLACK_IS_ZERO, compression=DEFLATE)):
        data = tiff(one._replace(fields=one.fields | huge))
        with pytest.raises(ImageError, match="10,000,000,000 pixels, more than max_pixels"):
            load_image(data)
        with pytest.raises(ImageError, match="more than Pillow's"):
            load_image(data, max_pixels=None)


def test_load_image_deflate_bomb_is_decoded_to_its_size_only():
    one = page(GRAY_16, BLACK_IS_ZERO, compression=DEFLATE, rows=H)
    bomb = one._replace(parts=[zlib.compress(GRAY_16.tobytes() + bytes(300_000_000))])
    tracemalloc.start()
    assert max_error(load_image(tiff(bomb)), GRAY) == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_load_image_opened_tiff_is_decoded_like_its_file(tmp_path):
    (tmp_path / "scan.tif").write_bytes(tiff(page(65535 - GRAY_16, WHITE_IS_ZERO)))
    with Image.open(tmp_path / "scan.tif") as image:
        assert max_error(load_image(image), GRAY) == 0


def test_load_image_tiff_is_silent(caplog, capfd, recwarn):
    with caplog.at_level(logging.DEBUG, "colorlib"):
        for pages, *_ in ROWS.values():
            load_image(tiff(pages), keep_alpha=True)
    assert not caplog.records and not recwarn.list and capfd.readouterr() == ("", "")


def test_exif_for_result_of_tiff_that_pillow_cannot_open(tmp_path, caplog):
    artist = (315, ASCII, b"Ansel Example\0")
    one = page(np.dstack([GRAY_16, ALPHA_16]), BLACK_IS_ZERO, extra=[2], tags=[artist])
    (tmp_path / "scan.tif").write_bytes(tiff(one))
    exif = exif_for_result(tmp_path / "scan.tif", (W, H))
    assert b"Ansel Example" in exif and b"colorized by a model" in exif and not caplog.records
