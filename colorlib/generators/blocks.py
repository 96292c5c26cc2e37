"""The parts of a U-Net: a block that halves a picture, one that doubles it, and a level that holds both."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Layers = list[nn.Module]


def down_block(channels: int, out: int, *, active: bool = True, norm: bool = True) -> Layers:
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
) -> Layers:
    """Double a picture as pix2pix does: ReLU, transposed convolution 4x4 of stride 2, batch norm or a bias.

    Args:
        channels: How many arrive: twice as many where a skip joined them.
        out: How many leave, at twice the height and width.
        norm: Whether a batch norm follows; where none does, the convolution has a bias.
        how: As ``up`` in :class:`~colorlib.generators.unet.UNet`.

    Example:
        >>> nn.Sequential(*up_block(16, 2, norm=False))(torch.zeros(2, 16, 32, 16)).shape
        torch.Size([2, 2, 64, 32])
    """
    layers = [nn.ReLU(), *double(channels, out, how, bias=not norm)]
    return layers + ([nn.BatchNorm2d(out)] if norm else [])


def double(channels: int, out: int, how: Literal["transposed", "resize"], bias: bool) -> Layers:
    """Make the layers that double height and width."""
    if how == "transposed":
        return [nn.ConvTranspose2d(channels, out, 4, stride=2, padding=1, bias=bias)]
    return [nn.Upsample(scale_factor=2), nn.Conv2d(channels, out, 3, padding=1, bias=bias)]


def conv_block(channels: int, out: int, stride: int = 1) -> Layers:
    """Make the block of paper 002's two CNNs: convolution 3x3 with a bias, and ReLU.

    Example:
        >>> nn.Sequential(*conv_block(1, 8, stride=2))(torch.zeros(2, 1, 64, 32)).shape
        torch.Size([2, 8, 32, 16])
    """
    return [nn.Conv2d(channels, out, 3, stride=stride, padding=1), nn.ReLU()]


class Level(nn.Module):
    """One level of the U: down, whatever lies inside, up; then the input is put beside the result (the skip).

    Args:
        down: Layers that halve the picture.
        inside: The next level inwards; ``nn.Identity()`` in the middle of the U.
        up: Layers that double it again.
        after: Layers that follow the concatenation.
        skip: Whether the input is concatenated, in front, along the channels.

    Example:
        >>> halve, double = nn.AvgPool2d(2), nn.Upsample(scale_factor=2)
        >>> Level([halve], nn.Identity(), [double], [], skip=True)(torch.zeros(1, 5, 8, 8)).shape
        torch.Size([1, 10, 8, 8])
    """

    def __init__(
        self, down: Layers, inside: nn.Module, up: Layers, after: Layers, skip: bool
    ) -> None:
        super().__init__()
        self.down, self.inside, self.up = nn.Sequential(*down), inside, nn.Sequential(*up)
        self.after, self.skip = nn.Sequential(*after), skip

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, c, h, w), h and w even, to the same height and width."""
        y = self.up(self.inside(self.down(x)))
        return self.after(joined(x, y) if self.skip else y)


def joined(*parts: Tensor) -> Tensor:
    """Put tensors (n, c, h, w) beside each other along the channels, so that each learns fast.

    To a part, ``torch.cat`` gives back a slice of the gradient of the whole. Where channels come last in
    memory such a slice lies in pieces, and batch norm takes many times as long to read it: so it is copied
    to one place first.

    Example:
        >>> joined(torch.zeros(1, 2, 4, 4), torch.ones(1, 1, 4, 4)).sum(dim=(2, 3))
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
