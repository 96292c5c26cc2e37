"""Record the results of right answers, so that the checks of an exam need no code of ours.

A check can be recorded if it compares what a function, or a network that it builds, gives for
stored arguments. Where the check's own code runs a part of the answer, it cannot, and the exam has
no check of that exercise.
"""

from __future__ import annotations

import io
import pickle
import runpy
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from colorlib.check.cases import Observation
from colorlib.check.exercise import preserve_random_state
from colorlib.check.graders import Grader
from colorlib.check.recorded import CLASSES, SUFFIX, Records, read
from course.tool.files import atomic_write_text

LEFT_OUT = {"reference", "mistakes", "error_causes"}  # the answer, and what leads to it
MODULE = '''\
"""The exercises of an exam; their right results are recorded, and no answer is in this library."""

from colorlib.check.recorded import load

GRADERS = load(__file__)
'''


def write(source: Path, target: Path) -> list[str]:
    """Write the recorded checks of a lesson; return the numbers of the exercises that have one.

    Args:
        source: Its module of checks, with the answers.
        target: Where a module of the same name goes, and the records next to it.
    """
    found = record(source)
    if found:
        atomic_write_text(target, MODULE)
        torch.save(found, target.with_suffix(SUFFIX))
    return list(found)


def record(source: Path) -> Records:
    """Return the kind, the facts and the right results of each check that can be recorded."""
    found = {}
    for number, grader in runpy.run_path(str(source))["GRADERS"].items():
        names = [case.name for case in grader.cases]
        if type(grader) not in CLASSES or len(set(names)) < len(names):
            continue
        facts = {
            field.name: getattr(grader, field.name)
            for field in fields(grader)
            if field.init and field.name not in LEFT_OUT
        }
        with preserve_random_state():
            results = {case.name: _observe(grader, case) for case in grader.cases}
        one = (type(grader), facts, results)
        if all(results.values()) and _can_be_stored(number, one):
            found[number] = one
    return found


def _observe(grader: Grader, case: Any) -> Observation | None:
    """Return the values that a right answer gives, without the network that it built."""
    try:
        return Observation(grader.observe(grader.reference, case).values)
    except Exception:  # a case in which an error is right
        return None


def _can_be_stored(number: str, one: tuple) -> bool:
    """Return whether a record can be read again, which it cannot with a function in it."""
    file = io.BytesIO()
    try:
        torch.save({number: one}, file)
        file.seek(0)
        read(file)
    except (pickle.PickleError, AttributeError, TypeError):
        return False
    return True
