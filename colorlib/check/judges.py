"""Judges: compare a learner's function with the reference, and name the likely mistake.

A likely mistake is itself a wrong implementation with a sentence beside it. If the learner's answers equal
its answers on every case, that sentence is the cause. So a check knows a mistake by what it *does*, however
it was written.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from colorlib.check.verdict import Outcome, Verdict


@dataclass(frozen=True)
class Case:
    """One call to try: what to tell the learner it was, and its arguments."""

    name: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners give, and the sentence that helps."""

    says: str
    answer: Callable


@dataclass(frozen=True)
class Function:
    """A judge for a function of tensors that returns a tensor or a tuple of tensors.

    Args:
        reference: The right function; the library's own.
        cases: What to try, in the order in which to complain.
        mistakes: Known wrong functions.
        tolerance: Largest absolute difference that still passes.
    """

    reference: Callable
    cases: Sequence[Case]
    mistakes: Sequence[Mistake] = ()
    tolerance: float = 1e-3

    def __call__(self, answer: Any) -> Verdict:
        """Try the learner's function on every case."""
        if not callable(answer):
            cause = "the check takes the function's name, without brackets and arguments after it."
            return _wrong(got=_kind(answer), expected="the function itself", cause=cause)
        for case in self.cases:
            args = _copies(case.args)
            try:
                got = answer(*args)
            except NotImplementedError:
                return Verdict(Outcome.NOT_ATTEMPTED)
            except Exception as error:
                return _raised(case, error)
            difference = _difference(got, self.reference(*_copies(case.args)), self.tolerance)
            if difference:
                cause = difference.cause or self._likely_cause(answer, case) or difference.advice
                return _wrong(
                    ("for", case.name),
                    got=difference.got,
                    expected=difference.expected,
                    cause=cause,
                )
            if _difference(args, case.args, 0.0):
                cause = "x[...] = ... or x *= ... writes into the caller's tensor: make a new one."
                return _wrong(
                    got="a changed input", expected="the input left as it was", cause=cause
                )
        return Verdict(Outcome.PASSED)

    def _likely_cause(self, answer: Callable, failed: Case) -> str:
        """Find the known mistake that gives the learner's results on every case, or on the failed one."""
        for cases in (self.cases, (failed,)):
            for mistake in self.mistakes:
                try:
                    pairs = [
                        (answer(*_copies(c.args)), mistake.answer(*_copies(c.args))) for c in cases
                    ]
                except Exception:  # one of the two cannot take a later case
                    continue
                if all(_difference(got, wrong, self.tolerance) is None for got, wrong in pairs):
                    return mistake.says
        return ""


_SHAPE = "the shape is another: print it after each line of yours, and see where it changes."
_UNKNOWN = "not one of the mistakes that this check knows; the hints go step by step."


@dataclass(frozen=True)
class _Difference:
    got: str
    expected: str
    cause: str = ""
    advice: str = ""  # where no mistake is known


def _copies(args: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(arg.clone() if isinstance(arg, Tensor) else arg for arg in args)


def _difference(got: Any, expected: Any, tolerance: float) -> _Difference | None:
    """Compare what came with what was expected; None if they agree."""
    if isinstance(expected, tuple):
        if not isinstance(got, (tuple, list)) or len(got) != len(expected):
            return _Difference(_kind(got), _kind(expected), _missing(got))
        pairs = zip(got, expected, strict=True)
        return next((found for g, e in pairs if (found := _difference(g, e, tolerance))), None)
    if not isinstance(expected, Tensor):
        return None if got == expected else _Difference(repr(got), repr(expected))
    if not isinstance(got, Tensor):
        return _Difference(_kind(got), _kind(expected), _missing(got))
    if got.shape != expected.shape:
        return _Difference(_kind(got), _kind(expected), advice=_SHAPE)
    gap = (got.detach().double() - expected.double()).abs()
    if (
        not gap.numel() or gap.max() <= tolerance
    ):  # a NaN compares false and so counts as a difference
        return None
    largest = gap.nan_to_num(nan=float("inf")).argmax().item()
    worst = tuple(
        map(int, np.unravel_index(largest, gap.shape))
    )  # torch's own loads sympy, for seconds
    return _Difference(_at(got.detach(), worst), _at(expected, worst))


def _missing(got: Any) -> str:
    return "the function returned nothing: does it end with a return?" if got is None else ""


def _kind(thing: Any) -> str:
    if isinstance(thing, Tensor):
        return f"a tensor of shape {tuple(thing.shape)}"
    if isinstance(thing, (tuple, list)):
        return f"{len(thing)} values: " + ", ".join(_kind(item) for item in thing)
    return "None" if thing is None else f"something of type {type(thing).__name__}"


def _at(tensor: Tensor, index: tuple[int, ...]) -> str:
    """Write the channels at one position of (n, c, h, w), or one number of any other tensor."""
    if tensor.ndim == 4 and tensor.shape[1] > 1:
        n, _, h, w = index
        return "[" + ", ".join(map(_short, tensor[n, :, h, w].tolist())) + "]"
    return _short(tensor[index].item())


def _short(number: float) -> str:
    """Write a number with four digits; what is as good as zero is written as 0."""
    return "0" if abs(number) < 5e-6 else f"{number:.4g}"


def _wrong(*before: tuple[str, str], got: str, expected: str, cause: str) -> Verdict:
    reasons = (*before, ("got", got), ("expected", expected), ("likely cause", cause or _UNKNOWN))
    return Verdict(Outcome.WRONG, reasons)


def _raised(case: Case, error: Exception) -> Verdict:
    """Say what was raised, and in which line of the learner's own code."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is ours
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    place = (("in the line", own[-1].line),) if own and own[-1].line else ()
    reasons = (("for", case.name), ("error", f"{type(error).__name__}: {error}"), *place)
    return Verdict(Outcome.RAISED, reasons)
