"""Graders: run a learner's implementation, compare it with the reference, and diagnose the mistake.

A known mistake is a wrong implementation with a message. If the learner's implementation behaves
like it, the message is the likely cause. So a mistake is recognized by its behaviour, however the
code is written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from torch import Tensor, nn

from colorlib.check.comparison import Mismatch, compare, describe, describe_exception, learner_line
from colorlib.check.result import Outcome, Result

_NOT_A_FUNCTION = "pass the function's name to the check, without brackets and arguments after it."
_UNKNOWN_MISTAKE = "the check does not know this mistake; the hints go step by step."
_CHANGED_INPUT = "x[...] = ... or x *= ... writes into the caller's tensor: create a new tensor."


@dataclass(frozen=True)
class Case:
    """One call to try: its description for the learner, and its arguments."""

    name: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class KnownMistake:
    """A wrong implementation that learners write, and the message that helps them."""

    message: str
    implementation: Callable


@dataclass(frozen=True)
class Observation:
    """The value that an implementation returned in one case, or the error that it raised.

    Args:
        values: Values by name, in the order in which to compare them; the name "" is not shown.
        error: The exception, if it raised one.
        changed_input: Whether it wrote into its arguments.
        network: The network that it built.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    changed_input: bool = False
    network: nn.Module | None = None


@dataclass
class Grader(ABC):
    """Base of all graders; a subclass says what to observe of an implementation.

    Args:
        reference: The library's own implementation.
        cases: What to try; the first case that fails is reported.
        mistakes: Known mistakes.
        tolerance: Largest absolute difference that still passes.
        error_causes: Part of an error message -> the cause to show with that error.
    """

    reference: Callable
    cases: Sequence[Case]
    mistakes: Sequence[KnownMistake] = ()
    tolerance: float = 1e-5
    error_causes: Mapping[str, str] = field(default_factory=dict)
    errors_are_mistakes: ClassVar[bool] = False  # whether a known mistake may be an exception

    @abstractmethod
    def observe(self, implementation: Callable, case: Case) -> Observation:
        """Run an implementation in one case; exceptions may propagate."""

    def __call__(self, learner: Any) -> Result:
        """Grade the learner's implementation."""
        if not self._is_function(learner):
            return _wrong(Mismatch(describe(learner), "the function itself", _NOT_A_FUNCTION))
        for case in self.cases:
            got, expected = self._run(learner, case), self._run(self.reference, case)
            if isinstance(got.error, NotImplementedError):
                return Result(Outcome.NOT_ATTEMPTED)
            if got.error and not self.errors_are_mistakes:
                return self._raised(got.error, case)
            mismatch = self._first_mismatch(got, expected)
            if mismatch:
                cause = self._diagnose(learner, case)
                if got.error and not cause:
                    return self._raised(got.error, case)
                return _wrong(mismatch, case.name, cause or self._advise(got, expected))
            if got.changed_input:
                mismatch = Mismatch("a changed input", "an unchanged input", _CHANGED_INPUT)
                return _wrong(mismatch, case.name)
        return Result(Outcome.PASSED)

    def _is_function(self, learner: Any) -> bool:
        return callable(learner)

    def _run(self, implementation: Callable, case: Case) -> Observation:
        try:
            return self.observe(implementation, case)
        except Exception as error:
            return Observation(error=error)

    def _first_mismatch(self, got: Observation, expected: Observation) -> Mismatch | None:
        """Find the first value that differs; None if all agree."""
        if got.error or expected.error:
            if repr(got.error) == repr(expected.error):
                return None
            return Mismatch(_describe_observation(got), _describe_observation(expected))
        for name, value in expected.values.items():
            mismatch = compare(got.values.get(name), value, self.tolerance)
            if mismatch:
                return replace(mismatch, what=name)
        return None

    def _diagnose(self, learner: Callable, failed: Case) -> str:
        """Return the message of the known mistake that behaves like the learner's implementation.

        The behaviour must agree in all cases, or, if there is no such mistake, in the failed one.
        """
        for cases in (self.cases, [failed]):
            observed = [self._run(learner, case) for case in cases]
            for mistake in self.mistakes:
                if all(
                    self._first_mismatch(got, self._run(mistake.implementation, case)) is None
                    for got, case in zip(observed, cases, strict=True)
                ):
                    return mistake.message
        return ""

    def _advise(self, got: Observation, expected: Observation) -> str:
        """Return advice on a mistake that is not known."""
        return ""

    def _raised(self, error: Exception, case: Case) -> Result:
        """Report the exception, the learner's line, and the cause if the message reveals it."""
        reasons = [("for", case.name), ("error", describe_exception(error))]
        if line := learner_line(error):
            reasons.append(("in the line", line))
        causes = [cause for part, cause in self.error_causes.items() if part in str(error)]
        reasons += [("likely cause", cause) for cause in causes[:1]]
        return Result(Outcome.RAISED, tuple(reasons))


@dataclass
class FunctionGrader(Grader):
    """Grader for a function of tensors that returns a tensor or a tuple of tensors.

    Example:
        >>> import torch
        >>> grader = FunctionGrader(torch.abs, [Case("minus one", (torch.tensor(-1.0),))])
        >>> grader(lambda x: -x).outcome.word, grader(torch.square).outcome.word
        ('passed', 'passed')
        >>> grader(torch.exp).reasons[:3]
        (('for', 'minus one'), ('got', '0.3679'), ('expected', '1'))
    """

    tolerance: float = 1e-3

    def observe(self, implementation: Callable, case: Case) -> Observation:
        args = tuple(arg.clone() if isinstance(arg, Tensor) else arg for arg in case.args)
        output = implementation(*args)
        changed = compare(args, case.args, tolerance=0) is not None
        return Observation({"": output}, changed_input=changed)


@dataclass
class SideEffectGrader(Grader):
    """Grader for a function whose effect counts: weights that move, files that it writes.

    Args:
        run: Called with an implementation and a case's arguments; returns what happened, by name.

    Example:
        >>> def sort_two(sort):
        ...     sort(numbers := [2, 1])
        ...     return {"the first number": numbers[0]}
        >>> grader = SideEffectGrader(list.sort, [Case("two numbers")], run=sort_two)
        >>> grader(list.reverse).outcome.word, grader(lambda x: None).outcome.word
        ('passed', 'wrong')
    """

    run: Callable[..., Mapping[str, Any]] = field(kw_only=True)

    def observe(self, implementation: Callable, case: Case) -> Observation:
        return Observation(self.run(implementation, *case.args))


def _describe_observation(observation: Observation) -> str:
    if observation.error:
        return describe_exception(observation.error)
    first = next(iter(observation.values.values()), None)
    return first if isinstance(first, str) else describe(first)


def _wrong(mismatch: Mismatch, case_name: str = "", cause: str = "") -> Result:
    """Format a mismatch: the only place that writes got, expected and likely cause."""
    reasons = [
        ("for", case_name),
        ("what", mismatch.what),
        ("got", mismatch.got),
        ("expected", mismatch.expected),
        ("likely cause", cause or mismatch.advice or _UNKNOWN_MISTAKE),
    ]
    return Result(Outcome.WRONG, tuple((label, text) for label, text in reasons if text))
