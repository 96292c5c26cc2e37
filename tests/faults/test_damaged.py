"""Damaged checkpoints and caches are never used, and photos that changed are reported."""

import logging
import random
import shutil

import numpy as np
import pytest
import torch
from byte_corruption import damage
from interrupted_training import is_same_run, trainer
from PIL import Image
from process_runner import TRAIN, hash_files, newest_checkpoint
from torch.utils.data import Subset

from colorlib.cli import main
from colorlib.data import build_image_cache, sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.io import checkpoint
from colorlib.io.checkpoint import CheckpointError


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of a run that was stopped in its third epoch."""
    folder = tmp_path_factory.mktemp("stopped")
    trainer(folder).fit(max_steps=8, save_every_steps=2)
    return folder


def test_damaged_checkpoint_is_skipped(
    stopped, whole_training, long, record_trials, tmp_path, caplog
):
    rng, lost, n = random.Random(8), 0, 400 if long else 8
    for i in range(n):
        folder = tmp_path / str(i)
        shutil.copytree(stopped, folder)
        last = max(folder.glob("checkpoint*"))
        last.write_bytes(damage(last.read_bytes(), rng))
        caplog.clear()
        run = trainer(folder)
        run.fit()
        assert f"{last.name} is damaged: its content does not match its name" in caplog.text
        lost += not is_same_run(run, whole_training) or newest_checkpoint(folder) != (4, 0)
        shutil.rmtree(folder)
    record_trials("damaged checkpoint", n, lost)


def test_all_checkpoints_damaged_raises(stopped, long, record_trials, tmp_path):
    rng, lost, n = random.Random(9), 0, 30 if long else 3
    words = r"none of the 2 checkpoints in .* is intact; put a copy"
    for i in range(n):
        folder = tmp_path / str(i)
        shutil.copytree(stopped, folder)
        for path in folder.glob("checkpoint*"):
            path.write_bytes(damage(path.read_bytes(), rng))
        before = hash_files(folder)
        with pytest.raises(CheckpointError, match=words):
            trainer(folder).fit()
        lost += hash_files(folder) != before
    record_trials("all checkpoints of a run damaged", n, lost)


@pytest.fixture
def album(tmp_path):
    """A folder of fourteen photos."""
    folder = tmp_path / "album"
    folder.mkdir()
    for i, rgb in enumerate(sample_photo_crops(14, 24)):
        pixels = rgb.mul(255).byte().permute(1, 2, 0).numpy()
        Image.fromarray(pixels).save(folder / f"{i:02}.png")
    return folder


def read_all(album, out):
    return build_image_cache(album, 16, out).__getitems__(range(14))


def test_damaged_cache_is_rebuilt_or_refused(album, long, record_trials, tmp_path):
    out, rng, lost, n = tmp_path / "out", random.Random(1), 0, 500 if long else 30
    good = read_all(album, out)
    files = {path: path.read_bytes() for path in out.iterdir()}
    rebuilt = 0
    for _ in range(n):
        path = out / rng.choice(["pixels.npy", "pixels.npy", "manifest.json"])
        path.write_bytes(damage(files[path], rng))
        try:
            lost += not torch.equal(read_all(album, out), good)
            rebuilt += 1
        except OSError as error:
            assert "pixels.npy is damaged at photo" in str(error)
            assert "delete its folder" in str(error)
            shutil.rmtree(out)
            lost += not torch.equal(read_all(album, out), good)
        for path, data in files.items():
            path.write_bytes(data)
    assert 0 < rebuilt < n
    record_trials("damaged cache or manifest", n, lost)


def test_cache_cut_short_while_training_raises(album, record_trials, tmp_path):
    """Reading past the end of a mapped file would end the process without a message."""
    file = tmp_path / "out/pixels.npy"

    def make_trainer(folder):
        run = trainer(folder)
        run.dataset = Subset(build_image_cache(album, 16, tmp_path / "out"), np.arange(12))
        return run

    whole = make_trainer(None)
    whole.fit()
    run = make_trainer(tmp_path / "run")
    run.fit(max_steps=5)
    before = hash_files(tmp_path / "run")
    with open(file, "r+b") as pixels:
        pixels.truncate(file.stat().st_size - 2000)
    with pytest.raises(OSError, match=r"pixels.npy was cut short; delete its folder and run"):
        run.fit()
    lost = hash_files(tmp_path / "run") != before
    again = make_trainer(tmp_path / "run")
    again.fit()
    lost = lost or not is_same_run(again, whole)
    record_trials("cache cut short while training", 1, lost)


def change_album(album, change):
    if change == "added":
        shutil.copy(album / "03.png", album / "14.png")
    elif change == "removed":
        for k in range(4, 12):  # so an epoch has fewer steps than were completed of it
            (album / f"{k:02}.png").unlink()
    elif change == "replaced":
        Image.new("RGB", (24, 24), "red").save(album / "07.png")
    elif change == "renamed":
        (album / "00.png").rename(album / "99.png")
    else:
        (album / "00.png").touch()


CHANGED = "the images are not those that this run began with"


@pytest.mark.parametrize("change", ["added", "removed", "replaced", "renamed", "touched"])
def test_fit_warns_of_changed_photos(album, tmp_path, record_trials, caplog, change):
    first = trainer(tmp_path / "run")
    first.dataset = build_image_cache(album, 16, tmp_path / "one")
    first.fit(max_steps=5)
    change_album(album, change)
    again = trainer(tmp_path / "run")
    again.dataset = build_image_cache(album, 16, tmp_path / "two")
    with caplog.at_level(logging.INFO, "colorlib"):
        again.fit()
    assert "resumed at epoch 1, step 2" in caplog.text and again.done and len(again.history) == 4
    assert (CHANGED in caplog.text) == (change != "touched")
    lost = not np.isfinite(again.history[-1]["G_rec"])
    record_trials("photos changed between two sessions", 1, lost)


def test_fit_warns_of_changed_tensors(tmp_path, caplog):
    trainer(tmp_path).fit(max_steps=2)
    trainer(tmp_path).fit(max_steps=3)
    assert CHANGED not in caplog.text
    other = trainer(tmp_path)
    other.dataset = TensorImages(1 - other.dataset.rgb)
    other.fit()
    assert CHANGED in caplog.text


def test_fit_resumes_checkpoint_without_newer_fields(tmp_path, caplog):
    trainer(tmp_path).fit(max_steps=2)
    state = checkpoint.load_latest_checkpoint(tmp_path)
    del state["config"]["min_crop"]
    for path in tmp_path.glob("checkpoint*"):
        path.unlink()
    checkpoint.save_checkpoint(tmp_path, state, epoch=0, step=2)
    run = trainer(tmp_path)
    run.fit()
    assert run.done


def test_train_names_damaged_run_json(whole_run, tmp_path, capsys, record_trials):
    folder = tmp_path / "run"
    shutil.copytree(whole_run[0], folder)
    (folder / "run.json").write_text((folder / "run.json").read_text()[:100])
    before = hash_files(folder)
    assert main([*TRAIN, "--out", str(folder)]) == 1
    assert "run.json is damaged (" in capsys.readouterr().err
    record_trials("damaged run.json", 1, hash_files(folder) != before)
