"""A judge for what an answer does: weights that move, files that appear, a run that goes on.

What such a function returns is not the point, so each exercise brings a ``use`` that calls the answer and
gives what came of it by name. Answers are compared name by name, in that order, and known mistakes are found
as in :mod:`colorlib.check.judges`: by what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from colorlib.check import judges
from colorlib.check.judges import Case, Mistake
from colorlib.check.verdict import Outcome, Verdict

Seen = dict[str, Tensor | str | int]


@dataclass(frozen=True)
class Effects:
    """A judge for a function that is judged by what it does.

    Args:
        reference: The right function; the library's own.
        use: Called with an answer and a case's arguments; calls the answer and says what came of it.
        cases: What to try, in the order in which to complain.
        mistakes: Known wrong functions.
        errors: A part of an error's text -> the sentence that helps.
        tolerance: Largest absolute difference that still passes.

    Example:
        >>> def use(answer):
        ...     answer(numbers := [2, 1])
        ...     return {"the first number": numbers[0]}
        >>> judge = Effects(list.sort, use, [Case("two numbers", ())])
        >>> judge(list.reverse).outcome.word, judge(lambda x: None).outcome.word
        ('passed', 'wrong')
    """

    reference: Callable
    use: Callable[..., Seen]
    cases: Sequence[Case]
    mistakes: Sequence[Mistake] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = 1e-5

    def __call__(self, answer: Any) -> Verdict:
        """Use the learner's function in every case."""
        if not callable(answer):
            cause = "the check takes the function's name, without brackets and arguments after it."
            return judges._wrong(
                got=judges._kind(answer), expected="the function itself", cause=cause
            )
        for case in self.cases:
            try:
                seen = self.use(answer, *case.args)
            except NotImplementedError:
                return Verdict(Outcome.NOT_ATTEMPTED)
            except Exception as error:
                return self._raised(case, error)
            found = self._difference(seen, self.use(self.reference, *case.args))
            if found:
                name, difference = found
                cause = difference.cause or self._likely_cause(answer, case)
                texts = {"got": difference.got, "expected": difference.expected, "cause": cause}
                return judges._wrong(("for", case.name), ("what", name), **texts)
        return Verdict(Outcome.PASSED)

    def _difference(self, seen: Seen, expected: Seen) -> tuple[str, Any] | None:
        """Find the first name at which two answers differ; None if they agree."""
        for name, wanted in expected.items():
            difference = judges._difference(seen.get(name), wanted, self.tolerance)
            if difference:
                return name, difference
        return None

    def _likely_cause(self, answer: Callable, failed: Case) -> str:
        """Find the known mistake that does what the learner's function does, always or in this case."""
        for cases in (self.cases, (failed,)):
            seen = self._all(answer, cases)
            for mistake in self.mistakes if seen else ():
                wrong = self._all(mistake.answer, cases)
                if wrong and not any(map(self._difference, seen, wrong)):
                    return mistake.says
        return ""

    def _all(self, answer: Callable, cases: Sequence[Case]) -> list[Seen]:
        """Use a function in every case; nothing comes of one that cannot take them all."""
        try:
            return [self.use(answer, *case.args) for case in cases]
        except Exception:
            return []

    def _raised(self, case: Case, error: Exception) -> Verdict:
        """Say what was raised and where, and the cause where the error's text gives it away."""
        verdict = judges._raised(case, error)
        causes = [
            ("likely cause", says) for part, says in self.errors.items() if part in str(error)
        ]
        return replace(verdict, reasons=(*verdict.reasons, *causes[:1]))
