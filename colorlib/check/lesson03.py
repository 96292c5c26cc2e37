"""The exercises of lesson 3, the patch critic."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.check.networks import Network
from colorlib.discriminators import PatchCritic, receptive_field
from colorlib.losses import GANLoss


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


# 3.1 ------------------------------------------------------------------------------------------------------
def _chain(*layers: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(*(nn.Conv2d(1, 1, kernel, stride=stride) for kernel, stride in layers))


def _reach(grow: Callable[[int, int], int] = int.__mul__, *, first: int = 1, less: int = 1,
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


_nets = [
    Case("one convolution, 4x4", (_chain((4, 1)),)),
    Case("two convolutions, 3x3, stride 1", (_chain((3, 1), (3, 1)),)),
    Case("4x4 with stride 2, then 3x3", (_chain((4, 2), (3, 1)),)),
    Case("4x4 with stride 3, then 3x3 with stride 2, then 5x5", (_chain((4, 3), (3, 2), (5, 1)),)),
    Case("a 1x1 critic", (_chain((1, 1), (1, 1)),)),
    Case("the 70x70 critic of the library", (PatchCritic(width=1),)),
]
_reaches = [
    Mistake("strides are ignored: after a stride of 2, each step of a later kernel is two pixels long.",
            _reach(lambda step, stride: step)),
    Mistake("a kernel of k pixels adds k - 1 steps, not k: its first pixel was counted already.",
            _reach(less=0)),
    Mistake("the step grows too early: a layer's own stride counts for the layers after it.",
            _reach(early=True)),
    Mistake("strides are added up; two strides of 2 make steps of 4: multiply.",
            _reach(lambda step, stride: step + stride - 1)),
    Mistake("the layers are taken from the last to the first; this formula goes the way that the photo goes.",
            _reach(reverse=True)),
    Mistake("the reach begins at 0; without any layer an output is the pixel itself: begin at 1.",
            _reach(first=0)),
]  # fmt: skip


# 3.2 ------------------------------------------------------------------------------------------------------
def patch_critic(inputs: int = 3, width: int = 64) -> nn.Sequential:
    """Build the 70x70 critic as a chain of layers over [L, ab]."""
    return PatchCritic(inputs=inputs, width=width).layers


def _stack(*, strides=(2, 2, 2, 1, 1), kernel=4, padding=1, bias=(True, False, False, False, True),
           norms=(1, 2, 3), norm=nn.BatchNorm2d, act: Callable = lambda: nn.LeakyReLU(0.2), cap=8,
           late: bool = False, ends: tuple[Callable, ...] = ()) -> Callable[..., nn.Sequential]:  # fmt: skip
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


_critic_cases = [Case("patch_critic(3, 8)", (3, 8)), Case("patch_critic(2, 4)", (2, 4))]
_critics = [
    Mistake("there is a sigmoid at the end: give logits, which the loss turns into probabilities itself.",
            _stack(ends=(nn.Sigmoid,))),
    Mistake("batch norm stands after the first convolution too; pix2pix leaves it out there, and the critic "
            "still sees how strong the colours are.", _stack(norms=(0, 1, 2, 3))),
    Mistake("batch norm stands after the first convolution too, and its bias is gone; the first has a bias "
            "and no batch norm.", _stack(norms=(0, 1, 2, 3), bias=(False,) * 4 + (True,))),
    Mistake("batch norm stands after the first convolution too, and all have a bias: no batch norm after the "
            "first, and bias=False before the others.", _stack(norms=(0, 1, 2, 3), bias=(True,) * 5)),
    Mistake("this is instance norm; the critic of pix2pix has batch norm: nn.BatchNorm2d.",
            _stack(norm=nn.InstanceNorm2d)),
    Mistake("batch norm is missing: the second, third and fourth convolution are followed by one.",
            _stack(norms=())),
    Mistake("all convolutions have a bias; batch norm brings its own: before it, bias=False.",
            _stack(bias=(True,) * 5)),
    Mistake("the last convolution has no bias; nothing follows that would bring one.",
            _stack(bias=(True, False, False, False, False))),
    Mistake("the first convolution has no bias; no batch norm follows that would bring one.",
            _stack(bias=(False, False, False, False, True))),
    Mistake("all five convolutions have stride 2; only the first three have, or a patch grows far beyond 70.",
            _stack(strides=(2,) * 5)),
    Mistake("four convolutions have stride 2: only the first three.", _stack(strides=(2, 2, 2, 2, 1))),
    Mistake("the padding is missing: padding=1 in every convolution.", _stack(padding=0)),
    Mistake("the kernels are 3x3; here all are 4x4.", _stack(kernel=3)),
    Mistake("this is ReLU, which forgets what is negative; critics use LeakyReLU(0.2).", _stack(act=nn.ReLU)),
    Mistake("the slope is torch's 0.01: write nn.LeakyReLU(0.2).", _stack(act=nn.LeakyReLU)),
    Mistake("the activation stands before the batch norm: convolution, batch norm, LeakyReLU.",
            _stack(late=True)),
    Mistake("one block is missing: filters go width, 2, 4 and 8 times width, then 1.",
            _stack(strides=(2, 2, 1, 1), norms=(1, 2), bias=(True, False, False, True))),
    Mistake("the filters stop doubling too early: width, then 2, 4 and 8 times width.", _stack(cap=4)),
    Mistake("the number of channels is fixed to 3: use `inputs`, so that a critic can see ab alone.",
            lambda inputs=3, width=64: _stack()(3, width)),
]  # fmt: skip


# 3.3 ------------------------------------------------------------------------------------------------------
def pairs(L: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
    """Give the true pictures [L, ab], and the same L with the colours of the picture before."""
    return torch.cat([L, ab], dim=1), torch.cat([L, ab.roll(1, dims=0)], dim=1)


_pair_cases = [
    Case("three pictures of 4 x 5 pixels", (_noise(3, 1, 4, 5), _noise(3, 2, 4, 5, seed=1))),
    Case("two pictures of 3 x 3 pixels", (_noise(2, 1, 3, 3), _noise(2, 2, 3, 3, seed=1))),
]
_pairings = [
    Mistake("ab comes first: the order is L, a, b, and a trained critic keeps to the one that it has learnt.",
            lambda L, ab: (torch.cat([ab, L], 1), torch.cat([ab.roll(1, 0), L], 1))),
    Mistake("a and b are swapped.", lambda L, ab: tuple(pair[:, [0, 2, 1]] for pair in pairs(L, ab))),
    Mistake("L went along with ab: then every picture has its own colours again. Roll ab alone.",
            lambda L, ab: (pairs(L, ab)[0], pairs(L, ab)[0].roll(1, 0))),
    Mistake("L was rolled in place of ab: the colours then belong to another L, but ours keep L where it is.",
            lambda L, ab: (pairs(L, ab)[0], torch.cat([L.roll(1, 0), ab], 1))),
    Mistake("the pixels were rolled, not the pictures: the pictures stand in dim 0.",
            lambda L, ab: (pairs(L, ab)[0], torch.cat([L, ab.roll(1, -1)], 1))),
    Mistake("roll without dims rolls all values as one long row: dims=0 moves whole pictures.",
            lambda L, ab: (pairs(L, ab)[0], torch.cat([L, ab.roll(1)], 1))),
    Mistake("a and b were rolled among the channels: the pictures stand in dim 0.",
            lambda L, ab: (pairs(L, ab)[0], torch.cat([L, ab.roll(1, 1)], 1))),
    Mistake("both are true pairs: the second needs the colours of the picture before.",
            lambda L, ab: (pairs(L, ab)[0],) * 2),
    Mistake("the colours come from the picture after: roll by +1.",
            lambda L, ab: (pairs(L, ab)[0], torch.cat([L, ab.roll(-1, 0)], 1))),
    Mistake("the batch was turned round: of three pictures the middle one keeps its own colours. Roll it.",
            lambda L, ab: (pairs(L, ab)[0], torch.cat([L, ab.flip(0)], 1))),
    Mistake("the true pairs come first, then the wrong ones.", lambda L, ab: pairs(L, ab)[::-1]),
    Mistake("the lightness is missing: the critic is to see [L, ab], three channels.",
            lambda L, ab: (ab, ab.roll(1, 0))),
]  # fmt: skip


# 3.4 ------------------------------------------------------------------------------------------------------
def suspect(logits: Tensor, side: int) -> tuple[int, int, int, int]:
    """Find the patch that looks most fake: its top, left, bottom and right in a square photo."""
    i, j = divmod(logits.argmin().item(), logits.shape[-1])
    top, left = 8 * i - 23, 8 * j - 23
    return max(top, 0), max(left, 0), min(top + 70, side), min(left + 70, side)


def _patch(pick: Callable = Tensor.argmin, step: int = 8, shift: int = 23, size: int = 70,
           swap: bool = False, clip: bool = True, order=(0, 1, 2, 3)) -> Callable:  # fmt: skip
    def find(logits: Tensor, side: int) -> tuple[int, ...]:
        i, j = divmod(pick(logits).item(), logits.shape[-1])
        i, j = (j, i) if swap else (i, j)
        top, left = step * i - shift, step * j - shift
        edges = top, left, top + size, left + size
        edges = tuple(min(max(edge, 0), side) for edge in edges) if clip else edges
        return tuple(edges[k] for k in order)

    return find


def _map(at: tuple[int, int], best: tuple[int, int], outputs: int) -> Tensor:
    logits = _noise(1, 1, outputs, outputs)
    logits[0, 0, at[0], at[1]], logits[0, 0, best[0], best[1]] = -5, 5
    return logits


_maps = [
    Case("a map of 30 x 30, lowest in row 10, column 20", (_map((10, 20), (4, 17), 30), 256)),
    Case("a map of 22 x 22, lowest in row 0, column 9", (_map((0, 9), (12, 5), 22), 192)),
    Case("a map of 22 x 22, lowest in row 18, column 21", (_map((18, 21), (7, 7), 22), 192)),
]
_suspects = [
    Mistake("this is the patch that looks most *real*: a low logit says fake.", _patch(Tensor.argmax)),
    Mistake("this takes the logit farthest from 0, or nearest to it; fake is the lowest, sign included.",
            _patch(lambda logits: logits.abs().argmin())),
    Mistake("the padding is forgotten: the first patch begins 23 pixels outside of the photo.",
            _patch(shift=0)),
    Mistake("rows and columns are swapped: i counts down, and the order is top, left, bottom, right.",
            _patch(swap=True)),
    Mistake("a patch may stick out of the photo: cut top and left at 0, bottom and right at side.",
            _patch(clip=False)),
    Mistake("this is the 8 x 8 square from one patch to the next; the critic sees 70 x 70.", _patch(size=8)),
    Mistake("patches are 8 pixels apart, not 70: they overlap.", _patch(step=70)),
    Mistake("patches are 8 pixels apart (three strides of 2), not 16.", _patch(step=16)),
    Mistake("the first number counts down: top, left, bottom, right, not the two tops first.",
            _patch(order=(0, 2, 1, 3))),
    Mistake("the padding was added: it moves the first patch out of the photo, to 8 i - 23.",
            _patch(shift=-23)),
]  # fmt: skip


# 3.5 ------------------------------------------------------------------------------------------------------
def critic_loss(net: nn.Sequential, true: Tensor, wrong: Tensor) -> Tensor:
    """Average the losses on true and wrong pictures of a critic that ends in a sigmoid."""
    return sum(GANLoss().critic(*net[:-1](torch.cat([true, wrong])).chunk(2))) / 2


def _loss(real: Callable[[Tensor], Tensor] | None, fake: Callable[[Tensor], Tensor] | None,
          sigmoids: int = 0, share: float = 0.5) -> Callable:  # fmt: skip
    """Make a loss of what the two kinds of answers count; None leaves one kind out."""

    def loss(net: nn.Sequential, true: Tensor, wrong: Tensor) -> Tensor:
        answers = net[:-1](torch.cat([true, wrong]))
        for _ in range(sigmoids):
            answers = answers.sigmoid()
        halves = zip((real, fake), answers.chunk(2), strict=True)
        return share * sum(count(half) for count, half in halves if count)

    return loss


def _to(label: float, distance: Callable = F.binary_cross_entropy_with_logits) -> Callable[[Tensor], Tensor]:
    return lambda answers: distance(answers, torch.full_like(answers, label))


def _verdict(name: str, real: Tensor, fake: Tensor) -> Case:
    return Case(name, (nn.Sequential(nn.Identity(), nn.Sigmoid()), real, fake))


def _sure(name: str, real: float, fake: float) -> Case:
    return _verdict(name, torch.full((1, 1, 3, 3), real), torch.full((1, 1, 3, 3), fake))


_verdicts = [
    _sure("a critic that does not know: all logits 0", 0.0, 0.0),
    _sure("a critic that is sure and right: logits +8 for true, -8 for wrong", 8.0, -8.0),
    _sure("a critic that is right about true and wrong about wrong: logits +2 and +3", 2.0, 3.0),
    _verdict("mixed logits", _noise(2, 1, 4, 4) * 3, _noise(2, 1, 4, 4, seed=1) * 3),
    _sure("a critic that is very sure and always wrong: logits -120 for true, +120 for wrong", -120.0, 120.0),
]
_losses = [
    Mistake("the sigmoid is still taken twice: once by the network's last layer, once by the loss.",
            _loss(_to(1), _to(0), sigmoids=1)),
    Mistake("now a sigmoid is taken three times; one is enough, and the loss with logits brings it.",
            _loss(_to(1), _to(0), sigmoids=2)),
    Mistake("a loss without logits, after the sigmoid: right on paper, but in float32 a sure sigmoid is "
            "rounded to 0 or 1, its logarithm cut off and the gradient gone. Leave the sigmoid to the loss.",
            _loss(_to(1, F.binary_cross_entropy), _to(0, F.binary_cross_entropy), sigmoids=1)),
    Mistake("the labels are swapped: true is 1, wrong is 0.", _loss(_to(0), _to(1))),
    Mistake("the two losses are added; here their mean is asked for: divide by 2.",
            _loss(_to(1), _to(0), share=1)),
    Mistake("the label of wrong is 1 too: that is what a generator wants; the critic's label for wrong is 0.",
            _loss(_to(1), _to(1))),
    Mistake("only true pictures count: add the loss on wrong ones, with the label 0.",
            _loss(_to(1), None, share=1)),
    Mistake("only wrong pictures count: add the loss on true ones, with the label 1.",
            _loss(None, _to(0), share=1)),
    Mistake("this is the squared distance to the label, the loss of LSGAN; here it is cross-entropy.",
            _loss(_to(1, F.mse_loss), _to(0, F.mse_loss))),
    Mistake("this is the distance of the probability to its label, without a logarithm.",
            _loss(_to(1, F.l1_loss), _to(0, F.l1_loss), sigmoids=1)),
]  # fmt: skip

EXERCISES = (
    Exercise(
        "3.1",
        "The receptive field",
        Function(receptive_field, _nets, _reaches, tolerance=0),
        (
            "Keep two numbers, the reach and the step, both 1 at the start, and go through net.modules().",
            "isinstance(layer, nn.Conv2d) finds the convolutions; layer.kernel_size[0] and layer.stride[0].",
            "For each: reach += (kernel - 1) * step, and after that step *= stride.",
        ),
    ),
    Exercise(
        "3.2",
        "The 70x70 critic",
        Network(patch_critic, _critic_cases, lambda inputs, width: (1, inputs, 64, 64), _critics),
        (
            "Write the five convolutions first, then put what stands between them.",
            "First: Conv2d(inputs, width, 4, stride=2, padding=1) and LeakyReLU(0.2). "
            "Last: Conv2d(8 * width, 1, 4, stride=1, padding=1), and nothing after it.",
            "The three between: Conv2d(c, 2 * c, 4, stride, padding=1, bias=False), BatchNorm2d(2 * c), "
            "LeakyReLU(0.2), with strides 2, 2 and 1.",
        ),
    ),
    Exercise(
        "3.3",
        "True pairs and wrong pairs",
        Function(pairs, _pair_cases, _pairings, tolerance=0),
        (
            "torch.cat stacks its list along one dimension. Which one holds the channels?",
            "x.roll(1, dims=0) moves every picture of a batch one place on, and the last to the front.",
            "torch.cat([L, ab], dim=1), and the same with ab.roll(1, dims=0).",
        ),
    ),
    Exercise(
        "3.4",
        "Reading a map",
        Function(suspect, _maps, _suspects, tolerance=0),
        (
            "logits.argmin() counts through all values in one row; divmod by the width gives row and column.",
            "Patch (i, j) begins at 8 i - 23 and 8 j - 23, and ends 70 pixels later.",
            "max(top, 0) and min(top + 70, side) keep it inside; the same for left and right. Use .item().",
        ),
    ),
    Exercise(
        "3.5",
        "Broken on purpose",
        Function(critic_loss, _verdicts, _losses, tolerance=1e-4),
        (
            "Between which two numbers lie the network's answers? What does the loss take them for?",
            "A loss whose name ends in `with_logits` begins by taking a sigmoid itself.",
            "net[:-1] is the network without its last layer: give its answers to the loss with logits, with "
            "ones for true and zeros for wrong.",
        ),
    ),
)
