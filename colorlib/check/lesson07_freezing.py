"""Exercises 7.4 to 7.6: freeze, train and group the parts of a small network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.graders import Case, KnownMistake
from colorlib.generator import init_weights


# 7.4 and 7.5 --------------------------------------------------------------------------------------
class _Net(nn.Module):
    """An encoder and a decoder, each with a batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())
        self.decoder = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.BatchNorm2d(2))

    def forward(self, L: Tensor) -> Tensor:
        return self.decoder(self.encoder(L))


def _create_net() -> _Net:
    return init_weights(_Net(), "he", seed=1)


def _flatten_state(part: nn.Module) -> Tensor:
    return torch.cat([value.detach().float().flatten() for value in part.state_dict().values()])


_generator = torch.Generator().manual_seed(3)
_BATCHES = [
    (lab[:, :1] * 2 - 1, lab[:, 1:] - 0.5)
    for lab in torch.rand(3, 4, 3, 6, 6, generator=_generator)
]


def freeze(part: nn.Module) -> nn.Module:
    """Stop all learning in a part: no gradients, and batch norms in evaluation mode."""
    return part.requires_grad_(False).eval()


def run_freeze(freeze: Callable) -> dict[str, Any]:
    """Freeze the encoder of a network in training mode, then run a batch through the network."""
    net = _create_net().train()
    before = _flatten_state(net.encoder)
    returned = freeze(net.encoder)
    net(_BATCHES[0][0])
    trainable = [name for name, weight in net.encoder.named_parameters() if weight.requires_grad]
    return {
        "the encoder's trainable weights": ", ".join(trainable) or "none",
        "the change of its batch norm in one pass": (_flatten_state(net.encoder) - before).norm(),
        "the number of the decoder's trainable weights": sum(
            weight.requires_grad for weight in net.decoder.parameters()
        ),
        "the returned value": "the part" if returned is net.encoder else type(returned).__name__,
    }


def _freeze_mutant(action: Callable[[nn.Module], Any]) -> Callable:
    """Return a function that does another action with a part, and returns the part."""

    def run(part: nn.Module) -> nn.Module:
        action(part)
        return part

    return run


def _freeze_only_norms(part: nn.Module) -> None:
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval().requires_grad_(False)


def _freeze_only_convolutions(part: nn.Module) -> None:
    for module in part.modules():
        if isinstance(module, nn.Conv2d):
            module.requires_grad_(False)
    part.eval()


FREEZE_MISTAKES = [
    KnownMistake("the weights are frozen, but not the batch norms, which average in training mode: "
                 "add part.eval().", _freeze_mutant(lambda part: part.requires_grad_(False))),
    KnownMistake("eval() stops batch norms and dropout, but not the weights: add "
                 "requires_grad_(False).", _freeze_mutant(lambda part: part.eval())),
    KnownMistake("you freeze only the batch norms; the convolutions still learn.",
                 _freeze_mutant(_freeze_only_norms)),
    KnownMistake("weight and bias of the batch norms still learn: freeze all parameters.",
                 _freeze_mutant(_freeze_only_convolutions)),
    KnownMistake("return the part at the end: return part.", lambda part: freeze(part) and None),
]  # fmt: skip


def epoch_mutant(prepare=lambda net: freeze(net.train().encoder), *, zero_grad=True) -> Callable:
    """Return a training epoch that calls ``prepare`` before each step."""

    def train_epoch(net, optimizer, batches):
        for L, ab in batches:
            prepare(net)
            loss = (net(L) - ab).abs().mean()
            if zero_grad:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return train_epoch


def run_epoch(train_epoch: Callable) -> dict[str, Any]:
    """Train the network for an epoch of three steps, and measure what changed."""
    net = _create_net()
    conv, norm, _ = net.encoder
    conv_before, norm_before = _flatten_state(conv), _flatten_state(norm)
    train_epoch(net, torch.optim.SGD(net.parameters(), lr=0.05), _BATCHES)
    return {
        "the change of the encoder's batch norm": (_flatten_state(norm) - norm_before).norm(),
        "the change of the encoder's weights": (_flatten_state(conv) - conv_before).norm(),
        "the batches in the decoder's batch norm": int(net.decoder[1].num_batches_tracked),
        "the decoder's weights": _flatten_state(net.decoder[0]),
    }


EPOCH_MISTAKES = [
    KnownMistake("this behaves like the broken epoch: net.train() also changes the batch norms of "
                 "the encoder. Freeze after it, in each step.",
                 epoch_mutant(lambda net: freeze(net.encoder) and net.train())),
    KnownMistake("the whole network is in evaluation mode, so the decoder's batch norms do not "
                 "learn. Freeze only the encoder.",
                 epoch_mutant(lambda net: freeze(net.encoder) and net.eval())),
    KnownMistake("the encoder's batch norms are frozen, but its weights learn: freeze does both.",
                 epoch_mutant(lambda net: net.train().encoder.eval())),
    KnownMistake("old gradients remain: keep zero_grad().", epoch_mutant(zero_grad=False)),
]  # fmt: skip


# 7.6 ----------------------------------------------------------------------------------------------
def param_groups(net: nn.Module, encoder_rate: float, rate: float) -> list[dict[str, Any]]:
    """Return Adam's groups: trainable weights of the encoder, and all other trainable weights."""
    groups = [{"params": [], "lr": encoder_rate}, {"params": [], "lr": rate}]
    for name, weight in net.named_parameters():
        if weight.requires_grad:
            groups[0 if name.startswith("encoder.") else 1]["params"].append(weight)
    return groups


def run_param_groups(param_groups: Callable, frozen: bool) -> dict[str, Any]:
    """Create an optimizer from the groups, and return the learning rate of each weight."""
    net = _create_net()
    net.encoder[0].requires_grad_(not frozen)
    optimizer = torch.optim.Adam(param_groups(net, 1e-4, 1e-3), lr=0.5)
    rates = {
        id(weight): f"{group['lr']:g}"
        for group in optimizer.param_groups
        for weight in group["params"]
    }
    return {
        f"the learning rate of {name}": rates.get(id(weight), "none")
        for name, weight in net.named_parameters()
    }


def _include_frozen(net: nn.Module, encoder_rate: float, rate: float) -> list[dict[str, Any]]:
    return [
        {"params": list(net.encoder.parameters()), "lr": encoder_rate},
        {"params": list(net.decoder.parameters()), "lr": rate},
    ]


def _misname_rate(net: nn.Module, encoder_rate: float, rate: float) -> list[dict[str, Any]]:
    groups = param_groups(net, encoder_rate, rate)
    return [{"params": group["params"], "rate": group["lr"]} for group in groups]


GROUP_CASES = [
    Case("nothing is frozen", (False,)),
    Case("a part of the encoder is frozen", (True,)),
]
GROUP_MISTAKES = [
    KnownMistake("the two rates are swapped: the pretrained encoder needs the smaller steps.",
                 lambda net, encoder_rate, rate: param_groups(net, rate, encoder_rate)),
    KnownMistake("both parts have the same rate.",
                 lambda net, encoder_rate, rate: param_groups(net, rate, rate)),
    KnownMistake("you include frozen weights: keep those with requires_grad.", _include_frozen),
    KnownMistake("Adam does not know the name of your rate and uses its default: the key is 'lr'.",
                 _misname_rate),
    KnownMistake("the decoder is missing: all weights outside the encoder are the second group.",
                 lambda net, encoder_rate, rate: param_groups(net, encoder_rate, rate)[:1]),
]  # fmt: skip
GROUP_ERRORS = {
    "more than one parameter group": "net.parameters() contains the encoder's weights too: leave "
    "them out of the second group."
}
