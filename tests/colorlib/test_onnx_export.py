"""ONNX files: onnxruntime's colours are those of PyTorch, and the metadata says how to use them."""

import hashlib
import json

import onnx
import onnxruntime
import pytest
import torch

from colorlib import pretrained
from colorlib.cli import main
from colorlib.colorizer import Colorizer
from colorlib.inference import onnx_export
from colorlib.inference.onnx_export import METADATA_KEY, export_onnx
from colorlib.unet import UNet


def run(path, L):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {"L": L.numpy()})[0])


def test_pretrained_model_gives_the_same_colors_at_any_size(tmp_path, capsys):
    path = tmp_path / "plain.onnx"
    assert main(["export", "plain", str(path), "--float32"]) == 0
    assert "height and width are multiples of 32" in capsys.readouterr().out
    net = pretrained.load("plain").net.eval()
    for height, width in ((192, 192), (64, 320)):
        L = torch.rand(1, 1, height, width) * 2 - 1
        with torch.no_grad():
            torch.testing.assert_close(run(path, L), net(L), atol=1e-5, rtol=0)


def test_half_precision_has_half_the_size_and_nearly_the_same_colors(tmp_path):
    model = Colorizer(UNet(num_downs=3, base_channels=16), image_size=24)
    sizes = {}
    for dtype in (torch.float16, torch.float32):
        path = tmp_path / f"{str(dtype).removeprefix('torch.')}.onnx"
        export_onnx(model, path, dtype=dtype)
        sizes[dtype] = path.stat().st_size
    assert sizes[torch.float16] < 0.6 * sizes[torch.float32]
    L = torch.rand(1, 1, 24, 32) * 2 - 1
    half, full = run(tmp_path / "float16.onnx", L), run(tmp_path / "float32.onnx", L)
    assert 0 < (half - full).abs().max() < 0.01 * full.abs().max()


def test_metadata_says_how_to_use_the_network(tmp_path):
    model = Colorizer(UNet(num_downs=3, base_channels=4), image_size=60, tta=True)
    weights = model.save(tmp_path / "unet.safetensors")
    metadata = export_onnx(model, tmp_path / "unet.onnx", weights=weights)
    (prop,) = onnx.load(tmp_path / "unet.onnx").metadata_props
    assert prop.key == METADATA_KEY and json.loads(prop.value) == json.loads(json.dumps(metadata))
    assert metadata["net"] == model.net.config and metadata["tta"] and metadata["is_dynamic"]
    assert (metadata["image_size"], metadata["size_multiple"]) == (60, 8)
    assert metadata["scaler"]["ab_scale"] == 110
    assert metadata["weights"] == {
        "name": "unet.safetensors",
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }


def test_network_that_ends_in_one_pixel_keeps_its_size(tmp_path):
    model = Colorizer(UNet(num_downs=5, base_channels=4), image_size=32)
    metadata = export_onnx(model, tmp_path / "unet.onnx")
    assert not metadata["is_dynamic"] and metadata["size_multiple"] == 32
    L = torch.rand(1, 1, 32, 32) * 2 - 1
    with torch.no_grad():
        expected = model.net.eval()(L)
    torch.testing.assert_close(run(tmp_path / "unet.onnx", L), expected, atol=1e-2, rtol=1e-2)


def test_nothing_is_written_if_the_answers_differ(tmp_path, monkeypatch):
    model = Colorizer(UNet(num_downs=3, base_channels=4), image_size=32)
    monkeypatch.setattr(onnx_export, "_TOLERANCE", {torch.float16: 0.0})
    with pytest.raises(RuntimeError, match="answer differs from PyTorch's by .*; expected at most"):
        export_onnx(model, tmp_path / "unet.onnx")
    assert list(tmp_path.iterdir()) == []


def test_wrong_requests_get_one_sentence(tmp_path, capsys, monkeypatch):
    path = tmp_path / "a.onnx"
    path.write_text("mine")
    assert main(["export", "plain", str(path)]) == 1
    assert "exists already" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert main(["export", "plain", str(tmp_path / "a.pt")]) == 1
    assert "ends in '.pt'; expected a name that ends in '.onnx'" in capsys.readouterr().err
    monkeypatch.setattr(onnx_export, "_PACKAGES", ("onnx", "no_such_package"))
    assert main(["export", "plain", str(tmp_path / "b.onnx")]) == 1
    assert "no_such_package is not installed; ONNX files need it: pip" in capsys.readouterr().err
