"""Photos decoded once into a mapped array: right pixels, and nothing stale or half written is ever taken."""

import json
import logging
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib import data
from colorlib.data import image_cache
from colorlib.data.cache import cache_folder
from colorlib.data.image_cache import CachedImages, build_image_cache
from colorlib.io.images import ImageError, image_to_tensor


@pytest.fixture
def album(tmp_path):
    """Make a folder with three photos: wide, tall and turned by its EXIF tag."""
    path = tmp_path / "album"
    path.mkdir()
    rng = np.random.default_rng(0)
    for name, (width, height) in {"a.png": (60, 40), "b.png": (30, 50), "c.jpg": (48, 24)}.items():
        image = Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))
        exif = Image.Exif()
        exif[0x0112] = 6
        image.save(path / name, **({"exif": exif, "quality": 95} if name == "c.jpg" else {}))
    return path


def state(out):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in out.iterdir()}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_rows_are_nearly_what_to_tensor_gives(album, out, capsys):
    ready = build_image_cache(album, 16, out)
    assert isinstance(ready, CachedImages) and len(ready) == 3 and not ready.skipped
    assert ready.names == ["a.png", "b.png", "c.jpg"] and ready.folder == out
    batch = ready.__getitems__([2, 0])
    assert batch.dtype == torch.uint8 and batch.shape == (2, 3, 16, 16) and batch.is_contiguous()
    for row, name in zip(batch, ["c.jpg", "a.png"], strict=True):
        difference = row - image_to_tensor(album / name, 16)[0] * 255  # bicubic, and Lanczos
        assert difference.abs().mean() < 6, name  # of noise, the hardest there is
    captured = capsys.readouterr()
    assert "3/3" in captured.err and not captured.out
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "pixels.npy"]


def test_batch_takes_any_kind_of_indices_and_gives_copies(album, out):
    ready = build_image_cache(album, 8, out)
    first = ready.__getitems__([1, 1, 0])
    assert torch.equal(ready.__getitems__(np.array([1, 1, 0])), first)
    assert torch.equal(ready.__getitems__(torch.tensor([1, 1, 0])), first)
    assert ready.__getitems__([]).shape == (0, 3, 8, 8)
    kept = first.clone()
    first.zero_()
    assert torch.equal(ready.__getitems__([1, 1, 0]), kept)
    with pytest.raises(IndexError):
        ready.__getitems__([3])
    assert isinstance(ready.pixels, np.memmap) and not ready.pixels.flags.writeable


def test_stretch_keeps_all_of_the_photo(tmp_path, out):
    halves = Image.new("RGB", (80, 20), "red")
    halves.paste("blue", (40, 0, 80, 20))
    halves.paste("lime", (0, 0, 8, 20))
    halves.save(tmp_path / "wide.png")
    left = build_image_cache(tmp_path, 10, out, fit="stretch").pixels[0, 5, 0]
    assert left[1] > 200 > left[0]  # the green edge is there
    assert (
        build_image_cache(tmp_path, 10, out, fit="center_crop").pixels[0, 5, 0, 0] == 255
    )  # and is cut off


def test_an_earlier_preparation_is_taken_as_it_is(album, out):
    build_image_cache(album, 8, out)
    before = state(out)
    assert len(build_image_cache(str(album), 8, str(out))) == 3
    assert len(build_image_cache(data.list_images(album), 8, out, workers=1)) == 3
    assert state(out) == before


def test_workers_do_not_change_the_order(tmp_path, out):
    for i in range(70):  # more than two chunks
        Image.new("RGB", (8, 8), (i, 0, 0)).save(tmp_path / f"{i:02}.png")
    ready = build_image_cache(tmp_path, 4, out, workers=5)
    assert ready.pixels[:, 0, 0, 0].tolist() == list(range(70))


@pytest.mark.parametrize(
    "change", ["added", "removed", "changed", "touched", "size", "fit", "order"]
)
def test_stale_preparations_are_rebuilt(album, out, change):
    build_image_cache(album, 8, out)
    before, photos = state(out), None
    if change == "added":
        Image.new("RGB", (9, 9), "red").save(album / "d.png")
    elif change == "removed":
        (album / "b.png").unlink()
    elif change == "changed":
        stat = (album / "a.png").stat()
        Image.new("RGB", (60, 40), "red").save(album / "a.png")
        os.utime(album / "a.png", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # the size alone tells
    elif change == "touched":
        os.utime(album / "a.png", (1, 1))
    elif change == "order":
        photos = data.list_images(album)[::-1]
    size, fit = (12 if change == "size" else 8), ("stretch" if change == "fit" else "center_crop")
    ready = build_image_cache(photos or album, size, out, fit=fit)
    assert all(state(out)[name] != before[name] for name in before)
    assert len(ready) == {"added": 4, "removed": 2}.get(change, 3)
    if change == "changed":
        assert (ready.__getitems__([0])[0, 0] == 255).all()
    if change == "order":
        assert ready.names == ["c.jpg", "b.png", "a.png"]


@pytest.mark.parametrize("damage", ["no manifest", "cut", "no pixels", "garbage", "rows", "list"])
def test_what_is_not_whole_is_rebuilt(album, out, damage):
    good = build_image_cache(album, 8, out).__getitems__(range(3))
    pixels, manifest = out / "pixels.npy", out / "manifest.json"
    if damage == "no manifest":
        manifest.unlink()
    elif damage == "cut":
        pixels.write_bytes(pixels.read_bytes()[:-1])
    elif damage == "no pixels":
        pixels.unlink()
    elif damage == "garbage":
        manifest.write_bytes(manifest.read_bytes()[:50])
    elif damage == "list":
        manifest.write_text("[]")
    else:
        pixels.write_bytes(b"")
        np.save(pixels, np.zeros((2, 8, 8, 3), np.uint8))
    assert torch.equal(build_image_cache(album, 8, out).__getitems__(range(3)), good)


KILLED = """
import sys, time
from colorlib.data import image_cache
load = image_cache.load_square
def load_slowly(*arguments):
    time.sleep(0.02)
    return load(*arguments)
image_cache.load_square = load_slowly
print("start", flush=True)
image_cache.build_image_cache(sys.argv[1], 8, sys.argv[2], workers=1)
print("done", flush=True)
"""


def test_a_killed_run_leaves_nothing_that_counts(tmp_path, out):
    album = tmp_path / "album"
    album.mkdir()
    for i in range(90):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(album / f"{i:02}.png")
    command = [sys.executable, "-c", KILLED, str(album), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        deadline = time.monotonic() + 30
        while not list(out.glob(".colorlib-*.tmp")) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)  # in the middle of 1.8 s of work
        process.send_signal(signal.SIGKILL)
        assert process.stdout.read() == b"" and process.wait() == -signal.SIGKILL
    left = [path for path in out.iterdir()]
    assert left and not {"pixels.npy", "manifest.json"} & {path.name for path in left}
    assert image_cache._open(out, "anything") is None
    os.utime(left[0], (1, 1))
    young = out / ".colorlib-young.tmp"
    young.touch()
    ready = build_image_cache(album, 8, out)
    assert ready.pixels[:, 0, 0, 0].tolist() == list(range(90))
    assert not left[0].exists() and young.exists()


def test_killed_between_the_two_files(album, out, monkeypatch):
    """A stale manifest is gone before new pixels come, so that it can never describe them."""
    build_image_cache(album, 8, out)
    Image.new("RGB", (9, 9), "red").save(album / "d.png")

    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(
        image_cache.json, "dumps", lambda value, **options: stop() if options else json_dumps(value)
    )
    with pytest.raises(KeyboardInterrupt):
        build_image_cache(album, 8, out)
    assert [path.name for path in out.iterdir()] == ["pixels.npy"]
    monkeypatch.undo()
    assert len(build_image_cache(album, 8, out)) == 4


json_dumps = json.dumps


def test_unreadable_photos_are_skipped_with_their_reason(album, out, caplog):
    (album / "b.png").write_bytes(b"")
    (album / "d.jpg").write_bytes((album / "c.jpg").read_bytes()[:400])
    photos = [*data.list_images(album), data.PhotoFile("gone.png", album / "gone.png")]
    with caplog.at_level(logging.WARNING, "colorlib"):
        ready = build_image_cache(photos, 8, out)
    assert ready.names == ["a.png", "c.jpg"] and len(ready.pixels) == 2
    assert list(ready.skipped) == ["b.png", "d.jpg", "gone.png"]
    assert "empty" in ready.skipped["b.png"] and "gone.png" in ready.skipped["gone.png"]
    assert "3 of 5 photos were skipped; b.png" in caplog.text
    before = state(out)
    caplog.clear()
    again = build_image_cache(photos, 8, out)
    assert again.skipped == ready.skipped and state(out) == before
    assert "3 of 5" in caplog.text  # said each time
    assert json.loads((out / "manifest.json").read_text())["rows"] == 2


def test_many_skipped_rows_shrink_the_header(tmp_path, out):
    for i in range(12):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(tmp_path / f"{i:02}.png")
    for i in range(2, 12):
        (tmp_path / f"{i:02}.png").write_bytes(b"text")
    assert np.load(build_image_cache(tmp_path, 4, out).folder / "pixels.npy")[
        :, 0, 0, 0
    ].tolist() == [0, 1]


def test_none_readable(tmp_path, out):
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(ImageError, match=r"None of 1 photos can be read: .*a\.png is not an image"):
        build_image_cache(tmp_path, 8, out)
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("photos", "size", "fit"), [([], 8, "center_crop"), (data.sample_photos(), 0, "center_crop")]
)
def test_nothing_to_prepare(photos, size, fit, out):
    with pytest.raises(ValueError, match="at least 1"):
        build_image_cache(photos, size, out, fit=fit)


def test_another_fit(out):
    with pytest.raises(ValueError, match="'center_crop' or 'stretch'"):
        build_image_cache(data.sample_photos(), 8, out, fit="pad")


def test_the_cache(album, tmp_path, monkeypatch):
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    first, second = build_image_cache(album, 8), build_image_cache(album, 8, fit="stretch")
    assert first.folder != second.folder and first.folder.parent == tmp_path / "cache" / "prepared"
    monkeypatch.setenv("COLORLIB_CACHE", "")
    assert cache_folder().is_absolute() and "colorlib" in str(cache_folder())
