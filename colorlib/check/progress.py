"""Progress in this session: outcomes, tries and hints of each exercise that was checked."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from colorlib.check.result import Outcome, display


@dataclass
class Entry:
    """The last outcome of one exercise, and the number of tries."""

    title: str
    outcome: Outcome
    tries: int = 0


_entries: dict[str, Entry] = {}
_hints: dict[str, int] = {}


def record(number: str, title: str, outcome: Outcome) -> None:
    """Record an outcome; an unchanged stub does not count as a try."""
    tries = _entries[number].tries if number in _entries else 0
    _entries[number] = Entry(title, outcome, tries + (outcome is not Outcome.NOT_ATTEMPTED))


def next_hint(number: str, count: int) -> int:
    """Return the level of the hint to show now, from 1 to ``count``; the last one repeats."""
    _hints[number] = min(_hints.get(number, 0) + 1, count)
    return _hints[number]


def clear() -> None:
    """Forget all outcomes and hints of this session."""
    _entries.clear()
    _hints.clear()


@dataclass(frozen=True)
class ProgressTable:
    """The exercises checked so far, as plain text or HTML."""

    rows: tuple[tuple[str, Entry], ...]

    @property
    def summary(self) -> str:
        """The first line of the table: how many of the exercises passed."""
        if not self.rows:
            return "No exercise has been checked in this session yet."
        passed = sum(entry.outcome is Outcome.PASSED for _, entry in self.rows)
        return f"{passed} of the {len(self.rows)} exercises checked in this session passed."

    def __str__(self) -> str:
        lines = [self.summary]
        for number, entry in self.rows:
            outcome = f"{entry.outcome.mark} {entry.outcome.word}"
            lines.append(f"  {number:<5} {entry.title:<42} {outcome:<20} tries: {entry.tries}")
        return "\n".join(lines)

    def _repr_pretty_(self, printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{self.summary}</p>"
        left = "style='text-align:left'"
        head = "".join(f"<th {left}>{h}</th>" for h in ("Exercise", "Title", "Outcome", "Tries"))
        body = "".join(
            f"<tr><td>{number}</td><td {left}>{escape(entry.title)}</td>"
            f"<td {left}>{entry.outcome.mark} {entry.outcome.word}</td><td>{entry.tries}</td></tr>"
            for number, entry in self.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<p>{self.summary}</p>{table}"


def progress() -> None:
    """Show every exercise checked in this session, its outcome and the number of tries."""
    rows = sorted(_entries.items(), key=lambda item: [int(part) for part in item[0].split(".")])
    display(ProgressTable(tuple(rows)))
