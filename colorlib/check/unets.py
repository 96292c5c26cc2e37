"""What lesson 2 asks for under the lesson's names, and the same with one part changed."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.generator import down_block, up_block
from colorlib.unet import UNet

Layers = list[nn.Module]


def down(inputs: int, outputs: int, act: bool = True, norm: bool = True) -> Layers:
    """Give the library's block under the lesson's names."""
    return down_block(inputs, outputs, active=act, norm=norm)


def down_with(
    convolution: Callable | None = None, act: nn.Module | None = None, late: bool = False
) -> Callable:
    """Make the down block with one part changed."""

    def build(inputs, outputs, with_act=True, with_norm=True):
        layers = [(convolution or conv())(inputs, outputs)]
        acts = [act or nn.LeakyReLU(0.2)] if with_act else []
        norms = [nn.BatchNorm2d(outputs)] if with_norm else []
        return layers + norms + acts if late else acts + layers + norms

    return build


def conv(kernel: int = 4, stride: int = 2, padding: int = 1, bias: bool = False) -> Callable:
    """Make convolutions with one number changed."""
    return lambda c, out: nn.Conv2d(c, out, kernel, stride, padding, bias=bias)


def up(inputs: int, outputs: int, norm: bool = True) -> Layers:
    """Give the library's block under the lesson's names."""
    return up_block(inputs, outputs, norm=norm)


def up_with(
    convolution: Callable | None = None, act: nn.Module | None = None, late: bool = False
) -> Callable:
    """Make the up block with one part changed."""

    def build(inputs, outputs, norm=True):
        layers, acts = [(convolution or transposed())(inputs, outputs, norm)], [act or nn.ReLU()]
        norms = [nn.BatchNorm2d(outputs)] if norm else []
        return layers + norms + acts if late else acts + layers + norms

    return build


def transposed(
    kernel: int = 4, padding: int = 1, bias: Callable = lambda norm: not norm
) -> Callable:
    """Make transposed convolutions with one number changed."""
    return lambda c, out, norm: nn.ConvTranspose2d(c, out, kernel, 2, padding, bias=bias(norm))


def unet(inputs: int = 1, outputs: int = 2, downs: int = 8, width: int = 64) -> nn.Module:
    """Give the library's U-Net under the lesson's names."""
    return UNet(inputs, outputs, downs, width)


class Level(nn.Module):
    """A level whose skip is as told."""

    def __init__(self, down: Layers, inside: nn.Module, up: Layers, skip: Callable | None) -> None:
        super().__init__()
        self.down, self.inside, self.up = nn.Sequential(*down), inside, nn.Sequential(*up)
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        y = self.up(self.inside(self.down(x)))
        return self.skip(x, y) if self.skip else y


def joined(x: Tensor, y: Tensor) -> Tensor:
    """Put x beside y, as a skip does."""
    return torch.cat([x, y], dim=1)


def unet_with(
    skip: Callable | None = joined,
    outermost: Callable | None = None,  # the skip there
    doubled: Callable = lambda k, downs: k < downs - 1,
    cap: int = 8,
    downwards: Callable = lambda first, last: {"act": not first, "norm": not (first or last)},
    upwards: Callable = lambda first: {"norm": not first},
    order: Callable = reversed,
    end: Callable = nn.Tanh,
) -> Callable:
    """Make the U-Net with one part changed."""

    def build(inputs=1, outputs=2, downs=8, width=64):
        widths, net = [width * min(2**k, cap) for k in range(downs)], nn.Identity()
        for k in order(range(downs)):
            first, last = k == 0, k == downs - 1
            outer, out = (inputs, outputs) if first else (widths[k - 1], widths[k - 1])
            below = widths[k] * (2 if doubled(k, downs) else 1)
            parts = (
                down(outer, widths[k], **downwards(first, last)),
                net,
                up(below, out, **upwards(first)),
            )
            net = Level(*parts, outermost if first else skip)
        return nn.Sequential(net, end())

    return build


def last_up(inputs: int, outputs: int) -> Layers:
    """Give the library's outermost up block; the U-Net puts a tanh behind it."""
    return up_block(inputs, outputs, norm=False)


def count(downs: int, width: int) -> int:
    """Build the library's network without memory for its weights, and count them."""
    with torch.device("meta"):
        return sum(p.numel() for p in UNet(1, 2, downs, width).parameters())


def count_with(
    skip: int = 2,
    kernel: int = 16,
    norm: int = 2,
    everywhere: bool = False,
    bias: int = 2,
    cap: int = 8,
) -> Callable:
    """Count with one part of the sum changed."""

    def add(downs, width):
        widths, total = [width * min(2**k, cap) for k in range(downs)], bias
        for k in range(downs):
            first, last = k == 0, k == downs - 1
            outer, out = (1, 2) if first else (widths[k - 1], widths[k - 1])
            below = widths[k] * (1 if last else skip)
            total += kernel * (outer * widths[k] + below * out)
            total += norm * (widths[k] * (everywhere or not (first or last)))
            total += norm * (out * (everywhere or not first))
        return total

    return add


def any_size(L: Tensor, net: Callable, multiple: int) -> Tensor:
    """Extend by reflection to the right and below, run the network, cut the rest off."""
    h, w = L.shape[-2:]
    return net(F.pad(L, (0, -w % multiple, 0, -h % multiple), mode="reflect"))[..., :h, :w]


def any_with(
    mode: str = "reflect", pad: Callable | None = None, cut: Callable | None = None
) -> Callable:
    """Make it with one step changed."""

    def run(L, net, multiple):
        h, w = L.shape[-2:]
        pads = (pad or (lambda h, w, m: (0, -w % m, 0, -h % m)))(h, w, multiple)
        out = net(F.pad(L, pads, mode=mode))
        return cut(out, h, w) if cut else out[..., :h, :w]

    return run


def before(h: int, w: int, multiple: int) -> tuple[int, ...]:
    """Say what F.pad is to add on the wrong sides: on the left and on top."""
    return -w % multiple, 0, -h % multiple, 0


def resized(L: Tensor, net: Callable, multiple: int) -> Tensor:
    """Resize the picture there and back, in place of extending it."""
    h, w = L.shape[-2:]
    larger = F.interpolate(L, (h + -h % multiple, w + -w % multiple), mode="bilinear")
    return F.interpolate(net(larger), (h, w), mode="bilinear")


def blocks(L: Tensor) -> Tensor:
    """Mix each 4x4 pixels, and all of them; like a net of two downs, lose what is no multiple of 4."""
    h, w = (side // 4 * 4 for side in L.shape[-2:])
    mixed = F.interpolate(F.avg_pool2d(L, 4), scale_factor=4)
    return torch.cat([L[..., :h, :w] + mixed, mixed + L.mean()], dim=1)
