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

from colorlib.check.arguments import copy_arguments, find_change, gradients, require_gradients
from colorlib.check.cases import Case, Failure, KnownMistake, Observation, Recording
from colorlib.check.comparison import (
    Mismatch,
    Rules,
    compare,
    describe,
    describe_exception,
    learner_line,
)
from colorlib.check.result import Outcome, Result
from colorlib.check.stubs import explain_unfinished, is_unfinished

_NOT_A_FUNCTION = "pass the function's name to the check, without brackets and arguments after it."
_UNKNOWN_MISTAKE = "the check does not know this mistake; the hints go step by step."
_EXAM = "the check of an exam names none."
_NO_GRADIENT = (
    "training needs these gradients: is there a .detach(), .item(), .data or torch.no_grad() "
    "between the argument and the result?"
)
_REACHED = "whether gradients reach the arguments"
_COMMON_ERRORS = {
    "Boolean value of Tensor": "`if`, `and` and `max` need one value, and this tensor has many: "
    "torch.where chooses for every pixel.",
    "maximum recursion depth": "the function calls itself without end: does the name of a helper "
    "equal the name of this function?",
    "object is not callable": "brackets after something that is not a function: look for a "
    "forgotten *, or for a name that you used twice.",
    "is not defined": "this name does not exist here: is it spelled like the argument, and was the "
    "cell that defines it run?",
    "positional argument": "the number of arguments differs: keep the first line of the stub.",
    "unexpected keyword argument": "an argument has another name: keep the first line of the stub.",
}


@dataclass
class Grader(ABC):
    """Base of all graders; a subclass says what to observe of an implementation.

    Args:
        reference: The library's own implementation.
        cases: What to try; the first case that fails is reported.
        mistakes: Known mistakes.
        tolerance: Largest absolute difference that still passes.
        error_causes: Part of an error message -> the cause to show with that error.
        given: Statements that the stub has above the line to replace.
        parts: Other stubs of the same cell, for example ``"Level.forward"``.
        channels: Names of the channels of images, to show next to their numbers.
        accepts_numbers: Whether a plain number may come instead of a tensor of shape ().
        exact_dtype: Whether a tensor must have the reference's type, because a network follows.
    """

    reference: Callable
    cases: Sequence[Case]
    mistakes: Sequence[KnownMistake] = ()
    tolerance: float = 1e-5
    error_causes: Mapping[str, str] = field(default_factory=dict)
    given: Sequence[str] = field(default=(), kw_only=True)
    parts: Sequence[str] = field(default=(), kw_only=True)
    channels: Sequence[str] = field(default=(), kw_only=True)
    accepts_numbers: bool = field(default=False, kw_only=True)
    exact_dtype: bool = field(default=False, kw_only=True)
    _known: dict[int, list[Observation]] = field(default_factory=dict, init=False, repr=False)
    errors_are_mistakes: ClassVar[bool] = False  # whether a known mistake may be an exception

    @abstractmethod
    def observe(self, implementation: Callable, case: Case) -> Observation:
        """Run an implementation in one case; exceptions may propagate."""

    def __call__(self, learner: Any) -> Result:
        """Grade the learner's implementation."""
        if not self._is_function(learner):
            return _wrong(Mismatch(describe(learner), "the function itself", _NOT_A_FUNCTION))
        failure = self.find_failure(learner)
        return self._explain(learner, failure) if failure else Result(Outcome.PASSED)

    def find_failure(self, learner: Callable) -> Failure | None:
        """Return the first case that fails, without its likely cause; None if all pass."""
        for case in self.cases:
            got, expected = self._run(learner, case), self._run(self.reference, case)
            mismatch = self._first_mismatch(got, expected)
            if got.error or mismatch or got.changed_input:
                return Failure(case, got, expected, mismatch)
        return None

    def _explain(self, learner: Callable, failure: Failure) -> Result:
        case, got = failure.case, failure.got
        if is_unfinished(got.error):
            return explain_unfinished(learner, got.error, self.given, self.parts)
        if got.error and not self.errors_are_mistakes:
            return self._raised(got.error, case)
        if failure.mismatch:
            cause = self._diagnose(learner, case)
            if got.error and not cause:
                return self._raised(got.error, case)
            is_exam = isinstance(self.reference, Recording)
            advice = _EXAM if is_exam else self._advise(got, failure.expected)
            cause = cause or failure.mismatch.advice or advice
            return _wrong(failure.mismatch, case.name, cause)
        changed, advice = got.changed_input
        return _wrong(Mismatch(changed, "unchanged arguments", advice), case.name)

    def _is_function(self, learner: Any) -> bool:
        return callable(learner)

    def _run(self, implementation: Callable, case: Case) -> Observation:
        if isinstance(implementation, Recording):
            return implementation.observations[case.name]
        try:
            return self.observe(implementation, case)
        except (Exception, SystemExit) as error:
            return Observation(error=error)

    def _first_mismatch(self, got: Observation, expected: Observation) -> Mismatch | None:
        """Find the first value that differs; None if all agree."""
        if got.error or expected.error:
            if repr(got.error) == repr(expected.error):
                return None
            return Mismatch(_describe_observation(got), _describe_observation(expected))
        rules = Rules(self.tolerance, self.channels, self.accepts_numbers, self.exact_dtype)
        for name, value in expected.values.items():
            if got.changed_input and name not in got.values:
                continue  # the change itself is reported
            mismatch = compare(got.values.get(name), value, rules)
            if mismatch:
                return replace(mismatch, what=name)
        return None

    def _diagnose(self, learner: Callable, failed: Case) -> str:
        """Return the message of the known mistake that behaves like the learner's implementation.

        The behaviour must agree in all cases up to the failed one: what the learner has right in an
        earlier case, the mistake has right too. The one that agrees in most cases is named. Equal
        errors say less than equal values: if several messages fit an error equally, none is named.
        """
        cases = list(self.cases)
        up_to_failed = cases.index(failed) + 1
        observed = [self._run(learner, case) for case in cases]
        most, messages = 0, []
        for mistake in self.mistakes:
            agrees = self._agreement(mistake, observed)
            if sum(agrees[:up_to_failed]) < up_to_failed:
                continue
            if all(agrees):
                return mistake.message
            if sum(agrees) > most:
                most, messages = sum(agrees), []
            if sum(agrees) == most:
                messages.append(mistake.message)
        is_ambiguous = observed[up_to_failed - 1].error and len(set(messages)) > 1
        return messages[0] if messages and not is_ambiguous else ""

    def _agreement(self, mistake: KnownMistake, observed: Sequence[Observation]) -> list[bool]:
        """Compare a known mistake with what was observed, case by case."""
        key = id(mistake)
        if key not in self._known:
            self._known[key] = [self._run(mistake.implementation, case) for case in self.cases]
        pairs = zip(observed, self._known[key], strict=True)
        return [self._first_mismatch(got, known) is None for got, known in pairs]

    def _advise(self, got: Observation, expected: Observation) -> str:
        """Return advice on a mistake that is not known."""
        return ""

    def _raised(self, error: Exception, case: Case) -> Result:
        """Report the exception, the learner's line, and the cause if the message reveals it."""
        reasons = [("for", case.name), ("error", describe_exception(error))]
        if line := learner_line(error):
            reasons.append(("in the line", line))
        known = {**self.error_causes, **_COMMON_ERRORS}
        causes = [cause for part, cause in known.items() if part in str(error)]
        reasons += [("likely cause", cause) for cause in causes[:1]]
        return Result(Outcome.RAISED, tuple(reasons))


@dataclass
class FunctionGrader(Grader):
    """Grader for a function of tensors that returns a tensor or a tuple of tensors.

    Args:
        gradients_of: Indices of the arguments through which training needs gradients.

    Example:
        >>> import torch
        >>> grader = FunctionGrader(torch.abs, [Case("minus one", (torch.tensor(-1.0),))])
        >>> grader(lambda x: -x).outcome.word, grader(torch.square).outcome.word
        ('passed', 'passed')
        >>> grader(torch.exp).reasons[:3]
        (('for', 'minus one'), ('got', '0.3679'), ('expected', '1'))
    """

    tolerance: float = 1e-3
    gradients_of: Sequence[int] = field(default=(), kw_only=True)

    def observe(self, implementation: Callable, case: Case) -> Observation:
        args = copy_arguments(case.args)
        output = implementation(*args, **case.kwargs)
        values, changed = {"": output}, find_change(case.args, args)
        if self.gradients_of and not changed:
            values |= self._observe_gradients(implementation, case)
        return Observation(values, changed_input=changed)

    def _observe_gradients(self, implementation: Callable, case: Case) -> dict[str, Any]:
        args = copy_arguments(case.args)
        targets = require_gradients(args, self.gradients_of)
        reached, found = gradients(implementation(*args, **case.kwargs), targets)
        pairs = zip(self.gradients_of, reached, strict=True)
        texts = [f"{'yes' if yes else 'no'} for argument {index + 1}" for index, yes in pairs]
        return {_REACHED: ", ".join(texts), "the gradients of the arguments": tuple(found)}

    def _advise(self, got: Observation, expected: Observation) -> str:
        cut = got.values.get(_REACHED) != expected.values.get(_REACHED)
        return _NO_GRADIENT if cut else ""


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
        ("at", mismatch.where),
        ("what", mismatch.what),
        ("got", mismatch.got),
        ("expected", mismatch.expected),
        ("likely cause", cause or mismatch.advice or _UNKNOWN_MISTAKE),
    ]
    return Result(Outcome.WRONG, tuple((label, text) for label, text in reasons if text))
