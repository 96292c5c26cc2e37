"""Recorded checks: they pass and refuse the same answers, and hold no answer of ours."""

import runpy

import pytest

from colorlib import check
from colorlib.check.exercise import Exercise
from colorlib.check.graders import Case, FunctionGrader, SideEffectGrader
from colorlib.check.recorded import read
from colorlib.check.result import Outcome
from course.tool import exam_checks
from course.tool.course_config import ROOT
from tests.colorlib.check.answer_tables import LESSONS, load_answers
from tests.colorlib.check.right_answers import right_answers

CHECKS = ROOT / "colorlib/check"
EXERCISES = sum(len(check.lesson(lesson)) for lesson in LESSONS)
SHARE = 2 / 3  # of the exercises: at least so many have a check in an exam
_recorded = []


@pytest.mark.parametrize("lesson", LESSONS)
def test_recorded_checks_pass_and_refuse_what_the_checks_do(tmp_path, lesson):
    name = f"lesson{lesson:02d}.py"
    numbers = exam_checks.write(CHECKS / name, tmp_path / name)
    graders = runpy.run_path(str(tmp_path / name))["GRADERS"]
    assert numbers == list(graders) and numbers
    for right in right_answers(lesson):
        if grader := graders.get(right.exercise[1:].replace("_", ".")):
            assert grader(right.function()).outcome is Outcome.PASSED, right.exercise
    answers = ROOT / f"tests/colorlib/check/answers_lesson{lesson:02d}.toml"
    for answer in load_answers(answers, "wrong")[::3]:
        if grader := graders.get(answer.exercise):
            result = grader(answer.build())
            assert result.outcome in (Outcome.WRONG, Outcome.RAISED), answer
    data = (tmp_path / name).with_suffix(exam_checks.SUFFIX).read_bytes()
    assert b"colorlib.check.lesson" not in data
    mistakes = [m for one in check.lesson(lesson).values() for m in one.grader.mistakes]
    assert not [m.message for m in mistakes if m.message.encode() in data]
    _recorded.extend(numbers)
    if lesson == LESSONS[-1] and len(_recorded) > len(numbers):  # all lessons were asked for
        assert len(_recorded) >= SHARE * EXERCISES


def double(x):
    return 2 * x


GRADERS = {
    "9.1": FunctionGrader(double, [Case("two", (2,))]),
    "9.2": FunctionGrader(double, [Case("same", (2,)), Case("same", (3,))]),
    "9.3": FunctionGrader(double, [Case("none", (None,))]),
    "9.4": FunctionGrader(double, [Case("a function", (lambda: 1,))]),
    "9.5": SideEffectGrader(double, [Case("run")], run=lambda f: {"x": f(1)}),
}


def test_only_checks_that_need_no_code_are_recorded(monkeypatch, tmp_path):
    monkeypatch.setattr(runpy, "run_path", lambda path: {"GRADERS": GRADERS})
    assert list(exam_checks.record(tmp_path)) == ["9.1"]


def test_exercise_of_an_exam_says_right_or_wrong_and_nothing_stands_in(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(runpy, "run_path", lambda path: {"GRADERS": GRADERS})
    exam_checks.write(tmp_path / "x.py", tmp_path / "lesson09.py")
    monkeypatch.undo()
    grader = runpy.run_path(str(tmp_path / "lesson09.py"))["GRADERS"]["9.1"]
    exercise = Exercise("9.1", "Double it", (), grader)

    def square(x):
        return x * x + 1

    assert exercise(square) is square
    shown = capsys.readouterr().out
    assert "wrong" in shown and "expected      4" in shown and "exam names none" in shown
    assert "library" not in shown and "hint" not in shown
    assert exercise(lambda x: x + x)(5) == 10 and "passed" in capsys.readouterr().out
    exercise.hint()
    assert "has no hints in an exam" in capsys.readouterr().out
    with pytest.raises(LookupError, match="no answer to the exercise"):
        exercise.grader.reference(1)
    assert read(tmp_path / "lesson09.pt")["9.1"][0] is FunctionGrader
