"""The exercises of lesson NUMBER, WRITE: its subject."""

from __future__ import annotations

import torch
from torch import Tensor

from colorlib.check.graders import Case, FunctionGrader, KnownMistake

_generator = torch.Generator().manual_seed(0)
_IMAGES = torch.rand(2, 3, 4, 5, generator=_generator)


def _reference(x: Tensor) -> Tensor:
    """WRITE: return the right answer; one such function for each exercise."""
    return x


_CASES = [Case("two images", (_IMAGES,))]
_MISTAKES = [
    KnownMistake("WRITE: what the student did, and what to do instead.", lambda x: -x),
]
_GRADER = FunctionGrader(_reference, _CASES, _MISTAKES)

#: Each exercise by its number.
GRADERS = {"NUMBER.1": _GRADER, "NUMBER.2": _GRADER, "NUMBER.3": _GRADER, "NUMBER.4": _GRADER}
