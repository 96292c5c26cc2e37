"""Sources of pictures, and which of them are held out."""

import hashlib
import random
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorlib import data
from colorlib.data import sample_photos
from colorlib.io.images import ImageError

names = st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=60)
ratios = st.sampled_from(
    [(0.8, 0.1, 0.1), (0.5, 0.5), (1.0,), (0.25, 0.25, 0.25, 0.25), (0.0, 1.0)]
)
SIZES = {
    "astronaut": (512, 512),
    "coffee": (600, 400),
    "rocket": (640, 427),
    "china": (640, 427),
    "chelsea": (451, 300),
    "flower": (640, 427),
}


def test_photos_are_four_and_two_others():
    train, test = data.sample_photos(), data.sample_photos("test")
    assert (
        [photo.name for photo in train + test]
        == list(SIZES)
        == [photo.name for photo in data.sample_photos("all")]
    )
    assert (len(train), len(test)) == (4, 2)
    assert len({hashlib.sha256(photo.path.read_bytes()).digest() for photo in train + test}) == 6


@pytest.mark.parametrize("photo", data.sample_photos("all"), ids=lambda photo: photo.name)
def test_photo(photo):
    image = photo.image()
    assert image.mode == "RGB" and image.size == SIZES[photo.name]
    rgb = photo.rgb(48)
    assert rgb.shape == (1, 3, 48, 48) and rgb.std(dim=1).mean() > 0.05  # in colour
    assert photo.rgb().shape == (1, 3, *image.size[::-1])
    assert photo.title and photo.credit and photo.licence
    assert photo.alt.endswith(".") and 40 < len(photo.alt) < 200


def test_rocket_is_read_through_its_wide_colour_profile():
    rocket = data.sample_photos()[2]
    with Image.open(rocket.path) as raw:
        assert np.abs(np.asarray(raw).astype(int) - np.asarray(rocket.image())).max() > 30


def test_another_split_of_photos():
    with pytest.raises(ValueError, match="expected 'train', 'test' or 'all'"):
        data.sample_photos("val")


def test_a_package_without_its_photo(monkeypatch, tmp_path):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(sample_photos, "find_spec", lambda name: Spec)
    with pytest.raises(
        FileNotFoundError, match=r"scikit-image \d.* carries no data/astronaut\.png"
    ):
        data.sample_photos()
    monkeypatch.setattr(sample_photos, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="scikit-image is not installed"):
        data.sample_photos()


def test_crops():
    crops = data.sample_photo_crops(9, size=24, seed=3)
    assert crops.shape == (9, 3, 24, 24) and crops.dtype == torch.float32 and crops.is_contiguous()
    assert crops.min() >= 0 and crops.max() <= 1
    assert torch.equal(data.sample_photo_crops(4, size=24, seed=3), crops[:4])
    assert not torch.equal(data.sample_photo_crops(9, size=24, seed=4), crops)
    assert len({crop.numpy().tobytes() for crop in crops}) == 9
    assert data.sample_photo_crops(0).shape == (0, 3, 64, 64)


def test_crops_leave_the_random_state_alone():
    states = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].copy()
    data.sample_photo_crops(2, size=8)
    assert states[0] == random.getstate() and torch.equal(states[1], torch.get_rng_state())
    assert (states[2] == np.random.get_state()[1]).all()


def test_crops_of_held_out_photos_and_of_any_size():
    for split in ("train", "test", "all"):
        assert data.sample_photo_crops(3, size=8, split=split).shape == (3, 3, 8, 8)
    assert data.sample_photo_crops(2, size=700).shape == (2, 3, 700, 700)  # larger than any photo


def test_crops_are_mirrored_about_half_the_time(monkeypatch):
    from colorlib.data import crops

    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (256, 1))).convert("RGB")
    fake = [data.PhotoFile("ramp", Path("ramp.png"))]
    monkeypatch.setattr(data.PhotoFile, "image", lambda self: ramp)
    monkeypatch.setattr(crops, "photos", lambda split: fake)
    rising = data.sample_photo_crops(200, size=4)[:, 0, 0].diff().mean(dim=1) > 0
    assert 70 < rising.sum() < 130


def put(folder, *files):
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), "red").save(path, format="PNG")


def test_folder(tmp_path, caplog):
    put(
        tmp_path,
        "b.JPG",
        "a.png",
        "sub/c.webp",
        "sub/.hidden/d.png",
        ".e.png",
        "._a.png",
        "Z.tiff",
        "é.jpeg",
    )
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "phone.HEIC").write_bytes(b"x")
    photos = data.list_images(tmp_path)
    assert [photo.name for photo in photos] == ["Z.tiff", "a.png", "b.JPG", "sub/c.webp", "é.jpeg"]
    assert [photo.name for photo in data.list_images(str(tmp_path), recursive=False)] == [
        "Z.tiff",
        "a.png",
        "b.JPG",
        "é.jpeg",
    ]
    assert photos[3].image().size == (3, 2) and photos[3].rgb(4).shape == (1, 3, 4, 4)
    assert "1 HEIC or camera raw" in caplog.text and "phone.HEIC" in caplog.text


def test_folder_opens_nothing_and_names_what_cannot_be_read(tmp_path):
    put(tmp_path, "good.png")
    (tmp_path / "bad.png").write_bytes(b"text")
    bad, good = data.list_images(tmp_path)
    assert good.image().size == (3, 2)
    with pytest.raises(ImageError, match=r"bad\.png is not an image"):
        bad.rgb()


def test_folder_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no file ending in \.jpg, \.jpeg, \.png"):
        data.list_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="was not found"):
        data.list_images(tmp_path / "nowhere")
    put(tmp_path, "a.png")
    with pytest.raises(NotADirectoryError, match=r"a\.png is a file"):
        data.list_images(tmp_path / "a.png")


def test_a_folder_inside_a_hidden_one_is_read(tmp_path):
    put(tmp_path, ".cache/photos/a.png")
    assert len(data.list_images(tmp_path / ".cache" / "photos")) == 1


@given(names, ratios, st.integers(0, 99))
def test_split_is_a_partition(items, shares, seed):
    parts = data.hash_split(items, shares, seed)
    assert len(parts) == len(shares)
    assert sorted(name for part in parts for name in part) == sorted(items)
    assert all(
        part == [name for name in items if name in set(part)] for part in parts
    )  # in the order given


@given(names, names, ratios, st.randoms(use_true_random=False))
def test_split_moves_nothing(items, others, shares, rng):
    """Adding names, removing names and another order leave every name in its part."""
    together = list(dict.fromkeys(items + others))
    rng.shuffle(together)
    for few, many in zip(
        data.hash_split(items, shares), data.hash_split(together, shares), strict=True
    ):
        assert set(few) == set(many) & set(items)


def test_split_ratios():
    sizes = [len(part) for part in data.hash_split(20_000)]
    assert sizes == pytest.approx([16_000, 2_000, 2_000], abs=4 * (20_000 * 0.1 * 0.9) ** 0.5)
    first, second = (set(data.hash_split(5_000, seed=seed)[1]) for seed in (0, 1))
    assert len(first & second) == pytest.approx(
        50, abs=30
    )  # seeds are independent: a tenth of a tenth


def test_split_stays_the_same_for_ever():
    assert data.hash_split(["lawn.png", "ball.png", "flag.png", "hill.png"], (0.5, 0.5)) == (
        ["lawn.png", "hill.png"],
        ["ball.png", "flag.png"],
    )


def test_split_of_numbers_names_and_accents():
    assert [list(map(str, part)) for part in data.hash_split(50)] == list(
        data.hash_split(list(map(str, range(50))))
    )
    accents = [f"Zoë en été {number}.jpg" for number in range(40)]
    composed, decomposed = (
        data.hash_split([unicodedata.normalize(form, name) for name in accents], (0.5, 0.5))
        for form in ("NFC", "NFD")
    )
    assert list(map(len, composed)) == list(map(len, decomposed))
    assert [unicodedata.normalize("NFC", name) for name in decomposed[0]] == composed[0]
    assert sum(map(len, data.hash_split(["\udce9.jpg"]))) == 1  # a name that is not UTF-8
    assert data.hash_split(0) == data.hash_split([]) == ([], [], [])


@pytest.mark.parametrize("bad", [(), (0.5, 0.4), (1.2, -0.2), (80, 10, 10)])
def test_split_wrong_ratios(bad):
    with pytest.raises(ValueError, match="sum 1"):
        data.hash_split(10, bad)


def test_split_negative():
    with pytest.raises(ValueError, match="0 or more"):
        data.hash_split(-1)


def test_scenes_is_the_other_modules():
    scenes = pytest.importorskip("colorlib.scenes")
    assert data.draw_scenes is scenes.scenes


def test_no_other_names():
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = data.nothing_here
