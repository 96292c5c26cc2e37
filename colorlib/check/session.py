"""What has been tried in this session: the table of ``check.progress()``, and which hint comes next."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from colorlib.check.verdict import Outcome, present


@dataclass
class Entry:
    """How one exercise stands in this session."""

    title: str
    outcome: Outcome
    tries: int = 0


_entries: dict[str, Entry] = {}
_hints: dict[str, int] = {}


def record(number: str, title: str, outcome: Outcome) -> None:
    """Note an outcome; running a stub is no try."""
    tries = _entries[number].tries if number in _entries else 0
    _entries[number] = Entry(title, outcome, tries + (outcome is not Outcome.NOT_ATTEMPTED))


def next_hint(number: str, count: int) -> int:
    """Say which hint of ``count`` to show now; the last one stays."""
    _hints[number] = min(_hints.get(number, 0) + 1, count)
    return _hints[number]


def forget() -> None:
    """Start the table anew."""
    _entries.clear()
    _hints.clear()


@dataclass(frozen=True)
class Table:
    """The exercises checked so far, as plain text or HTML."""

    rows: tuple[tuple[str, Entry], ...]

    def __str__(self) -> str:
        if not self.rows:
            return "No exercise has been checked in this session yet."
        passed = sum(entry.outcome is Outcome.PASSED for _, entry in self.rows)
        lines = [f"{passed} of the {len(self.rows)} exercises checked in this session passed."]
        for number, entry in self.rows:
            outcome = f"{entry.outcome.mark} {entry.outcome.word}"
            lines.append(f"  {number:<5} {entry.title:<42} {outcome:<20} tries: {entry.tries}")
        return "\n".join(lines)

    def _repr_pretty_(self, printer, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{self}</p>"
        head = "".join(
            f"<th style='text-align:left'>{h}</th>"
            for h in ("Exercise", "Title", "Outcome", "Tries")
        )
        body = "".join(
            f"<tr><td>{number}</td><td style='text-align:left'>{escape(entry.title)}</td><td style="
            f"'text-align:left'>{entry.outcome.mark} {entry.outcome.word}</td><td>{entry.tries}</td></tr>"
            for number, entry in self.rows
        )
        first = str(self).splitlines()[0]
        return f"<p>{first}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def progress() -> None:
    """Show every exercise checked in this session, its outcome and how often you tried."""
    order = sorted(_entries.items(), key=lambda item: [int(part) for part in item[0].split(".")])
    present(Table(tuple(order)))
