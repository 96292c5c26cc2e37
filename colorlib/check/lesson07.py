"""The exercises of lesson 7, pretrained encoders: answers are tried on networks of a few hundred weights."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from colorlib.check import lesson07_parts as parts
from colorlib.check.effects import Effects, Seen
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.generator import init_weights
from colorlib.models.backbones import MEAN, STD, to_imagenet_input


# 7.1 ------------------------------------------------------------------------------------------------------
def features(net: nn.Module, names: list[str], x: Tensor) -> list[Tensor]:
    """Give the answers of named layers, in the order of the names, and leave no hook behind."""
    seen: dict[str, Tensor] = {}
    hooks = [
        net.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: seen.update({name: output})
        )
        for name in names
    ]
    net(x)
    for hook in hooks:
        hook.remove()
    return [seen[name] for name in names]


def _features_with(
    *, stay: bool = False, ordered: bool = True, what: str = "output", late: bool = False
):
    """Make it with one part changed."""

    def tap(net, names, x):
        seen: dict[str, Tensor] = {}

        def keep(name: str) -> Callable:
            def hook(module, inputs, output):
                seen[names[-1] if late else name] = output if what == "output" else inputs[0]

            return hook

        hooks = [net.get_submodule(name).register_forward_hook(keep(name)) for name in names]
        last = net(x)
        for hook in [] if stay else hooks:
            hook.remove()
        if late or what == "last":
            return [last if what == "last" else seen[names[-1]]] * len(names)
        return [seen[name] for name in names] if ordered else list(seen.values())

    return tap


def _tapped(answer: Callable, names: list[str]) -> Seen:
    """Use it on a network of four layers, one inside another."""
    inner = nn.Sequential(nn.Conv2d(2, 3, 3, stride=2), nn.Tanh())
    layers = OrderedDict(first=nn.Conv2d(1, 2, 3, stride=2), inner=inner, last=nn.Conv2d(3, 4, 3))
    net = init_weights(nn.Sequential(layers), "he", seed=1)
    found = answer(net, list(names), torch.linspace(-1, 1, 361).view(1, 1, 19, 19))
    seen: Seen = {
        "how many answers": len(found) if isinstance(found, (list, tuple)) else "not a list"
    }
    if isinstance(found, (list, tuple)):
        seen |= {f"the answer of {name!r}": one for name, one in zip(names, found, strict=False)}
    return seen | {"hooks left behind": sum(len(module._forward_hooks) for module in net.modules())}


_TAPS = [
    Case("two layers, in the order in which they run", (["first", "inner"],)),
    Case("three layers, named in another order", (["last", "first", "inner.0"],)),
]
_TAPPED = [
    Mistake("the hooks are still there: each later run of the net pays for them, and holds its pictures. "
            "remove() what register_forward_hook gave back.", _features_with(stay=True)),
    Mistake("these are in the order in which layers ran; the caller's order of names is asked for.",
            _features_with(ordered=False)),
    Mistake("these are what went into the layers: a hook gets (module, inputs, output).",
            _features_with(what="input")),
    Mistake("each name has the network's last answer: take what the hook is handed, not what net(x) gives.",
            _features_with(what="last")),
    Mistake("every hook writes under the last name: a function made in a loop looks the name up when it "
            "runs. Bind it, for example by name=name.", _features_with(late=True)),
]  # fmt: skip


# 7.2 ------------------------------------------------------------------------------------------------------
_MEAN, _STD = (torch.tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, STD))


def _imagenet_of(
    gray: Callable, normalise: Callable = lambda rgb: (rgb - _MEAN) / _STD
) -> Callable:
    """Make a wrong input of a wrong gray picture, or by a wrong normalisation."""
    return lambda L: normalise(gray(L).repeat(1, 3, 1, 1))


def _unit(L: Tensor) -> Tensor:
    return (L + 1) / 2


_drawn = torch.rand(2, 1, 3, 5, generator=torch.Generator().manual_seed(7)) * 2 - 1
_GRAYS = [
    Case("black, middle gray and white", (torch.tensor([-1.0, 0, 1]).view(1, 1, 1, 3),)),
    Case("two pictures", (_drawn,)),
]
_INPUTS = [
    Mistake("L arrives in [-1, 1]; mean and deviation belong to [0, 1]: first (L + 1) / 2.",
            _imagenet_of(lambda L: L)),
    Mistake("the normalisation is missing: subtract each channel's mean, divide by its deviation.",
            _imagenet_of(_unit, lambda rgb: rgb)),
    Mistake("the mean is subtracted, the deviation not divided by.",
            _imagenet_of(_unit, lambda rgb: rgb - _MEAN)),
    Mistake("mean and deviation changed places.", _imagenet_of(_unit, lambda rgb: (rgb - _STD) / _MEAN)),
    Mistake("the channels run backwards: torchvision wants red first; blue first is OpenCV's order.",
            _imagenet_of(_unit, lambda rgb: (rgb - _MEAN.flip(1)) / _STD.flip(1))),
    Mistake("that is the picture's own mean and deviation; the weights know ImageNet's.",
            _imagenet_of(_unit, lambda rgb: (rgb - rgb.mean()) / rgb.std())),
]  # fmt: skip


# 7.3 ------------------------------------------------------------------------------------------------------
def forward(stages: nn.ModuleList, ups: nn.ModuleList, last: nn.Module, x: Tensor) -> Tensor:
    """Run an encoder's stages, then ups with the stages' answers beside theirs, as EncoderUNet does."""
    seen = []
    for stage in stages:
        seen.append(x := stage(x))
    x = seen.pop()
    for up in ups:
        x = torch.cat([up(x), seen.pop()], dim=1)
    return torch.tanh(last(x))


def _forward_with(
    *,
    order: Callable = list,
    end: Callable = torch.tanh,
    joined: Callable = lambda up, skip: [up, skip],
) -> Callable:
    """Make it with one part changed."""

    def run(stages, ups, last, x):
        seen = []
        for stage in stages:
            seen.append(x := stage(x))
        x, skips = seen.pop(), order(seen)
        for up in ups:
            x = torch.cat(joined(up(x), skips.pop()), dim=1)
        return end(last(x))

    return run


def _run(answer: Callable) -> Seen:
    """Use it on three stages that all have two channels, so that a wrong skip shows in numbers."""
    stages = nn.ModuleList(nn.Conv2d(2, 2, 2, stride=2) for _ in range(3))
    ups = nn.ModuleList(nn.ConvTranspose2d(2 + 2 * (k > 0), 2, 2, stride=2) for k in range(2))
    modules = [stages, ups, nn.ConvTranspose2d(4, 2, 2, stride=2)]
    for number, part in enumerate(modules):
        init_weights(part, "he", seed=number)
    x = torch.linspace(-2, 2, 512).view(1, 2, 16, 16)
    return {"the answer": answer(*modules, x)}


_ERRORS = {
    "must match except in dimension 1": "two pictures of different sizes meet: the first up doubles the "
    "innermost one, so its skip is the last but one stage's.",
    "to have 4 channels, but got 2 channels": "a skip is missing: torch.cat([up(x), skip], dim=1).",
    "pop from empty list": "there is one skip less than stages: the innermost answer goes into the first up.",
}
_RUNS = [
    Mistake("tanh is missing at the end: ab must lie in [-1, 1].", _forward_with(end=lambda x: x)),
    Mistake("sigmoid gives [0, 1]: half of all colours are out of its reach. ab needs tanh.",
            _forward_with(end=torch.sigmoid)),
    Mistake("the skip stands in front: here the up's answer comes first, as in the library.",
            _forward_with(joined=lambda up, skip: [skip, up])),
    Mistake("the skip is the up's own answer, twice: take the stage's.",
            _forward_with(joined=lambda up, skip: [up, up])),
]  # fmt: skip


_ONCE = [Case("a small net", ())]

EXERCISES = (
    Exercise(
        "7.1",
        "Answers on the way",
        Effects(features, _tapped, _TAPS, _TAPPED),
        (
            "net.get_submodule(name).register_forward_hook(function) calls function(module, inputs, output) "
            "each time the layer has answered, and gives back a handle.",
            "Fill a dict: one key for each name. Run net(x) once.",
            "def keep(module, inputs, output, name=name): seen[name] = output; then handle.remove() for "
            "each, and return [seen[name] for name in names].",
        ),
    ),
    Exercise(
        "7.2",
        "Gray for a colour network",
        Function(to_imagenet_input, _GRAYS, _INPUTS, tolerance=1e-5),
        (
            "Three steps: [-1, 1] to [0, 1]; one channel to three; each less its mean, over its deviation.",
            "MEAN and STD have shape (1, 3, 1, 1), so that (n, 1, h, w) less MEAN is (n, 3, h, w).",
            "return ((L + 1) / 2 - MEAN) / STD",
        ),
    ),
    Exercise(
        "7.3",
        "Down by a classifier, up by your own",
        Effects(forward, _run, _ONCE, _RUNS, _ERRORS),
        (
            "Down: run stage after stage and keep each answer in a list.",
            "The last answer goes into the first up. Then each up's answer is joined with the newest answer "
            "that is left in the list.",
            "x = seen.pop(); for up in ups: x = torch.cat([up(x), seen.pop()], dim=1); "
            "return torch.tanh(last(x))",
        ),
    ),
    Exercise(
        "7.4",
        "Freeze",
        Effects(parts.freeze, parts.froze, _ONCE, parts.FROZE),
        (
            "Two things learn: weights, by gradients; and a batch norm's averages, by looking.",
            "requires_grad_(False) stops the first, eval() the second.",
            "return part.requires_grad_(False).eval()",
        ),
    ),
    Exercise(
        "7.5",
        "A frozen encoder, broken on purpose",
        Effects(parts.epoch, parts.trained, _ONCE, parts.EPOCHS),
        (
            "The weights stand still. What else does an encoder hold that changes while pictures pass?",
            "In which line does the batch norm of the encoder go back to training mode?",
            "Change the order: net.train() first, then freeze(net.encoder), both in each step.",
        ),
    ),
    Exercise(
        "7.6",
        "A rate for each part",
        Effects(parts.groups, parts.grouped, parts.GROUPS, parts.GROUPED, parts.TWICE),
        (
            "A group is a dict: {'params': a list of weights, 'lr': a number}. Return a list of two.",
            "net.named_parameters() tells whose a weight is: names of the encoder's begin with 'encoder.'",
            "[w for name, w in net.named_parameters() if w.requires_grad and name.startswith('encoder.')], "
            "and the same with not.",
        ),
    ),
)
