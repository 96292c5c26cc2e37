"""Reference implementations of lesson 3, and mutants of them with one part changed."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.discriminators import PatchDiscriminator
from colorlib.losses import GANLoss


# 3.1 ----------------------------------------------------------------------------------------------
def receptive_field_mutant(
    grow=int.__mul__,
    *,
    start=1,
    subtract=1,
    grow_first=False,
    backwards=False,
    only_first=False,
    multiply=False,
    widen: Callable[[int, int], int] | None = None,
    result: Callable[[int, int], int] = lambda field, step: field,
) -> Callable[[nn.Module], int]:
    """Return a function that computes a receptive field with one step changed."""

    def compute(net: nn.Module) -> int:
        field, step = start, 1
        layers = [module for module in net.modules() if isinstance(module, nn.Conv2d)]
        for layer in reversed(layers) if backwards else layers:
            kernel, stride = layer.kernel_size[0], layer.stride[0]
            if grow_first:
                step = grow(step, stride)
            if multiply:
                field *= kernel
            else:
                field += widen(kernel, step) if widen else (kernel - subtract) * step
            if not grow_first:
                step = grow(step, stride)
            if only_first:
                break
        return result(field, step)

    return compute


# 3.2 ----------------------------------------------------------------------------------------------
def patch_discriminator(in_channels: int = 3, base_channels: int = 64) -> nn.Sequential:
    """Build the 70x70 discriminator as a chain of layers over [L, ab]."""
    return PatchDiscriminator(in_channels, 3, base_channels).layers


def discriminator_mutant(
    *,
    strides: tuple[int, ...] = (2, 2, 2, 1, 1),
    kernel: int = 4,
    padding: int = 1,
    bias: tuple[bool, ...] = (True, False, False, False, True),
    norms: tuple[int, ...] = (1, 2, 3),
    norm: Callable = nn.BatchNorm2d,
    act: Callable = lambda: nn.LeakyReLU(0.2),
    act_before_norm: bool = False,
    max_multiplier: int = 8,
    last_layers: tuple[Callable, ...] = (),
) -> Callable[..., nn.Module]:
    """Return a discriminator's builder with one part changed."""

    def build(in_channels: int = 3, base_channels: int = 64) -> nn.Sequential:
        multipliers = [min(2**k, max_multiplier) for k in range(len(strides) - 1)]
        channels = [in_channels, *(base_channels * multiplier for multiplier in multipliers), 1]
        layers: list[nn.Module] = []
        for k, stride in enumerate(strides):
            layers.append(
                nn.Conv2d(channels[k], channels[k + 1], kernel, stride, padding, bias=bias[k])
            )
            block = [norm(channels[k + 1])] if k in norms else []
            if k < len(strides) - 1:
                block.append(act())
            layers += reversed(block) if act_before_norm else block
        return nn.Sequential(*layers, *(create() for create in last_layers))

    return build


# 3.3 ----------------------------------------------------------------------------------------------
def make_pairs(L: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
    """Return the true images [L, ab], and the same L with the colours of the previous image."""
    return torch.cat([L, ab], dim=1), torch.cat([L, ab.roll(1, dims=0)], dim=1)


def pairs_mutant(make_wrong: Callable[[Tensor, Tensor], Tensor]) -> Callable:
    """Return a function with right true pairs and other wrong pairs."""
    return lambda L, ab: (torch.cat([L, ab], dim=1), make_wrong(L, ab))


def ab_mutant(change: Callable[[Tensor], Tensor]) -> Callable:
    """Return a function whose wrong pairs have another change of ab."""
    return pairs_mutant(lambda L, ab: torch.cat([L, change(ab)], dim=1))


# 3.4 ----------------------------------------------------------------------------------------------
def most_fake_patch(logits: Tensor, side: int) -> tuple[int, int, int, int]:
    """Find the patch that looks most fake: its top, left, bottom and right in a square photo."""
    i, j = divmod(logits.argmin().item(), logits.shape[-1])
    top, left = 8 * i - 23, 8 * j - 23
    return max(top, 0), max(left, 0), min(top + 70, side), min(left + 70, side)


def patch_mutant(
    *,
    choose=Tensor.argmin,
    divide: Callable = divmod,
    step=8,
    shift=23,
    size=70,
    last=0,
    swap=False,
    as_size=False,
    clip: bool | str = True,
    order=(0, 1, 2, 3),
) -> Callable:
    """Return a function that finds a patch with one step changed."""

    def find(logits: Tensor, side: int) -> tuple[int, ...]:
        i, j = divide(choose(logits).item(), logits.shape[-1])
        if swap:
            i, j = j, i
        top, left = step * i - shift, step * j - shift
        if clip == "early":
            top, left = max(top, 0), max(left, 0)
        edges = [top, left, top + size, left + size]
        if clip in (True, "low"):
            edges[:2] = [max(top, 0), max(left, 0)]
        if clip in (True, "high", "early"):
            edges[2:] = [min(edge, side - last) for edge in edges[2:]]
        if as_size:
            edges[2:] = [edges[2] - edges[0], edges[3] - edges[1]]
        return tuple(edges[k] for k in order)

    return find


# 3.5 ----------------------------------------------------------------------------------------------
def discriminator_loss(net: nn.Sequential, true: Tensor, wrong: Tensor) -> Tensor:
    """Average the losses on true and wrong images of a discriminator that ends in a sigmoid."""
    real, fake = net[:-1](torch.cat([true, wrong])).chunk(2)
    loss_real, loss_fake = GANLoss().discriminator_loss(real, fake)
    return (loss_real + loss_fake) / 2


def naive_cross_entropy(probability: Tensor, label: Tensor) -> Tensor:
    """Compute cross-entropy from probabilities with plain logarithms."""
    return -(label * probability.log() + (1 - label) * (1 - probability).log()).mean()


def loss_mutant(
    real_label=1, fake_label=0, *, loss=F.binary_cross_entropy_with_logits, sigmoids=0, weight=0.5
) -> Callable:
    """Return a discriminator's loss with one part changed; a label of None leaves its term out."""

    def compute(net: nn.Sequential, true: Tensor, wrong: Tensor) -> Tensor:
        outputs = net[:-1](torch.cat([true, wrong]))
        for _ in range(sigmoids):
            outputs = outputs.sigmoid()
        total = torch.zeros(())
        for half, label in zip(outputs.chunk(2), (real_label, fake_label), strict=True):
            if label is not None:
                total = total + loss(half, torch.full_like(half, label))
        return weight * total

    return compute
