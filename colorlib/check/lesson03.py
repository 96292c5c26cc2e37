"""The exercises of lesson 3, the PatchGAN discriminator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.check import lesson03_mutants as mutants
from colorlib.check.graders import Case, FunctionGrader, KnownMistake
from colorlib.check.lesson03_mutants import ab_mutant, discriminator_mutant, loss_mutant, make_pairs
from colorlib.check.network_graders import NetworkGrader
from colorlib.discriminators import PatchDiscriminator, receptive_field


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


# 3.1 ----------------------------------------------------------------------------------------------
def _conv_chain(*layers: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(*(nn.Conv2d(1, 1, kernel, stride=stride) for kernel, stride in layers))


_FIELD_CASES = [
    Case("one convolution, 4x4", (_conv_chain((4, 1)),)),
    Case("two convolutions, 3x3, stride 1", (_conv_chain((3, 1), (3, 1)),)),
    Case("4x4 with stride 2, then 3x3", (_conv_chain((4, 2), (3, 1)),)),
    Case("4x4 with stride 3, then 3x3 with stride 2, then 5x5",
         (_conv_chain((4, 3), (3, 2), (5, 1)),)),
    Case("a 1x1 discriminator", (_conv_chain((1, 1), (1, 1)),)),
    Case("the 70x70 discriminator of the library", (PatchDiscriminator(3, 3, 1),)),
]  # fmt: skip
_FIELD_MISTAKES = [
    KnownMistake("the function returns inside the loop, after the first convolution: put the "
                 "return under the loop, not into it.",
                 mutants.receptive_field_mutant(only_first=True)),
    KnownMistake("only the last stride counts: multiply the step, step *= stride.",
                 mutants.receptive_field_mutant(lambda step, stride: stride)),
    KnownMistake("you add the strides; multiply them: step *= stride.",
                 mutants.receptive_field_mutant(lambda step, stride: step + stride)),
    KnownMistake("you return the step, the product of the strides, and not the reach.",
                 mutants.receptive_field_mutant(result=lambda field, step: step)),
    KnownMistake("you multiply kernel and step, but add too much: (kernel - 1) * step.",
                 mutants.receptive_field_mutant(widen=lambda k, step: k * step - 1)),
    KnownMistake("you add the step instead of multiplying with it: (kernel - 1) * step.",
                 mutants.receptive_field_mutant(widen=lambda k, step: k - 1 + step)),
    KnownMistake("you multiply the kernels: add (kernel - 1) * step for each.",
                 mutants.receptive_field_mutant(multiply=True)),
    KnownMistake("you ignore strides: after stride 2, the steps of later kernels are two pixels.",
                 mutants.receptive_field_mutant(lambda step, stride: step)),
    KnownMistake("a kernel of k pixels adds k - 1 steps, not k: its first pixel already counts.",
                 mutants.receptive_field_mutant(subtract=0)),
    KnownMistake("your step grows too early: a layer's stride counts only for later layers.",
                 mutants.receptive_field_mutant(grow_first=True)),
    KnownMistake("you add the strides; multiply them: two strides of 2 make a step of 4.",
                 mutants.receptive_field_mutant(lambda step, stride: step + stride - 1)),
    KnownMistake("you go from the last layer to the first; this formula begins with the first.",
                 mutants.receptive_field_mutant(backwards=True)),
    KnownMistake("you begin at 0; without any layer an output sees one pixel: begin at 1.",
                 mutants.receptive_field_mutant(start=0)),
]  # fmt: skip


# 3.2 ----------------------------------------------------------------------------------------------
_LAST_BIAS = (False, False, False, False, True)
_NET_CASES = [Case("patch_discriminator(3, 8)", (3, 8)), Case("patch_discriminator(2, 4)", (2, 4))]
_NET_MISTAKES = [
    KnownMistake("nothing follows the last convolution: its outputs are the logits.",
                 discriminator_mutant(last_layers=(lambda: nn.LeakyReLU(0.2),))),
    KnownMistake("nothing follows the last convolution: its outputs are the logits.",
                 discriminator_mutant(last_layers=(lambda: nn.BatchNorm2d(1),))),
    KnownMistake("nothing follows the last convolution: its outputs are the logits.",
                 discriminator_mutant(last_layers=(nn.Tanh,))),
    KnownMistake("you average the map to one number: every patch keeps its own logit.",
                 discriminator_mutant(last_layers=(lambda: nn.AdaptiveAvgPool2d(1),))),
    KnownMistake("the LeakyReLU layers are missing: one after each convolution but the last.",
                 discriminator_mutant(act=nn.Identity)),
    KnownMistake("only the first two convolutions have stride 2: the third has it too.",
                 discriminator_mutant(strides=(2, 2, 1, 1, 1))),
    KnownMistake("a convolution of stride 2 is too much: three of stride 2, two of stride 1.",
                 discriminator_mutant(strides=(2, 2, 2, 2, 1, 1), norms=(1, 2, 3, 4),
                                      bias=(True, False, False, False, False, True))),
    KnownMistake("the fourth convolution has no batch norm: only the first and the last have none.",
                 discriminator_mutant(norms=(1, 2))),
    KnownMistake("the fourth convolution has no batch norm: only the first and the last have none.",
                 discriminator_mutant(norms=(1, 2), bias=(True, False, False, True, True))),
    KnownMistake("no convolution has a bias: the first and the last need one.",
                 discriminator_mutant(bias=(False,) * 5)),
    KnownMistake("base_channels is not used: it is the number of the first convolution's filters.",
                 lambda in_channels=3, base_channels=64: discriminator_mutant()(in_channels, 64)),
    KnownMistake("remove the sigmoid at the end: return logits; the loss applies the sigmoid.",
                 discriminator_mutant(last_layers=(nn.Sigmoid,))),
    KnownMistake("the first convolution has a batch norm; pix2pix omits it, so the discriminator "
                 "sees how strong the colours are.", discriminator_mutant(norms=(0, 1, 2, 3))),
    KnownMistake("the first convolution has a batch norm and no bias; it needs a bias and no batch "
                 "norm.", discriminator_mutant(norms=(0, 1, 2, 3), bias=_LAST_BIAS)),
    KnownMistake("the first convolution has a batch norm, and all have a bias: no batch norm after "
                 "the first, and bias=False before the others.",
                 discriminator_mutant(norms=(0, 1, 2, 3), bias=(True,) * 5)),
    KnownMistake("this is instance norm; the pix2pix discriminator uses nn.BatchNorm2d.",
                 discriminator_mutant(norm=nn.InstanceNorm2d)),
    KnownMistake("the batch norms are missing: put one after convolutions two, three and four.",
                 discriminator_mutant(norms=())),
    KnownMistake("all convolutions have a bias; before a batch norm use bias=False.",
                 discriminator_mutant(bias=(True,) * 5)),
    KnownMistake("the last convolution has no bias; no batch norm follows, so it needs one.",
                 discriminator_mutant(bias=(True, False, False, False, False))),
    KnownMistake("the first convolution has no bias; no batch norm follows, so it needs one.",
                 discriminator_mutant(bias=_LAST_BIAS)),
    KnownMistake("all five convolutions have stride 2: only the first three, or a patch is much "
                 "larger than 70.", discriminator_mutant(strides=(2,) * 5)),
    KnownMistake("four convolutions have stride 2: only the first three.",
                 discriminator_mutant(strides=(2, 2, 2, 2, 1))),
    KnownMistake("the padding is missing: use padding=1 in every convolution.",
                 discriminator_mutant(padding=0)),
    KnownMistake("the kernels are 3x3; here all are 4x4.", discriminator_mutant(kernel=3)),
    KnownMistake("ReLU removes everything negative; discriminators use nn.LeakyReLU(0.2).",
                 discriminator_mutant(act=nn.ReLU)),
    KnownMistake("the slope is torch's default 0.01: write nn.LeakyReLU(0.2).",
                 discriminator_mutant(act=nn.LeakyReLU)),
    KnownMistake("the activation comes too early: convolution, batch norm, then LeakyReLU.",
                 discriminator_mutant(act_before_norm=True)),
    KnownMistake("one block is missing: channels are base_channels, 2, 4, 8 times it, then 1.",
                 discriminator_mutant(strides=(2, 2, 1, 1), norms=(1, 2),
                                      bias=(True, False, False, True))),
    KnownMistake("the channels stop doubling too early: base_channels, then 2, 4 and 8 times it.",
                 discriminator_mutant(max_multiplier=4)),
    KnownMistake("you always use 3 input channels: use in_channels, so ab alone can be the input.",
                 lambda in_channels=3, base_channels=64: discriminator_mutant()(3, base_channels)),
]  # fmt: skip


# 3.3 ----------------------------------------------------------------------------------------------
_PAIR_CASES = [
    Case("three images of 4 x 5 pixels", (_noise(3, 1, 4, 5), _noise(3, 2, 4, 5, seed=1))),
    Case("two images of 3 x 3 pixels", (_noise(2, 1, 3, 3), _noise(2, 2, 3, 3, seed=1))),
]
_CAT_ERRORS = {
    "Sizes of tensors must match": "torch.cat joins along dim=1, the channels: every other "
    "dimension must have the same size.",
}
_PAIR_MISTAKES = [
    KnownMistake("L is missing in the wrong pairs: both are [L, ab], three channels.",
                 mutants.pairs_mutant(lambda L, ab: ab.roll(1, 0))),
    KnownMistake("you roll by two images: by one, ab.roll(1, dims=0).",
                 ab_mutant(lambda ab: ab.roll(2, 0))),
    KnownMistake("you put both into one tensor: return two, the true ones and the wrong ones.",
                 lambda L, ab: torch.cat(make_pairs(L, ab))),
    KnownMistake("you roll pixels instead of images: the images are in dim 0.",
                 ab_mutant(lambda ab: ab.roll(1, 2))),
    KnownMistake("the colours have another sign: wrong colours are those of another image.",
                 ab_mutant(lambda ab: -ab)),
    KnownMistake("the wrong pairs have no colours: they get those of the previous image.",
                 ab_mutant(lambda ab: 0 * ab)),
    KnownMistake("all images get the colours of the last one: image 1 gets those of image 0.",
                 ab_mutant(lambda ab: ab[-1:].expand_as(ab))),
    KnownMistake("all images get the colours of the first one: image 0 gets those of the last.",
                 ab_mutant(lambda ab: ab[:1].expand_as(ab))),
    KnownMistake("ab comes first; use the order L, a, b with which discriminators are trained.",
                 lambda L, ab: (torch.cat([ab, L], 1), torch.cat([ab.roll(1, 0), L], 1))),
    KnownMistake("a and b are swapped.", lambda L, ab: make_pairs(L, ab.flip(1))),
    KnownMistake("you roll L and ab, so every image has its own colours again: roll only ab.",
                 mutants.pairs_mutant(lambda L, ab: torch.cat([L, ab], 1).roll(1, 0))),
    KnownMistake("you roll L instead of ab: keep L where it is, and roll ab.",
                 mutants.pairs_mutant(lambda L, ab: torch.cat([L.roll(1, 0), ab], 1))),
    KnownMistake("you roll pixels instead of images: the images are in dim 0.",
                 ab_mutant(lambda ab: ab.roll(1, -1))),
    KnownMistake("without dims, roll treats all values as one row: dims=0 moves whole images.",
                 ab_mutant(lambda ab: ab.roll(1))),
    KnownMistake("you roll a and b among the channels: the images are in dim 0.",
                 ab_mutant(lambda ab: ab.roll(1, 1))),
    KnownMistake("both are true pairs: the second needs the colours of the previous image.",
                 ab_mutant(lambda ab: ab)),
    KnownMistake("the colours come from the next image: roll by +1.",
                 ab_mutant(lambda ab: ab.roll(-1, 0))),
    KnownMistake("you reverse the batch, so the middle image of three keeps its colours: roll it.",
                 ab_mutant(lambda ab: ab.flip(0))),
    KnownMistake("the order is wrong: return the true pairs first, then the wrong ones.",
                 lambda L, ab: make_pairs(L, ab)[::-1]),
    KnownMistake("L is missing: the discriminator needs [L, ab], three channels.",
                 lambda L, ab: (ab, ab.roll(1, 0))),
]  # fmt: skip


# 3.4 ----------------------------------------------------------------------------------------------
def _logit_map(lowest: tuple[int, int], highest: tuple[int, int], side: int) -> Tensor:
    logits = _noise(1, 1, side, side)
    logits[0, 0, lowest[0], lowest[1]] = -5
    logits[0, 0, highest[0], highest[1]] = 5
    return logits


_PATCH_CASES = [
    Case("a map of 30 x 30, lowest in row 10, column 20",
         (_logit_map((10, 20), (4, 17), 30), 256)),
    Case("a map of 22 x 22, lowest in row 0, column 9", (_logit_map((0, 9), (12, 5), 22), 192)),
    Case("a map of 22 x 22, lowest in row 18, column 21", (_logit_map((18, 21), (7, 7), 22), 192)),
    Case("a map of 22 x 22, lowest in row 21, column 0", (_logit_map((21, 0), (7, 7), 22), 192)),
]  # fmt: skip
_PATCH_MISTAKES = [
    KnownMistake("you limit top and left before you add 70, so a patch at the border stays too "
                 "large: bottom is 8 i - 23 + 70.", mutants.patch_mutant(clip="early")),
    KnownMistake("only top and left are limited: bottom and right end at side.",
                 mutants.patch_mutant(clip="low")),
    KnownMistake("only bottom and right are limited: top and left begin at 0.",
                 mutants.patch_mutant(clip="high")),
    KnownMistake("you limit to side - 1: the last edge is side, as in a slice.",
                 mutants.patch_mutant(last=1)),
    KnownMistake("this is the place on the map; a patch begins at pixel 8 i - 23.",
                 mutants.patch_mutant(step=1, shift=0)),
    KnownMistake("return bottom and right, not height and width.",
                 mutants.patch_mutant(as_size=True)),
    KnownMistake("the patch is 70 high and wide: from top to top + 70.",
                 mutants.patch_mutant(size=69)),
    KnownMistake("argmin counts over the whole map: divmod by its width gives row and column.",
                 mutants.patch_mutant(divide=lambda index, width: (index, index))),
    KnownMistake("this is the patch that looks most *real*: a low logit means fake.",
                 mutants.patch_mutant(choose=Tensor.argmax)),
    KnownMistake("you use absolute values; the most fake patch has the lowest logit.",
                 mutants.patch_mutant(choose=lambda logits: logits.abs().argmin())),
    KnownMistake("you ignore the padding: the first patch begins 23 pixels outside the photo.",
                 mutants.patch_mutant(shift=0)),
    KnownMistake("rows and columns are swapped: i is the row; return top, left, bottom, right.",
                 mutants.patch_mutant(swap=True)),
    KnownMistake("the patch leaves the photo: limit top and left to 0, bottom and right to side.",
                 mutants.patch_mutant(clip=False)),
    KnownMistake("8 x 8 is the distance between patches; the discriminator sees 70 x 70.",
                 mutants.patch_mutant(size=8)),
    KnownMistake("patches are 8 pixels apart, not 70: they overlap.",
                 mutants.patch_mutant(step=70)),
    KnownMistake("patches are 8 pixels apart (three strides of 2), not 16.",
                 mutants.patch_mutant(step=16)),
    KnownMistake("the order is wrong: return top, left, bottom, right.",
                 mutants.patch_mutant(order=(0, 2, 1, 3))),
    KnownMistake("you add the padding: it moves the first patch out of the photo, to 8 i - 23.",
                 mutants.patch_mutant(shift=-23)),
]  # fmt: skip


# 3.5 ----------------------------------------------------------------------------------------------
def _loss_case(name: str, real: Tensor, fake: Tensor) -> Case:
    layers = [nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)]  # together they return their input
    for layer, weight in zip(layers, (0.5, 2.0), strict=True):
        nn.init.constant_(layer.weight, weight)
        nn.init.zeros_(layer.bias)
    return Case(name, (nn.Sequential(*layers, nn.Sigmoid()), real, fake))


def _constant(logit: float) -> Tensor:
    return torch.full((3, 1, 3, 3), logit)


_LOSS_CASES = [
    _loss_case("a discriminator that does not know: all logits 0", _constant(0.0), _constant(0.0)),
    _loss_case("a sure and right discriminator: logits +8 for true, -8 for wrong",
               _constant(8.0), _constant(-8.0)),
    _loss_case("a discriminator that takes both for true: logits +2 for true, +3 for wrong",
               _constant(2.0), _constant(3.0)),
    _loss_case("mixed logits", _noise(2, 1, 4, 4) * 3, _noise(2, 1, 4, 4, seed=1) * 3),
    _loss_case("a very sure, always wrong discriminator: logits -120 for true, +120 for wrong",
               _constant(-120.0), _constant(120.0)),
]  # fmt: skip
_LOSS_MISTAKES = [
    KnownMistake("you return the sum over all logits; return the mean.", loss_mutant(
        loss=lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="sum"))),
    KnownMistake("the minus of the logarithm is missing: a loss is never below 0.",
                 loss_mutant(weight=-0.5)),
    KnownMistake("both labels are 0; the label of true images is 1.", loss_mutant(0, 0)),
    KnownMistake("labels and logits are swapped in the call: the logits come first.", loss_mutant(
        loss=lambda x, y: F.binary_cross_entropy_with_logits(y, x))),
    KnownMistake("net[:-2] leaves out more than the sigmoid: net[:-1].",
                 lambda net, true, wrong: mutants.discriminator_loss(net[:-1], true, wrong)),
    KnownMistake("you undo the sigmoid with logit: where it has rounded to 0 or 1 nothing can be "
                 "undone. Leave it out: net[:-1].",
                 loss_mutant(sigmoids=1, loss=lambda x, y: F.binary_cross_entropy_with_logits(
                     x.logit(), y))),
    KnownMistake("log of a probability that rounds to 0 is infinite: use the loss with logits.",
                 loss_mutant(sigmoids=1, loss=mutants.naive_cross_entropy)),
    KnownMistake("you still apply the sigmoid twice: in the network's last layer and in the loss.",
                 loss_mutant(sigmoids=1)),
    KnownMistake("now you apply the sigmoid three times; the loss with logits applies it once.",
                 loss_mutant(sigmoids=2)),
    KnownMistake("in float32 the sigmoid of a sure discriminator rounds to 0 or 1, so its "
                 "gradient is lost: use the loss with logits.",
                 loss_mutant(loss=F.binary_cross_entropy, sigmoids=1)),
    KnownMistake("the labels are swapped: true is 1, wrong is 0.", loss_mutant(0, 1)),
    KnownMistake("you add the two losses; return their mean: divide by 2.", loss_mutant(weight=1)),
    KnownMistake("both labels are 1, as a generator wants; here the label of wrong images is 0.",
                 loss_mutant(1, 1)),
    KnownMistake("only true images count: add the loss on wrong images, with the label 0.",
                 loss_mutant(1, None, weight=1)),
    KnownMistake("only wrong images count: add the loss on true images, with the label 1.",
                 loss_mutant(None, 0, weight=1)),
    KnownMistake("this is the squared error, the loss of LSGAN; here it is cross-entropy.",
                 loss_mutant(loss=F.mse_loss)),
    KnownMistake("this is the distance between probability and label; the logarithm is missing.",
                 loss_mutant(loss=F.l1_loss, sigmoids=1)),
]  # fmt: skip

_LABEL_ERRORS = {
    "'float' object has no attribute": "the labels are a tensor: torch.ones_like(logits).",
    "'int' object has no attribute": "the labels are a tensor: torch.ones_like(logits).",
    "must be the same as input size": "the labels have the shape of the logits: "
    "torch.ones_like(logits).",
}
_CONV_ERRORS = {
    "has no attribute 'kernel_size'": "net.modules() has other layers too: "
    "isinstance(layer, nn.Conv2d) chooses.",
    "tuple": "kernel_size and stride are pairs: take [0].",
}

GRADERS = {
    "3.1": FunctionGrader(
        receptive_field, _FIELD_CASES, _FIELD_MISTAKES, tolerance=0, error_causes=_CONV_ERRORS
    ),
    "3.2": NetworkGrader(
        mutants.patch_discriminator, _NET_CASES, _NET_MISTAKES, image_size=(64, 64)
    ),
    "3.3": FunctionGrader(
        make_pairs,
        _PAIR_CASES,
        _PAIR_MISTAKES,
        tolerance=0,
        error_causes=_CAT_ERRORS,
        channels="Lab",
        exact_dtype=True,
    ),
    "3.4": FunctionGrader(mutants.most_fake_patch, _PATCH_CASES, _PATCH_MISTAKES, tolerance=0),
    "3.5": FunctionGrader(
        mutants.discriminator_loss,
        _LOSS_CASES,
        _LOSS_MISTAKES,
        tolerance=1e-4,
        error_causes=_LABEL_ERRORS,
        gradients_of=(0,),
    ),
}
