"""Plain JPEGs take a fast way, everything else a careful one; the pixels must not tell which."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from colorlib.data import squares
from colorlib.data.sample_photos import PhotoFile, sample_photos
from colorlib.data.squares import load_square
from colorlib.io.images import ImageError

PICTURE = sample_photos()[0].image().resize((90, 60))


@pytest.fixture
def saved(tmp_path):
    def save(image=PICTURE, name="a.jpg", cut=0, **options):
        path = tmp_path / name
        image.save(path, **options)
        path.write_bytes(path.read_bytes()[: -cut or None])
        return PhotoFile(name, path)

    return save


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def profile():
    data = io.BytesIO()
    data.write(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return data.getvalue()


@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0, "exif": Image.Exif()}]
)
def test_both_ways_give_one_picture(saved, monkeypatch, fit, mode, options):
    photo = saved(PICTURE.convert(mode), quality=90, **options)
    assert squares._plain_jpeg(photo) is not None
    fast = load_square(photo, 24, fit)
    monkeypatch.setattr(squares, "_plain_jpeg", lambda photo: None)
    assert np.abs(fast.astype(int) - load_square(photo, 24, fit)).max() <= 2


def test_what_is_not_plain_takes_the_careful_way(saved, tmp_path):
    careful = [
        saved(name="turned.jpg", exif=turned()),
        saved(name="profile.jpg", icc_profile=profile()),
        saved(PICTURE.convert("CMYK"), "inks.jpg"),
        saved(name="cut.jpg", cut=40),
        saved(name="other.png"),
        PhotoFile("none", tmp_path / "none.jpg"),
    ]
    assert [squares._plain_jpeg(photo) for photo in careful] == [None] * 6
    assert load_square(careful[0], 30, "stretch").shape == (30, 30, 3)


def test_a_photo_that_is_cut_off_is_refused_not_filled_with_gray(saved):
    with pytest.raises(ImageError, match="cut off or damaged"):
        load_square(saved(cut=300), 24)


def test_a_huge_photo_is_refused(saved, monkeypatch):
    monkeypatch.setattr(squares, "MAX_PIXELS", 100)
    assert squares._plain_jpeg(saved()) is None


def test_a_photo_of_the_right_size_keeps_its_pixels(saved):
    photo = saved(PICTURE.crop((0, 0, 32, 32)), "a.png")
    assert np.array_equal(load_square(photo, 32), np.asarray(PICTURE.crop((0, 0, 32, 32))))
    assert torch.from_numpy(load_square(photo, 16)).dtype == torch.uint8
