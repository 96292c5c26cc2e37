"""Data sets by name, their splits and their fingerprints."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Subset

from colorlib.data import build_image_cache, list_images, sample_photos
from colorlib.data.datasets import TensorImages, draw_subset, fingerprint, load_dataset
from colorlib.data.filters import FilterConfig

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def album(tmp_path):
    """Return a folder of forty different photos, two near-duplicates and a broken file."""
    folder, rng = tmp_path / "album", np.random.default_rng(0)
    folder.mkdir()
    images = [photo.image() for photo in sample_photos("all")]
    for i in range(40):
        whole = images[i % 6]
        x, y = (int(rng.integers(0, side - 150)) for side in whole.size)
        square = whole.crop((x, y, x + 150, y + 150))
        square.save(folder / f"{i:02d}.png")
        if i < 2:
            square.resize((120, 120)).save(folder / f"again-{i}.jpg")
    (folder / "broken.jpg").write_bytes(b"no photo")
    return folder


def test_drawn_photos_are_of_every_class_and_fewer_are_part_of_more():
    names = [f"class{k}/{i:03d}.jpg" for k in range(4) for i in range(400)]  # in order, as a folder
    half, quarter = (draw_subset(names, count, seed=0) for count in (800, 400))
    assert set(quarter.indices) < set(half.indices)
    for count, subset in ((800, half), (400, quarter)):
        counts = [sum(name.startswith(f"class{k}") for name in subset) for k in range(4)]
        assert sum(counts) == count and min(counts) > count / 8
    assert draw_subset(names, 800, seed=1).indices != half.indices


FIRST_ONES = re.compile(
    r"range\(min\(|\b(photos|images|listed|paths|indices|files|validation|train|test)\[ ?: ?\w"
)


def test_no_code_takes_the_first_photos_of_a_list():
    paths = [*ROOT.glob("colorlib/**/*.py"), *ROOT.glob("benchmarks/*.py")]
    code = {path.name: path.read_text("utf-8") for path in paths}
    for path in ROOT.glob("solutions/*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        code[path.name] = "\n".join(sources)
    found = [(name, FIRST_ONES.findall(text)) for name, text in code.items()]
    assert len(found) > 100 and [one for one in found if one[1]] == []


def same(one, two):
    return torch.equal(one.__getitems__(range(len(one))), two.__getitems__(range(len(two))))


@pytest.mark.parametrize("name", ["photos", "scenes"])
def test_sample_data_depends_on_the_seed(name):
    first, again, other = (load_dataset(name, 32, seed=seed, reduced=True) for seed in (0, 0, 1))
    assert first.counts == {"train": 256, "validation": 32, "test": 32}
    for part in first.counts:
        one, two, three = (getattr(sets, part) for sets in (first, again, other))
        assert same(one, two) and not same(one, three)
        assert one.__getitems__([3, 0]).dtype is torch.uint8 and one.__getitems__([3, 0]).shape == (
            2,
            3,
            32,
            32,
        )
    assert len(load_dataset(name, 32).train) == 2048


def test_scene_splits_share_no_image():
    sets = load_dataset("scenes", 32, reduced=True)
    rows = torch.cat(
        [part.__getitems__(range(len(part))) for part in (sets.train, sets.validation, sets.test)]
    )
    assert len(torch.unique(rows.flatten(1), dim=0)) == len(rows) == 320


def test_folder_split_keeps_near_duplicates_together(cache, album):
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


def test_filters_remove_photos(cache, album):
    for i in range(3):
        Image.new("RGB", (90, 90), (60 * i, 60 * i, 60 * i)).save(album / f"gray{i}.png")
    sets = load_dataset(album, 32, filters=FilterConfig(), split_ratios=(0.6, 0.2, 0.2))
    kept = {*sets.train.dataset.names}
    assert not kept & {"gray0.png", "gray1.png", "gray2.png", "broken.jpg"} and len(kept) > 20
    assert f"{46 - len(kept)} left out by filters" in sets.description


def test_empty_split_is_refused(cache, tmp_path):
    Image.effect_noise((40, 40), 50).save(tmp_path / "one.png")
    with pytest.raises(ValueError, match="expected some in each split; add photos"):
        load_dataset(tmp_path, 32)


def test_subset_reads_a_batch_from_its_data_set():
    images = TensorImages(torch.arange(5 * 3, dtype=torch.uint8).view(5, 3, 1, 1))
    subset = Subset(images, [4, 1])
    batch = subset.__getitems__(torch.tensor([1, 0]))
    assert len(subset) == 2 and torch.equal(batch, images.rgb[[1, 4]])
    assert torch.equal(subset[0], images[4])


@pytest.mark.parametrize("kind", ["tensor", "subset", "cache"])
def test_fingerprint_depends_on_content_and_order(kind, album, tmp_path):
    def fingerprint_of(order):
        if kind == "cache":
            photos = list_images(album)
            return fingerprint(build_image_cache([photos[i] for i in order], 8, tmp_path / "c"))
        rgb = torch.arange(40.0).view(40, 1, 1, 1).expand(40, 3, 2, 2)
        if kind == "subset":
            return fingerprint(Subset(TensorImages(rgb), order))
        return fingerprint(TensorImages(rgb[list(order)]))

    first = fingerprint_of(range(3, 23))
    assert fingerprint_of(range(3, 23)) == first and len(first) == 16
    others = [range(3, 22), range(2, 22), range(22, 2, -1)]
    assert first not in map(fingerprint_of, others)
