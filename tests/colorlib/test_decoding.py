"""Temperatures and samples of models of colour bins: networks whose odds are known by design."""

import numpy as np
import pytest
import torch
from PIL import Image

from colorlib.cli import main
from colorlib.color import LabScaler, rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.inference.decoding import sampling_models, with_temperature
from colorlib.io.images import image_to_tensor
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.unet import UNet

SCALER = LabScaler(output_space="bins")
RED, BLUE, GRAY = (50.0, 30.0), (10.0, -40.0), (0.0, 0.0)


def bin_of(color):
    return SCALER.bins.nearest(torch.tensor(color).view(1, 2, 1, 1)).item()


def model_with_odds(odds):
    """Return a model that gives every pixel of every photo these odds, by the bias of its head."""
    net = EfficientNetUNet(12, 4, SCALER.out_channels)
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.fill_(-30.0)
        for color, share in odds.items():
            net.head.bias[bin_of(color)] = np.log(share)
    return Colorizer(net, SCALER, image_size=64)


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (70, 60), 120).save("lawn.png")
    return tmp_path / "lawn.png"


def mean_ab(path):
    return rgb_to_lab(image_to_tensor(path))[:, 1:].mean(dim=(0, 2, 3))


@pytest.mark.parametrize(
    ("odds", "rising"), [({RED: 0.6, GRAY: 0.4}, False), ({RED: 0.4, GRAY: 0.6}, True)]
)
def test_chroma_changes_monotonically_with_the_temperature(odds, rising, photo):
    model_with_odds(odds).save("m.safetensors")
    expected, found = [], []
    p, q = odds[RED], odds[GRAY]
    for temperature in (0.05, 0.38, 0.7, 1.0, 3.0):
        options = ["--temperature", str(temperature), "--out", f"{temperature}.png"]
        assert main(["colorize", "lawn.png", "--model", "m.safetensors", *options]) == 0
        share = 1 / (1 + (q / p) ** (1 / temperature))
        expected.append(share * np.hypot(*RED))
        found.append(mean_ab(f"{temperature}.png").norm().item())
    assert np.allclose(found, expected, atol=1.0)
    assert np.all(np.diff(found) > 0) if rising else np.all(np.diff(found) < 0)


def test_without_the_option_the_temperature_is_the_models_own(photo):
    model_with_odds({RED: 0.6, GRAY: 0.4}).save("m.safetensors")
    assert main(["colorize", "lawn.png", "--model", "m.safetensors"]) == 0
    options = ["--temperature", "0.38", "--out", "own.png"]
    assert main(["colorize", "lawn.png", "--model", "m.safetensors", *options]) == 0
    assert (photo.parent / "own.png").read_bytes() == (
        photo.parent / "lawn-colorized.png"
    ).read_bytes()


def test_samples_are_drawn_by_the_odds_and_agree_in_space():
    model = model_with_odds({RED: 0.7, BLUE: 0.3})
    L = torch.zeros(1, 1, 64, 96)
    shares = []
    for sampler in sampling_models(model, 40, seed=3):
        ab = sampler.predict_ab(L) * SCALER.ab_scale
        nearest = SCALER.bins.nearest(ab)
        shares.append((nearest == bin_of(RED)).float().mean().item())
        agreement = (nearest[..., 1:] == nearest[..., :-1]).float().mean()
        assert agreement > 0.85  # of neighbours; drawn alone, 0.58
    assert np.mean(shares) == pytest.approx(0.7, abs=0.08)
    assert np.std(shares) > 0.1  # from photo to photo; drawn alone, 0.006


@pytest.mark.parametrize(("correlation", "least", "most"), [(0, 0, 0.1), (0.25, 0.6, 1)])
def test_most_objects_of_an_eighth_of_the_side_have_one_color(correlation, least, most):
    model = model_with_odds({RED: 0.7, BLUE: 0.3})
    whole = []
    for sampler in sampling_models(model, 60, correlation=correlation):
        object_ab = sampler.predict_ab(torch.zeros(1, 1, 64, 64))[..., 28:36, 28:36]
        nearest = SCALER.bins.nearest(object_ab * SCALER.ab_scale)
        whole.append(nearest.unique().numel() == 1)
    assert least <= np.mean(whole) <= most


def test_a_lower_temperature_draws_the_probable_color_more_often():
    model = model_with_odds({RED: 0.7, BLUE: 0.3})
    shares = []
    for temperature in (0.3, 1.0):
        drawn = [
            SCALER.bins.nearest(sampler.predict_ab(torch.zeros(1, 1, 32, 32)) * SCALER.ab_scale)
            for sampler in sampling_models(model, 40, temperature=temperature)
        ]
        shares.append((torch.cat(drawn) == bin_of(RED)).float().mean().item())
    expected = 1 / (1 + (0.3 / 0.7) ** (1 / 0.3))
    assert shares[0] == pytest.approx(expected, abs=0.08) and shares[0] > shares[1]


def test_first_samples_are_the_same_for_every_count():
    model, L = model_with_odds({RED: 0.7, BLUE: 0.3}), torch.zeros(1, 1, 64, 64)
    three = [sampler.predict_ab(L) for sampler in sampling_models(model, 3, seed=1)]
    two = [sampler.predict_ab(L) for sampler in sampling_models(model, 2, seed=1)]
    assert all(map(torch.equal, three, two)) and not torch.equal(two[0], two[1])


def test_command_writes_numbered_samples_and_repeats_them(photo):
    model_with_odds({RED: 0.5, BLUE: 0.5}).save("m.safetensors")
    args = ["colorize", "lawn.png", "--model", "m.safetensors", "--samples", "3"]
    assert main(args) == 0
    names = [f"lawn-colorized-{number}.png" for number in (1, 2, 3)]
    first = [(photo.parent / name).read_bytes() for name in names]
    assert len(set(first)) == 3
    assert main([*args, "--out", "again/"]) == 0
    assert [(photo.parent / "again" / name).read_bytes() for name in names] == first
    assert main([*args, "--out", "other.png", "--seed", "1"]) == 0
    assert (photo.parent / "other-1.png").read_bytes() != first[0]


def test_command_overwrites_no_sample(photo, capsys):
    model_with_odds({RED: 0.5, BLUE: 0.5}).save("m.safetensors")
    (photo.parent / "lawn-colorized-2.png").write_text("mine")
    args = ["colorize", "lawn.png", "--model", "m.safetensors", "--samples", "2"]
    assert main(args) == 1
    assert "lawn-colorized-2.png exists already; name another" in capsys.readouterr().err
    assert not (photo.parent / "lawn-colorized-1.png").exists()
    assert main([*args, "--overwrite"]) == 0
    assert Image.open(photo.parent / "lawn-colorized-2.png").size == (70, 60)


def test_samples_of_a_folder_have_a_folder_each(photo, capsys):
    model_with_odds({RED: 0.5, BLUE: 0.5}).save("m.safetensors")
    album = photo.parent / "album"
    album.mkdir()
    photo.rename(album / "lawn.png")
    args = ["colorize", "album", "--model", "m.safetensors", "--samples", "2"]
    assert main(args) == 0
    one, two = (photo.parent / f"album-colorized/{k}/lawn.png" for k in (1, 2))
    assert one.read_bytes() != two.read_bytes()
    assert main([*args, "--out", "album/colour"]) == 1
    assert "expected one outside of it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--temperature", "0.5"], "this model predicts one colour for each pixel; expected a"),
        (["--samples", "2"], "this model predicts one colour for each pixel; expected a model"),
        (["--samples", "0"], "--samples is 0; expected 1 to 1000"),
    ],
)
def test_impossible_request_gets_a_sentence(options, message, photo, capsys):
    Colorizer(UNet(num_downs=3, base_channels=4), image_size=32).save("plain.safetensors")
    assert main(["colorize", "lawn.png", "--model", "plain.safetensors", *options]) == 1
    error = capsys.readouterr().err
    assert message in error and len(error.strip().splitlines()) == 1
    assert not (photo.parent / "lawn-colorized.png").exists()


@pytest.mark.parametrize("temperature", ["-1", "nan"])
def test_bad_temperature_gets_a_sentence(temperature, photo, capsys):
    model_with_odds({RED: 0.5, BLUE: 0.5}).save("m.safetensors")
    args = ["colorize", "lawn.png", "--model", "m.safetensors", f"--temperature={temperature}"]
    assert main(args) == 1
    assert f"temperature is {float(temperature)}; expected" in capsys.readouterr().err


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_samples_need_a_temperature_above_0(temperature):
    with pytest.raises(ValueError, match="expected above 0, such as"):
        list(sampling_models(model_with_odds({RED: 1.0}), 1, temperature=temperature))


def test_temperature_changes_nothing_else():
    model = model_with_odds({RED: 1.0})
    other = with_temperature(model, 0.0)
    assert (other.net, other.image_size, other.tta) == (model.net, model.image_size, model.tta)
    assert other.scaler.temperature == 0 and model.scaler.temperature == 0.38
