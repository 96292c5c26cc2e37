"""Exercises, results and progress, and every grader on right, wrong and unattempted answers."""

import random
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from colorlib import check
from colorlib.check.exercise import Exercise
from colorlib.check.graders import Case, FunctionGrader, KnownMistake
from colorlib.check.progress import clear
from colorlib.check.result import Outcome, Result, ResultCard, UnexpectedOutcome, display
from colorlib.check.stand_in import StandIn

FOLDER = Path(check.__file__).parent
LESSONS = sorted(int(path.stem[6:]) for path in FOLDER.glob("lesson[0-9][0-9].py"))
EVERY = {name: exercise for n in LESSONS for name, exercise in check.lesson(n).items()}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.delenv("COURSE_EXPECT", raising=False)
    clear()


def double(x):
    return 2 * x


def mine(x):
    return x + x


def stub(*args, **kwargs):
    raise NotImplementedError("your code here")


def raising(*args, **kwargs):
    return args[0].no_such_thing


@pytest.fixture
def exercise():
    cases = [Case("two", (torch.tensor([2.0]),)), Case("three", (torch.tensor([3.0]),))]
    mistakes = [
        KnownMistake("this squares.", lambda x: x * x),
        KnownMistake("this adds one.", lambda x: x + 1),
    ]
    grader = FunctionGrader(double, cases, mistakes, tolerance=1e-6)
    return Exercise("99.1", "Double it", ("Think of twice.", "return 2 * x"), grader)


# exercises ----------------------------------------------------------------------------------------
def test_exercise_right_answer_is_returned(exercise, capsys):
    assert exercise(mine) is mine
    assert capsys.readouterr().out == "✓ Exercise 99.1 · Double it: passed\n"


def test_exercise_stub_returns_stand_in(exercise, capsys):
    for stand_in in (exercise(stub), exercise(...), exercise()):
        assert isinstance(stand_in, StandIn) and stand_in(3) == 6
    assert capsys.readouterr().out.count("○ Exercise 99.1 · Double it: not attempted yet") == 3


def test_exercise_known_mistake_shows_its_message(exercise, capsys):
    assert isinstance(exercise(lambda x: x**2), StandIn)
    assert capsys.readouterr().out.splitlines()[:5] == [
        "✗ Exercise 99.1 · Double it: wrong",
        "  for           three",
        "  got           9",
        "  expected      6",
        "  likely cause  this squares.",
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: x - 1, "the check does not know this mistake"),
        (lambda x: x + 1 if x < 2.5 else x * 7, "this adds one."),  # only in the failed case
        (lambda x: None, "does it end with a return?"),
        (lambda x: x.numpy() * 2, "got           something of type ndarray"),
        (lambda x: (2 * x)[None], r"got           a tensor of shape (1, 1)"),
        (lambda x: (2 * x)[None], "the shape is different: print it"),
        (lambda x: x * float("nan"), "got           nan"),
        (lambda x: x.mul_(2), "writes into the caller's tensor"),
        (torch.tensor([6.0]), "the function itself"),
    ],
)
def test_exercise_wrong_answer_is_explained(exercise, capsys, answer, words):
    exercise(answer)
    out = capsys.readouterr().out
    assert "wrong" in out and words in out


def test_exercise_error_shows_the_learners_line(exercise, capsys):
    assert isinstance(exercise(raising), StandIn)
    out = capsys.readouterr().out
    assert "! Exercise 99.1 · Double it: raised" in out
    assert "AttributeError: 'Tensor' object has no attribute 'no_such_thing'" in out
    assert re.search(r"in the line\s+return args\[0\]\.no_such_thing", out)


def test_exercise_preserves_random_states(exercise):
    def noisy(x):
        torch.rand(1), np.random.rand(), random.random()
        return 2 * x

    def seed():
        torch.manual_seed(0), np.random.seed(0), random.seed(0)

    def draw():
        return torch.rand(1).item(), np.random.rand(), random.random()

    seed()
    expected = draw()
    seed()
    exercise(noisy)
    assert draw() == expected


def test_hints_come_in_order_and_the_last_repeats(exercise, capsys):
    for level in (None, None, None, 1):
        exercise.hint(level)
    lines = [line[:11] for line in capsys.readouterr().out.splitlines()]
    assert lines == [f"Hint {n} of 2" for n in (1, 2, 2, 1)]
    with pytest.raises(ValueError, match="has hints 1 to 2; got 3"):
        exercise.hint(3)


@pytest.mark.parametrize("answer", [stub, mine, raising, lambda x: x])
@pytest.mark.parametrize(("tree", "right"), [("lesson", stub), ("solution", mine)])
def test_course_expect_rejects_other_outcomes(exercise, monkeypatch, tree, right, answer):
    monkeypatch.setenv("COURSE_EXPECT", tree)
    if answer is right:
        exercise(answer)
    else:
        with pytest.raises(UnexpectedOutcome, match=f"exercise 99.1 in a {tree} is"):
            exercise(answer)


def test_course_expect_unknown_word_raises(exercise, monkeypatch):
    monkeypatch.setenv("COURSE_EXPECT", "anything")
    with pytest.raises(ValueError, match="expected 'lesson' or 'solution'"):
        exercise(mine)


def test_progress_counts_tries_and_keeps_last_outcome(exercise, capsys):
    check.progress()
    assert "No lesson has been opened" in capsys.readouterr().out
    exercise(stub), exercise(raising), exercise(mine)
    capsys.readouterr()
    check.progress()
    out = capsys.readouterr().out
    assert out.startswith("Passed: 1 of 1.")
    assert re.search(r"99\.1 +Double it +✓ passed +tries: 2", out)


def test_card_folds_hints_and_escapes_html(exercise, monkeypatch):
    shown = []
    monkeypatch.setattr("colorlib.check.exercise.display", shown.append)

    def bad(x):
        raise RuntimeError("<script>")

    exercise(bad)
    html = shown[0]._repr_html_()
    assert html.count("<details><summary>Hint") == 2
    assert "<script>" not in html and "&lt;script&gt;" in html
    exercise(mine)
    assert "<details>" not in shown[1]._repr_html_()


def test_card_shows_code_as_code():
    result = Result(Outcome.WRONG, (("likely cause", "use `a < b`, not <b>"),))
    html = ResultCard("0.1", "", result, ("call `f(x)`",))._repr_html_()
    assert "use <code>a &lt; b</code>, not &lt;b&gt;" in html
    assert "<code>f(x)</code>" in html


@pytest.mark.parametrize("number", [1 + 0j, np.complex64(1), torch.tensor(1 + 0j)])
def test_complex_number_is_wrong_even_if_its_real_part_is_right(number):
    result = FunctionGrader(lambda: torch.tensor(1.0), [Case("one", ())])(lambda: number)
    assert result.outcome is Outcome.WRONG
    assert dict(result.reasons)["got"] == "complex numbers"


def test_answer_that_ends_the_program_is_reported():
    result = FunctionGrader(lambda: torch.tensor(1.0), [Case("one", ())])(lambda: sys.exit("bye"))
    assert result.outcome is Outcome.RAISED
    assert "SystemExit" in dict(result.reasons)["error"]


def test_display_uses_html_only_in_a_notebook(monkeypatch, capsys):
    class Shell:
        kernel = object()

    import IPython
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", shown.append)
    for shell, printed, displayed in ((lambda: None, "card\n", []), (Shell, "", ["card"])):
        monkeypatch.setattr(IPython, "get_ipython", shell)
        display("card")
        assert (capsys.readouterr().out, shown) == (printed, displayed)


def test_check_imports_torch_only_for_an_exercise():
    code = (
        "import sys; from colorlib import check; assert 'torch' not in sys.modules; "
        "check.q1_1; import torch"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exercise_3", "exercises are named like q1_3"),
        ("q1_99", "this lesson has q1_1, q1_2"),
        ("q77_1", "lesson 77 has no exercises"),
    ],
)
def test_unknown_exercise_name_raises(name, words):
    with pytest.raises(AttributeError, match=words):
        getattr(check, name)


# every exercise of every lesson -------------------------------------------------------------------
@pytest.mark.parametrize("name", EVERY)
class TestEveryExercise:
    def test_grader_outcomes(self, name):
        grader = EVERY[name].grader
        assert grader(grader.reference).outcome is Outcome.PASSED
        assert grader(stub).outcome is Outcome.NOT_ATTEMPTED
        assert grader(raising).outcome is Outcome.RAISED

    def test_every_known_mistake_is_recognized(self, name):
        mistakes = EVERY[name].grader.mistakes
        assert len(mistakes) >= 3
        for mistake in mistakes:
            result = EVERY[name].grader(mistake.implementation)
            assert result.outcome is Outcome.WRONG, f"this is right: {mistake.message}"
            assert dict(result.reasons)["likely cause"] == mistake.message

    def test_number_and_hints(self, name):
        assert len(EVERY[name].hints) >= 2
        assert name == "q" + EVERY[name].number.replace(".", "_")
