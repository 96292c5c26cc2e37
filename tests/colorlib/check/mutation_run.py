"""Runs of the checks on mutants: which are refused, which were judged equal, which survive."""

import contextlib
import io
import tomllib
import warnings
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from mutation import Mutant, mutants
from right_answers import RightAnswer, right_answers

from colorlib import check
from colorlib.check.exercise import preserve_random_state
from colorlib.check.graders import FunctionGrader
from colorlib.check.network_graders import NetworkGrader, TrainingStepGrader
from colorlib.check.time_limit import TimeLimitExceeded, run_with_time_limit

JUDGEMENTS = Path(__file__).with_name("survivors.toml")
SECONDS = 5.0
GUARDED = (FunctionGrader, NetworkGrader, TrainingStepGrader)


@dataclass
class Report:
    """The mutants of one exercise: how many were tried, and the names of those that passed."""

    exercise: str
    tried: int = 0
    survivors: list[str] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return self.tried - len(self.survivors) - len(self.equal)


def run_lesson(lesson: int, sample: int | None = None) -> list[Report]:
    """Check the mutants of every right answer of a lesson.

    Args:
        lesson: Its number.
        sample: How many mutants of each exercise to try, evenly spread; all if None.
    """
    return [run_exercise(answer, sample) for answer in right_answers(lesson)]


def run_exercise(answer: RightAnswer, sample: int | None = None) -> Report:
    """Check the mutants of one right answer."""
    every, report, names = mutants(answer), Report(answer.exercise), answer.namespace()
    step = 1 if sample is None else max(1, len(every) // sample)
    for mutant in every[step // 2 :: step]:
        report.tried += 1
        if not is_refused(answer, mutant, names):
            judged = judgement(answer.exercise, mutant.name)
            (report.equal if judged else report.survivors).append(mutant.name)
    return report


def is_refused(answer: RightAnswer, mutant: Mutant, names: dict) -> bool:
    """Whether the exercise's check refuses a mutant; one that cannot even be defined counts."""
    grader = getattr(check, answer.exercise).grader

    def passes() -> bool:
        try:
            return grader.find_failure(answer.function(mutant.source, names)) is None
        except Exception:  # the cell itself raises, so there is nothing to check
            return False

    with (
        preserve_random_state(),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        try:
            return not run_with_time_limit(passes, SECONDS)
        except TimeLimitExceeded:
            return True


def judgement(exercise: str, name: str) -> str:
    """Return why a mutant that passes is right, or "" if nobody has judged it.

    An entry is the mutant's name, or only its operator, such as "detach", for all of them. The
    entries under "every" are for all exercises whose grader guards the arguments.
    """
    guarded = isinstance(getattr(check, exercise).grader, GUARDED)
    every = judgements()["every"] if guarded else []
    for entry in (*every, *judgements().get(exercise, [])):
        if name in entry["mutants"] or name.split(" | ")[0] in entry["mutants"]:
            return entry["because"]
    return ""


@cache
def judgements() -> dict[str, list[dict]]:
    """Return the judgements of survivors by exercise, for example ``"q1_3"``."""
    return tomllib.loads(JUDGEMENTS.read_text("utf-8"))


def table(reports: list[Report]) -> str:
    """Return a table of all reports, with the names of the survivors."""
    lines = [f"{'exercise':<10}{'tried':>7}{'refused':>9}{'equal':>7}{'survive':>9}"]
    for r in reports:
        counts = f"{r.tried:>7}{r.refused:>9}{len(r.equal):>7}{len(r.survivors):>9}"
        lines.append(f"{r.exercise:<10}{counts}")
    total = Counter()
    for r in reports:
        total.update(tried=r.tried, refused=r.refused, equal=len(r.equal), left=len(r.survivors))
    lines.append(
        f"{'all':<10}{total['tried']:>7}{total['refused']:>9}{total['equal']:>7}{total['left']:>9}"
    )
    lines += [f"{r.exercise}: {name}" for r in reports for name in r.survivors]
    return "\n".join(lines)
