"""Cases to try, known mistakes, and what was observed of an implementation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from colorlib.check.comparison import Mismatch


@dataclass(frozen=True)
class Case:
    """One call to try: its description for the learner, and its arguments."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


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
        changed_input: What it changed in its arguments, and advice; None if nothing.
        network: The network that it built.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    error: Exception | None = None
    changed_input: tuple[str, str] | None = None
    network: nn.Module | None = None


@dataclass(frozen=True)
class Failure:
    """The first case in which an implementation differs from the reference.

    Args:
        mismatch: The difference; None if the implementation raised an error that no known mistake
            raises, or only changed its arguments.
    """

    case: Case
    got: Observation
    expected: Observation
    mismatch: Mismatch | None


@dataclass(frozen=True)
class Recording:
    """The results of a right answer in the cases of its check, in place of the answer.

    Args:
        observations: Name of a case -> what was observed.
    """

    observations: Mapping[str, Observation]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise, because nothing can be computed from a record."""
        raise LookupError("this library has no answer to the exercise: write your own.")
