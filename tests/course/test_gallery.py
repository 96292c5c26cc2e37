"""The gallery: every photo, the worst first, numbers that can be measured again, pictures that are there."""

import re

import pytest
from PIL import Image

from colorlib import data, pretrained
from colorlib.color import rgb_to_lab
from colorlib.evaluation.collection import default_metrics, score_batch
from colorlib.evaluation.evaluate import ResizedModel, colorize_batch
from course.tool import gallery

PHOTOS = data.sample_photos("test")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return gallery.write(tmp_path_factory.mktemp("build") / "gallery", PHOTOS)


def test_every_picture_is_there_has_words_of_its_own_and_is_small(page):
    images = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", page.read_text("utf-8"))
    assert len(images) == len({alt for alt, _ in images}) == 2 * len(PHOTOS)
    for alt, name in images:
        assert len(alt) > 40
        with Image.open(page.parent / name) as picture:
            assert picture.format == "JPEG" and picture.width > 2 * picture.height
        assert (page.parent / name).stat().st_size < 120_000
    assert {path.name for path in page.parent.iterdir()} == {name for _, name in images} | {
        "gallery.md"
    }


def test_numbers_are_those_of_the_models_and_every_model_is_there(page):
    text, photo = page.read_text("utf-8"), PHOTOS[0]
    section = text.partition(f"## {photo.title}\n")[2].partition("\n## ")[0]
    rows = {
        cells[1].strip(): cells[2:-1]
        for line in section.splitlines()
        if (cells := line.split("|"))[1:]
    }
    assert {*pretrained.NAMES, "gray"} <= set(rows)
    rgb = photo.rgb(gallery.SIZE)
    for name, net in (("gray", None), ("landscape", ResizedModel(pretrained.load("landscape")))):
        found = score_batch(colorize_batch(net, rgb), rgb)
        assert float(rows[name][0]) == pytest.approx(found["psnr"], abs=0.006)
        assert float(rows[name][1]) == pytest.approx(found["ciede2000"], abs=0.006)


def test_the_worst_comes_first_and_each_number_says_how_it_was_measured(page):
    text = page.read_text("utf-8")
    gains = [
        float(line.split("|")[-2]) for line in text.splitlines() if line.startswith("| general |")
    ]
    assert len(gains) == len(PHOTOS) and gains == sorted(gains)
    assert default_metrics()["psnr"].protocol in text and "not a restoration" in text
    assert all(photo.credit in text and photo.licence in text for photo in PHOTOS)


def test_saturation_moves_chroma_and_leaves_lightness():
    rgb = 0.4 + 0.2 * data.sample_photo_crops(2, 16)
    half = gallery.saturated(rgb, 0.5)
    before, after = rgb_to_lab(rgb), rgb_to_lab(half)
    assert (after[:, :1] - before[:, :1]).abs().max() < 0.05
    assert (after[:, 1:] - before[:, 1:] / 2).abs().max() < 0.05
