"""Names of colorized photos: the photo's own name, in a format that can be written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path, PurePosixPath

from colorlib.io.images import WRITABLE_SUFFIXES


def output_path(photo: str | Path) -> Path:
    """Return the path of a photo's colorized copy in the same folder: NAME-colorized.EXT.

    The suffix stays if it can be written (.png, .webp, .jpg, .jpeg), and becomes .png if not. A
    name longer than the 255 bytes that systems allow is cut before ``-colorized``.

    Example:
        >>> output_path("lawn.JPG").name, output_path(Path("old", "scan.tif")).name
        ('lawn-colorized.JPG', 'scan-colorized.png')
    """
    path = Path(photo)
    return _with_ending(path, f"-colorized{_writable_suffix(path.suffix)}")


def variant_path(path: str | Path, variant: str) -> Path:
    """Return the path of one of several results of a photo: NAME-VARIANT.EXT.

    Example:
        >>> variant_path("lawn-colorized.jpg", "2").name
        'lawn-colorized-2.jpg'
    """
    path = Path(path)
    return _with_ending(path, f"-{variant}{path.suffix}")


def unique_output_paths(names: Sequence[str]) -> list[str]:
    """Name each result like its photo, so that all names are different.

    A format that cannot be written becomes .png: ``scan.tif`` becomes ``scan.png``, or
    ``scan.tif.png`` if another photo has that name. What still collides is numbered. Upper and
    lower case count as the same, as they do on Windows, macOS and Google Drive.

    Args:
        names: Of photos, relative to their folder, with forward slashes.

    Returns:
        As many names, in the same order, relative to the folder of results. The same photos always
        get the same names.

    Example:
        >>> unique_output_paths(["a/lawn.png", "a/lawn.tif", "lawn.gif"])
        ['a/lawn.png', 'a/lawn.tif.png', 'lawn.png']
    """
    paths = [PurePosixPath(name) for name in names]
    is_converted = [_writable_suffix(path.suffix) != path.suffix for path in paths]
    results = [""] * len(paths)
    taken: set[str] = set()
    # Photos that keep their name come first, so that a converted one never takes it away.
    for i in sorted(range(len(paths)), key=is_converted.__getitem__):
        for candidate in _candidate_names(paths[i]):
            if candidate.casefold() not in taken:
                break
        results[i] = candidate
        taken.add(candidate.casefold())
    return results


def _candidate_names(path: PurePosixPath) -> Iterator[str]:
    suffix = _writable_suffix(path.suffix)
    yield str(path.with_suffix(suffix))
    if suffix != path.suffix:
        yield f"{path}{suffix}"
    for number in count(2):
        yield str(path.with_name(f"{path.stem}-{number}{suffix}"))


def _with_ending(path: Path, ending: str) -> Path:
    """Return NAME + ``ending``, with NAME cut so that systems allow the whole."""
    stem = path.stem
    while len(os.fsencode(stem + ending)) > 255:
        stem = stem[:-1]
    return path.with_name(stem + ending)


def _writable_suffix(suffix: str) -> str:
    return suffix if suffix.lower() in WRITABLE_SUFFIXES else ".png"
