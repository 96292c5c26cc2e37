"""Paper 002's fusion network: a CNN with a classifier's view of the whole image at each place."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.generator import Generator, conv_block
from colorlib.models.backbones import load_timm, seeded_weights


class FusionCNN(Generator):
    """The Inception-ResNet-v2 network of paper 002 (its figure 2), after Deep Koalarization.

    An encoder turns the image into 256 channels at an eighth of its size; Inception-ResNet-v2 turns
    it into one number per ImageNet class; these numbers are repeated at each place and concatenated
    with the 256 channels, a 1x1 convolution mixes both, and a decoder predicts the colours. The
    image is doubled by repeating its pixels, the last time after the last layer: colours come in
    squares of two by two pixels.

    The paper says "about 6.5M" parameters, "512" channels out of the encoder, and 1001 classes. 512
    channels would make 5.46M, so the encoder ends in 256 here: 6,573,794 parameters besides
    Inception with timm's 1000 classes, 6,574,050 with 1001, which only TensorFlow's old checkpoint
    has.

    Inception (55.8 million parameters with 1000 classes) is never trained and always in evaluation
    mode. Its weights are part of the state dict, so that a file needs nothing else. Its three input
    channels are all L: timm's normalization, (x - 0.5) / 0.5 on [0, 1], leads back to [-1, 1]. The
    paper does not say at which size; here it is the image's own, not 299 x 299.

    Args:
        pretrained: Load Inception's ImageNet weights with timm. The output of a random Inception is
            useless to the decoder; it is for tests, and for files that bring their own weights.
        num_classes: Of Inception: 1000, or 1001 for the paper's count, for which there are no
            pretrained weights here.
        out_channels: Channels of the output: 2 for ab; 3 for RGB.
        seed: Seed of the initial weights; torch's random state is not changed.

    Shape:
        L (n, 1, h, w), h and w at least 75, which is Inception's minimum, to (n, out_channels, h,
        w) in [-1, 1].

    Raises:
        ImportError: If timm is not installed.
        OSError: If ``pretrained`` and the weights cannot be loaded; without a network that takes a
            minute, since timm retries, or no time with the environment variable HF_HUB_OFFLINE=1.
        ValueError: If ``pretrained`` with other than 1000 classes.

    Example:
        >>> with torch.device("meta"):
        ...     net_g = FusionCNN()
        >>> parts = net_g.encoder, net_g.fusion, net_g.decoder
        >>> sum(p.numel() for part in parts for p in part.parameters())
        6573794
    """

    config_schema: ClassVar = {"num_classes": range(2, 20_001), "out_channels": range(1, 17)}
    min_size, size_multiple = 75, 8
    pretrained_modules = frozen_modules = ("inception",)

    def __init__(
        self,
        pretrained: bool = False,
        num_classes: int = 1000,
        *,
        out_channels: int = 2,
        seed: int = 0,
    ) -> None:
        super().__init__(locals())
        if pretrained and num_classes != 1000:
            found = f"num_classes is {num_classes}"
            raise ValueError(f"{found}; expected 1000 with pretrained=True: there are no others")
        with seeded_weights(seed):
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
            self.fusion = nn.Sequential(nn.Conv2d(256 + num_classes, 256, 1), nn.ReLU())
            self.decoder = nn.Sequential(
                *conv_block(256, 128),
                nn.Upsample(scale_factor=2),
                *conv_block(128, 64),
                *conv_block(64, 64),
                nn.Upsample(scale_factor=2),
                *conv_block(64, 32),
                nn.Conv2d(32, out_channels, 3, padding=1),
                nn.Tanh(),
                nn.Upsample(scale_factor=2),
            )
            self.inception = load_timm("inception_resnet_v2", pretrained, num_classes)
        self.inception.requires_grad_(False)
        self.train()

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c_out h w"]:
        """Predict colours for images whose sides are multiples of 8."""
        with torch.no_grad():
            logits = self.inception(L.repeat(1, 3, 1, 1))
        features = self.encoder(L)
        h, w = features.shape[-2:]
        repeated = logits[:, :, None, None].expand(-1, -1, h, w)
        fused = self.fusion(torch.cat([features, repeated], dim=1))
        return self.decoder(fused)
