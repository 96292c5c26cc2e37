"""Exercise 7.6: the weights of a small network in two groups for an optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.comparison import describe
from colorlib.check.graders import Case, KnownMistake
from colorlib.check.lesson07_freezing import NO_SUCH_PART, create_net


def _mutant(
    *,
    keep: Callable[[nn.Parameter], bool] = lambda weight: weight.requires_grad,
    order: tuple[int, ...] = (0, 1),
    rates: tuple[int, int] = (0, 1),
    keys: tuple[str, str] = ("params", "lr"),
    collect: Callable[[list], Any] = list,
    skip_empty: bool = False,
    others: tuple[str, ...] = ("up_blocks.", "head."),
    item: Callable[[str, nn.Parameter], Any] = lambda name, weight: weight,
    result: Callable[[list], Any] = lambda groups: groups,
) -> Callable:
    """Return a function that makes the groups, with one part changed.

    Args:
        keep: Which weights belong to the groups.
        order: Of the groups; a part of it leaves out groups.
        rates: Which of the two rates each group gets.
        keys: Of the weights and of the rate.
        collect: What the weights of a group are collected in.
        skip_empty: Whether a group without weights is left out.
        others: Beginnings of the names in the second group.
        item: What is collected of a weight.
        result: What is returned of the list of groups.
    """

    def param_groups(net: nn.Module, encoder_rate: float, rate: float) -> Any:
        named = [(name, weight) for name, weight in net.named_parameters() if keep(weight)]
        groups = []
        for part, starts in enumerate((("encoder.",), others)):
            weights = [item(name, weight) for name, weight in named if name.startswith(starts)]
            lr = (encoder_rate, rate)[rates[part]]
            groups.append({keys[0]: collect(weights), keys[1]: lr})
        kept = [groups[part] for part in order]
        return result([group for group in kept if not skip_empty or group[keys[0]]])

    return param_groups


param_groups = _mutant()


def run_param_groups(param_groups: Callable, frozen: str) -> dict[str, Any]:
    """Group the weights of a network, create an optimizer, and return what is in the groups."""
    net = create_net()
    for name, weight in net.named_parameters():
        weight.requires_grad_(not (frozen and name.startswith(frozen)))
    learning = [weight.requires_grad for weight in net.parameters()]
    groups = param_groups(net, 1e-4, 1e-3)
    seen = {"the returned value": _describe_groups(groups)}
    if seen["the returned value"] != _TWO_GROUPS:
        return seen
    torch.optim.Adam(groups)  # it finds weights that are in two groups
    names = {id(weight): name for name, weight in net.named_parameters()}
    for title, group in zip(("first", "second"), groups, strict=True):
        found = [names[id(weight)] for weight in group["params"]]
        seen[f"the {title} group's weights"] = ", ".join(sorted(found)) or "none"
        seen[f"the {title} group's rate"] = f"{group['lr']:g}"
    unchanged = learning == [weight.requires_grad for weight in net.parameters()]
    return seen | {"what is frozen": "unchanged" if unchanged else "changed"}


_TWO_GROUPS = (
    "2 dicts: 'params' with a list of weights, 'lr'; 'params' with a list of weights, 'lr'"
)


def _describe_groups(groups: Any) -> str:
    if not isinstance(groups, (list, tuple)) or not all(isinstance(g, dict) for g in groups):
        return describe(groups)
    dicts = "; ".join(
        ", ".join(
            f"{key!r}{_describe_weights(key, group[key])}" for key in sorted(group, reverse=True)
        )
        for group in groups
    )
    return f"{len(groups)} dict{'s' * (len(groups) != 1)}: {dicts}"


def _describe_weights(key: str, weights: Any) -> str:
    if key != "params":
        return ""
    if not hasattr(weights, "__len__"):
        return f" with a {type(weights).__name__}"
    strangers = {type(w).__name__ for w in weights if not isinstance(w, Tensor)}
    return f" with a list of {', '.join(sorted(strangers)) or 'weights'}"


CASES = [
    Case("nothing is frozen", ("",)),
    Case("a part of the encoder is frozen", ("encoder.0",)),
    Case("a part of the decoder is frozen", ("head",)),
    Case("the whole encoder is frozen", ("encoder",)),
]
_ONCE = (
    "a generator can be read only once, and has no length: make a list, [... for ...] or list(...)."
)
MISTAKES = [
    KnownMistake("the encoder's group comes first, then all others.", _mutant(order=(1, 0))),
    KnownMistake("the two rates are swapped: the pretrained encoder needs the smaller steps.",
                 _mutant(rates=(1, 0))),
    KnownMistake("both parts have the same rate.", _mutant(rates=(1, 1))),
    KnownMistake("both parts have the encoder's rate.", _mutant(rates=(0, 0))),
    KnownMistake("you include frozen weights: keep those with requires_grad.",
                 _mutant(keep=lambda weight: True)),
    KnownMistake("you keep only frozen weights: `not` is one too many.",
                 _mutant(keep=lambda weight: not weight.requires_grad)),
    KnownMistake("a frozen encoder leaves an empty list: return two groups anyway, so that "
                 "the caller knows which is which.", _mutant(skip_empty=True)),
    KnownMistake("the optimizer does not know the name of your rate and uses its default: the key "
                 "is 'lr'.", _mutant(keys=("params", "learning_rate"))),
    KnownMistake("the optimizer does not know the name of your rate and uses its default: the key "
                 "is 'lr'.", _mutant(keys=("params", "rate"))),
    KnownMistake("the key of the weights is 'params'.", _mutant(keys=("weights", "lr"))),
    KnownMistake(_ONCE, _mutant(collect=lambda weights: (w for w in weights))),
    KnownMistake(_ONCE, _mutant(collect=lambda weights: filter(None, weights))),
    KnownMistake(_ONCE, _mutant(collect=iter)),
    KnownMistake("the head is missing: all weights outside the encoder are the second group.",
                 _mutant(others=("up_blocks.",))),
    KnownMistake("the up blocks are missing: all weights outside the encoder are the second group.",
                 _mutant(others=("head.",))),
    KnownMistake("the decoder is missing: all weights outside the encoder are the second group.",
                 _mutant(order=(0,))),
    KnownMistake("you collect the names: collect the weights themselves.",
                 _mutant(item=lambda name, weight: name)),
    KnownMistake("you collect pairs of name and weight: collect the weights.",
                 _mutant(item=lambda name, weight: (name, weight))),
    KnownMistake("each group is a dict: {'params': the weights, 'lr': the rate}.",
                 _mutant(result=lambda groups: tuple(g["params"] for g in groups))),
    KnownMistake("return the groups; the caller makes the optimizer.",
                 _mutant(result=torch.optim.Adam)),
    KnownMistake("the function returned nothing: does it end with a return?",
                 lambda net, encoder_rate, rate: None),
]  # fmt: skip
_IN = (
    "`in` compares a tensor with each of the others, number by number: compare names, or "
    "id(weight)."
)
ERRORS = {
    "more than one parameter group": "net.parameters() contains the encoder's weights too: leave "
    "them out of the second group.",
    "is ambiguous": _IN,
    "must match the size of tensor b": _IN,
    "'_Net' object has no attribute": NO_SUCH_PART,
}
