"""Colorization of a folder: different names, nothing lost or overwritten, every failure named."""

import errno
import os
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from colorlib.colorizer import Colorizer
from colorlib.inference.folder import FolderReport, colorize_folder
from colorlib.inference.paths import output_path, unique_output_paths
from colorlib.io.images import ImageError, load_image


class Warm(nn.Module):
    """Predicts one warm colour, counts its calls, and stops at a photo that is all black."""

    calls = 0

    def forward(self, L):
        self.calls += 1
        if L.max() < -0.99:
            raise KeyboardInterrupt
        return torch.tensor([0.1, 0.2]).view(1, 2, 1, 1).expand(1, 2, *L.shape[-2:])


@pytest.fixture
def model():
    return Colorizer(Warm(), image_size=16)


def put(root, *names, color="gray"):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 12), color).save(path)
    return root


def files(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def colorize(*args, **kwargs):
    return colorize_folder(*args, progress=False, **kwargs)


def test_folders_names_and_formats_stay(model, tmp_path):
    source = put(
        tmp_path / "in", "a.jpg", "b.JPEG", "deep/er/c.webp", "deep/d.png", "deep/my scän.v2.PNG"
    )
    report = colorize(model, str(source), str(tmp_path / "new" / "out"))
    assert files(tmp_path / "new" / "out") == files(source)
    assert report.written == [tmp_path / "new" / "out" / name for name in files(source)]
    assert not report.skipped and not report.failed
    for path in report.written:
        with Image.open(path) as result:
            red, _, blue = np.asarray(result.convert("RGB")).mean(axis=(0, 1))
            assert result.size == (20, 12) and red > blue + 20


@pytest.mark.parametrize("suffix", [".tif", ".tiff", ".gif", ".bmp", ".jp2", ".ppm"])
def test_unwritable_format_becomes_png(model, tmp_path, suffix):
    source = put(tmp_path / "in", f"lawn{suffix}")
    assert [path.name for path in colorize(model, source, tmp_path / "out").written] == ["lawn.png"]


def test_colliding_results_get_different_names(model, tmp_path):
    source = put(tmp_path / "in", "a.png", "a.tif", "a.bmp", "b/a.gif", color="gray")
    put(source, "a.tif", color="white")
    report = colorize(model, source, tmp_path / "out")
    assert files(tmp_path / "out") == ["a.bmp.png", "a.png", "a.tif.png", "b/a.png"]
    assert min(load_image(tmp_path / "out" / "a.tif.png").getpixel((0, 0))) > 245  # the white one
    assert len(report.written) == 4


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.tif", "a.png"], ["a.tif.png", "a.png"]),
        (["a.gif", "a.tif"], ["a.png", "a.tif.png"]),
        (["a.jpg", "a.jpg", "a.jpg"], ["a.jpg", "a-2.jpg", "a-3.jpg"]),
        (["A.PNG", "a.tif"], ["A.PNG", "a.tif.png"]),
        (["a.tif.png", "a.png", "a.tif"], ["a.tif.png", "a.png", "a-2.png"]),
        (["scan", "x.y.z"], ["scan.png", "x.y.png"]),
        ([], []),
    ],
)
def test_unique_output_paths(names, expected):
    assert unique_output_paths(names) == expected


def test_output_path():
    assert output_path("x/a.JPG") == Path("x/a-colorized.JPG")
    assert output_path(Path("a.b.tiff")).name == "a.b-colorized.png"
    assert [output_path(f"a{s}").suffix for s in (".webp", ".jpeg", ".heic", "")] == [
        ".webp",
        ".jpeg",
        ".png",
        ".png",
    ]


def test_bad_files_are_named_and_skipped(model, tmp_path, caplog):
    source = put(tmp_path / "in", "a.png", "z.png")
    (source / "empty.jpg").touch()
    (source / "text.png").write_text("hello")
    (source / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (source / "camera.NEF").write_bytes(b"II*\0" + bytes(60))
    (source / "cut.png").write_bytes((source / "a.png").read_bytes()[:60])
    (source / "notes.txt").write_text("no photo")
    report = colorize(model, source, tmp_path / "out")
    assert [path.name for path in report.written] == ["a.png", "z.png"] == files(tmp_path / "out")
    assert list(report.skipped) == ["camera.NEF", "cut.png", "empty.jpg", "phone.HEIC", "text.png"]
    for name, word in {
        "camera.NEF": "raw",
        "cut.png": "cut off",
        "empty.jpg": "empty",
        "phone.HEIC": "HEIC or AVIF, which is not supported; convert",
        "text.png": "not an image",
    }.items():
        assert word in report.failed[name] and name in report.failed[name]
    first = "coloured: 2, there already: 0, failed: 5, left out: 1\n  camera.NEF: "
    assert str(report).startswith(first)
    assert str(report).endswith(
        "\n  left out: notes.txt: not an image (it starts with b'no photo')"
    )
    assert str(report) in caplog.text


KINDS = {"a.jfif": "JPEG", "b.jpe": "JPEG", "c.pgm": "PPM", "d.tga": "TGA", "e.j2k": "JPEG2000"}
KINDS |= {"f": "PNG", "g.txt": "JPEG", "h.pcx": "PCX", "i.sgi": "SGI", "j.dib": "DIB"}


def test_every_photo_is_tried_and_every_file_is_named(model, tmp_path, caplog):
    source = tmp_path / "in"
    source.mkdir()
    for name, form in KINDS.items():
        Image.new("L", (20, 12), 99).save(source / name, form)
    unreadable = {"k.jxl": b"\xff\x0a", "l.srw": b"II*\0" + bytes(60), "m": b"FUJIFILMCCD-RAW"}
    others = {"n.zip": b"PK\3\4", "o": b"", "p.mp4": b"\0\0\0\x18ftypmp42"}
    for name, data in (unreadable | others).items():
        (source / name).write_bytes(data)
    report = colorize(model, source, tmp_path / "out")
    assert len(report.written) == len(KINDS)
    assert list(report.failed) == list(unreadable) and list(report.left_out) == list(others)
    assert report.renamed["d.tga"] == "d.png" and report.renamed["a.jfif"] == "a.png"
    assert "10 in another format, which we can write: a.jfif as a.png, ..." in str(report)
    for name in unreadable | others:
        assert f"{name}: " in str(report)
    assert str(report) in caplog.text


def test_folder_of_other_files_says_what_it_holds(model, tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    with pytest.raises(
        FileNotFoundError, match=r"holds no photo \(clip\.mp4: video, not a photo\)"
    ):
        colorize(model, tmp_path, tmp_path.with_name("out"))


def test_nan_model_fails_every_photo(tmp_path):
    class Broken(nn.Module):
        def forward(self, L):
            return torch.full((1, 2, *L.shape[-2:]), float("nan"))

    report = colorize(
        Colorizer(Broken(), image_size=16), put(tmp_path / "in", "a.png"), tmp_path / "out"
    )
    assert not report.written and "nan" in report.skipped["a.png"] and not files(tmp_path / "out")


def test_photo_file_is_opened_once(model, tmp_path):
    source = put(tmp_path / "in", "a.png")
    with mock.patch("builtins.open", wraps=open) as opener:
        assert colorize(model, source, tmp_path / "out").written
    paths = [call.args[0] for call in opener.call_args_list]
    assert paths.count(source / "a.png") == 1


def test_interrupted_run_continues(model, tmp_path):
    source = put(tmp_path / "in", "a.png", "c.png")
    put(source, "b.png", color="black")
    with pytest.raises(KeyboardInterrupt):
        colorize(model, source, tmp_path / "out")
    assert files(tmp_path / "out") == ["a.png"]
    put(source, "b.png")
    model.net.calls = 0
    report = colorize(model, source, tmp_path / "out")
    assert [path.name for path in report.written] == ["b.png", "c.png"] and model.net.calls == 2
    assert report.skipped == {"a.png": "exists already"} and not report.failed


def test_results_are_replaced_only_with_overwrite(model, tmp_path, caplog):
    source, out = put(tmp_path / "in", "a.png"), put(tmp_path / "out", "a.png", color="blue")
    colorize(model, source, out)
    assert load_image(out / "a.png").getpixel((0, 0)) == (0, 0, 255) and not caplog.records
    assert colorize(model, source, out, overwrite=True).written
    assert load_image(out / "a.png").getpixel((0, 0)) != (0, 0, 255)


def test_results_inside_source_are_not_photos(model, tmp_path):
    put(tmp_path, "a.png", "colour2/b.png")
    for _ in range(2):
        report = colorize(model, tmp_path, tmp_path / "colour")
    assert list(report.skipped) == ["a.png", "colour2/b.png"]
    assert files(tmp_path / "colour") == ["a.png", "colour2/b.png"]


def test_photos_inside_results_folder_are_photos(model, tmp_path):
    source = put(tmp_path / "in", "a.png")
    assert colorize(model, source, tmp_path).written == [tmp_path / "a.png"]


def test_photo_is_never_its_own_result(model, tmp_path, monkeypatch):
    before = put(tmp_path, "a.png").joinpath("a.png").read_bytes()
    monkeypatch.chdir(tmp_path)
    for source in (tmp_path, ".", [tmp_path / "a.png"], tmp_path / "a.png"):
        with pytest.raises(ValueError, match="choose another|expected another"):
            colorize(model, source, tmp_path, overwrite=True)
    assert (tmp_path / "a.png").read_bytes() == before and model.net.calls == 0


def test_one_file_and_list_of_files(model, tmp_path):
    put(tmp_path / "in", "a/x.jpg", "b/x.jpg", "b/y.tif")
    listed = [tmp_path / "in" / name for name in ("b/x.jpg", "a/x.jpg", "b/y.tif", "none.png", "b")]
    report = colorize(model, iter(listed), tmp_path / "out")
    assert files(tmp_path / "out") == ["x-2.jpg", "x.jpg", "y.png"]
    assert list(report.skipped) == [str(listed[3]), str(listed[4])]
    assert (
        "was not found" in report.skipped[str(listed[3])]
        and "folder" in report.skipped[str(listed[4])]
    )
    one = colorize(model, listed[0], tmp_path / "one")
    assert one.written == [tmp_path / "one" / "x.jpg"]


def test_alpha_is_saved(model, tmp_path, caplog):
    (tmp_path / "in").mkdir()
    Image.new("LA", (8, 8), (120, 128)).save(tmp_path / "in" / "a.tif")
    (path,) = colorize(model, tmp_path / "in", tmp_path / "out").written
    with Image.open(path) as result:
        assert result.getchannel("A").getextrema() == (128, 128)


def test_saturation_is_used_and_checked(model, tmp_path):
    source = put(tmp_path / "in", "a.png")
    colorize(model, source, tmp_path / "gray", saturation=0)
    assert len(set(load_image(tmp_path / "gray" / "a.png").getpixel((0, 0)))) == 1
    with pytest.raises(ValueError, match="saturation is -1"):
        colorize(model, source, tmp_path / "out", saturation=-1)


def test_no_photos_raises(model, tmp_path):
    with pytest.raises(FileNotFoundError, match="was not found"):
        colorize(model, tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "in").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no photo"):
        colorize(model, tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert colorize(model, [], tmp_path / "out") == FolderReport([], {})


def test_unusable_results_folder_raises(model, tmp_path):
    source = put(tmp_path / "in", "a.png", "b/c.png")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file is a file, expected a folder"):
        colorize(model, source, tmp_path / "file")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b").touch()
    assert list(colorize(model, source, tmp_path / "out").failed) == ["b/c.png"]


def test_full_disk_ends_the_run(model, tmp_path, monkeypatch):
    def full(self, file, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    source = put(tmp_path / "in", "a.png", "b.png")
    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(ImageError, match="the disk is full"):
        colorize(model, source, tmp_path / "out")
    assert model.net.calls == 1 and not files(tmp_path / "out")


def test_progress_bar_can_be_switched_off(model, tmp_path, capsys):
    source = put(tmp_path / "in", "a.png")
    colorize_folder(model, source, tmp_path / "one")
    assert "Colouring" in capsys.readouterr().err
    colorize(model, source, tmp_path / "two")
    assert not capsys.readouterr().err
