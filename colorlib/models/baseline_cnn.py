"""Paper 002's baseline: an encoder and a decoder of eight convolutions, without skips."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from colorlib.generator import Generator, conv_block


class BaselineCNN(Generator):
    """The custom CNN of paper 002 (its figure 1): 231,682 parameters with two channels out.

    3x3 convolutions with biases and ReLU, two of them of stride 2; on the way up the image is
    doubled by repeating its pixels. At 256 x 256 the middle is 128 x 64 x 64, as the figure says;
    the paper's text says 128 x 128 x 128, which is impossible. The figure does not show
    activations: ReLU between the layers is our choice, tanh at the end is in the text. A
    convolution of stride 2 is padded by one pixel on every side; the paper's TensorFlow pads an
    even side at the right and at the bottom only.

    Args:
        out_channels: Channels of the output: 2 for ab, as in the paper; 3 for RGB.

    Shape:
        L (n, 1, h, w), h and w at least 4, to (n, out_channels, h, w) in [-1, 1].

    Example:
        >>> sum(p.numel() for p in BaselineCNN().parameters())
        231682
    """

    config_schema: ClassVar = {"out_channels": range(1, 17)}
    min_size = size_multiple = 4

    def __init__(self, out_channels: int = 2) -> None:
        super().__init__(locals())
        self.encoder = nn.Sequential(
            *conv_block(1, 32),
            *conv_block(32, 32, stride=2),
            *conv_block(32, 64),
            *conv_block(64, 64, stride=2),
            *conv_block(64, 128),
        )
        self.decoder = nn.Sequential(
            nn.Upsample(scale_factor=2),
            *conv_block(128, 64),
            nn.Upsample(scale_factor=2),
            *conv_block(64, 32),
            nn.Conv2d(32, out_channels, 3, padding=1),
            nn.Tanh(),
        )

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c_out h w"]:
        """Predict colours for images whose sides are multiples of 4."""
        return self.decoder(self.encoder(L))
