"""Evaluation: what a network is shown, and the gray baseline."""

import pytest
import torch
from torch import nn

from colorlib.color import LabScaler, rgb_to_lab
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.evaluation.collection import default_metrics
from colorlib.evaluation.evaluate import colorize_batch, evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.metrics import gray_baseline

CROPS = sample_photo_crops(10, 32)
BYTES = CROPS.mul(255).round().to(torch.uint8)


class Truth(nn.Module):
    """Answers with the true colours, looked up by L; so it also proves which L it is shown."""

    def __init__(self, rgb, scale):
        super().__init__()
        lab = rgb_to_lab(rgb)
        self.L, self.ab = lab[:, :1], scale.split(lab)[1]

    def forward(self, L):
        rows = [(self.L - (one + 1) * 50).abs().amax((1, 2, 3)).argmin() for one in L]
        return self.ab[torch.stack(rows)]


@pytest.mark.parametrize("scale", [LabScaler(), LabScaler(128)])
def test_the_true_colours_come_back(scale):
    evaluation = evaluate(Truth(CROPS, scale), TensorImages(BYTES), scale, batch=3)
    numbers = evaluation.result()
    assert evaluation.pictures == 10 and numbers["psnr"] > 45 and numbers["ssim"] > 0.99


def test_without_a_network_it_is_the_gray_baseline():
    numbers = evaluate(None, TensorImages(BYTES)).result()
    assert numbers["chroma_ratio"] < 1e-3
    assert colorize_batch(None, CROPS) == pytest.approx(gray_baseline(CROPS), abs=0.01)


def test_the_network_sees_8_bit_gray_and_evaluation_mode():
    seen = []

    class Spy(nn.Module):
        def forward(self, L):
            seen.append((self.training, ((L + 1) * 127.5)))
            return torch.zeros(len(L), 2, *L.shape[2:])

    evaluate(Spy().train(), TensorImages(BYTES), metrics={"psnr": psnr_metric("rgb", peak=1)})
    training, gray = seen[0]
    assert not training and torch.allclose(gray, gray.round(), atol=1e-3)


def test_batches_do_not_change_the_numbers():
    one, two = (evaluate(None, TensorImages(BYTES), batch=n).result() for n in (10, 3))
    assert set(one) >= set(default_metrics()) - {"hue"}
    assert {k: v for k, v in one.items() if "hue" not in k} == pytest.approx(
        {k: v for k, v in two.items() if "hue" not in k}
    )
