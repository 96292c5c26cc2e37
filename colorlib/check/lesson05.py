"""The exercises of lesson 5, training: steps, schedules, files and checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from colorlib.check import lesson05_files as files
from colorlib.check import lesson05_runs as runs
from colorlib.check.graders import Case, FunctionGrader, KnownMistake, SideEffectGrader
from colorlib.check.lesson04_mutants import training_step_mutant
from colorlib.check.network_graders import TrainingStepGrader


# 5.1 and 5.2 --------------------------------------------------------------------------------------
def _step_mutant(**options: Any) -> Callable:
    return training_step_mutant(**{"returns_dict": True, "fixed_lambda": 100.0} | options)


def _smooth_step_mutant(**options: Any) -> Callable:
    return _step_mutant(**{"real_label": 0.9, "fixed_lambda": 50.0} | options)


_BACKWARD_CAUSES = {
    "backward through the graph a second time": "the discriminator's step used up the generator's "
    "graph: pass fake.detach() to the discriminator there.",
    "does not require grad": "no network can learn from this loss: is there a detach too many?",
}
_STEP_MISTAKES = [
    KnownMistake("the function returned nothing: return the four losses as a dict.",
                 lambda *args: None),
    KnownMistake("the generator never changes: it learns through `fake`, so use fake.detach() only "
                 "for the discriminator.", _step_mutant(detach_always=True)),
    KnownMistake("gradients of the previous step remain: zero_grad() before each backward().",
                 _step_mutant(zero_grad_d=False, zero_grad_g=False)),
    KnownMistake("real and fake are swapped: use gan.discriminator_loss(real, fake).",
                 _step_mutant(swap_logits=True)),
    KnownMistake("you update the generator first; update the discriminator first, so the generator "
                 "learns from the newer one.", _step_mutant(generator_first=True)),
    KnownMistake("your generator helps the discriminator; its images should pass for real: use "
                 "generator_loss.", _step_mutant(generator_aims_at_fake=True)),
    KnownMistake("lambda is missing: the weight of the reconstruction is 100, as in "
                 "losses.generator_loss.", _step_mutant(fixed_lambda=1.0)),
    KnownMistake("the discriminator's loss is the mean of its two losses: divide their sum by 2.",
                 _step_mutant(discriminator_weight=1.0)),
]  # fmt: skip
_BUGFIX_MISTAKES = [
    KnownMistake("this behaves like the broken step: the generator never changes. Where is it "
                 "detached?", _smooth_step_mutant(detach_always=True)),
    KnownMistake("the generator changes again, but you no longer smooth the labels: fix one thing "
                 "only.", _smooth_step_mutant(real_label=1.0)),
    KnownMistake("the generator changes again, but lambda is 100 now: fix one thing, keep the 50.",
                 _smooth_step_mutant(fixed_lambda=100.0)),
    KnownMistake("the generator changes, but old gradients remain: keep both zero_grad().",
                 _smooth_step_mutant(zero_grad_d=False, zero_grad_g=False)),
]  # fmt: skip


# 5.3 ----------------------------------------------------------------------------------------------
def _plateau_mutant(
    *, compare_with="best", reset=True, epochs_too_early=0, divisor=10.0, sign=1.0
) -> Callable:
    """Return a plateau schedule's factors, with one step changed."""

    def factors(scores: Tensor, patience: int = 3) -> Tensor:
        best, waited, factor, result = -math.inf, 0, 1.0, []
        for score in (sign * scores).tolist():
            waited = 0 if score > best else waited + 1
            best = max(best, score) if compare_with == "best" else score
            if waited > patience - epochs_too_early:
                factor, waited = factor / divisor, 0 if reset else waited
            result.append(factor)
        return torch.tensor(result)

    return factors


_SCORE_CASES = [
    Case("scores that rise at every epoch", (torch.tensor([20.0, 21, 22, 23]), 3)),
    Case("a best score, then four worse ones; patience 3",
         (torch.tensor([20.0, 22, 21, 21.5, 21, 21.7]), 3)),
    Case("a best score, then nine worse ones; patience 3",
         (torch.tensor([22.0, 21, 21.5, 21, 21.7, 21, 21.2, 21.1, 21.3, 21]), 3)),
    Case("one good epoch between two pauses; patience 1",
         (torch.tensor([22.0, 21, 23, 22, 22.5, 22.6, 22.7]), 1)),
]  # fmt: skip
_PLATEAU_MISTAKES = [
    KnownMistake("you compare each epoch with the one before; compare it with the best so far.",
                 _plateau_mutant(compare_with="previous")),
    KnownMistake("after a cut, set the count to 0; otherwise every further epoch cuts again.",
                 _plateau_mutant(reset=False)),
    KnownMistake("you cut one epoch too early: patience 3 allows three epochs without a new best.",
                 _plateau_mutant(epochs_too_early=1)),
    KnownMistake("you halve the factor; paper 003 divides it by ten.",
                 _plateau_mutant(divisor=2.0)),
    KnownMistake("you treat lower as better; a higher validation PSNR is better.",
                 _plateau_mutant(sign=-1.0)),
]  # fmt: skip

GRADERS = {
    "5.1": TrainingStepGrader(
        _step_mutant(), _STEP_MISTAKES, error_causes=_BACKWARD_CAUSES, lr=1e-2
    ),
    "5.2": TrainingStepGrader(
        _smooth_step_mutant(), _BUGFIX_MISTAKES, error_causes=_BACKWARD_CAUSES, lr=1e-2
    ),
    "5.3": FunctionGrader(_plateau_mutant(), _SCORE_CASES, _PLATEAU_MISTAKES, tolerance=1e-6),
    "5.4": SideEffectGrader(files.atomic_save, files.CASES, files.MISTAKES, run=files.run_save),
    "5.5": SideEffectGrader(runs.save_state, runs.CASES, runs.SAVE_MISTAKES, run=runs.run_save),
    "5.6": SideEffectGrader(runs.load_state, runs.CASES, runs.LOAD_MISTAKES, run=runs.run_load),
}
