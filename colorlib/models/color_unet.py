"""ColorUNet, a small U-Net that predicts the odds of colour bins for each pixel."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.generator import Generator, LayerList, conv_block, upsample_2x


class ColorUNet(Generator):
    """The U-Net of Billaut, de Rochemonteix and Thibault (2018), which paper 001 cites.

    Three cells halve the image: two 3x3 convolutions with ReLU, max pooling, batch norm. Two cells
    double it: a transposed convolution and two convolutions, each with ReLU, and batch norm; the
    output of the down cell of the same size is concatenated. The last cell is one convolution
    shorter and has no batch norm, and a 1x1 convolution predicts a logit for each bin, at the
    image's own size: 32 logits in float32 for 16 images of 256x256 take 134 MB. The numbers of
    channels are those of the authors' code; the paper says that they are around 32.

    Args:
        num_bins: The number of colour bins; 0 predicts a and b instead, with tanh.
        base_channels: Channels of the first cell.

    Shape:
        L (n, 1, h, w), h and w at least 8, to logits (n, num_bins, h, w), or to (n, 2, h, w) in
        [-1, 1].

    Example:
        >>> ColorUNet(base_channels=4)(torch.zeros(1, 1, 64, 48)).shape
        torch.Size([1, 32, 64, 48])
        >>> sum(weights.numel() for weights in ColorUNet().parameters())
        142016
    """

    config_schema: ClassVar = {"num_bins": range(1025), "base_channels": range(1, 129)}
    min_size = size_multiple = 8

    def __init__(self, num_bins: int = 32, base_channels: int = 16) -> None:
        super().__init__(locals())
        c = base_channels
        self.down1 = nn.Sequential(*_down_cell(1, c))
        self.down2 = nn.Sequential(*_down_cell(c, 2 * c))
        self.down3 = nn.Sequential(*_down_cell(2 * c, 4 * c))
        self.up1 = nn.Sequential(*_up_cell(4 * c, 2 * c, 2 * c))
        self.up2 = nn.Sequential(*_up_cell(4 * c, c, 2 * c))
        self.output = nn.Sequential(
            *upsample_2x(3 * c, c, "transposed", kernel_size=3),
            nn.ReLU(),
            *conv_block(c, c),
            nn.Conv2d(c, num_bins or 2, 1),
        )
        if not num_bins:
            self.output.append(nn.Tanh())

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c_out h w"]:
        """Predict logits, or a and b, for images whose sides are multiples of 8."""
        half = self.down1(L)
        quarter = self.down2(half)
        x = self.up1(self.down3(quarter))
        x = self.up2(torch.cat([x, quarter], dim=1))
        return self.output(torch.cat([x, half], dim=1))


def _down_cell(in_channels: int, out_channels: int) -> LayerList:
    """Return two convolutions and max pooling, which halves the image."""
    layers = [*conv_block(in_channels, out_channels), *conv_block(out_channels, out_channels)]
    return [*layers, nn.MaxPool2d(2), nn.BatchNorm2d(out_channels)]


def _up_cell(in_channels: int, up_channels: int, out_channels: int) -> LayerList:
    """Return a transposed convolution, which doubles the image, and two convolutions."""
    layers = [*upsample_2x(in_channels, up_channels, "transposed", kernel_size=3), nn.ReLU()]
    layers += [*conv_block(up_channels, out_channels), *conv_block(out_channels, out_channels)]
    return [*layers, nn.BatchNorm2d(out_channels)]
