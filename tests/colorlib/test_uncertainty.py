"""Uncertainty of a model: the network, its loss, the map, its file and the command."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib import data, pretrained
from colorlib.cli import main
from colorlib.cli.common import resolve_model
from colorlib.color import LabScaler, rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.inference import uncertainty
from colorlib.inference.uncertainty import UncertaintyMap, UncertaintyNet, with_uncertainty
from colorlib.io.checkpoint import CheckpointError, load_weights, save_weights
from colorlib.io.images import image_to_tensor
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.unet import UNet

EACH_MODEL = pytest.mark.parametrize("name", pretrained.NAMES)


def small_net(**arguments):
    return EfficientNetUNet(12, 4, **arguments)


def map_of(name):
    return with_uncertainty(pretrained.load(name), pretrained.weights_path(name))


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = data.sample_photos("test")[0].image().convert("L").resize((90, 61))
    image.save("lawn.png")
    return image


@pytest.fixture
def model(photo):
    """Return a small model whose weights are m.safetensors, with what its doubt needs."""
    colorizer = Colorizer(small_net(), image_size=64)
    colorizer.save("m.safetensors")
    uncertainty.save_uncertainty(UncertaintyNet(colorizer.net), "m.safetensors")
    return colorizer


@pytest.mark.parametrize("sides", [(32, 32), (61, 90), (100, 33)])
def test_net_predicts_a_positive_distance_at_half_the_size(sides):
    net = UncertaintyNet(small_net(), hidden_channels=8).eval()
    distance = net(torch.rand(2, 1, *sides) * 2 - 1)
    assert distance.shape == (2, 1, -(-sides[0] // 2), -(-sides[1] // 2))
    assert distance.min() > 0


def test_net_leaves_the_other_network_as_it_is():
    net = UncertaintyNet(small_net()).train()
    before = {name: value.clone() for name, value in net.net.state_dict().items()}
    net(torch.rand(2, 1, 64, 64))
    assert not net.net.training
    assert all(torch.equal(value, before[name]) for name, value in net.net.state_dict().items())


def test_loss_is_that_of_an_exponential_distribution():
    expected, distance = torch.rand(2, 500, generator=torch.Generator().manual_seed(0)) * 20 + 0.1
    reference = -torch.distributions.Exponential(1 / expected).log_prob(distance).mean()
    torch.testing.assert_close(uncertainty.uncertainty_loss(expected, distance), reference)


def test_bins_expect_the_mean_distance_of_a_draw():
    scaler = LabScaler(output_space="kmeans_bins", temperature=0.5)
    logits = 3 * torch.randn(2, scaler.out_channels, 3, 4)
    found = uncertainty.bin_uncertainty(scaler, logits)
    centers = scaler.bins.centers.numpy()
    shown = scaler.bins.decode(logits, 0.5).numpy()
    odds = logits.double().softmax(dim=1).numpy()
    for n, y, x in itertools.product(range(2), range(3), range(4)):
        distances = np.hypot(*(centers - shown[n, :, y, x]).T)
        assert found[n, 0, y, x].item() == pytest.approx(odds[n, :, y, x] @ distances, abs=0.01)


@EACH_MODEL
def test_shipped_models_err_more_where_they_say_so(name):
    model, doubt, expected, true = pretrained.load(name), map_of(name), [], []
    for photo in data.sample_photos("all"):
        lab = rgb_to_lab(image_to_tensor(photo.image().resize((160, 120))))
        L = lab[:, :1] / 50 - 1
        ab = model.predict_ab(L) * model.scaler.ab_scale
        expected.append(doubt.predict(L).flatten())
        true.append((ab - lab[:, 1:]).norm(dim=1).flatten())
    expected, true = torch.cat(expected), torch.cat(true)
    surest, *_, least_sure = expected.argsort().chunk(4)
    assert true[least_sure].mean() > 1.5 * true[surest].mean()
    assert 0.5 < expected.mean() / true.mean() < 1.5


@EACH_MODEL
def test_shipped_file_is_small_and_has_its_hash(name):
    path = uncertainty.uncertainty_path(pretrained.weights_path(name))
    assert path.stat().st_size < 20_000
    line = f"{pretrained.sha256(path)}  {path.name}"
    assert line in (path.parent / pretrained.CHECKSUMS).read_text().splitlines()


def test_map_has_the_size_of_the_photo_and_no_doubt_in_a_border(photo):
    doubt, (width, height) = map_of("plain"), photo.size
    framed = Image.new("L", (width + 20, height + 20), 255)
    framed.paste(photo, (10, 10))
    inside, whole = np.asarray(doubt(photo)).astype(int), np.asarray(doubt(framed)).astype(int)
    assert (whole[:10] == 255).all() and (whole[:, -10:] == 255).all()
    assert np.abs(whole[10:-10, 10:-10] - inside).max() <= 2
    assert np.ptp(inside, axis=-1).max() > 20  # it is orange somewhere


def test_map_of_a_colour_photo_is_that_of_its_gray_copy(photo):
    doubt = map_of("vivid")
    colored = pretrained.load("vivid")(photo)
    gray, found = (
        doubt.predict(rgb_to_lab(image_to_tensor(image.convert("RGB")))[:, :1] / 50 - 1)
        for image in (photo, colored)
    )
    assert (gray - found).abs().mean() < 0.05 * gray.mean()


def test_overlay_is_stronger_the_larger_the_distance_is():
    distance = torch.linspace(0, 2 * uncertainty.MAX_DISTANCE, 9).view(1, 1, 1, 9)
    result = np.asarray(
        uncertainty.overlay_uncertainty(Image.new("L", (9, 1), 60), distance)
    ).astype(int)[0]
    share = np.interp(
        distance[0, 0, 0], [uncertainty.MIN_DISTANCE, uncertainty.MAX_DISTANCE], [0, 1]
    )
    share *= uncertainty.MAX_OPACITY
    expected = (1 - share[:, None]) * 60 + share[:, None] * np.array(uncertainty.ORANGE)
    assert np.abs(result - expected).max() <= 1.5


def test_saved_uncertainty_comes_back(model):
    net = UncertaintyNet(model.net, hidden_channels=5)
    path = uncertainty.save_uncertainty(net, "m.safetensors", overwrite=True)
    assert path.name == "m-uncertainty.safetensors"
    L = torch.rand(1, 1, 70, 64) * 2 - 1
    found = with_uncertainty(Colorizer.load("m.safetensors"), "m.safetensors").predict(L)
    torch.testing.assert_close(found, UncertaintyMap(net, 64).predict(L))


def test_file_of_other_weights_is_refused(model):
    Colorizer(small_net(seed=1), image_size=64).save("m.safetensors", overwrite=True)
    expected = "m-uncertainty.safetensors belongs to other weights than m.safetensors; train it"
    with pytest.raises(CheckpointError, match=expected):
        with_uncertainty(Colorizer.load("m.safetensors"), "m.safetensors")


@pytest.mark.parametrize("damage", ["missing", "shape", "channels", "type"])
def test_file_that_does_not_fit_is_refused(damage, model):
    path = "m-uncertainty.safetensors"
    weights, config = load_weights(path)
    if damage == "missing":
        del weights["1.weight"]
    elif damage == "shape":
        weights["1.weight"] = torch.zeros(3, 3, 1, 1)
    else:
        config["hidden_channels"] = {"channels": 0, "type": "32"}[damage]
    save_weights(path, weights, config, overwrite=True)
    with pytest.raises(CheckpointError, match=f"{path} does not fit the network of m.safetensors"):
        with_uncertainty(model, "m.safetensors")


def test_newest_weights_are_those_of_a_generator(model, tmp_path):
    path, _ = resolve_model(str(tmp_path))
    assert path.name == "m.safetensors"


def test_command_writes_the_map_beside_the_colours(model, photo, capsys):
    args = ["colorize", "lawn.png", "--model", "m.safetensors", "--show-doubt"]
    assert main([*args, "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["written"]
    assert written == ["lawn-colorized.png", "lawn-colorized-doubt.png"]
    with Image.open("lawn-colorized-doubt.png") as image:
        assert image.size == photo.size
        expected = with_uncertainty(model, "m.safetensors")(photo)
        difference = np.abs(np.asarray(image).astype(int) - np.asarray(expected))
    assert difference.max() <= 3  # the command fuses batch norms
    assert main(args) == 1
    assert "lawn-colorized.png exists already" in capsys.readouterr().err


def test_command_never_replaces_an_existing_map(model, capsys):
    Image.new("L", (3, 3)).save("lawn-colorized-doubt.png")
    before = Path("lawn-colorized-doubt.png").read_bytes()
    args = ["colorize", "lawn.png", "--model", "m.safetensors", "--show-doubt"]
    assert main(args) == 1
    assert "lawn-colorized-doubt.png exists already" in capsys.readouterr().err
    assert Path("lawn-colorized-doubt.png").read_bytes() == before


def test_maps_of_a_folder_have_a_folder_next_to_the_results(model, photo, tmp_path, capsys):
    (tmp_path / "album" / "doubt").mkdir(parents=True)
    photo.save("album/a.png")
    photo.save("album/doubt/a.png")
    args = ["colorize", "album", "--model", "m.safetensors", "--show-doubt"]
    assert main(args) == 0
    for folder in ("album-colorized", "album-colorized-doubt"):
        assert sorted(path.name for path in (tmp_path / folder).rglob("*.png")) == ["a.png"] * 2
    capsys.readouterr()
    assert main([*args, "--out", "album/out"]) == 1
    assert "is inside the folder of photos album" in capsys.readouterr().err


def test_command_shows_the_doubt_of_bins_next_to_samples(photo):
    scaler = LabScaler(output_space="bins")
    Colorizer(small_net(num_bins=scaler.out_channels), scaler, 64).save("bins.safetensors")
    args = ["colorize", "lawn.png", "--model", "bins.safetensors", "--samples", "2"]
    assert main([*args, "--show-doubt"]) == 0
    for variant in ("1", "2", "doubt"):
        with Image.open(f"lawn-colorized-{variant}.png") as image:
            assert image.size == photo.size


def test_model_without_uncertainty_is_refused_before_anything_is_written(photo, tmp_path, capsys):
    Colorizer(UNet(num_downs=3, base_channels=4), image_size=32).save("u.safetensors")
    assert main(["colorize", "lawn.png", "--model", "u.safetensors", "--show-doubt"]) == 1
    message = capsys.readouterr().err
    assert (
        "this model cannot say where it guesses; expected a model of colour bins, plain" in message
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lawn.png", "u.safetensors"]
