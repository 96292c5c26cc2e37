"""Putting a trained model into the package."""

import subprocess

import pytest
import torch

from colorlib import pretrained
from colorlib.colorizer import Colorizer
from colorlib.models.efficientnet_unet import EfficientNetUNet
from course.tool import release_weights
from course.tool.cli import main


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "pretrained"
    folder.mkdir()
    monkeypatch.setattr(pretrained, "_FOLDER", folder)
    return folder


def test_release_writes_half_precision_and_hashes(package, tmp_path, capsys):
    trained = Colorizer(EfficientNetUNet(), image_size=128)
    file = str(trained.save(tmp_path / "run.safetensors"))
    for name in ("plain", "vivid"):
        assert main(["release-weights", name, file]) == 0
    assert "bytes. Now: python -m benchmarks.shipped" in capsys.readouterr().out
    released = pretrained.load("plain")
    assert released.tta and not trained.tta
    found = released.net.state_dict()
    for name, weights in trained.net.state_dict().items():
        torch.testing.assert_close(found[name], weights, rtol=1e-3, atol=1e-6, check_dtype=False)
    check = ["sha256sum", "--check", "--strict", pretrained.CHECKSUMS]
    done = subprocess.run(check, cwd=package, capture_output=True, text=True, check=True)
    assert done.stdout == "plain.safetensors: OK\nvivid.safetensors: OK\n"


def test_release_with_gain_and_size_applies_them(package, tmp_path):
    trained, L = Colorizer(EfficientNetUNet(), image_size=128), torch.zeros(1, 1, 128, 128)
    file = str(trained.save(tmp_path / "run.safetensors"))
    assert main(["release-weights", "plain", file]) == 0
    assert main(["release-weights", "vivid", file, "--gain", "1.2", "--size", "160"]) == 0
    plain, strong = pretrained.load("plain"), pretrained.load("vivid")
    assert (plain.image_size, strong.image_size) == (128, 160)
    ratio = strong.predict_ab_at(L, 128).norm() / plain.predict_ab_at(L, 128).norm()
    assert ratio == pytest.approx(1.2, rel=0.02)


def test_release_that_fails_leaves_nothing(package, tmp_path, capsys, monkeypatch):
    wide = Colorizer(EfficientNetUNet(base_channels=40), image_size=128).save(
        tmp_path / "wide.safetensors"
    )
    assert main(["release-weights", "portrait", str(wide)]) == 1
    assert "portrait is not a pretrained model; expected one of" in capsys.readouterr().err
    monkeypatch.setattr(release_weights, "MAX_BYTES", 100_000)
    assert main(["release-weights", "plain", str(wide)]) == 1
    assert "expected at most 100,000: train a narrower network" in capsys.readouterr().err
    assert list(package.iterdir()) == []


def test_release_of_two_files_takes_the_mean_of_their_weights(package, tmp_path, capsys):
    nets = [EfficientNetUNet(seed=seed) for seed in (0, 1)]
    files = [
        str(Colorizer(net, image_size=128).save(tmp_path / f"{seed}.safetensors"))
        for seed, net in enumerate(nets)
    ]
    assert main(["release-weights", "plain", *files]) == 0
    released = pretrained.load("plain").net.state_dict()
    first, second = (net.state_dict() for net in nets)
    name = "encoder.0.0.weight"
    expected = (first[name] + second[name]) / 2
    assert not torch.allclose(first[name], second[name])
    torch.testing.assert_close(released[name], expected, rtol=1e-3, atol=1e-4, check_dtype=False)
    other = Colorizer(EfficientNetUNet(base_channels=8), image_size=128)
    files[1] = str(other.save(tmp_path / "other.safetensors"))
    assert main(["release-weights", "plain", *files]) == 1
    assert "these files hold different networks" in capsys.readouterr().err
