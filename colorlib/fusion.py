"""Paper 002's fusion network: a CNN that is told what a classifier saw in the whole picture."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from colorlib.generator import Generator, conv_block
from colorlib.models.backbones import fork_rng, load_timm


class FusionCNN(Generator):
    """The Inception-ResNet-v2 network of paper 002 (its figure 2), after Deep Koalarization.

    An encoder turns the picture into 256 channels at an eighth of its size; Inception-ResNet-v2 turns it into
    one number per class of ImageNet; these numbers are repeated at each place beside the 256 channels, a 1x1
    convolution mixes both, a decoder paints. The picture is doubled by repeating its pixels, the last time
    after the last layer: colours come in squares of two by two pixels.

    The paper says "about 6.5M" parameters, "512" channels out of the encoder, and 1001 classes. 512 channels
    would make 5.46M, so the encoder ends in 256 here: 6,573,794 parameters beside Inception with timm's
    1000 classes, 6,574,050 with 1001, which only TensorFlow's old checkpoint has.

    Inception (55.8 million parameters with 1000 classes) never learns and is always in evaluation mode. Its
    weights are part of the state dict, so that a file needs nothing else. It sees L three times, as it is:
    timm's normalisation, (x - 0.5) / 0.5 on [0, 1], leads back to [-1, 1]. The paper does not say at which
    size; here it is the picture's own, not 299 x 299.

    Args:
        pretrained: Fetch Inception's ImageNet weights by timm. A random Inception tells the decoder nothing
            that it can use; it is for tests, and for files that bring their own weights.
        classes: Of Inception: 1000, or 1001 for the paper's count, which nobody offers pretrained here.
        outputs: Channels out: 2 for ab; 3 for RGB.
        seed: Of the first weights; torch's random state stays as it was.

    Shape:
        L (n, 1, h, w), h and w at least 75, which is Inception's least, to (n, outputs, h, w) in [-1, 1].

    Raises:
        ImportError: If timm is not installed.
        OSError: If ``pretrained`` and the weights cannot be had; without a network that takes a minute, since
            timm's loader tries again and again, or no time with the environment's HF_HUB_OFFLINE=1.
        ValueError: If ``pretrained`` with other than 1000 classes.

    Example:
        >>> with torch.device("meta"):
        ...     net_g = FusionCNN()
        >>> sum(p.numel() for name, p in net_g.named_parameters() if not name.startswith("inception"))
        6573794
    """

    rules: ClassVar = {"classes": range(2, 20_001), "outputs": range(1, 17)}
    least, multiple = 75, 8
    kept = frozen = ("inception",)

    def __init__(
        self, pretrained: bool = False, classes: int = 1000, *, outputs: int = 2, seed: int = 0
    ) -> None:
        super().__init__(classes=classes, outputs=outputs)
        if pretrained and classes != 1000:
            raise ValueError(
                f"classes is {classes}; expected 1000 with pretrained=True: there are no others"
            )
        with fork_rng(seed):
            self.encoder = nn.Sequential(
                *conv_block(1, 64, stride=2),
                *conv_block(64, 128),
                *conv_block(128, 128, stride=2),
                *conv_block(128, 256),
                *conv_block(256, 256, stride=2),
                *conv_block(256, 512),
                *conv_block(512, 512),
                *conv_block(512, 256),
            )
            self.fusion = nn.Sequential(nn.Conv2d(256 + classes, 256, 1), nn.ReLU())
            self.decoder = nn.Sequential(
                *conv_block(256, 128),
                nn.Upsample(scale_factor=2),
                *conv_block(128, 64),
                *conv_block(64, 64),
                nn.Upsample(scale_factor=2),
                *conv_block(64, 32),
                nn.Conv2d(32, outputs, 3, padding=1),
                nn.Tanh(),
                nn.Upsample(scale_factor=2),
            )
            self.inception = load_timm("inception_resnet_v2", pretrained, classes).requires_grad_(
                False
            )
        self.train()

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of 8."""
        with torch.no_grad():
            whole = self.inception(L.repeat(1, 3, 1, 1))[..., None, None]
        parts = self.encoder(L)
        fused = self.fusion(torch.cat([parts, whole.expand(-1, -1, *parts.shape[-2:])], dim=1))
        return self.decoder(fused)
