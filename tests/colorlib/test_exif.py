"""EXIF data of colorized photos, compared with a camera's by a parser of the tests."""

import struct
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from colorlib import __version__
from colorlib.cli import main
from colorlib.colorizer import Colorizer
from colorlib.inference.folder import colorize_folder
from colorlib.io.exif import exif_for_result
from colorlib.io.images import load_image, save_image
from colorlib.unet import UNet

SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    7: 1,
}  # bytes of a value of each type: byte, text, 16, 32, ratio, any
PIXELS = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
GRANNY = "Großmutter, Wien 1932".encode()


def directory(fields, at, order):
    """A TIFF directory that begins at ``at``: {tag: (type, bytes)}, and the bytes after it."""
    body, more = b"", b""
    behind = at + 2 + 12 * len(fields) + 4
    for tag, (kind, data) in sorted(fields.items()):
        place = data.ljust(4, b"\0")
        if len(data) > 4:
            place, more = (
                struct.pack(f"{order}I", behind + len(more)),
                more + data + bytes(len(data) % 2),
            )
        body += struct.pack(f"{order}HHI", tag, kind, len(data) // SIZES[kind]) + place
    return struct.pack(f"{order}H", len(fields)) + body, more


def camera(turn, order=">", others=MappingProxyType({})):
    """EXIF as a camera writes it: two directories below the first, a maker's note, a thumbnail."""
    number, short = (
        (lambda v: (4, struct.pack(f"{order}I", v))),
        (lambda v: (3, struct.pack(f"{order}H", v))),
    )
    text = {
        0x010E: GRANNY,
        0x010F: b"Agfa",
        0x013B: b"A. Nobody",
        0x0131: b"Firmware",
        0x8298: b"(c) A. Nobody",
    }
    first = {tag: (2, words + b"\0") for tag, words in text.items()} | dict(others)
    first |= {0x0112: short(turn), 0x8769: number(0), 0x8825: number(0)}
    taken = {0x9003: (2, b"1999:12:31 23:59:58\0"), 0x829A: (5, struct.pack(f"{order}2I", 1, 250))}
    taken |= {
        0x927C: (7, b"MAKER" * 40),
        0x9286: (7, b"ASCII\0\0\0on the lawn"),
        0xA001: short(65535),
    }
    taken |= {
        0xA002: number(50),
        0xA003: number(30),
        0x9214: (3, struct.pack(f"{order}2H", 10, 10)),
    }
    where = {1: (2, b"N\0"), 2: (5, struct.pack(f"{order}6I", 48, 1, 12, 1, 30, 1))}
    thumb = {0x0103: short(6), 0x0201: number(0), 0x0202: number(8)}
    at = 8 + len(b"".join(directory(first, 8, order))) + 4
    blocks = b""
    for tag, fields in ((0x8769, taken), (0x8825, where)):
        first[tag] = number(at + len(blocks))
        head, more = directory(fields, at + len(blocks), order)
        blocks += head + bytes(4) + more
    thumb[0x0201] = number(at + len(blocks) + 2 + 12 * 3 + 4)
    head, more = directory(first, 8, order)
    link = struct.pack(f"{order}I", at + len(blocks))
    blocks += b"".join(directory(thumb, at, order)) + bytes(4) + b"\xff\xd8THUM\xff\xd9"
    magic = b"MM\0*" if order == ">" else b"II*\0"
    return b"Exif\0\0" + magic + struct.pack(f"{order}I", 8) + head + link + more + blocks


def parsed(exif):
    """Return all fields of an EXIF block and its sub-directories, and the link to a thumbnail."""
    data = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}[data[:4]]

    def read_at(at):
        count, fields = struct.unpack_from(f"{order}H", data, at)[0], {}
        for k in range(count):
            tag, kind, n = struct.unpack_from(f"{order}HHI", data, at + 2 + 12 * k)
            long, value = SIZES[kind] * n, at + 2 + 12 * k + 8
            value = value if long <= 4 else struct.unpack_from(f"{order}I", data, value)[0]
            fields[tag] = data[value : value + long]
            if tag in (0x8769, 0x8825):
                fields |= read_at(struct.unpack(f"{order}I", fields[tag])[0])[0]
        return fields, struct.unpack_from(f"{order}I", data, at + 2 + 12 * count)[0]

    fields, link = read_at(struct.unpack_from(f"{order}I", data, 4)[0])
    return {tag: value.rstrip(b"\0") for tag, value in fields.items()}, link


def written(path):
    """The EXIF block of a JPEG, PNG or WebP file."""
    data = path.read_bytes()
    if path.suffix == ".jpg":
        at = data.index(b"\xff\xe1")
        return data[at + 4 : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]
    name, order, before = (b"eXIf", "big", -4) if path.suffix == ".png" else (b"EXIF", "little", 4)
    at = data.index(name)
    length = int.from_bytes(data[at + before : at + before + 4], order)
    start = at + 4 if before < 0 else at + 8
    return data[start : start + length]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    return Colorizer(UNet(num_downs=3, base_channels=4), image_size=16).save(path)


def test_parser_reads_camera_exif():
    for order in "<>":
        fields, link = parsed(camera(6, order))
        assert fields[0x010E] == GRANNY and fields[0x927C] == b"MAKER" * 40 and link
        assert fields[0x9003] == b"1999:12:31 23:59:58" and fields[1] == b"N"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_result_keeps_exif_and_adds_note(suffix, order, tmp_path, weights):
    photo, out = tmp_path / f"a{suffix}", tmp_path / f"a-colorized{suffix}"
    Image.fromarray(PIXELS).save(photo, exif=camera(6, order))
    assert main(["colorize", str(photo), "--model", str(weights)]) == 0
    fields, link = parsed(written(out))
    assert fields[0x010E] == GRANNY + b"; colorized by a model"
    assert fields[0x0131] == f"colorlib {__version__}".encode()
    assert (
        fields[0x010F] == b"Agfa"
        and fields[0x013B] == b"A. Nobody"
        and fields[0x8298] == b"(c) A. Nobody"
    )
    assert fields[0x9003] == b"1999:12:31 23:59:58" and fields[0x9286] == b"ASCII\0\0\0on the lawn"
    assert fields[1] == b"N" and len(fields[2]) in (23, 24)  # latitude
    with Image.open(out) as image:
        inner = image.getexif().get_ifd(0x8769)
        assert image.size == (30, 50) and (inner[0xA002], inner[0xA003], inner[0xA001]) == (
            30,
            50,
            1,
        )
        assert float(inner[0x829A]) == 1 / 250
    assert not link and not {0x0112, 0x927C, 0x9214, 0x0201} & set(fields)
    assert b"THUM" not in out.read_bytes() and b"MAKER" not in out.read_bytes()
    assert load_image(out).size == load_image(photo).size == (30, 50)  # upright, not turned twice


def test_note_is_added_once(tmp_path, weights):
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", exif=camera(1))
    model = Colorizer.load(weights)
    for source, target in (("a.jpg", "b"), ("b/a.jpg", "c")):
        colorize_folder(model, tmp_path / source, tmp_path / target, progress=False)
    assert parsed(written(tmp_path / "c/a.jpg"))[0][0x010E] == GRANNY + b"; colorized by a model"


def test_photo_without_exif_gets_the_note(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.bmp")
    for suffix in (".jpg", ".png", ".webp"):
        path = save_image(
            load_image(tmp_path / "a.bmp"),
            tmp_path / f"b{suffix}",
            exif=exif_for_result(tmp_path / "a.bmp", (50, 30)),
        )
        fields, _ = parsed(written(path))
        assert fields == {
            0x010E: b"colorized by a model",
            0x0131: f"colorlib {__version__}".encode(),
        }


def test_tiff_keeps_description_but_not_layout(tmp_path):
    info = {270: "Lantern slide 7", 315: "A. Nobody", 282: 300.0, 283: 300.0, 296: 2}
    Image.fromarray(PIXELS).save(tmp_path / "a.tif", tiffinfo=info, compression="tiff_lzw")
    fields, _ = parsed(exif_for_result(tmp_path / "a.tif", (50, 30)))
    assert set(fields) == {270, 315, 282, 283, 296, 305}
    assert fields[270] == b"Lantern slide 7; colorized by a model"


CAMERA = camera(6)
BROKEN = [
    b"Exif\0\0garbage",
    b"Exif\0\0MM\0*\xff\xff\xff\xff",
    CAMERA[:90],
    CAMERA[:20] + b"\xff" * 300,
]


@pytest.mark.parametrize("exif", BROKEN)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_still_gives_a_result(exif, tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)
    fields, link = parsed(exif_for_result(tmp_path / "a.png", (50, 30)))
    assert b"colorized by a model" in fields[0x010E] and not link


def test_exif_too_long_for_jpeg_is_dropped_with_warning(tmp_path, caplog):
    Image.fromarray(PIXELS).save(
        tmp_path / "a.png", exif=camera(1, others={0x010E: (2, b"long " * 14_000)})
    )
    exif = exif_for_result(tmp_path / "a.png", (50, 30))
    assert (
        parsed(exif)[0][0x010E] == b"colorized by a model"
        and "more than a JPEG can hold" in caplog.text
    )
    save_image(load_image(tmp_path / "a.png"), tmp_path / "b.jpg", exif=exif)
