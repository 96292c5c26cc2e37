"""The values that the papers leave open or contradict, and our choices: ``open_choices.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


@cache
def _load_tables() -> dict[str, dict]:
    path = Path(__file__).with_name("open_choices.toml")
    return tomllib.loads(path.read_text("utf-8"))


def open_choices(name: str) -> dict[str, str]:
    """Return the notes of one table and of the tables that it includes: the choice for each value.

    Example:
        >>> list(open_choices("tutorial"))
        ['gray', 'near-duplicates', 'range', 'photos']
    """
    table = dict(_load_tables()[name])
    choices: dict[str, str] = {}
    for included in table.pop("include", []):
        choices |= open_choices(included)
    return choices | table
