"""The filters of photos, and the report of rejected photos."""

import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from colorlib import data
from colorlib.color import lab_to_rgb
from colorlib.data.filters import FilterConfig, filter_photos, measure_photo, write_rejection_report
from colorlib.io.images import tensor_to_image

PHOTOS = data.sample_photos("all")


def noise(size=128):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8))


def kind(image):
    return (FilterConfig().rejection_reason(image) or "passes").partition(":")[0]


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_photos_pass_and_spoilt_copies_do_not(photo):
    image = photo.image()
    assert kind(image) == "passes"
    gray = image.convert("L")
    assert kind(gray) == kind(gray.convert("RGB")) == "grayscale"
    assert (
        kind(ImageOps.colorize(gray, "#20150a", "#f5e6c8")) == "grayscale"
    )  # sepia: chroma, but one hue
    assert kind(ImageEnhance.Color(image).enhance(0.15)) in {"too faint", "grayscale"}
    assert kind(ImageEnhance.Color(image).enhance(6)) == "too vibrant"


def test_jpeg_of_a_gray_photo_is_gray(tmp_path):
    PHOTOS[0].image().convert("L").convert("RGB").save(tmp_path / "a.jpg", quality=60)
    with Image.open(tmp_path / "a.jpg") as image:
        assert kind(image) == "grayscale"


def test_faint_vibrant_and_detailed_photos_are_rejected():
    half = ImageEnhance.Color(PHOTOS[0].image()).enhance(0.2)
    assert kind(half) == "too faint" and 5 < measure_photo(half)["colorfulness"] < 15
    poster = Image.new("RGB", (64, 64), (0, 0, 255))
    poster.paste((255, 0, 0), (0, 0, 32, 64))
    assert kind(poster) == "too vibrant"
    carpet = Image.blend(PHOTOS[0].image().resize((128, 128)), noise(), 0.6)
    assert kind(carpet) == "too detailed"
    assert kind(ImageEnhance.Contrast(carpet).enhance(0.3)) != "too detailed"


def test_measure_photo_has_known_values():
    """Two colours and a ramp of L have measures that can be computed by hand."""
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 128).astype(np.uint8), (128, 1)))
    assert measure_photo(ramp)["detail"] == pytest.approx(100 / 127, rel=0.02)
    assert measure_photo(ramp)["spread"] < 0.05 and measure_photo(ramp)["colorfulness"] < 0.01
    red_and_gray = Image.new("RGB", (64, 64), (119, 119, 119))
    red_and_gray.paste((200, 80, 80), (0, 0, 64, 32))
    assert measure_photo(red_and_gray)["spread"] < 0.8  # one line through gray is one hue
    ab = torch.tensor([[20.0, 10.0], [-20.0, 10.0], [20.0, -10.0], [-20.0, -10.0]])
    lab = torch.cat([torch.full((4, 1), 50.0), ab], dim=1).T.reshape(1, 3, 2, 2)
    quarters = tensor_to_image(lab_to_rgb(lab.repeat_interleave(64, 2).repeat_interleave(64, 3)))
    assert measure_photo(quarters)["spread"] == pytest.approx(10, abs=0.3)  # b's; a's is 20
    tall = PHOTOS[1].image().resize((100, 300))
    assert measure_photo(tall)["colorfulness"] == pytest.approx(
        measure_photo(PHOTOS[1].image())["colorfulness"], rel=0.03
    )


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"min_colorfulness": 1000}, r"too faint: colourfulness 7\d < 1000"),
        ({"max_colorfulness": 1}, r"too vibrant: colourfulness 7\d > 1"),
        ({"max_detail": 0.5}, r"too detailed: gradient of L \S+ > 0\.5"),
        ({"min_hue_spread": 99}, r"grayscale: one hue only, spread \S+ < 99"),
    ],
)
def test_filter_config_limits_are_used(limit, reason):
    assert re.fullmatch(reason, FilterConfig(**limit).rejection_reason(PHOTOS[0].image()))


@pytest.fixture
def rejected(tmp_path):
    PHOTOS[0].image().convert("L").save(tmp_path / "<b>gray & old.png")
    PHOTOS[0].image().save(tmp_path / "fine.png")
    (tmp_path / "text.png").write_bytes(b"text")
    photos = [*data.list_images(tmp_path), data.PhotoFile("gone.jpg", tmp_path / "gone.jpg")]
    accepted, rejected = filter_photos(photos)
    assert [photo.name for photo in accepted] == ["fine.png"]
    return rejected


def test_filter_photos_returns_a_reason_for_each(rejected):
    reasons = {photo.name: reason for photo, reason in rejected}
    assert list(reasons) == ["<b>gray & old.png", "text.png", "gone.jpg"]
    assert reasons["<b>gray & old.png"].startswith("grayscale: one hue only")
    assert reasons["text.png"].startswith("unreadable: ") and "not an image" in reasons["text.png"]
    assert reasons["gone.jpg"].startswith("unreadable: ")


def test_report_shows_photos_and_reasons(rejected, tmp_path):
    page = write_rejection_report(rejected, tmp_path / "report.html").read_text("utf-8")
    assert "<p>unreadable: 2; grayscale: 1.</p>" in page
    assert page.count("<figure>") == 3 and page.count("cannot be read.") == 2
    (alt,) = re.findall(r'<img [^>]*alt="([^"]*)"', page)
    assert alt == "Thumbnail of &lt;b&gt;gray &amp; old.png" and "<b>gray" not in page
    thumbnail = base64.b64decode(re.search(r"base64,([^\"]+)", page)[1])
    assert max(Image.open(io.BytesIO(thumbnail)).size) == 160
    assert 'lang="en"' in page and page.count("<h1>") == 1
    assert not re.search(r"(src|href)=\"(?!data:)", page)


def test_report_replaces_a_file_and_uses_alt_texts(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    page = write_rejection_report([], path).read_text("utf-8")
    assert "<p>No photo was rejected.</p>" in page
    page = write_rejection_report([(PHOTOS[4], "too faint")], path).read_text("utf-8")
    assert PHOTOS[4].alt in page and "<p>too faint: 1.</p>" in page


@pytest.mark.parametrize("num_workers", [1, 4])
def test_filters_run_in_parallel_with_a_bar_and_keep_the_order(num_workers, tmp_path, capsys):
    for i in range(12):
        Image.new("RGB", (20, 20), (9 * i, 9 * i, 9 * i)).save(tmp_path / f"{i:02d}.png")
    (tmp_path / "05.png").write_bytes(b"damaged")
    photos = [*data.sample_photos("train"), *data.list_images(tmp_path)]
    accepted, rejected = filter_photos(photos, num_workers=num_workers)
    assert accepted == photos[: len(accepted)] and len(accepted) == 4
    assert [photo for photo, _ in rejected] == photos[4:]
    assert rejected[5][1].startswith("unreadable: ")
    assert "Filtering: 100%" in capsys.readouterr().err
