"""A judge for one training step of generator and critic: play it on tiny networks, and compare what moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.judges import Case, Function, Mistake
from colorlib.check.verdict import Verdict
from colorlib.discriminators import PatchDiscriminator
from colorlib.generator import init_weights
from colorlib.unet import UNet

_PARTS = (
    "the two losses of a step on 8 x 8 pixels",
    "how often the generator got gradients in two steps",
    "the critic's weights after two steps",
    "the generator's weights after two steps",
)


@dataclass(frozen=True)
class TrainingStep:
    """A judge for ``step(net_g, net_d, opt_g, opt_d, L, ab, lam)``, which returns the losses of the two.

    It plays two steps, so that gradients left over from the first one show in the second, and with plain
    gradient descent, so that weights differ where gradients do.

    Args:
        reference: The right step.
        mistakes: Known wrong ones.
    """

    reference: Callable
    mistakes: Sequence[Mistake] = ()

    def __call__(self, answer: Any) -> Verdict:
        """Play the learner's step, and compare it with the reference part by part."""
        mistakes = [replace(mistake, answer=_parts(mistake.answer)) for mistake in self.mistakes]
        cases = [Case(name, (number,)) for number, name in enumerate(_PARTS)]
        judge = Function(_parts(self.reference), cases, mistakes, tolerance=1e-5)
        return judge(_parts(answer) if callable(answer) else answer)


def _parts(step: Callable) -> Callable:
    """Give a function from a part's number to what became of it, for a judge of functions; played once."""
    played: list[tuple[Any, ...]] = []

    def part(number: int) -> Any:
        if not played:
            played.append(_play(step))
        return played[0][number]

    return part


def _play(step: Callable) -> tuple[Any, ...]:
    """Play two steps on pictures of 8 x 8 pixels, the same ones each time."""
    net_g = init_weights(UNet(downs=2, width=2, dropout=0.0), "he", seed=1)
    net_d = init_weights(PatchDiscriminator(layers=1, width=2), "he", seed=2)
    opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=0.1) for net in (net_g, net_d))
    reached: list[Tensor] = []
    next(net_g.parameters()).register_hook(reached.append)
    pictures = torch.rand(2, 4, 3, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1
    losses = [step(net_g, net_d, opt_g, opt_d, lab[:, :1], lab[:, 1:], 2.0) for lab in pictures]
    first = losses[0]
    if isinstance(first, (tuple, list)):
        first = tuple(torch.as_tensor(loss) for loss in first)
    return first, torch.tensor(float(len(reached))), _weights(net_d), _weights(net_g)


def _weights(net: nn.Module) -> Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in net.parameters()])
