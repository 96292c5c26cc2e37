"""Checks of an exam: the right results are recorded, and the function that gives them is not here.

``python -m course build --answers private --exam LESSON`` writes them, next to a module of the
lesson that calls :func:`load`. They compare as the check of the lesson does, and name no cause.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import torch
from torch import nn

from colorlib.check.cases import Case, Observation, Recording
from colorlib.check.graders import FunctionGrader
from colorlib.check.network_graders import NetworkGrader, SizesGrader, TrainingStepGrader
from colorlib.discriminators import PatchDiscriminator
from colorlib.losses import GeneratorLosses

SUFFIX = ".pt"
#: What a file of records may hold besides numbers and tensors: checks, cases, and their arguments.
CLASSES = [FunctionGrader, NetworkGrader, SizesGrader, TrainingStepGrader, Case, Observation]
CLASSES += [nn.Sequential, nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU, nn.Sigmoid]
CLASSES += [PatchDiscriminator, GeneratorLosses]

Records = dict[str, tuple[type, dict[str, Any], dict[str, Observation]]]


def load(module: str) -> dict[str, Any]:
    """Return the graders of a lesson: number of the exercise -> grader, without known mistakes.

    Args:
        module: The file of the lesson's checks; the records are next to it.
    """
    return {
        number: kind(reference=Recording(observations), **facts)
        for number, (kind, facts, observations) in read(Path(module).with_suffix(SUFFIX)).items()
    }


def read(file: Path | IO[bytes]) -> Records:
    """Return the records of a file: of each exercise, kind of grader, its facts, right results.

    Raises:
        pickle.UnpicklingError: If it holds anything but numbers, tensors and a few known classes.
    """
    with torch.serialization.safe_globals(CLASSES):
        return torch.load(file, weights_only=True)
