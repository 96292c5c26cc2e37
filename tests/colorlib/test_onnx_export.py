"""ONNX files: onnxruntime's colours are those of PyTorch, and the metadata says how to use them."""

import hashlib
import json

import onnx
import onnxruntime
import pytest
import torch
import torch.nn.functional as F

from colorlib import pretrained
from colorlib.cli import main
from colorlib.colorizer import Colorizer
from colorlib.inference import onnx_export
from colorlib.inference.onnx_export import METADATA_KEY, export_onnx
from colorlib.inference.uncertainty import UncertaintyNet
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.unet import UNet


def run(path, L, output="output"):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run([output], {"L": L.numpy()})[0])


def random_image(height, width):
    return torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture(scope="module")
def small_model():
    """A model, and a network that predicts its uncertainty, with random weights."""
    model = Colorizer(EfficientNetUNet(num_blocks=12, base_channels=4), image_size=64)
    for norm in model.net.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(norm.running_var, 0.5, 2)  # fusing it changes the weights
    return model, UncertaintyNet(model.net, hidden_channels=8).eval()


@pytest.fixture(scope="module")
def exported(tmp_path_factory, small_model):
    """The same model without and with its uncertainty: two files and their metadata."""
    model, uncertainty = small_model
    folder = tmp_path_factory.mktemp("onnx")
    paths = folder / "colors.onnx", folder / "both.onnx"
    metadata = (
        export_onnx(model, paths[0], dtype=torch.float32),
        export_onnx(model, paths[1], dtype=torch.float32, uncertainty=uncertainty),
    )
    return paths, metadata


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


def test_second_output_is_the_uncertainty_at_the_size_of_the_image(exported, small_model):
    model, uncertainty = small_model
    (_, path), metadata = exported
    assert [one["has_uncertainty"] for one in metadata] == [False, True]
    for height, width in ((64, 64), (96, 160)):
        L = random_image(height, width)
        with torch.no_grad():
            colors, distance = model.net.eval()(L), uncertainty(L)
        assert distance.std() > 1e-3
        enlarged = F.interpolate(distance, (height, width), mode="bilinear")
        torch.testing.assert_close(run(path, L), colors, atol=1e-5, rtol=0)
        torch.testing.assert_close(run(path, L, "uncertainty"), enlarged, atol=1e-4, rtol=1e-4)


def test_uncertainty_changes_no_color_and_the_network_runs_once(exported):
    paths, _ = exported
    L = random_image(64, 96)
    torch.testing.assert_close(run(paths[1], L), run(paths[0], L), atol=1e-6, rtol=0)
    graphs = [onnx.load(path).graph for path in paths]
    convolutions = [sum(node.op_type == "Conv" for node in graph.node) for graph in graphs]
    assert convolutions[1] == convolutions[0] + 2
    assert [[output.name for output in graph.output] for graph in graphs] == [
        ["output"],
        ["output", "uncertainty"],
    ]


def test_uncertainty_of_another_network_is_refused(tmp_path, small_model):
    model, _ = small_model
    with pytest.raises(ValueError, match="belongs to another network; expected that of the model"):
        export_onnx(model, tmp_path / "a.onnx", uncertainty=UncertaintyNet(EfficientNetUNet()))
    assert list(tmp_path.iterdir()) == []


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
    with pytest.raises(RuntimeError, match="output differs from PyTorch's by .*; expected at most"):
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
