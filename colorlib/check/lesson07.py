"""The exercises of lesson 7, pretrained encoders."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check import lesson07_freezing as freezing
from colorlib.check.graders import Case, FunctionGrader, KnownMistake, SideEffectGrader
from colorlib.generator import init_weights
from colorlib.models.backbones import MEAN, STD, to_imagenet_input


# 7.1 ----------------------------------------------------------------------------------------------
def _features_mutant(
    *, remove_hooks=True, order_by_name=True, use_input=False, use_last=False, bind_name=True
) -> Callable:
    """Return a function that collects the outputs of named layers, with one part changed."""

    def features(net: nn.Module, names: list[str], x: Tensor) -> list[Tensor]:
        outputs: dict[str, Tensor] = {}

        def create_hook(name: str) -> Callable:
            def hook(module, inputs, output):
                outputs[name if bind_name else names[-1]] = inputs[0] if use_input else output

            return hook

        hooks = [net.get_submodule(name).register_forward_hook(create_hook(name)) for name in names]
        last_output = net(x)
        if remove_hooks:
            for hook in hooks:
                hook.remove()
        if use_last:
            return [last_output] * len(names)
        if not bind_name:
            return [outputs[names[-1]]] * len(names)
        return [outputs[name] for name in names] if order_by_name else list(outputs.values())

    return features


def _run_features(features: Callable, names: list[str]) -> dict[str, Any]:
    """Collect outputs of a network of four layers, some of them in an inner module."""
    inner = nn.Sequential(nn.Conv2d(2, 3, 3, stride=2), nn.Tanh())
    layers = OrderedDict(first=nn.Conv2d(1, 2, 3, stride=2), inner=inner, last=nn.Conv2d(3, 4, 3))
    net = init_weights(nn.Sequential(layers), "he", seed=1)
    outputs = features(net, list(names), torch.linspace(-1, 1, 361).view(1, 1, 19, 19))
    is_list = isinstance(outputs, (list, tuple))
    seen: dict[str, Any] = {"the number of outputs": len(outputs) if is_list else "not a list"}
    if is_list:
        for name, output in zip(names, outputs, strict=False):
            seen[f"the output of {name!r}"] = output
    seen["the remaining hooks"] = sum(len(module._forward_hooks) for module in net.modules())
    return seen


_HOOK_CASES = [
    Case("two layers, in the order in which they run", (["first", "inner"],)),
    Case("three layers, named in another order", (["last", "first", "inner.0"],)),
]
_HOOK_MISTAKES = [
    KnownMistake("the hooks remain, so every later run is slower and keeps its outputs: call "
                 "remove() on each handle.", _features_mutant(remove_hooks=False)),
    KnownMistake("the outputs are in the order in which layers run: use the order of names.",
                 _features_mutant(order_by_name=False)),
    KnownMistake("these are the layers' inputs: a hook receives (module, inputs, output).",
                 _features_mutant(use_input=True)),
    KnownMistake("each name has the network's last output: use the hook's output, not net(x).",
                 _features_mutant(use_last=True)),
    KnownMistake("every hook uses the last name: a function reads a loop's variable when it runs. "
                 "Bind the name, for example by name=name.", _features_mutant(bind_name=False)),
]  # fmt: skip


# 7.2 ----------------------------------------------------------------------------------------------
_MEAN, _STD = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, STD))


def _to_unit_rgb(L: Tensor) -> Tensor:
    return ((L + 1) / 2).repeat(1, 3, 1, 1)


def _input_mutant(normalize: Callable[[Tensor], Tensor]) -> Callable:
    """Return a function with another normalization of RGB in [0, 1]."""
    return lambda L: normalize(_to_unit_rgb(L))


_random_L = torch.rand(2, 1, 3, 5, generator=torch.Generator().manual_seed(7)) * 2 - 1
_INPUT_CASES = [
    Case("black, middle gray and white", (torch.tensor([-1.0, 0, 1]).view(1, 1, 1, 3),)),
    Case("two images", (_random_L,)),
]
_INPUT_MISTAKES = [
    KnownMistake("L is in [-1, 1], but mean and deviation are for [0, 1]: first (L + 1) / 2.",
                 lambda L: (L.repeat(1, 3, 1, 1) - _MEAN) / _STD),
    KnownMistake("the normalization is missing: subtract each channel's mean, divide by its "
                 "deviation.", _to_unit_rgb),
    KnownMistake("you subtract the mean, but do not divide by the deviation.",
                 _input_mutant(lambda rgb: rgb - _MEAN)),
    KnownMistake("mean and deviation are swapped.",
                 _input_mutant(lambda rgb: (rgb - _STD) / _MEAN)),
    KnownMistake("the channels are reversed: torchvision has red first; OpenCV has blue first.",
                 _input_mutant(lambda rgb: (rgb - _MEAN.flip(1)) / _STD.flip(1))),
    KnownMistake("you use the image's own mean and deviation: use ImageNet's.",
                 _input_mutant(lambda rgb: (rgb - rgb.mean()) / rgb.std())),
]  # fmt: skip


# 7.3 ----------------------------------------------------------------------------------------------
def _forward_mutant(*, end=torch.tanh, pair=lambda up, skip: [up, skip]) -> Callable:
    """Return EncoderUNet's forward pass with one part changed."""

    def forward(
        stages: nn.ModuleList, up_blocks: nn.ModuleList, head: nn.Module, x: Tensor
    ) -> Tensor:
        outputs = []
        for stage in stages:
            x = stage(x)
            outputs.append(x)
        x = outputs.pop()
        for up_block in up_blocks:
            x = torch.cat(pair(up_block(x), outputs.pop()), dim=1)
        return end(head(x))

    return forward


def _run_forward(forward: Callable) -> dict[str, Any]:
    """Run it on three stages of two channels each, so a wrong skip changes only the numbers."""
    stages = nn.ModuleList(nn.Conv2d(2, 2, 2, stride=2) for _ in range(3))
    up_blocks = nn.ModuleList(nn.ConvTranspose2d(channels, 2, 2, stride=2) for channels in (2, 4))
    modules = [stages, up_blocks, nn.ConvTranspose2d(4, 2, 2, stride=2)]
    for seed, module in enumerate(modules):
        init_weights(module, "he", seed=seed)
    return {"the output": forward(*modules, torch.linspace(-2, 2, 512).view(1, 2, 16, 16))}


_TOO_FEW_SKIPS = (
    "the numbers of up blocks and skips differ: the innermost output goes into the first up block "
    "and is not a skip."
)
_ERRORS = {
    "must match except in dimension 1": "two tensors have different sizes: the first up block "
    "doubles the innermost output, so its skip is the output of the last but one stage.",
    "to have 4 channels, but got 2 channels": "a skip is missing: "
    "torch.cat([up_block(x), skip], dim=1).",
    "pop from empty list": "there are more up blocks than skips: the innermost output goes into "
    "the first up block and is not a skip.",
}
_FORWARD_MISTAKES = [
    KnownMistake("the tanh at the end is missing: ab must be in [-1, 1].",
                 _forward_mutant(end=lambda x: x)),
    KnownMistake("sigmoid only returns [0, 1], so half of all colours are missing: use tanh.",
                 _forward_mutant(end=torch.sigmoid)),
    KnownMistake("the skip comes first: put the up's output first, as in the library.",
                 _forward_mutant(pair=lambda up, skip: [skip, up])),
    KnownMistake("you concatenate the up's output with itself: use the stage's output.",
                 _forward_mutant(pair=lambda up, skip: [up, up])),
]  # fmt: skip
_ONE_NETWORK = [Case("a small network")]

GRADERS = {
    "7.1": SideEffectGrader(_features_mutant(), _HOOK_CASES, _HOOK_MISTAKES, run=_run_features),
    "7.2": FunctionGrader(to_imagenet_input, _INPUT_CASES, _INPUT_MISTAKES, tolerance=1e-5),
    "7.3": SideEffectGrader(
        _forward_mutant(), _ONE_NETWORK, _FORWARD_MISTAKES, run=_run_forward, error_causes=_ERRORS
    ),
    "7.4": SideEffectGrader(
        freezing.freeze, _ONE_NETWORK, freezing.FREEZE_MISTAKES, run=freezing.run_freeze
    ),
    "7.5": SideEffectGrader(
        freezing.epoch_mutant(), _ONE_NETWORK, freezing.EPOCH_MISTAKES, run=freezing.run_epoch
    ),
    "7.6": SideEffectGrader(
        freezing.param_groups,
        freezing.GROUP_CASES,
        freezing.GROUP_MISTAKES,
        error_causes=freezing.GROUP_ERRORS,
        run=freezing.run_param_groups,
    ),
}
