"""The base class of all generators, the blocks of a U-Net, and the initial weights.

A U-Net is built from the middle outwards: a :class:`UNetBlock` holds a block that halves the image,
the next block inwards, and a block that doubles the image again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.models import schema
from colorlib.tensor_checks import check_choice, check_images

LayerList = list[nn.Module]
UpsampleMode = Literal["transposed", "resize"]


class Generator(nn.Module):
    """A network that predicts colours from a gray image; a subclass implements :meth:`predict`.

    A subclass calls ``super().__init__(locals())``, and sets on the class or in its ``__init__``:

    - ``config_schema``: the constraint of each argument, see
      :func:`colorlib.models.schema.validate_config`;
    - ``min_size``: the smallest height and width that it accepts;
    - ``size_multiple``: an image whose sides are not multiples of it is padded by reflection at the
      right and at the bottom, and the output is cropped to what belongs to the image;
    - ``pretrained_modules``: names of submodules whose initial weights come from elsewhere, such as
      an encoder trained on ImageNet: :func:`init_weights` does not change them;
    - ``frozen_modules``: names of submodules that are not trained: ``train()`` leaves them in
      evaluation mode;
    - ``channels_last``: whether it trains faster in this memory format even on a CPU in float32.

    Example:
        >>> class Gray(Generator):
        ...     size_multiple = 8
        ...     def __init__(self):
        ...         super().__init__(locals())
        ...     def predict(self, L):
        ...         return 0 * L.repeat(1, 2, 1, 1)
        >>> Gray()(torch.zeros(1, 1, 61, 90)).shape
        torch.Size([1, 2, 61, 90])
    """

    config_schema: ClassVar[Mapping[str, schema.Constraint]] = {}
    min_size = 1
    size_multiple = 1
    pretrained_modules: tuple[str, ...] = ()
    frozen_modules: tuple[str, ...] = ()
    channels_last = False

    def __init__(self, arguments: Mapping[str, object]) -> None:
        super().__init__()
        self._config = {name: arguments[name] for name in self.config_schema}
        schema.validate_config(type(self).__name__, self._config, self.config_schema)

    @property
    def config(self) -> dict[str, object]:
        """The arguments and the class name, as a dict for JSON and ``create_generator``."""
        return {"generator": type(self).__name__, **self._config}

    def forward(self, L: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_out h_out w_out"]:
        """Predict the colours of images; the class documents the shapes.

        Raises:
            TypeError, ValueError: If ``L`` is not such a tensor, or smaller than ``min_size``.
        """
        check_images("L", L, channels=self._config.get("in_channels", 1))
        h, w = L.shape[-2:]
        if min(h, w) < self.min_size:
            advice = "take a larger L"
            if "num_downs" in self._config:
                advice += f", or fewer levels than num_downs={self._config['num_downs']}"
            found = f"L is {h} x {w} (h x w) and the net is a {type(self).__name__}"
            raise ValueError(
                f"{found}; expected at least {self.min_size} x {self.min_size}: {advice}"
            )
        bottom, right = -h % self.size_multiple, -w % self.size_multiple
        if bottom or right:
            L = F.pad(L, (0, right, 0, bottom), mode="reflect")
        output = self.predict(L)
        scale = L.shape[-1] // output.shape[-1]  # logits of colour bins are smaller than the image
        return output[..., : math.ceil(h / scale), : math.ceil(w / scale)]

    def predict(self, L: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_out h_out w_out"]:
        """Predict colours for images whose sides are multiples of ``size_multiple``."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> Generator:
        """Switch between training and evaluation mode, except for ``frozen_modules``."""
        super().train(mode)
        for name in self.frozen_modules:
            getattr(self, name).eval()
        return self


def down_block(
    in_channels: int, out_channels: int, *, activation: bool = True, norm: bool = True
) -> LayerList:
    """Return pix2pix's layers to halve an image: LeakyReLU 0.2, convolution, batch norm.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output, which has half the height and width.
        activation: Whether the block begins with the activation; the first one, on the image, does
            not.
        norm: Whether it ends with a batch norm.

    Example:
        >>> nn.Sequential(*down_block(1, 8, activation=False))(torch.zeros(2, 1, 64, 32)).shape
        torch.Size([2, 8, 32, 16])
    """
    layers: LayerList = [nn.LeakyReLU(0.2)] if activation else []
    layers += [nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=False)]
    layers += [nn.BatchNorm2d(out_channels)] if norm else []
    return layers


def up_block(
    in_channels: int,
    out_channels: int,
    *,
    norm: bool = True,
    upsample_mode: UpsampleMode = "transposed",
) -> LayerList:
    """Return pix2pix's layers to double an image: ReLU, transposed convolution, batch norm.

    Args:
        in_channels: Channels of the input: twice as many after a skip connection.
        out_channels: Channels of the output, which has twice the height and width.
        norm: Whether it ends with a batch norm; without one, the convolution has a bias.
        upsample_mode: As in :class:`~colorlib.unet.UNet`.

    Example:
        >>> nn.Sequential(*up_block(16, 2, norm=False))(torch.zeros(2, 16, 32, 16)).shape
        torch.Size([2, 2, 64, 32])
    """
    layers: LayerList = [nn.ReLU()]
    layers += upsample_2x(in_channels, out_channels, upsample_mode, bias=not norm)
    layers += [nn.BatchNorm2d(out_channels)] if norm else []
    return layers


def upsample_2x(
    in_channels: int,
    out_channels: int,
    upsample_mode: UpsampleMode,
    *,
    bias: bool = True,
    kernel_size: Literal[3, 4] = 4,
) -> LayerList:
    """Return the layers that double height and width; the kernel is 3x3 if it follows a resize."""
    if upsample_mode == "resize":
        conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=bias)
        return [nn.Upsample(scale_factor=2), conv]
    extra = 1 if kernel_size == 3 else 0  # an odd kernel's output is one pixel short
    options = {"stride": 2, "padding": 1, "output_padding": extra, "bias": bias}
    return [nn.ConvTranspose2d(in_channels, out_channels, kernel_size, **options)]


def conv_block(in_channels: int, out_channels: int, stride: int = 1) -> LayerList:
    """Return the block of paper 002's two CNNs: convolution 3x3 with a bias, and ReLU.

    Example:
        >>> nn.Sequential(*conv_block(1, 8, stride=2))(torch.zeros(2, 1, 64, 32)).shape
        torch.Size([2, 8, 32, 16])
    """
    return [nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1), nn.ReLU()]


class UNetBlock(nn.Module):
    """One level of a U-Net: down, the inner levels, up, and the skip connection.

    Args:
        down: Layers that halve the image.
        inner: The next level inwards; ``nn.Identity()`` in the middle of the U.
        up: Layers that double the image again.
        after: Layers that follow the concatenation.
        skip: Whether the input is concatenated in front of the output of ``up``.

    Shape:
        (n, c, h, w), h and w even, to the same height and width.

    Example:
        >>> halve, double = nn.AvgPool2d(2), nn.Upsample(scale_factor=2)
        >>> block = UNetBlock([halve], nn.Identity(), [double], [], skip=True)
        >>> block(torch.zeros(1, 5, 8, 8)).shape
        torch.Size([1, 10, 8, 8])
    """

    def __init__(
        self, down: LayerList, inner: nn.Module, up: LayerList, after: LayerList, skip: bool
    ) -> None:
        super().__init__()
        self.down = nn.Sequential(*down)
        self.inner = inner
        self.up = nn.Sequential(*up)
        self.after = nn.Sequential(*after)
        self.skip = skip

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c_out h w"]:
        """Run the levels inwards and outwards, and concatenate the input if there is a skip."""
        y = self.up(self.inner(self.down(x)))
        if self.skip:
            y = torch.cat([x, y], dim=1)
        return self.after(y)


def init_weights(
    net: nn.Module, scheme: Literal["normal", "he"] = "normal", seed: int | torch.Generator = 0
) -> nn.Module:
    """Draw a network's initial weights as in the papers; torch's random state is not changed.

    Args:
        net: A network of convolutions, linear layers and batch norms; changed in place, except for
            the ``pretrained_modules`` of a :class:`Generator`.
        scheme: ``"normal"``: N(0, 0.02) and, for batch norm, N(1, 0.02), as pix2pix.
            ``"he"``: N(0, sqrt(2 / fan_in)), where fan_in counts the inputs of one output, and 1
            for batch norm (He et al. 2015). Biases are 0 in both.
        seed: The same seed gives the same weights on every device. A CPU generator is advanced.

    Returns:
        ``net`` itself.

    Raises:
        ValueError: If ``scheme`` is another word.

    Example:
        >>> round(init_weights(nn.Conv2d(64, 64, 4)).weight.std().item(), 3)
        0.02
    """
    check_choice("scheme", scheme, ("normal", "he"))
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    pretrained = _find_pretrained(net)
    for module in net.modules():
        if module in pretrained:
            continue
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            mean, std = 1.0, 0.02 if scheme == "normal" else 0.0
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            mean, std = 0.0, 0.02 if scheme == "normal" else math.sqrt(2 / _fan_in(module))
        else:
            continue
        noise = torch.randn(module.weight.shape, generator=generator)
        with torch.no_grad():
            module.weight.copy_(mean + std * noise)
            if module.bias is not None:
                module.bias.zero_()
    return net


def _find_pretrained(net: nn.Module) -> set[nn.Module]:
    """Return all modules inside the ``pretrained_modules`` of the generators in ``net``."""
    found = set()
    for owner in net.modules():
        for name in getattr(owner, "pretrained_modules", ()):
            found.update(getattr(owner, name).modules())
    return found


def _fan_in(module: nn.Module) -> float:
    """Count the inputs of one output; torch's own count is wrong for a transposed convolution."""
    if isinstance(module, nn.ConvTranspose2d):
        return module.weight[:, 0].numel() / math.prod(module.stride)
    return module.weight[0].numel()
