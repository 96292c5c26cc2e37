"""The exercises of lesson 2, the U-Net."""

from __future__ import annotations

import torch
from torch import nn

from colorlib.check import unets as parts
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.check.networks import Network

# 2.1 ------------------------------------------------------------------------------------------------------
_down_cases = [
    Case("down_block(4, 8)", (4, 8)),
    Case("down_block(8, 8, norm=False)", (8, 8, True, False)),
    Case("down_block(1, 8, act=False, norm=False)", (1, 8, False, False)),
]
_down_mistakes = [
    Mistake("the kernel is 3x3; here it is 4x4 (paper 001 has 3x3).", parts.down_with(parts.conv(kernel=3))),
    Mistake("the padding is missing: without padding=1 each border loses a pixel.",
            parts.down_with(parts.conv(padding=0))),
    Mistake("the stride is missing: without stride=2 nothing is halved.",
            parts.down_with(parts.conv(stride=1))),
    Mistake("the convolution has a bias, and the batch norm behind it another one: write bias=False.",
            parts.down_with(parts.conv(bias=True))),
    Mistake("the slope is torch's 0.01: write nn.LeakyReLU(0.2).", parts.down_with(act=nn.LeakyReLU())),
    Mistake("this is ReLU, which forgets everything negative; on the way down it is LeakyReLU(0.2).",
            parts.down_with(act=nn.ReLU())),
    Mistake("the order is another: activation first, then convolution, then batch norm.",
            parts.down_with(late=True)),
    Mistake("the batch norm stands before the convolution, or before the activation; it comes last.",
            lambda c, out, act=True, norm=True: [
                *([nn.BatchNorm2d(c)] if norm else []), *parts.down(c, out, act, norm=False)]),
    Mistake("act is ignored: with act=False the activation is left out.",
            lambda c, out, act=True, norm=True: parts.down(c, out, True, norm)),
    Mistake("norm is ignored: with norm=False the batch norm is left out.",
            lambda c, out, act=True, norm=True: parts.down(c, out, act, True)),
    Mistake("inputs and outputs are swapped: nn.Conv2d takes the channels that arrive first.",
            parts.down_with(lambda c, out: parts.conv()(out, c))),
]  # fmt: skip


# 2.2 ------------------------------------------------------------------------------------------------------
_up_cases = [Case("up_block(16, 4)", (16, 4)), Case("up_block(16, 2, norm=False)", (16, 2, False))]
_up_mistakes = [
    Mistake("nn.Conv2d halves; doubling is nn.ConvTranspose2d.",
            parts.up_with(lambda c, out, norm: nn.Conv2d(c, out, 4, 2, 1, bias=not norm))),
    Mistake("the padding is missing: padding=1 cuts the border that makes the result too large.",
            parts.up_with(parts.transposed(padding=0))),
    Mistake("the kernel is 3x3; here it is 4x4, which makes the size come out even.",
            parts.up_with(parts.transposed(kernel=3))),
    Mistake("this is LeakyReLU; on the way up it is ReLU.", parts.up_with(act=nn.LeakyReLU(0.2))),
    Mistake("the convolution always has a bias; before a batch norm it has none: bias=not norm.",
            parts.up_with(parts.transposed(bias=lambda norm: True))),
    Mistake("the convolution never has a bias; where no batch norm follows it needs one: bias=not norm.",
            parts.up_with(parts.transposed(bias=lambda norm: False))),
    Mistake("bias is turned round: it is there where the batch norm is not.",
            parts.up_with(parts.transposed(bias=lambda norm: norm))),
    Mistake("the order is another: activation first, then convolution, then batch norm.",
            parts.up_with(late=True)),
    Mistake("norm is ignored: with norm=False the batch norm is left out.",
            lambda c, out, norm=True: [*parts.up(c, out, norm)[:2], nn.BatchNorm2d(out)]),
    Mistake("the activation is missing: begin with nn.ReLU().",
            lambda c, out, norm=True: parts.up(c, out, norm)[1:]),
]  # fmt: skip


# 2.3 ------------------------------------------------------------------------------------------------------
_unet_cases = [
    Case("unet(1, 2, downs=2, width=2)", (1, 2, 2, 2)),
    Case("unet(1, 3, downs=5, width=2)", (1, 3, 5, 2)),
]
_unet_mistakes = [
    Mistake("the skip doubles what arrives at an up block: it takes 2 * widths[k] channels, except in the "
            "middle.", parts.unet_with(doubled=lambda k, downs: False)),
    Mistake("every up block takes 2 * widths[k] channels, but nothing joins in the middle: there it is "
            "widths[k].", parts.unet_with(doubled=lambda k, downs: True)),
    Mistake("there is no skip: forward must put x beside y, torch.cat([x, y], dim=1).",
            parts.unet_with(skip=None, doubled=lambda k, downs: False)),
    Mistake("the skip is concatenated with the wrong tensor: y stands there twice, and x gets lost.",
            parts.unet_with(skip=lambda x, y: torch.cat([y, y], 1))),
    Mistake("the skip is concatenated with the wrong tensor: x stands there twice, and y gets lost.",
            parts.unet_with(skip=lambda x, y: torch.cat([x, x], 1))),
    Mistake("x and y are in the wrong order: first x, which came in, then y.",
            parts.unet_with(skip=lambda x, y: torch.cat([y, x], 1))),
    Mistake("the skip adds x to y; a U-Net concatenates: torch.cat([x, y], dim=1).",
            parts.unet_with(skip=lambda x, y: x + y, doubled=lambda k, downs: False)),
    Mistake("the two are joined along another dimension: channels are dim=1.",
            parts.unet_with(skip=lambda x, y: torch.cat([x, y], 2))),
    Mistake("the outermost level has a skip too, so L stands beside the answer: there, skip=False.",
            parts.unet_with(outermost=parts.joined)),
    Mistake("the tanh at the end is missing: answers must lie between -1 and 1.",
            parts.unet_with(end=nn.Identity)),
    Mistake("the network ends in a sigmoid: a and b need both signs, so it is tanh.",
            parts.unet_with(end=nn.Sigmoid)),
    Mistake("the outermost up block has a batch norm: the answer itself is not normalised.",
            parts.unet_with(upwards=lambda first: {})),
    Mistake("the innermost down block has a batch norm: in the middle a picture is one pixel, its own mean.",
            parts.unet_with(downwards=lambda first, last: {"act": not first, "norm": not first})),
    Mistake("the outermost down block has a batch norm: the first layer has none.",
            parts.unet_with(downwards=lambda first, last: {"act": not first, "norm": not last})),
    Mistake("the outermost down block begins with an activation: that would bend the picture itself.",
            parts.unet_with(downwards=lambda first, last: {"norm": not (first or last)})),
    Mistake("the filters double without end: min(2**k, 8) stops them.", parts.unet_with(cap=2**10)),
    Mistake("the loop runs from the outside in: begin in the middle, reversed(range(downs)).",
            parts.unet_with(order=list)),
]  # fmt: skip


# 2.4 ------------------------------------------------------------------------------------------------------
_count_cases = [
    Case("2 downs, 4 filters", (2, 4)),
    Case("6 downs, 16 filters", (6, 16)),
    Case("8 downs, 64 filters", (8, 64)),
]
_count_mistakes = [
    Mistake("the skips are forgotten: an up block takes 2 * widths[k] channels, except in the middle.",
            parts.count_with(skip=1)),
    Mistake("the kernels are counted as 3x3: here they are 4x4, so 16 numbers for each pair of channels.",
            parts.count_with(kernel=9)),
    Mistake("the batch norms are forgotten: each learns a scale and a shift for every channel.",
            parts.count_with(norm=0)),
    Mistake("a batch norm's running mean and variance are counted too; they are measured, not learned.",
            parts.count_with(norm=4)),
    Mistake("there are batch norms too many: none in the outermost level, none in the middle's down block.",
            parts.count_with(everywhere=True)),
    Mistake("the last convolution's two biases are forgotten.", parts.count_with(bias=0)),
    Mistake("the filters double without end: from 8 * width on they stay.", parts.count_with(cap=2**10)),
]  # fmt: skip


# 2.5 ------------------------------------------------------------------------------------------------------
_dice = torch.Generator().manual_seed(2)
_any_cases = [
    Case(f"a picture of {h} x {w} (h x w) and multiples of 4",
         (torch.rand(1, 1, h, w, generator=_dice), parts.blocks, 4))
    for h, w in ((8, 8), (9, 8), (8, 11), (10, 15), (7, 4))
]  # fmt: skip
_any_mistakes = [
    Mistake("the picture is extended with zeros, a hard edge to mid gray: mode='reflect' mirrors it.",
            parts.any_with(mode="constant")),
    Mistake("the last row and column are repeated; mode='reflect' mirrors the picture.",
            parts.any_with(mode="replicate")),
    Mistake("the result was not cut back to the picture's own height and width.",
            parts.any_with(cut=lambda out, h, w: out)),
    Mistake("the picture grew on the left and on top: F.pad takes (left, right, top, bottom).",
            parts.any_with(pad=parts.before, cut=lambda out, h, w: out[..., -h:, -w:])),
    Mistake("the picture grew on the left and on top, and was cut on the other side: colours shift.",
            parts.any_with(pad=parts.before)),
    Mistake("height and width are swapped: F.pad begins with the last dimension, the width.",
            parts.any_with(pad=lambda h, w, m: (0, -h % m, 0, -w % m))),
    Mistake("a side that already is a multiple grew by a whole one: -h % multiple is 0 there.",
            parts.any_with(pad=lambda h, w, m: (0, m - w % m, 0, m - h % m))),
    Mistake("h % multiple says how much is too much; what is missing is -h % multiple.",
            parts.any_with(pad=lambda h, w, m: (0, w % m, 0, h % m))),
    Mistake("the picture was resized: that blurs it. Extend it instead, with F.pad.", parts.resized),
    Mistake("the picture went in as it was, and its edge was lost on the way: extend it first.",
            lambda L, net, multiple: net(L)),
]  # fmt: skip


# 2.6 ------------------------------------------------------------------------------------------------------
_last_mistakes = [
    Mistake("this still gives what the broken block gives: its second ReLU lets nothing negative out.",
            lambda c, out: [*parts.last_up(c, out), nn.ReLU()]),
    Mistake("a LeakyReLU lets a fifth of the negative half through; the answer needs all of it.",
            lambda c, out: [*parts.last_up(c, out), nn.LeakyReLU(0.2)]),
    Mistake("the first ReLU is gone too; only the one behind the convolution does harm.",
            lambda c, out: parts.last_up(c, out)[1:]),
    Mistake("the wrong ReLU is gone: the one in front stays, the one behind the convolution goes.",
            lambda c, out: [*parts.last_up(c, out)[1:], nn.ReLU()]),
    Mistake("here stands a tanh already; the U-Net puts one behind this block, and one is enough.",
            lambda c, out: [*parts.last_up(c, out), nn.Tanh()]),
    Mistake("a batch norm gives both signs, but takes every picture's mean colour away: leave it out.",
            lambda c, out: parts.up(c, out)),
]  # fmt: skip

EXERCISES = (
    Exercise(
        "2.1",
        "The down block",
        Network(parts.down, _down_cases, lambda c, *rest: (2, c, 8, 12), _down_mistakes),
        (
            "Three layers at most, in a list: which of them stand there always, which only if told?",
            "nn.Conv2d(inputs, outputs, kernel_size, stride, padding, bias=...): 4, 2 and 1.",
            "Begin with layers = [nn.LeakyReLU(0.2)] if act else [], then add lists to it with +=.",
        ),
    ),
    Exercise(
        "2.2",
        "The up block",
        Network(parts.up, _up_cases, lambda c, *rest: (2, c, 4, 6), _up_mistakes),
        (
            "It is the down block turned round: another activation, another convolution, the same order.",
            "A batch norm has a shift of its own, so the convolution before it has no bias: bias=not norm.",
            "nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=not norm)",
        ),
    ),
    Exercise(
        "2.3",
        "The U-Net, from the middle",
        Network(
            parts.unet,
            _unet_cases,
            lambda c, out, downs, width: (2, c, 2**downs, 2**downs),
            _unet_mistakes,
        ),
        (
            "Draw downs=2 on paper and write beside every arrow how many channels pass there.",
            "Level k takes and gives widths[k - 1] channels; level 0 takes inputs and gives outputs.",
            "What arrives at level k's up block: widths[k] in the middle, elsewhere 2 * widths[k].",
            "In a loop over reversed(range(downs)): net = Level(down_block(outer, widths[k], ...), net, "
            "up_block(below, out, ...), skip=k > 0). At the end nn.Sequential(net, nn.Tanh()).",
        ),
    ),
    Exercise(
        "2.4",
        "Count by hand",
        Function(parts.count, _count_cases, _count_mistakes),
        (
            "Walk through the levels as in 2.3, but add numbers in place of layers.",
            "A level's two convolutions hold 16 * outer * widths[k] and 16 * below * out numbers.",
            "Batch norms: 2 * widths[k] where 0 < k < downs - 1, and 2 * out where k > 0. The two biases: 2.",
        ),
    ),
    Exercise(
        "2.5",
        "Any size",
        Function(parts.any_size, _any_cases, _any_mistakes, tolerance=1e-5),
        (
            "Three steps: extend, run, cut.",
            "What is missing to the next multiple is -h % multiple: try it for 8, 9 and 11 with 4.",
            "F.pad(L, (0, right, 0, below), mode='reflect'), and at the end [..., :h, :w].",
        ),
    ),
    Exercise(
        "2.6",
        "Broken on purpose",
        Network(
            parts.last_up,
            [Case("last_up(8, 2)", (8, 2))],
            lambda c, out: (2, c, 4, 6),
            _last_mistakes,
        ),
        (
            "Which colours never appear? Say it as signs of a and of b.",
            "Print ab.amin() and ab.amax() of the broken network. Which layer gives such numbers?",
            "What does tanh make of something that is never negative?",
        ),
    ),
)
