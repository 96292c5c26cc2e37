"""ZhangNet and ColorUNet, held against plain functions written from their papers and code."""

import pytest
import torch
import torch.nn.functional as F
from generator_cases import count, noise, perturbed
from torch import nn

from colorlib.models.color_unet import ColorUNet
from colorlib.models.zhang_net import ZhangNet

# Of Zhang et al.'s table 4: channels, dilation, stride, and whether a batch norm follows; 256 x 256
ZHANG_TABLE = [
    (64, 1, 1, False), (64, 1, 2, True),
    (128, 1, 1, False), (128, 1, 2, True),
    (256, 1, 1, False), (256, 1, 1, False), (256, 1, 2, True),
    *[(512, 1, 1, False), (512, 1, 1, False), (512, 1, 1, True)],
    *[(512, 2, 1, False), (512, 2, 1, False), (512, 2, 1, True)] * 2,
    *[(512, 1, 1, False), (512, 1, 1, False), (512, 1, 1, True)],
]  # fmt: skip


def parameter_list(net):
    return [value for name, value in net.state_dict().items() if "num_batches" not in name]


def batch_norm(x, weights):
    weight, bias, mean, var = weights
    return F.batch_norm(x, mean, var, weight, bias)


@pytest.mark.parametrize("num_bins", [0, 7])
def test_zhang_net_is_that_of_the_table(num_bins):
    net = perturbed(ZhangNet(num_bins, base_channels=2))
    weights = iter(parameter_list(net))
    x = L = noise(2, 1, 24, 32)
    for channels, dilation, stride, norm in ZHANG_TABLE:
        weight, bias = next(weights), next(weights)
        assert weight.shape[0] == channels // 32 and weight.shape[2:] == (3, 3)
        x = F.relu(F.conv2d(x, weight, bias, stride, dilation, dilation))
        if norm:
            x = batch_norm(x, [next(weights) for _ in range(4)])
    assert x.shape == (2, 16, 3, 4)
    x = F.relu(F.conv_transpose2d(x, next(weights), next(weights), 2, 1))
    for _ in range(2):
        x = F.relu(F.conv2d(x, next(weights), next(weights), padding=1))
    x = F.conv2d(x, next(weights), next(weights))
    if not num_bins:
        x = F.interpolate(x.tanh(), scale_factor=4, mode="bilinear")
    assert next(weights, None) is None
    with torch.no_grad():
        assert torch.allclose(net(L), x, atol=1e-5)


def test_zhang_net_has_the_size_of_the_published_network():
    with torch.device("meta"):
        net = ZhangNet()
        shapes = []
        for stage in net.stages:
            stage.register_forward_hook(lambda m, _, out: shapes.append(tuple(out.shape[1:])))
        assert net(torch.zeros(1, 1, 256, 256)).shape == (1, 313, 64, 64)
    assert shapes == [(64, 128, 128), (128, 64, 64), (256, 32, 32), *[(512, 32, 32)] * 4]
    convolutions, channels = 0, 1
    for out_channels, *_, norm in ZHANG_TABLE:
        convolutions += (9 * channels + 1) * out_channels + 2 * out_channels * norm
        channels = out_channels
    up = (16 * 512 + 1) * 256 + 2 * (9 * 256 + 1) * 256
    assert count(net) == convolutions + up + 257 * 313


@pytest.mark.parametrize("num_bins", [0, 5])
def test_color_unet_is_that_of_the_authors_code(num_bins):
    """Cells of 16, 32 and 64 filters down, and two skip connections, as in their figure."""
    net = perturbed(ColorUNet(num_bins, base_channels=2))
    weights = iter(parameter_list(net))

    def conv(x):
        return F.relu(F.conv2d(x, next(weights), next(weights), padding=1))

    def up(x):
        return F.relu(F.conv_transpose2d(x, next(weights), next(weights), 2, 1, 1))

    def norm(x):
        return batch_norm(x, [next(weights) for _ in range(4)])

    x = L = noise(2, 1, 16, 24)
    half = norm(F.max_pool2d(conv(conv(x)), 2))
    quarter = norm(F.max_pool2d(conv(conv(half)), 2))
    x = norm(F.max_pool2d(conv(conv(quarter)), 2))
    x = torch.cat([norm(conv(conv(up(x)))), quarter], 1)
    x = torch.cat([norm(conv(conv(up(x)))), half], 1)
    x = conv(up(x))
    x = F.conv2d(x, next(weights), next(weights))
    assert next(weights, None) is None
    with torch.no_grad():
        assert torch.allclose(net(L), x if num_bins else x.tanh(), atol=1e-5)


def test_color_unet_has_the_filters_of_the_authors_code():
    with torch.device("meta"):
        convolutions = [
            m for m in ColorUNet().modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))
        ]
    filters = [conv.out_channels for conv in convolutions]
    assert filters == [16, 16, 32, 32, 64, 64, 32, 32, 32, 16, 32, 32, 16, 16, 32]
