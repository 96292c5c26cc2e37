"""The U-Net of papers 000, 003 and 004, and paper 001's U-Net from gray to RGB.

Where is the noise z? The papers write G(x, z) and feed no z: paper 003 writes 0_z, paper 000 names
a noise and no layer that takes it. The only noise in these networks is dropout during training;
after ``net.eval()`` the output for an image is always the same.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.generator import (
    Generator,
    LayerList,
    UNetBlock,
    UpsampleMode,
    down_block,
    up_block,
    upsample_2x,
)


class UNet(Generator):
    """The U-Net of pix2pix (papers 000 and 004) or of paper 003, at any depth and width.

    Each of the ``num_downs`` levels halves the image by a 4x4 convolution of stride 2 with
    LeakyReLU 0.2, and doubles it again with ReLU. Level k has ``base_channels`` * min(2**k,
    ``max_multiplier``) channels, k from 0.

    *pix2pix*: activation, convolution, batch norm, in that order; no batch norm in the outermost
    level nor in the innermost convolution. Only the last convolution has a bias. ``UNet()`` has
    54,409,858 parameters, as the public code that papers 000 and 004 follow.

    *paper003*: convolution, batch norm, activation; the way up is transposed convolution,
    concatenation, batch norm, ReLU, and at full size, where there is nothing to concatenate, it
    ends in a 1x1 convolution. The first and the last layer have a bias and no batch norm. The paper
    does not give its depth n: with 64 base channels, 3 channels out and n = 4, 5, 6 there are
    6,296,451, 16,785,283 and 29,371,267 parameters.

    Args:
        in_channels: Channels of the input, 1 for L.
        out_channels: Channels of the output: 2 for ab, 3 for Lab or RGB.
        num_downs: Levels, 2 to 10: 8 for 256 x 256, 6 for 64 x 64.
        base_channels: Channels of the outermost level.
        skip_connections: False omits the concatenations, which makes an autoencoder of the same
            depth.
        upsample_mode: ``"transposed"``: convolution 4x4 as in the papers, which can draw a
            checkerboard of period 2; or ``"resize"``: nearest-neighbour enlargement and a 3x3
            convolution, which does not.
        dropout: Rate after the up blocks next to the innermost one that keep the full number of
            channels, at most three (so 3 at 8 levels, 1 at 6, none at 5). None is the rate of the
            variant's paper: 0.5 for pix2pix, 0 for paper 003.
        variant: ``"pix2pix"`` or ``"paper003"``.
        max_multiplier: Levels have at most ``base_channels * max_multiplier`` channels.

    Shape:
        L (n, in_channels, h, w), h and w at least 2**num_downs, to (n, out_channels, h, w) in [-1,
        1]. Sizes that are not multiples of 2**num_downs are padded by reflection at the right and
        at the bottom, and the output is cropped. While training, ``"paper003"`` needs n > 1 if h =
        w = 2**num_downs: its innermost batch norm gets 1 pixel.

    Raises:
        TypeError, ValueError: If an argument has the wrong type or is out of its range.

    Example:
        >>> net_g = UNet(num_downs=3, base_channels=8).eval()
        >>> net_g(torch.zeros(1, 1, 20, 9)).shape
        torch.Size([1, 2, 20, 9])
    """

    config_schema: ClassVar = {
        "in_channels": range(1, 17),
        "out_channels": range(1, 17),
        "num_downs": range(2, 11),
        "base_channels": range(1, 513),
        "skip_connections": bool,
        "upsample_mode": ("transposed", "resize"),
        "dropout": (0.0, 1.0),
        "variant": ("pix2pix", "paper003"),
        "max_multiplier": range(1, 17),
    }

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        num_downs: int = 8,
        base_channels: int = 64,
        *,
        skip_connections: bool = True,
        upsample_mode: UpsampleMode = "transposed",
        dropout: float | None = None,
        variant: Literal["pix2pix", "paper003"] = "pix2pix",
        max_multiplier: int = 8,
    ) -> None:
        if dropout is None:
            dropout = 0.0 if variant == "paper003" else 0.5
        super().__init__(locals())
        self.min_size = self.size_multiple = 2**num_downs
        channels = [base_channels * min(2**k, max_multiplier) for k in range(num_downs)]
        full_size_channels = out_channels if variant == "pix2pix" else base_channels
        net: nn.Module = nn.Identity()
        for k in reversed(range(num_downs)):  # from the middle outwards
            first, last = k == 0, k == num_downs - 1
            skip = skip_connections and not first
            before = in_channels if first else channels[k - 1]
            out = full_size_channels if first else channels[k - 1]
            below = 2 * channels[k] if skip_connections and not last else channels[k]
            if variant == "pix2pix":
                norm = not (first or last)
                down = down_block(before, channels[k], activation=not first, norm=norm)
                up = up_block(below, out, norm=not first, upsample_mode=upsample_mode)
                after = []
            else:
                down = _paper003_down(before, channels[k], norm=not first)
                up = upsample_2x(below, out, upsample_mode, bias=False)
                after = [nn.BatchNorm2d(2 * out if skip else out), nn.ReLU()]
            if dropout and _has_dropout(k, channels):
                up.append(nn.Dropout(dropout))
            net = UNetBlock(down, net, up, after, skip)
        self.levels = net
        self.head = nn.Identity()
        if variant == "paper003":
            self.head = nn.Conv2d(base_channels, out_channels, 1)

    def predict(self, L: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_out h w"]:
        """Predict colours for images whose sides are multiples of 2**num_downs."""
        return torch.tanh(self.head(self.levels(L)))


def _paper003_down(in_channels: int, out_channels: int, norm: bool) -> LayerList:
    """Return paper 003's layers to halve an image: convolution, batch norm, LeakyReLU 0.2."""
    layers = [nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=not norm)]
    layers += [nn.BatchNorm2d(out_channels)] if norm else []
    return [*layers, nn.LeakyReLU(0.2)]


def _has_dropout(k: int, channels: list[int]) -> bool:
    """Return whether level k is one of the three next to the innermost, and as wide as it."""
    next_to_innermost = len(channels) - 4 <= k < len(channels) - 1
    return k > 0 and next_to_innermost and channels[k - 1] == channels[k] == channels[-1]


class RGBUNet(Generator):
    """The U-Net of paper 001, gray to RGB: six levels of 3x3 kernels, channels doubling.

    LeakyReLU on the way down, ReLU on the way up, tanh at the end, a skip connection at each level.
    256 x 256 becomes 4 x 4 in the middle.

    The paper leaves open: the *base channels* (16, 32, 64 give 3,536,851, 14,142,371 and 56,559,427
    parameters); LeakyReLU's slope (0.2 here, as in pix2pix); *batch norm*, which it does not name,
    so there is none; how RGB is *scaled*: tanh ends at -1 and 1, so 2 * rgb - 1; and *how images
    double*: its section 3.1 says transposed convolution, its section 3.1.2 says repeated rows and
    columns: ``upsample_mode`` offers both.

    Args:
        base_channels: Channels of the outermost level; level k has ``base_channels`` * 2**k, k from
            0.
        out_channels: Channels of the output: 3 for RGB; 2 for ab compares colour spaces.
        num_downs: Levels: six in the paper.
        upsample_mode: ``"transposed"``: transposed convolution of stride 2; or ``"resize"``: rows
            and columns repeated (Keras' UpSampling2D), then a convolution. The kernel is 3x3 in
            both.

    Shape:
        L (n, 1, h, w), h and w at least 2**num_downs, to (n, out_channels, h, w) in [-1, 1].

    Example:
        >>> net_g = RGBUNet(base_channels=4, num_downs=3)
        >>> net_g(torch.zeros(1, 1, 20, 9)).shape
        torch.Size([1, 3, 20, 9])
    """

    config_schema: ClassVar = {
        "base_channels": range(1, 129),
        "out_channels": range(1, 17),
        "num_downs": range(2, 8),
        "upsample_mode": ("transposed", "resize"),
    }

    def __init__(
        self,
        base_channels: int = 32,
        out_channels: int = 3,
        *,
        num_downs: int = 6,
        upsample_mode: UpsampleMode = "transposed",
    ) -> None:
        super().__init__(locals())
        self.min_size = self.size_multiple = 2**num_downs
        net: nn.Module = nn.Identity()
        for k in reversed(range(num_downs)):  # from the middle outwards
            first, last = k == 0, k == num_downs - 1
            channels = base_channels * 2**k
            before = 1 if first else channels // 2
            out = out_channels if first else channels // 2
            below = channels if last else 2 * channels
            down = [nn.Conv2d(before, channels, 3, stride=2, padding=1), nn.LeakyReLU(0.2)]
            up = upsample_2x(below, out, upsample_mode, kernel_size=3)
            up += [] if first else [nn.ReLU()]
            net = UNetBlock(down, net, up, [], skip=not first)
        self.levels = net

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c_out h w"]:
        """Predict colours for images whose sides are multiples of 2**num_downs."""
        return torch.tanh(self.levels(L))
