"""What a check says: one of four outcomes, and a card that shows it in a notebook or on a terminal."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from enum import Enum
from html import escape
from textwrap import fill


class Outcome(Enum):
    """The four things that a check can say; each has its own mark, so that colour is never needed."""

    PASSED = ("✓", "passed", "#009e73")
    NOT_ATTEMPTED = ("○", "not attempted yet", "#0072b2")
    WRONG = ("✗", "wrong", "#d55e00")
    RAISED = ("!", "raised", "#cc79a7")

    def __init__(self, mark: str, word: str, color: str) -> None:
        self.mark, self.word, self.color = mark, word, color


@dataclass(frozen=True)
class Verdict:
    """An outcome with its reasons, as pairs of a label and a text, for example ``("got", "0.5")``."""

    outcome: Outcome
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Card:
    """A verdict on one exercise, ready to be shown."""

    number: str
    title: str
    verdict: Verdict
    hints: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        outcome = self.verdict.outcome
        lines = [f"{outcome.mark} Exercise {self.number} · {self.title}: {outcome.word}"]
        width = max((len(label) for label, _ in self.verdict.reasons), default=0)
        for label, text in self.verdict.reasons:
            lines.append(
                fill(
                    text,
                    100,
                    initial_indent=f"  {label:<{width}}  ",
                    subsequent_indent=" " * (width + 4),
                )
            )
        if self.hints:
            lines.append(
                f"  {len(self.hints)} hints: check.q{self.number.replace('.', '_')}.hint()"
            )
        return "\n".join(lines)

    def _repr_pretty_(self, printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        outcome = self.verdict.outcome
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top;padding:2px 1em 2px 0'>{escape(label)}</th>"
            f"<td style='text-align:left;white-space:pre-wrap'>{escape(text)}</td></tr>"
            for label, text in self.verdict.reasons
        )
        hints = "".join(
            f"<details><summary>Hint {level}</summary>{escape(hint)}</details>"
            for level, hint in enumerate(self.hints, start=1)
        )
        return (
            f"<div style='border-left:6px solid {outcome.color};padding:4px 12px;margin:4px 0'>"
            f"<b>{outcome.mark} Exercise {self.number} · {escape(self.title)}: {outcome.word}</b>"
            + (f"<table style='margin:4px 0'>{rows}</table>" if rows else "")
            + f"{hints}</div>"
        )


def present(thing: object) -> None:
    """Show something rich in a notebook and as plain text anywhere else."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and hasattr(shell, "kernel"):
        sys.modules["IPython"].display.display(thing)
    else:
        print(thing)
