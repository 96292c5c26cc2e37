"""The papers' data sets by name: where they lie, how large they are, under which terms, whose they are.

The table is ``catalog.toml`` beside this file; :mod:`colorlib.data.download` fetches what it names. A table
of your own, in the same form, is read as well if ``COLORLIB_SOURCES`` names its file: it adds data sets, or
replaces those of the same name, for example by a mirror that is nearer or by a small archive for trying out.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class DatasetSource:
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
        folders: those of them whose images are the data set; all if there is none.
    """

    name: str
    title: str
    urls: list[str]
    licence: str
    citation: str
    size: int | None = None
    sha256: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        size = f" ({self.size / 1e6:,.0f} MB)" if self.size else ""
        return f"{self.name}: {self.title}{size}. Licence: {self.licence}. Source: {self.citation}."


def load_catalog(path: str | Path) -> dict[str, DatasetSource]:
    """Read a table of sources.

    Args:
        path: a TOML file with a table ``[name]`` for each data set, with the fields of :class:`Source`.

    Raises:
        ValueError: it is no such table; the text names the file and the mistake.
        OSError: it cannot be read.

    Example:
        >>> sorted(load_catalog(Path(__file__).with_name("catalog.toml")))[:2]
        ['coco', 'imagenette-160']
    """
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
        return {name: DatasetSource(name, **entry) for name, entry in table.items()}
    except (TypeError, tomllib.TOMLDecodeError) as error:
        expected = "expected the form of colorlib/data/catalog.toml"
        raise ValueError(f"{path} is no table of sources ({error}); {expected}.") from None


CATALOG = load_catalog(Path(__file__).with_name("catalog.toml"))
if os.environ.get("COLORLIB_SOURCES"):
    CATALOG |= load_catalog(os.environ["COLORLIB_SOURCES"])
