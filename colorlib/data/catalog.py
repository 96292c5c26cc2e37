"""The catalog of downloadable data sets: the papers' data, with URL, size, licence and citation.

The table is ``catalog.toml`` next to this file; :mod:`colorlib.data.download` downloads its
entries. A table of your own, in the same form, is loaded as well if the environment variable
``COLORLIB_SOURCES`` is its path: it adds data sets, or replaces those of the same name, for example
by a nearer mirror or a small archive for trying out.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from colorlib.io.paths import parse_path


@dataclass(frozen=True)
class DatasetSource:
    """A data set that is an archive on a server.

    Attributes:
        name: what a user types.
        title: one line about its content and the paper that uses it.
        urls: the archive, then mirrors, tried in order.
        licence: the terms of use, in the makers' words.
        citation: the publication to cite.
        size: bytes of the archive.
        sha256: the archive's hash; None if nobody has published one.
        counts: folders of the extracted archive, and the smallest number of images in each.
        folders: the folders whose images are the data set; all if empty.
        smaller: the name of a smaller set of the same kind, to propose if this one cannot be had.
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
    smaller: str | None = None

    def __str__(self) -> str:
        size = f" ({self.size / 1e6:,.0f} MB)" if self.size else ""
        return f"{self.name}: {self.title}{size}. Licence: {self.licence}. Source: {self.citation}."


def load_catalog(path: str | Path) -> dict[str, DatasetSource]:
    """Load a table of data sets.

    Args:
        path: a TOML file with a table ``[name]`` for each data set, with the fields of
            :class:`DatasetSource`.

    Raises:
        ValueError: the file has another form; the text names the file and the mistake.
        OSError: the file cannot be read.

    Example:
        >>> sorted(load_catalog(Path(__file__).with_name("catalog.toml")))[:2]
        ['coco', 'coco-val']
    """
    try:
        table = tomllib.loads(Path(path).read_text("utf-8"))
        return {name: DatasetSource(name, **entry) for name, entry in table.items()}
    except (TypeError, tomllib.TOMLDecodeError) as error:
        expected = "expected the form of colorlib/data/catalog.toml"
        raise ValueError(f"{path} is not a table of data sets ({error}); {expected}.") from None


CATALOG = load_catalog(Path(__file__).with_name("catalog.toml"))
if os.environ.get("COLORLIB_SOURCES"):
    CATALOG |= load_catalog(os.environ["COLORLIB_SOURCES"])
#: Every name of a data set that is not a folder.
DATASET_NAMES = ("photos", "scenes", *CATALOG)


def parse_dataset(text: str) -> str | Path:
    """Return the data set that a person named: a built-in name, or the absolute path of a folder.

    Raises:
        FileNotFoundError: neither a name nor a folder.
        ValueError: a built-in name that is the name of a folder here as well.

    Example:
        >>> parse_dataset("photos"), parse_dataset(".") == Path.cwd()
        ('photos', True)
    """
    if text in DATASET_NAMES:
        if Path(text).exists():
            found = f"{text} is a built-in data set, and also a folder here"
            raise ValueError(f"{found}: write ./{text} for the folder, or rename the folder")
        return text
    path = parse_path(text)
    if not path.exists():
        found = f"{text} was found nowhere, expected a folder or one of {', '.join(DATASET_NAMES)}"
        raise FileNotFoundError(f"{found}; check the name.")
    return path.resolve()


def is_same_dataset(old: str, new: str) -> bool:
    """Return whether two runs name one data set, in the form of :func:`parse_dataset`.

    A folder that is no longer where it was, was moved: the images themselves are compared when a
    run resumes.

    Example:
        >>> is_same_dataset("/gone/album", os.getcwd()), is_same_dataset("photos", os.getcwd())
        (True, False)
    """
    are_folders = os.path.isabs(old) and os.path.isabs(new)
    return old == new or (are_folders and not os.path.exists(old))
