"""Paper 002's pix2pix generators: a U-Net whose way down is a classifier's."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from colorlib.generator import Generator, concat_skip
from colorlib.models.backbones import fork_rng, load_torchvision, to_imagenet_input

EncoderName = Literal["mobilenet_v2", "densenet121", "resnet18"]
STAGE_CHANNELS: dict[
    str, tuple[int, ...]
] = {  # at a half, a quarter, an eighth, ... of the picture's size
    "mobilenet_v2": (16, 24, 32, 96, 320),
    "densenet121": (64, 256, 512, 1024, 1024),
    "resnet18": (64, 64, 128, 256, 512),
}


def encoder_stages(encoder: EncoderName, pretrained: bool = False) -> nn.Sequential:
    """Cut one of torchvision's classifiers into five stages, each of which halves the picture.

    *mobilenet_v2*: the outputs of blocks, as narrow as they are, up to the 320 channels of the last one; the
    1280 that the classifier makes of them are left out, which keeps the decoder small. (TensorFlow's
    tutorial, which the paper mirrors, takes the expanded 96, 144, 192, 576 on the way and the same 320.)
    *densenet121*: what stands before each transition halves it, after its batch norm and ReLU. *resnet18*:
    the stem, then its four layers.

    Example:
        >>> features, x = [], torch.zeros(1, 3, 64, 64)
        >>> for stage in encoder_stages("resnet18"):
        ...     features.append(x := stage(x))
        >>> [tuple(x.shape[1:]) for x in features]
        [(64, 32, 32), (64, 16, 16), (128, 8, 8), (256, 4, 4), (512, 2, 2)]
    """
    net = load_torchvision(encoder, pretrained)
    if encoder == "mobilenet_v2":
        f = net.features
        return nn.Sequential(f[:2], f[2:4], f[4:7], f[7:14], f[14:18])
    if encoder == "resnet18":
        parts = [[net.conv1, net.bn1, net.relu], [net.maxpool, *net.layer1]]
        return nn.Sequential(
            *(nn.Sequential(*part) for part in parts), net.layer2, net.layer3, net.layer4
        )
    f = net.features
    parts = [[f.conv0, f.norm0, f.relu0], [f.pool0, f.denseblock1]]
    for transition, block in zip(
        (f.transition1, f.transition2, f.transition3),
        (f.denseblock2, f.denseblock3, f.denseblock4),
        strict=True,
    ):
        parts[-1] += [transition.norm, transition.relu]
        parts.append([transition.conv, transition.pool, block])
    parts[-1] += [f.norm5, nn.ReLU()]
    return nn.Sequential(*(nn.Sequential(*part) for part in parts))


class EncoderUNet(Generator):
    """The pix2pix generator of paper 002 (its figure 3): five downs by a classifier, five ups of its own.

    Each of the first four ups is transposed convolution, batch norm, dropout, ReLU, as the paper lists them;
    then the encoder's picture of the same size is put beside the result. The fifth is a transposed
    convolution and tanh. 256 x 256 becomes 8 x 8 in the middle.

    The paper leaves open, and we chose: *kernels* of 4x4 and batch norm without a bias before it, as in
    pix2pix; the *widths* 512, 256, 128, 64 of TensorFlow's segmentation tutorial, which has the same shape;
    *dropout* of 0.5 as in pix2pix, in all four ups, since the paper says that each contains it; whether the
    encoder learns; and how gray enters: see :func:`~colorlib.models.backbones.to_imagenet_input`.

    Args:
        encoder: ``"mobilenet_v2"`` or ``"densenet121"`` as in the paper, or ``"resnet18"``.
        outputs: Channels out: 2 for ab, 3 for RGB.
        pretrained: Fetch the encoder's ImageNet weights by torchvision; else they are torchvision's first
            random ones. ``initialise`` leaves the encoder alone in both cases.
        frozen: The encoder does not learn, and stays in evaluation mode when the net trains.
        dropout: Rate of dropout.
        width: Filters of the last but one up; those before it have 2, 4 and 8 times as many.
        seed: Of the first weights; torch's random state stays as it was.

    Shape:
        L (n, 1, h, w), h and w at least 32, to (n, outputs, h, w) in [-1, 1]. While training, n > 1 if h and
        w are 32: the innermost batch norm gets 1 pixel.

    Raises:
        OSError: If ``pretrained`` and the weights cannot be had.

    Example:
        >>> net_g = EncoderUNet("resnet18", width=4).eval()
        >>> net_g(torch.zeros(1, 1, 33, 40)).shape
        torch.Size([1, 2, 33, 40])
    """

    rules: ClassVar = {
        "encoder": tuple(STAGE_CHANNELS),
        "outputs": range(1, 17),
        "frozen": bool,
        "dropout": (0.0, 1.0),
        "width": range(1, 257),
    }
    least, multiple = 32, 32
    kept = ("encoder",)

    def __init__(
        self,
        encoder: EncoderName = "mobilenet_v2",
        outputs: int = 2,
        pretrained: bool = False,
        frozen: bool = False,
        dropout: float = 0.5,
        width: int = 64,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(
            encoder=encoder, outputs=outputs, frozen=frozen, dropout=dropout, width=width
        )
        *beside, channels = STAGE_CHANNELS[encoder]
        with fork_rng(seed):
            self.encoder = encoder_stages(encoder, pretrained)
            self.ups = nn.ModuleList()
            for times in (8, 4, 2, 1):
                self.ups.append(_up(channels, times * width, dropout))
                channels = times * width + beside.pop()
            self.last = nn.ConvTranspose2d(channels, outputs, 4, stride=2, padding=1)
        if frozen:
            self.frozen = self.kept
            self.encoder.requires_grad_(False)
        self.train()

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of 32."""
        x, seen = to_imagenet_input(L), []
        for stage in self.encoder:
            seen.append(x := stage(x))
        x = seen.pop()
        for up in self.ups:
            x = concat_skip(up(x), seen.pop())
        return torch.tanh(self.last(x))


def _up(channels: int, out: int, dropout: float) -> nn.Sequential:
    """Make the block that doubles a picture."""
    conv = nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.Dropout(dropout), nn.ReLU())
