"""Splits by name, and near-duplicates that a split keeps together."""

import io
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from colorlib import data
from colorlib.data import PhotoFile, hash_split
from colorlib.data.duplicates import (
    MAX_HAMMING,
    dhash,
    duplicate_groups,
    grouped_split,
    thumbnail_descriptor,
)
from colorlib.data.image_cache import build_image_cache
from colorlib.io.images import ImageError

NAMES = st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=60)
RATIOS = st.sampled_from(
    [(0.8, 0.1, 0.1), (0.5, 0.5), (1.0,), (0.25, 0.25, 0.25, 0.25), (0.0, 1.0)]
)


@given(NAMES, RATIOS, st.integers(0, 99))
def test_hash_split_is_a_partition_in_order(names, ratios, seed):
    splits = hash_split(names, ratios, seed)
    assert len(splits) == len(ratios)
    assert sorted(name for split in splits for name in split) == sorted(names)
    assert all(split == [name for name in names if name in set(split)] for split in splits)


@given(NAMES, NAMES, RATIOS, st.randoms(use_true_random=False))
def test_hash_split_other_names_move_nothing(names, others, ratios, rng):
    together = list(dict.fromkeys(names + others))
    rng.shuffle(together)
    pairs = zip(hash_split(names, ratios), hash_split(together, ratios), strict=True)
    assert all(set(few) == set(many) & set(names) for few, many in pairs)


def test_hash_split_has_its_ratios_and_independent_seeds():
    sizes = [len(split) for split in hash_split(20_000)]
    assert sizes == pytest.approx([16_000, 2_000, 2_000], abs=4 * (20_000 * 0.1 * 0.9) ** 0.5)
    first, second = (set(hash_split(5_000, seed=seed)[1]) for seed in (0, 1))
    assert len(first & second) == pytest.approx(50, abs=30)  # a tenth of a tenth


def test_hash_split_never_changes():
    names = ["lawn.png", "ball.png", "flag.png", "hill.png"]
    assert hash_split(names, (0.5, 0.5)) == (["lawn.png", "hill.png"], ["ball.png", "flag.png"])


def test_hash_split_takes_numbers_accents_and_bad_names():
    numbers, names = hash_split(50), hash_split(list(map(str, range(50))))
    assert [list(map(str, split)) for split in numbers] == list(names)
    accents = [f"Zoë en été {number}.jpg" for number in range(40)]
    composed, decomposed = (
        hash_split([unicodedata.normalize(form, name) for name in accents], (0.5, 0.5))
        for form in ("NFC", "NFD")
    )
    assert list(map(len, composed)) == list(map(len, decomposed))
    assert [unicodedata.normalize("NFC", name) for name in decomposed[0]] == composed[0]
    assert sum(map(len, hash_split(["\udce9.jpg"]))) == 1  # a name that is not UTF-8
    assert hash_split(0) == hash_split([]) == ([], [], [])


@pytest.mark.parametrize(
    ("names", "ratios", "message"),
    [
        (10, (), "sum 1"),
        (10, (0.5, 0.4), "sum 1"),
        (10, (1.2, -0.2), "sum 1"),
        (10, (80, 10, 10), "sum 1"),
        (-1, (0.5, 0.5), "0 or more"),
    ],
)
def test_hash_split_wrong_arguments_are_refused(names, ratios, message):
    with pytest.raises(ValueError, match=message):
        hash_split(names, ratios)


PHOTOS = {photo.name: photo.image() for photo in data.sample_photos("all")}


def jpeg_copy(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


COPIES = {
    "jpeg": lambda image: jpeg_copy(image, 50),
    "small": lambda image: image.resize((image.width // 3, image.height // 3)),
    "large": lambda image: image.resize((image.width * 2, image.height * 2)),
    "bright": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "gray": lambda image: image.convert("L"),
}


@pytest.mark.parametrize("copy", COPIES)
def test_copies_are_near_and_other_photos_are_not(copy):
    hashes = np.array([dhash(image) for image in PHOTOS.values()])
    copied = np.array([dhash(COPIES[copy](image)) for image in PHOTOS.values()])
    distances = (hashes[:, None] != copied[None]).sum(-1)
    assert distances.diagonal().max() <= MAX_HAMMING
    assert (distances + 64 * np.eye(6)).min() > 2 * MAX_HAMMING
    thumbnails = np.array([thumbnail_descriptor(image) for image in PHOTOS.values()])
    copies = np.array([thumbnail_descriptor(COPIES[copy](image)) for image in PHOTOS.values()])
    assert (thumbnails @ copies.T).diagonal().min() > 0.97
    assert (thumbnails @ copies.T - np.eye(6)).max() < 0.8
    groups = duplicate_groups(
        np.concatenate([hashes, copied]), np.concatenate([thumbnails, copies])
    )
    assert groups.tolist() == [*range(6), *range(6)]


def test_landscapes_with_one_hash_are_no_duplicates():
    """Bright sky over dark land: the same hash, and another horizon."""
    landscapes = []
    for horizon in (6, 11):
        sky = np.tile(np.linspace(150, 250, 90), (80, 1))
        sky[horizon * 5 :] = np.linspace(10, 60, 90)
        landscapes.append(Image.fromarray(sky.astype(np.uint8)))
    first, second = landscapes
    assert (dhash(first) == dhash(second)).all()
    assert thumbnail_descriptor(first) @ thumbnail_descriptor(second) < 0.9
    photos = [InMemoryPhoto("lawn.png", first), InMemoryPhoto("ball.png", second)]
    train, test = grouped_split(photos, (0.5, 0.5))
    assert len(train) == len(test) == 1  # as their names decide


def test_thumbnail_descriptor_ignores_mean_and_contrast():
    image = PHOTOS["coffee"]
    descriptor = thumbnail_descriptor(image)
    assert descriptor.shape == (256,) and descriptor.dtype == np.float32
    assert abs(np.linalg.norm(descriptor) - 1) < 1e-5 and abs(descriptor.sum()) < 1e-4
    assert descriptor @ thumbnail_descriptor(ImageEnhance.Contrast(image).enhance(0.4)) > 0.99
    assert not thumbnail_descriptor(Image.new("RGB", (50, 40), "gray")).any()


def test_dhash_marks_where_brightness_rises():
    image = Image.new("L", (9, 8))
    image.putpixel((4, 2), 200)
    expected = np.zeros((8, 8), bool)
    expected[2, 3] = True  # brighter from column 3 to 4, and darker after
    assert (dhash(image).reshape(8, 8) == expected).all()


def test_duplicate_groups_link_through_others():
    chain = np.zeros((4, 64), bool)
    chain[1, :6] = True
    chain[2, :12] = True
    chain[3, :19] = True
    same = np.ones((4, 1), np.float32)
    assert duplicate_groups(chain, same).tolist() == [0, 0, 0, 3]
    assert duplicate_groups(chain, same, max_distance=5).tolist() == [0, 1, 2, 3]
    assert duplicate_groups(chain, same, max_distance=7).tolist() == [0, 0, 0, 0]
    assert duplicate_groups(chain[::-1], same).tolist() == [0, 1, 1, 1]
    assert duplicate_groups(chain, np.array([[1], [-1], [1], [1]])).tolist() == [0, 1, 2, 3]
    assert duplicate_groups(chain[:0], same[:0]).shape == (0,)


def test_duplicate_groups_find_all_among_many():
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


def test_grouped_split_never_divides_a_group(album, tmp_path):
    cached = build_image_cache(album, 64, tmp_path / "out")
    for images, seeds in ((album, range(1)), (cached, range(6))):
        for seed in seeds:
            splits = grouped_split(images, (0.5, 0.5), seed)
            assert sorted(splits[0] + splits[1]) == list(range(30))
            groups = [{album[i].name[2:] for i in split} for split in splits]
            assert not groups[0] & groups[1]
            expected = hash_split([f"0-{name}.jpg" for name in PHOTOS], (0.5, 0.5), seed)
            assert groups[0] == {name[2:] for name in expected[0]}
    assert grouped_split(cached, (0.5, 0.5), seed=0) != grouped_split(cached, (0.5, 0.5), seed=1)


class InMemoryPhoto(PhotoFile):
    def __init__(self, name, image):
        super().__init__(name, Path(name))
        object.__setattr__(self, "_image", image)

    def image(self):
        return self._image


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(0, 5))
def test_grouped_split_is_a_partition_of_groups(kinds, seed):
    noises = [
        Image.fromarray(np.random.default_rng(kind).integers(0, 256, (8, 9), np.uint8))
        for kind in range(10)
    ]
    photos = [InMemoryPhoto(f"{i}.png", noises[kind]) for i, kind in enumerate(kinds)]
    splits = grouped_split(photos, (0.4, 0.3, 0.3), seed)
    assert sorted(i for split in splits for i in split) == list(range(len(kinds)))
    assert all(split == sorted(split) for split in splits)
    kinds_of_splits = [{kinds[i] for i in split} for split in splits]
    assert sum(map(len, kinds_of_splits)) == len(set(kinds))


def test_grouped_split_wrong_arguments_are_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"text")
    with pytest.raises(ImageError, match=r"a\.png is not an image"):
        grouped_split(data.list_images(tmp_path))
    with pytest.raises(ValueError, match="sum 1"):
        grouped_split(data.sample_photos(), (0.5, 0.1))
