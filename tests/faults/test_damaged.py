"""Files that a disk gives back otherwise than they were written, and photos that change under a run."""

import json
import logging
import random
import shutil

import numpy as np
import pytest
import torch
from fault_runs import TRAIN, content, newest
from PIL import Image
from tiny_run import trainer, weights
from torch.utils.data import Subset

from colorlib.cli import main
from colorlib.data import build_image_cache, sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.io import checkpoint
from colorlib.io.checkpoint import CheckpointError


def damaged(data, chance):
    """Change some bytes of a file's content: flipped, cut off, zeroed, or other bytes behind."""
    data, place = bytearray(data), chance.randrange(len(data))
    kind = chance.choice(["flip", "cut", "zeros", "more"])
    if kind == "flip":
        for _ in range(chance.choice([1, 1, 9])):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del data[place:]
    elif kind == "zeros":
        end = min(len(data), place + chance.randrange(1, 4096))
        data[place:end] = bytes(end - place) if any(data[place:end]) else b"\xff" * (end - place)
    else:
        data += chance.randbytes(chance.randrange(1, 99))
    return bytes(data)


def same(run, other):
    return run.history == other.history and all(map(torch.equal, weights(run), weights(other)))


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    """A run that was stopped in its third epoch, and one that was not."""
    folder, whole = tmp_path_factory.mktemp("half"), trainer(None)
    trainer(folder).fit(max_steps=8, save_every_steps=2)
    whole.fit()
    return folder, whole


def test_a_damaged_checkpoint_is_known_by_its_hash_and_the_one_before_is_used(
    half, long, tried, tmp_path, caplog
):
    stopped, whole = half
    chance, lost, n = random.Random(8), 0, 400 if long else 8
    for i in range(n):
        folder = tmp_path / str(i)
        shutil.copytree(stopped, folder)
        last = max(folder.glob("checkpoint*"))
        broken = damaged(last.read_bytes(), chance)
        last.write_bytes(broken)
        caplog.clear()
        run = trainer(folder)
        run.fit(max_steps=8)
        assert f"{last.name} is damaged: its content does not match its name" in caplog.text
        run.fit()
        lost += not same(run, whole) + (newest(folder) != (4, 0))
        shutil.rmtree(folder)
    tried("a checkpoint damaged at random bytes", n, lost)


def test_where_no_checkpoint_is_whole_nothing_begins_anew_unasked(half, long, tried, tmp_path):
    chance, lost, n = random.Random(9), 0, 30 if long else 3
    for i in range(n):
        folder = tmp_path / str(i)
        shutil.copytree(half[0], folder)
        for path in folder.glob("checkpoint*"):
            path.write_bytes(damaged(path.read_bytes(), chance))
        before = content(folder)
        with pytest.raises(
            CheckpointError, match=r"none of the 2 checkpoints in .* is intact; put a copy"
        ):
            trainer(folder).fit()
        lost += content(folder) != before
    tried("all checkpoints of a run damaged", n, lost)


@pytest.fixture
def album(tmp_path):
    """Fourteen photos, prepared."""
    folder = tmp_path / "album"
    folder.mkdir()
    for i, rgb in enumerate(sample_photo_crops(14, 24)):
        Image.fromarray(rgb.mul(255).byte().permute(1, 2, 0).numpy()).save(folder / f"{i:02}.png")
    return folder


def pixels_of(folder, out, **how):
    return build_image_cache(folder, 16, out, **how)


def test_a_damaged_array_is_rebuilt_or_said_and_never_learnt_from(album, long, tried, tmp_path):
    out, chance, lost, n = tmp_path / "out", random.Random(1), 0, 500 if long else 30
    good = pixels_of(album, out).__getitems__(range(14))
    files = {path: path.read_bytes() for path in out.iterdir()}
    seen = {"rebuilt": 0, "said": 0}
    for _ in range(n):
        path = out / chance.choice(["pixels.npy", "pixels.npy", "manifest.json"])
        path.write_bytes(damaged(files[path], chance))
        data = pixels_of(album, out)
        try:
            lost += not torch.equal(data.__getitems__(range(14)), good)
            seen["rebuilt"] += 1
        except OSError as error:
            assert "pixels.npy is damaged at photo" in str(error) and "delete its folder" in str(
                error
            )
            seen["said"] += 1
            shutil.rmtree(out)  # as it says
            lost += not torch.equal(pixels_of(album, out).__getitems__(range(14)), good)
        for path, data in files.items():
            path.write_bytes(data)
    assert all(seen.values()), seen
    tried("a prepared array or its manifest damaged", n, lost)


def test_an_array_cut_short_under_a_run(album, tried, tmp_path):
    """To read behind the end of a mapped file would end the process without a word."""
    whole, run = trainer(None), trainer(tmp_path / "run")
    data = Subset(pixels_of(album, tmp_path / "out"), np.arange(12))
    whole.data = run.dataset = data
    whole.fit()
    run.fit(max_steps=5)
    before, file = content(tmp_path / "run"), tmp_path / "out/pixels.npy"
    with open(file, "r+b") as pixels:
        pixels.truncate(file.stat().st_size - 2000)
    with pytest.raises(
        OSError, match=r"pixels.npy was cut short; delete its folder and run again"
    ):
        run.fit()
    lost = content(tmp_path / "run") != before
    again = trainer(tmp_path / "run")
    again.data = Subset(pixels_of(album, tmp_path / "out"), np.arange(12))
    again.fit()
    tried("a prepared array cut short under a run", 1, lost + (not same(again, whole)))


CHANGES = ["added", "removed", "replaced", "renamed", "touched"]
ANOTHER = "the pictures are not those that this run began with"


@pytest.mark.parametrize("change", CHANGES)
def test_photos_that_changed_are_told_when_a_run_goes_on(album, tmp_path, tried, caplog, change):
    data = pixels_of(album, tmp_path / "one")
    first = trainer(tmp_path / "run")
    first.data = data
    first.fit(max_steps=5)
    if change == "added":
        shutil.copy(album / "03.png", album / "14.png")
    elif change == "removed":
        for name in range(4, 12):
            (album / f"{name:02}.png").unlink()  # an epoch has fewer steps now than were done of it
    elif change == "replaced":
        Image.new("RGB", (24, 24), "red").save(album / "07.png")
    elif change == "renamed":
        (album / "00.png").rename(album / "99.png")
    else:
        (album / "00.png").touch()
    again = trainer(tmp_path / "run")
    again.data = pixels_of(album, tmp_path / "two")
    with caplog.at_level(logging.INFO, "colorlib"):
        again.fit()
    assert "resumed at epoch 1, step 2" in caplog.text and again.done and len(again.history) == 4
    assert (ANOTHER in caplog.text) == (change != "touched")
    assert ("begun anew" in caplog.text or "begin anew" in caplog.text) == (change != "touched")
    tried("photos changed under a run", 1, not np.isfinite(again.history[-1]["G_rec"]))


def test_pictures_without_sums_are_looked_at(tmp_path, caplog):
    run = trainer(tmp_path)
    run.fit(max_steps=2)
    caplog.clear()
    trainer(tmp_path).fit(max_steps=3)
    assert ANOTHER not in caplog.text
    other = trainer(tmp_path)
    other.data = TensorImages(1 - other.data.rgb)
    other.fit()
    assert ANOTHER in caplog.text


def test_a_checkpoint_of_an_earlier_version_is_gone_on_from(tmp_path, caplog):
    run = trainer(tmp_path)
    run.fit(max_steps=2)
    old = checkpoint.load_latest_checkpoint(tmp_path)
    del old["data"], old["settings"]["crop"]
    for path in tmp_path.glob("checkpoint*"):
        path.unlink()
    checkpoint.save_checkpoint(tmp_path, old, epoch=0, step=2)
    run = trainer(tmp_path)
    run.fit()
    assert run.done and ANOTHER not in caplog.text


def test_a_damaged_note_beside_a_run_is_named(whole, tmp_path, capsys, tried):
    folder = tmp_path / "run"
    shutil.copytree(whole[0], folder)
    (folder / "run.json").write_text((folder / "run.json").read_text()[:100])
    before = content(folder)
    assert main([*TRAIN, "--out", str(folder)]) == 1
    assert "run.json is damaged (" in capsys.readouterr().err
    tried("run.json damaged", 1, content(folder) != before)
    with pytest.raises(json.JSONDecodeError):
        json.loads((folder / "run.json").read_text())
