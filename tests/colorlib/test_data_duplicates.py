"""Near-duplicates are found, different photos are not, and no group is ever divided."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from colorlib import data
from colorlib.data import PhotoFile, duplicates
from colorlib.data.duplicates import dhash, duplicate_groups, grouped_split, thumbnail_descriptor
from colorlib.data.image_cache import build_image_cache
from colorlib.io.images import ImageError

PHOTOS = {photo.name: photo.image() for photo in data.sample_photos("all")}


def encoded(image, quality):
    image.save(file := io.BytesIO(), "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


COPIES = {
    "jpeg": lambda image: encoded(image, 50),
    "small": lambda image: image.resize((image.width // 3, image.height // 3)),
    "large": lambda image: image.resize((image.width * 2, image.height * 2)),
    "bright": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "gray": lambda image: image.convert("L"),
}


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_near_and_others_are_not(copy):
    hashes = np.array([dhash(image) for image in PHOTOS.values()])
    copied = np.array([dhash(COPIES[copy](image)) for image in PHOTOS.values()])
    distances = (hashes[:, None] != copied[None]).sum(-1)
    assert distances.diagonal().max() <= duplicates.MAX_HAMMING
    assert (distances + 64 * np.eye(6)).min() > 2 * duplicates.MAX_HAMMING
    likeness = np.array([thumbnail_descriptor(image) for image in PHOTOS.values()])
    copies = np.array([thumbnail_descriptor(COPIES[copy](image)) for image in PHOTOS.values()])
    assert (likeness @ copies.T).diagonal().min() > 0.97
    assert (likeness @ copies.T - np.eye(6)).max() < 0.8
    found = duplicate_groups(np.concatenate([hashes, copied]), np.concatenate([likeness, copies]))
    assert found.tolist() == [*range(6), *range(6)]


def test_different_landscapes_of_one_kind_are_apart():
    """Bright sky over dark land: the same hash, and another horizon."""
    kinds = []
    for horizon in (6, 11):
        sky = np.tile(np.linspace(150, 250, 90), (80, 1))
        sky[horizon * 5 :] = np.linspace(10, 60, 90)
        kinds.append(Image.fromarray(sky.astype(np.uint8)))
    assert (dhash(kinds[0]) == dhash(kinds[1])).all() and thumbnail_descriptor(
        kinds[0]
    ) @ thumbnail_descriptor(kinds[1]) < 0.9
    train, test = grouped_split(
        [Drawn("lawn.png", kinds[0]), Drawn("ball.png", kinds[1])], (0.5, 0.5)
    )
    assert len(train) == len(test) == 1  # as their names fall


def test_a_look_has_no_mean_and_no_contrast():
    image = PHOTOS["coffee"]
    seen = thumbnail_descriptor(image)
    assert seen.shape == (256,) and seen.dtype == np.float32
    assert abs(np.linalg.norm(seen) - 1) < 1e-5 and abs(seen.sum()) < 1e-4
    assert seen @ thumbnail_descriptor(ImageEnhance.Contrast(image).enhance(0.4)) > 0.99
    assert not thumbnail_descriptor(Image.new("RGB", (50, 40), "gray")).any()


def test_the_bits_of_a_hash():
    image = Image.new("L", (9, 8))
    image.putpixel((4, 2), 200)
    expected = np.zeros((8, 8), bool)
    expected[2, 3] = True  # brighter from column 3 to 4, and darker after
    assert (dhash(image).reshape(8, 8) == expected).all()


def test_groups_link_through_others_and_respect_the_distance():
    chain = np.zeros((4, 64), bool)
    chain[1, :6] = True
    chain[2, :12] = True
    chain[3, :19] = True
    same = np.ones((4, 1), np.float32)
    assert duplicate_groups(chain, same).tolist() == [0, 0, 0, 3]
    assert duplicate_groups(chain, same, distance=5).tolist() == [0, 1, 2, 3]
    assert duplicate_groups(chain, same, distance=7).tolist() == [0, 0, 0, 0]
    assert duplicate_groups(chain[::-1], same).tolist() == [0, 1, 1, 1]
    assert duplicate_groups(chain, np.array([[1], [-1], [1], [1]])).tolist() == [0, 1, 2, 3]
    assert duplicate_groups(chain[:0], same[:0]).shape == (0,)


def test_many_at_once():
    rng = np.random.default_rng(0)
    many = rng.integers(0, 2, (700, 64)).astype(bool)
    again = many ^ (rng.random(many.shape) < 0.03)
    near = (many != again).sum(1) <= 6
    found = duplicate_groups(np.concatenate([many, again]), np.ones((1400, 1), np.float32))
    assert (found[:700] == np.arange(700)).mean() > 0.99
    assert (found[700:][near] == found[:700][near]).all() and near.sum() > 600


@pytest.fixture
def album(tmp_path):
    for name, image in PHOTOS.items():
        for i, copy in enumerate(COPIES.values()):
            copy(image).convert("RGB").save(tmp_path / f"{i}-{name}.jpg")
    return data.list_images(tmp_path)


def test_split_never_divides_a_group(album, tmp_path):
    ready = build_image_cache(album, 64, tmp_path / "out")
    for pictures in (album, ready):
        for seed in range(6 if pictures is ready else 1):
            parts = grouped_split(pictures, (0.5, 0.5), seed)
            assert sorted(parts[0] + parts[1]) == list(range(30))
            kinds = [{album[i].name[2:] for i in part} for part in parts]
            assert not kinds[0] & kinds[1]
            expected = data.hash_split([f"0-{name}.jpg" for name in PHOTOS], (0.5, 0.5), seed)
            assert kinds[0] == {name[2:] for name in expected[0]}
    assert grouped_split(ready, (0.5, 0.5), seed=0) != grouped_split(ready, (0.5, 0.5), seed=1)


class Drawn(PhotoFile):
    """A photo that is drawn when asked for."""

    def __init__(self, name, image):
        super().__init__(name, Path(name))
        object.__setattr__(self, "_image", image)

    def image(self):
        return self._image


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(0, 5))
def test_split_is_a_partition_whatever_repeats(kinds, seed):
    faces = [
        Image.fromarray(np.random.default_rng(k).integers(0, 256, (8, 9), np.uint8))
        for k in range(10)
    ]
    photos = [Drawn(f"{i}.png", faces[k]) for i, k in enumerate(kinds)]
    parts = grouped_split(photos, (0.4, 0.3, 0.3), seed)
    assert sorted(i for part in parts for i in part) == list(range(len(kinds)))
    assert all(part == sorted(part) for part in parts)
    places = {}
    for number, part in enumerate(parts):
        for i in part:
            assert places.setdefault(kinds[i], number) == number


def test_errors(tmp_path):
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(ImageError, match=r"a\.png is not an image"):
        grouped_split(data.list_images(tmp_path))
    with pytest.raises(ValueError, match="sum 1"):
        grouped_split(data.sample_photos(), (0.5, 0.1))
