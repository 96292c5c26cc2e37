"""The lint of the quizzes: notebooks, the file of answers and its encoded copy belong together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from course.tool import course_config, notebooks, quiz
from course.tool.course_config import MARK
from course.tool.lints.notebook_parsing import Finding, LessonNotebook

QUESTIONS = 3  # of a lesson
CALL = 'check.quiz("{}", answer="...")'


def quizzes(root: Path) -> Iterator[Finding]:
    """Yield what a quiz lacks; a lesson is made from its solution, and not read."""
    answers, asked = quiz.load(root), set()
    for lesson in course_config.load(root).lessons:
        path = f"solutions/{lesson.name}.ipynb"
        book = LessonNotebook(path, notebooks.read(root / path), lesson)
        found = quiz.questions(book.nb)
        if len(found) != QUESTIONS:
            count = f"{len(found)} cells are tagged {quiz.TAG!r}, expected {QUESTIONS}"
            yield book.finding(None, f"{count}: one for each question of the quiz.")
        for place, question in enumerate(found, start=1):
            number = f"{lesson.number}.{place}"
            asked.add(number)
            for text in _problems(question, number, answers):
                yield book.finding(question.cell, text)
    for number in sorted(set(answers) - asked):
        text = f"no notebook asks the question {number}: remove it, or ask it."
        yield Finding(quiz.ANSWERS, "", text)
    copy = root / quiz.ENCODED
    if (copy.read_text("utf-8") if copy.exists() else None) != quiz.encoded(answers):
        text = f"is not what {quiz.ANSWERS} says: run python -m course build."
        yield Finding(quiz.ENCODED, "", text)


def _problems(question: quiz.Question, number: str, answers: dict) -> Iterator[str]:
    letters, answer = list(question.choices), answers.get(number)
    if question.number != number:
        yield f"expected the call {CALL.format(number)} and nothing else: write it."
    if not question.text:
        yield f"the cell above asks nothing: write '**{number[-1]}.** ...?' above the choices."
    if "".join(letters) not in (quiz.LETTERS[:3], quiz.LETTERS):
        form = "'- **a)** ...', '- **b)** ...', '- **c)** ...'"
        yield f"the cell above has the choices {letters}, expected three or four: {form}."
    if answer is None:
        yield f"question {number} has no answer in {quiz.ANSWERS}: add it."
        return
    if letters != list(answer.reasons):
        found = f"the choices {letters}, and {quiz.ANSWERS} explains {list(answer.reasons)}"
        yield f"question {number} has {found}: make them the same."
    if question.letter != answer.right:
        found = f"the letter is {question.letter!r}, and {quiz.ANSWERS} has {answer.right!r}"
        yield f"{found}: correct one of them."
    if any(MARK in text for text in answer.reasons.values()):
        yield f"{quiz.ANSWERS}, question {number}: not written yet: replace each {MARK!r}."
