"""Teaching a model to say where it guesses."""

import pytest
import torch

from colorlib import pretrained
from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.inference.uncertainty import UncertaintyNet, uncertainty_path, with_uncertainty
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.unet import UNet
from course.tool import train_uncertainty
from course.tool.cli import main


@pytest.fixture
def photos(make_photos):
    return make_photos(6)


def test_fit_learns_the_mean_distance_of_places_that_look_alike(monkeypatch):
    monkeypatch.setattr(train_uncertainty, "STEPS", 800)
    generator = torch.Generator().manual_seed(0)
    net = UncertaintyNet(EfficientNetUNet(12, 4))
    kinds = torch.arange(3).repeat_interleave(20_000)
    features = torch.randn(60_000, 4, generator=generator) * 0.1
    features[:, 0] += 50.0 * kinds  # the features of a network have very different sizes
    means = torch.tensor([2.0, 8.0, 20.0])
    distances = 2 * means[kinds] * torch.rand(60_000, generator=generator)
    torch.manual_seed(0)
    train_uncertainty.fit(net, features, distances)
    with torch.no_grad():
        found = net.head(features[..., None, None]).exp().flatten()
    for kind, mean in enumerate(means):
        assert found[kinds == kind].mean().item() == pytest.approx(mean.item(), rel=0.05)


def test_true_distance_is_that_of_the_colours_in_lab_units():
    class Even(torch.nn.Module):
        def forward(self, L):
            return torch.full((1, 2, *L.shape[-2:]), 0.5)

    model = Colorizer(Even(), LabScaler(20.0), image_size=32)
    L, distance = train_uncertainty.true_distance(model, torch.full((1, 3, 64, 64), 0.4))
    assert L.shape == (1, 1, 64, 64) and distance.shape == (1, 1, 32, 32)
    torch.testing.assert_close(distance, torch.full_like(distance, 200**0.5), atol=0.01, rtol=0)


def test_command_trains_a_file_next_to_the_weights(photos, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(train_uncertainty, "STEPS", 20)
    weights = tmp_path / "m.safetensors"
    model = Colorizer(EfficientNetUNet(12, 4), image_size=64)
    model.save(weights)
    results = []
    for _ in range(2):
        torch.rand(3)  # the result must not depend on torch's own random numbers
        assert main(["train-uncertainty", str(weights), str(photos), "--max-photos", "4"]) == 0
        results.append(uncertainty_path(weights).read_bytes())
    assert results[0] == results[1]
    assert "m-uncertainty.safetensors: loss" in capsys.readouterr().out
    distance = with_uncertainty(model, weights).predict(torch.zeros(1, 1, 64, 64))
    assert 0 < distance.mean().item() < 100


def test_command_writes_the_hashes_of_the_package(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(train_uncertainty, "STEPS", 2)
    monkeypatch.setattr(pretrained, "_FOLDER", tmp_path)
    weights = Colorizer(EfficientNetUNet(12, 4), image_size=64).save(tmp_path / "plain.safetensors")
    assert main(["train-uncertainty", str(weights), str(photos)]) == 0
    names = [line.split()[1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines()]
    assert names == ["plain-uncertainty.safetensors", "plain.safetensors"]


def test_command_refuses_another_network(photos, tmp_path, capsys):
    weights = Colorizer(UNet(num_downs=3, base_channels=4), image_size=32).save(
        tmp_path / "u.safetensors"
    )
    assert main(["train-uncertainty", str(weights), str(photos)]) == 1
    assert "u.safetensors holds a UNet; expected an EfficientNetUNet" in capsys.readouterr().err
