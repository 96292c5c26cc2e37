"""Paper 002's baseline, layer by layer against the table that the paper prints."""

import pytest
import torch
import torch.nn.functional as F
from generator_cases import count, noise, perturbed
from torch import nn

from colorlib.models.baseline_cnn import BaselineCNN

TABLE = [  # of the paper's figure 1: shape at 256 x 256, parameters
    ((32, 256, 256), 320),
    ((32, 128, 128), 9248),
    ((64, 128, 128), 18496),
    ((64, 64, 64), 36928),
    ((128, 64, 64), 73856),
    ((64, 128, 128), 73792),
    ((32, 256, 256), 18464),
    ((2, 256, 256), 578),
]


def test_layers_are_those_of_the_papers_table():
    rows = []
    with torch.device("meta"):
        net = BaselineCNN()
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                module.register_forward_hook(
                    lambda m, _, out: rows.append((tuple(out.shape[1:]), count(m)))
                )
        assert net(torch.zeros(1, 1, 256, 256)).shape == (1, 2, 256, 256)
        assert count(BaselineCNN(3)) == 231_682 + 32 * 9 + 1
    assert rows == TABLE
    assert count(net) == sum(parameters for _, parameters in TABLE) == 231_682


@pytest.mark.parametrize("out_channels", [2, 3])
def test_network_equals_the_papers_figure(out_channels):
    net = perturbed(BaselineCNN(out_channels))
    weights = list(net.state_dict().values())
    strides, enlarge = (1, 2, 1, 2, 1, 1, 1, 1), (1, 1, 1, 1, 1, 2, 2, 1)
    x = L = noise(2, 1, 16, 24)
    for k in range(8):
        x = x.repeat_interleave(enlarge[k], 2).repeat_interleave(enlarge[k], 3)
        x = F.conv2d(x, weights[2 * k], weights[2 * k + 1], strides[k], 1)
        x = F.relu(x) if k < 7 else torch.tanh(x)
    with torch.no_grad():
        assert torch.allclose(net(L), x, atol=1e-6)
