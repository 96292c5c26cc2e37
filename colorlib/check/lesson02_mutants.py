"""Reference implementations of lesson 2, and mutants of them with one part changed."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.generator import down_block, up_block
from colorlib.unet import UNet


# 2.1 and 2.2 --------------------------------------------------------------------------------------
def down(in_channels, out_channels, activation=True, norm=True) -> list[nn.Module]:
    """Return the library's down block."""
    return down_block(in_channels, out_channels, activation=activation, norm=norm)


def conv(kernel: int = 4, stride: int = 2, padding: int = 1, bias: bool = False) -> Callable:
    """Return a function that creates convolutions with these numbers."""
    return lambda c, out: nn.Conv2d(c, out, kernel, stride, padding, bias=bias)


def down_mutant(create_conv=None, act=None, act_last=False) -> Callable:
    """Return a down block's builder with one part changed."""

    def build(in_channels, out_channels, activation=True, norm=True):
        layers = [(create_conv or conv())(in_channels, out_channels)]
        acts = [act or nn.LeakyReLU(0.2)] if activation else []
        norms = [nn.BatchNorm2d(out_channels)] if norm else []
        return [*layers, *norms, *acts] if act_last else [*acts, *layers, *norms]

    return build


def down_with_batch_norm_first(
    in_channels, out_channels, activation=True, norm=True
) -> list[nn.Module]:
    """Return a down block that begins with the batch norm."""
    norms = [nn.BatchNorm2d(in_channels)] if norm else []
    return [*norms, *down(in_channels, out_channels, activation, norm=False)]


def up(in_channels: int, out_channels: int, norm: bool = True) -> list[nn.Module]:
    """Return the library's up block."""
    return up_block(in_channels, out_channels, norm=norm)


def transposed_conv(kernel=4, padding=1, bias=lambda norm: not norm) -> Callable:
    """Return a function that creates transposed convolutions with these numbers."""
    return lambda c, out, norm: nn.ConvTranspose2d(c, out, kernel, 2, padding, bias=bias(norm))


def up_mutant(create_conv=None, act=None, act_last=False) -> Callable:
    """Return an up block's builder with one part changed."""

    def build(in_channels, out_channels, norm=True):
        layers = [(create_conv or transposed_conv())(in_channels, out_channels, norm)]
        acts = [act or nn.ReLU()]
        norms = [nn.BatchNorm2d(out_channels)] if norm else []
        return [*layers, *norms, *acts] if act_last else [*acts, *layers, *norms]

    return build


def last_up(in_channels: int, out_channels: int) -> list[nn.Module]:
    """Return the library's outermost up block; the U-Net appends a tanh to it."""
    return up_block(in_channels, out_channels, norm=False)


# 2.3 and 2.4 --------------------------------------------------------------------------------------
def unet(
    in_channels: int = 1, out_channels: int = 2, num_downs: int = 8, base_channels: int = 64
) -> nn.Module:
    """Return the library's U-Net."""
    return UNet(in_channels, out_channels, num_downs, base_channels)


class Level(nn.Module):
    """A level of the U-Net with any function as its skip."""

    def __init__(self, down, inner, up, skip: Callable | None, skip_from: Callable) -> None:
        super().__init__()
        self.down, self.inner, self.up = nn.Sequential(*down), inner, nn.Sequential(*up)
        self.skip, self.skip_from = skip, skip_from

    def forward(self, x: Tensor) -> Tensor:
        y = self.up(self.inner(self.down(x)))
        return self.skip(self.skip_from(self, x), y) if self.skip else y


def concat_skip(x: Tensor, y: Tensor) -> Tensor:
    """Concatenate a level's input and its result."""
    return torch.cat([x, y], dim=1)


def unet_mutant(
    *,
    skip: Callable | None = concat_skip,
    outermost_skip: Callable | None = None,
    skip_from: Callable = lambda level, x: x,
    inner: Callable = lambda net: net,
    doubled: Callable = lambda k, num_downs: k < num_downs - 1,
    max_multiplier: int = 8,
    down_options: Callable = lambda first, last: {
        "activation": not first,
        "norm": not (first or last),
    },
    up_options: Callable = lambda first, last: {"norm": not first},
    order: Callable = reversed,
    end: Callable = nn.Tanh,
) -> Callable:
    """Return a U-Net's builder with one part changed."""

    def build(in_channels=1, out_channels=2, num_downs=8, base_channels=64):
        channels = [base_channels * min(2**k, max_multiplier) for k in range(num_downs)]
        net = nn.Identity()
        for k in order(range(num_downs)):
            first, last = k == 0, k == num_downs - 1
            before = in_channels if first else channels[k - 1]
            out = out_channels if first else channels[k - 1]
            below = channels[k] * (2 if doubled(k, num_downs) else 1)
            layers_down = down(before, channels[k], **down_options(first, last))
            layers_up = up(below, out, **up_options(first, last))
            own_skip = outermost_skip if first else skip
            net = Level(layers_down, inner(net), layers_up, own_skip, skip_from)
        return nn.Sequential(net, end())

    return build


def count(num_downs: int, base_channels: int) -> int:
    """Count the parameters of the library's U-Net; the meta device needs no memory for them."""
    with torch.device("meta"):
        net = UNet(1, 2, num_downs, base_channels)
    return sum(parameter.numel() for parameter in net.parameters())


def count_mutant(
    *,
    skip=2,
    innermost=1,
    kernel=16,
    norm=2,
    norm_down: Callable = lambda first, last: not (first or last),
    norm_up: Callable = lambda first, last: not first,
    outermost=(1, 2),
    bias=2,
    max_multiplier=8,
) -> Callable:
    """Return a function that counts parameters with one term of the sum changed."""

    def add(num_downs, base_channels):
        channels = [base_channels * min(2**k, max_multiplier) for k in range(num_downs)]
        total = bias
        for k in range(num_downs):
            first, last = k == 0, k == num_downs - 1
            before, out = outermost if first else (channels[k - 1], channels[k - 1])
            below = channels[k] * (innermost if last else skip)
            total += kernel * (before * channels[k] + below * out)
            total += norm * (channels[k] * norm_down(first, last) + out * norm_up(first, last))
        return total

    return add


def level_count(k: int, num_downs: int, base_channels: int) -> int:
    """Count the parameters of one level, without the two biases."""
    channels = [base_channels * min(2**j, 8) for j in range(num_downs)]
    first, last = k == 0, k == num_downs - 1
    before, out = (1, 2) if first else (channels[k - 1], channels[k - 1])
    below = channels[k] if last else 2 * channels[k]
    norms = 2 * channels[k] * (not (first or last)) + 2 * out * (not first)
    return 16 * (before * channels[k] + below * out) + norms


# 2.5 ----------------------------------------------------------------------------------------------
def pad_right_and_below(h: int, w: int, multiple: int) -> tuple[int, int, int, int]:
    """Return F.pad's numbers (left, right, top, bottom) up to the next multiple."""
    return 0, -w % multiple, 0, -h % multiple


def pad_left_and_above(h: int, w: int, multiple: int) -> tuple[int, int, int, int]:
    """Return F.pad's numbers for padding on the wrong sides."""
    return -w % multiple, 0, -h % multiple, 0


def crop_top_left(output: Tensor, h: int, w: int) -> Tensor:
    """Crop an output to height and width."""
    return output[..., :h, :w]


def any_size_mutant(*, mode="reflect", padding=pad_right_and_below, crop=crop_top_left) -> Callable:
    """Return a function that pads, runs the network and crops, with one of the steps changed."""

    def run(L: Tensor, net: Callable, multiple: int) -> Tensor:
        h, w = L.shape[-2:]
        return crop(net(F.pad(L, padding(h, w, multiple), mode=mode)), h, w)

    return run


any_size = any_size_mutant()


def any_size_cut_from_the_end(L: Tensor, net: Callable, multiple: int) -> Tensor:
    """Cut as much from the end as was added, which cuts all if nothing was added."""
    h, w = L.shape[-2:]
    right, below = -w % multiple, -h % multiple
    return net(F.pad(L, (0, right, 0, below), mode="reflect"))[..., :-below, :-right]


def any_size_of_a_smaller_image(L: Tensor, net: Callable, multiple: int) -> Tensor:
    """Run the network on the largest part of the image whose sides are multiples."""
    h, w = (side // multiple * multiple for side in L.shape[-2:])
    return net(L[..., :h, :w])


def crop_middle(output: Tensor, h: int, w: int) -> Tensor:
    """Crop the middle of an output."""
    top, left = (output.shape[-2] - h) // 2, (output.shape[-1] - w) // 2
    return output[..., top : top + h, left : left + w]


def resize_instead_of_padding(L: Tensor, net: Callable, multiple: int) -> Tensor:
    """Resize the image up and the output down."""
    h, w = L.shape[-2:]
    larger = F.interpolate(L, (h + -h % multiple, w + -w % multiple), mode="bilinear")
    return F.interpolate(net(larger), (h, w), mode="bilinear")


def mix_blocks(L: Tensor) -> Tensor:
    """Mix the pixels of 4x4 blocks and of the image; like two downs, drop incomplete blocks."""
    h, w = (side // 4 * 4 for side in L.shape[-2:])
    blocks = F.interpolate(F.avg_pool2d(L, 4), scale_factor=4)
    return torch.cat([L[..., :h, :w] + blocks, blocks + L.mean()], dim=1)
