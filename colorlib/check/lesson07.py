"""The exercises of lesson 7, pretrained encoders."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from colorlib.check import lesson07_freezing as freezing
from colorlib.check import lesson07_groups as groups
from colorlib.check.comparison import Rules, compare, describe
from colorlib.check.graders import (
    Case,
    FunctionGrader,
    KnownMistake,
    Observation,
    SideEffectGrader,
)
from colorlib.generator import init_weights
from colorlib.models.backbones import MEAN, STD, to_imagenet_input


@dataclass
class _Grader(SideEffectGrader):
    """Grader whose known mistakes may raise an error."""

    errors_are_mistakes: ClassVar[bool] = True


# 7.1 ----------------------------------------------------------------------------------------------
def _features_mutant(
    *,
    find: Callable[[nn.Module, str], nn.Module] = lambda net, name: net.get_submodule(name),
    bind: bool = True,
    register: bool = True,
    stored: Callable[[tuple, Tensor], Tensor] = lambda inputs, output: output,
    runs_for: Callable[[list[str]], int] = lambda names: 1,
    kept_hooks: slice = slice(0),
    result: Callable[[dict, list[str], Tensor], Any] = lambda outputs, names, last: [
        outputs[name] for name in names
    ],
) -> Callable:
    """Return a function that collects the outputs of named layers, with one part changed.

    Args:
        find: Finds a layer by its name.
        bind: Whether a hook keeps its own name; else all use the last one.
        register: Whether there are hooks while the network runs.
        stored: What a hook stores.
        runs_for: How often the network runs.
        kept_hooks: Which hooks are left behind.
        result: What is returned of the stored outputs.
    """

    def features(net: nn.Module, names: list[str], x: Tensor) -> Any:
        outputs: dict[str, Tensor] = {}

        def create_hook(name: str) -> Callable:
            def hook(module, inputs, output):
                outputs[name if bind else names[-1]] = stored(inputs, output)

            return hook

        handles = [find(net, name).register_forward_hook(create_hook(name)) for name in names]
        if not register:
            while handles:
                handles.pop().remove()
        last = x
        for _ in range(runs_for(names)):
            last = net(x)
        for handle in handles:
            if handle not in handles[kept_hooks]:
                handle.remove()
        return result(outputs, names, last)

    return features


def _run_features(features: Callable, names: list[str]) -> dict[str, Any]:
    """Collect outputs of a network of four layers, some of them in an inner module."""
    inner = nn.Sequential(nn.Conv2d(2, 3, 3, stride=2), nn.Tanh())
    layers = OrderedDict(first=nn.Conv2d(1, 2, 3, stride=2), inner=inner, last=nn.Conv2d(3, 4, 3))
    net, runs = init_weights(nn.Sequential(layers), "he", seed=1), []
    counter = net.register_forward_pre_hook(lambda *_: runs.append(1))
    x = torch.linspace(-1, 1, 361).view(1, 1, 19, 19)
    outputs = features(net, list(names), given := x.clone())
    counter.remove()
    is_list = isinstance(outputs, (list, tuple))
    seen: dict[str, Any] = {"the outputs": f"{len(outputs)}" if is_list else describe(outputs)}
    if is_list:
        for name, output in zip(names, outputs, strict=False):
            seen[f"the output of {name!r}"] = output
    seen["the image"] = "unchanged" if torch.equal(given, x) else "changed"
    seen["how often the network runs"] = len(runs)
    seen["the remaining hooks"] = sum(len(module._forward_hooks) for module in net.modules())
    return seen


_HOOK_CASES = [
    Case("one layer", (["inner"],)),
    Case("two layers, in the order in which they run", (["first", "inner"],)),
    Case("three layers, named in another order", (["last", "first", "inner.0"],)),
]
_LATE = (
    "every hook uses the last name: a function reads a loop's variable when it runs. Bind the "
    "name, for example by name=name."
)
_DOTS = "a layer inside another one has a name with a dot: net.get_submodule(name) finds it."
_HOOK_MISTAKES = [
    KnownMistake("the hooks remain, so every later run is slower and keeps its outputs: call "
                 "remove() on each handle.", _features_mutant(kept_hooks=slice(None))),
    KnownMistake("only the last hook is removed: call remove() on each handle.",
                 _features_mutant(kept_hooks=slice(-1))),
    KnownMistake("the outputs are in the order in which layers run: use the order of names.",
                 _features_mutant(result=lambda outputs, names, last: list(outputs.values()))),
    KnownMistake("these are the layers' inputs: a hook receives (module, inputs, output).",
                 _features_mutant(stored=lambda inputs, output: inputs[0])),
    KnownMistake("each name has the network's last output: use the hook's output, not net(x).",
                 _features_mutant(result=lambda outputs, names, last: [last] * len(names))),
    KnownMistake(_LATE, _features_mutant(bind=False)),
    KnownMistake(_LATE, _features_mutant(
        bind=False, result=lambda outputs, names, last: list(outputs.values()))),
    KnownMistake(_LATE, _features_mutant(
        bind=False, result=lambda outputs, names, last: [outputs[names[-1]]] * len(names))),
    KnownMistake("no hook has stored an output: hooks work only while net(x) runs, before "
                 "remove(), and receive (module, inputs, output).",
                 _features_mutant(register=False)),
    KnownMistake("no hook has stored an output: they work only while net(x) runs, before "
                 "remove().", _features_mutant(
                     register=False, result=lambda outputs, names, last: list(outputs.values()))),
    KnownMistake("the network runs once for each name: register all hooks, then run it once.",
                 _features_mutant(runs_for=len)),
    KnownMistake("return a list of the outputs, in the order of names, not the dict.",
                 _features_mutant(result=lambda outputs, names, last: outputs)),
    KnownMistake(_DOTS, _features_mutant(find=lambda net, name: net._modules[name])),
    KnownMistake(_DOTS, _features_mutant(find=getattr)),
]  # fmt: skip
_HOOK_ERRORS = {
    "to have": "a layer alone does not get its real input: run the whole network, and let hooks "
    "collect the outputs.",
    "positional argument": "a hook receives three arguments: (module, inputs, output).",
}


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
    KnownMistake("L / 2 is in [-0.5, 0.5]; (L + 1) / 2 is in [0, 1].",
                 lambda L: (L / 2 - _MEAN) / _STD),
    KnownMistake("L + 1 / 2 adds a half; (L + 1) / 2 needs its brackets.",
                 lambda L: (L + 1 / 2 - _MEAN) / _STD),
    KnownMistake("L + 1 is in [0, 2]; (L + 1) / 2 is in [0, 1].",
                 lambda L: (L + 1 - _MEAN) / _STD),
    KnownMistake("the normalization is missing: subtract each channel's mean, divide by its "
                 "deviation.", _to_unit_rgb),
    KnownMistake("one channel is not enough, and the normalization is missing: each of the three "
                 "channels has its own mean and deviation.", lambda L: (L + 1) / 2),
    KnownMistake("you use one mean and one deviation for all channels: MEAN and STD have three.",
                 lambda L: ((L + 1) / 2 - _MEAN.mean()) / _STD.mean()),
    KnownMistake("you use one mean and one deviation for all channels: MEAN and STD have three.",
                 _input_mutant(lambda rgb: (rgb - _MEAN.mean()) / _STD.mean())),
    KnownMistake("you subtract the mean, but do not divide by the deviation.",
                 _input_mutant(lambda rgb: rgb - _MEAN)),
    KnownMistake("you divide by the deviation, but do not subtract the mean.",
                 _input_mutant(lambda rgb: rgb / _STD)),
    KnownMistake("you multiply by the deviation: divide by it.",
                 _input_mutant(lambda rgb: (rgb - _MEAN) * _STD)),
    KnownMistake("you add the mean: subtract it.", _input_mutant(lambda rgb: (rgb + _MEAN) / _STD)),
    KnownMistake("only the mean is divided by the deviation: brackets around the difference.",
                 _input_mutant(lambda rgb: rgb - _MEAN / _STD)),
    KnownMistake("this is the way back, from the network's input to [0, 1].",
                 _input_mutant(lambda rgb: rgb * _STD + _MEAN)),
    KnownMistake("mean and deviation are swapped.",
                 _input_mutant(lambda rgb: (rgb - _STD) / _MEAN)),
    KnownMistake("the channels are reversed: torchvision has red first; OpenCV has blue first.",
                 _input_mutant(lambda rgb: (rgb - _MEAN.flip(1)) / _STD.flip(1))),
    KnownMistake("you use the image's own mean and deviation: use ImageNet's.",
                 _input_mutant(lambda rgb: (rgb - rgb.mean()) / rgb.std())),
    KnownMistake("you put three copies one after the other in the batch: torch.cat(..., dim=1) "
                 "puts them next to each other, as channels.",
                 lambda L: (torch.cat([(L + 1) / 2] * 3) - _MEAN) / _STD),
]  # fmt: skip


# 7.3 ----------------------------------------------------------------------------------------------
def _forward_mutant(
    *,
    end: Callable[[nn.Module, Tensor], Tensor] = lambda head, x: torch.tanh(head(x)),
    join: Callable[[nn.Module, Tensor, Tensor], Tensor] = lambda up, x, skip: torch.cat(
        [up(x), skip], dim=1
    ),
    skips: Callable[[list[Tensor]], list[Tensor]] = lambda outputs: outputs[-2::-1],
    strict: bool = False,
    chain: bool = True,
) -> Callable:
    """Return EncoderUNet's forward pass with one part changed.

    Args:
        end: The last layer.
        join: An up block, its input and a skip to the input of the next.
        skips: The outputs of all stages to the skips, in the order of the up blocks.
        strict: Whether there must be as many skips as up blocks.
        chain: Whether each stage gets the output of the one before.
    """

    def forward(
        stages: nn.ModuleList, up_blocks: nn.ModuleList, head: nn.Module, x: Tensor
    ) -> Tensor:
        outputs = []
        for stage in stages:
            outputs.append(stage(x))
            x = outputs[-1] if chain else x
        for up_block, skip in zip(up_blocks, skips(outputs), strict=strict):
            x = join(up_block, x, skip)
        return end(head, x)

    return forward


def _run_forward(forward: Callable) -> dict[str, Any]:
    """Run it on five stages of two channels each, so a wrong skip changes only the numbers."""
    stages = nn.ModuleList(nn.Conv2d(2, 2, 2, stride=2) for _ in range(5))
    up_blocks = nn.ModuleList(
        nn.ConvTranspose2d(channels, 2, 2, stride=2) for channels in (2, 4, 4, 4)
    )
    parts = {
        "stages": stages,
        "up blocks": up_blocks,
        "head": nn.ConvTranspose2d(4, 2, 2, stride=2),
    }
    for seed, module in enumerate(parts.values()):
        init_weights(module, "he", seed=seed)
    x = torch.linspace(-2, 2, 8192).view(1, 2, 64, 64)
    output = forward(*parts.values(), x)
    seen: dict[str, Any] = {"the output": output}
    if isinstance(output, Tensor) and output.requires_grad:
        output.square().mean().backward()
    for name, part in parts.items():
        gradients = [weight.grad for weight in part.parameters()]
        reached = sum(gradient is not None for gradient in gradients)
        seen[f"the tensors of the {name} that get a gradient"] = reached
        found = [g.flatten() for g in gradients if g is not None] or [torch.zeros(0)]
        seen[f"the gradients of the {name}"] = torch.cat(found)
    return seen


_NO_GRADIENT = (
    "the network cannot learn: a .detach() or torch.no_grad() cuts the gradient on its way to the "
    "{}."
)


@dataclass
class _ForwardGrader(_Grader):
    def _advise(self, got: Observation, expected: Observation) -> str:
        for name, value in expected.values.items():
            if "gradient" in name and compare(got.values.get(name), value, Rules(self.tolerance)):
                return _NO_GRADIENT.format(name.split("the ")[-1].partition(" that")[0])
        return ""


_ERRORS = {
    "must match except in dimension 1": "the up block's output and its skip have different "
    "sizes: print both shapes. The first skip is the output of the last but one stage.",
    "pop from empty list": "there are more up blocks than skips: the innermost output goes into "
    "the first up block and is not a skip.",
}
_FORWARD_MISTAKES = [
    KnownMistake("the tanh at the end is missing: ab must be in [-1, 1].",
                 _forward_mutant(end=lambda head, x: head(x))),
    KnownMistake("sigmoid only returns [0, 1], so half of all colours are missing: use tanh.",
                 _forward_mutant(end=lambda head, x: torch.sigmoid(head(x)))),
    KnownMistake("clamp has no gradient outside [-1, 1]: use tanh.",
                 _forward_mutant(end=lambda head, x: head(x).clamp(-1, 1))),
    KnownMistake("the tanh comes last, after the head.",
                 _forward_mutant(end=lambda head, x: head(torch.tanh(x)))),
    KnownMistake("the head is missing: torch.tanh(head(x)).",
                 _forward_mutant(end=lambda head, x: torch.tanh(x))),
    KnownMistake("the skip comes first: put the up's output first, as in the library.",
                 _forward_mutant(join=lambda up, x, skip: torch.cat([skip, up(x)], dim=1))),
    KnownMistake("you concatenate the up's output with itself: use the stage's output.",
                 _forward_mutant(join=lambda up, x, skip: torch.cat([up(x), up(x)], dim=1))),
    KnownMistake("the skip adds no channels: torch.cat([up_block(x), skip], dim=1) puts both "
                 "next to each other, so the next block gets twice as many.",
                 _forward_mutant(join=lambda up, x, skip: up(x))),
    KnownMistake("you concatenate before the up block; do it after: "
                 "torch.cat([up_block(x), skip], dim=1).",
                 _forward_mutant(join=lambda up, x, skip: up(torch.cat([x, skip], dim=1)))),
    KnownMistake("you concatenate along another dimension: channels are dim=1.",
                 _forward_mutant(join=lambda up, x, skip: torch.cat([up(x), skip], dim=2))),
    KnownMistake("you concatenate along another dimension: channels are dim=1.",
                 _forward_mutant(join=lambda up, x, skip: torch.cat([up(x), skip], dim=3))),
    KnownMistake("you concatenate along the batch: channels are dim=1.",
                 _forward_mutant(join=lambda up, x, skip: torch.cat([up(x), skip]))),
    KnownMistake("the first skip must be the newest one that waits, as it has the size of the "
                 "first up block's output: reverse the list.",
                 _forward_mutant(skips=lambda outputs: outputs[:-1])),
    KnownMistake("the innermost output goes into the first up block and is not a skip: leave it "
                 "out of the list.", _forward_mutant(skips=lambda outputs: outputs[::-1])),
    KnownMistake("the innermost output goes into the first up block and is not a skip: leave it "
                 "out of the list.",
                 _forward_mutant(skips=lambda outputs: outputs[::-1], strict=True)),
    KnownMistake("every stage sees the image: each must get the output of the one before, "
                 "x = stage(x).", _forward_mutant(chain=False)),
    KnownMistake("the newest of the skips is left out: only the innermost output is not a skip.",
                 _forward_mutant(skips=lambda outputs: outputs[-3::-1])),
]  # fmt: skip
_ONE_NETWORK = [Case("a small network")]

GRADERS = {
    "7.1": _Grader(
        _features_mutant(),
        _HOOK_CASES,
        _HOOK_MISTAKES,
        run=_run_features,
        error_causes=_HOOK_ERRORS,
    ),
    "7.2": FunctionGrader(to_imagenet_input, _INPUT_CASES, _INPUT_MISTAKES, tolerance=1e-5),
    "7.3": _ForwardGrader(
        _forward_mutant(), _ONE_NETWORK, _FORWARD_MISTAKES, run=_run_forward, error_causes=_ERRORS
    ),
    "7.4": SideEffectGrader(
        freezing.freeze, _ONE_NETWORK, freezing.FREEZE_MISTAKES, run=freezing.run_freeze
    ),
    "7.5": SideEffectGrader(
        freezing.epoch_mutant(),
        _ONE_NETWORK,
        freezing.EPOCH_MISTAKES,
        run=freezing.run_epoch,
        error_causes=freezing.EPOCH_ERRORS,
    ),
    "7.6": SideEffectGrader(
        groups.param_groups,
        groups.CASES,
        groups.MISTAKES,
        error_causes=groups.ERRORS,
        run=groups.run_param_groups,
    ),
}
