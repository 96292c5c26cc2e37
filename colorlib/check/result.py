"""Results of a check: one of five outcomes with its reasons, shown as a card or as plain text."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from html import escape
from textwrap import fill


class Outcome(Enum):
    """The five outcomes of a check; each has its own mark, so colour is never needed."""

    PASSED = ("✓", "passed", "#009e73")
    NOT_ATTEMPTED = ("○", "not attempted yet", "#0072b2")
    WRONG = ("✗", "wrong", "#d55e00")
    RAISED = ("!", "raised", "#cc79a7")
    NOT_YOURS = ("↻", "not checked", "#56b4e9")  # nothing of the learner's to check

    def __init__(self, mark: str, word: str, color: str) -> None:
        self.mark, self.word, self.color = mark, word, color


EXPECTED_OUTCOMES = {"lesson": Outcome.NOT_ATTEMPTED, "solution": Outcome.PASSED}


@dataclass(frozen=True)
class Result:
    """An outcome with its reasons, as pairs of label and text, for example ``("got", "0.5")``."""

    outcome: Outcome
    reasons: tuple[tuple[str, str], ...] = ()


def not_yours(sentence: str) -> Result:
    """Return the result of something that is not the learner's to check, with the reason."""
    return Result(Outcome.NOT_YOURS, (("reason", sentence),))


@dataclass(frozen=True)
class ResultCard:
    """The result of one exercise, as plain text or HTML."""

    number: str
    title: str
    result: Result
    hints: Sequence[str] = ()

    @property
    def heading(self) -> str:
        """Its first line: mark, number, title and outcome."""
        outcome = self.result.outcome
        return f"{outcome.mark} Exercise {self.number} · {self.title}: {outcome.word}"

    def __str__(self) -> str:
        lines = [self.heading]
        width = max((len(label) for label, _ in self.result.reasons), default=0)
        for label, text in self.result.reasons:
            start = f"  {label:<{width}}  "
            lines.append(fill(text, 100, initial_indent=start, subsequent_indent=" " * len(start)))
        if self.hints:
            name = self.number.replace(".", "_")
            lines.append(f"  {len(self.hints)} hints: check.q{name}.hint()")
        return "\n".join(lines)

    def _repr_pretty_(self, printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr><th style='text-align:left;vertical-align:top;padding:2px 1em 2px 0'>"
            f"{escape(label)}</th>"
            f"<td style='text-align:left;white-space:pre-wrap'>{_to_html(text)}</td></tr>"
            for label, text in self.result.reasons
        )
        hints = "".join(
            f"<details><summary>Hint {level}</summary>{_to_html(hint)}</details>"
            for level, hint in enumerate(self.hints, start=1)
        )
        return (
            f"<div style='border-left:6px solid {self.result.outcome.color};"
            "padding:4px 12px;margin:4px 0'>"
            f"<b>{escape(self.heading)}</b>"
            + (f"<table style='margin:4px 0'>{rows}</table>" if rows else "")
            + f"{hints}</div>"
        )


def _to_html(text: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


class UnexpectedOutcome(AssertionError):
    """In CI: a stub in a lesson was solved, or an answer in a solution is not right."""


def check_outcome(name: str, result: Result) -> None:
    """Compare an outcome with the one that CI expects of the tree named in COURSE_EXPECT."""
    tree = os.environ.get("COURSE_EXPECT", "")
    if not tree:
        return
    if tree not in EXPECTED_OUTCOMES:
        raise ValueError(
            f"COURSE_EXPECT is {tree!r}; expected 'lesson' or 'solution', or leave it unset"
        )
    expected = EXPECTED_OUTCOMES[tree]
    if result.outcome is not expected:
        reasons = "; ".join(f"{label}: {text}" for label, text in result.reasons)
        raise UnexpectedOutcome(
            f"{name} in a {tree} is {result.outcome.word!r}; expected {expected.word!r}. {reasons}"
        )


def display(thing: object) -> None:
    """Show an object as HTML in a notebook, and print it anywhere else."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and hasattr(shell, "kernel"):
        sys.modules["IPython"].display.display(thing)
    else:
        print(thing)
