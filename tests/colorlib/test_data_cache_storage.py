"""Derived data: its size is said before, one array is kept for each set, a command clears it."""

import functools
import json
import logging
import os
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorlib import data
from colorlib.cli import main
from colorlib.data import build_image_cache, image_cache
from colorlib.data.cache_storage import cache_folder, clear_cache, list_cache
from colorlib.data.cached_images import copy_image_cache, open_image_cache
from colorlib.data.datasets import load_dataset
from colorlib.io import disk_space
from colorlib.io.disk_space import check_disk_space

DiskUsage = namedtuple("DiskUsage", "total used free")


@pytest.fixture
def album(tmp_path, monkeypatch):
    """A folder with thirty photos, next to an empty cache."""
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "album").mkdir()
    for i in range(30):
        pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).resize((40, 40)).save(tmp_path / f"album/{i:02d}.png")
    return tmp_path / "album"


def prepared():
    root = cache_folder("prepared")
    return sorted(path.name for path in root.iterdir()) if root.exists() else []


@pytest.mark.parametrize("change", ["add", "remove", "touch", "list"])
def test_changed_folder_replaces_its_array(album, change):
    build_image_cache(album, 16)
    (first,) = prepared()
    photos = album
    if change == "add":
        shutil.copy(album / "00.png", album / "new.png")
    elif change == "remove":
        (album / "00.png").unlink()
    elif change == "touch":
        os.utime(album / "00.png", (1, 1))
    else:
        photos = data.list_images(album)[:20]
    images = build_image_cache(photos, 16)
    assert prepared() == [first]
    assert len(images) == {"add": 31, "remove": 29, "touch": 30, "list": 20}[change]


def test_sizes_modes_and_selections_do_not_replace_each_other(album):
    load = functools.partial(load_dataset, split_ratios=(1.0, 0.0, 0.0))
    build_image_cache(album, 16)
    build_image_cache(album, 8)
    build_image_cache(album, 16, resize_mode="stretch")
    load(album, 16, max_images=20)
    load(album, 16, max_images=20, seed=1)
    assert len(prepared()) == 5
    before = {path: path.stat().st_mtime_ns for path in cache_folder("prepared").glob("*/*")}
    load(album, 16, max_images=20)
    load(album, 16)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_array_of_a_folder_that_is_gone_is_removed(album, tmp_path, caplog):
    build_image_cache(album, 16)
    shutil.copytree(album, tmp_path / "second")
    shutil.rmtree(album)
    caplog.set_level(logging.INFO, "colorlib")
    build_image_cache(tmp_path / "second", 16)
    assert len(prepared()) == 1
    assert f"removed the prepared images of {album}, which is gone" in caplog.text


def test_explicit_folder_removes_nothing(album, tmp_path):
    build_image_cache(album, 16)
    shutil.copytree(album, tmp_path / "second")
    shutil.rmtree(album)
    build_image_cache(tmp_path / "second", 16, tmp_path / "own")
    assert len(prepared()) == 1


def test_array_that_does_not_fit_is_refused_before_it_is_written(album, monkeypatch, capsys):
    monkeypatch.setattr("shutil.disk_usage", lambda path: DiskUsage(1e12, 0, 10**9))
    args = ["train", "--data", "album", "--image-size", "4096", "--epochs", "1"]
    assert main(args) == 1
    error = capsys.readouterr().err
    assert "30 prepared photos of 4096x4096 take 1.5 GB in" in error
    assert "and 1.0 GB are free there" in error and "COLORLIB_CACHE" in error
    assert not list(cache_folder("prepared").glob("*/*"))


def test_large_array_says_its_size_before(album, monkeypatch, caplog):
    monkeypatch.setattr(disk_space, "_SAID_FROM", 1000)
    caplog.set_level(logging.INFO, "colorlib")
    build_image_cache(album, 16)
    assert "30 prepared photos of 16x16 take 23 KB in" in caplog.text
    caplog.clear()
    build_image_cache(album, 16)
    assert not caplog.text  # it is there already


def test_memory_is_bounded_by_bytes(album, monkeypatch):
    chunks = []
    monkeypatch.setattr(image_cache, "_CHUNK_BYTES", 3 * 16 * 16 * 4)
    monkeypatch.setattr(
        image_cache.ThreadPoolExecutor,
        "map",
        lambda pool, load, photos: (chunks.append(len(photos)), map(load, photos))[1],
    )
    assert len(build_image_cache(album, 16)) == 30
    assert set(chunks) == {4, 2}


@pytest.mark.parametrize("name", ["photos", "scenes"])
def test_crops_that_exceed_the_memory_are_refused(name, album, capsys):
    assert main(["train", "--data", name, "--image-size", "4096"]) == 1
    error = capsys.readouterr().err
    assert "2,560 images of 4096x4096 take 1,031 GB of" in error and "use a smaller size" in error


@pytest.mark.parametrize("kind", ["file", "missing"])
def test_cache_that_cannot_be_written_names_the_variable(
    kind, album, tmp_path, monkeypatch, capsys
):
    place = tmp_path / "place"
    place.write_text("a file")
    monkeypatch.setenv("COLORLIB_CACHE", str(place if kind == "file" else "/proc/x"))
    assert main(["train", "--data", "album", "--image-size", "32"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "cannot be written to (" in error and "set the variable COLORLIB_CACHE" in error


def test_cache_in_an_unknown_home_folder_names_the_variable(monkeypatch, capsys):
    monkeypatch.setenv("COLORLIB_CACHE", "~nobody-of-this-name/cache")
    assert main(["cache"]) == 1
    assert "COLORLIB_CACHE is ~nobody-of-this-name/cache, but that home" in capsys.readouterr().err


def test_command_lists_and_clears_the_cache(album, capsys):
    build_image_cache(album, 16)
    build_image_cache(album, 32)
    sources = cache_folder("sources")
    (sources / "coco").mkdir(parents=True)
    (sources / "coco/a.jpg").write_bytes(bytes(1000))
    (sources / "coco_sample.tgz.part").write_bytes(bytes(500))
    (sources / "mine.txt").write_text("not ours")
    foreign = cache_folder("prepared", "notes")
    foreign.mkdir()
    mine = cache_folder("prepared", prepared()[0], "mine.txt")
    mine.write_text("not ours")

    assert main(["cache"]) == 0
    out = capsys.readouterr().out
    assert f"{album}: 30 photos of 16x16, center_crop" in out and "coco" in out
    assert main(["cache", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    kinds = [entry["kind"] for entry in result["entries"]]
    assert kinds == ["prepared", "prepared", "downloads"]
    assert result["entries"][2] == {"kind": "downloads", "bytes": 1500, "title": "coco"}
    assert result["bytes"] == sum(entry.num_bytes for entry in list_cache())

    assert main(["cache", "--clear"]) == 0
    assert "freed in" in capsys.readouterr().out
    assert [entry.kind for entry in list_cache() if entry.num_bytes] == ["downloads"]
    assert mine.exists() and foreign.exists()
    assert len(build_image_cache(album, 16)) == 30  # it is made again
    assert main(["cache", "--clear", "all"]) == 0
    assert not (sources / "coco").exists() and (sources / "mine.txt").exists()
    assert clear_cache(("prepared", "downloads")) == 0


def test_unfinished_array_and_one_of_an_older_version_are_cleared(album):
    build_image_cache(album, 16)
    folder = cache_folder("prepared", prepared()[0])
    (folder / "manifest.json").write_text('{"version": 3}')
    (folder / ".colorlib-0.tmp").write_bytes(bytes(10))
    (entry,) = list_cache()
    assert "unfinished, or of an older version" in entry.title
    assert clear_cache() == entry.num_bytes and not folder.exists()


def test_copy_needs_no_photos(album, tmp_path, caplog):
    images = build_image_cache(album, 16)
    copy = copy_image_cache(images, tmp_path / "drive/photos")
    assert np.array_equal(copy.pixels, images.pixels) and copy.names == images.names
    shutil.rmtree(album)
    shutil.rmtree(cache_folder())
    saved = open_image_cache(tmp_path / "drive/photos")
    assert np.array_equal(saved[3], images[3]) and saved.folder == tmp_path / "drive/photos"
    before = (saved.folder / "pixels.npy").stat().st_mtime_ns
    assert copy_image_cache(saved, saved.folder).folder == saved.folder
    copy_image_cache(saved, tmp_path / "here")
    copy_image_cache(saved, tmp_path / "here")
    assert (saved.folder / "pixels.npy").stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["no manifest", "cut", "missing"])
def test_damaged_copy_is_not_opened_and_is_made_again(damage, album, tmp_path):
    images = build_image_cache(album, 16)
    folder = tmp_path / "copy"
    copy_image_cache(images, folder)
    if damage == "no manifest":
        (folder / "manifest.json").unlink()
    elif damage == "cut":
        pixels = folder / "pixels.npy"
        pixels.write_bytes(pixels.read_bytes()[:-1])
    else:
        shutil.rmtree(folder)
    assert open_image_cache(folder) is None
    assert np.array_equal(copy_image_cache(images, folder).pixels, images.pixels)


def test_copy_that_does_not_fit_is_refused(album, tmp_path, monkeypatch):
    images = build_image_cache(album, 256)
    monkeypatch.setattr("shutil.disk_usage", lambda path: DiskUsage(1e12, 0, 10**6))
    with pytest.raises(OSError, match="a copy of 30 prepared photos take"):
        copy_image_cache(images, tmp_path / "copy")
    assert not [path for path in (tmp_path / "copy").iterdir() if path.name[:5] != ".lock"]


def test_small_files_are_written_to_nearly_full_disks(monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: DiskUsage(1e12, 0, 10**6))
    check_disk_space(Path("a/b/c"), 10_000, "a few")
