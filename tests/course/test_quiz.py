"""Quizzes: every key and sentence, odd answers, what students can read, lints, grading."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from pathlib import Path

import pytest
from IPython.lib.pretty import pretty

from colorlib import check
from colorlib.check import multiple_choice
from colorlib.check.multiple_choice import grade_answer
from colorlib.check.progress import clear, open_lesson
from colorlib.check.quiz_answers import quiz_answers
from colorlib.check.result import Outcome, UnexpectedOutcome
from course.tool import build, course_config, notebooks, quiz, student_tree
from course.tool.check import findings
from course.tool.cli import CourseError
from course.tool.course_config import ROOT
from course.tool.grade.answer_key import load_answer_key
from course.tool.grade.extraction import extract
from course.tool.grade.notebook_file import Cell, parse_notebook
from course.tool.grade.quiz_rows import outcome, read_letters
from course.tool.lints.quizzes import quizzes
from course.tool.site import notebook, source_tree

LESSONS = course_config.load(ROOT).lessons
SOURCE = quiz.load(ROOT)
BOOKS = {lesson: notebooks.read(ROOT / f"lessons/{lesson.name}.ipynb") for lesson in LESSONS}
SENTENCES = [text for answer in SOURCE.values() for text in answer.reasons.values()]
EXAMPLE = "4.1"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.delenv("COURSE_EXPECT", raising=False)
    clear()


# answers ------------------------------------------------------------------------------------------
def test_every_lesson_has_three_questions_with_the_answers_of_the_file():
    encoded = {n: {"right": one.right} | one.reasons for n, one in SOURCE.items()}
    assert quiz_answers() == encoded and len(SOURCE) == 3 * len(LESSONS)
    assert len(set(SENTENCES)) == len(SENTENCES) and all(len(text) > 30 for text in SENTENCES)
    right = [answer.right for answer in SOURCE.values()]
    assert all(right.count(letter) >= len(right) // 4 for letter in "abc")  # none to guess by
    for lesson, nb in BOOKS.items():
        asked = quiz.questions(nb)
        assert [one.number for one in asked] == [f"{lesson.number}.{k}" for k in (1, 2, 3)]
        assert [one.letter for one in asked] == [""] * 3
        assert all(
            one.text and one.choices.keys() == SOURCE[one.number].reasons.keys() for one in asked
        )


@pytest.mark.parametrize("number", SOURCE)
def test_right_letter_is_right_and_each_other_has_its_own_sentence(number):
    answer = SOURCE[number]
    for letter, reason in answer.reasons.items():
        result = grade_answer(number, letter)
        is_right = letter == answer.right
        assert result.outcome is (Outcome.PASSED if is_right else Outcome.WRONG)
        assert result.reasons == (("because" if is_right else "think again", reason),)
    assert grade_answer(number, "").outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (" B ", Outcome.WRONG),
        ("B", Outcome.WRONG),
        ("(b)", Outcome.WRONG),
        ('"c"', Outcome.PASSED),
        ("C.", Outcome.PASSED),
        ("", Outcome.NOT_ATTEMPTED),
        ("  ", Outcome.NOT_ATTEMPTED),
        (None, Outcome.NOT_ATTEMPTED),
        (..., Outcome.NOT_ATTEMPTED),
        (2, Outcome.NOT_YOURS),
        ("e", Outcome.NOT_YOURS),
        ("d", Outcome.NOT_YOURS),
        ("ab", Outcome.NOT_YOURS),
        (["c"], Outcome.NOT_YOURS),
        (True, Outcome.NOT_YOURS),
    ],
)
def test_odd_answers_are_understood_or_get_a_sentence(answer, expected, capsys):
    assert SOURCE[EXAMPLE].right == "c" and len(SOURCE[EXAMPLE].reasons) == 3
    check.quiz(EXAMPLE, answer=answer)
    out = capsys.readouterr().out
    assert grade_answer(EXAMPLE, answer).outcome is expected
    assert out.startswith(f"{expected.mark} Quiz 4.1: {multiple_choice.WORDS[expected]}\n")
    if expected is Outcome.NOT_YOURS:
        assert f"found {answer!r}; expected one of the letters a, b, c." in out
    if expected is Outcome.NOT_ATTEMPTED:
        assert "write one of a, b, c between the quotes" in out


def test_unknown_and_withheld_questions_get_a_sentence(monkeypatch, capsys):
    check.quiz("4.9", "a")
    check.quiz("99.1", "a")
    check.quiz(4.1, "c")  # without its quotes
    monkeypatch.setattr(multiple_choice, "quiz_answers", lambda: {"5.1": {}})
    check.quiz("5.1", "a")
    check.quiz("5.1")
    first, second, third, fourth, fifth = re.split(r"\n(?=\S)", capsys.readouterr().out.strip())
    assert "this version of colorlib has no question '4.9'." in first
    assert "has no question '99.1'." in second
    assert third.startswith("✓ Quiz 4.1: right")
    assert "your instructor checks this answer" in fourth
    assert "○ Quiz 5.1: not answered yet" in fifth and "write one of the letters between" in fifth


def test_progress_counts_right_answers(capsys):
    open_lesson(4)
    check.progress()
    assert "Quiz: 0 of 3 right." in capsys.readouterr().out
    for number, letter in ((EXAMPLE, "a"), (EXAMPLE, "c"), ("4.2", "c"), ("4.9", "a")):
        check.quiz(number, letter)
    check.progress()
    out = capsys.readouterr().out
    assert "Passed: 0 of 6. Quiz: 1 of 3 right." in out
    check.quiz("5.1", "a")
    check.progress()
    assert "Passed: 0 of 12. Quiz: 1 of 6 right." in capsys.readouterr().out


def test_ci_expects_empty_letters_in_lessons_and_right_ones_in_solutions(monkeypatch):
    monkeypatch.setenv("COURSE_EXPECT", "solution")
    check.quiz(EXAMPLE, "c")
    with pytest.raises(
        UnexpectedOutcome, match=r"question 4\.1 of the quiz in a solution is 'wrong'"
    ):
        check.quiz(EXAMPLE, "a")
    monkeypatch.setenv("COURSE_EXPECT", "lesson")
    check.quiz(EXAMPLE, "")
    with pytest.raises(UnexpectedOutcome):
        check.quiz(EXAMPLE, "c")


def test_card_is_escaped_and_readable_as_text():
    card = multiple_choice.QuizCard("4.1", "", grade_answer(EXAMPLE, "<b>"))
    assert pretty(card) == str(card) and str(card).startswith("↻ Quiz 4.1: not checked\n  reason")
    assert (
        "&lt;b&gt;" in card._repr_html_() and "<b>↻ Quiz 4.1: not checked</b>" in card._repr_html_()
    )


# what a student gets ------------------------------------------------------------------------------
def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_no_sentence_is_readable_in_what_a_student_gets():
    texts = {lesson.name: json.dumps(nb, ensure_ascii=False) for lesson, nb in BOOKS.items()}
    course = course_config.load(ROOT)
    for lesson, nb in BOOKS.items():  # as pages of the site
        texts[f"page of {lesson.name}"] = notebook.prose(notebook.adapt(nb, course))
    for path in (ROOT / "colorlib").rglob("*"):  # the files of the wheel
        if path.is_file() and "__pycache__" not in path.parts:
            texts[path.name] = path.read_bytes().decode("utf-8", "replace")
    linked = source_tree.linked_files(ROOT, {p.as_posix(): p.read_text() for p in _markdown()})
    assert quiz.ANSWERS not in linked  # else the site would show it
    for name, text in texts.items():
        words = _words(text)
        for sentence in SENTENCES:
            assert _words(sentence) not in words, (name, sentence)


def _markdown() -> list[Path]:
    return [path for pattern in source_tree.TEXTS for path in Path().glob(pattern)]


def test_exam_withholds_the_answers(tiny):
    copy = tiny.root / quiz.ENCODED
    text = copy.read_text("utf-8")
    assert all(json.loads(text).values())
    lesson = course_config.load(tiny.root).lessons[0]
    (tiny.root / "colorlib/check/exercises.toml").write_text("", "utf-8")
    list(student_tree._leave_grader_out(tiny.root, lesson))
    assert json.loads(copy.read_text("utf-8")) == {"1.1": "", "1.2": "", "1.3": ""}


# the file, its copy and the notebooks -------------------------------------------------------------
def lint(tiny):
    return "\n".join(map(str, quizzes(tiny.root)))


def test_good_quiz_has_no_findings(tiny):
    assert lint(tiny) == ""
    assert 'answer=""' in tiny.cell(tiny.read("lessons"), "quiz-1-answer").source
    assert 'answer="b"' in tiny.cell(tiny.read(), "quiz-1-answer").source


@pytest.mark.parametrize(
    ("cell", "old", "new", "message"),
    [
        ("quiz-2", "- **c)** 2", "", "the choices ['a', 'b'], expected three or four"),
        ("quiz-2", "- **c)** 2", "- **c)** 2\n- **d)** 1", "explains ['a', 'b', 'c']: make them"),
        ("quiz-2", "**2.** What", "What", "(quiz-2-answer): the cell above asks nothing"),
        ("quiz-2-answer", '"b"', '"a"', "the letter is 'a', and course/quiz.toml has 'b'"),
        ("quiz-2-answer", '"b"', '""', "the letter is '', and course/quiz.toml has 'b'"),
        ("quiz-2-answer", "1.2", "1.4", 'expected the call check.quiz("1.2", answer="...")'),
        ("quiz-2-answer", "check", "x = check", "and nothing else: write it"),
    ],
)
def test_lint_of_quizzes_names_cell_and_problem(tiny, cell, old, new, message):
    tiny.replace(cell, old, new)
    assert message in lint(tiny) and "solutions/01_tiny.ipynb: cell" in lint(tiny)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["1.3"]', '["1.4"]', "question 1.3 has no answer in course/quiz.toml: add it."),
        ('["1.3"]', '["1.4"]', "course/quiz.toml: no notebook asks the question 1.4: remove it"),
        ("You kept 3.", "WRITE: it", "course/quiz.toml, question 1.3: not written yet"),
        ("You kept 3.", "It was 3.", "quiz_answers.json: is not what course/quiz.toml says: run"),
    ],
)
def test_lint_compares_notebooks_file_and_copy(tiny, old, new, message):
    path = tiny.root / quiz.ANSWERS
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    assert message in lint(tiny)
    assert any(message in str(finding) for finding in findings(tiny.root))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('c = "You kept 2."\n', "", "question '1.2' is incomplete"),
        ('right = "b"', 'right = "d"', "question '1.1' is incomplete"),
        ('"You kept 2."', '""', "question '1.2' is incomplete"),
        ('"You kept 2."', "2", "question '1.2' is incomplete"),
        ('"You kept 2."', "You", "is not valid TOML"),
    ],
)
def test_build_refuses_an_incomplete_file_of_answers(tiny, old, new, message):
    path = tiny.root / quiz.ANSWERS
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(CourseError, match=message):
        tiny.build()


def test_build_check_notices_an_old_copy(tiny, capsys):
    (tiny.root / quiz.ENCODED).write_text("{}\n", "utf-8")
    assert tiny.build(check=True) == 1
    assert (
        f"{quiz.ENCODED}: a generated table is not what the answers in" in capsys.readouterr().out
    )
    assert tiny.build() == 0 and lint(tiny) == ""


def test_missing_question_is_a_finding(tiny):
    with tiny.edit() as nb:
        nb.cells.remove(tiny.cell(nb, "quiz-3-answer"))
    assert "2 cells are tagged 'quiz', expected 3" in lint(tiny)
    assert "no notebook asks the question 1.3" in lint(tiny)


# grading ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("sources", "letters"),
    [
        (['check.quiz("4.1", answer="b")'], {"4.1": "b"}),
        (["check.quiz('4.1', ' B ')"], {"4.1": "b"}),
        (['check.quiz(number="4.1", answer=b)'], {"4.1": "b"}),
        (['check.quiz(4.1, "c")  # sure'], {"4.1": "c"}),
        (['check.quiz("4.1", answer="a")', 'check.quiz("4.1", answer="b")'], {"4.1": "b"}),
        (['check.quiz("4.1", answer="a")', 'check.quiz("4.1", answer="")'], {"4.1": "a"}),
        (['check.quiz("4.1", answer=chr(98))'], {"4.1": "chr(98"}),
        (['check.quiz("4.1", answer="")'], {}),
        (["check.quiz()"], {}),
        (['check.quiz("4.1", answer="b'], {}),
    ],
)
def test_letters_are_read_without_running_anything(sources, letters):
    cells = [Cell(n, "", "code", source) for n, source in enumerate(sources, start=1)]
    assert read_letters(cells) == letters


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_letters_of_a_lesson_are_graded(lesson):
    key, nb = load_answer_key(ROOT, lesson), notebooks.read(ROOT / f"lessons/{lesson.name}.ipynb")
    letters = itertools.cycle(["right", "wrong", ""])
    given, expected = {}, []
    for number, (_, answer) in key.quiz.items():
        kind = next(letters)
        wrong = next(letter for letter in answer.reasons if letter != answer.right)
        letter = {"right": answer.right, "wrong": wrong, "": ""}[kind]
        place = f'check.quiz("{number}", answer="'
        for _, cell in notebooks.numbered(nb, "code", quiz.TAG):
            cell.source = cell.source.replace(place, place + letter)
        given |= {number: letter} if letter else {}
        reasons = {"right": "because", "wrong": "likely cause"}.get(kind)
        word = {"right": "passed", "wrong": "wrong", "": "not attempted"}[kind]
        expected.append((word, ((reasons, answer.reasons[letter]),) if letter else ()))
    found = extract(parse_notebook(notebooks.dumps(nb).encode()), key)
    assert found.quiz == given and not any("quiz" in step.source for step in found.steps)
    graded = [outcome(*key.quiz[number], given.get(number, "")) for number in key.quiz]
    assert [(word, reasons) for word, _, reasons in graded] == expected
    assert graded[0][1].startswith(f"{next(iter(given.values()))}) ")


def test_odd_letter_is_wrong_with_a_remark():
    key = load_answer_key(ROOT, LESSONS[4])
    word, chosen, ((label, text),) = outcome(*key.quiz[EXAMPLE], "ab")
    assert (word, chosen, label) == ("wrong", "ab", "reason")
    assert text == "found 'ab', expected one of the letters a, b, c"


def test_points_of_a_question():
    grading = course_config.Grading(1.0, 0.5, {"quiz-2.1": 3})
    assert [grading.points_of(name) for name in ("2.1", "quiz-2.1", "quiz-2.2")] == [1.0, 3.0, 0.5]


def test_template_has_answers_for_its_questions():
    text = (Path(build.__file__).with_name("templates") / "new_lesson_quiz.toml").read_text("utf-8")
    assert list(tomllib.loads(text)) == ["NUMBER.1", "NUMBER.2", "NUMBER.3"]
