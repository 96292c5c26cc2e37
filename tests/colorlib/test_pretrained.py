"""The weights that come with the package: intact, small enough, and better than gray."""

import argparse
import functools
import hashlib
import re
import shutil

import pytest
import torch

from colorlib import pretrained, recipes
from colorlib.cli import train
from colorlib.colorizer import Colorizer
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.evaluation.evaluate import ResizedModel, evaluate
from colorlib.io import images
from colorlib.io.checkpoint import CheckpointError, load_weights
from colorlib.models import efficientnet_unet
from colorlib.models.efficientnet_unet import EfficientNetUNet

EACH_MODEL = pytest.mark.parametrize("name", pretrained.NAMES)


@EACH_MODEL
def test_weights_are_small_in_half_precision_and_have_their_hash(name):
    path = pretrained.weights_path(name)
    weights, _ = load_weights(path)
    assert path.stat().st_size <= 6_000_000
    assert {w.dtype for w in weights.values() if w.is_floating_point()} == {torch.float16}
    model = pretrained.load(name)
    assert isinstance(model.net, EfficientNetUNet)
    lines = (path.parent / pretrained.CHECKSUMS).read_text().splitlines()
    assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" in lines
    assert len(lines) == 2 * len(pretrained.NAMES) == len(list(path.parent.glob("*.safetensors")))


@EACH_MODEL
def test_model_card_has_every_section(name):
    card = pretrained.model_card(name)
    titles = re.findall(r"^#+ (.+)$", card, re.M)
    assert titles == [
        name,
        "What it is for",
        "Data",
        "Numbers",
        "Where it guesses",
        "Where it fails",
    ]
    assert "not a restoration" in card and re.search("licen[cs]e", card)
    assert "<!-- result: shipped -->" in card


@functools.cache
def scores(name):
    """Return what a model, or gray, scores on photos that it never saw."""
    net = ResizedModel(pretrained.load(name)) if name else None
    crops = sample_photo_crops(10, 96, 3, "test").mul(255).round().to(torch.uint8)
    return evaluate(net, TensorImages(crops)).compute()


@EACH_MODEL
def test_model_beats_gray_on_photos_that_it_never_saw(name):
    assert {weights.dtype for weights in pretrained.load(name).net.parameters()} == {torch.float32}
    assert scores(name)["ciede2000"] < scores("")["ciede2000"] or name == "vivid"
    assert 0.1 < scores(name)["colorfulness_ratio"] < 1.5


def test_the_vivid_model_is_more_colorful():
    assert scores("vivid")["colorfulness"] > 1.1 * scores("plain")["colorfulness"]


def test_a_file_that_is_not_the_shipped_one_is_refused(tmp_path, monkeypatch):
    for path in pretrained.weights_path().parent.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    monkeypatch.setattr(pretrained, "_FOLDER", tmp_path)
    assert pretrained.load().image_size == 192
    data = bytearray(pretrained.weights_path().read_bytes())
    data[len(data) // 2] ^= 1
    pretrained.weights_path().write_bytes(data)
    with pytest.raises(CheckpointError, match="is not the file that was shipped; install colorlib"):
        pretrained.load()
    pretrained.weights_path().unlink()
    with pytest.raises(CheckpointError, match="is not the file"):
        pretrained.load()


@pytest.mark.parametrize(
    "function", [pretrained.load, pretrained.weights_path, pretrained.model_card]
)
def test_unknown_name_is_refused(function):
    with pytest.raises(ValueError, match="no shipped model '../x'; expected one of plain, "):
        function("../x")


@EACH_MODEL
def test_large_photo_and_small_copy_get_the_same_colors(name):
    model, crop = pretrained.load(name), images.tensor_to_image(sample_photo_crops(1, 320, seed=1))
    large = images.image_to_tensor(model(crop).resize((160, 160), 1))
    small = images.image_to_tensor(model(crop.resize((160, 160), 1)))
    assert (large - small).abs().mean() < 0.02


@EACH_MODEL
def test_recipes_build_the_shipped_networks(name):
    shipped = pretrained.load(name).net
    assert recipes.get_recipe("general").generator == shipped.config
    general = recipes.get_recipe("general").replace(init_from=str(pretrained.weights_path(name)))
    net, _ = general.build_networks()
    assert all(map(torch.equal, net.state_dict().values(), shipped.state_dict().values()))


def test_init_from_takes_weights_of_the_same_network_only(tmp_path):
    other = Colorizer(EfficientNetUNet(num_blocks=12)).save(tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="'num_blocks': 12.*expected .*: name weights of the same"):
        recipes.get_recipe("general").replace(init_from=str(other)).build_networks()


@pytest.mark.parametrize("name", ["everything", "general"])
@pytest.mark.parametrize("options", [["--from-scratch"], ["--reduced"]])
def test_recipe_from_scratch_has_random_weights(name, options, monkeypatch):
    monkeypatch.setattr(efficientnet_unet, "WEIGHTS_PACKAGE", "no_such_model")
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    recipe = train.recipe_from_args(parser.parse_args(["--recipe", name, *options]))
    first, again = (recipe.build_networks(3)[0] for _ in range(2))
    assert all(map(torch.equal, first.state_dict().values(), again.state_dict().values()))
    shipped = pretrained.load("plain").net.encoder[0][0].weight
    assert not torch.equal(first.encoder[0][0].weight, shipped)
