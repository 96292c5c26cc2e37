"""The weights that ship: the files that were meant, small enough, and better than gray."""

import argparse
import functools
import hashlib
import re
import shutil

import pytest
import torch

from colorlib import images, recipes, shipped
from colorlib.checkpoint import CheckpointError, load_weights
from colorlib.cli import train
from colorlib.cli.asked import asked
from colorlib.color import Scale
from colorlib.data import photo_crops
from colorlib.data.sets import InMemory
from colorlib.evaluate import AtOwnSize, evaluate
from colorlib.generators import LiteUNet, lite

EACH = pytest.mark.parametrize("name", shipped.NAMES)


@EACH
def test_a_file_is_small_in_half_precision_and_has_its_hash(name):
    path = shipped.path(name)
    weights, config = load_weights(path)
    assert path.stat().st_size <= 4_000_000
    assert {w.dtype for w in weights.values() if w.is_floating_point()} == {torch.float16}
    assert config["net"]["generator"] == "LiteUNet" and config["size"] == (
        224 if "landscape" in name else 192
    )
    lines = (path.parent / shipped.SUMS).read_text().splitlines()
    assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" in lines
    assert len(lines) == len(shipped.NAMES) == len(list(path.parent.glob("*.safetensors")))


@EACH
def test_a_card_says_what_a_person_must_know(name):
    card = shipped.card(name)
    titles = re.findall(r"^#+ (.+)$", card, re.M)
    assert titles == [name, "What it is for", "Data", "Numbers", "Where it fails"]
    assert "not a restoration" in card and re.search("licen[cs]e", card)
    assert "<!-- result: shipped -->" in card


@functools.cache
def scores(name):
    """What a model, or gray, scores on photos that it never saw; worked out once for all tests."""
    net = AtOwnSize(shipped.load(name)) if name else None
    pictures = InMemory(photo_crops(24, 96, 3, "test").mul(255).round().to(torch.uint8))
    return evaluate(net, pictures, Scale()).result()


@EACH
def test_a_model_beats_gray_on_photos_that_it_never_saw(name):
    assert {weights.dtype for weights in shipped.load(name).net.parameters()} == {torch.float32}
    assert scores(name)["ciede2000"] < scores("")["ciede2000"] or "adversarial" in name
    assert 0.1 < scores(name)["colorfulness_ratio"] < 1.5


@pytest.mark.parametrize("name", ["landscape", "general"])
def test_an_adversarial_model_is_more_colourful_than_the_plain_one(name):
    assert scores(f"{name}-adversarial")["colorfulness"] > 1.1 * scores(name)["colorfulness"]


def test_a_file_that_is_not_the_shipped_one_is_refused(tmp_path, monkeypatch):
    for path in shipped.path().parent.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    monkeypatch.setattr(shipped, "_HERE", tmp_path)
    assert shipped.load().size == 192
    data = bytearray(shipped.path().read_bytes())
    data[len(data) // 2] ^= 1
    shipped.path().write_bytes(data)
    with pytest.raises(
        CheckpointError, match="is not the file that was shipped; install colorlib again"
    ):
        shipped.load()
    shipped.path().unlink()
    with pytest.raises(CheckpointError, match="is not the file"):
        shipped.load()


@pytest.mark.parametrize("ask", [shipped.load, shipped.path, shipped.card])
def test_there_are_no_others(ask):
    with pytest.raises(ValueError, match="no shipped model '../x'; expected one of landscape, "):
        ask("../x")


@EACH
def test_a_large_photo_and_its_small_print_get_the_same_colours(name):
    model, crop = shipped.load(name), images.to_image(photo_crops(1, 320, seed=1))
    large = images.to_tensor(model(crop).resize((160, 160), 1))
    small = images.to_tensor(model(crop.resize((160, 160), 1)))
    assert (large - small).abs().mean() < 0.02


def test_the_recipes_make_what_ships():
    for name in ("landscape", "general"):
        recipe = recipes.get(name)
        assert recipe.generator == shipped.load(name).net.config
    begun, general = recipes.get("landscape").networks()[0], shipped.load("general").net
    assert isinstance(begun, LiteUNet)
    assert all(map(torch.equal, begun.state_dict().values(), general.state_dict().values()))


@pytest.mark.parametrize("name", ["landscape", "general"])
@pytest.mark.parametrize("how", [["--from-scratch"], ["--reduced"]])
def test_from_scratch_and_reduced_a_recipe_begins_with_weights_of_its_own(name, how, monkeypatch):
    monkeypatch.setattr(lite, "PACKAGE", "no_such_model")
    parser = argparse.ArgumentParser()
    train.arguments(parser)
    recipe = asked(parser.parse_args(["--recipe", name, *how]))
    first, again = (recipe.networks(3)[0] for _ in range(2))
    assert all(map(torch.equal, first.state_dict().values(), again.state_dict().values()))
    known = shipped.load("general").net.encoder[0][0].weight
    assert not torch.equal(first.encoder[0][0].weight, known)
