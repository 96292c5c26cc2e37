"""Data sets by name: three parts that share nothing, for embedded, drawn and own photos."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Subset

from colorlib.data import sample_photos
from colorlib.data.datasets import TensorImages, load_dataset
from colorlib.data.filters import FilterConfig


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def album(tmp_path):
    """Forty different photos, two of them twice, and a file that is none."""
    folder, dice = tmp_path / "album", np.random.default_rng(0)
    folder.mkdir()
    pictures = [photo.image() for photo in sample_photos("all")]
    for i in range(40):
        whole = pictures[i % 6]
        x, y = (int(dice.integers(0, side - 150)) for side in whole.size)
        square = whole.crop((x, y, x + 150, y + 150))
        square.save(folder / f"{i:02d}.png")
        if i < 2:
            square.resize((120, 120)).save(folder / f"again-{i}.jpg")
    (folder / "broken.jpg").write_bytes(b"no photo")
    return folder


def same(one, two):
    return torch.equal(one.__getitems__(range(len(one))), two.__getitems__(range(len(two))))


@pytest.mark.parametrize("name", ["photos", "scenes"])
def test_embedded_sets_are_functions_of_their_seed(name):
    first, again, other = (load_dataset(name, 32, seed=seed, reduced=True) for seed in (0, 0, 1))
    assert first.counts == {"train": 256, "validation": 32, "test": 32}
    for part in first.counts:
        one, two, three = (getattr(sets, part) for sets in (first, again, other))
        assert same(one, two) and not same(one, three)
        assert one.__getitems__([3, 0]).dtype is torch.uint8 and one.__getitems__([3, 0]).shape == (2, 3, 32, 32)
    assert len(load_dataset(name, 32).train) == 2048


def test_parts_of_scenes_share_no_picture():
    sets = load_dataset("scenes", 32, reduced=True)
    rows = torch.cat(
        [part.__getitems__(range(len(part))) for part in (sets.train, sets.validation, sets.test)]
    )
    assert len(torch.unique(rows.flatten(1), dim=0)) == len(rows) == 320


def test_a_folder_is_divided_and_near_duplicates_stay_together(cache, album):
    sets = load_dataset(album, 32, split_ratios=(0.6, 0.2, 0.2))
    parts = [sets.train, sets.validation, sets.test]
    assert sum(map(len, parts)) == 42 and "42 photos at 32x32 (center_crop)" in sets.description
    names = [{part.dataset.names[i] for i in part.indices} for part in parts]
    assert not names[0] & names[1] and not names[0] & names[2] and not names[1] & names[2]
    for i in range(2):
        assert any({f"{i:02d}.png", f"again-{i}.jpg"} <= part for part in names)
    assert sets.train.__getitems__([1, 0]).shape == (2, 3, 32, 32)
    first = sets.train.dataset.names[sets.train.indices[0]]
    shown = np.array(
        Image.open(album / first).convert("RGB").resize((32, 32), Image.Resampling.BICUBIC)
    )
    difference = sets.train.__getitems__([0])[0] - torch.from_numpy(shown).permute(2, 0, 1).float()
    assert difference.abs().max() <= 3


def test_filters_leave_photos_out(cache, album):
    for i in range(3):
        Image.new("RGB", (90, 90), (60 * i, 60 * i, 60 * i)).save(album / f"gray{i}.png")
    sets = load_dataset(album, 32, filters=FilterConfig(), split_ratios=(0.6, 0.2, 0.2))
    kept = {*sets.train.dataset.names}
    assert not kept & {"gray0.png", "gray1.png", "gray2.png", "broken.jpg"} and len(kept) > 20
    assert f"{46 - len(kept)} left out by filters" in sets.description


def test_a_part_without_pictures_is_said(cache, tmp_path):
    Image.effect_noise((40, 40), 50).save(tmp_path / "one.png")
    with pytest.raises(ValueError, match="expected some in each part; add photos"):
        load_dataset(tmp_path, 32)


def test_a_part_counts_in_its_own_indices():
    whole = TensorImages(torch.arange(5 * 3, dtype=torch.uint8).view(5, 3, 1, 1))
    part = Subset(whole, np.array([4, 1]))
    assert len(part) == 2 and torch.equal(part.__getitems__(torch.tensor([1, 0])), whole.__getitems__([1, 4]))
