"""Between pictures and tensors, and back to a file."""

import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin

from colorlib.io.images import ImageError, image_to_tensor, load_image, save_image, tensor_to_image

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))


def noise(h, w, seed=0):
    return torch.randint(
        0, 256, (1, 3, h, w), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed)
    )


@given(sizes)
@settings(deadline=None)
def test_tensor_round_trip_is_exact(shape):
    pixels = noise(*shape)
    rgb = image_to_tensor(tensor_to_image(pixels))
    assert rgb.dtype == torch.float32 and rgb.is_contiguous() and rgb.shape == pixels.shape
    assert torch.equal(rgb, pixels / 255)
    assert (
        tensor_to_image(rgb).tobytes()
        == tensor_to_image(pixels[0]).tobytes()
        == tensor_to_image(rgb.double()).tobytes()
    )


@given(st.integers(0, 255), st.floats(-0.49, 0.49))
@settings(deadline=None)
def test_tensor_to_image_rounds(value, offset):
    rgb = torch.full((3, 1, 1), (value + offset) / 255)
    assert tensor_to_image(rgb).getpixel((0, 0)) == (value,) * 3


def test_tensor_to_image_takes_any_float_and_stride():
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        assert tensor_to_image(torch.ones(3, 2, 2, dtype=dtype)).getpixel((0, 0)) == (255, 255, 255)
    rgb = torch.rand(1, 3, 4, 5, requires_grad=True).to(memory_format=torch.channels_last)
    assert tensor_to_image(rgb).size == (5, 4)


@pytest.mark.parametrize(
    "shape", [(3,), (4, 4), (2, 3, 4, 4), (1, 1, 4, 4), (4, 4, 3), (3, 0, 4), (1, 1, 3, 4, 4)]
)
def test_tensor_to_image_bad_shape_raises(shape):
    with pytest.raises(ValueError, match=r"expected \(1, 3, h, w\)"):
        tensor_to_image(torch.zeros(shape))


@pytest.mark.parametrize("value", [-0.02, 1.02, 255.0, float("nan"), float("inf")])
def test_tensor_to_image_out_of_range_raises(value):
    rgb = torch.zeros(1, 3, 4, 4)
    rgb[0, 1, 2, 3] = value
    with pytest.raises(ValueError, match="expected 0 to 1"):
        tensor_to_image(rgb)


def test_tensor_to_image_clips_small_excess():
    assert tensor_to_image(torch.tensor([-0.009, 1.009, 0.5])[:, None, None]).getpixel((0, 0)) == (
        0,
        255,
        128,
    )


@pytest.mark.parametrize(
    "wrong", [torch.zeros(1, 3, 4, 4, dtype=torch.int64), np.zeros((1, 3, 4, 4)), None]
)
def test_tensor_to_image_bad_type_raises(wrong):
    with pytest.raises(TypeError, match="expected"):
        tensor_to_image(wrong)


@pytest.mark.parametrize("size", [(120, 40), (40, 90), (42, 42), (3, 1)])
def test_image_to_tensor_size_crops_the_center(size):
    """The thirds of the picture are red, lime and blue."""
    thirds = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    rgb = image_to_tensor(Image.fromarray(thirds).resize(size, Image.Resampling.NEAREST), size=9)
    assert rgb.shape == (1, 3, 9, 9)
    assert rgb[0, 1, 4, 4] > 0.95
    assert (rgb[0, 0, 4, 0] > 0.9) == (size[0] <= size[1])


def test_image_to_tensor_size_averages():
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    rgb = image_to_tensor(Image.fromarray(stripes), size=32)
    assert (rgb - 0.5).abs().max() < 0.02


def test_image_to_tensor_same_size_is_exact():
    assert torch.equal(
        image_to_tensor(tensor_to_image(noise(16, 16)), size=16), noise(16, 16) / 255
    )


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".webp"])
def test_save_png_and_webp_are_lossless(tmp_path, suffix):
    rgb = noise(20, 30) / 255
    path = save_image(rgb, tmp_path / f"a{suffix}")
    assert torch.equal(image_to_tensor(path), rgb)


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".JPG"])
def test_save_jpeg_keeps_full_resolution_color(tmp_path, suffix):
    """Red next to lime, pixel by pixel: 4:2:0 would mix them."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, ::2, 0] = pixels[:, 1::2, 1] = 200
    path = save_image(Image.fromarray(pixels), str(tmp_path / f"a{suffix}"))
    with Image.open(path) as image:
        assert JpegImagePlugin.get_sampling(image) == 0
    assert np.abs(np.asarray(load_image(path)).astype(int) - pixels).mean() < 6


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_save_any_mode(tmp_path, mode):
    assert load_image(save_image(Image.new(mode, (4, 3)), tmp_path / "a.jpg")).size == (4, 3)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_save_keeps_alpha_and_colors_under_it(tmp_path, suffix):
    rgba = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(8, 8, 4)[::-1].copy())
    rgba.putpixel((3, 3), (90, 20, 10, 0))
    path = save_image(rgba, tmp_path / f"a{suffix}")
    with Image.open(path) as written:
        assert written.mode == "RGBA" and written.tobytes() == rgba.tobytes()
    with Image.open(
        save_image(rgba.convert("RGB").convert("RGBA"), tmp_path / f"b{suffix}")
    ) as opaque:
        assert opaque.mode == "RGB"


def test_save_alpha_as_jpeg_composites_with_warning(tmp_path, caplog):
    path = save_image(Image.new("RGBA", (8, 8), (255, 0, 0, 0)), tmp_path / "a.jpg")
    assert (
        load_image(path).getpixel((4, 4)) == (255, 255, 255)
        and "composited on white" in caplog.text
    )


def test_save_drops_old_metadata(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.new("RGB", (4, 3))
    image.info.update(exif=exif.tobytes(), icc_profile=b"x" * 200)
    with Image.open(save_image(image, tmp_path / "a.png")) as written:
        assert written.size == (3, 4) and not written.info and not written.getexif()


def test_save_does_not_overwrite_by_default(tmp_path):
    path = save_image(noise(2, 2), tmp_path / "a.png")
    with pytest.raises(FileExistsError, match=r"a\.png exists already.*overwrite=True"):
        save_image(noise(3, 3), path)
    assert load_image(path).size == (2, 2)
    save_image(noise(3, 3), path, overwrite=True)
    assert load_image(path).size == (3, 3) and os.listdir(tmp_path) == ["a.png"]


def test_save_that_fails_keeps_the_old_file(tmp_path, monkeypatch):
    path = save_image(noise(2, 2), tmp_path / "a.png")

    def save(self, file, **options):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", save)
    for name, overwrite in (("a.png", True), ("b.png", False)):
        with pytest.raises(ImageError, match=rf"{name} cannot be written.*the disk is full"):
            save_image(noise(3, 3), tmp_path / name, overwrite=overwrite)
    assert load_image(path).size == (2, 2) and os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("name", ["a.tif", "a", "a.heic", ".png"])
def test_save_unknown_suffix_raises(tmp_path, name):
    with pytest.raises(ImageError, match=r"expected \.png, \.jpg, \.jpeg, \.webp"):
        save_image(noise(2, 2), tmp_path / name)


def test_save_into_missing_folder_raises(tmp_path):
    with pytest.raises(ImageError, match="there is no folder"):
        save_image(noise(2, 2), tmp_path / "new" / "a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ImageError, match=r"folder\.png cannot be written"):
        save_image(noise(2, 2), tmp_path / "folder.png", overwrite=True)
    with pytest.raises(ImageError, match=r"wide\.webp cannot be written"):
        save_image(Image.new("RGB", (17_000, 1)), tmp_path / "wide.webp")
    assert os.listdir(tmp_path) == ["folder.png"]
