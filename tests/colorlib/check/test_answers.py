"""Answers of students: right ones pass, and wrong ones are refused with their cause."""

from pathlib import Path

import nbformat
import pytest
from answer_tables import LESSONS, ROOT, load_answers, solution_cell

from colorlib import check
from colorlib.check.graders import _UNKNOWN_MISTAKE
from colorlib.check.result import Outcome
from course.tool.lints.completeness import WRONG_ANSWERS
from course.tool.lints.exercises import TITLE

HERE = Path(__file__).parent
RIGHT, WRONG = (
    [
        answer
        for lesson in LESSONS
        for answer in load_answers(HERE / f"answers_lesson{lesson:02d}.toml", kind)
    ]
    for kind in ("right", "wrong")
)
EXERCISES = [name for lesson in LESSONS for name in check.lesson(lesson)]
NAMED_SHARE = 0.95  # of the wrong answers: at least so many get a cause


@pytest.mark.parametrize("lesson", LESSONS)
def test_titles_of_exercises_are_the_headings_of_the_lesson(lesson):
    (path,) = (ROOT / "solutions").glob(f"{lesson:02d}_*.ipynb")
    text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
    headings = {f"{first}.{second}": title for first, second, title in TITLE.findall(text)}
    assert headings == {one.number: one.title for one in check.lesson(lesson).values()}


def grade(answer):
    """Return the outcome of the check, and its likely cause or ""."""
    result = getattr(check, f"q{answer.exercise.replace('.', '_')}").grader(answer.build())
    cause = dict(result.reasons).get("likely cause", "")
    return result.outcome, "" if cause == _UNKNOWN_MISTAKE else cause


@pytest.mark.parametrize("answer", RIGHT, ids=str)
def test_unusual_right_answer_passes(answer):
    assert grade(answer)[0] is Outcome.PASSED


@pytest.mark.parametrize("exercise", EXERCISES)
def test_wrong_answers_are_refused_with_their_cause(exercise):
    answers = [answer for answer in WRONG if answer.exercise == exercise[1:].replace("_", ".")]
    assert len(answers) >= WRONG_ANSWERS
    for answer in answers:
        outcome, cause = grade(answer)
        assert outcome in (Outcome.WRONG, Outcome.RAISED), answer
        assert answer.cause in cause, f"{answer}: {cause}"


@pytest.mark.parametrize("lessons", ["01234", "56789"])
def test_most_wrong_answers_are_named(lessons):
    causes = [answer.cause for answer in WRONG if answer.exercise[0] in lessons]
    assert sum(map(bool, causes)) / len(causes) >= NAMED_SHARE


@pytest.mark.parametrize("answer", [a for a in RIGHT if a.exercise == "8.4"], ids=str)
def test_cells_after_8_4_run_with_a_float(answer, capsys):
    names = {}
    exec(answer.prelude + solution_cell(8, "e4-broken"), names)
    names["fixed_report"] = answer.build()
    exec(solution_cell(8, "e4-compare"), names)
    assert "best of 25" in capsys.readouterr().out
