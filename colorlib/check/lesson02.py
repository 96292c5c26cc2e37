"""The exercises of lesson 2, the U-Net."""

from __future__ import annotations

import torch
from torch import nn

from colorlib.check import lesson02_mutants as mutants
from colorlib.check.graders import Case, FunctionGrader, KnownMistake
from colorlib.check.network_graders import NetworkGrader, SizesGrader

# 2.1 ----------------------------------------------------------------------------------------------
_DOWN_CASES = [
    Case("down_block(4, 8)", (4, 8)),
    Case("down_block(8, 8, norm=False)", (8, 8, True, False)),
    Case("down_block(1, 8, activation=False, norm=False)", (1, 8),
         {"activation": False, "norm": False}),
]  # fmt: skip
_NORM_ERRORS = {
    "running_mean should contain": "the batch norm comes after the convolution, so it has "
    "out_channels channels: nn.BatchNorm2d(out_channels).",
}
_DOWN_MISTAKES = [
    KnownMistake("here the convolution has no bias even without a batch norm: bias=False always.",
                 lambda c, out, activation=True, norm=True: mutants.down_mutant(
                     mutants.conv(bias=not norm))(c, out, activation, norm)),
    KnownMistake("the batch norm is missing: with norm=True it is the last layer.",
                 lambda c, out, activation=True, norm=True: mutants.down(
                     c, out, activation, False)),
    KnownMistake("the activation is missing: with activation=True it is the first layer.",
                 lambda c, out, activation=True, norm=True: mutants.down(c, out, False, norm)),
    KnownMistake("activation and norm are confused: activation decides about LeakyReLU, norm about "
                 "batch norm.",
                 lambda c, out, activation=True, norm=True: mutants.down(c, out, norm, activation)),
    KnownMistake("`if activation` and `if norm` are inverted: True puts the layer in.",
                 lambda c, out, activation=True, norm=True: mutants.down(
                     c, out, not activation, not norm)),
    KnownMistake("kernel and stride are swapped: 4x4 with a stride of 2.",
                 mutants.down_mutant(mutants.conv(kernel=2, stride=4))),
    KnownMistake("the order is wrong: first activation, then convolution, then batch norm.",
                 lambda c, out, activation=True, norm=True: [
                     *mutants.down(c, out, False, False),
                     *([nn.LeakyReLU(0.2)] if activation else []),
                     *([nn.BatchNorm2d(out)] if norm else [])]),
    KnownMistake("your kernel is 3x3; here it is 4x4 (paper 001 uses 3x3).",
                 mutants.down_mutant(mutants.conv(kernel=3))),
    KnownMistake("the padding is missing: without padding=1 each border loses a pixel.",
                 mutants.down_mutant(mutants.conv(padding=0))),
    KnownMistake("the stride is missing: only stride=2 halves height and width.",
                 mutants.down_mutant(mutants.conv(stride=1))),
    KnownMistake("the convolution has a bias, but the batch norm adds one too: use bias=False.",
                 mutants.down_mutant(mutants.conv(bias=True))),
    KnownMistake("the slope is torch's default 0.01: write nn.LeakyReLU(0.2).",
                 mutants.down_mutant(act=nn.LeakyReLU())),
    KnownMistake("ReLU removes everything negative; a down block uses nn.LeakyReLU(0.2).",
                 mutants.down_mutant(act=nn.ReLU())),
    KnownMistake("the order is wrong: first activation, then convolution, then batch norm.",
                 mutants.down_mutant(act_last=True)),
    KnownMistake("your batch norm comes too early: put it after the convolution.",
                 mutants.down_with_batch_norm_first),
    KnownMistake("you ignore activation: with activation=False there is no activation.",
                 lambda c, out, activation=True, norm=True: mutants.down(c, out, True, norm)),
    KnownMistake("you ignore norm: with norm=False there is no batch norm.",
                 lambda c, out, activation=True, norm=True: mutants.down(c, out, activation, True)),
    KnownMistake("in_channels and out_channels are swapped: nn.Conv2d takes in_channels first.",
                 mutants.down_mutant(lambda c, out: mutants.conv()(out, c))),
]  # fmt: skip


# 2.2 ----------------------------------------------------------------------------------------------
_UP_CASES = [
    Case("up_block(16, 4)", (16, 4)),
    Case("up_block(16, 2, norm=False)", (16, 2), {"norm": False}),
]
_UP_MISTAKES = [
    KnownMistake("the batch norm is missing: unless norm is False, it is the last layer.",
                 lambda c, out, norm=True: [
                     nn.ReLU(), nn.ConvTranspose2d(c, out, 4, 2, 1, bias=not norm)]),
    KnownMistake("the stride is missing: only stride=2 doubles height and width.",
                 mutants.up_mutant(lambda c, out, norm: nn.ConvTranspose2d(
                     c, out, 4, padding=1, bias=not norm))),
    KnownMistake("in_channels and out_channels are swapped: in_channels come first.",
                 mutants.up_mutant(lambda c, out, norm: nn.ConvTranspose2d(
                     out, c, 4, 2, 1, bias=not norm))),
    KnownMistake("`if norm` is inverted: True puts the batch norm in.",
                 lambda c, out, norm=True: mutants.up(c, out, not norm)),
    KnownMistake("the order is wrong: first activation, then convolution, then batch norm.",
                 lambda c, out, norm=True: [
                     mutants.up(c, out, norm)[1], nn.ReLU(), *mutants.up(c, out, norm)[2:]]),
    KnownMistake("a nearest or bilinear enlargement comes in section 6: here it is "
                 "nn.ConvTranspose2d.",
                 mutants.up_mutant(lambda c, out, norm: nn.Sequential(
                     nn.Upsample(scale_factor=2), nn.Conv2d(c, out, 3, padding=1, bias=not norm)))),
    KnownMistake("nn.Conv2d halves the size; nn.ConvTranspose2d doubles it.",
                 mutants.up_mutant(lambda c, out, norm: nn.Conv2d(c, out, 4, 2, 1, bias=not norm))),
    KnownMistake("the padding is missing: padding=1 removes the border that makes it too large.",
                 mutants.up_mutant(mutants.transposed_conv(padding=0))),
    KnownMistake("your kernel is 3x3; with 4x4 the size doubles exactly.",
                 mutants.up_mutant(mutants.transposed_conv(kernel=3))),
    KnownMistake("this is LeakyReLU; an up block uses nn.ReLU.",
                 mutants.up_mutant(act=nn.LeakyReLU(0.2))),
    KnownMistake("before a batch norm the convolution needs no bias: bias=not norm.",
                 mutants.up_mutant(mutants.transposed_conv(bias=lambda norm: True))),
    KnownMistake("without a batch norm the convolution needs a bias: bias=not norm.",
                 mutants.up_mutant(mutants.transposed_conv(bias=lambda norm: False))),
    KnownMistake("your bias is inverted: the convolution has one only without a batch norm.",
                 mutants.up_mutant(mutants.transposed_conv(bias=lambda norm: norm))),
    KnownMistake("the order is wrong: first activation, then convolution, then batch norm.",
                 mutants.up_mutant(act_last=True)),
    KnownMistake("you ignore norm: with norm=False there is no batch norm.",
                 lambda c, out, norm=True: [*mutants.up(c, out, norm)[:2], nn.BatchNorm2d(out)]),
    KnownMistake("the activation is missing: begin with nn.ReLU().",
                 lambda c, out, norm=True: mutants.up(c, out, norm)[1:]),
]  # fmt: skip


# 2.3 ----------------------------------------------------------------------------------------------
_UNET_CASES = [
    Case("unet(1, 2, num_downs=3, base_channels=4)", (1, 2), {"num_downs": 3, "base_channels": 4}),
    Case("unet(1, 2, num_downs=2, base_channels=2)", (1, 2, 2, 2)),
    Case("unet(1, 3, num_downs=5, base_channels=2)", (1, 3, 5, 2)),
]
_NO_BRANCH = {
    "must be Tensor, not NoneType": "forward returns nothing in one of its branches: without a "
    "skip it returns y.",
    **_NORM_ERRORS,
}
_UNET_MISTAKES = [
    KnownMistake("after a skip twice as many channels must arrive: torch.cat([x, y], dim=1) joins "
                 "x and y; neither y alone nor x + y has enough.", mutants.unet_mutant(skip=None)),
    KnownMistake("level 0 is missing: range(num_downs) includes 0, the outermost level.",
                 mutants.unet_mutant(order=lambda levels: list(levels)[:0:-1])),
    KnownMistake("the levels are not inside each other: give the net so far as `inner`.",
                 mutants.unet_mutant(inner=lambda net: nn.Identity())),
    KnownMistake("the innermost up block has no batch norm: only the outermost goes without.",
                 mutants.unet_mutant(up_options=lambda first, last: {"norm": not (first or last)})),
    KnownMistake("no up block has a batch norm: only the outermost goes without.",
                 mutants.unet_mutant(up_options=lambda first, last: {"norm": False})),
    KnownMistake("no down block has a batch norm: all but the outermost and the innermost do.",
                 mutants.unet_mutant(
                     down_options=lambda first, last: {"activation": not first, "norm": False})),
    KnownMistake("no down block has an activation: all but the outermost do.",
                 mutants.unet_mutant(
                     down_options=lambda first, last: {
                         "activation": False, "norm": not (first or last)})),
    KnownMistake("you forget `inner`: y is up(inner(down(x))).", mutants.unet_mutant(
        doubled=lambda k, num_downs: False, inner=lambda net: nn.Identity())),
    KnownMistake("the skip holds what comes out of `down`, not x, the input of the level.",
                 mutants.unet_mutant(skip_from=lambda level, x: level.down(x))),
    KnownMistake("a skip doubles the channels: an up block takes 2 * channels[k] channels, except "
                 "the innermost.", mutants.unet_mutant(doubled=lambda k, num_downs: False)),
    KnownMistake("every up block takes 2 * channels[k] channels, but the innermost has no skip "
                 "below: it takes channels[k].",
                 mutants.unet_mutant(doubled=lambda k, num_downs: True)),
    KnownMistake("the skip is missing: forward must return torch.cat([x, y], dim=1).",
                 mutants.unet_mutant(skip=None, doubled=lambda k, num_downs: False)),
    KnownMistake("you concatenate y with itself, so x is lost: torch.cat([x, y], dim=1).",
                 mutants.unet_mutant(skip=lambda x, y: torch.cat([y, y], 1))),
    KnownMistake("you concatenate x with itself, so y is lost: torch.cat([x, y], dim=1).",
                 mutants.unet_mutant(skip=lambda x, y: torch.cat([x, x], 1))),
    KnownMistake("x and y are in the wrong order: first the input x, then y.",
                 mutants.unet_mutant(skip=lambda x, y: torch.cat([y, x], 1))),
    KnownMistake("your skip adds x and y; a U-Net concatenates them: torch.cat([x, y], dim=1).",
                 mutants.unet_mutant(skip=lambda x, y: x + y, doubled=lambda k, num_downs: False)),
    KnownMistake("you concatenate along the wrong dimension: channels are dim=1.",
                 mutants.unet_mutant(skip=lambda x, y: torch.cat([x, y], 2))),
    KnownMistake("the outermost level has a skip, so the output contains L: use skip=False there.",
                 mutants.unet_mutant(outermost_skip=mutants.concat_skip)),
    KnownMistake("the tanh at the end is missing: outputs must be between -1 and 1.",
                 mutants.unet_mutant(end=nn.Identity)),
    KnownMistake("the network ends in a sigmoid; a and b need both signs, so use tanh.",
                 mutants.unet_mutant(end=nn.Sigmoid)),
    KnownMistake("the outermost up block has a batch norm: do not normalize the output.",
                 mutants.unet_mutant(up_options=lambda first, last: {})),
    KnownMistake("the innermost down block has a batch norm: there an image is one pixel, which is "
                 "its own mean.", mutants.unet_mutant(
                     down_options=lambda first, last: {
                         "activation": not first, "norm": not first})),
    KnownMistake("the outermost down block has a batch norm: the first layer has none.",
                 mutants.unet_mutant(
                     down_options=lambda first, last: {"activation": not first, "norm": not last})),
    KnownMistake("the outermost down block begins with an activation, which changes the image "
                 "itself.", mutants.unet_mutant(
                     down_options=lambda first, last: {"norm": not (first or last)})),
    KnownMistake("the number of filters doubles without limit: min(2**k, 8) limits it.",
                 mutants.unet_mutant(max_multiplier=2**10)),
    KnownMistake("your loop goes from the outside inwards: use reversed(range(num_downs)).",
                 mutants.unet_mutant(order=list)),
]  # fmt: skip


# 2.4 ----------------------------------------------------------------------------------------------
_COUNT_CASES = [
    Case("2 downs, 4 filters", (2, 4)),
    Case("6 downs, 16 filters", (6, 16)),
    Case("8 downs, 64 filters", (8, 64)),
]
_COUNT_MISTAKES = [
    KnownMistake("the innermost down block has no batch norm: only the up block there has one.",
                 mutants.count_mutant(norm_down=lambda first, last: not first)),
    KnownMistake("the outermost down block has no batch norm.",
                 mutants.count_mutant(norm_down=lambda first, last: not last)),
    KnownMistake("the outermost up block has no batch norm.",
                 mutants.count_mutant(norm_up=lambda first, last: True)),
    KnownMistake("the batch norms of the down blocks are missing.",
                 mutants.count_mutant(norm_down=lambda first, last: False)),
    KnownMistake("the batch norms of the up blocks are missing.",
                 mutants.count_mutant(norm_up=lambda first, last: False)),
    KnownMistake("the innermost up block has a batch norm: only the outermost has none.",
                 mutants.count_mutant(norm_up=lambda first, last: not (first or last))),
    KnownMistake("the innermost up block has no skip below it: it takes channels[k], not twice.",
                 mutants.count_mutant(innermost=2)),
    KnownMistake("you count one number for each pair of channels; a 4x4 kernel has 16.",
                 mutants.count_mutant(kernel=1)),
    KnownMistake("you count 4 numbers for each pair of channels; a 4x4 kernel has 16.",
                 mutants.count_mutant(kernel=4)),
    KnownMistake("a batch norm learns two numbers for each channel, a scale and a shift.",
                 mutants.count_mutant(norm=1)),
    KnownMistake("the outermost level takes 1 channel and returns 2.",
                 mutants.count_mutant(outermost=(2, 1))),
    KnownMistake("the outermost level takes 1 channel and returns 2.",
                 mutants.count_mutant(outermost=(1, 1))),
    KnownMistake("the outermost level takes 1 channel and returns 2.",
                 mutants.count_mutant(outermost=(2, 2))),
    KnownMistake("the last convolution has one bias for each of its 2 outputs.",
                 mutants.count_mutant(bias=1)),
    KnownMistake("a level is missing: range(num_downs) has all of them.",
                 lambda num_downs, base_channels: mutants.count(num_downs, base_channels)
                 - mutants.level_count(0, num_downs, base_channels)),
    KnownMistake("a level is missing: range(num_downs) has all of them.",
                 lambda num_downs, base_channels: mutants.count(num_downs, base_channels)
                 - mutants.level_count(num_downs - 1, num_downs, base_channels)),
    KnownMistake("the skips are missing: an up block takes 2 * channels[k] channels, except the "
                 "innermost.", mutants.count_mutant(skip=1)),
    KnownMistake("you count 3x3 kernels; 4x4 kernels have 16 numbers for each pair of channels.",
                 mutants.count_mutant(kernel=9)),
    KnownMistake("the batch norms are missing: each learns a scale and a shift for every channel.",
                 mutants.count_mutant(norm=0)),
    KnownMistake("you count a batch norm's running mean and variance, which are not learned.",
                 mutants.count_mutant(norm=4)),
    KnownMistake("you count too many batch norms: the outermost level and the innermost down block "
                 "have none.", mutants.count_mutant(
                     norm_down=lambda first, last: True, norm_up=lambda first, last: True)),
    KnownMistake("the two biases of the last convolution are missing.",
                 mutants.count_mutant(bias=0)),
    KnownMistake("the number of filters doubles without limit: it stops at 8 * base_channels.",
                 mutants.count_mutant(max_multiplier=2**10)),
]  # fmt: skip


# 2.5 ----------------------------------------------------------------------------------------------
_generator = torch.Generator().manual_seed(2)
_SIZE_CASES = [
    Case(f"an image of {h} x {w} (h x w) and multiples of 4",
         (torch.rand(1, 1, h, w, generator=_generator), mutants.mix_blocks, 4))
    for h, w in ((8, 8), (9, 8), (8, 11), (10, 15), (7, 4), (3, 3))
]  # fmt: skip
_SIZE_MISTAKES = [
    KnownMistake("[..., :-0] is empty: with nothing to cut off, a negative index cuts all. Cut to "
                 "[..., :h, :w].", mutants.any_size_cut_from_the_end),
    KnownMistake("h and w are swapped where you cut: [..., :h, :w].",
                 mutants.any_size_mutant(crop=lambda output, h, w: output[..., :w, :h])),
    KnownMistake("you cut the last rows and columns; they are at the beginning: [..., :h, :w].",
                 mutants.any_size_mutant(crop=lambda output, h, w: output[..., -h:, -w:])),
    KnownMistake("the opposite edge is repeated (circular): mode='reflect' mirrors the image.",
                 mutants.any_size_mutant(mode="circular")),
    KnownMistake("you pad to both sides: right and below only, (0, right, 0, below).",
                 mutants.any_size_mutant(padding=lambda h, w, m: (
                     -w % m // 2, -w % m - -w % m // 2, -h % m // 2, -h % m - -h % m // 2),
                     crop=mutants.crop_middle)),
    KnownMistake("only the width is extended: F.pad takes (left, right, top, bottom).",
                 mutants.any_size_mutant(padding=lambda h, w, m: (0, -w % m, 0, 0))),
    KnownMistake("only the height is extended: F.pad takes (left, right, top, bottom).",
                 mutants.any_size_mutant(padding=lambda h, w, m: (0, 0, 0, -h % m))),
    KnownMistake("you cut the image to a multiple, and lose its edge: extend it.",
                 mutants.any_size_of_a_smaller_image),
    KnownMistake("you did not run the network: net(extended).",
                 lambda L, net, multiple: L),
    KnownMistake("you pad with zeros, a hard edge to mid gray: mode='reflect' mirrors the image.",
                 mutants.any_size_mutant(mode="constant")),
    KnownMistake("you repeat the last row and column: mode='reflect' mirrors the image.",
                 mutants.any_size_mutant(mode="replicate")),
    KnownMistake("you did not crop the output to the image's own height and width.",
                 mutants.any_size_mutant(crop=lambda output, h, w: output)),
    KnownMistake("you pad on the left and on top: F.pad takes (left, right, top, bottom).",
                 mutants.any_size_mutant(padding=mutants.pad_left_and_above,
                                 crop=lambda output, h, w: output[..., -h:, -w:])),
    KnownMistake("you pad on the left and on top, but crop on the other side: the colours shift.",
                 mutants.any_size_mutant(padding=mutants.pad_left_and_above)),
    KnownMistake("height and width are swapped: F.pad begins with the last dimension, the width.",
                 mutants.any_size_mutant(padding=lambda h, w, m: (0, -h % m, 0, -w % m))),
    KnownMistake("you pad a side that is already a multiple: -h % multiple is 0 there.",
                 mutants.any_size_mutant(padding=lambda h, w, m: (0, m - w % m, 0, m - h % m))),
    KnownMistake("h % multiple is the excess; -h % multiple is what is missing.",
                 mutants.any_size_mutant(padding=lambda h, w, m: (0, w % m, 0, h % m))),
    KnownMistake("you resize the image, which blurs it: pad it with F.pad instead.",
                 mutants.resize_instead_of_padding),
    KnownMistake("you do not pad the image, so the network drops its edge: pad first.",
                 lambda L, net, multiple: net(L)),
]  # fmt: skip


# 2.6 ----------------------------------------------------------------------------------------------
_LAST_UP_CASES = [Case("last_up(8, 2)", (8, 2))]
_LAST_UP_MISTAKES = [
    KnownMistake("this behaves like the broken block: its second ReLU removes negative values.",
                 lambda c, out: [*mutants.last_up(c, out), nn.ReLU()]),
    KnownMistake("a LeakyReLU shrinks negative values to a fifth; the output needs all of them.",
                 lambda c, out: [*mutants.last_up(c, out), nn.LeakyReLU(0.2)]),
    KnownMistake("you also removed the first ReLU; only the one after the convolution is wrong.",
                 lambda c, out: mutants.last_up(c, out)[1:]),
    KnownMistake("you removed the wrong ReLU: remove the one after the convolution.",
                 lambda c, out: [*mutants.last_up(c, out)[1:], nn.ReLU()]),
    KnownMistake("you added a tanh; the U-Net adds one after this block, and one is enough.",
                 lambda c, out: [*mutants.last_up(c, out), nn.Tanh()]),
    KnownMistake("a batch norm allows both signs, but removes the mean colour: leave it out.",
                 mutants.up),
]  # fmt: skip

_CHANNELS = "channels = [base_channels * min(2**k, 8) for k in range(num_downs)]"
_PAD_ERRORS = {
    "Only 2D, 3D, 4D, 5D padding": "F.pad takes four numbers here: (left, right, top, bottom).",
    "Padding size should be less": "you extend by more than the image has: the number is "
    "-h % multiple.",
}

GRADERS = {
    "2.1": NetworkGrader(
        mutants.down, _DOWN_CASES, _DOWN_MISTAKES, error_causes=_NORM_ERRORS, image_size=(8, 12)
    ),
    "2.2": NetworkGrader(
        mutants.up, _UP_CASES, _UP_MISTAKES, error_causes=_NORM_ERRORS, image_size=(4, 6)
    ),
    "2.3": NetworkGrader(
        mutants.unet,
        _UNET_CASES,
        _UNET_MISTAKES,
        error_causes=_NO_BRANCH,
        image_size=(32, 32),
        given=(_CHANNELS,),
        parts=("Level.forward",),
    ),
    "2.4": SizesGrader(mutants.count, _COUNT_CASES, _COUNT_MISTAKES, given=(_CHANNELS,)),
    "2.5": FunctionGrader(
        mutants.any_size,
        _SIZE_CASES,
        _SIZE_MISTAKES,
        tolerance=1e-5,
        error_causes=_PAD_ERRORS,
        exact_dtype=True,
    ),
    "2.6": NetworkGrader(mutants.last_up, _LAST_UP_CASES, _LAST_UP_MISTAKES, image_size=(4, 6)),
}
