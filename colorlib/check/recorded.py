"""Checks of an exam: the right results are recorded, and the function that gives them is not here.

``python -m course build --answers private --exam LESSON`` writes them, next to a module of the
lesson that calls :func:`load`. They compare as the check of the lesson does, and name no cause.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from colorlib.check.cases import Observation

SUFFIX = ".pickle"  # part of the library, so it is trusted like the library's code


class Recording:
    """The results of a right answer in the cases of its check, in place of the answer.

    Args:
        observations: Name of a case -> what was observed.
    """

    def __init__(self, observations: Mapping[str, Observation]) -> None:
        self.observations = observations

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise, because nothing can be computed from a record."""
        raise LookupError("this library has no answer to the exercise: write your own.")


def load(file: str) -> dict[str, Any]:
    """Return the graders of a lesson: number of the exercise -> grader, without known mistakes.

    Args:
        file: The lesson's module of checks; the records are next to it.
    """
    data = pickle.loads(Path(file).with_suffix(SUFFIX).read_bytes())
    return {
        number: kind(reference=Recording(observations), **facts)
        for number, (kind, facts, observations) in data.items()
    }
