"""The exercises of lesson 5, training: steps, schedules, files and checkpoints."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from colorlib.check import lesson05_files as files
from colorlib.check import lesson05_runs as runs
from colorlib.check import lesson05_step_mistakes as step_mistakes
from colorlib.check import lesson05_steps as steps
from colorlib.check.graders import Case, FunctionGrader, KnownMistake, SideEffectGrader
from colorlib.losses import GANLoss


# 5.3 ----------------------------------------------------------------------------------------------
def _plateau_mutant(
    *,
    better: Callable[[float, float], bool] = operator.gt,
    compare_with: str = "best",
    first: float = -math.inf,
    reset: bool = True,
    restart: bool = True,
    extra_epochs: int = 0,
    patience_is: int | None = None,
    cut: Callable[[float], float] = lambda factor: factor / 10,
    note_first: bool = False,
    forget: bool = False,
    result: Callable[[list[float]], Any] = torch.tensor,
) -> Callable:
    """Return a plateau schedule's factors, with one part changed.

    Args:
        better: When a score counts as better than the best.
        compare_with: Whether the "best" or the "previous" score is compared.
        first: The best score at the start.
        reset: Whether a cut sets the count to 0.
        restart: Whether a new best sets the count to 0.
        extra_epochs: Epochs that a cut comes later.
        patience_is: A constant instead of the argument.
        cut: What happens to the factor.
        note_first: Whether the factor is noted before the epoch's score is looked at.
        forget: Whether the best is forgotten after a cut.
        result: What is returned of the list of factors.
    """

    def factors(scores: Tensor, patience: int = 3) -> Any:
        best, waited, factor = first, 0, 1.0
        before, after = [], []
        limit = (patience if patience_is is None else patience_is) + extra_epochs
        for score in scores.tolist():
            before.append(factor)
            if not better(score, best):
                waited += 1
            elif restart:
                waited = 0
            if better(score, best) or compare_with == "previous":
                best = score
            if waited > limit:
                factor, waited = cut(factor), 0 if reset else waited
                best = score if forget else best
            after.append(factor)
        return result(before if note_first else after)

    return factors


def _only_changes(factors: Sequence[float]) -> Tensor:
    return torch.tensor([now for last, now in zip([1.0, *factors], factors, strict=False)
                         if now != last])  # fmt: skip


_SCORE_CASES = [
    Case("scores that rise at every epoch", (torch.tensor([20.0, 21, 22, 23]), 3)),
    Case("a best score, then four worse ones; patience 3",
         (torch.tensor([20.0, 22, 21, 21.5, 21, 21.7]), 3)),
    Case("a best score, then nine worse ones; patience 3",
         (torch.tensor([22.0, 21, 21.5, 21, 21.7, 21, 21.2, 21.1, 21.3, 21]), 3)),
    Case("one good epoch between two pauses; patience 1",
         (torch.tensor([22.0, 21, 23, 22, 22.5, 22.6, 22.7]), 1)),
    Case("a score that equals the best; patience 1",
         (torch.tensor([20.0, 22, 21, 22, 21, 22, 22, 23, 22]), 1)),
    Case("scores below zero, such as minus a loss; patience 1",
         (torch.tensor([-3.0, -2, -1, -2, -1.5, -0.5, -1]), 1)),
    Case("patience 0", (torch.tensor([20.0, 19, 21, 20, 19]), 0)),
]  # fmt: skip
_PLATEAU_MISTAKES = [
    KnownMistake("you compare each epoch with the one before; compare it with the best so far.",
                 _plateau_mutant(compare_with="previous")),
    KnownMistake("a score that equals the best so far is not above it: use >, not >=.",
                 _plateau_mutant(better=operator.ge)),
    KnownMistake("after a cut, set the count to 0; otherwise every further epoch cuts again.",
                 _plateau_mutant(reset=False)),
    KnownMistake("a new best score sets the count to 0.", _plateau_mutant(restart=False)),
    KnownMistake("you cut one epoch too early: patience 3 allows three epochs without a new best.",
                 _plateau_mutant(extra_epochs=-1)),
    KnownMistake("you cut one epoch too late: patience 3 allows three epochs without a new best, "
                 "not four.", _plateau_mutant(extra_epochs=1)),
    KnownMistake("you note the factor before the update: return the factor *after* each epoch.",
                 _plateau_mutant(note_first=True)),
    KnownMistake("your patience is a constant: use the argument.", _plateau_mutant(patience_is=3)),
    KnownMistake("the best score is forgotten at a cut: a later epoch must still beat it.",
                 _plateau_mutant(forget=True)),
    KnownMistake("the best score starts at 0, so scores below zero never count: start with "
                 "float('-inf').", _plateau_mutant(first=0.0)),
    KnownMistake("you halve the factor; paper 003 divides it by ten.",
                 _plateau_mutant(cut=lambda factor: factor / 2)),
    KnownMistake("the rate must fall: divide the factor by 10.",
                 _plateau_mutant(cut=lambda factor: factor * 10)),
    KnownMistake("you set the factor to a tenth once; every cut divides it again.",
                 _plateau_mutant(cut=lambda factor: 0.1)),
    KnownMistake("you subtract a tenth; divide the factor by 10.",
                 _plateau_mutant(cut=lambda factor: factor - 0.1)),
    KnownMistake("you treat lower as better; a higher validation PSNR is better.",
                 _plateau_mutant(better=operator.lt, first=math.inf)),
    KnownMistake("return one tensor: torch.tensor(your list).", _plateau_mutant(result=list)),
    KnownMistake("you return one factor: return the factor after each epoch.",
                 _plateau_mutant(result=lambda factors: torch.tensor(factors[-1]))),
    KnownMistake("you append the factor only when it is cut: append it after each epoch.",
                 _plateau_mutant(result=_only_changes)),
]  # fmt: skip

_SMOOTH: dict[str, Any] = {"gan": GANLoss(real_label=0.9), "lambda_rec": 50.0}
_HALF: dict[str, Any] = {"half": "g d"}
GRADERS = {
    "5.1": steps.StepGrader(
        steps.Step(),
        step_mistakes.CASES,
        step_mistakes.step_mistakes(),
        run=steps.run_step,
        error_causes=step_mistakes.STEP_ERRORS,
    ),
    "5.2": steps.StepGrader(
        steps.Step(**_SMOOTH),
        step_mistakes.CASES,
        step_mistakes.bugfix_mistakes(**_SMOOTH),
        run=steps.run_step,
        error_causes=step_mistakes.STEP_ERRORS,
    ),
    "5.3": FunctionGrader(_plateau_mutant(), _SCORE_CASES, _PLATEAU_MISTAKES, tolerance=1e-6),
    "5.4": SideEffectGrader(
        files.atomic_save,
        files.CASES,
        files.MISTAKES,
        run=files.run_save,
        error_causes=files.ERRORS,
    ),
    "5.5": SideEffectGrader(
        runs.save_state,
        runs.CASES,
        runs.MISTAKES,
        run=runs.run_save,
        error_causes=runs.ERRORS,
    ),
    "5.6": steps.StepGrader(
        steps.Step(**_HALF),
        step_mistakes.AMP_CASES,
        step_mistakes.amp_mistakes(**_HALF),
        run=steps.run_amp_step,
        error_causes=step_mistakes.AMP_ERRORS,
        tolerance=1e-4,
    ),
}
