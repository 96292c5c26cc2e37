"""An exercise: judge the learner's answer, say what came of it, and give back something that works."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from colorlib.check import session
from colorlib.check.verdict import Card, Outcome, Verdict, present

_MEANWHILE = ("meanwhile", "the cells below use the library's own.")


class Judge(Protocol):
    """What :mod:`colorlib.check.judges` holds."""

    reference: Any

    def __call__(self, answer: Any) -> Verdict: ...


class UnexpectedOutcome(AssertionError):
    """In CI: a lesson's stub was solved, or a solution's answer did not pass."""


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson; call it with the learner's answer.

    Args:
        number: For example ``"1.3"``.
        title: As in the lesson.
        judge: Takes the answer, returns a :class:`Verdict`; holds the library's own answer as ``reference``.
        hints: From the gentlest to the plainest.
    """

    number: str
    title: str
    judge: Judge
    hints: tuple[str, ...]

    def __call__(self, answer: Any = ...) -> Any:
        """Judge ``answer``, show the verdict, and return ``answer`` if it passed, else the library's own."""
        with same_random_state():
            verdict = Verdict(Outcome.NOT_ATTEMPTED) if answer is ... else self.judge(answer)
        outcome = verdict.outcome
        session.record(self.number, self.title, outcome)
        passed = outcome is Outcome.PASSED
        shown = verdict if passed else replace(verdict, reasons=(*verdict.reasons, _MEANWHILE))
        present(Card(self.number, self.title, shown, () if passed else self.hints))
        self._expect(verdict)
        return answer if passed else self.judge.reference

    def hint(self, level: int | None = None) -> None:
        """Show the next hint, or the one of the given level, counted from 1."""
        if level is None:
            level = session.next_hint(self.number, len(self.hints))
        if not 1 <= level <= len(self.hints):
            raise ValueError(
                f"exercise {self.number} has hints 1 to {len(self.hints)}; got {level}"
            )
        print(f"Hint {level} of {len(self.hints)}: {self.hints[level - 1]}")

    def _expect(self, verdict: Verdict) -> None:
        """Hold the outcome against COURSE_EXPECT, which CI sets: stubs in lessons, answers in solutions."""
        expected = {"lesson": Outcome.NOT_ATTEMPTED, "solution": Outcome.PASSED}
        tree = os.environ.get("COURSE_EXPECT", "")
        if tree and tree not in expected:
            raise ValueError(
                f"COURSE_EXPECT is {tree!r}; expected 'lesson' or 'solution', or leave it unset"
            )
        if tree and verdict.outcome is not expected[tree]:
            reasons = "; ".join(f"{label}: {text}" for label, text in verdict.reasons)
            raise UnexpectedOutcome(
                f"exercise {self.number} in a {tree} is {verdict.outcome.word!r}; expected "
                f"{expected[tree].word!r}. {reasons}"
            )


@contextmanager
def same_random_state() -> Iterator[None]:
    """Leave the random states of Python, and of NumPy and torch where they are loaded, as they were."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    python_state = random.getstate()
    numpy_state = numpy.random.get_state() if numpy else None
    torch_state = torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(python_state)
        if numpy:
            numpy.random.set_state(numpy_state)
        if torch:
            torch.set_rng_state(torch_state)
