"""The quizzes: questions in the notebooks, answers in ``course/quiz.toml``.

``python -m course build`` writes the answers once more, encoded, into the library, where
``check.quiz`` reads them. In a solution each question has its letter, in a lesson none.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course.tool import notebooks
from course.tool.cli import CourseError

ANSWERS = "course/quiz.toml"
ENCODED = "colorlib/check/quiz_answers.json"
TAG = "quiz"  # of the cells that ask for a letter
CALL = re.compile(r'check\.quiz\("(?P<number>\d+\.\d+)", answer="(?P<letter>[a-d]?)"\)')
ASKED = re.compile(r"(?m)^\*\*\d\.\*\* (\S.*)$")
CHOICE = re.compile(r"(?m)^- \*\*(?P<letter>[a-z])\)\*\* (?P<text>\S.*)$")
LETTERS = "abcd"
RULE = "expected right = ... and a sentence for each of its letters: a, b, c, and d if there is one"


@dataclass(frozen=True)
class QuizAnswer:
    """The right letter of a question, and a sentence on each letter."""

    right: str
    reasons: dict[str, str]


@dataclass(frozen=True)
class Question:
    """A question as a notebook asks it.

    Args:
        cell: The number of the cell that calls ``check.quiz``, from 1.
        number: For example ``"1.3"``; "" if the cell holds something else.
        letter: What the cell answers, or "".
        text: What is asked, from the cell above.
        choices: The text of each letter, from there, too.
    """

    cell: int
    number: str
    letter: str
    text: str
    choices: dict[str, str]


def questions(nb: NotebookNode) -> list[Question]:
    """Return the questions of a notebook, in order."""
    found = []
    for number, cell in notebooks.numbered(nb, "code", TAG):
        call = CALL.fullmatch(cell.source.strip())
        above = _above(nb, number)
        asked = ASKED.search(above)
        choices = {match["letter"]: match["text"] for match in CHOICE.finditer(above)}
        name, letter = call.group("number", "letter") if call else ("", "")
        found.append(Question(number, name, letter, asked[1] if asked else "", choices))
    return found


def load(root: Path) -> dict[str, QuizAnswer]:
    """Read the answers by the numbers of their questions; none if there is no such file.

    Raises:
        CourseError: If the file is not TOML, or an entry lacks something.
    """
    path = root / ANSWERS
    if not path.exists():
        return {}
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{ANSWERS} is not valid TOML ({error}): fix that line.") from None
    return {number: _answer(number, entry) for number, entry in raw.items()}


def encoded(answers: dict[str, QuizAnswer]) -> str:
    """Return the text of the file in the library."""
    codes = {number: _encode(answer) for number, answer in answers.items()}
    return json.dumps(codes, indent=1) + "\n"


def _encode(answer: QuizAnswer) -> str:
    """Return an answer as a text that hides it from a glance, and does not protect it."""
    text = json.dumps({"right": answer.right} | answer.reasons, ensure_ascii=False)
    return base64.b64encode(text.encode()).decode("ascii")


def without_letters(source: str) -> str:
    """Return code in which no question is answered.

    Example:
        >>> without_letters('check.quiz("1.3", answer="b")')
        'check.quiz("1.3", answer="")'
    """
    return CALL.sub(r'check.quiz("\g<number>", answer="")', source)


def _answer(number: str, entry: object) -> QuizAnswer:
    reasons = dict(entry) if isinstance(entry, dict) else {}
    right = reasons.pop("right", None)
    is_complete = "".join(reasons) in (LETTERS[:3], LETTERS) and right in reasons
    if not is_complete or not all(isinstance(text, str) and text for text in reasons.values()):
        raise CourseError(f"{ANSWERS}: question {number!r} is incomplete; {RULE}: complete it.")
    return QuizAnswer(right, reasons)


def _above(nb: NotebookNode, number: int) -> str:
    """Return the text of the Markdown cell right above a cell."""
    cell = nb.cells[number - 2] if number > 1 else None
    return cell.source if cell is not None and cell.cell_type == "markdown" else ""
