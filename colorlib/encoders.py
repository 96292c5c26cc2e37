"""Paper 002's pix2pix generators: U-Nets whose way down is a pretrained classifier."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.generator import Generator
from colorlib.models.backbones import load_torchvision, seeded_weights, to_imagenet_input

EncoderName = Literal["mobilenet_v2", "densenet121", "resnet18"]

#: Channels of each encoder's five stages, at 1/2, 1/4, 1/8, 1/16 and 1/32 of the image's size.
STAGE_CHANNELS: dict[str, tuple[int, ...]] = {
    "mobilenet_v2": (16, 24, 32, 96, 320),
    "densenet121": (64, 256, 512, 1024, 1024),
    "resnet18": (64, 64, 128, 256, 512),
}


def encoder_stages(encoder: EncoderName, pretrained: bool = False) -> nn.Sequential:
    """Cut one of torchvision's classifiers into five stages, each of which halves the image.

    *mobilenet_v2*: the narrow outputs of its blocks, up to the 320 channels of the last one; the
    1280 channels that the classifier makes of them are omitted, which keeps the decoder small.
    (TensorFlow's tutorial on U-Nets takes the expanded 96, 144, 192, 576 on the way and the same
    320; paper 002 does not say which.) *densenet121*: the input of each transition, after its batch
    norm and ReLU. *resnet18*: the stem, then its four layers.

    Example:
        >>> shapes, x = [], torch.zeros(1, 3, 64, 64)
        >>> for stage in encoder_stages("resnet18"):
        ...     x = stage(x)
        ...     shapes.append(tuple(x.shape[1:]))
        >>> shapes
        [(64, 32, 32), (64, 16, 16), (128, 8, 8), (256, 4, 4), (512, 2, 2)]
    """
    net = load_torchvision(encoder, pretrained)
    if encoder == "mobilenet_v2":
        blocks = net.features
        return nn.Sequential(blocks[:2], blocks[2:4], blocks[4:7], blocks[7:14], blocks[14:18])
    if encoder == "resnet18":
        return nn.Sequential(
            nn.Sequential(net.conv1, net.bn1, net.relu),
            nn.Sequential(net.maxpool, *net.layer1),
            net.layer2,
            net.layer3,
            net.layer4,
        )
    f = net.features
    one, two, three = f.transition1, f.transition2, f.transition3
    return nn.Sequential(
        nn.Sequential(f.conv0, f.norm0, f.relu0),
        nn.Sequential(f.pool0, f.denseblock1, one.norm, one.relu),
        nn.Sequential(one.conv, one.pool, f.denseblock2, two.norm, two.relu),
        nn.Sequential(two.conv, two.pool, f.denseblock3, three.norm, three.relu),
        nn.Sequential(three.conv, three.pool, f.denseblock4, f.norm5, nn.ReLU()),
    )


class EncoderUNet(Generator):
    """The pix2pix generator of paper 002 (its figure 3): a classifier down, five up blocks.

    Each of the first four up blocks is transposed convolution, batch norm, dropout, ReLU, as the
    paper lists them; then the encoder's features of the same size are concatenated. The fifth is a
    transposed convolution and tanh. 256 x 256 becomes 8 x 8 in the middle.

    The paper leaves open, and we chose: *kernels* of 4x4 and batch norm without a bias before it,
    as in pix2pix; the *channels* 512, 256, 128, 64 of TensorFlow's segmentation tutorial, which has
    the same shape; *dropout* of 0.5 as in pix2pix, in all four up blocks, since the paper says that
    each contains it; whether the encoder is trained; and how gray enters: see
    :func:`~colorlib.models.backbones.to_imagenet_input`.

    Args:
        encoder: ``"mobilenet_v2"`` or ``"densenet121"`` as in the paper, or ``"resnet18"``.
        out_channels: Channels of the output: 2 for ab, 3 for RGB.
        pretrained: Load the encoder's ImageNet weights with torchvision; else they are
            torchvision's random initial ones. ``init_weights`` does not change the encoder in
            either case.
        frozen: The encoder is not trained, and stays in evaluation mode when the net trains.
        dropout: Rate of dropout.
        base_channels: Channels of the last but one up block; those before it have 2, 4 and 8 times
            as many.
        seed: Seed of the initial weights; torch's random state is not changed.

    Shape:
        L (n, 1, h, w), h and w at least 32, to (n, out_channels, h, w) in [-1, 1]. While training,
        n > 1 if h and w are 32: the innermost batch norm gets 1 pixel.

    Raises:
        OSError: If ``pretrained`` and the weights cannot be loaded.

    Example:
        >>> net_g = EncoderUNet("resnet18", base_channels=4).eval()
        >>> net_g(torch.zeros(1, 1, 33, 40)).shape
        torch.Size([1, 2, 33, 40])
    """

    config_schema: ClassVar = {
        "encoder": tuple(STAGE_CHANNELS),
        "out_channels": range(1, 17),
        "frozen": bool,
        "dropout": (0.0, 1.0),
        "base_channels": range(1, 257),
    }
    min_size = size_multiple = 32
    pretrained_modules = ("encoder",)

    def __init__(
        self,
        encoder: EncoderName = "mobilenet_v2",
        out_channels: int = 2,
        pretrained: bool = False,
        frozen: bool = False,
        dropout: float = 0.5,
        base_channels: int = 64,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(locals())
        *skip_channels, channels = STAGE_CHANNELS[encoder]
        with seeded_weights(seed):
            self.encoder = encoder_stages(encoder, pretrained)
            self.up_blocks = nn.ModuleList()
            for factor, skip in zip((8, 4, 2, 1), reversed(skip_channels), strict=True):
                self.up_blocks.append(_up_block(channels, factor * base_channels, dropout))
                channels = factor * base_channels + skip
            self.head = nn.ConvTranspose2d(channels, out_channels, 4, stride=2, padding=1)
        if frozen:
            self.frozen_modules = ("encoder",)
            self.encoder.requires_grad_(False)
        self.train()

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c_out h w"]:
        """Predict colours for images whose sides are multiples of 32."""
        x, features = to_imagenet_input(L), []
        for stage in self.encoder:
            x = stage(x)
            features.append(x)
        skips = reversed(features[:-1])
        for up_block, skip in zip(self.up_blocks, skips, strict=True):
            x = torch.cat([up_block(x), skip], dim=1)
        return torch.tanh(self.head(x))


def _up_block(in_channels: int, out_channels: int, dropout: float) -> nn.Sequential:
    """Return the block that doubles an image."""
    conv = nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.Dropout(dropout), nn.ReLU())
