"""The network of "Colorful Image Colorization" (Zhang, Isola and Efros 2016)."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.generator import Generator, LayerList, conv_block

# The first seven stages: channels, as multiples of the first stage's; number of convolutions;
# stride of the last one; dilation of all.
_STAGES = (
    (1, 2, 2, 1),
    (2, 2, 2, 1),
    (4, 3, 2, 1),
    (8, 3, 1, 1),
    (8, 3, 1, 2),
    (8, 3, 1, 2),
    (8, 3, 1, 1),
)


class ZhangNet(Generator):
    """A deep stack of 3x3 convolutions without skips, like VGG, which predicts logits of bins.

    Seven stages of convolutions with ReLU, each with a batch norm at its end; the first three halve
    the image. The fifth and the sixth are dilated: their kernels skip every other pixel, so that
    they see as far as on an image of half the size. The eighth stage doubles the image by a
    transposed convolution, and a 1x1 convolution predicts a logit for each bin, at a quarter of the
    image's size. That is enough for colours, and it bounds the memory: 313 logits in float32 for 16
    images of 256x256 take 82 MB, where those of all pixels would take 1.3 GB.

    Args:
        num_bins: The number of colour bins; 0 predicts a and b instead, as the authors did to
            compare ("L2" in their table 1), here with tanh and enlarged bilinearly.
        base_channels: Channels of the first stage; the fourth to seventh have eight times as many.

    Shape:
        L (n, 1, h, w), h and w at least 8, to logits (n, num_bins, h / 4, w / 4), rounded up, or to
        (n, 2, h, w) in [-1, 1].

    Example:
        >>> ZhangNet(base_channels=4)(torch.zeros(1, 1, 64, 48)).shape
        torch.Size([1, 313, 16, 12])
        >>> sum(weights.numel() for weights in ZhangNet().parameters())
        32235385
    """

    config_schema: ClassVar = {"num_bins": range(1025), "base_channels": range(1, 129)}
    min_size = size_multiple = 8

    def __init__(self, num_bins: int = 313, base_channels: int = 64) -> None:
        super().__init__(locals())
        self.num_bins = num_bins
        self.stages = nn.Sequential()
        channels = 1
        for multiple, depth, stride, dilation in _STAGES:
            out_channels = multiple * base_channels
            self.stages.append(
                nn.Sequential(*_stage(channels, out_channels, depth, stride, dilation))
            )
            channels = out_channels
        middle = 4 * base_channels
        self.up = nn.Sequential(
            nn.ConvTranspose2d(channels, middle, 4, stride=2, padding=1),
            nn.ReLU(),
            *conv_block(middle, middle),
            *conv_block(middle, middle),
        )
        self.head = nn.Conv2d(middle, num_bins or 2, 1)

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c h_out w_out"]:
        """Predict logits, or a and b, for images whose sides are multiples of 8."""
        output = self.head(self.up(self.stages(L)))
        if self.num_bins:
            return output
        return F.interpolate(torch.tanh(output), scale_factor=4.0, mode="bilinear")


def _stage(
    in_channels: int, out_channels: int, depth: int, stride: int, dilation: int
) -> LayerList:
    """Return ``depth`` convolutions with ReLU, the last one of a stride, and a batch norm."""
    layers: LayerList = []
    for k in range(depth):
        options = {"padding": dilation, "dilation": dilation}
        if k == depth - 1:
            options["stride"] = stride
        layers += [nn.Conv2d(in_channels, out_channels, 3, **options), nn.ReLU()]
        in_channels = out_channels
    return [*layers, nn.BatchNorm2d(out_channels)]
