"""Paper 001's U-Net: shapes, what doubles and what does not, and the lesson that builds it."""

from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
from generator_cases import count, noise, shaken
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from colorlib.generator import UNetBlock, init_weights
from colorlib.unet import RGBUNet

LESSON = Path(__file__).parents[2] / "solutions/02_unet.ipynb"


def test_six_levels_from_256_to_4_and_back():
    with torch.device("meta"):
        net, shapes = RGBUNet(width=16), []
        for module in net.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                module.register_forward_hook(lambda m, _, out: shapes.append(tuple(out.shape[1:])))
        net(torch.zeros(1, 1, 256, 256))
    downs = [(16 * 2**k, 128 // 2**k, 128 // 2**k) for k in range(6)]
    assert shapes == [*downs, *reversed(downs[:-1]), (3, 256, 256)]
    assert shapes[5] == (512, 4, 4)
    layers = list(net.modules())
    assert not any(isinstance(m, nn.BatchNorm2d) for m in layers)
    kernels = [m for m in layers if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    assert {(m.kernel_size, m.stride, m.bias is not None) for m in kernels} == {
        ((3, 3), (2, 2), True)
    }
    assert sum(isinstance(m, nn.LeakyReLU) for m in layers) == 6
    assert sum(isinstance(m, nn.ReLU) for m in layers) == 5


@pytest.mark.parametrize("width", [16, 32, 64])
def test_parameters_by_a_formula_and_in_the_docstring(width):
    ends = [1, *(width * 2**k for k in range(6))]
    total = sum(9 * a * b + b for a, b in pairwise(ends))
    for k in range(6):
        below, out = ends[k + 1] * (1 if k == 5 else 2), ends[k] if k else 3
        total += 9 * below * out + out
    for up in ("transposed", "resize"):
        with torch.device("meta"):
            assert count(RGBUNet(width, up=up)) == total
    assert f"{total:,}" in RGBUNet.__doc__


def test_equals_the_network_of_lesson_2():
    cells = {cell.id: cell.source for cell in nbformat.read(LESSON, as_version=4).cells}
    names = {"nn": nn, "UNetBlock": UNetBlock}
    exec(cells["s8-net"], names)
    for downs in (3, 6):
        net = shaken(RGBUNet(4, downs=downs))
        theirs, L = names["paper001"](4, downs), noise(2, 1, 64, 128)
        theirs.load_state_dict(
            dict(zip(theirs.state_dict(), net.state_dict().values(), strict=True)),
        )
        with torch.no_grad():
            assert torch.equal(net(L), theirs(L))


def test_repeated_rows_and_columns_draw_no_checkerboard():
    even, spread = torch.full((1, 1, 128, 128), 0.5), {}
    for up in ("transposed", "resize"):
        net = init_weights(RGBUNet(8, downs=3, up=up), "he").eval()
        with torch.no_grad():
            inner = net(even)[..., 48:80, 48:80]
        spread[up] = float((inner.std((2, 3)) / inner.abs().mean((2, 3))).mean())
    assert spread["transposed"] > 0.1 and spread["resize"] < 1e-5, spread


@settings(deadline=None, max_examples=25)
@given(st.integers(8, 40), st.integers(8, 40), st.sampled_from(["transposed", "resize"]))
def test_any_size(h, w, up):
    with torch.no_grad():
        assert RGBUNet(2, downs=3, up=up)(noise(1, 1, h, w)).shape == (1, 3, h, w)
