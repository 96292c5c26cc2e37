"""What a coloured photo is called: the name of its photo, in a format that can be written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path, PurePosixPath

from colorlib.io.images import WRITABLE_SUFFIXES


def output_path(photo: str | Path) -> Path:
    """Say what the coloured ``photo`` is called, beside it: NAME-colorized.EXT.

    The suffix stays where it can be written (.png, .webp, .jpg, .jpeg) and becomes .png where it cannot. A
    name that would be longer than the 255 bytes that systems allow is cut before ``-colorized``.

    Example:
        >>> output_path("lawn.JPG").name, output_path(Path("old", "scan.tif")).name
        ('lawn-colorized.JPG', 'scan-colorized.png')
    """
    path = Path(photo)
    stem, end = path.stem, f"-colorized{_writable(path.suffix)}"
    while len(os.fsencode(stem + end)) > 255:
        stem = stem[:-1]
    return path.with_name(stem + end)


def unique_output_paths(names: Sequence[str]) -> list[str]:
    """Name each result as its photo, and no two alike.

    A format that cannot be written becomes .png: ``scan.tif`` is ``scan.png``, or ``scan.tif.png`` where
    another photo has that name. What still collides is numbered. Upper and lower case count as the same, as
    they do on Windows, macOS and Google Drive.

    Args:
        names: of photos, below their folder, with forward slashes.

    Returns:
        As many names, in the same order, below the folder of results. The same photos get the same names
        again.

    Example:
        >>> unique_output_paths(["a/lawn.png", "a/lawn.tif", "lawn.gif"])
        ['a/lawn.png', 'a/lawn.tif.png', 'lawn.png']
    """
    paths = [PurePosixPath(name) for name in names]
    given: dict[int, str] = {}
    taken: set[str] = set()
    # Photos that keep their name come first, so that a converted one never takes it away.
    for i in sorted(range(len(paths)), key=lambda i: _writable(paths[i].suffix) != paths[i].suffix):
        given[i] = next(wish for wish in _wishes(paths[i]) if wish.casefold() not in taken)
        taken.add(given[i].casefold())
    return [given[i] for i in range(len(paths))]


def _wishes(path: PurePosixPath) -> Iterator[str]:
    suffix = _writable(path.suffix)
    yield str(path.with_suffix(suffix))
    if suffix != path.suffix:
        yield f"{path}{suffix}"
    for number in count(2):
        yield str(path.with_name(f"{path.stem}-{number}{suffix}"))


def _writable(suffix: str) -> str:
    return suffix if suffix.lower() in WRITABLE_SUFFIXES else ".png"
