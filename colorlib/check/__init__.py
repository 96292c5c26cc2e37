"""Feedback for the exercises: ``lab = check.q1_3(rgb_to_lab)``.

A check has one of five outcomes (passed, not attempted yet, wrong, raised, not checked). It shows
what your function returned, what was expected and the likely cause. It returns your function if it
passed, else a stand-in that runs the library's own, so a lesson runs to its end whether its
exercises are solved or not. A stand-in is never checked, and never counts as yours.

``check.q1_3.hint()`` shows the next hint, ``check.progress()`` a table of what you have done,
``check.quiz("1.3", answer="b")`` whether b answers a question of the quiz.

Nothing is imported until an exercise is named. The grader of exercise 1.3 is in
:mod:`colorlib.check.lesson01`, its title and hints are in ``exercises.toml``.
"""

from __future__ import annotations

import builtins
import importlib
import re
import sys
from functools import cache
from typing import TYPE_CHECKING

from colorlib.check.multiple_choice import quiz
from colorlib.check.progress import exercise_texts, progress

if TYPE_CHECKING:
    from colorlib.check.exercise import Exercise

__all__ = ["lesson", "progress", "quiz"]


@cache
def lesson(number: int) -> dict[str, Exercise]:
    """Return the exercises of one lesson by name, for example ``{"q1_1": Exercise(...), ...}``.

    Raises:
        LookupError: If the lesson has no exercises.

    Example:
        >>> list(lesson(1))[:2]
        ['q1_1', 'q1_2']
    """
    from colorlib.check.exercise import Exercise

    module_name = f"colorlib.check.lesson{number:02d}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise LookupError(f"lesson {number} has no exercises in this version of colorlib") from None
    texts = exercise_texts()
    return {
        f"q{exercise.replace('.', '_')}": Exercise(exercise, grader=grader, **texts[exercise])
        for exercise, grader in module.GRADERS.items()
    }


def __getattr__(name: str) -> Exercise:
    match = re.fullmatch(r"q(\d+)_\d+", name)
    if not match:
        raise AttributeError(f"colorlib.check has no {name!r}; exercises are named like q1_3")
    try:
        exercises = lesson(int(match[1]))
    except LookupError as error:
        raise AttributeError(str(error)) from None
    if name not in exercises:
        raise AttributeError(
            f"there is no exercise {name!r}; this lesson has {', '.join(exercises)}"
        )
    return exercises[name]


def _define_missing_answers(cell) -> None:
    """Before a cell runs: give an answer whose own cell was never run a value that says so.

    Without it, ``mix = check.q1_2(mix)`` would end in a NameError, and so would the cells below.
    """
    from colorlib.check.exercise import UndefinedName

    names = sys.modules["IPython"].get_ipython().user_ns
    for name in re.findall(r"\bcheck\.q\d+_\d+\(\s*([^\W\d]\w*)\s*\)", cell.raw_cell or ""):
        if not hasattr(builtins, name):
            names.setdefault(name, UndefinedName(name))


def _watch_cells() -> None:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.events.register("pre_run_cell", _define_missing_answers)


_watch_cells()
