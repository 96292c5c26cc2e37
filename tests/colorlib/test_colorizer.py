"""Colorization of one photo: size and lightness are kept, a saved model gives the same result."""

import dataclasses
import json
import logging
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from skimage.color import rgb2lab
from torch import nn

from colorlib.color import LabScaler, rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data import sample_photos
from colorlib.generator import init_weights
from colorlib.io import checkpoint
from colorlib.io.checkpoint import CheckpointError
from colorlib.io.images import ImageError, image_to_tensor, save_image
from colorlib.unet import UNet


class Even(nn.Module):
    """Predicts one colour everywhere, and records its inputs."""

    def __init__(self, a=0.2, b=-0.1):
        super().__init__()
        self.ab, self.seen = nn.Parameter(torch.tensor([a, b])), []

    def forward(self, L):
        self.seen.append(L)
        return self.ab.view(1, 2, 1, 1).expand(len(L), 2, *L.shape[-2:])


@pytest.fixture(scope="module")
def model():
    net = init_weights(UNet(num_downs=4, base_channels=4), "he", seed=1)
    return Colorizer(net, image_size=32)


def lab(image):
    return rgb2lab(np.asarray(image))


def test_result_keeps_lightness_and_takes_ab():
    photo = sample_photos("test")[0].image()
    result = Colorizer(Even(), LabScaler(100), image_size=64)(photo)
    assert result.size == photo.size
    # Elsewhere sRGB does not have this colour.
    inside = np.abs(lab(result)[..., 1:] - [20, -10]).max(axis=2) < 3
    assert inside.mean() > 0.7
    difference = np.abs(lab(result)[..., 0] - lab(photo)[..., 0])
    assert np.percentile(difference, 99) < 0.5


def test_png_lightness_differs_by_rounding_only(model, tmp_path):
    for photo in sample_photos("all"):
        model(photo.path).save(tmp_path / "out.png")
        difference = np.abs(
            lab(Image.open(tmp_path / "out.png"))[..., 0] - lab(photo.image())[..., 0]
        )
        assert np.percentile(difference, 99) < 0.5
        chroma = np.hypot(*np.moveaxis(lab(Image.open(tmp_path / "out.png"))[..., 1:], -1, 0))
        assert chroma.mean() > 1  # not gray


@pytest.mark.parametrize("coarse", [1, 16])
def test_lightness_is_kept_with_vivid_colors(coarse):
    """Vivid random output, by pixel and in blotches: most of it is outside sRGB."""

    class Vivid(Even):
        def forward(self, L):
            h, w = L.shape[-2:]
            noise = torch.rand(
                1, 2, h // coarse, w // coarse, generator=torch.Generator().manual_seed(0)
            )
            return F.interpolate(noise * 2 - 1, (h, w), mode="bilinear")

    for photo in sample_photos("test"):
        result = Colorizer(Vivid(), image_size=256)(photo.path)
        assert np.percentile(np.abs(lab(result)[..., 0] - lab(photo.image())[..., 0]), 99) < 0.5


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 500), (500, 1), (33, 47), (3000, 200), (5, 3), (31, 200), (257, 255)]
)
def test_any_size(model, size):
    result = model(Image.linear_gradient("L").resize(size))
    assert result.size == size and result.mode == "RGB"


def test_enlarged_photo_gets_same_colors(model):
    """Mean a and b agree within 0.5 Lab units, where two colours cannot be told apart."""
    for photo in sample_photos("test"):
        large = photo.image()
        small = large.resize((large.width // 2, large.height // 2), Image.Resampling.LANCZOS)
        large = small.resize((2 * small.width, 2 * small.height), Image.Resampling.LANCZOS)
        means = [lab(model(image))[..., 1:].mean(axis=(0, 1)) for image in (small, large)]
        assert np.abs(means[0] - means[1]).max() < 0.5


def test_small_photo_gets_mean_of_prediction(model):
    """Fine stripes of opposite colours are averaged, not picked at random."""

    class Stripes(Even):
        def forward(self, L):
            ab = super().forward(L).clone()
            ab[..., ::2] *= -1
            return ab

    chroma = lab(Colorizer(Stripes(0.4, 0.4), image_size=64)(Image.new("RGB", (9, 9), "gray")))[
        ..., 1:
    ]
    assert np.abs(chroma).max() < 10


def test_network_sees_its_size_and_aspect_ratio():
    net = Even()
    for size, seen in (
        ((200, 100), (32, 64)),
        ((100, 200), (64, 32)),
        ((1000, 10), (32, 128)),
        ((7, 7), (32, 32)),
    ):
        Colorizer(net, image_size=32)(Image.new("RGB", size, "gray"))
        assert tuple(net.seen[-1].shape[-2:]) == seen


def test_input_colors_are_ignored(model):
    photo = sample_photos("test")[1].image()
    gray = photo.convert("L").convert("RGB")
    net = Even()
    Colorizer(net, image_size=64)(gray)
    assert net.seen[0].shape[1] == 1
    once, again = model(gray), model(gray)
    assert once.tobytes() == again.tobytes()  # evaluation mode: no dropout


def test_strips_leave_no_seam(model, monkeypatch):
    photo = sample_photos("test")[0].image()
    whole = model(photo)
    monkeypatch.setattr("colorlib.colorizer._STRIP_HEIGHT", 17)
    assert np.abs(np.asarray(model(photo)).astype(int) - np.asarray(whole)).max() <= 1


def test_saturation_scales_chroma():
    photo = sample_photos("test")[0].image()
    chroma = [
        np.hypot(
            *np.moveaxis(lab(Colorizer(Even(), image_size=32)(photo, saturation=s))[..., 1:], -1, 0)
        ).mean()
        for s in (0, 0.5, 1)
    ]
    assert chroma[0] < 0.5 < chroma[1] < chroma[2]
    vivid = lab(Colorizer(Even(), image_size=32)(photo, saturation=10))[..., 1:]
    assert np.hypot(*np.moveaxis(vivid, -1, 0)).mean() > chroma[2]
    for bad in (-1, 10.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"saturation is {bad}; expected (0 to 10|a number)"):
            Colorizer(Even())(photo, saturation=bad)


def test_tta_is_mean_of_photo_and_smaller_mirror_image(model, tmp_path, monkeypatch):
    monkeypatch.setattr("colorlib.colorizer.amp_dtype", lambda device: None)  # 16 bits round
    averaged, L = dataclasses.replace(model, tta=True), torch.rand(1, 1, 40, 56) * 2 - 1
    found = averaged.predict_ab_at(L, 32)
    net, resized = model.net.eval(), partial(F.interpolate, mode="bilinear", antialias=True)
    small = resized(L, (32, 45))
    with torch.no_grad():
        coarse = net(resized(small, (24, 34)).flip(-1)).flip(-1)
        expected = resized((net(small) + resized(coarse, (32, 45))) / 2, (40, 56))
    assert torch.allclose(found, expected, atol=1e-5)
    assert not torch.allclose(found, model.predict_ab_at(L, 32), atol=1e-3)
    again = Colorizer.load(averaged.save(tmp_path / "a.safetensors"))
    assert again.tta and torch.allclose(again.predict_ab_at(L, 32), found, atol=1e-5)


def test_saved_model_gives_same_image(model, tmp_path):
    photo = sample_photos("train")[0].image()
    path = Colorizer(model.net, LabScaler(128), 48).save(tmp_path / "model.safetensors")
    loaded = Colorizer.load(path)
    assert (loaded.scaler, loaded.image_size) == (LabScaler(128), 48)
    made = np.asarray(Colorizer(model.net, LabScaler(128), 48)(photo)).astype(int)
    # Sums have another order, because the loaded weights are channels last.
    difference = np.abs(np.asarray(loaded(photo)) - made)
    assert difference.max() <= 1 and difference.mean() < 0.01


@pytest.mark.parametrize("output_space", ["lab", "rgb"])
def test_three_channel_output_keeps_photo_lightness(output_space):
    class Orange(nn.Module):
        def forward(self, L):
            lab = torch.tensor([60.0, 25.0, 45.0]).view(1, 3, 1, 1).expand(-1, -1, *L.shape[-2:])
            return LabScaler(output_space=output_space).normalize(lab)[1]

    photo = sample_photos("train")[0].image().resize((60, 41))
    lab = rgb_to_lab(
        image_to_tensor(Colorizer(Orange(), LabScaler(output_space=output_space), 32)(photo))
    )
    assert (lab[:, 0] - rgb_to_lab(image_to_tensor(photo))[:, 0]).abs().quantile(0.99) < 0.5
    middle = (lab[:, 0] > 50) & (lab[:, 0] < 70)  # there sRGB has that orange
    assert lab[:, 1][middle].median() == pytest.approx(25, abs=1)
    assert lab[:, 2][middle].median() == pytest.approx(45, abs=1)


def test_load_bad_config_raises(model, tmp_path):
    scaler = {"ab_scale": 110.0, "output_space": "ab"}
    weights, config = (
        model.net.state_dict(),
        {"net": model.net.config, "scaler": scaler, "image_size": 32},
    )
    bad = {
        "missing": {"scaler": scaler, "image_size": 32},
        "other width": config | {"net": config["net"] | {"base_channels": 8}},
        "huge": config | {"net": config["net"] | {"base_channels": 512, "num_downs": 10}},
        "scaler": config | {"scaler": scaler | {"ab_scale": -1}},
        "output space": config | {"scaler": scaler | {"output_space": "cmyk"}},
        "a scaler with more": config | {"scaler": scaler | {"L": 50}},
        "words": config | {"image_size": "large"},
    }
    for name, other in bad.items():
        path = tmp_path / f"{name}.safetensors"
        checkpoint.save_weights(path, weights, json.loads(json.dumps(other)))
        with pytest.raises(CheckpointError, match=f"{name}.safetensors holds no model"):
            Colorizer.load(path)


FILES = {
    "rgba.png": ("RGBA", {}),
    "la.png": ("LA", {}),
    "palette.png": ("P", {"transparency": bytes(range(0, 256, 4))}),
    "clear gray.png": ("L", {"transparency": 120}),
    "rgba.webp": ("RGBA", {"lossless": True, "exact": True}),
    "palette.gif": ("P", {"transparency": 3}),
    "rgba.tif": ("RGBA", {}),
    "la.tif": ("LA", {}),
    "rgba.jp2": ("RGBA", {}),
}


def with_alpha(path, turn=1):
    """Save the cat, from clear at the left to opaque at the right, as a file of the path's kind."""
    photo = sample_photos("test")[0].image().resize((96, 64))
    photo.putalpha(Image.linear_gradient("L").rotate(90).resize(photo.size))
    mode, options = FILES[path.name]
    image = photo.quantize(64) if mode == "P" else photo.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = turn
    image.save(path, **options, **({"exif": exif} if turn > 1 else {}))
    return path


@pytest.mark.parametrize("name", FILES)
def test_alpha_and_lightness_under_it_are_kept(model, name, tmp_path, caplog):
    path = with_alpha(tmp_path / name)
    with Image.open(path) as file:
        straight = file.convert("RGBA")
    result = model(path)
    assert result.mode == "RGBA" and result.size == (96, 64)
    with Image.open(save_image(result, tmp_path / "result.png")) as written:
        assert written.tobytes() == result.tobytes()
    assert np.array_equal(result.getchannel("A"), straight.getchannel("A"))
    moved = lab(result.convert("RGB"))[..., 0] - lab(straight.convert("RGB"))[..., 0]
    assert np.percentile(np.abs(moved), 99) < 0.5
    assert np.hypot(*np.moveaxis(lab(result.convert("RGB"))[..., 1:], -1, 0)).mean() > 1
    assert (
        not caplog.records
    )  # nothing is composited on white in the result, so there is no warning


def test_network_sees_transparency_on_white(tmp_path):
    net = Even()
    hidden = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    hidden.paste((0, 0, 0, 255), (16, 0, 32, 32))
    result = Colorizer(net, image_size=32)(hidden)
    assert net.seen[0][0, 0, 0, 0] == pytest.approx(1, abs=1e-3) and net.seen[0][0, 0, 0, -1] == -1
    assert result.getpixel((0, 0))[3] == 0 and result.getpixel((31, 0))[3] == 255


@pytest.mark.parametrize("name", ["rgba.png", "rgba.webp", "rgba.tif"])
def test_alpha_follows_exif_orientation(model, name, tmp_path):
    upright = model(with_alpha(tmp_path / name))
    turned = model(with_alpha(tmp_path / name, turn=6))
    assert turned.size == (64, 96)
    assert np.array_equal(
        turned.getchannel("A"), upright.getchannel("A").transpose(Image.Transpose.ROTATE_270)
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e6])
def test_output_that_is_not_a_color_raises(value):
    with pytest.raises(
        RuntimeError, match=r"predicts values of (nan|inf|1e\+06), expected .* load another"
    ):
        Colorizer(Even(value), image_size=32)(Image.new("RGB", (50, 40), "gray"))


def test_nearly_gray_output_warns_once_per_call(caplog, tmp_path):
    Image.new("RGB", (50, 40), "gray").save(path := tmp_path / "dull.png")
    Colorizer(Even(0.004, 0.004), image_size=32)(path)
    assert len(caplog.records) == 1
    assert "this model's output is nearly gray" in caplog.text and "dull.png" in caplog.text
    caplog.clear()
    Colorizer(Even(0.01, 0.01), image_size=32)(path, saturation=0)  # gray by choice
    assert not caplog.records


def test_cpu_out_of_memory_is_recognized(caplog):
    class Huge(Even):
        def forward(self, L):
            if L.shape[-1] > 40:
                torch.empty(2**50)
            return super().forward(L)

    Colorizer(Huge(), image_size=64)(Image.new("RGB", (50, 50), "gray"))
    assert "half the network's size, 32" in caplog.text


def test_other_error_is_not_out_of_memory():
    class Broken(Even):
        def forward(self, L):
            return L @ torch.zeros(3, 3)

    with pytest.raises(RuntimeError, match="size|shape"):
        Colorizer(Broken(), image_size=64)(Image.new("RGB", (50, 50), "gray"))


def test_out_of_memory_halves_size_once(caplog):
    class Hungry(Even):
        def forward(self, L):
            if L.shape[-1] > self.limit:
                raise torch.cuda.OutOfMemoryError("no more")
            return super().forward(L)

    net, photo = Hungry(), Image.new("RGB", (50, 50), "gray")
    net.limit = 40
    with caplog.at_level(logging.WARNING, "colorlib"):
        result = Colorizer(net, image_size=64)(photo)
    assert "half the network's size, 32" in caplog.text
    assert np.hypot(*np.moveaxis(lab(result)[..., 1:], -1, 0)).min() > 10  # not gray
    net.limit = 10
    with pytest.raises(RuntimeError, match="at 32 pixels as well"):
        Colorizer(net, image_size=64)(photo)


def test_bad_photo_raises_with_name(model, tmp_path):
    (tmp_path / "not.jpg").write_text("hello")
    with pytest.raises(ImageError, match=r"not\.jpg"):
        model(tmp_path / "not.jpg")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_16_bit_colors_differ_little(model, monkeypatch, dtype):
    monkeypatch.setattr("colorlib.colorizer.amp_dtype", lambda device: None)
    exact = np.asarray(model(sample_photos("test")[0].path)).astype(float)
    monkeypatch.setattr("colorlib.colorizer.amp_dtype", lambda device: dtype)
    seen = []
    model.net.register_forward_hook(lambda net, inputs, output: seen.append(output.dtype))
    fast = np.asarray(model(sample_photos("test")[0].path)).astype(float)
    assert seen == [dtype]
    assert 0 < np.abs(fast - exact).mean() < 1


def test_loaded_model_is_channels_last_and_saves(model, tmp_path):
    read = Colorizer.load(model.save(tmp_path / "one.safetensors"))
    weights = [p for p in read.net.parameters() if p.ndim == 4 and min(p.shape) > 1]
    assert weights and all(p.is_contiguous(memory_format=torch.channels_last) for p in weights)
    again = Colorizer.load(read.save(tmp_path / "two.safetensors"))
    pairs = zip(model.net.state_dict().values(), again.net.state_dict().values(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
