"""What the generators share: arguments that a file can carry, one check of L, and sizes of any kind.

The parts of a U-Net: a block that halves a picture, one that doubles it, and a level that holds both.

The first weights of a network, as the papers draw them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.models import schema
from colorlib.tensor_checks import check_choice, check_images


class Generator(nn.Module):
    """A network that answers a gray picture with colours; a subclass says how in ``colors``.

    A subclass fills in, on the class or in its ``__init__``:

    - ``rules``: what each of its arguments may be, see :func:`colorlib.models.schema.validate_config`;
    - ``least``: the shortest side that it can take;
    - ``multiple``: sides that are no multiple of it are extended by reflection at the right and at the
      bottom, and the answer is cut back;
    - ``kept``: the names of parts whose first weights come from elsewhere, such as an encoder trained on
      ImageNet: :func:`~colorlib.generator.init_weights` leaves them alone;
    - ``channels_last``: whether a CPU in float32, too, trains it faster in that order in memory;
    - ``frozen``: the names of parts that do not learn: ``train()`` leaves them in evaluation mode.

    Example:
        >>> class Gray(Generator):
        ...     multiple = 8
        ...     def colors(self, L):
        ...         return 0 * L.repeat(1, 2, 1, 1)
        >>> import torch
        >>> Gray()(torch.zeros(1, 1, 61, 90)).shape
        torch.Size([1, 2, 61, 90])
    """

    rules: ClassVar[Mapping[str, schema.Constraint]] = {}
    least, multiple = 1, 1
    kept: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    channels_last = False

    def __init__(self, **config: object) -> None:
        super().__init__()
        schema.validate_config(type(self).__name__, config, self.rules)
        self._config = config

    @property
    def config(self) -> dict[str, object]:
        """The arguments, as a dict that JSON can hold and ``build`` takes; ``generator`` names the class."""
        return {"generator": type(self).__name__, **self._config}

    def forward(self, L: Tensor) -> Tensor:
        """Colour pictures: see the class for shapes.

        Raises:
            TypeError, ValueError: If ``L`` is no such tensor, or smaller than ``least`` in height or width.
        """
        check_images("L", L, channels=self._config.get("inputs", 1))
        h, w = L.shape[-2:]
        if min(h, w) < self.least:
            is_one, advice = f"is a {type(self).__name__}", "take a larger L"
            if "downs" in self._config:
                is_one, advice = (
                    f"has {self._config['downs']} downs",
                    "take fewer downs or a larger L",
                )
            wanted = f"at least {self.least} x {self.least}: {advice}"
            raise ValueError(f"L is {h} x {w} (h x w) and the net {is_one}; expected {wanted}")
        down, right = -h % self.multiple, -w % self.multiple
        padded = F.pad(L, (0, right, 0, down), mode="reflect") if down or right else L
        return self.colors(padded)[..., :h, :w]

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of ``multiple``, at their size."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> Generator:
        """Switch between training and evaluation, but for the parts that are ``frozen``."""
        super().train(mode)
        for name in self.frozen:
            getattr(self, name).eval()
        return self


LayerList = list[nn.Module]


def down_block(channels: int, out: int, *, active: bool = True, norm: bool = True) -> LayerList:
    """Halve a picture as pix2pix does: LeakyReLU 0.2, convolution 4x4 of stride 2, batch norm.

    Args:
        channels: How many arrive.
        out: How many leave, at half the height and width.
        active: Whether the activation stands in front; not on the picture itself.
        norm: Whether a batch norm follows.

    Example:
        >>> nn.Sequential(*down_block(1, 8, active=False))(torch.zeros(2, 1, 64, 32)).shape
        torch.Size([2, 8, 32, 16])
    """
    layers = [nn.LeakyReLU(0.2)] if active else []
    layers += [nn.Conv2d(channels, out, 4, stride=2, padding=1, bias=False)]
    return layers + ([nn.BatchNorm2d(out)] if norm else [])


def up_block(
    channels: int,
    out: int,
    *,
    norm: bool = True,
    how: Literal["transposed", "resize"] = "transposed",
) -> LayerList:
    """Double a picture as pix2pix does: ReLU, transposed convolution 4x4 of stride 2, batch norm or a bias.

    Args:
        channels: How many arrive: twice as many where a skip joined them.
        out: How many leave, at twice the height and width.
        norm: Whether a batch norm follows; where none does, the convolution has a bias.
        how: As ``up`` in :class:`~colorlib.unet.UNet`.

    Example:
        >>> nn.Sequential(*up_block(16, 2, norm=False))(torch.zeros(2, 16, 32, 16)).shape
        torch.Size([2, 2, 64, 32])
    """
    layers = [nn.ReLU(), *upsample_2x(channels, out, how, bias=not norm)]
    return layers + ([nn.BatchNorm2d(out)] if norm else [])


def upsample_2x(
    channels: int, out: int, how: Literal["transposed", "resize"], bias: bool
) -> LayerList:
    """Make the layers that double height and width."""
    if how == "transposed":
        return [nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1, bias=bias)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, out, 3, padding=1, bias=bias)]


def conv_block(channels: int, out: int, stride: int = 1) -> LayerList:
    """Make the block of paper 002's two CNNs: convolution 3x3 with a bias, and ReLU.

    Example:
        >>> nn.Sequential(*conv_block(1, 8, stride=2))(torch.zeros(2, 1, 64, 32)).shape
        torch.Size([2, 8, 32, 16])
    """
    return [nn.Conv2d(channels, out, 3, stride=stride, padding=1), nn.ReLU()]


class UNetBlock(nn.Module):
    """One level of the U: down, whatever lies inside, up; then the input is put beside the result (the skip).

    Args:
        down: Layers that halve the picture.
        inside: The next level inwards; ``nn.Identity()`` in the middle of the U.
        up: Layers that double it again.
        after: Layers that follow the concatenation.
        skip: Whether the input is concatenated, in front, along the channels.

    Example:
        >>> halve, double = nn.AvgPool2d(2), nn.Upsample(scale_factor=2)
        >>> UNetBlock([halve], nn.Identity(), [double], [], skip=True)(torch.zeros(1, 5, 8, 8)).shape
        torch.Size([1, 10, 8, 8])
    """

    def __init__(
        self, down: LayerList, inside: nn.Module, up: LayerList, after: LayerList, skip: bool
    ) -> None:
        super().__init__()
        self.down, self.inside, self.up = nn.Sequential(*down), inside, nn.Sequential(*up)
        self.after, self.skip = nn.Sequential(*after), skip

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c, h, w), h and w even, to the same height and width."""
        y = self.up(self.inside(self.down(x)))
        return self.after(concat_skip(x, y) if self.skip else y)


def concat_skip(*parts: Tensor) -> Tensor:
    """Put tensors (n, c, h, w) beside each other along the channels, so that each learns fast.

    To a part, ``torch.cat`` gives back a slice of the gradient of the whole. Where channels come last in
    memory such a slice lies in pieces, and batch norm takes many times as long to read it: so it is copied
    to one place first.

    Example:
        >>> concat_skip(torch.zeros(1, 2, 4, 4), torch.ones(1, 1, 4, 4)).sum(dim=(2, 3))
        tensor([[ 0.,  0., 16.]])
    """
    return torch.cat([_InOnePlace.apply(part) for part in parts], dim=1)


class _InOnePlace(torch.autograd.Function):
    """Change nothing on the way in; give a gradient back in one piece of memory."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.detach()  # as it lies in memory; a view of one picture would lose channels last

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        last = gradient.stride(1) == 1
        return gradient.contiguous(
            memory_format=torch.channels_last if last else torch.contiguous_format
        )


def init_weights(
    net: nn.Module, how: Literal["normal", "he"] = "normal", seed: int | torch.Generator = 0
) -> nn.Module:
    """Draw a network's weights anew, as the papers say, without touching torch's global random state.

    Args:
        net: Any network of convolutions, linear layers and batch norms; changed in place, but for the parts
            that a :class:`~colorlib.generator.Generator` names in ``kept``.
        how: ``"normal"``: N(0, 0.02) and, for batch norm, N(1, 0.02), as pix2pix (papers 000 and 004).
            ``"he"``: N(0, sqrt(2 / fan)), where fan is how many inputs one output sums up, and batch norm 1
            (paper 003). Biases are 0 in both.
        seed: The same seed gives the same weights on every device. Or a CPU generator, which moves on.

    Returns:
        ``net`` itself.

    Raises:
        ValueError: If ``how`` is another word.

    Example:
        >>> round(init_weights(nn.Conv2d(64, 64, 4)).weight.std().item(), 3)
        0.02
    """
    check_choice("how", how, ("normal", "he"))
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    parts = [getattr(owner, name) for owner in net.modules() for name in getattr(owner, "kept", ())]
    kept = {module for part in parts for module in part.modules()}
    for module in net.modules():
        if module in kept:
            continue
        norm = isinstance(module, nn.BatchNorm2d)
        if not norm and not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            continue
        noise = torch.randn(module.weight.shape, generator=generator)
        with torch.no_grad():
            if norm:
                module.reset_running_stats()
                module.weight.copy_(1 + 0.02 * noise if how == "normal" else torch.ones_like(noise))
            else:
                module.weight.copy_(
                    noise * (0.02 if how == "normal" else math.sqrt(2 / _fan(module)))
                )
            if module.bias is not None:
                module.bias.zero_()
    return net


def _fan(module: nn.Module) -> float:
    """Count the inputs that one output sums up; torch's own count is off for a transposed convolution."""
    if isinstance(module, nn.ConvTranspose2d):
        return module.weight[:, 0].numel() / math.prod(module.stride)
    return module.weight[0].numel()
