"""The gallery: every photo, the lowest gain first, with scores that can be measured again."""

import re

import numpy as np
import pytest
from PIL import Image

from colorlib import data, pretrained
from colorlib.color import rgb_to_lab
from colorlib.evaluation.collection import default_metrics, score_batch
from colorlib.evaluation.evaluate import ResizedModel, colorize_batch
from colorlib.io.images import tensor_to_image
from colorlib.metrics import gray_baseline
from course.tool import gallery

PHOTOS = data.sample_photos("test")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return gallery.write(tmp_path_factory.mktemp("build") / "gallery", PHOTOS)


def test_gallery_images_exist_are_large_and_have_alt_texts(page):
    images = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", page.read_text("utf-8"))
    shown = ["gray", *pretrained.NAMES, "truth", "saturation"]
    expected = {f"{photo.name}-{name}.jpg" for photo in PHOTOS for name in shown}
    assert {name for _, name in images} == expected and len(images) == len(expected)
    assert len({alt for alt, _ in images}) == len(images)
    for alt, name in images:
        assert len(alt) > 30
        with Image.open(page.parent / name) as picture:
            assert picture.format == "JPEG" and picture.width > 400
        assert (page.parent / name).stat().st_size < 120_000
    assert {path.name for path in page.parent.iterdir()} == expected | {"gallery.md"}


def test_gallery_shows_whole_photos_in_the_colours_of_the_colorizer(page):
    photo = PHOTOS[0]
    gray = tensor_to_image(gray_baseline(photo.rgb()))
    expected = {"gray": gray, "plain": pretrained.load("plain")(gray), "truth": photo.image()}
    for name, image in expected.items():
        with Image.open(page.parent / f"{photo.name}-{name}.jpg") as picture:
            assert picture.size == photo.image().size
            difference = np.asarray(picture, float) - np.asarray(image.convert("RGB"), float)
        assert np.abs(difference).mean() < 4, name  # of 255: what JPEG loses


def test_gallery_folds_each_table(page):
    parts = page.read_text("utf-8").split("<details>")[1:]
    assert len(parts) == len(PHOTOS)
    assert all("| plain |" in part.partition("</details>")[0] for part in parts)


def test_gallery_scores_are_those_of_all_models(page):
    text, photo = page.read_text("utf-8"), PHOTOS[0]
    section = text.partition(f"## {photo.title}\n")[2].partition("\n## ")[0]
    lines = [line.split(" | ") for line in section.splitlines() if line.startswith("| ")]
    rows = {cells[0].strip("| "): cells[1:] for cells in lines}
    assert {*pretrained.NAMES, "gray"} <= set(rows)
    rgb = photo.rgb(gallery.SIZE)
    for name, net in (("gray", None), ("plain", ResizedModel(pretrained.load("plain")))):
        scores = score_batch(colorize_batch(net, rgb), rgb)
        assert float(rows[name][0]) == pytest.approx(scores["psnr"], abs=0.006)
        assert float(rows[name][1]) == pytest.approx(scores["ciede2000"], abs=0.006)


def test_gallery_rows_are_sorted_by_gain_with_protocol(page):
    text = page.read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| plain |")]
    gains = [float(row.split("|")[-2]) for row in rows]
    assert len(gains) == len(PHOTOS) and gains == sorted(gains)
    assert default_metrics()["psnr"].protocol in text and "not a restoration" in text
    assert all(photo.credit in text and photo.licence in text for photo in PHOTOS)


def test_saturate_scales_chroma_and_keeps_lightness():
    rgb = 0.4 + 0.2 * data.sample_photo_crops(2, 16)
    before, after = rgb_to_lab(rgb), rgb_to_lab(gallery.saturate(rgb, 0.5))
    assert (after[:, :1] - before[:, :1]).abs().max() < 0.05
    assert (after[:, 1:] - before[:, 1:] / 2).abs().max() < 0.05
