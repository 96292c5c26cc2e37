"""The sample photos, and random crops of them."""

import hashlib
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib import data
from colorlib.data import PhotoFile, sample_photo_crops, sample_photos

SIZES = {
    "astronaut": (512, 512),
    "coffee": (600, 400),
    "rocket": (640, 427),
    "china": (640, 427),
    "chelsea": (451, 300),
    "flower": (640, 427),
}


def test_sample_photos_are_four_and_two_others():
    train, test = sample_photos("train"), sample_photos("test")
    names = [photo.name for photo in train + test]
    assert names == list(SIZES) == [photo.name for photo in sample_photos("all")]
    assert (len(train), len(test)) == (4, 2)
    assert len({hashlib.sha256(photo.path.read_bytes()).digest() for photo in train + test}) == 6


@pytest.mark.parametrize("photo", sample_photos("all"), ids=lambda photo: photo.name)
def test_sample_photo_is_in_color_and_described(photo):
    image = photo.image()
    assert image.mode == "RGB" and image.size == SIZES[photo.name]
    rgb = photo.rgb(48)
    assert rgb.shape == (1, 3, 48, 48) and rgb.std(dim=1).mean() > 0.05
    assert photo.rgb().shape == (1, 3, *image.size[::-1])
    assert photo.title and photo.credit and photo.licence
    assert photo.alt.endswith(".") and 40 < len(photo.alt) < 200


def test_photo_file_applies_the_color_profile():
    rocket = sample_photos()[2]
    with Image.open(rocket.path) as raw:
        assert np.abs(np.asarray(raw).astype(int) - np.asarray(rocket.image())).max() > 30


def test_sample_photos_unknown_split_is_refused():
    with pytest.raises(ValueError, match="expected 'train', 'test' or 'all'"):
        sample_photos("val")


def test_sample_photos_missing_package_is_named(monkeypatch, tmp_path):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setitem(sample_photos.__globals__, "find_spec", lambda name: Spec)
    expected = r"scikit-image \d.* carries no data/astronaut\.png"
    with pytest.raises(FileNotFoundError, match=expected):
        sample_photos()
    monkeypatch.setitem(sample_photos.__globals__, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="scikit-image is not installed"):
        sample_photos()


def test_crops_depend_on_seed_and_index_only():
    crops = sample_photo_crops(9, size=24, seed=3)
    assert crops.shape == (9, 3, 24, 24) and crops.dtype == torch.float32 and crops.is_contiguous()
    assert crops.min() >= 0 and crops.max() <= 1
    assert torch.equal(sample_photo_crops(4, size=24, seed=3), crops[:4])
    assert not torch.equal(sample_photo_crops(9, size=24, seed=4), crops)
    assert len({crop.numpy().tobytes() for crop in crops}) == 9
    assert sample_photo_crops(0).shape == (0, 3, 64, 64)


def test_crops_leave_global_random_states_unchanged():
    states = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].copy()
    sample_photo_crops(2, size=8)
    assert states[0] == random.getstate() and torch.equal(states[1], torch.get_rng_state())
    assert (states[2] == np.random.get_state()[1]).all()


@pytest.mark.parametrize(("split", "size"), [("train", 8), ("test", 8), ("all", 8), ("train", 700)])
def test_crops_have_any_split_and_size(split, size):
    assert sample_photo_crops(2, size, split=split).shape == (2, 3, size, size)


def test_crops_are_mirrored_half_the_time(monkeypatch):
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (256, 1))).convert("RGB")
    fake = [PhotoFile("ramp", Path("ramp.png"))]
    monkeypatch.setattr(PhotoFile, "image", lambda self: ramp)
    monkeypatch.setitem(sample_photo_crops.__globals__, "sample_photos", lambda split: fake)
    is_rising = sample_photo_crops(200, size=4)[:, 0, 0].diff().mean(dim=1) > 0
    assert 70 < is_rising.sum() < 130


def test_data_package_has_only_its_names():
    from colorlib.scenes import draw_scenes

    assert data.draw_scenes is draw_scenes
    assert all(getattr(data, name) for name in data.__all__)
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = data.nothing_here
