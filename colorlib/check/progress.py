"""Progress in this session: outcomes, tries and hints of each exercise of the lesson."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from colorlib.check.quiz_answers import quiz_answers
from colorlib.check.result import Outcome, display


@dataclass
class Entry:
    """The last outcome of one exercise, and the number of tries."""

    title: str
    outcome: Outcome
    tries: int = 0


_entries: dict[str, Entry] = {}
_hints: dict[str, int] = {}
_quiz: dict[str, bool] = {}  # number of a question -> whether the last answer is right
_lessons: set[int] = set()  # those that were opened in this session


@cache
def exercise_texts() -> dict[str, dict[str, Any]]:
    """Return title and hints of every exercise by its number, for example ``"1.3"``."""
    return tomllib.loads(resources.files(__package__).joinpath("exercises.toml").read_text("utf-8"))


def open_lesson(number: int) -> None:
    """Note that a lesson is open, so that progress lists its exercises before the first check."""
    _lessons.add(number)


def record(number: str, title: str, outcome: Outcome) -> None:
    """Record an outcome; an unchanged stub and a stand-in do not count as tries."""
    tries = _entries[number].tries if number in _entries else 0
    tried = outcome not in (Outcome.NOT_ATTEMPTED, Outcome.NOT_YOURS)
    _entries[number] = Entry(title, outcome, tries + tried)


def record_quiz(number: str, is_right: bool) -> None:
    """Record the last answer to a question of the quiz."""
    _quiz[number] = is_right


def next_hint(number: str, count: int) -> int:
    """Return the level of the hint to show now, from 1 to ``count``; the last one repeats."""
    _hints[number] = min(_hints.get(number, 0) + 1, count)
    return _hints[number]


def clear() -> None:
    """Forget all outcomes, hints and lessons of this session."""
    for state in (_entries, _hints, _quiz, _lessons):
        state.clear()


@dataclass(frozen=True)
class ProgressTable:
    """The exercises of the lessons of this session, as plain text or HTML."""

    rows: tuple[tuple[str, Entry], ...]
    quiz: tuple[int, int] = (0, 0)  # questions that are answered right, and all

    @property
    def summary(self) -> str:
        """The first line of the table: how many exercises passed, how many questions are right."""
        if not self.rows:
            return "No lesson has been opened in this session: run its set-up cell first."
        passed = sum(entry.outcome is Outcome.PASSED for _, entry in self.rows)
        quiz = f" Quiz: {self.quiz[0]} of {self.quiz[1]} right." if self.quiz[1] else ""
        return f"Passed: {passed} of {len(self.rows)}.{quiz} Run this cell again after a check."

    def __str__(self) -> str:
        lines = [self.summary]
        width = max([42, *(len(entry.title) for _, entry in self.rows)])
        for number, entry in self.rows:
            outcome = f"{entry.outcome.mark} {entry.outcome.word}"
            lines.append(f"  {number:<5} {entry.title:<{width}} {outcome:<20} tries: {entry.tries}")
        return "\n".join(lines)

    def _repr_pretty_(self, printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        left = "style='text-align:left'"
        head = "".join(f"<th {left}>{h}</th>" for h in ("Exercise", "Title", "Outcome", "Tries"))
        body = "".join(
            f"<tr><td>{number}</td><td {left}>{escape(entry.title)}</td>"
            f"<td {left}>{entry.outcome.mark} {entry.outcome.word}</td><td>{entry.tries}</td></tr>"
            for number, entry in self.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<p>{self.summary}</p>{table if self.rows else ''}"


def progress() -> None:
    """Show every exercise of the lesson, its outcome and the number of tries, and the quiz.

    The list comes from the library, so that an exercise whose check was deleted, or never run, is
    listed as not attempted yet.
    """
    opened = _lessons | {_lesson_of(number) for number in (*_entries, *_quiz)}
    listed = {
        number: Entry(texts["title"], Outcome.NOT_ATTEMPTED)
        for number, texts in exercise_texts().items()
        if _lesson_of(number) in opened
    }
    rows = sorted((listed | _entries).items(), key=lambda row: [int(p) for p in row[0].split(".")])
    questions = [n for n, answer in quiz_answers().items() if answer and _lesson_of(n) in opened]
    right = sum(_quiz.get(number, False) for number in questions)
    display(ProgressTable(tuple(rows), (right, len(questions))))


def _lesson_of(number: str) -> int:
    return int(number.split(".")[0])
