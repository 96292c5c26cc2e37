"""Taking a trained model into the package."""

import subprocess

import pytest
import torch

from colorlib import pretrained
from colorlib.colorizer import Colorizer
from colorlib.models.efficientnet_unet import EfficientNetUNet
from course.tool import release_weights
from course.tool.cli import main


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "_HERE", tmp_path / "shipped")
    (tmp_path / "shipped").mkdir()
    return tmp_path


def test_what_is_shipped_is_the_model_in_half_precision_with_its_hash(place, capsys):
    trained = Colorizer(EfficientNetUNet(), size=128)
    for name in ("landscape", "general"):
        assert (
            main(
                [
                    "release-weights",
                    name,
                    str(trained.save(place / "run.safetensors", overwrite=True)),
                ]
            )
            == 0
        )
    assert "bytes. Now: python -m benchmarks.shipped" in capsys.readouterr().out
    assert pretrained.load("landscape").averaged and not trained.averaged
    found = pretrained.load("landscape").net.state_dict()
    for name, weights in trained.net.state_dict().items():
        assert torch.equal(found[name], weights.to(found[name].dtype)) or torch.allclose(
            found[name], weights, rtol=1e-3, atol=1e-6
        )
    check = ["sha256sum", "--check", "--strict", pretrained.SUMS]
    said = subprocess.run(
        check, cwd=place / "shipped", capture_output=True, text=True, check=True
    ).stdout
    assert said == "general.safetensors: OK\nlandscape.safetensors: OK\n"


def test_a_gain_makes_the_colours_stronger(place):
    trained, L = Colorizer(EfficientNetUNet(), size=128), torch.zeros(1, 1, 128, 128)
    file = str(trained.save(place / "run.safetensors"))
    assert (
        main(["release-weights", "landscape", file])
        == main(["release-weights", "general", file, "--gain", "1.2", "--size", "160"])
        == 0
    )
    assert (pretrained.load("landscape").size, pretrained.load("general").size) == (128, 160)
    plain, strong = (
        pretrained.load(name).predict(L, 128).norm() for name in ("landscape", "general")
    )
    assert strong / plain == pytest.approx(1.2, rel=0.02)


def test_what_cannot_be_shipped_is_said_and_leaves_nothing(place, capsys, monkeypatch):
    wide = Colorizer(EfficientNetUNet(width=40), size=128).save(place / "wide.safetensors")
    assert main(["release-weights", "portrait", str(wide)]) == 1
    assert "portrait is not shipped; expected one of landscape" in capsys.readouterr().out
    monkeypatch.setattr(release_weights, "LIMIT", 100_000)
    assert main(["release-weights", "landscape", str(wide)]) == 1
    assert "expected at most 100,000: train a narrower network" in capsys.readouterr().out
    assert list((place / "shipped").iterdir()) == []
