"""Stand-ins: no check of any exercise passes the library's own function, in whatever form."""

import copy
import functools
import inspect
import types

import pytest
from answer_tables import LESSONS

from colorlib import check, cie, color
from colorlib.check import exercise as exercise_module
from colorlib.check.progress import clear, open_lesson
from colorlib.check.stand_in import StandIn

EVERY = {name: exercise for n in LESSONS for name, exercise in check.lesson(n).items()}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.delenv("COURSE_EXPECT", raising=False)
    clear()


class Borrower:
    """An object that calls what it was given."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


def as_method(function):
    return types.SimpleNamespace(method=function).method


def as_class_attribute(function):
    return type("Mine", (), {"answer": staticmethod(function)}).answer


def as_call(function):
    return type("Mine", (), {"__call__": function})()


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


FORMS = {
    "itself": lambda f: f,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "list": lambda f: [f],
    "tuple in dict": lambda f: {"answer": (f,)},
    "deepcopy of a list": lambda f: copy.deepcopy([f]),
    "partial": functools.partial,
    "partial of a partial": lambda f: functools.partial(functools.partial(f)),
    "lambda": lambda f: lambda *args, **kwargs: f(*args, **kwargs),
    "wraps": wrapped,
    "cached": functools.cache,
    "instance": Borrower,
    "copied instance": lambda f: copy.deepcopy(Borrower(f)),
    "attribute": as_method,
    "class attribute": as_class_attribute,
    "__call__ of a class": as_call,
    "its __call__": lambda f: f.__call__,
    "what it wraps": lambda f: f.__wrapped__,
    "its reference": lambda f: f.reference,
}


def assert_not_counted(exercise, answer, capsys):
    returned = exercise(answer)
    out = capsys.readouterr().out
    assert "not checked" in out and "this is the library's own function" in out, out
    assert isinstance(returned, StandIn)
    check.progress()
    assert capsys.readouterr().out.startswith("Passed: 0 of ")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["q0_1", "q2_3", "q4_5"])
def test_stand_in_never_passes_in_any_form(name, form, capsys):
    exercise = EVERY[name]
    stand_in = exercise()
    capsys.readouterr()
    assert_not_counted(exercise, FORMS[form](stand_in), capsys)


@pytest.mark.parametrize("name", EVERY)
def test_second_check_of_every_exercise_is_not_green(name, capsys):
    exercise = EVERY[name]
    for answer in (..., lambda *args: args[0].no_such_thing, lambda *args, **kwargs: None):
        stand_in = exercise(answer)
        capsys.readouterr()
        assert_not_counted(exercise, stand_in, capsys)
        assert_not_counted(exercise, FORMS["lambda"](stand_in), capsys)
        assert repr(stand_in).startswith("<the library's own function, which stands in for")
        inspect.signature(stand_in)


@pytest.mark.parametrize("name", EVERY)
def test_reference_of_every_exercise_is_not_an_answer(name, capsys):
    assert_not_counted(EVERY[name], EVERY[name].grader.reference, capsys)


def test_stand_in_of_another_exercise_is_not_an_answer(capsys):
    train_step = check.q4_5()
    capsys.readouterr()
    assert_not_counted(check.q4_6, train_step, capsys)
    assert_not_counted(check.q4_6, lambda *args: train_step(*args), capsys)


def test_answer_may_call_stand_ins_of_earlier_exercises(capsys):
    linearise, mix = check.q1_1(), check.q1_2()

    def rgb_to_lab(rgb):
        return cie.xyz_to_lab(mix(linearise(rgb)))

    assert check.q1_3(rgb_to_lab) is rgb_to_lab


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("q1_2", cie.linear_to_xyz),
        ("q1_3", color.rgb_to_lab),
        ("q1_5", color.LabScaler().normalize),
    ],
)
def test_imported_library_function_is_not_an_answer(name, answer, capsys):
    assert_not_counted(EVERY[name], answer, capsys)


def test_progress_lists_exercises_whose_check_was_deleted(capsys):
    open_lesson(3)
    check.progress()
    out = capsys.readouterr().out
    assert out.startswith("Passed: 0 of 5.") and out.count("not attempted yet") == 5
    check.q3_3(lambda L, ab: None)
    capsys.readouterr()
    check.progress()
    out = capsys.readouterr().out
    assert out.startswith("Passed: 0 of 5.") and out.count("not attempted yet") == 4


def test_endless_loop_ends_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(exercise_module, "_TIME_LIMIT", 0.3)

    def endless(lab, strength):
        while strength >= 0:
            strength += 1

    assert isinstance(check.q0_1(endless), StandIn)
    out = capsys.readouterr().out
    assert "was stopped" in out and "a loop that never ends" in out
    assert "strength" in out.split("in the line")[1]


def test_check_before_its_cell_was_run_ends_in_a_sentence(capsys):
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell.instance()
    try:
        shell.events.register("pre_run_cell", check._define_missing_answers)
        result = shell.run_cell("from colorlib import check\nknob = check.q0_1(knob)")
        assert result.success and isinstance(shell.user_ns["knob"], StandIn)
        assert "`knob` does not exist yet: run the cell" in capsys.readouterr().out
    finally:
        shell.clear_instance()
