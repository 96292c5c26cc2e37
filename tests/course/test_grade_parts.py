"""Parts of grading by themselves: names, taking answers, likeness, hints."""

from __future__ import annotations

import dataclasses
import doctest
import importlib

import pytest

from colorlib import check
from colorlib.check.stand_in import StandIn
from course.tool import course_config, notebooks
from course.tool.cli import CourseError
from course.tool.course_config import ROOT
from course.tool.grade.answer_key import load_answer_key
from course.tool.grade.extraction import extract, identify_lesson
from course.tool.grade.likeness import equals_ours, find_like_pairs
from course.tool.grade.names import changed_names, defined_names, needed_names
from course.tool.grade.notebook_file import UnreadableNotebook, parse_notebook
from course.tool.grade.rows import GradeRow
from course.tool.grade.student_process import StudentProcess
from tests.course import class_of_sixty
from tests.course import hostile_submissions as hostile
from tests.course import submission_maker as maker

COURSE = course_config.load(ROOT)
KEYS = [load_answer_key(ROOT, lesson) for lesson in COURSE.lessons]
KEY = KEYS[3]


def extracted(answers=maker.RIGHT, edit=None):
    return extract(parse_notebook(maker.to_bytes(maker.notebook(answers, edit))), KEY)


@pytest.mark.parametrize("module", ["names", "rows", "likeness", "seal", "extraction"])
def test_examples_in_docstrings(module):
    assert doctest.testmod(importlib.import_module(f"course.tool.grade.{module}")).failed == 0


@pytest.mark.parametrize(
    ("source", "defined", "needed"),
    [
        ("x = y", ["x"], {"y"}),
        ("y = 1\nx = y", ["y", "x"], set()),
        ("def f(a, b=c):\n    d = e\n    return a + d", ["f"], {"c", "e"}),
        ("class A(B):\n    x = y\n    def f(self): return g", ["A"], {"B", "y", "g"}),
        ("import a.b, c as d\nfrom e import f", ["a", "d", "f"], set()),
        ("z = [x for x in xs if x > t]", ["z"], {"xs", "t"}),
        ("with open(p) as f:\n    f.read()", ["f"], {"p"}),
        ("%%time\ndef f(): return g()", ["f"], {"g"}),
        ("%%bash\nrm -r x", [], set()),
        ("not python (", [], set()),
    ],
)
def test_names_of_a_cell(source, defined, needed):
    assert (sorted(defined_names(source)), needed_names(source)) == (sorted(defined), needed)


def test_changed_values_count_as_changed_names():
    assert changed_names("x.y = 1\nz[0] = 2\nlist.append(3)\nprint(w)") >= {"x", "z", "list"}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.lesson.name)
@pytest.mark.parametrize("tree", ["lessons", "solutions"])
def test_every_lesson_is_recognised_without_its_metadata(key, tree):
    book = parse_notebook((ROOT / tree / f"{key.lesson.name}.ipynb").read_bytes())
    assert identify_lesson(dataclasses.replace(book, source_hash=""), KEYS) is key


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.lesson.name)
def test_answers_need_no_training_of_the_lesson(key):
    book = parse_notebook((ROOT / f"solutions/{key.lesson.name}.ipynb").read_bytes())
    steps = extract(book, key).steps
    assert [step.exercise for step in steps if step.names] == list(key.exercises)
    ours = [step.source for step in steps if step.role == "lesson"]
    assert not any(".fit(" in source or "train(" in source for source in ours)


def test_another_notebook_is_not_a_lesson():
    cells = [{"cell_type": "code", "id": "e1-stub", "metadata": {}, "source": "print(1)"}]
    data = maker.to_bytes({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    with pytest.raises(UnreadableNotebook, match="No lesson of this course"):
        identify_lesson(parse_notebook(data), KEYS)


def test_name_that_a_student_defines_again_is_still_the_lessons():
    nb = notebooks.read(ROOT / "solutions/05_training_on_colab_t4.ipynb")
    answer = next(cell for cell in nb.cells if cell.id == "e1-stub")
    answer.source = f"gan = None\n\n{answer.source}"
    steps = extract(parse_notebook(maker.to_bytes(nb)), KEYS[5]).steps
    roles = [step.role for step in steps if "gan" in defined_names(step.source)]
    assert roles == ["lesson", "student"]  # 5.6 needs it where the cell of 5.1 is left out


FORMS = (
    "check cells",
    "only answers",
    "Colab",
    "VS Code",
    "no ids",
    "a wrong",
    "format 3",
    "UTF-16",
)


@pytest.mark.parametrize("form", FORMS)
def test_answers_are_found_in_every_form_of_a_notebook(form):
    kinds = [*maker.honest_kinds(), *hostile.broken_kinds()]
    (kind,) = [kind for kind in kinds if kind.name.startswith(form)]
    found = extract(parse_notebook(kind.data), KEY)
    plain = extracted()
    if form == "UTF-16":  # it has a comment of its own
        found.answers["3.3"] = found.answers["3.3"].partition("\n")[2]
    assert found.answers == plain.answers
    roles = [[(step.role, step.names) for step in one.steps] for one in (found, plain)]
    assert roles[0] == roles[1]


@pytest.mark.parametrize("number", [0, 6])
def test_class_of_sixty_can_be_made(number, tmp_path):
    of = class_of_sixty.material(COURSE.lessons[number])
    kinds = class_of_sixty.class_of(of, tmp_path / "canary.txt", 1)
    assert len({kind.folder for kind in kinds}) == len(kinds) >= 60
    assert sum(kind.hostile for kind in kinds) >= 20
    assert set(of.exercises) == {one.number for one in check.lesson(number).values()}


def test_scratch_cells_are_not_run():
    def scratch(nb):
        maker.insert(nb, "e2-check", "print(receptive_field)\nwhile True: pass")

    assert not any("while True" in step.source for step in extracted(edit=scratch).steps)


def test_renamed_answer_is_taken_to_its_check():
    renamed = maker.replaced("3.3", maker.RIGHT["3.3"].replace("def pairs", "def my_pairs"))
    steps = extracted(renamed).steps
    assert any("def my_pairs" in step.source for step in steps)
    assert [step.role for step in steps if step.exercise == "3.3" and step.names] == ["check"]


def test_hints_that_were_asked_for_are_counted():
    def asks(nb):
        maker.insert(nb, "e1-figure", "check.q3_1.hint()\ncheck.q3_1.hint()", "one")
        maker.insert(nb, "e3-stub", "check.q3_2.hint(2)", "two")

    assert extracted(edit=asks).hints == {"3.1": 2, "3.2": 2}


@pytest.mark.parametrize("passed", [True, False])
def test_answer_that_was_checked_before_a_restart_serves_the_cells_below(passed):
    def pairs(L, ab):
        return L, ab

    job = {"steps": [], "skip": {}, "known": {"3.3": passed}, "token": ""}
    process = StudentProcess({"pairs": pairs}, check.lesson(3), job)
    step = {"role": "check", "source": "pairs = check.q3_3(pairs)", "exercise": "3.3"}
    assert process._check(step | {"names": ["pairs"]}, []) == {}
    found = process.namespace["pairs"]
    assert found is pairs if passed else isinstance(found, StandIn)


def test_tries_are_read_from_the_stored_table():
    def stored(nb):
        text = "Passed: 1 of 5.\n  3.1   The receptive field      ✓ passed      tries: 4\n"
        output = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
        maker.cell(nb, "progress")["outputs"] = [output]

    book = parse_notebook(maker.to_bytes(maker.notebook(edit=stored)))
    assert book.tries == {"3.1": 4}


def test_shared_rare_mistakes_are_hinted_at():
    def row(student, answer, outcome="wrong"):
        facts = (student, "", "03_patchgan", "3.1", outcome, 0.0, 1.0)
        return GradeRow(*facts, answer=answer)

    code = maker.WRONG["3.1"][0]
    disguised = "# mine\n" + code.replace("field", "size").replace("jump", "step")
    rows = [row("ada", code), row("bob", disguised), row("cy", maker.RIGHT["3.1"], "passed")]
    (pair,) = find_like_pairs(rows, {})
    assert (pair.first, pair.second, pair.exercises) == ("ada", "bob", ("3.1",))
    crowd = [row(f"student {n}", code) for n in range(5)]
    assert find_like_pairs(crowd, {}) == []
    assert find_like_pairs(rows, {"3.1": code}) == []
    assert equals_ours(disguised, code) and not equals_ours(maker.RIGHT["3.1"], code)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[grading]\nexercise_points = -1", "'exercise_points' of the course is -1, expected"),
        ('[grading.points]\n"two" = 1', "two"),
        ("[grading.manual]\nproject = 0", "'project' of the course is 0, expected points, more"),
        ("[grading]\npoint = 1", "point"),
    ],
)
def test_wrong_points_are_explained(table, message):
    text = (ROOT / "course/course.toml").read_text("utf-8")
    start, end = text.index("[grading]"), text.index("[[lesson]]")
    with pytest.raises(CourseError, match=message):
        course_config.parse(text[:start] + table + "\n\n" + text[end:])


def test_points_of_an_exercise_are_its_own_or_the_default():
    grading = course_config.Grading(2, 3, {"3.2": 5})
    points = [grading.points_of(name) for name in ("3.1", "3.2", "quiz-3.1")]
    assert points == [2.0, 5.0, 3.0]
