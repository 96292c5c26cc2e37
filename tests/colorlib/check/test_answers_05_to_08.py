"""Answers of students to the exercises of lessons 5 to 8: right ones pass, wrong ones are named."""

import json
from pathlib import Path

import pytest
from answer_tables import ROOT, load_answers

from colorlib import check
from colorlib.check.graders import _UNKNOWN_MISTAKE
from colorlib.check.result import Outcome

HERE = Path(__file__).parent
TABLES = {lesson: HERE / f"answers_lesson{lesson:02d}.toml" for lesson in (5, 6, 7, 8)}
RIGHT, WRONG = (
    {lesson: load_answers(path, kind) for lesson, path in TABLES.items()}
    for kind in ("right", "wrong")
)
EXERCISES = [name for lesson in TABLES for name in check.lesson(lesson)]
NAMED_SHARE = 0.95  # of the wrong answers: at least so many get a cause


def grade(answer):
    """Return the outcome of the check, and its likely cause or ""."""
    result = getattr(check, f"q{answer.exercise.replace('.', '_')}").grader(answer.build())
    cause = dict(result.reasons).get("likely cause", "")
    return result.outcome, "" if cause == _UNKNOWN_MISTAKE else cause


@pytest.mark.parametrize("answer", [a for table in RIGHT.values() for a in table], ids=str)
def test_unusual_right_answer_passes(answer):
    assert grade(answer)[0] is Outcome.PASSED


@pytest.mark.parametrize("exercise", EXERCISES)
def test_wrong_answers_are_refused_with_their_cause(exercise):
    number = exercise[1:].replace("_", ".")
    answers = [answer for answer in WRONG[int(number[0])] if answer.exercise == number]
    assert len(answers) >= 5
    for answer in answers:
        outcome, cause = grade(answer)
        assert outcome in (Outcome.WRONG, Outcome.RAISED), answer
        assert answer.cause in cause, f"{answer}: {cause}"


def test_most_wrong_answers_are_named():
    causes = [answer.cause for answers in WRONG.values() for answer in answers]
    assert sum(map(bool, causes)) / len(causes) >= NAMED_SHARE


def cell(lesson, name):
    """Return the code of a cell of a solution notebook."""
    (path,) = (ROOT / "solutions").glob(f"{lesson:02d}_*.ipynb")
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return next("".join(c["source"]) for c in cells if c.get("id") == name)


@pytest.mark.parametrize("answer", [a for a in RIGHT[8] if a.exercise == "8.4"], ids=str)
def test_cells_after_8_4_run_with_a_float(answer, capsys):
    names = {}
    exec(answer.prelude + cell(8, "e4-broken"), names)
    names["fixed_report"] = answer.build()
    exec(cell(8, "e4-compare"), names)
    assert "best of 25" in capsys.readouterr().out
