"""Files that cannot be read: each case ends in one sentence that names the file."""

import io
import logging
import os
import struct
import subprocess
import sys
import warnings
import zlib
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from colorlib.io.images import MAX_PIXELS, ImageError, load_image

RGB = (np.random.default_rng(0).random((40, 60, 3)) * 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def globals_stay():
    """No test may find Pillow's global settings changed, or a file left open."""
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, open_files()
    yield
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, open_files())


def open_files():
    """The pictures that this process has open, on systems that tell."""
    folder = Path("/proc/self/fd")
    targets = [os.path.realpath(fd) for fd in folder.iterdir()] if folder.is_dir() else []
    return [target for target in targets if target.endswith((".jpg", ".png", ".tif"))]


def saved(form, image=None, **options):
    file = io.BytesIO()
    (image or Image.fromarray(RGB)).save(file, form, **options)
    return file.getvalue()


def refused(source, *words, **options):
    with pytest.raises(ImageError) as caught:
        load_image(source, **options)
    text = str(caught.value)
    assert "\n" not in text and all(word in text for word in words), text


def png_header(w, h):
    chunk = b"IHDR" + struct.pack(">IIBBBBB", w, h, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(10))
    pack = [
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (chunk, data)
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pack)


class Download(io.RawIOBase):
    """Can be read once, from the front."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, n=-1):
        return self.data.read(n)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO, Download])
def test_sources_in_memory(kind):
    assert np.array_equal(np.asarray(load_image(kind(saved("PNG")))), RGB)


@pytest.mark.parametrize("kind", [str, Path, Image.open, open])
def test_sources_on_disk(tmp_path, kind):
    path = tmp_path / "photo.jpg"  # a PNG inside: the content counts, not the name
    path.write_bytes(saved("PNG"))
    with open(path, "rb") if kind is open else nullcontext(kind(path)) as source:
        assert np.array_equal(np.asarray(load_image(source)), RGB)
        assert np.array_equal(
            np.asarray(load_image(source)), RGB
        )  # files are rewound and left open


@pytest.mark.parametrize("source", [None, 3, np.zeros((4, 4, 3)), io.StringIO("text")])
def test_bad_source_raises(source):
    with pytest.raises(TypeError, match="expected a path"):
        load_image(source)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF|Truncated File:UserWarning")
def test_truncated_file_raises_or_is_complete(tmp_path, form):
    """At any length: an error with the name, or (trailing bytes are missing) the same image."""
    data = saved(form)
    whole = np.asarray(load_image(data))
    refusals = 0
    for length in [1, 4, 10, 30, *range(60, len(data), len(data) // 25), len(data) - 1]:
        path = tmp_path / f"cut{length}.jpg"
        path.write_bytes(data[:length])
        try:
            assert np.array_equal(np.asarray(load_image(path)), whole)
        except ImageError as error:
            refusals += 1
            assert path.name in str(error)
    assert refusals >= 27


def test_truncated_file_message():
    refused(saved("JPEG")[:2000], "<bytes>", "cut off or damaged", "fetch it again")


def test_png_with_wrong_byte_raises():
    data = bytearray(saved("PNG"))
    data[len(data) // 2] ^= 255
    refused(bytes(data), "damaged")


def damaged_jpeg(damage):
    """A JPEG of noise: with other bytes in its middle, zeros there, or without its second half."""
    data = saved("JPEG", Image.fromarray(np.tile(RGB, (4, 4, 1))), quality=95)
    middle = len(data) // 2
    if damage == "cut":
        return data[:middle] + b"\xff\xd9"
    other = bytes(200) if damage == "zeros" else bytes(range(1, 201))
    return data[:middle] + other + data[middle + 200 :]


@pytest.mark.parametrize("damage", ["zeros", "bytes"])
def test_jpeg_damaged_inside_is_read_with_a_warning(damage, tmp_path, caplog, capfd):
    path = tmp_path / "old.jpg"
    path.write_bytes(damaged_jpeg(damage))
    assert load_image(path).size == (240, 160)
    assert "old.jpg is damaged inside (Corrupt JPEG data: " in caplog.text
    assert len(caplog.records) == 1 and capfd.readouterr().err == ""


def test_jpeg_that_ends_early_is_refused():
    refused(damaged_jpeg("cut"), "premature end of data segment", "cut off or damaged")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 2}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_whole_jpeg_warns_of_nothing(mode, options, caplog):
    data = saved("JPEG", Image.fromarray(RGB).convert(mode), **options)
    for tail in (b"", b"\0\0", b"trailing bytes", data):
        load_image(data + tail)
    assert not caplog.records


def test_jpeg_of_another_kind_is_not_damaged():
    data = saved("JPEG")
    place = data.index(b"\xff\xc0")
    twelve_bits = data[: place + 4] + b"\x0c" + data[place + 5 :]
    refused(twelve_bits, "a JPEG of 12 bits, which is not supported")
    refused(data[:place] + b"\xff\xc3" + data[place + 2 :], "a lossless JPEG, which is not supp")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty (0 bytes)"]),
        (b"hello world, this is text", ["not an image", "hello world"]),
        (b"\n<!DOCTYPE html><html>404</html>", ["web page", "not supported"]),
        (b"%PDF-1.7", ["PDF"]),
        (bytes(100), ["not an image"]),
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", ["HEIC", "convert it to JPEG or PNG first"]),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01", ["camera raw", "convert it to JPEG or PNG first"]),
        (b"FUJIFILMCCD-RAW 0201", ["camera raw"]),
        (b"IIU\0\x18\0\0\0", ["camera raw"]),
        (b"\xff\x0a" + bytes(40), ["JPEG XL, which is not supported"]),
        (b"\0\0\0\x0cJXL \r\n\x87\n", ["JPEG XL, which is not supported"]),
        (b"\0\0\0\x18ftypmp42", ["video, which is not supported"]),
        (b"\0\0\0\x14ftypqt  ", ["video, which is not supported"]),
        (b"PK\3\4", ["an archive, which is not supported"]),
        (b"P7\nWIDTH 4\n", ["PAM, which is not supported"]),
        (b"PF\n4 3\n-1.0\n" + bytes(144), ["PFM in colours, which is not supported"]),
        (saved("ICO"), ["in the form ICO, which is not supported"]),
        (saved("MSP", Image.new("1", (8, 8))), ["in the form MSP, which is not supported"]),
        (b"8BPS\0\1" + bytes(16) + b"\0\x10" + bytes(40), ["a Photoshop file of 16 bits"]),
    ],
    ids=[
        *("empty", "text", "web page", "pdf", "zeros", "heic", "cr3", "raf", "rw2"),
        *("jpeg xl", "jpeg xl in a box", "mp4", "mov", "zip"),
        *("pam", "pfm", "icon", "drawing", "psd"),
    ],
)
def test_not_an_image_raises(tmp_path, content, words):
    path = tmp_path / "renamed.jpg"
    path.write_bytes(content)
    refused(path, "renamed.jpg", *words)


def cicp_png(transfer):
    """A PNG whose chunk cICP names its transfer characteristic."""
    data = saved("PNG")
    chunk = b"cICP" + bytes([1, transfer, 0, 1])
    place = data.index(b"IDAT") - 4
    return (
        data[:place] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    ) + data[place:]


def nclx_avif(transfer):
    """The beginning of an AVIF whose colour box names its transfer characteristic."""
    box = b"colrnclx" + struct.pack(">HHHB", 9, transfer, 9, 128)
    return b"\0\0\0\x1cftypavif" + bytes(16) + b"\0\0\0\x13" + box


@pytest.mark.parametrize("make", [cicp_png, nclx_avif])
@pytest.mark.parametrize(("transfer", "words"), [(16, "PQ"), (18, "HLG"), (8, "linear light")])
def test_image_for_hdr_screens_raises(make, transfer, words):
    refused(make(transfer), words, "which is not supported")


def test_image_for_ordinary_screens_is_read():
    data = cicp_png(13)
    assert np.array_equal(np.asarray(load_image(data)), RGB)
    refused(Image.open(io.BytesIO(cicp_png(16))), "PQ")


def test_raw_that_looks_like_tiff_raises(tmp_path):
    for name in ("photo.NEF", "photo.dng"):
        (tmp_path / name).write_bytes(saved("TIFF"))
        refused(tmp_path / name, name, "camera raw")
    refused(saved("TIFF", tiffinfo={50706: b"\1\4\0\0"}), "camera raw")


def test_heic_suffix_raises(tmp_path):
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(bytes(50))
    refused(path, "IMG_0001.HEIC", "HEIC")
    path.write_bytes(saved("JPEG"))
    assert load_image(path).size == (60, 40)


def test_missing_file_suggests_similar_name(tmp_path):
    (tmp_path / "Holiday.JPG").write_bytes(b"")
    with pytest.raises(
        FileNotFoundError, match=r"holiday\.jpg was not found in .*; did you mean Holiday\.JPG\?"
    ):
        load_image(tmp_path / "holiday.jpg")
    with pytest.raises(FileNotFoundError, match="check the name"):
        load_image(tmp_path / "no folder" / "cat.png")


def test_folder_raises(tmp_path):
    refused(tmp_path, str(tmp_path), "is a folder")
    (tmp_path / "a.png").write_bytes(saved("PNG"))
    refused(tmp_path / "a.png" / "b.png", "b.png")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is denied to root"
)
def test_unreadable_file_raises(tmp_path):
    path = tmp_path / "secret.png"
    path.write_bytes(saved("PNG"))
    path.chmod(0)
    refused(path, "secret.png", "check that you may read it")


def test_simulated_unreadable_file_raises(tmp_path, monkeypatch):
    def denied(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    refused(
        tmp_path / "secret.png", "secret.png", "Permission denied", "check that you may read it"
    )


def test_max_pixels_limit():
    assert MAX_PIXELS == 64_000_000
    data = saved("PNG")
    assert load_image(data, max_pixels=2400).size == (60, 40)
    refused(data, "60 x 40 = 2,400 pixels", "max_pixels = 2,399", max_pixels=2399)
    refused(Image.fromarray(RGB), "2,400", max_pixels=100)


def test_max_pixels_is_checked_before_decoding(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(8001, 8000))
    refused(path, "bomb.png", "8001 x 8000 = 64,008,000 pixels", "64,000,000")
    path.write_bytes(png_header(8000, 8000))
    refused(path, "bomb.png", "cut off")  # allowed, so decoding begins


@pytest.mark.parametrize("max_pixels", [MAX_PIXELS, 10**12, None])
def test_decompression_bomb_raises(max_pixels):
    limit = "64,000,000" if max_pixels == MAX_PIXELS else "PIL.Image.MAX_IMAGE_PIXELS"
    refused(png_header(60_000, 60_000), "3,600,000,000 pixels", limit, max_pixels=max_pixels)


@pytest.mark.parametrize("action", ["default", "ignore", "error"])
def test_pillow_warning_becomes_error(action):
    with warnings.catch_warnings(record=action == "default") as shown:
        warnings.simplefilter(action, Image.DecompressionBombWarning)
        refused(png_header(12_000, 12_000), "144,000,000 pixels", "64,000,000")
        assert not shown


def test_loading_does_not_import_torch():
    code = (
        "import sys; from colorlib import data; from colorlib.io import images;"
        "[photo.image() for photo in data.sample_photos('all')]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_good_photo_logs_nothing(caplog, recwarn):
    with caplog.at_level(logging.DEBUG, "colorlib"):
        load_image(saved("JPEG"))
    assert not caplog.records and not recwarn.list
