"""The check engine, and every check of every lesson on right, wrong, unattempted and raising answers."""

import random
import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from colorlib import check
from colorlib.check import session, verdict
from colorlib.check.exercise import Exercise, UnexpectedOutcome
from colorlib.check.judges import Case, Function, Mistake
from colorlib.check.verdict import Outcome

LESSONS = [0, 1, 2, 3, 4, 5, 6, 7, 8]
EVERY = [(name, exercise) for number in LESSONS for name, exercise in check.lesson(number).items()]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.delenv("COURSE_EXPECT", raising=False)
    session.forget()


def double(x):
    return 2 * x


@pytest.fixture
def exercise():
    judge = Function(
        double,
        [Case("three", (torch.tensor([3.0]),))],
        [Mistake("this squares.", lambda x: x * x)],
        tolerance=1e-6,
    )
    return Exercise("9.1", "Double it", judge, ("Think of twice.", "return 2 * x"))


def stub(x):
    raise NotImplementedError("your code here")


def raising(x):
    return x.no_such_thing


# the engine ------------------------------------------------------------------------------------------------
def test_a_right_answer_passes_and_is_given_back(exercise, capsys):
    def mine(x):
        return x + x

    assert exercise(mine) is mine
    assert capsys.readouterr().out == "✓ Exercise 9.1 · Double it: passed\n"


def test_a_stub_is_not_attempted_and_the_library_stands_in(exercise, capsys):
    assert exercise(stub) is double
    assert exercise(...) is double
    assert exercise() is double
    assert capsys.readouterr().out.count("○ Exercise 9.1 · Double it: not attempted yet") == 3


def test_a_known_mistake_is_called_by_name(exercise, capsys):
    assert exercise(lambda x: x**2) is double
    out = capsys.readouterr().out
    assert "✗ Exercise 9.1 · Double it: wrong" in out
    for line in (
        "for           three",
        "got           9",
        "expected      6",
        "likely cause  this squares.",
    ):
        assert line in out


def test_an_unknown_mistake_says_so(exercise, capsys):
    exercise(lambda x: x - 1)
    assert "not one of the mistakes that this check knows" in capsys.readouterr().out


def test_a_mistake_that_shows_on_the_failed_case_alone_is_still_named(capsys):
    cases = [Case("two", (torch.tensor([2.0]),)), Case("three", (torch.tensor([3.0]),))]
    mistakes = [Mistake("this adds one.", lambda x: x + 1)]

    def mixed(x):
        return x + 1 if x < 2.5 else x * 7

    Exercise("9.1", "Double it", Function(double, cases, mistakes), ("a", "b"))(mixed)
    assert "this adds one." in capsys.readouterr().out


def test_an_error_is_shown_with_the_line_of_the_learner(exercise, capsys):
    assert exercise(raising) is double
    out = capsys.readouterr().out
    assert "! Exercise 9.1 · Double it: raised" in out
    assert "AttributeError: 'Tensor' object has no attribute 'no_such_thing'" in out
    assert re.search(r"in the line\s+return x\.no_such_thing", out)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, "does it end with a return?"),
        (lambda x: x.numpy() * 2, "got           something of type ndarray"),
        (lambda x: (2 * x)[None], r"got           a tensor of shape (1, 1)"),
        (lambda x: (2 * x)[None], "the shape is another: print it"),
        (lambda x: x * float("nan"), "got           nan"),
        (lambda x: x.mul_(2), "writes into the caller's tensor"),
        (torch.tensor([6.0]), "the function itself"),
    ],
)
def test_other_wrong_answers_are_explained(exercise, capsys, answer, words):
    exercise(answer)
    out = capsys.readouterr().out
    assert "wrong" in out and words in out


def test_random_states_are_left_alone(exercise):
    def noisy(x):
        torch.rand(1), np.random.rand(), random.random()
        return 2 * x

    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    expected = torch.rand(1).item(), np.random.rand(), random.random()
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    exercise(noisy)
    assert (torch.rand(1).item(), np.random.rand(), random.random()) == expected


def test_hints_come_one_after_the_other_and_the_last_stays(exercise, capsys):
    for _ in range(3):
        exercise.hint()
    exercise.hint(1)
    assert [line[:11] for line in capsys.readouterr().out.splitlines()] == [
        f"Hint {n} of 2" for n in (1, 2, 2, 1)
    ]
    with pytest.raises(ValueError, match="has hints 1 to 2; got 3"):
        exercise.hint(3)


@pytest.mark.parametrize(
    ("tree", "answer", "fine"),
    [
        ("lesson", stub, True),
        ("lesson", double, False),
        ("lesson", raising, False),
        ("lesson", lambda x: x, False),
        ("solution", double, True),
        ("solution", stub, False),
        ("solution", lambda x: x, False),
        ("solution", raising, False),
    ],
)
def test_course_expect(exercise, monkeypatch, tree, answer, fine):
    monkeypatch.setenv("COURSE_EXPECT", tree)
    if fine:
        exercise(answer)
    else:
        with pytest.raises(UnexpectedOutcome, match=f"exercise 9.1 in a {tree} is"):
            exercise(answer)


def test_course_expect_refuses_other_words(exercise, monkeypatch):
    monkeypatch.setenv("COURSE_EXPECT", "anything")
    with pytest.raises(ValueError, match="expected 'lesson' or 'solution'"):
        exercise(double)


def test_progress_counts_tries_and_keeps_the_last_outcome(exercise, capsys):
    check.progress()
    assert "No exercise has been checked" in capsys.readouterr().out
    exercise(stub), exercise(raising), exercise(double)
    capsys.readouterr()
    check.progress()
    out = capsys.readouterr().out
    assert "1 of the 1 exercises checked in this session passed." in out
    assert re.search(r"9\.1 +Double it +✓ passed +tries: 2", out)


def test_cards_show_hints_folded_and_escape_what_the_learner_wrote(exercise, monkeypatch):
    shown = []
    monkeypatch.setattr("colorlib.check.exercise.present", shown.append)

    def bad(x):
        raise RuntimeError("<script>")

    exercise(bad)
    html = shown[0]._repr_html_()
    assert html.count("<details><summary>Hint") == 2
    assert "<script>" not in html and "&lt;script&gt;" in html
    exercise(double)
    assert "<details>" not in shown[1]._repr_html_()


def test_in_a_notebook_the_card_is_displayed_and_elsewhere_printed(monkeypatch, capsys):
    class Shell:
        kernel = object()

    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    verdict.present("plain")
    assert (capsys.readouterr().out, shown) == ("plain\n", [])
    monkeypatch.setattr(IPython, "get_ipython", Shell)
    verdict.present("rich")
    assert (capsys.readouterr().out, shown) == ("", ["rich"])


def test_importing_check_does_not_touch_torch_until_an_exercise_is_named():
    code = "import sys; from colorlib import check; assert 'torch' not in sys.modules; check.q1_1; import torch"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exercise_3", "exercises are named like q1_3"),
        ("q1_99", "this lesson has q1_1, q1_2"),
        ("q77_1", "lesson 77 has no exercises"),
    ],
)
def test_names_that_do_not_exist_are_explained(name, words):
    with pytest.raises(AttributeError, match=words):
        getattr(check, name)


# every check of every lesson -------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "exercise"), EVERY, ids=[name for name, _ in EVERY])
class TestEveryCheck:
    def test_the_reference_passes(self, name, exercise):
        assert exercise.judge(exercise.judge.reference).outcome is Outcome.PASSED

    def test_a_stub_is_not_attempted(self, name, exercise):
        def stub(*args):
            raise NotImplementedError("your code here")

        assert exercise.judge(stub).outcome is Outcome.NOT_ATTEMPTED

    def test_an_error_is_raised(self, name, exercise):
        def broken(*args):
            return args[0].no_such_thing

        assert exercise.judge(broken).outcome is Outcome.RAISED

    def test_every_known_mistake_is_called_by_its_own_name(self, name, exercise):
        assert len(exercise.judge.mistakes) >= 3
        for mistake in exercise.judge.mistakes:
            result = exercise.judge(mistake.answer)
            assert result.outcome is Outcome.WRONG
            assert dict(result.reasons)["likely cause"] == mistake.says

    def test_it_has_hints_in_levels_and_a_number_that_fits_its_name(self, name, exercise):
        assert len(exercise.hints) >= 2
        assert name == "q" + exercise.number.replace(".", "_")
