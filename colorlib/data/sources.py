"""The papers' data sets by name: where they lie, how large they are, under which terms, whose they are.

The table is ``sources.toml`` beside this file; :mod:`colorlib.data.download` fetches what it names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A data set that is an archive on a server.

    Attributes:
        name: what a person types.
        title: one line on what it holds and which paper it belongs to.
        urls: the archive, then mirrors, tried in order.
        licence: the terms, as its makers state them.
        citation: whom to name.
        size: bytes of the archive.
        sha256: of the archive; None where nobody has published one.
        counts: folders of the unpacked archive, and how many images each holds at least.
    """

    name: str
    title: str
    urls: list[str]
    licence: str
    citation: str
    size: int | None = None
    sha256: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        size = f" ({self.size / 1e6:,.0f} MB)" if self.size else ""
        return f"{self.name}: {self.title}{size}. Licence: {self.licence}. Source: {self.citation}."


_TABLE = tomllib.loads(Path(__file__).with_name("sources.toml").read_text("utf-8"))
SOURCES = {name: Source(name, **entry) for name, entry in _TABLE.items()}
