"""Exercises 5.1 and 5.2: a training step is used twice on tiny networks, and what moved is compared."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from colorlib.check.effects import Seen
from colorlib.check.judges import Case, Mistake
from colorlib.generator import init_weights
from colorlib.losses import GANLoss, generator_loss

LOSSES = ("D_real", "D_fake", "G_GAN", "G_pixel")


class _Critic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Conv2d(3, 1, 3)

    def forward(self, L: Tensor, ab: Tensor) -> Tensor:
        return self.layers(torch.cat([L, ab], dim=1))


def nets() -> tuple[nn.Module, nn.Module]:
    """Make a generator and a critic that take a millisecond a step; the same at every call."""
    layers = nn.Conv2d(1, 4, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(4, 2, 3, padding=1)
    return init_weights(nn.Sequential(*layers), "he", seed=1), init_weights(_Critic(), "he", seed=2)


def flat(net: nn.Module) -> Tensor:
    return torch.cat([weight.detach().flatten() for weight in net.parameters()])


def _number(value: Any) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float32).detach()


_generator = torch.Generator().manual_seed(3)
_L = torch.rand(2, 1, 8, 8, generator=_generator) * 2 - 1
_AB = torch.rand(2, 2, 8, 8, generator=_generator) - 0.5


def stepped(step: Callable, L: Tensor, ab: Tensor) -> Seen:
    """Do two steps and say what moved; two, so that gradients left over from the first one show."""
    net_g, net_d = nets()
    before = flat(net_g), flat(net_d)
    opt_g, opt_d = (torch.optim.SGD(net.parameters(), lr=1e-2) for net in (net_g, net_d))
    for _ in range(2):
        losses = step(net_g, net_d, opt_g, opt_d, L.clone(), ab.clone())
    if not isinstance(losses, dict):
        return {
            "the answer's names": "none" if losses is None else f"none, a {type(losses).__name__}"
        }
    moved_g, moved_d = (
        (flat(net) - old).norm() for net, old in zip((net_g, net_d), before, strict=True)
    )
    return {
        "the answer's names": ", ".join(sorted(map(str, losses))),
        "how far the critic moved": moved_d,
        "how far the generator moved": moved_g,
        **{f"{name} in the second step": _number(losses.get(name, math.nan)) for name in LOSSES},
        "the critic's weights": flat(net_d),
        "the generator's weights": flat(net_g),
    }


def step_with(
    smoothing: float = 1.0,
    lam: float = 100.0,
    *,
    cut: bool = False,
    clear: bool = True,
    swapped: bool = False,
    first: str = "critic",
    fooled: bool = True,
    total: float = 0.5,
) -> Callable:
    """Make a training step, right unless it is asked to be wrong."""
    gan = GANLoss(smoothing=smoothing)

    def step(net_g, net_d, opt_g, opt_d, L, ab):
        fake, told = net_g(L), {}
        fake = fake.detach() if cut else fake

        def critic():
            real, made = net_d(L, ab), net_d(L, fake.detach())
            d_real, d_fake = gan.critic(made, real) if swapped else gan.critic(real, made)
            descend(opt_d, total * (d_real + d_fake))
            told.update(D_real=d_real.item(), D_fake=d_fake.item())

        def generator():
            logits = net_d(L, fake)
            loss, adversarial, pixel = generator_loss(logits, ab, fake, gan=gan, lam=lam)
            descend(opt_g, loss if fooled else gan.critic(logits, logits)[1] + lam * pixel)
            told.update(G_GAN=adversarial.item(), G_pixel=pixel.item())

        def descend(optimizer, loss):
            if clear:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        for half in (critic, generator) if first == "critic" else (generator, critic):
            half()
        return told

    return step


TWICE = {
    "backward through the graph a second time": "the critic's step reached into the generator and used up "
    "its graph: give the critic fake.detach().",
    "does not require grad": "this loss hangs on nothing that can learn: is there a detach too many?",
}
STEPS = [
    Mistake("the function returned nothing: end it with a return of the four losses, as a dict.",
            lambda *args: None),
    Mistake("the generator never moved: it learns through `fake`, so only the critic gets fake.detach().",
            step_with(cut=True)),
    Mistake("gradients of the step before were still there: zero_grad() before each backward().",
            step_with(clear=False)),
    Mistake("the critic learns it the wrong way round: real pictures come first in gan.critic(real, fake).",
            step_with(swapped=True)),
    Mistake("the generator went first; here the critic does, and the generator hears the newer critic.",
            step_with(first="generator")),
    Mistake("the generator helps the critic: it wants its pictures to pass for real; use generator_loss.",
            step_with(fooled=False)),
    Mistake("lambda is missing: the pixel loss weighs 100; losses.generator_loss does it.",
            step_with(lam=1.0)),
    Mistake("the critic's loss is the mean of its two losses: divide their sum by 2.",
            step_with(total=1.0)),
]  # fmt: skip
MENDED = [
    Mistake("this still does what the broken step does: the generator never moves. Where was it cut off?",
            step_with(0.9, 50.0, cut=True)),
    Mistake("the generator moves again, but the labels are not smoothed any more: mend one thing only.",
            step_with(1.0, 50.0)),
    Mistake("the generator moves again, but lambda is 100 now: mend one thing, leave the 50.",
            step_with(0.9, 100.0)),
    Mistake("the generator moves, but old gradients pile up: keep both zero_grad().",
            step_with(0.9, 50.0, clear=False)),
]  # fmt: skip

CASES = [Case("two steps of two tiny networks", (_L, _AB))]
