"""A photo in, a colour photo out: size and lightness kept, one result however the model travelled."""

import json
import logging

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import rgb2lab
from torch import nn

from colorlib import checkpoint, generators
from colorlib.checkpoint import CheckpointError
from colorlib.color import Scale
from colorlib.colorize import Colorizer
from colorlib.data import photos
from colorlib.images import ImageError


class Even(nn.Module):
    """Answers one colour everywhere, and remembers what it saw."""

    def __init__(self, a=0.2, b=-0.1):
        super().__init__()
        self.ab, self.seen = nn.Parameter(torch.tensor([a, b])), []

    def forward(self, L):
        self.seen.append(L)
        return self.ab.view(1, 2, 1, 1).expand(len(L), 2, *L.shape[-2:])


@pytest.fixture(scope="module")
def model():
    net = generators.initialise(generators.UNet(downs=4, width=4), "he", seed=1)
    return Colorizer(net, size=32)


def lab(image):
    return rgb2lab(np.asarray(image))


def test_the_answer_is_laid_over_the_photos_own_lightness():
    photo = photos("test")[0].image()
    result = Colorizer(Even(), Scale(100), size=64)(photo)
    assert result.size == photo.size
    inside = np.abs(lab(result)[..., 1:] - [20, -10]).max(axis=2) < 3  # elsewhere sRGB has no such colour
    assert inside.mean() > 0.7
    difference = np.abs(lab(result)[..., 0] - lab(photo)[..., 0])
    assert np.percentile(difference, 99) < 0.5


def test_on_png_lightness_differs_by_rounding_only_for_a_real_network(model, tmp_path):
    for photo in photos("all"):
        model(photo.path).save(tmp_path / "out.png")
        difference = np.abs(lab(Image.open(tmp_path / "out.png"))[..., 0] - lab(photo.image())[..., 0])
        assert np.percentile(difference, 99) < 0.5
        chroma = np.hypot(*np.moveaxis(lab(Image.open(tmp_path / "out.png"))[..., 1:], -1, 0))
        assert chroma.mean() > 1  # not gray


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (31, 200), (200, 31), (1000, 20), (257, 255)])
def test_any_size(model, size):
    assert model(Image.new("RGB", size, (120, 90, 60))).size == size


def test_the_network_sees_its_own_size_in_the_photos_proportions():
    net = Even()
    for size, seen in (
        ((200, 100), (32, 64)),
        ((100, 200), (64, 32)),
        ((1000, 10), (32, 128)),
        ((7, 7), (32, 32)),
    ):
        Colorizer(net, size=32)(Image.new("RGB", size, "gray"))
        assert tuple(net.seen[-1].shape[-2:]) == seen


def test_colours_of_the_input_are_not_looked_at(model):
    photo = photos("test")[1].image()
    gray = photo.convert("L").convert("RGB")
    net = Even()
    Colorizer(net, size=64)(gray)
    assert net.seen[0].shape[1] == 1
    once, again = model(gray), model(gray)
    assert once.tobytes() == again.tobytes()  # evaluation mode: no dropout


def test_a_large_photo_is_turned_to_rgb_in_strips_without_a_seam(model, monkeypatch):
    photo = photos("test")[0].image()
    whole = model(photo)
    monkeypatch.setattr("colorlib.colorize._ROWS", 17)
    assert np.abs(np.asarray(model(photo)).astype(int) - np.asarray(whole)).max() <= 1


def test_saturation():
    photo = photos("test")[0].image()
    chroma = [
        np.hypot(*np.moveaxis(lab(Colorizer(Even(), size=32)(photo, saturation=s))[..., 1:], -1, 0)).mean()
        for s in (0, 0.5, 1)
    ]
    assert chroma[0] < 0.5 < chroma[1] < chroma[2]
    with pytest.raises(ValueError, match="saturation is -1; expected 0 or more"):
        Colorizer(Even())(photo, saturation=-1)


def test_saved_and_loaded_it_gives_the_same_picture(model, tmp_path):
    photo = photos("train")[0].image()
    path = Colorizer(model.net, Scale(128), 48).save(tmp_path / "model.safetensors")
    loaded = Colorizer.load(path)
    assert (loaded.scale, loaded.size) == (Scale(128), 48)
    assert loaded(photo).tobytes() == Colorizer(model.net, Scale(128), 48)(photo).tobytes()


def test_a_file_that_does_not_fit_is_refused(model, tmp_path):
    weights, config = model.net.state_dict(), {"net": model.net.config, "ab": 110.0, "size": 32}
    bad = {
        "missing": {"ab": 110.0, "size": 32},
        "other width": config | {"net": config["net"] | {"width": 8}},
        "huge": config | {"net": config["net"] | {"width": 512, "downs": 10}},
        "scale": config | {"ab": -1},
        "words": config | {"size": "large"},
    }
    for name, other in bad.items():
        path = tmp_path / f"{name}.safetensors"
        checkpoint.save_weights(path, weights, json.loads(json.dumps(other)))
        with pytest.raises(CheckpointError, match=f"{name}.safetensors holds no model"):
            Colorizer.load(path)


def test_out_of_memory_is_said_and_halved_once(caplog):
    class Hungry(Even):
        def forward(self, L):
            if L.shape[-1] > self.limit:
                raise torch.cuda.OutOfMemoryError("no more")
            return super().forward(L)

    net, photo = Hungry(), Image.new("RGB", (50, 50), "gray")
    net.limit = 40
    with caplog.at_level(logging.WARNING, "colorlib"):
        result = Colorizer(net, size=64)(photo)
    assert "half the network's size, 32" in caplog.text
    assert np.hypot(*np.moveaxis(lab(result)[..., 1:], -1, 0)).min() > 10  # not gray
    net.limit = 10
    with pytest.raises(RuntimeError, match="at 32 pixels as well"):
        Colorizer(net, size=64)(photo)


def test_what_is_no_photo_is_refused_by_name(model, tmp_path):
    (tmp_path / "not.jpg").write_text("hello")
    with pytest.raises(ImageError, match=r"not\.jpg"):
        model(tmp_path / "not.jpg")
