"""The quiz at the end of a lesson: ``check.quiz("1.3", answer="b")`` says whether b is right."""

from __future__ import annotations

from colorlib.check.progress import record_quiz
from colorlib.check.quiz_answers import quiz_answers
from colorlib.check.result import Outcome, Result, ResultCard, check_outcome, display, not_yours

WORDS = dict(
    zip(Outcome, ("right", "not answered yet", "not right", "", "not checked"), strict=True)
)


class QuizCard(ResultCard):
    """The result of one question, as plain text or HTML."""

    @property
    def heading(self) -> str:
        """Its first line: mark, number and outcome."""
        return f"{self.result.outcome.mark} Quiz {self.number}: {WORDS[self.result.outcome]}"


def quiz(number: str, answer: object = "") -> None:
    """Show whether a letter answers a question, and why, or what may be behind a wrong one.

    Args:
        number: Of the question, for example ``"1.3"``.
        answer: A letter; as long as it is empty, the question is not answered yet.
    """
    number = str(number)
    result = grade_answer(number, answer)
    record_quiz(number, result.outcome is Outcome.PASSED)
    display(QuizCard(number, "", result))
    check_outcome(f"question {number} of the quiz", result)


def grade_answer(number: str, answer: object) -> Result:
    """Return the result of an answer; no answer raises an error."""
    if number not in quiz_answers():
        return not_yours(f"this version of colorlib has no question {number!r}.")
    question, letter = dict(quiz_answers()[number]), read_letter(answer)
    right, letters = question.pop("right", ""), ", ".join(question) or "the letters"
    if not letter:
        todo = f"write one of {letters} between the quotes, and run the cell again."
        return Result(Outcome.NOT_ATTEMPTED, (("to do", todo),))
    if not right:
        return not_yours("your instructor checks this answer.")
    if letter not in question:
        return not_yours(f"found {answer!r}; expected one of the letters {letters}.")
    if letter == right:
        return Result(Outcome.PASSED, (("because", question[letter]),))
    return Result(Outcome.WRONG, (("think again", question[letter]),))


def read_letter(answer: object) -> str:
    """Return an answer without spaces, quotes, brackets and capitals; "" if there is none yet.

    Example:
        >>> read_letter(" B "), read_letter("(b)"), read_letter(None), read_letter(2)
        ('b', 'b', '', '2')
    """
    return "" if answer is None or answer is ... else str(answer).strip(" \t\n\"'().").casefold()
