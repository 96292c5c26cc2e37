"""Exercises 7.4 to 7.6: parts of a tiny network are frozen, trained and grouped; what moved is compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.effects import Seen
from colorlib.check.judges import Case, Mistake
from colorlib.generator import init_weights


# 7.4 and 7.5 ----------------------------------------------------------------------------------------------
class _Net(nn.Module):
    """An encoder and a decoder, each with a batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU())
        self.decoder = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.BatchNorm2d(2))

    def forward(self, L: Tensor) -> Tensor:
        return self.decoder(self.encoder(L))


def _net() -> _Net:
    return init_weights(_Net(), "he", seed=1)


def _state(part: nn.Module) -> Tensor:
    return torch.cat([value.detach().float().flatten() for value in part.state_dict().values()])


_draw = torch.Generator().manual_seed(3)
_BATCHES = [
    (torch.rand(4, 1, 6, 6, generator=_draw) * 2 - 1, torch.rand(4, 2, 6, 6, generator=_draw) - 0.5)
    for _ in range(3)
]


def freeze(part: nn.Module) -> nn.Module:
    """Stop a part from learning: no gradients, and batch norms that use and keep what they know."""
    return part.requires_grad_(False).eval()


def froze(answer: Callable) -> Seen:
    """Freeze the encoder of a net that trains, then let pictures through."""
    net = _net().train()
    before = _state(net.encoder)
    given_back = answer(net.encoder)
    net(_BATCHES[0][0])
    learning = [name for name, weight in net.encoder.named_parameters() if weight.requires_grad]
    return {
        "weights of the encoder that still learn": ", ".join(learning) or "none",
        "how far its batch norm moved in one pass": (_state(net.encoder) - before).norm(),
        "weights of the decoder that learn": sum(w.requires_grad for w in net.decoder.parameters()),
        "what is given back": "the part"
        if given_back is net.encoder
        else type(given_back).__name__,
    }


def _freeze_with(action: Callable) -> Callable:
    def run(part):
        action(part)
        return part

    return run


def _only_norms(part: nn.Module) -> None:
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval().requires_grad_(False)


def _only_convolutions(part: nn.Module) -> None:
    for module in part.modules():
        if isinstance(module, nn.Conv2d):
            module.requires_grad_(False)
    part.eval()


FROZE = [
    Mistake("the weights rest, the batch norms do not: in training mode they go on averaging what comes by. "
            "part.eval() stops them.", _freeze_with(lambda part: part.requires_grad_(False))),
    Mistake("eval() stops batch norms and dropout; weights learn in it as before: requires_grad_(False).",
            _freeze_with(lambda part: part.eval())),
    Mistake("only the batch norms rest; the convolutions learn as before.", _freeze_with(_only_norms)),
    Mistake("the batch norms' own weight and bias still learn: take every parameter of the part.",
            _freeze_with(_only_convolutions)),
    Mistake("give the part back at the end: return part.", lambda part: freeze(part) and None),
]  # fmt: skip


def epoch(
    net: nn.Module, optimiser: torch.optim.Optimizer, batches: list[tuple[Tensor, Tensor]]
) -> None:
    """Train all of a network but its encoder."""
    _epoch_with(lambda net: freeze(net.train().encoder))(net, optimiser, batches)


def _epoch_with(prepare: Callable, clear: bool = True) -> Callable:
    """Make an epoch that does ``prepare`` before each step."""

    def run(net, optimiser, batches):
        for L, ab in batches:
            prepare(net)
            loss = (net(L) - ab).abs().mean()
            if clear:
                optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return run


def trained(answer: Callable) -> Seen:
    """Train the small net for an epoch of three steps, and say what moved."""
    net = _net()
    conv, norm, _ = net.encoder
    before = _state(norm), _state(conv)
    answer(net, torch.optim.SGD(net.parameters(), lr=0.05), _BATCHES)
    return {
        "how far the encoder's batch norm moved": (_state(norm) - before[0]).norm(),
        "how far the encoder's weights moved": (_state(conv) - before[1]).norm(),
        "batches that the decoder's batch norm has seen": int(net.decoder[1].num_batches_tracked),
        "the decoder's weights": _state(net.decoder[0]),
    }


EPOCHS = [
    Mistake("this still does what the colleague's epoch does: net.train() wakes every batch norm in the net, "
            "the encoder's too. Freeze after it, in each step.",
            _epoch_with(lambda net: freeze(net.encoder) and net.train())),
    Mistake("the whole net is in evaluation mode: the decoder's batch norms learn nothing, its "
            "dropout sleeps. Only the encoder may rest.",
            _epoch_with(lambda net: freeze(net.encoder) and net.eval())),
    Mistake("the encoder's batch norms rest, and its weights learn: freeze does both.",
            _epoch_with(lambda net: net.train().encoder.eval())),
    Mistake("old gradients pile up: keep zero_grad().",
            _epoch_with(lambda net: freeze(net.train().encoder), clear=False)),
]  # fmt: skip


# 7.6 ------------------------------------------------------------------------------------------------------
def groups(net: nn.Module, encoder_rate: float, rate: float) -> list[dict[str, Any]]:
    """Give Adam the encoder's weights at one rate, all others at another, and none that is frozen."""
    encoder = {id(weight) for weight in net.encoder.parameters()}
    learning = [weight for weight in net.parameters() if weight.requires_grad]
    parts = (
        [weight for weight in learning if id(weight) in encoder],
        [weight for weight in learning if id(weight) not in encoder],
    )
    return [{"params": p, "lr": lr} for p, lr in zip(parts, (encoder_rate, rate), strict=True)]


def grouped(answer: Callable, frozen: bool) -> Seen:
    """Make an optimiser of the groups, and say which weight has which rate."""
    net = _net()
    net.encoder[0].requires_grad_(not frozen)
    given = answer(net, 1e-4, 1e-3)
    optimiser = torch.optim.Adam(given, lr=0.5)
    rates = {id(w): group["lr"] for group in optimiser.param_groups for w in group["params"]}
    return {
        f"the rate of {name}": f"{rates[id(weight)]:g}" if id(weight) in rates else "none"
        for name, weight in net.named_parameters()
    }


def _all(net: nn.Module, encoder_rate: float, rate: float) -> list[dict[str, Any]]:
    parts = (net.encoder, encoder_rate), (net.decoder, rate)
    return [{"params": list(part.parameters()), "lr": lr} for part, lr in parts]


GROUPS = [Case("nothing is frozen", (False,)), Case("a part of the encoder is frozen", (True,))]
GROUPED = [
    Mistake("the two rates changed places: the encoder knows much already and takes the smaller steps.",
            lambda net, encoder_rate, rate: groups(net, rate, encoder_rate)),
    Mistake("both parts have one rate.", lambda net, encoder_rate, rate: groups(net, rate, rate)),
    Mistake("frozen weights are among them: keep those with requires_grad.", _all),
    Mistake("the rate has no name that Adam knows, so it takes its own: the key is 'lr'.",
            lambda net, encoder_rate, rate: [{"params": g["params"], "rate": 0}
                                             for g in groups(net, encoder_rate, rate)]),
    Mistake("the decoder is missing: everything that is not the encoder's makes the second group.",
            lambda net, encoder_rate, rate: groups(net, encoder_rate, rate)[:1]),
]  # fmt: skip
TWICE = {
    "more than one parameter group": "net.parameters() holds the encoder's weights too: leave them out "
    "of the second group."
}
