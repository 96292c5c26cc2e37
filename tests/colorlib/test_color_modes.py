"""Every way in which a file can store colour, against the image that it means."""

import io
import struct
import zlib

import numpy as np
import PIL
import pytest
from PIL import Image, ImageCms

from colorlib.data import sample_photos
from colorlib.io.color_modes import composite_on_white, gray_to_uint8, to_srgb
from colorlib.io.images import ImageError, load_image

Y, X = np.mgrid[:24, :32]
RGB = np.stack([X * 8, Y * 10, 255 - X * 4 - Y * 4], axis=2).astype(np.uint8)
GRAY = (X * 8).astype(np.uint8)
WHITE = 255


def saved(image, **options):
    """The bytes of a file, so that the mode is the one that the decoder gives."""
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


def png(pixels, color_type, chunks=()):
    """Encode a PNG, as Pillow writes no 16-bit colour: pixels (h, w, c), uint8 or uint16."""
    h, w = pixels.shape[:2]
    rows = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(h, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", w, h, 8 * pixels.itemsize, color_type, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    body = [
        struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def icc(space, tag, data):
    """A colour profile with one tag."""
    body = data + bytes(-len(data) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", 144 + len(body), b"\0" * 4, 0x02400000, b"scnr", space, b"Lab "
    )
    if space == b"GRAY":
        header = header[:20] + b"XYZ "
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    header = header.ljust(128, b"\0")
    return header + struct.pack(">I4sII", 1, tag, 144, len(data)) + body


def close(image, expected, tolerance=0):
    assert image.mode == "RGB"
    expected = np.broadcast_to(
        expected[..., None] if np.ndim(expected) == 2 else expected, (24, 32, 3)
    )
    difference = np.abs(np.asarray(image).astype(int) - expected.astype(int))
    assert difference.max() <= tolerance


def sgi(pixels):
    """Encode a picture of Silicon Graphics: rows from below, one channel after the other."""
    pixels = np.atleast_3d(pixels)
    h, w, n = pixels.shape
    size = pixels.itemsize
    head = struct.pack(">HBBHHHHII", 0x01DA, 0, size, 3 if n > 1 else 2, w, h, n, 0, 255)
    return head.ljust(512, b"\0") + pixels[::-1].astype(f">u{size}").transpose(2, 0, 1).tobytes()


def psd(channels, mode, bits=8, palette=b"", layers=b""):
    """Encode a Photoshop file: channels (n, h, w) of all layers together, and layers or none."""
    n, h, w = channels.shape
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, n, h, w, bits, mode)
    head += (
        struct.pack(">I", len(palette))
        + palette
        + struct.pack(">II", 0, len(layers))
        + layers
        + bytes(2)
    )
    return head + (np.packbits(channels, axis=2) if bits == 1 else channels).tobytes()


def pfm(values, order):
    """Encode floating-point gray, rows from below; the sign of the scale is the byte order."""
    scale = b"-1.0" if order == "<" else b"1.0"
    return b"Pf\n32 24\n" + scale + b"\n" + values[::-1].astype(f"{order}f4").tobytes()


def gamma_chunk(gamma):
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def without_alpha(form):
    """A file of 32 bits a pixel whose fourth byte is 0 everywhere, as some programs write it."""
    return saved(Image.merge("RGBA", [*rgb.split(), Image.new("L", rgb.size)]), format=form)


rgb, gray = Image.fromarray(RGB), Image.fromarray(GRAY)
LINEAR = np.rint(65535 * (GRAY / 255) ** 2.2).astype(np.uint16)
MAC = np.rint(255 * (RGB / 255) ** (2.2 / 1.8)).astype(np.uint8)  # gAMA 1/1.8
SRGB_CHUNK = b"sRGB", b"\0"
SRGB_PROFILE = (
    b"iCCP",
    b"sRGB\0\0" + zlib.compress(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()),
)
SIXTEEN = np.round(X * (65535 / 31)).astype(np.uint16)
SIXTEEN_AS_8 = np.round(X * (255 / 31))
DEEP = np.dstack([X * 2000 + 1000, Y * 2000 + 2000, X * 0 + 3000]).astype(np.uint16)
ALPHA = np.where(Y < 12, 0, 255).astype(np.uint8)
SIXTEEN_AND_ALPHA = np.dstack([SIXTEEN, ALPHA.astype(np.uint16) * 257])
OVER_WHITE = np.where(ALPHA[..., None] == 0, WHITE, RGB)
GRAY_OVER_WHITE = np.where(ALPHA == 0, WHITE, GRAY)
RGBA_BANDS = [*RGB.transpose(2, 0, 1), ALPHA]
rgba = Image.merge("RGBA", [*rgb.split(), Image.fromarray(ALPHA)])
la = Image.merge("LA", [gray, Image.fromarray(ALPHA)])
palette = gray.quantize(32)
PALETTE = np.asarray(palette.convert("RGB"))
big_endian = Image.frombytes("I;16B", (32, 24), SIXTEEN.astype(">u2").tobytes())
little_endian = Image.frombytes("I;16L", (32, 24), SIXTEEN.astype("<u2").tobytes())


def chunk_chrm(*numbers):
    return b"cHRM", struct.pack(">8I", *(round(100_000 * number) for number in numbers))


# sRGB's red, green, blue and gray in wide gamuts, by the published matrices of ITU-R and Apple.
TO_REC_2020 = np.array(
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.088, 0.8956]]
)
TO_P3 = np.array([[0.8225, 0.1775, 0], [0.0332, 0.9668, 0], [0.0171, 0.0724, 0.9105]])
FOUR_COLORS = np.vstack([np.eye(3) * 0.8 + 0.1, np.full(3, 0.3)])[Y % 4]
WIDE = {
    (9, "cicp"): (TO_REC_2020, (b"cICP", bytes([9, 13, 0, 1]))),
    (12, "cicp"): (TO_P3, (b"cICP", bytes([12, 13, 0, 1]))),
    (1, "cicp"): (np.eye(3), (b"cICP", bytes([1, 13, 0, 1]))),
    (12, "chrm"): (TO_P3, chunk_chrm(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)),
}

CASES = {
    "rgb png": (saved(rgb, format="PNG"), RGB, 0),
    "rgb bmp": (saved(rgb, format="BMP"), RGB, 0),
    "rgb jpeg": (saved(rgb, format="JPEG", quality=95, subsampling=0), RGB, 6),
    "rgb jpeg 2000": (saved(rgb, format="JPEG2000"), RGB, 0),
    "gray png": (saved(gray, format="PNG"), GRAY, 0),
    "gray jpeg": (saved(gray, format="JPEG", quality=95), GRAY, 3),
    "1-bit png": (
        saved(gray.point(lambda v: 255 * (v > 99)).convert("1"), format="PNG"),
        255 * (GRAY > 99),
        0,
    ),
    "palette png": (saved(palette, format="PNG"), PALETTE, 0),
    "palette gif": (saved(palette, format="GIF"), PALETTE, 0),
    "cmyk jpeg": (saved(rgb.convert("CMYK"), format="JPEG", quality=100, subsampling=0), RGB, 6),
    "cmyk tiff": (saved(rgb.convert("CMYK"), format="TIFF"), RGB, 1),
    "ycbcr": (rgb.convert("YCbCr"), RGB, 3),
    "ycbcr tiff": (saved(rgb, format="TIFF", compression="jpeg", quality=95), RGB, 9),
    "hsv": (rgb.convert("HSV"), RGB, 9),
    "rgba png": (saved(rgba, format="PNG"), OVER_WHITE, 0),
    "rgba webp": (saved(rgba, format="WEBP", lossless=True), OVER_WHITE, 0),
    "premultiplied rgba": (rgba.convert("RGBa"), OVER_WHITE, 0),
    "gray and alpha png": (saved(la, format="PNG"), GRAY_OVER_WHITE, 0),
    "premultiplied gray and alpha": (la.convert("La"), GRAY_OVER_WHITE, 0),
    "palette and alpha": (saved(rgba.quantize(64), format="PNG"), OVER_WHITE, 40),
    "clear gray value": (
        png(GRAY[..., None], 0, [(b"tRNS", b"\0\0")]),
        np.where(GRAY == 0, WHITE, GRAY),
        0,
    ),
    "16-bit clear gray value": (
        png(SIXTEEN[..., None], 0, [(b"tRNS", b"\0\0")]),
        np.where(SIXTEEN == 0, WHITE, SIXTEEN_AS_8),
        0,
    ),
    "16-bit gray png": (png(SIXTEEN[..., None], 0), SIXTEEN_AS_8, 0),
    "16-bit gray png, dark": (png((SIXTEEN // 257)[..., None], 0), 0 * GRAY + np.round(X / 257), 1),
    "16-bit gray tiff": (saved(Image.fromarray(SIXTEEN), format="TIFF"), SIXTEEN_AS_8, 0),
    "16-bit gray tiff, big endian": (saved(big_endian, format="TIFF"), SIXTEEN_AS_8, 0),
    "16-bit gray in memory": (little_endian, SIXTEEN_AS_8, 0),
    "16-bit gray in memory, big endian": (big_endian, SIXTEEN_AS_8, 0),
    "16-bit gray jpeg 2000": (saved(Image.fromarray(SIXTEEN), format="JPEG2000"), SIXTEEN_AS_8, 0),
    "16-bit gray and alpha png": (
        png(SIXTEEN_AND_ALPHA, 4),
        np.where(ALPHA == 0, WHITE, SIXTEEN_AS_8),
        1,
    ),
    "16-bit rgb png": (png(RGB.astype(np.uint16) * 257, 2), RGB, 0),
    "16-bit clear rgb value": (
        png(DEEP, 2, [(b"tRNS", struct.pack(">3H", *DEEP[0, 0]))]),
        np.where((DEEP[0, 0] == DEEP).all(2, keepdims=True), WHITE, DEEP // 257),
        1,
    ),
    "16-bit rgba png": (png(np.dstack([RGB, ALPHA]).astype(np.uint16) * 257, 6), OVER_WHITE, 0),
    "linear gray png": (png(LINEAR[..., None], 0, [gamma_chunk(1)]), GRAY, 1),
    "gamma of old Macs png": (png(MAC, 2, [gamma_chunk(1 / 1.8)]), RGB, 3),
    "gamma of old Macs, alpha, png": (
        png(np.dstack([MAC, ALPHA]), 6, [gamma_chunk(1 / 1.8)]),
        OVER_WHITE,
        3,
    ),
    "gamma of sRGB png": (png(RGB, 2, [gamma_chunk(0.45455)]), RGB, 0),
    "gamma and sRGB png": (png(RGB, 2, [SRGB_CHUNK, gamma_chunk(1)]), RGB, 0),
    "gamma and profile png": (png(RGB, 2, [SRGB_PROFILE, gamma_chunk(1)]), RGB, 0),
    "gamma in a palette png": (
        png(
            (X // 8).astype(np.uint8)[..., None],
            3,
            [(b"PLTE", bytes(range(0, 120, 10))), gamma_chunk(1)],
        ),
        255 * (np.arange(0, 120, 10).reshape(4, 3) / 255)[X // 8] ** (1 / 2.2),
        1,
    ),
    "bmp without alpha": (without_alpha("BMP"), RGB, 0),
    "tga without alpha": (without_alpha("TGA"), RGB, 0),
    "10-bit ppm": (
        b"P6 32 24 1023\n" + np.rint(RGB / 255 * 1023).astype(">u2").tobytes(),
        RGB,
        1,
    ),
    "10-bit pgm": (
        b"P5 32 24 1023\n" + np.rint(GRAY / 255 * 1023).astype(">u2").tobytes(),
        GRAY,
        0,
    ),
    "sgi gray": (sgi(GRAY), GRAY, 0),
    "sgi 16-bit gray": (sgi(SIXTEEN), SIXTEEN_AS_8, 1),
    "sgi 16-bit rgb": (sgi(RGB.astype(np.uint16) * 257), RGB, 0),
    "psd gray": (psd(GRAY[None], 1), GRAY, 0),
    "psd rgb": (psd(RGB.transpose(2, 0, 1), 3), RGB, 0),
    "psd rgb and a selection": (psd(np.stack(RGBA_BANDS), 3), RGB, 0),
    "psd rgb and a selection, one layer": (
        psd(np.stack(RGBA_BANDS), 3, layers=struct.pack(">IhI", 6, 1, 0)),
        RGB,
        0,
    ),
    "psd rgb and alpha": (
        psd(np.stack(RGBA_BANDS), 3, layers=struct.pack(">IhI", 6, -1, 0)),
        OVER_WHITE,
        0,
    ),
    "psd bitmap, in which 1 is black": (psd((GRAY > 99)[None], 0, 1), 255 * (GRAY <= 99), 0),
    "psd palette": (
        psd(GRAY[None], 2, palette=bytes([*range(256), *range(255, -1, -1), *range(256)])),
        np.dstack([GRAY, 255 - GRAY, GRAY]),
        0,
    ),
    "psd inks": (
        psd(np.stack([*RGB.transpose(2, 0, 1), np.full_like(GRAY, 255)]), 4),
        RGB,
        0,
    ),
    "32-bit integers": (
        saved(Image.fromarray(SIXTEEN.astype(np.int32)), format="TIFF"),
        SIXTEEN_AS_8,
        0,
    ),
    "32-bit integers to 255": (
        saved(Image.fromarray(GRAY.astype(np.int32)), format="TIFF"),
        GRAY,
        0,
    ),
    "float 0 to 1": (saved(Image.fromarray((GRAY / 255).astype("f")), format="TIFF"), GRAY, 0),
    "float 0 to 255": (saved(Image.fromarray(GRAY.astype("f")), format="TIFF"), GRAY, 0),
    "float, other": (Image.fromarray(GRAY * np.float32(3) - 90), GRAY * (255 / 248), 1),
}


if int(PIL.__version__.partition(".")[0]) >= 11:  # an older one does not know the format
    CASES |= {
        "pfm, little endian": (pfm(GRAY / 255, "<"), GRAY, 0),
        "pfm, big endian": (pfm(GRAY / 255, ">"), GRAY, 0),
        "pfm to 255": (pfm(GRAY * 1.0, "<"), GRAY, 0),
    }


@pytest.mark.parametrize("case", WIDE)
@pytest.mark.parametrize("profile", [[], [SRGB_PROFILE]], ids=["", "and profile"])
def test_png_of_a_wide_gamut(case, profile):
    matrix, chunk = WIDE[case]
    stored = np.rint(255 * (FOUR_COLORS**2.2 @ matrix.T) ** (1 / 2.2)).astype(np.uint8)
    chunks = [*profile, gamma_chunk(1 / 2.2), chunk]
    expected = np.rint(255 * FOUR_COLORS)
    if profile and case[1] == "chrm":  # which is only used without a profile
        expected = stored
    close(load_image(png(stored, 2, chunks)), expected, 6)  # 8 bits store few dark shades


@pytest.mark.parametrize("case", CASES)
def test_to_srgb_matches_reference(case):
    source, expected, tolerance = CASES[case]
    close(load_image(source), expected, tolerance)


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "LA", "La", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK"]
)
@pytest.mark.parametrize("size", [(1, 1), (1, 7)])
def test_one_pixel_of_any_mode(mode, size):
    assert load_image(Image.new(mode, size)).size == size


def test_16_bit_middle_is_8_bit_middle():
    assert gray_to_uint8(np.array([[32767, 32768]], np.uint16), bits=16).tobytes() == b"\x7f\x80"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_gray_with_nan_raises(bad):
    values = np.ones((4, 4), np.float32)
    values[1, 1] = bad
    with pytest.raises(ImageError, match="finite"):
        load_image(Image.fromarray(values))


def test_lab_tiff():
    profile = ImageCms.createProfile
    muted = rgb.point(lambda v: 64 + v // 2)
    lab = ImageCms.profileToProfile(muted, profile("sRGB"), profile("LAB"), outputMode="LAB")
    close(load_image(saved(lab, format="TIFF")), np.asarray(muted), 8)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animation_uses_first_frame(form):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    data = saved(frames[0], format=form, save_all=True, append_images=frames[1:], lossless=True)
    assert load_image(data).getpixel((4, 4)) == (255, 0, 0)


# What the EXIF standard says of row 0 and column 0, as what happened to the upright image.
TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a.transpose(1, 0, 2)[::-1],
    7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda a: a.transpose(1, 0, 2)[:, ::-1],
}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("turn", TURNS)
def test_exif_orientation(form, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = Image.fromarray(np.ascontiguousarray(TURNS[turn](RGB)))
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {"lossless": True}
    image = load_image(saved(stored, format=form, exif=exif, **options))
    close(image, RGB, 6 if form == "JPEG" else 0)
    assert image.info == {} and not image.getexif()


def test_exif_orientation_of_16_bit_gray():
    exif = Image.Exif()
    exif[0x0112] = 3
    data = saved(Image.fromarray(SIXTEEN), format="PNG", exif=exif)
    close(load_image(data), SIXTEEN_AS_8[::-1, ::-1])


def test_broken_exif_is_ignored_with_warning(caplog):
    close(load_image(saved(rgb, format="PNG", exif=b"Exif\0\0garbage")), RGB)
    assert "EXIF" in caplog.text


def test_alpha_on_white_warns_once_with_name(tmp_path, caplog):
    rgba.save(tmp_path / "logo.png")
    load_image(tmp_path / "logo.png")
    assert [r.name for r in caplog.records] == ["colorlib"] and "logo.png" in caplog.text
    caplog.clear()
    rgb.convert("RGBA").save(tmp_path / "opaque.png")
    load_image(tmp_path / "opaque.png")
    assert not caplog.records


def test_half_alpha_is_halfway_to_white():
    assert to_srgb(Image.new("LA", (1, 1), (0, 51))).getpixel((0, 0)) == (204, 204, 204)


def test_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    close(load_image(saved(rgb, format="PNG", icc_profile=profile)), RGB)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_wide_gamut_profile(mode):
    """Adobe RGB, whose profile the embedded rocket carries, against the published matrices."""
    with Image.open(sample_photos("train")[2].path) as rocket:
        profile = rocket.info["icc_profile"]
    to_xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    from_xyz = [
        [3.24045, -1.53714, -0.49853],
        [-0.96927, 1.87601, 0.04156],
        [0.05564, -0.20403, 1.05723],
    ]
    muted = rgb.point(lambda v: 64 + v // 2).convert(mode)
    linear = (
        (np.asarray(muted.convert("RGB")) / 255) ** (563 / 256)
        @ np.array(to_xyz).T
        @ np.array(from_xyz).T
    )
    srgb = np.where(
        linear < 0.0031308, 12.92 * linear, 1.055 * linear.clip(1e-9) ** (1 / 2.4) - 0.055
    )
    image = load_image(saved(muted, format="PNG", icc_profile=profile))
    close(image, (255 * srgb.clip(0, 1)).round(), 3)
    assert np.abs(np.asarray(image).astype(int) - np.asarray(muted.convert("RGB"))).max() > 10


def test_cmyk_profile():
    """A profile in which paper is white, black ink black, all else gray (L* 50, sRGB 119)."""
    lut = struct.pack(
        ">4sIBBBB9i", b"mft1", 0, 4, 3, 2, 0, *(65536 * (i % 4 == 0) for i in range(9))
    )
    lightness = [255, 0] + [128, 0] * 7  # of the corners, black ink varying fastest
    corners = b"".join(bytes([value, 128, 128]) for value in lightness)
    profile = icc(b"CMYK", b"A2B0", lut + bytes(range(256)) * 4 + corners + bytes(range(256)) * 3)
    cyan = Image.new("CMYK", (32, 24), (255, 0, 0, 0))
    close(load_image(saved(cyan, format="TIFF", icc_profile=profile)), np.full((24, 32), 119), 2)
    assert load_image(saved(cyan, format="TIFF")).getpixel((0, 0)) == (0, 255, 255)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_gray_profile(mode):
    """A profile of linear light: a half of it is 188 in sRGB."""
    profile = icc(b"GRAY", b"kTRC", b"curv" + bytes(8))
    half = Image.new("L", (32, 24), 128).convert(mode)
    close(load_image(saved(half, format="PNG", icc_profile=profile)), np.full((24, 32), 188), 1)


@pytest.mark.parametrize(
    "profile", [b"nonsense", icc(b"CMYK", b"A2B0", b"mft1" + bytes(40)), icc(b"RGB ", b"abcd", b"")]
)
def test_unusable_profile_is_ignored(profile):
    close(load_image(saved(rgb, format="PNG", icc_profile=profile)), RGB)


def test_to_srgb_does_not_change_its_input():
    before = rgba.copy()
    load_image(rgba).putpixel((0, 0), (1, 2, 3))
    assert rgba.tobytes() == before.tobytes() and rgba.mode == "RGBA"
    copy = load_image(rgb)
    copy.putpixel((0, 0), (1, 2, 3))
    assert np.array_equal(np.asarray(rgb), RGB)


# Clear, half clear, opaque.
STEPS = np.where(Y < 8, 0, np.where(Y < 16, 128, 255)).astype(np.uint8)
half = Image.merge("RGBA", [*rgb.split(), Image.fromarray(STEPS)])
half_gray = Image.merge("LA", [gray, Image.fromarray(STEPS)])
GRAY_3 = np.dstack([GRAY] * 3)
key = bytes([0, 255, 255, 255])  # the first colour of the palette is clear
four = Image.fromarray((X // 8).astype(np.uint8), "P")
four.putpalette([200, 10, 10, 10, 200, 10, 10, 10, 200, 90, 90, 90])
FOUR_CLEAR = np.where(X < 8, 0, 255)

# A file, its alpha, the colours under it, and the tolerance that the format needs.
ALPHAS = {
    "rgba png": (saved(half, format="PNG"), STEPS, RGB, 0),
    "gray and alpha png": (saved(half_gray, format="PNG"), STEPS, GRAY_3, 0),
    "palette and alpha table png": (
        saved(four, format="PNG", transparency=key),
        FOUR_CLEAR,
        np.asarray(four.convert("RGB")),
        0,
    ),
    "palette and one clear colour png": (
        saved(four, format="PNG", transparency=0),
        FOUR_CLEAR,
        np.asarray(four.convert("RGB")),
        0,
    ),
    "clear gray value png": (
        saved(gray, format="PNG", transparency=0),
        np.where(GRAY == 0, 0, 255),
        GRAY_3,
        0,
    ),
    "clear 1-bit value png": (
        saved(gray.point(lambda v: 255 * (v > 99)).convert("1"), format="PNG", transparency=0),
        np.where(GRAY > 99, 255, 0),
        np.dstack([255 * (GRAY > 99)] * 3),
        0,
    ),
    "clear colour png": (
        saved(rgb, format="PNG", transparency=(8, 10, 247)),
        np.where((RGB == [8, 10, 247]).all(axis=2), 0, 255),
        RGB,
        1,
    ),
    "16-bit gray and alpha png": (
        png(np.dstack([SIXTEEN, STEPS.astype(np.uint16) * 257]), 4),
        STEPS,
        np.dstack([SIXTEEN_AS_8] * 3),
        1,
    ),
    "16-bit clear gray value": (
        png(SIXTEEN[..., None], 0, [(b"tRNS", b"\0\0")]),
        np.where(SIXTEEN == 0, 0, 255),
        np.dstack([SIXTEEN_AS_8] * 3),
        0,
    ),
    "palette gif": (
        saved(four, format="GIF", transparency=0),
        FOUR_CLEAR,
        np.asarray(four.convert("RGB")),
        0,
    ),
    "rgba webp": (saved(half, format="WEBP", lossless=True, exact=True), STEPS, RGB, 0),
    "gray and alpha webp": (
        saved(half_gray, format="WEBP", lossless=True, exact=True),
        STEPS,
        GRAY_3,
        0,
    ),
    "rgba tiff": (saved(half, format="TIFF"), STEPS, RGB, 0),
    "gray and alpha tiff": (saved(half_gray, format="TIFF"), STEPS, GRAY_3, 0),
    "rgba jpeg 2000": (saved(half, format="JPEG2000"), STEPS, RGB, 0),
    "rgba tga": (saved(half, format="TGA"), STEPS, RGB, 0),
    "premultiplied rgba": (half.convert("RGBa"), STEPS, np.where(STEPS[..., None] > 0, RGB, 0), 1),
}


@pytest.mark.parametrize("case", ALPHAS)
def test_keep_alpha_keeps_colors_under_it(case, caplog):
    source, alpha, colours, tolerance = ALPHAS[case]
    image = load_image(source, keep_alpha=True)
    assert image.mode == "RGBA" and image.info == {} and not caplog.records
    assert np.array_equal(image.getchannel("A"), alpha)
    close(image.convert("RGB"), colours, tolerance)
    over = alpha[..., None] / 255 * np.asarray(colours) + 255 - alpha[..., None]
    close(load_image(source), over, tolerance + 1)
    close(composite_on_white(image), over, tolerance + 1)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", TURNS)
def test_keep_alpha_follows_exif_orientation(form, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    stored = Image.fromarray(np.ascontiguousarray(TURNS[turn](np.asarray(half))))
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    image = load_image(saved(stored, format=form, exif=exif, **options), keep_alpha=True)
    assert np.array_equal(image, half)


def test_opaque_alpha_is_dropped():
    for image in (rgb.convert("RGBA"), gray.convert("LA"), rgb, gray):
        assert load_image(saved(image, format="PNG"), keep_alpha=True).mode == "RGB"
