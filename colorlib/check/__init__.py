"""Feedback for the exercises: ``lab = check.q1_3(rgb_to_lab)``.

A check says one of four things (passed, not attempted yet, wrong, raised) with what came, what was expected
and the likely cause, and gives back a function that works: yours if it passed, else the library's own. So a
lesson runs to its end whether its exercises are solved or not.

``check.q1_3.hint()`` shows the next hint, ``check.progress()`` a table of what you have done.

Nothing is imported until an exercise is named; exercise 1.3 lives in :mod:`colorlib.check.lesson01`.
"""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

from colorlib.check.session import progress

if TYPE_CHECKING:
    from colorlib.check.exercise import Exercise

__all__ = ["lesson", "progress"]


def lesson(number: int) -> dict[str, Exercise]:
    """Give the exercises of one lesson by name, for example ``{"q1_1": Exercise(...), ...}``.

    Raises:
        LookupError: If the lesson has no exercises.

    Example:
        >>> list(lesson(1))[:2]
        ['q1_1', 'q1_2']
    """
    try:
        module = importlib.import_module(f"colorlib.check.lesson{number:02d}")
    except ModuleNotFoundError as error:
        if error.name != f"colorlib.check.lesson{number:02d}":
            raise
        raise LookupError(f"lesson {number} has no exercises in this version of colorlib") from None
    return {f"q{exercise.number.replace('.', '_')}": exercise for exercise in module.EXERCISES}


def __getattr__(name: str) -> Exercise:
    found = re.fullmatch(r"q(\d+)_\d+", name)
    if not found:
        raise AttributeError(f"colorlib.check has no {name!r}; exercises are named like q1_3")
    try:
        exercises = lesson(int(found[1]))
    except LookupError as error:
        raise AttributeError(str(error)) from None
    if name not in exercises:
        raise AttributeError(
            f"there is no exercise {name!r}; this lesson has {', '.join(exercises)}"
        )
    return exercises[name]
