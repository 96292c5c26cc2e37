"""Exercises: check a learner's implementation, show the result, and return one that works."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from colorlib.check.cases import Recording
from colorlib.check.comparison import learner_line
from colorlib.check.progress import next_hint, record
from colorlib.check.result import Outcome, Result, ResultCard, check_outcome, display, not_yours
from colorlib.check.stand_in import (
    STOOD_IN,
    StandIn,
    StandInCalled,
    library_function_in,
    refuse_stand_ins_of,
)
from colorlib.check.time_limit import TimeLimitExceeded, run_with_time_limit

if TYPE_CHECKING:
    from colorlib.check.graders import Grader

_FALLBACK = ("meanwhile", "the cells below use the library's own implementation.")
_TIME_LIMIT = 20.0  # seconds; a right answer takes less than one
_TOO_LONG = (
    "a loop that never ends: does something in it change, so that its condition becomes false?"
)
_UNDEFINED = (
    "`{}` does not exist yet: run the cell with your code, then this check. If that cell ends in a "
    "SyntaxError, fix it first."
)


@dataclass(frozen=True)
class UndefinedName:
    """The value of a name that does not exist, because its cell was never run."""

    name: str


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson; call it with the learner's implementation.

    Args:
        number: For example ``"1.3"``.
        title: As in the lesson.
        hints: From the gentlest to the most explicit.
        grader: Takes the implementation, returns a :class:`Result`; its ``reference`` is the
            library's own implementation.
    """

    number: str
    title: str
    hints: Sequence[str]
    grader: Grader

    def __call__(self, implementation: Any = ...) -> Any:
        """Show the result; return ``implementation`` if it passed, else a stand-in for it.

        In an exam, which has no answer of ours, ``implementation`` is returned in any case.
        """
        result = self.grade(implementation)
        passed = result.outcome is Outcome.PASSED
        stays = passed or isinstance(self.grader.reference, Recording)
        record(self.number, self.title, result.outcome)
        shown = result if stays else replace(result, reasons=(*result.reasons, _FALLBACK))
        display(ResultCard(self.number, self.title, shown, () if passed else self.hints))
        check_outcome(f"exercise {self.number}", result)
        return implementation if stays else StandIn(self.number, self.grader.reference)

    def grade(self, implementation: Any) -> Result:
        """Return the result of an answer; anything of the library's own is not graded at all."""
        if implementation is ...:
            return Result(Outcome.NOT_ATTEMPTED)
        if isinstance(implementation, UndefinedName):
            return not_yours(_UNDEFINED.format(implementation.name))
        if sentence := library_function_in(implementation, self.grader.reference):
            return not_yours(sentence)
        try:
            with preserve_random_state(), refuse_stand_ins_of(self.grader.reference):
                return run_with_time_limit(lambda: self.grader(implementation), _TIME_LIMIT)
        except StandInCalled:
            return not_yours(STOOD_IN)
        except TimeLimitExceeded as error:
            return _too_long(error)

    def hint(self, level: int | None = None) -> None:
        """Show the next hint, or the one of the given level, counted from 1."""
        count = len(self.hints)
        if not count:
            print(f"Exercise {self.number} has no hints in an exam.")
            return
        if level is None:
            level = next_hint(self.number, count)
        if not 1 <= level <= count:
            raise ValueError(f"exercise {self.number} has hints 1 to {count}; got {level}")
        print(f"Hint {level} of {count}: {self.hints[level - 1]}")


def _too_long(error: TimeLimitExceeded) -> Result:
    stopped = f"your code ran for {_TIME_LIMIT:.0f} seconds and was stopped."
    reasons = [
        ("error", stopped),
        ("in the line", learner_line(error)),
        ("likely cause", _TOO_LONG),
    ]
    return Result(Outcome.RAISED, tuple((label, text) for label, text in reasons if text))


@contextmanager
def preserve_random_state() -> Iterator[None]:
    """Restore the random states of Python, and of NumPy and torch if loaded, after the block."""
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
