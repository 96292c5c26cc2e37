"""The exercises of lesson 4, the losses: what they ask for, the critic, the two steps."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake
from colorlib.check.steps import TrainingStep
from colorlib.losses import GANLoss, GeneratorLosses, generator_loss

# 4.1 ------------------------------------------------------------------------------------------------------
_RED, _BLUE = (37.0, 21.0), (8.0, -42.0)
_crowds = [
    Case(
        "7 red flags and 3 blue ones, and one more red", (torch.tensor([_RED] * 8 + [_BLUE] * 3),)
    ),
    Case("one color alone", (torch.tensor([[5.0, -3.0]]),)),
    Case(
        "five colors in no order", (torch.tensor([[9.0, 1], [-4, 7], [0, -30], [2, 2], [60, 4]]),)
    ),
    Case(
        "1,001 random colors",
        (30 * torch.randn(1001, 2, generator=torch.Generator().manual_seed(1)) + 5,),
    ),
]


def _best_answers(colors: Tensor) -> tuple[Tensor, Tensor]:
    return colors.mean(dim=0), colors.median(dim=0).values


_best = [
    Mistake("the two are swapped: squares ask for the mean, absolute values for the median.",
            lambda c: _best_answers(c)[::-1]),
    Mistake("both are the mean: absolute values have another minimum. Try it on 0, 0, 1.",
            lambda c: (c.mean(0), c.mean(0))),
    Mistake("both are the median: squares have another minimum. Try it on 0, 0, 1.",
            lambda c: (_best_answers(c)[1],) * 2),
    Mistake("a and b were thrown together: each of the two channels has a mean and a median of its own.",
            lambda c: (c.mean().expand(2), c.median().expand(2))),
    Mistake("a and b were thrown together: each of the two channels has a mean and a median of its own.",
            lambda c: (c.mean(), c.median())),
    Mistake("this is the most frequent value of each channel; absolute values ask for the middle one.",
            lambda c: (c.mean(0), c.mode(0).values)),
    Mistake("the mean runs over the wrong dimension: the n colors stand in dim=0.",
            lambda c: (c.mean(1), c.median(1).values)),
    Mistake("median(dim=0) gives the values and their places: take .values.",
            lambda c: (c.mean(0), c.median(0))),
]  # fmt: skip

# 4.2 ------------------------------------------------------------------------------------------------------
_LOGITS = torch.randn(2, 2, 1, 6, 6, generator=torch.Generator().manual_seed(2)) * 3
_ZERO = torch.zeros(1, 1, 2, 2)
_verdicts = [
    Case("logits of 0 everywhere, real pictures labelled 1", (_ZERO, _ZERO, 1.0)),
    Case("two real and two fake pictures, labelled 1 and 0", (*_LOGITS, 1.0)),
    Case("the same, real pictures labelled 0.9", (*_LOGITS, 0.9)),
]


def _critic_loss(real: Tensor, fake: Tensor, label: float = 1.0) -> tuple[Tensor, Tensor]:
    return GANLoss(smoothing=label).critic(real, fake)


def _bce(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


_critics = [
    Mistake("the labels are swapped: here real pictures count as 0 and fakes as 1.",
            lambda r, f, label: (_bce(r, 0.0), _bce(f, label))),
    Mistake("fakes are smoothed too: one-sided means that their label stays 0.",
            lambda r, f, label: (_bce(r, label), _bce(f, 1 - label))),
    Mistake("`label` is not used: 0.9 must change the loss on real pictures.",
            lambda r, f, label: (_bce(r, 1.0), _bce(f, 0.0))),
    Mistake("the sigmoid is taken twice: binary_cross_entropy_with_logits takes the logits as they are.",
            lambda r, f, label: (_bce(r.sigmoid(), label), _bce(f.sigmoid(), 0.0))),
    Mistake("binary_cross_entropy wants probabilities; for logits take binary_cross_entropy_with_logits.",
            lambda r, f, label: (F.binary_cross_entropy(r, torch.full_like(r, label)),
                                 F.binary_cross_entropy(f, torch.zeros_like(f)))),
    Mistake("nothing was averaged: each loss is one number, the mean over all logits.",
            lambda r, f, label: tuple(F.binary_cross_entropy_with_logits(
                x, torch.full_like(x, y), reduction="none") for x, y in ((r, label), (f, 0.0)))),
    Mistake("the logits were added up; take their mean, so that the loss does not grow with the picture.",
            lambda r, f, label: (_bce(r, label) * r.numel(), _bce(f, 0.0) * f.numel())),
    Mistake("the two losses came as one; give them back apart, so that you can watch both curves.",
            lambda r, f, label: _bce(r, label) + _bce(f, 0.0)),
    Mistake("this is what pleases the generator: the critic wants fakes at 0.",
            lambda r, f, label: (_bce(r, label), _bce(f, 1.0))),
]  # fmt: skip

# 4.3 ------------------------------------------------------------------------------------------------------
_logits = [
    Case("a logit of 0, D = 1/2", (torch.zeros(1),)),
    Case("a logit of -6: the critic is sure that it is fake", (torch.tensor([-6.0]),)),
    Case("eleven logits from -5 to 5", (torch.linspace(-5, 5, 11),)),
]


def _slopes(logits: Tensor) -> tuple[Tensor, Tensor]:
    d = logits.sigmoid()
    return -d, d - 1


_wrong_slopes = [
    Mistake("the two came in the wrong order: minimax first.", lambda x: _slopes(x)[::-1]),
    Mistake("both are the slope of log(1 - D); the second asked for is that of -log D.",
            lambda x: (-x.sigmoid(), -x.sigmoid())),
    Mistake("both signs are wrong: the losses fall as the logit rises.",
            lambda x: (x.sigmoid(), 1 - x.sigmoid())),
    Mistake("these are slopes along D; asked is along the logit: multiply by D's own slope, D (1 - D).",
            lambda x: (-1 / (1 - x.sigmoid()), -1 / x.sigmoid())),
    Mistake("these are the losses themselves; asked is how fast they change with the logit.",
            lambda x: (-F.softplus(x), F.softplus(-x))),
    Mistake("the second has the wrong sign: -log D falls as D rises.",
            lambda x: (-x.sigmoid(), 1 - x.sigmoid())),
    Mistake("the logit is not D: D = sigmoid(logit) comes first.", lambda x: (-x, x - 1)),
]  # fmt: skip

# 4.4 ------------------------------------------------------------------------------------------------------
_AB = torch.rand(2, 2, 2, 8, 8, generator=torch.Generator().manual_seed(4)) * 2 - 1
_generators = [
    Case("logits of 0 and perfect colors", (_ZERO, _AB[0], _AB[0].clone(), 100.0)),
    Case("two pictures, lambda 100", (_LOGITS[0], *_AB, 100.0)),
    Case("two pictures, lambda 1", (_LOGITS[0], *_AB, 1.0)),
]


def _generator_loss(
    logits: Tensor, real: Tensor, fake: Tensor, lam: float = 100.0
) -> GeneratorLosses:
    return generator_loss(logits, real, fake, lam=lam)


def _sum(adversarial: Tensor, pixel: Tensor, lam: float) -> tuple[Tensor, Tensor, Tensor]:
    return adversarial + lam * pixel, adversarial, pixel


_ways = [
    Mistake("the label is 0: the generator wants its fakes to be taken for real, so it aims at 1.",
            lambda x, r, f, lam: _sum(_bce(x, 0.0), F.l1_loss(f, r), lam)),
    Mistake("this is the minimax form, log(1 - D); asked is the non-saturating one, -log D.",
            lambda x, r, f, lam: _sum(-_bce(x, 0.0), F.l1_loss(f, r), lam)),
    Mistake("lambda stands on the wrong term: it weighs the pixel loss.",
            lambda x, r, f, lam: (lam * _bce(x, 1.0) + F.l1_loss(f, r), _bce(x, 1.0), F.l1_loss(f, r))),
    Mistake("lambda is missing: the total is adversarial + lambda * pixel.",
            lambda x, r, f, lam: _sum(_bce(x, 1.0), F.l1_loss(f, r), 1.0)),
    Mistake("the pixel loss is L2; this exercise asks for L1, the mean of absolute differences.",
            lambda x, r, f, lam: _sum(_bce(x, 1.0), F.mse_loss(f, r), lam)),
    Mistake("the sign of each difference counts here, so that errors cancel: L1 takes absolute values.",
            lambda x, r, f, lam: _sum(_bce(x, 1.0), (f - r).mean(), lam)),
    Mistake("the differences were added up; L1 is their mean.",
            lambda x, r, f, lam: _sum(_bce(x, 1.0), F.l1_loss(f, r, reduction="sum"), lam)),
    Mistake("the pixel part came back with lambda in it; give it back bare, lambda is in the total.",
            lambda x, r, f, lam: (_bce(x, 1.0) + lam * F.l1_loss(f, r), _bce(x, 1.0), lam * F.l1_loss(f, r))),
    Mistake("the sigmoid is taken twice: binary_cross_entropy_with_logits takes the logits as they are.",
            lambda x, r, f, lam: _sum(_bce(x.sigmoid(), 1.0), F.l1_loss(f, r), lam)),
    Mistake("smoothing is for the critic alone: the generator aims at 1, not at 0.9.",
            lambda x, r, f, lam: _sum(_bce(x, 0.9), F.l1_loss(f, r), lam)),
    Mistake("only the total came back; give all three, so that you can watch the parts.",
            lambda x, r, f, lam: _bce(x, 1.0) + lam * F.l1_loss(f, r)),
]  # fmt: skip


# 4.5 and 4.6: the right step with one thing left out or changed --------------------------------------------
def _step(
    *,
    fakes: str = "detached",  # what the critic's step sees; "kept": with the generator's graph
    judged: str = "kept",  # what the generator's step sees
    early_zero: bool = False,  # both optimisers are zeroed at the top, as the colleague does
    zero_g: bool = True,
    zero_d: bool = True,
    critic_first: bool = True,
    add_up: bool = False,
    move: str = "gd",
    swap: bool = False,
    no_grad: bool = False,
    weight: float | None = None,  # in place of lam
):
    def step(
        net_g: nn.Module, net_d: nn.Module, opt_g, opt_d, L: Tensor, ab: Tensor, lam: float = 10.0
    ):
        """Do the critic's step, then the generator's, as colorlib.engine.trainer.Trainer does."""
        with torch.set_grad_enabled(not no_grad):
            fake = net_g(L)
        if early_zero:
            opt_g.zero_grad(), opt_d.zero_grad()

        def critic() -> Tensor:
            shown = fake.detach() if fakes == "detached" else fake
            logits = net_d(L, ab), net_d(L, shown)
            loss = sum(_critic_loss(*(logits[::-1] if swap else logits))) / (1 if add_up else 2)
            if zero_d and not early_zero:
                opt_d.zero_grad()
            loss.backward(retain_graph=True)
            if "d" in move:
                opt_d.step()
            return loss.detach()

        def generator() -> Tensor:
            logits = net_d(L, fake.detach() if judged == "detached" else fake)
            loss = _generator_loss(logits, ab, fake, lam if weight is None else weight).total
            if zero_g and not early_zero:
                opt_g.zero_grad()
            loss.backward()
            if "g" in move:
                opt_g.step()
            return loss.detach()

        if critic_first:
            d_loss = critic()
            return d_loss, generator()
        g_loss = generator()
        return critic(), g_loss

    return step


_train_step = _step()
_leak = "the critic's step reaches into the generator: show the critic fake.detach() there."
_walks = "the weights come out right, but the critic's step still walks back through the generator: detach."
_cut = "fake is detached in the generator's step too: there it must hear what the critic says."
_steps = [
    Mistake(_leak, _step(fakes="kept", early_zero=True)),
    Mistake(_walks, _step(fakes="kept")),
    Mistake(_cut, _step(judged="detached")),
    Mistake("gradients of the last step are still there: opt_g.zero_grad() before the backward.",
            _step(zero_g=False)),
    Mistake("gradients of the last step are still there: opt_d.zero_grad() before the backward.",
            _step(zero_d=False)),
    Mistake("the generator went first; the critic goes first, so that its judgement is fresh.",
            _step(critic_first=False)),
    Mistake("fake lost its graph before the generator's step: detach it in the critic's step alone.",
            _step(no_grad=True)),
    Mistake("`lam` is not used: pass it on to generator_loss.", _step(weight=100.0)),
    Mistake("the critic's two losses are added up; take their mean.", _step(add_up=True)),
    Mistake("the critic never moves: opt_d.step() is missing.", _step(move="g")),
    Mistake("the generator never moves: opt_g.step() is missing.", _step(move="d")),
    Mistake("real and fake are swapped in the critic's loss: real comes first.", _step(swap=True)),
]  # fmt: skip
_repairs = [
    Mistake(_leak, _step(fakes="kept", early_zero=True)),
    Mistake(_walks, _step(fakes="kept")),
    Mistake(_cut, _step(judged="detached")),
    Mistake("fake was made without a graph, so that the generator can never learn: detach it later, and "
            "for the critic alone.", _step(no_grad=True, early_zero=True)),
]  # fmt: skip

EXERCISES = (
    Exercise(
        "4.1",
        "The best single answer",
        Function(_best_answers, _crowds, _best, tolerance=1e-4),
        (
            "Each channel on its own: which number is nearest to all the others, in squares? In steps?",
            "The mean minimises squares, the median minimises absolute values; both run over dim=0.",
            "return colors.mean(dim=0), colors.median(dim=0).values",
        ),
    ),
    Exercise(
        "4.2",
        "The critic's loss",
        Function(_critic_loss, _verdicts, _critics, tolerance=1e-5),
        (
            "Two labels: `label` for real pictures, 0 for fakes. One loss for each.",
            "F.binary_cross_entropy_with_logits(logits, labels) takes labels of the logits' own shape.",
            "torch.full_like(real, label) makes them; torch.zeros_like(fake) those of the fakes.",
        ),
    ),
    Exercise(
        "4.3",
        "Two slopes",
        Function(_slopes, _logits, _wrong_slopes, tolerance=1e-5),
        (
            "Autograd can do it: x = logits.clone().requires_grad_(), a sum, then torch.autograd.grad.",
            "By hand: D = sigmoid(logit) has the slope D (1 - D). Multiply by the outer slope.",
            "log(1 - D) has the slope -D, and -log D has the slope D - 1.",
        ),
    ),
    Exercise(
        "4.4",
        "The generator's loss",
        Function(_generator_loss, _generators, _ways, tolerance=1e-3),
        (
            "The adversarial term is the loss that you know, with another label: which one does it wish for?",
            "Labels of 1 on the fakes' logits: that is -log D. The pixel term is F.l1_loss(fake, real).",
            "return adversarial + lam * pixel, adversarial, pixel",
        ),
    ),
    Exercise(
        "4.5",
        "The two steps",
        TrainingStep(_train_step, _steps),
        (
            "Each of the two: compute the loss, zero_grad, backward, step, all with its own optimiser.",
            "The critic sees net_d(L, ab) and net_d(L, fake.detach()); the generator's step asks again.",
            "The generator's loss is the first value of generator_loss(net_d(L, fake), ab, fake, lam).",
        ),
    ),
    Exercise(
        "4.6",
        "Broken on purpose",
        TrainingStep(_train_step, _repairs),
        (
            "Print a gradient of net_g right after the critic's backward. Whose step put it there?",
            "retain_graph=True silenced a true warning: without it, torch says what is wrong.",
            "net_d(L, fake.detach()) in the critic's step, and no retain_graph.",
        ),
    ),
)
