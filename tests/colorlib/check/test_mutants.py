"""Mutants of every right answer: each that changes the behaviour is refused by its check.

The normal run tries a sample of each exercise. MUTANTS=all tries every one and finds judgements
that are no longer needed; -s prints the table.
"""

import os

import pytest
from answer_tables import LESSONS
from mutation_run import judgements, run_lesson, table
from right_answers import right_answers

from colorlib import check

ALL = os.environ.get("MUTANTS") == "all"
SAMPLE = 4


@pytest.mark.parametrize("lesson", LESSONS)
def test_mutants_of_right_answers_are_refused(lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reports = run_lesson(lesson, None if ALL else SAMPLE)
    print(f"\n{table(reports)}")
    assert not [name for report in reports for name in report.survivors], table(reports)
    if ALL:
        for report in reports:
            entries = judgements().get(report.exercise, [])
            judged = [name for entry in entries for name in entry["mutants"]]
            operators = {name.split(" | ")[0] for name in report.equal}
            stale = [name for name in judged if name not in {*report.equal, *operators}]
            assert not stale, f"{report.exercise}: these judgements are not needed: {stale}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_right_answers_of_every_lesson_pass(lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answers = right_answers(lesson)
    assert [answer.exercise for answer in answers] == list(check.lesson(lesson))
    for answer in answers:
        grader = getattr(check, answer.exercise).grader
        assert grader(answer.function()).outcome.word == "passed", answer.exercise
