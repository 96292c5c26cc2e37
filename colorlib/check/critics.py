"""Right answers to the exercises of lesson 3, and makers of wrong ones that differ in one thing."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.discriminators import PatchDiscriminator
from colorlib.losses import GANLoss


def reach_with(grow: Callable[[int, int], int] = int.__mul__, *, first: int = 1, less: int = 1,
               early: bool = False, reverse: bool = False) -> Callable[[nn.Module], int]:  # fmt: skip
    """Make the right arithmetic, or one with a step changed."""

    def reckon(net: nn.Module) -> int:
        reach, step = first, 1
        layers = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
        for layer in reversed(layers) if reverse else layers:
            kernel, stride = layer.kernel_size[0], layer.stride[0]
            step = grow(step, stride) if early else step
            reach += (kernel - less) * step
            step = step if early else grow(step, stride)
        return reach

    return reckon


def patch_critic(inputs: int = 3, width: int = 64) -> nn.Sequential:
    """Build the 70x70 critic as a chain of layers over [L, ab]."""
    return PatchDiscriminator(inputs=inputs, width=width).layers


def stack_with(*, strides=(2, 2, 2, 1, 1), kernel=4, padding=1, bias=(True, False, False, False, True),
               norms=(1, 2, 3), norm=nn.BatchNorm2d, act: Callable = lambda: nn.LeakyReLU(0.2), cap=8,
               late: bool = False, ends: tuple[Callable, ...] = ()) -> Callable[..., nn.Module]:  # fmt: skip
    """Make the builder of a critic that differs in one thing."""

    def build(inputs: int = 3, width: int = 64) -> nn.Sequential:
        widths = [inputs, *(width * min(2**k, cap) for k in range(len(strides) - 1)), 1]
        layers: list[nn.Module] = []
        for k, stride in enumerate(strides):
            layers += [nn.Conv2d(*widths[k : k + 2], kernel, stride, padding, bias=bias[k])]
            rest = [norm(widths[k + 1])] if k in norms else []
            rest += [act()] if k < len(strides) - 1 else []
            layers += rest[::-1] if late else rest
        return nn.Sequential(*layers, *(end() for end in ends))

    return build


def pairs(L: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
    """Give the true pictures [L, ab], and the same L with the colours of the picture before."""
    return torch.cat([L, ab], dim=1), torch.cat([L, ab.roll(1, dims=0)], dim=1)


def suspect(logits: Tensor, side: int) -> tuple[int, int, int, int]:
    """Find the patch that looks most fake: its top, left, bottom and right in a square photo."""
    i, j = divmod(logits.argmin().item(), logits.shape[-1])
    top, left = 8 * i - 23, 8 * j - 23
    return max(top, 0), max(left, 0), min(top + 70, side), min(left + 70, side)


def patch_with(pick: Callable = Tensor.argmin, step: int = 8, shift: int = 23, size: int = 70,
               swap: bool = False, clip: bool = True, order=(0, 1, 2, 3)) -> Callable:  # fmt: skip
    def find(logits: Tensor, side: int) -> tuple[int, ...]:
        i, j = divmod(pick(logits).item(), logits.shape[-1])
        i, j = (j, i) if swap else (i, j)
        top, left = step * i - shift, step * j - shift
        edges = top, left, top + size, left + size
        edges = tuple(min(max(edge, 0), side) for edge in edges) if clip else edges
        return tuple(edges[k] for k in order)

    return find


def critic_loss(net: nn.Sequential, true: Tensor, wrong: Tensor) -> Tensor:
    """Average the losses on true and wrong pictures of a critic that ends in a sigmoid."""
    return sum(GANLoss().critic(*net[:-1](torch.cat([true, wrong])).chunk(2))) / 2


def loss_with(real: Callable[[Tensor], Tensor] | None, fake: Callable[[Tensor], Tensor] | None,
              sigmoids: int = 0, share: float = 0.5) -> Callable:  # fmt: skip
    """Make a loss of what the two kinds of answers count; None leaves one kind out."""

    def loss(net: nn.Sequential, true: Tensor, wrong: Tensor) -> Tensor:
        answers = net[:-1](torch.cat([true, wrong]))
        for _ in range(sigmoids):
            answers = answers.sigmoid()
        halves = zip((real, fake), answers.chunk(2), strict=True)
        return share * sum(count(half) for count, half in halves if count)

    return loss


def to(
    label: float, distance: Callable = F.binary_cross_entropy_with_logits
) -> Callable[[Tensor], Tensor]:
    return lambda answers: distance(answers, torch.full_like(answers, label))
