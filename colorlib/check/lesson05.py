"""The exercises of lesson 5, training: answers are used on runs of a few steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from colorlib.check import lesson05_files as files
from colorlib.check import lesson05_runs as runs
from colorlib.check import lesson05_steps as steps
from colorlib.check.effects import Effects
from colorlib.check.exercise import Exercise
from colorlib.check.judges import Case, Function, Mistake


def plateau(scores: Tensor, patience: int = 3, *, past: str = "best", reset: bool = True, early: int = 0,
            divide: float = 10.0, sign: float = 1.0) -> Tensor:  # fmt: skip
    """Give the learning rate's factor after each epoch: a tenth on a plateau.

    The rule of :class:`colorlib.engine.trainer.Trainer` with ``schedule="plateau"``.
    """
    best, waited, factor, factors = -math.inf, 0, 1.0, []
    for score in (sign * scores).tolist():
        waited = 0 if score > best else waited + 1
        best = max(best, score) if past == "best" else score
        if waited > patience - early:
            factor, waited = factor / divide, 0 if reset else waited
        factors.append(factor)
    return torch.tensor(factors)


def _plateau(scores: Tensor, patience: int) -> Tensor:
    return plateau(scores, patience)


def _wrong_plateau(**how: Any) -> Callable:
    return lambda scores, patience: plateau(scores, patience, **how)


_scores = [
    Case("scores that rise at every epoch", (torch.tensor([20.0, 21, 22, 23]), 3)),
    Case("a best score, then four worse ones; patience 3", (torch.tensor([20.0, 22, 21, 21.5, 21, 21.7]), 3)),
    Case("a best score, then nine worse ones; patience 3",
         (torch.tensor([22.0, 21, 21.5, 21, 21.7, 21, 21.2, 21.1, 21.3, 21]), 3)),
    Case("one good epoch between two pauses; patience 1",
         (torch.tensor([22.0, 21, 23, 22, 22.5, 22.6, 22.7]), 1)),
]  # fmt: skip
_schedules = [
    Mistake("each epoch is held against the one before; what counts is the best one so far.",
            _wrong_plateau(past="previous")),
    Mistake("after a cut the waiting begins anew: set the count back to 0, or each further epoch cuts.",
            _wrong_plateau(reset=False)),
    Mistake("one epoch too early: patience 3 bears three epochs without a better score.",
            _wrong_plateau(early=1)),
    Mistake("the factor is halved; paper 003 divides by ten.", _wrong_plateau(divide=2.0)),
    Mistake("lower counts as better here; a validation PSNR is better when it is higher.",
            _wrong_plateau(sign=-1.0)),
]  # fmt: skip


_STOPPED = [Case("a run stopped in the middle of an epoch", ())]

EXERCISES = (
    Exercise(
        "5.1",
        "One step of both networks",
        Effects(steps.step_with(), steps.stepped, steps.CASES, steps.STEPS, steps.TWICE),
        (
            "Paint once: fake = net_g(L). Then two halves, each with zero_grad(), backward() and step().",
            "The critic's half: gan.critic(net_d(L, ab), net_d(L, fake.detach())), its two losses averaged.",
            "The generator's half: losses.generator_loss(net_d(L, fake), ab, fake) gives three losses; "
            "return the four numbers as a dict.",
        ),
    ),
    Exercise(
        "5.2",
        "A loop, broken on purpose",
        Effects(steps.step_with(0.9, 50.0), steps.stepped, steps.CASES, steps.MENDED, steps.TWICE),
        (
            "Which network's curve never moves? Follow its gradient from the loss backwards, line by line.",
            "detach() cuts the way back. Who may be cut off from the generator, and who may not?",
            "Take the detach from the first line and give it to the critic alone: net_d(L, fake.detach()).",
        ),
    ),
    Exercise(
        "5.3",
        "A tenth on a plateau",
        Function(_plateau, _scores, _schedules, tolerance=1e-6),
        (
            "Walk through the scores with three things in hand: the best so far, epochs waited, the factor.",
            "A better score than the best sets the count to 0; any other adds 1.",
            "If waited > patience: divide the factor by 10, set waited to 0. Note the factor each time.",
        ),
    ),
    Exercise(
        "5.4",
        "Whole or not at all",
        Effects(files.save_whole, files.written, files.CASES, files.SAVES),
        (
            "Write under another name in the same folder; the final name comes last.",
            "os.replace(temporary, path) takes the old file's place in one step, on every system.",
            "temporary = path.with_name(path.name + '.part'); try: open, write, replace; finally: "
            "temporary.unlink(missing_ok=True).",
        ),
    ),
    Exercise(
        "5.5",
        "Everything that the run needs",
        Effects(runs.keep_all, runs.kept, _STOPPED, runs.KEPT_LESS),
        (
            "run.parts holds whatever has a state of its own; part.state_dict() gives it.",
            "getattr(run, name) for each name in COUNTERS gives the rest.",
            "Two dict comprehensions, under the keys 'parts' and 'counters'.",
        ),
    ),
    Exercise(
        "5.6",
        "Take it up again",
        Effects(runs.take_up_all, runs.taken, _STOPPED, runs.TAKEN_LESS),
        (
            "It is your `keep`, backwards: part.load_state_dict(...), and setattr in place of getattr.",
            "for name, part in run.parts.items(): part.load_state_dict(tree['parts'][name])",
            "for name in COUNTERS: setattr(run, name, tree['counters'][name])",
        ),
    ),
)
