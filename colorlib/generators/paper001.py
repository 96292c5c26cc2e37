"""Paper 001's U-Net from gray to RGB, as lesson 2 builds it."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from colorlib.generators.base import Generator
from colorlib.generators.blocks import Layers, Level


class RGBUNet(Generator):
    """The U-Net of paper 001: gray in, RGB out; 3x3 kernels, six levels that double the channels each.

    LeakyReLU on the way down, ReLU on the way up, tanh at the end, the picture of each level beside what
    comes up to it. 256 x 256 becomes 4 x 4 in the middle.

    The paper leaves open: the *base width* (16, 32, 64 give 3,536,851, 14,142,371 and 56,559,427 parameters);
    LeakyReLU's slope (0.2 here, as in pix2pix); *batch norm*, which it does not name, so there is none; how
    RGB is *scaled*: tanh ends at -1 and 1, so 2 * rgb - 1; and *how pictures double*: its section 3.1 says
    transposed convolution, its section 3.1.2 says repeated rows and columns, so ``up`` offers both.

    Args:
        width: Filters of the outermost level; level k has ``width`` * 2**k, k from 0.
        outputs: Channels out: 3 for RGB; 2 for ab compares colour spaces.
        downs: Levels: six in the paper.
        up: ``"transposed"``: transposed convolution of stride 2; or ``"resize"``: rows and columns repeated
            (Keras' UpSampling2D), then a convolution. The kernel is 3x3 in both.

    Shape:
        L (n, 1, h, w), h and w at least 2**downs, to (n, outputs, h, w) in [-1, 1].

    Example:
        >>> net_g = RGBUNet(width=4, downs=3)
        >>> net_g(torch.zeros(1, 1, 20, 9)).shape
        torch.Size([1, 3, 20, 9])
    """

    rules: ClassVar = {
        "width": range(1, 129),
        "outputs": range(1, 17),
        "downs": range(2, 8),
        "up": ("transposed", "resize"),
    }

    def __init__(
        self,
        width: int = 32,
        outputs: int = 3,
        *,
        downs: int = 6,
        up: Literal["transposed", "resize"] = "transposed",
    ) -> None:
        super().__init__(width=width, outputs=outputs, downs=downs, up=up)
        self.least = self.multiple = 2**downs
        net: nn.Module = nn.Identity()
        for k in reversed(range(downs)):  # from the middle outwards
            first, inner = k == 0, width * 2**k
            outer, out = (1, outputs) if first else (inner // 2, inner // 2)
            down = [nn.Conv2d(outer, inner, 3, stride=2, padding=1), nn.LeakyReLU(0.2)]
            ups = _double(inner if k == downs - 1 else 2 * inner, out, up)
            net = Level(down, net, ups if first else [*ups, nn.ReLU()], [], skip=not first)
        self.levels = net

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of 2**downs."""
        return torch.tanh(self.levels(L))


def _double(channels: int, out: int, up: str) -> Layers:
    """Make the layers that double height and width with a 3x3 kernel."""
    if up == "transposed":
        return [nn.ConvTranspose2d(channels, out, 3, stride=2, padding=1, output_padding=1)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, out, 3, padding=1)]
