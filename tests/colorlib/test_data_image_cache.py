"""The image cache: right pixels, and no stale or damaged cache is ever used."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image, ImageCms

from colorlib import data
from colorlib.data import PhotoFile, image_cache
from colorlib.data.cache_storage import cache_folder
from colorlib.data.image_cache import CachedImages, build_image_cache, load_square
from colorlib.io.images import ImageError, image_to_tensor

PHOTO = data.sample_photos()[0].image().resize((90, 60))


def turned():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return exif


def profile():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture
def album(tmp_path):
    """Make a folder with three photos: wide, tall and turned by its EXIF tag."""
    path = tmp_path / "album"
    path.mkdir()
    rng = np.random.default_rng(0)
    for name, (width, height) in {"a.png": (60, 40), "b.png": (30, 50), "c.jpg": (48, 24)}.items():
        image = Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))
        image.save(path / name, **({"exif": turned(), "quality": 95} if name == "c.jpg" else {}))
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def write_gray_images(folder, n):
    folder.mkdir(exist_ok=True)
    for i in range(n):
        Image.new("RGB", (8, 8), (i, 0, 0)).save(folder / f"{i:02}.png")


def file_state(out):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in out.iterdir()}


def test_cache_contains_nearly_the_pixels_of_image_to_tensor(album, out, capsys):
    images = build_image_cache(album, 16, out)
    assert isinstance(images, CachedImages) and len(images) == 3 and not images.skipped
    assert images.names == ["a.png", "b.png", "c.jpg"] and images.folder == out
    batch = images.__getitems__([2, 0])
    assert batch.dtype == torch.uint8 and batch.shape == (2, 3, 16, 16) and batch.is_contiguous()
    for row, name in zip(batch, ["c.jpg", "a.png"], strict=True):
        difference = row - image_to_tensor(album / name, 16)[0] * 255  # bicubic against Lanczos
        assert difference.abs().mean() < 6, name  # of noise, the hardest there is
    captured = capsys.readouterr()
    assert "3/3" in captured.err and not captured.out
    assert sorted(path.name for path in out.iterdir()) == ["manifest.json", "pixels.npy"]


def test_cached_images_take_any_indices_and_return_copies(album, out):
    images = build_image_cache(album, 8, out)
    batch = images.__getitems__([1, 1, 0])
    assert torch.equal(images.__getitems__(np.array([1, 1, 0])), batch)
    assert torch.equal(images.__getitems__(torch.tensor([1, 1, 0])), batch)
    assert torch.equal(images[0], batch[2]) and torch.equal(images[-3], batch[2])
    assert images.__getitems__([]).shape == (0, 3, 8, 8)
    expected = batch.clone()
    batch.zero_()
    assert torch.equal(images.__getitems__([1, 1, 0]), expected)
    with pytest.raises(IndexError):
        images[3]
    assert isinstance(images.pixels, np.memmap) and not images.pixels.flags.writeable


def test_cached_images_work_in_a_data_loader(album, out):
    images = build_image_cache(album, 8, out)
    loader = torch.utils.data.DataLoader(images, batch_size=2, collate_fn=torch.as_tensor)
    assert torch.equal(torch.cat(list(loader)), images.__getitems__(range(3)))


def test_stretch_keeps_all_of_the_photo(tmp_path, out):
    image = Image.new("RGB", (80, 20), "red")
    image.paste("blue", (40, 0, 80, 20))
    image.paste("lime", (0, 0, 8, 20))
    image.save(tmp_path / "wide.png")
    left = build_image_cache(tmp_path, 10, out, resize_mode="stretch").pixels[0, 5, 0]
    assert left[1] > 200 > left[0]  # the green edge
    left = build_image_cache(tmp_path, 10, out, resize_mode="center_crop").pixels[0, 5, 0]
    assert left[0] == 255  # the green edge is cut off


def test_jpeg_that_is_damaged_inside_is_named(tmp_path, out, caplog, capfd):
    noise = np.random.default_rng(0).integers(0, 256, (160, 240, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a whole.jpg", quality=95)
    whole = (tmp_path / "a whole.jpg").read_bytes()
    middle = len(whole) // 2
    damaged = whole[:middle] + bytes(200) + whole[middle + 200 :]
    (tmp_path / "b damaged.jpg").write_bytes(damaged)
    (tmp_path / "c cut.jpg").write_bytes(whole[:middle] + b"\xff\xd9")
    images = build_image_cache(tmp_path, 8, out)
    assert images.names == ["a whole.jpg", "b damaged.jpg"]
    assert "premature end" in images.skipped["c cut.jpg"]
    assert "b damaged.jpg is damaged inside" in caplog.text
    assert "Corrupt JPEG" not in capfd.readouterr().err


def test_existing_cache_is_opened_unchanged(album, out):
    build_image_cache(album, 8, out)
    before = file_state(out)
    assert len(build_image_cache(str(album), 8, str(out))) == 3
    assert len(build_image_cache(data.list_images(album), 8, out, num_workers=1)) == 3
    assert file_state(out) == before


def test_number_of_workers_does_not_change_the_order(tmp_path, out):
    write_gray_images(tmp_path, 70)  # more than two chunks
    images = build_image_cache(tmp_path, 4, out, num_workers=5)
    assert images.pixels[:, 0, 0, 0].tolist() == list(range(70))


CHANGES = ["added", "removed", "changed", "touched", "size", "resize_mode", "order"]


@pytest.mark.parametrize("change", CHANGES)
def test_stale_cache_is_rebuilt(album, out, change):
    build_image_cache(album, 8, out)
    before, photos = file_state(out), album
    size, resize_mode = 8, "center_crop"
    if change == "added":
        Image.new("RGB", (9, 9), "red").save(album / "d.png")
    elif change == "removed":
        (album / "b.png").unlink()
    elif change == "changed":
        stat = (album / "a.png").stat()
        Image.new("RGB", (60, 40), "red").save(album / "a.png")
        os.utime(album / "a.png", ns=(stat.st_atime_ns, stat.st_mtime_ns))  # another size only
    elif change == "touched":
        os.utime(album / "a.png", (1, 1))
    elif change == "order":
        photos = data.list_images(album)[::-1]
    elif change == "size":
        size = 12
    else:
        resize_mode = "stretch"
    images = build_image_cache(photos, size, out, resize_mode=resize_mode)
    assert all(file_state(out)[name] != before[name] for name in before)
    assert len(images) == {"added": 4, "removed": 2}.get(change, 3)
    if change == "changed":
        assert (images[0][0] == 255).all()
    if change == "order":
        assert images.names == ["c.jpg", "b.png", "a.png"]


@pytest.mark.parametrize("damage", ["no manifest", "cut", "no pixels", "garbage", "rows", "list"])
def test_incomplete_cache_is_rebuilt(album, out, damage):
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
image_cache.build_image_cache(sys.argv[1], 8, sys.argv[2], num_workers=1)
print("done", flush=True)
"""


def test_killed_build_leaves_no_cache(tmp_path, out):
    album = tmp_path / "album"
    write_gray_images(album, 90)
    command = [sys.executable, "-c", KILLED, str(album), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        process.stdout.readline()
        deadline = time.monotonic() + 30
        while not list(out.glob(".colorlib-*.tmp")) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)  # in the middle of 1.8 s of work
        process.send_signal(signal.SIGKILL)
        assert process.stdout.read() == b"" and process.wait() == -signal.SIGKILL
    left = list(out.iterdir())
    assert left and not {"pixels.npy", "manifest.json"} & {path.name for path in left}
    os.utime(left[0], (1, 1))
    young = out / ".colorlib-young.tmp"
    young.touch()
    images = build_image_cache(album, 8, out)
    assert images.pixels[:, 0, 0, 0].tolist() == list(range(90))
    assert not left[0].exists() and young.exists()


def test_build_stopped_before_the_manifest_leaves_no_cache(album, out, monkeypatch):
    """A stale manifest is removed before new pixels are written, so it never describes them."""
    build_image_cache(album, 8, out)
    Image.new("RGB", (9, 9), "red").save(album / "d.png")
    dumps = json.dumps

    def stop_at_manifest(value, **options):
        if options:
            raise KeyboardInterrupt
        return dumps(value)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(image_cache.json, "dumps", stop_at_manifest)
        build_image_cache(album, 8, out)
    assert [path.name for path in out.iterdir()] == ["pixels.npy"]
    assert len(build_image_cache(album, 8, out)) == 4


def test_unreadable_photos_are_skipped_with_a_reason(album, out, caplog):
    (album / "b.png").write_bytes(b"")
    (album / "d.jpg").write_bytes((album / "c.jpg").read_bytes()[:400])
    photos = [*data.list_images(album), PhotoFile("gone.png", album / "gone.png")]
    with caplog.at_level(logging.WARNING, "colorlib"):
        images = build_image_cache(photos, 8, out)
    assert images.names == ["a.png", "c.jpg"] and len(images.pixels) == 2
    assert list(images.skipped) == ["b.png", "d.jpg", "gone.png"]
    assert "empty" in images.skipped["b.png"] and "gone.png" in images.skipped["gone.png"]
    assert "3 of 5 photos were skipped; b.png" in caplog.text
    before = file_state(out)
    caplog.clear()
    again = build_image_cache(photos, 8, out)
    assert again.skipped == images.skipped and file_state(out) == before
    assert "3 of 5" in caplog.text  # at every call
    assert json.loads((out / "manifest.json").read_text())["rows"] == 2


def test_many_skipped_photos_shrink_the_header(tmp_path, out):
    write_gray_images(tmp_path, 12)
    for i in range(2, 12):
        (tmp_path / f"{i:02}.png").write_bytes(b"text")
    build_image_cache(tmp_path, 4, out)
    assert np.load(out / "pixels.npy")[:, 0, 0, 0].tolist() == [0, 1]


def test_build_with_no_readable_photo_is_refused(tmp_path, out):
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(ImageError, match=r"None of 1 photos can be read: .*a\.png is not an image"):
        build_image_cache(tmp_path, 8, out)
    assert not list(out.iterdir())


def test_cache_folder_depends_on_the_settings(album, tmp_path, monkeypatch):
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    first = build_image_cache(album, 8)
    second = build_image_cache(album, 8, resize_mode="stretch")
    assert first.folder != second.folder and first.folder.parent == tmp_path / "cache" / "prepared"
    monkeypatch.setenv("COLORLIB_CACHE", "")
    assert cache_folder().is_absolute() and "colorlib" in str(cache_folder())


@pytest.fixture
def save(tmp_path):
    def save(image=PHOTO, name="a.jpg", cut=0, **options):
        path = tmp_path / name
        image.save(path, **options)
        path.write_bytes(path.read_bytes()[: -cut or None])
        return PhotoFile(name, path)

    return save


@pytest.mark.parametrize("resize_mode", ["center_crop", "stretch"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0, "exif": Image.Exif()}]
)
def test_load_square_decoders_agree(save, monkeypatch, resize_mode, mode, options):
    photo = save(PHOTO.convert(mode), quality=90, **options)
    assert image_cache._decode_plain_jpeg(photo.path) is not None
    fast = load_square(photo, 24, resize_mode)
    monkeypatch.setattr(image_cache, "_decode_plain_jpeg", lambda path: None)
    assert np.abs(fast.astype(int) - load_square(photo, 24, resize_mode)).max() <= 2


def test_load_square_leaves_other_files_to_load_image(save, tmp_path, monkeypatch):
    photos = [
        save(name="turned.jpg", exif=turned()),
        save(name="profile.jpg", icc_profile=profile()),
        save(PHOTO.convert("CMYK"), "cmyk.jpg"),
        save(name="cut.jpg", cut=40),
        save(name="other.png"),
        PhotoFile("none", tmp_path / "none.jpg"),
    ]
    assert [image_cache._decode_plain_jpeg(photo.path) for photo in photos] == [None] * 6
    assert load_square(photos[0], 30, "stretch").shape == (30, 30, 3)
    monkeypatch.setattr(image_cache, "MAX_PIXELS", 100)
    assert image_cache._decode_plain_jpeg(save().path) is None  # too large


def test_load_square_truncated_photo_is_refused(save):
    with pytest.raises(ImageError, match="cut off or damaged"):
        load_square(save(cut=300), 24)


def test_load_square_photo_of_the_size_keeps_its_pixels(save):
    image = PHOTO.crop((0, 0, 32, 32))
    photo = save(image, "a.png")
    assert np.array_equal(load_square(photo, 32), np.asarray(image))
    assert load_square(photo, 16).dtype == np.uint8


def test_preparing_leaves_the_number_of_threads_as_it_was(tmp_path):
    """Also that of threads which start later, which PyTorch keeps apart."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        build_image_cache(data.sample_photos(), 8, tmp_path, num_workers=2)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
