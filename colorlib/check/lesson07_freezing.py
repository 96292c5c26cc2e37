"""Exercises 7.4 and 7.5: freeze the encoder of a small network, and train the rest."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.check.arguments import find_change
from colorlib.check.comparison import describe
from colorlib.check.graders import KnownMistake
from colorlib.generator import init_weights


# 7.4 ----------------------------------------------------------------------------------------------
def _conv_norm(in_channels: int, out_channels: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU())


class _Net(nn.Module):
    """The parts of the lesson's U-Net, each with batch norms, and nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(*_conv_norm(1, 3), nn.Sequential(_conv_norm(3, 3)))
        self.up_blocks = nn.ModuleList([_conv_norm(3, 3)])
        self.head = nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 3, padding=1))

    def normalize(self, L: Tensor) -> Tensor:
        return L

    def forward(self, L: Tensor) -> Tensor:
        return self.head(self.up_blocks[0](self.encoder(self.normalize(L))))


def create_net() -> _Net:
    """Return the network with fixed weights."""
    return init_weights(_Net(), "he", seed=1)


def _norms(part: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in part.modules() if isinstance(module, nn.BatchNorm2d)]


def _averages(part: nn.Module) -> Tensor:
    """Return the running averages of the batch norms of a part."""
    return torch.cat([torch.cat([norm.running_mean, norm.running_var]) for norm in _norms(part)])


def _weights(part: nn.Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in part.parameters()])


_generator = torch.Generator().manual_seed(3)
_BATCHES = [
    (lab[:, :1] * 2 - 1, lab[:, 1:] - 0.5)
    for lab in torch.rand(3, 4, 3, 6, 6, generator=_generator)
]


def freeze(part: nn.Module) -> nn.Module:
    """Stop all learning in a part: no gradients, and batch norms in evaluation mode."""
    return part.requires_grad_(False).eval()


def run_freeze(freeze: Callable) -> dict[str, Any]:
    """Freeze the encoder of a network in training mode, then run batches through the network."""
    net = create_net().train()
    before, L = _averages(net.encoder), _BATCHES[0][0]
    returned = freeze(net.encoder)
    net(L)
    trainable = [name for name, weight in net.encoder.named_parameters() if weight.requires_grad]
    seen = {
        "the encoder's trainable weights": ", ".join(trainable) or "none",
        "the change of its running averages in one pass": (_averages(net.encoder) - before).norm(),
        "the number of the decoder's trainable weights": sum(
            weight.requires_grad
            for part in (net.up_blocks, net.head)
            for weight in part.parameters()
        ),
        "the returned value": "the part" if returned is net.encoder else describe(returned),
    }
    change = (net.encoder(L)[:1] - net.encoder(L[:1])).detach().norm()
    return seen | {"the change of one photo's output if others are in its batch": change}


def _freeze_mutant(action: Callable[[nn.Module], Any]) -> Callable:
    """Return a function that does another action with a part, and returns the part."""

    def run(part: nn.Module) -> nn.Module:
        action(part)
        return part

    return run


def _freeze_layers(*kinds: type[nn.Module]) -> Callable:
    """Return a function that freezes the layers of some kinds only."""

    def run(part: nn.Module) -> nn.Module:
        for module in part.modules():
            if isinstance(module, kinds):
                module.requires_grad_(False)
        return part.eval()

    return run


def _freeze_norms(part: nn.Module) -> None:
    for norm in _norms(part):
        norm.eval().requires_grad_(False)


def _freeze_outer_layers(part: nn.Module) -> None:
    part.requires_grad_(False)
    for module in part.children():
        module.training = False


def _stop_averages(part: nn.Module) -> None:
    part.requires_grad_(False)
    for norm in _norms(part):
        norm.momentum = 0.0


def _freeze_named(word: str) -> Callable:
    def run(part: nn.Module) -> nn.Module:
        for name, weight in part.named_parameters():
            if word in name:
                weight.requires_grad_(False)
        return part.eval()

    return run


FREEZE_MISTAKES = [
    KnownMistake("the weights are frozen, but not the batch norms, which average in training mode: "
                 "add part.eval().", _freeze_mutant(lambda part: part.requires_grad_(False))),
    KnownMistake("eval() stops batch norms and dropout, but not the weights: add "
                 "requires_grad_(False).", _freeze_mutant(lambda part: part.eval())),
    KnownMistake("nothing is frozen: part.requires_grad_(False) and part.eval().",
                 lambda part: part),
    KnownMistake("you freeze only the batch norms; the convolutions still learn.",
                 _freeze_mutant(_freeze_norms)),
    KnownMistake("weight and bias of the batch norms still learn: freeze all parameters.",
                 _freeze_layers(nn.Conv2d)),
    KnownMistake("the biases still learn: freeze all parameters.", _freeze_named("weight")),
    KnownMistake("only layers directly in the part change: part.modules() also finds those inside "
                 "others, and part.eval() reaches all.", _freeze_mutant(_freeze_outer_layers)),
    KnownMistake("the averages stay, but in training mode a batch norm still divides by the "
                 "deviation of the batch: use eval() instead of momentum = 0 or the like.",
                 _freeze_mutant(_stop_averages)),
    KnownMistake("you freeze a copy: change the part itself.",
                 lambda part: freeze(copy.deepcopy(part))),
    KnownMistake("return the part at the end: return part.", lambda part: freeze(part) and None),
]  # fmt: skip


# 7.5 ----------------------------------------------------------------------------------------------
def epoch_mutant(
    prepare: Callable[[_Net], Any] = lambda net: freeze(net.train().encoder),
    *,
    zero_grad: str = "before",
    backward: bool = True,
    step: str = "each batch",
    loss_function: Callable[[Tensor, Tensor], Tensor] = F.l1_loss,
    batches_used: int | None = None,
) -> Callable:
    """Return a training epoch that calls ``prepare`` before each step, with one part changed."""

    def train_epoch(net, optimizer, batches):
        for L, ab in batches[:batches_used]:
            prepare(net)
            loss = loss_function(net(L), ab)
            if zero_grad == "before":
                optimizer.zero_grad()
            if backward:
                loss.backward()
            if zero_grad == "late":
                optimizer.zero_grad()
            if step == "each batch":
                optimizer.step()
        if step == "last batch":
            optimizer.step()

    return train_epoch


def run_epoch(train_epoch: Callable) -> dict[str, Any]:
    """Train the network for two epochs, each time in evaluation mode at first; measure changes."""
    net, passes = create_net(), []
    net.head[1].weight.register_hook(passes.append)
    averages, weights = _averages(net.encoder), _weights(net.encoder)
    optimizer, steps = torch.optim.SGD(net.parameters(), lr=0.05), []
    batches = copy.deepcopy(_BATCHES)
    optimizer.register_step_pre_hook(lambda *_: steps.append(1))
    for _ in range(2):
        train_epoch(net.eval(), optimizer, batches)
    norms = (*_norms(net.up_blocks), *_norms(net.head))
    return {
        "the change of the encoder's running averages": (_averages(net.encoder) - averages).norm(),
        "the change of the encoder's weights": (_weights(net.encoder) - weights).norm(),
        "the batches that each batch norm of the decoder has averaged": str(
            [int(norm.num_batches_tracked) for norm in norms]
        ),
        "how often gradients reach the decoder": len(passes),
        "how often the optimizer steps": len(steps),
        "the batches": "changed" if find_change(_BATCHES, batches) else "unchanged",
        "the decoder's weights": torch.cat([_weights(net.up_blocks), _weights(net.head)]),
    }


_EVALUATION = (
    "the decoder's batch norms are in evaluation mode, so they do not learn: the caller's network "
    "may be in that mode, so call net.train() first, then freeze(net.encoder)."
)
EPOCH_MISTAKES = [
    KnownMistake("this behaves like the broken epoch: net.train() also changes the batch norms of "
                 "the encoder. Freeze after it, in each step.",
                 epoch_mutant(lambda net: freeze(net.encoder) and net.train())),
    KnownMistake(_EVALUATION, epoch_mutant(lambda net: freeze(net.encoder))),
    KnownMistake("only the up blocks are in training mode: the head has a batch norm, too. "
                 "net.train() reaches all.",
                 epoch_mutant(lambda net: freeze(net.encoder) and net.up_blocks.train())),
    KnownMistake("the encoder's batch norms are frozen, but its weights learn: freeze does both.",
                 epoch_mutant(lambda net: net.train().encoder.eval())),
    KnownMistake("the encoder is not frozen at all: freeze(net.encoder) after net.train().",
                 epoch_mutant(lambda net: net.train())),
    KnownMistake("old gradients remain: keep zero_grad().", epoch_mutant(zero_grad="never")),
    KnownMistake("zero_grad() between backward() and step() erases all gradients: call it before "
                 "backward().", epoch_mutant(zero_grad="late")),
    KnownMistake("loss.backward() is missing.", epoch_mutant(backward=False)),
    KnownMistake("optimizer.step() is missing.", epoch_mutant(step="never")),
    KnownMistake("the optimizer steps once for all batches: step after each batch, inside the "
                 "loop.", epoch_mutant(step="last batch")),
    KnownMistake("the epoch ends after its first batch: train on every batch.",
                 epoch_mutant(batches_used=1)),
    KnownMistake("the loss is another one: the colleague's is L1, and only one thing is wrong.",
                 epoch_mutant(loss_function=F.mse_loss)),
]  # fmt: skip
NO_SUCH_PART = "this network has the parts of UNetOnEncoder, above: encoder, up_blocks and head."
EPOCH_ERRORS = {
    "'_Net' object has no attribute": NO_SUCH_PART,
    "does not require grad": "the whole network is frozen, so nothing can learn: freeze only "
    "net.encoder.",
}
