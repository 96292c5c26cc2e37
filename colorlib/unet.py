"""The U-Net of the papers, at any depth, width and number of channels.

Paper 001's U-Net from gray to RGB, as lesson 2 builds it.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from colorlib.generator import Generator, LayerList, UNetBlock, down_block, up_block, upsample_2x


class UNet(Generator):
    """The U-Net of pix2pix (papers 000 and 004) or of paper 003, at any depth, width and number of channels.

    Each of the ``downs`` levels halves the picture by a 4x4 convolution of stride 2 with LeakyReLU 0.2, and
    doubles it again with ReLU. Level k has ``width`` * min(2**k, ``cap``) filters, k from 0. No noise z goes
    in (see the top of :mod:`colorlib.generators`).

    *pix2pix*: activation, convolution, batch norm, in that order; no batch norm in the outermost level nor in
    the innermost convolution. No convolution has a bias but the last one. With ``UNet()`` that is 54,409,858
    parameters, the number of the public code that papers 000 and 004 follow.

    *paper003*: convolution, batch norm, activation; the way up is transposed convolution, concatenation,
    batch norm, ReLU, and at full size, where there is nothing to concatenate, it ends in a 1x1 convolution.
    No batch norm in the first layer and the last; these two have a bias. The paper does not give its depth n:
    with width 64, outputs 3 and n = 4, 5, 6 there are 6,296,451, 16,785,283 and 29,371,267 parameters.

    Args:
        inputs: Channels in, 1 for L.
        outputs: Channels out: 2 for ab, 3 for Lab or RGB.
        downs: Levels, 2 to 10: 8 for 256 x 256, 6 for 64 x 64.
        width: Filters of the outermost level.
        skips: False leaves the concatenations out, which makes an autoencoder of the same depth.
        up: ``"transposed"``: convolution 4x4 as in the papers, which can draw a checkerboard of period 2; or
            ``"resize"``: nearest-neighbour enlargement and a 3x3 convolution, which does not.
        dropout: Rate after the ups that follow the innermost one and keep the full width, at most three (so 3
            at 8 downs, 1 at 6, none at 5). None is what the style's paper has: 0.5, or 0 for paper 003.
        style: ``"pix2pix"`` or ``"paper003"``.
        cap: Levels have at most ``width * cap`` filters.

    Shape:
        L (n, inputs, h, w), h and w at least 2**downs, to (n, outputs, h, w) in [-1, 1]. Sizes that are no
        multiple of 2**downs are extended by reflection at the right and at the bottom, and the result is cut.
        While training, ``"paper003"`` needs n > 1 if h = w = 2**downs: its innermost batch norm gets 1 pixel.

    Raises:
        TypeError, ValueError: If an argument has the wrong type or lies outside its range.

    Example:
        >>> net_g = UNet(downs=3, width=8).eval()
        >>> net_g(torch.zeros(1, 1, 20, 9)).shape
        torch.Size([1, 2, 20, 9])
    """

    rules: ClassVar = {
        "inputs": range(1, 17),
        "outputs": range(1, 17),
        "downs": range(2, 11),
        "width": range(1, 513),
        "skips": bool,
        "up": ("transposed", "resize"),
        "dropout": (0.0, 1.0),
        "style": ("pix2pix", "paper003"),
        "cap": range(1, 17),
    }

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 2,
        downs: int = 8,
        width: int = 64,
        *,
        skips: bool = True,
        up: Literal["transposed", "resize"] = "transposed",
        dropout: float | None = None,
        style: Literal["pix2pix", "paper003"] = "pix2pix",
        cap: int = 8,
    ) -> None:
        if dropout is None:
            dropout = 0.0 if style == "paper003" else 0.5
        values = inputs, outputs, downs, width, skips, up, dropout, style, cap
        super().__init__(**dict(zip(self.rules, values, strict=True)))
        self.least = self.multiple = 2**downs
        widths = [width * min(2**k, cap) for k in range(downs)]
        level = self._pix2pix_level if style == "pix2pix" else self._paper003_level
        net: nn.Module = nn.Identity()
        for k in reversed(range(downs)):  # from the middle outwards
            net = level(k, widths, net)
        self.levels = net
        self.head = nn.Conv2d(width, outputs, 1) if style == "paper003" else nn.Identity()

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of 2**downs."""
        return torch.tanh(self.head(self.levels(L)))

    def _pix2pix_level(self, k: int, widths: list[int], inside: nn.Module) -> UNetBlock:
        """Make level k as pix2pix has it: activation, convolution, batch norm."""
        first, last = k == 0, k == len(widths) - 1
        outer, out = (
            self._config[name] if first else widths[k - 1] for name in ("inputs", "outputs")
        )
        down = down_block(outer, widths[k], active=not first, norm=not (first or last))
        up = up_block(self._below(k, widths), out, norm=not first, how=self._config["up"])
        up += self._dropout(k, widths)
        return UNetBlock(down, inside, up, [], skip=self._config["skips"] and not first)

    def _paper003_level(self, k: int, widths: list[int], inside: nn.Module) -> UNetBlock:
        """Make level k as paper 003 has it: convolution, batch norm, activation."""
        first, inner = k == 0, widths[k]
        outer, out = (self._config["inputs"], inner) if first else (widths[k - 1], widths[k - 1])
        down = [nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=first)]
        down += [nn.LeakyReLU(0.2)] if first else [nn.BatchNorm2d(inner), nn.LeakyReLU(0.2)]
        up = upsample_2x(self._below(k, widths), out, self._config["up"], bias=False)
        up += self._dropout(k, widths)
        skip = self._config["skips"] and not first
        return UNetBlock(down, inside, up, [nn.BatchNorm2d(out * (1 + skip)), nn.ReLU()], skip)

    def _below(self, k: int, widths: list[int]) -> int:
        """Count the channels that arrive from inside level k: twice its filters where a skip joined them."""
        return widths[k] * (1 + (self._config["skips"] and k < len(widths) - 1))

    def _dropout(self, k: int, widths: list[int]) -> list[nn.Module]:
        """Make level k's dropout: between two levels of full width, the three next to the innermost."""
        full = k > 0 and widths[k - 1] == widths[k] == widths[-1]
        if full and len(widths) - 4 <= k < len(widths) - 1 and self._config["dropout"]:
            return [nn.Dropout(self._config["dropout"])]
        return []


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
            net = UNetBlock(down, net, ups if first else [*ups, nn.ReLU()], [], skip=not first)
        self.levels = net

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of 2**downs."""
        return torch.tanh(self.levels(L))


def _double(channels: int, out: int, up: str) -> LayerList:
    """Make the layers that double height and width with a 3x3 kernel."""
    if up == "transposed":
        return [nn.ConvTranspose2d(channels, out, 3, stride=2, padding=1, output_padding=1)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, out, 3, padding=1)]
