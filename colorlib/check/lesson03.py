"""The exercises of lesson 3, the patch critic."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.check import critics as parts
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.check.networks import Network
from colorlib.discriminators import PatchDiscriminator, receptive_field


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


# 3.1 ------------------------------------------------------------------------------------------------------
def _chain(*layers: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(*(nn.Conv2d(1, 1, kernel, stride=stride) for kernel, stride in layers))


_nets = [
    Case("one convolution, 4x4", (_chain((4, 1)),)),
    Case("two convolutions, 3x3, stride 1", (_chain((3, 1), (3, 1)),)),
    Case("4x4 with stride 2, then 3x3", (_chain((4, 2), (3, 1)),)),
    Case("4x4 with stride 3, then 3x3 with stride 2, then 5x5", (_chain((4, 3), (3, 2), (5, 1)),)),
    Case("a 1x1 critic", (_chain((1, 1), (1, 1)),)),
    Case("the 70x70 critic of the library", (PatchDiscriminator(width=1),)),
]
_reaches = [
    Mistake("strides are ignored: after a stride of 2, each step of a later kernel is two pixels long.",
            parts.reach_with(lambda step, stride: step)),
    Mistake("a kernel of k pixels adds k - 1 steps, not k: its first pixel was counted already.",
            parts.reach_with(less=0)),
    Mistake("the step grows too early: a layer's own stride counts for the layers after it.",
            parts.reach_with(early=True)),
    Mistake("strides are added up; two strides of 2 make steps of 4: multiply.",
            parts.reach_with(lambda step, stride: step + stride - 1)),
    Mistake("the layers are taken from the last to the first; this formula goes the way that the photo goes.",
            parts.reach_with(reverse=True)),
    Mistake("the reach begins at 0; without any layer an output is the pixel itself: begin at 1.",
            parts.reach_with(first=0)),
]  # fmt: skip


# 3.2 ------------------------------------------------------------------------------------------------------
_critic_cases = [Case("patch_critic(3, 8)", (3, 8)), Case("patch_critic(2, 4)", (2, 4))]
_critics = [
    Mistake("there is a sigmoid at the end: give logits, which the loss turns into probabilities itself.",
            parts.stack_with(ends=(nn.Sigmoid,))),
    Mistake("batch norm stands after the first convolution too; pix2pix leaves it out there, and the critic "
            "still sees how strong the colours are.", parts.stack_with(norms=(0, 1, 2, 3))),
    Mistake("batch norm stands after the first convolution too, and its bias is gone; the first has a bias "
            "and no batch norm.", parts.stack_with(norms=(0, 1, 2, 3), bias=(False,) * 4 + (True,))),
    Mistake("batch norm stands after the first convolution too, and all have a bias: no batch norm after the "
            "first, and bias=False before the others.",
            parts.stack_with(norms=(0, 1, 2, 3), bias=(True,) * 5)),
    Mistake("this is instance norm; the critic of pix2pix has batch norm: nn.BatchNorm2d.",
            parts.stack_with(norm=nn.InstanceNorm2d)),
    Mistake("batch norm is missing: the second, third and fourth convolution are followed by one.",
            parts.stack_with(norms=())),
    Mistake("all convolutions have a bias; batch norm brings its own: before it, bias=False.",
            parts.stack_with(bias=(True,) * 5)),
    Mistake("the last convolution has no bias; nothing follows that would bring one.",
            parts.stack_with(bias=(True, False, False, False, False))),
    Mistake("the first convolution has no bias; no batch norm follows that would bring one.",
            parts.stack_with(bias=(False, False, False, False, True))),
    Mistake("all five convolutions have stride 2; only the first three have, or a patch grows far beyond 70.",
            parts.stack_with(strides=(2,) * 5)),
    Mistake("four convolutions have stride 2: only the first three.",
            parts.stack_with(strides=(2, 2, 2, 2, 1))),
    Mistake("the padding is missing: padding=1 in every convolution.", parts.stack_with(padding=0)),
    Mistake("the kernels are 3x3; here all are 4x4.", parts.stack_with(kernel=3)),
    Mistake("this is ReLU, which forgets what is negative; critics use LeakyReLU(0.2).",
            parts.stack_with(act=nn.ReLU)),
    Mistake("the slope is torch's 0.01: write nn.LeakyReLU(0.2).", parts.stack_with(act=nn.LeakyReLU)),
    Mistake("the activation stands before the batch norm: convolution, batch norm, LeakyReLU.",
            parts.stack_with(late=True)),
    Mistake("one block is missing: filters go width, 2, 4 and 8 times width, then 1.",
            parts.stack_with(strides=(2, 2, 1, 1), norms=(1, 2), bias=(True, False, False, True))),
    Mistake("the filters stop doubling too early: width, then 2, 4 and 8 times width.",
            parts.stack_with(cap=4)),
    Mistake("the number of channels is fixed to 3: use `inputs`, so that a critic can see ab alone.",
            lambda inputs=3, width=64: parts.stack_with()(3, width)),
]  # fmt: skip


# 3.3 ------------------------------------------------------------------------------------------------------
_pair_cases = [
    Case("three pictures of 4 x 5 pixels", (_noise(3, 1, 4, 5), _noise(3, 2, 4, 5, seed=1))),
    Case("two pictures of 3 x 3 pixels", (_noise(2, 1, 3, 3), _noise(2, 2, 3, 3, seed=1))),
]
_pairings = [
    Mistake("ab comes first: the order is L, a, b, and a trained critic keeps to the one that it has learnt.",
            lambda L, ab: (torch.cat([ab, L], 1), torch.cat([ab.roll(1, 0), L], 1))),
    Mistake("a and b are swapped.", lambda L, ab: tuple(pair[:, [0, 2, 1]] for pair in parts.pairs(L, ab))),
    Mistake("L went along with ab: then every picture has its own colours again. Roll ab alone.",
            lambda L, ab: (parts.pairs(L, ab)[0], parts.pairs(L, ab)[0].roll(1, 0))),
    Mistake("L was rolled in place of ab: the colours then belong to another L, but ours keep L where it is.",
            lambda L, ab: (parts.pairs(L, ab)[0], torch.cat([L.roll(1, 0), ab], 1))),
    Mistake("the pixels were rolled, not the pictures: the pictures stand in dim 0.",
            lambda L, ab: (parts.pairs(L, ab)[0], torch.cat([L, ab.roll(1, -1)], 1))),
    Mistake("roll without dims rolls all values as one long row: dims=0 moves whole pictures.",
            lambda L, ab: (parts.pairs(L, ab)[0], torch.cat([L, ab.roll(1)], 1))),
    Mistake("a and b were rolled among the channels: the pictures stand in dim 0.",
            lambda L, ab: (parts.pairs(L, ab)[0], torch.cat([L, ab.roll(1, 1)], 1))),
    Mistake("both are true pairs: the second needs the colours of the picture before.",
            lambda L, ab: (parts.pairs(L, ab)[0],) * 2),
    Mistake("the colours come from the picture after: roll by +1.",
            lambda L, ab: (parts.pairs(L, ab)[0], torch.cat([L, ab.roll(-1, 0)], 1))),
    Mistake("the batch was turned round: of three pictures the middle one keeps its own colours. Roll it.",
            lambda L, ab: (parts.pairs(L, ab)[0], torch.cat([L, ab.flip(0)], 1))),
    Mistake("the true pairs come first, then the wrong ones.", lambda L, ab: parts.pairs(L, ab)[::-1]),
    Mistake("the lightness is missing: the critic is to see [L, ab], three channels.",
            lambda L, ab: (ab, ab.roll(1, 0))),
]  # fmt: skip


# 3.4 ------------------------------------------------------------------------------------------------------
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
    Mistake("this is the patch that looks most *real*: a low logit says fake.",
            parts.patch_with(Tensor.argmax)),
    Mistake("this takes the logit farthest from 0, or nearest to it; fake is the lowest, sign included.",
            parts.patch_with(lambda logits: logits.abs().argmin())),
    Mistake("the padding is forgotten: the first patch begins 23 pixels outside of the photo.",
            parts.patch_with(shift=0)),
    Mistake("rows and columns are swapped: i counts down, and the order is top, left, bottom, right.",
            parts.patch_with(swap=True)),
    Mistake("a patch may stick out of the photo: cut top and left at 0, bottom and right at side.",
            parts.patch_with(clip=False)),
    Mistake("this is the 8 x 8 square from one patch to the next; the critic sees 70 x 70.",
            parts.patch_with(size=8)),
    Mistake("patches are 8 pixels apart, not 70: they overlap.", parts.patch_with(step=70)),
    Mistake("patches are 8 pixels apart (three strides of 2), not 16.", parts.patch_with(step=16)),
    Mistake("the first number counts down: top, left, bottom, right, not the two tops first.",
            parts.patch_with(order=(0, 2, 1, 3))),
    Mistake("the padding was added: it moves the first patch out of the photo, to 8 i - 23.",
            parts.patch_with(shift=-23)),
]  # fmt: skip


# 3.5 ------------------------------------------------------------------------------------------------------
def _verdict(name: str, real: Tensor, fake: Tensor) -> Case:
    return Case(name, (nn.Sequential(nn.Identity(), nn.Sigmoid()), real, fake))


def _sure(name: str, real: float, fake: float) -> Case:
    return _verdict(name, torch.full((1, 1, 3, 3), real), torch.full((1, 1, 3, 3), fake))


_verdicts = [
    _sure("a critic that does not know: all logits 0", 0.0, 0.0),
    _sure("a critic that is sure and right: logits +8 for true, -8 for wrong", 8.0, -8.0),
    _sure("a critic that is right about true and wrong about wrong: logits +2 and +3", 2.0, 3.0),
    _verdict("mixed logits", _noise(2, 1, 4, 4) * 3, _noise(2, 1, 4, 4, seed=1) * 3),
    _sure(
        "a critic that is very sure and always wrong: logits -120 for true, +120 for wrong",
        -120.0,
        120.0,
    ),
]
_losses = [
    Mistake("the sigmoid is still taken twice: once by the network's last layer, once by the loss.",
            parts.loss_with(parts.to(1), parts.to(0), sigmoids=1)),
    Mistake("now a sigmoid is taken three times; one is enough, and the loss with logits brings it.",
            parts.loss_with(parts.to(1), parts.to(0), sigmoids=2)),
    Mistake("a loss without logits, after the sigmoid: right on paper, but in float32 a sure sigmoid is "
            "rounded to 0 or 1, its logarithm cut off and the gradient gone. Leave the sigmoid to the loss.",
            parts.loss_with(parts.to(1, F.binary_cross_entropy),
                            parts.to(0, F.binary_cross_entropy), sigmoids=1)),
    Mistake("the labels are swapped: true is 1, wrong is 0.", parts.loss_with(parts.to(0), parts.to(1))),
    Mistake("the two losses are added; here their mean is asked for: divide by 2.",
            parts.loss_with(parts.to(1), parts.to(0), share=1)),
    Mistake("the label of wrong is 1 too: that is what a generator wants; the critic's label for wrong is 0.",
            parts.loss_with(parts.to(1), parts.to(1))),
    Mistake("only true pictures count: add the loss on wrong ones, with the label 0.",
            parts.loss_with(parts.to(1), None, share=1)),
    Mistake("only wrong pictures count: add the loss on true ones, with the label 1.",
            parts.loss_with(None, parts.to(0), share=1)),
    Mistake("this is the squared distance to the label, the loss of LSGAN; here it is cross-entropy.",
            parts.loss_with(parts.to(1, F.mse_loss), parts.to(0, F.mse_loss))),
    Mistake("this is the distance of the probability to its label, without a logarithm.",
            parts.loss_with(parts.to(1, F.l1_loss), parts.to(0, F.l1_loss), sigmoids=1)),
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
        Network(
            parts.patch_critic, _critic_cases, lambda inputs, width: (1, inputs, 64, 64), _critics
        ),
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
        Function(parts.pairs, _pair_cases, _pairings, tolerance=0),
        (
            "torch.cat stacks its list along one dimension. Which one holds the channels?",
            "x.roll(1, dims=0) moves every picture of a batch one place on, and the last to the front.",
            "torch.cat([L, ab], dim=1), and the same with ab.roll(1, dims=0).",
        ),
    ),
    Exercise(
        "3.4",
        "Reading a map",
        Function(parts.suspect, _maps, _suspects, tolerance=0),
        (
            "logits.argmin() counts through all values in one row; divmod by the width gives row and column.",
            "Patch (i, j) begins at 8 i - 23 and 8 j - 23, and ends 70 pixels later.",
            "max(top, 0) and min(top + 70, side) keep it inside; the same for left and right. Use .item().",
        ),
    ),
    Exercise(
        "3.5",
        "Broken on purpose",
        Function(parts.critic_loss, _verdicts, _losses, tolerance=1e-4),
        (
            "Between which two numbers lie the network's answers? What does the loss take them for?",
            "A loss whose name ends in `with_logits` begins by taking a sigmoid itself.",
            "net[:-1] is the network without its last layer: give its answers to the loss with logits, with "
            "ones for true and zeros for wrong.",
        ),
    ),
)
