"""Paths as people type them: names of files and folders become paths here, and only here.

``.`` has no name, ``photos`` and ``photos/`` are one folder, ``https://...`` is not a file, and
what is written must neither replace a photo nor end up among the photos. The commands ask the
functions below, so that each rule holds for all of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_URL_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_FILE_SUFFIX_PATTERN = re.compile(r"\.[A-Za-z]\w{1,11}")  # .tif and .safetensors, not .5 or .01


def parse_path(text: str | Path) -> Path:
    """Return the path that a person typed, with ``~`` for the home folder.

    Raises:
        ValueError: If the text is empty or the address of a web page.

    Example:
        >>> parse_path("https://example.org/a.jpg")
        Traceback (most recent call last):
        ValueError: https://example.org/a.jpg is an address of the web; expected a file or ...
    """
    text = os.fspath(text)
    if not text.strip() or "\0" in text:
        raise ValueError(f"{text!r} was given as a path; expected the name of a file or folder")
    if _URL_PATTERN.match(text):
        expected = "expected a file or folder of this computer"
        raise ValueError(f"{text} is an address of the web; {expected}: download it first")
    return expand_home(text)


def expand_home(path: str | Path) -> Path:
    """Return a path with ``~`` for the home folder.

    A file may be called ``~lawn.jpg``, and a folder ``~``, which is written ``./~``. The path of
    such a one is absolute, so that it is never expanded later.

    Example:
        >>> expand_home("~/a.jpg") == Path.home() / "a.jpg"
        True
        >>> expand_home("~lawn.jpg") == expand_home("./~lawn.jpg") == Path.cwd() / "~lawn.jpg"
        True
    """
    text = os.fspath(path)
    if text == "~" or text.startswith(("~/", f"~{os.sep}")) or not os.path.lexists(text):
        text = os.path.expanduser(text)
    path = Path(text)
    return path.absolute() if path.parts and path.parts[0].startswith("~") else path


def parse_folder(text: str | Path) -> Path:
    """Return the path of a folder to write to, which may not exist yet.

    Raises:
        NotADirectoryError: If it is a file.
        ValueError: If it looks like the name of a file: ``r.tif``, but not ``r.tif/``.

    Example:
        >>> parse_folder("results.v2/").name
        'results.v2'
        >>> parse_folder("r.tif")
        Traceback (most recent call last):
        ValueError: r.tif looks like a file; expected a folder: write r.tif/ if it is one
    """
    path = parse_path(text)
    if path.is_dir():
        return path
    if os.path.lexists(path):
        raise NotADirectoryError(f"{path} is a file; expected a folder: name another")
    if looks_like_file(text):
        expected = f"expected a folder: write {path}/ if it is one"
        raise ValueError(f"{path} looks like a file; {expected}")
    return path


def looks_like_file(text: str | Path) -> bool:
    """Return whether a path ends like a file's name, without a slash, and is not a folder.

    Example:
        >>> [looks_like_file(text) for text in ("a.jpg", "a.jpg/", "a", "2.5", "..")]
        [True, False, False, False, False]
    """
    text = os.fspath(text)
    separators = tuple(filter(None, (os.sep, os.altsep)))
    path = parse_path(text)
    has_suffix = _FILE_SUFFIX_PATTERN.fullmatch(path.suffix) is not None
    return has_suffix and not text.endswith(separators) and not path.is_dir()


def folder_name(path: str | Path) -> str:
    """Return the name of a folder, also if it is written as ``.`` or ``photos/..``.

    Example:
        >>> folder_name(".") == Path.cwd().name
        True
    """
    return parse_path(path).resolve().name or "root"


def check_outside(out: str | Path, photos: str | Path) -> None:
    """Raise ValueError if a folder to write to is a folder of photos, or inside it.

    What a run writes there would be among the photos of the next run.

    Example:
        >>> check_outside("album/runs", "album")
        Traceback (most recent call last):
        ValueError: album/runs is inside the folder of photos album; expected one outside of it: ...
    """
    if Path(out).resolve().is_relative_to(Path(photos).resolve()):
        reason = "what is written there would be among the photos of the next run"
        found = f"{out} is inside the folder of photos {photos}"
        raise ValueError(f"{found}; expected one outside of it: {reason}")


def check_no_photo_is_replaced(photos: Iterable[Path], targets: Iterable[Path]) -> None:
    """Raise ValueError if a result would have the path of a photo.

    Two names of one file count as one path: links, and letters in upper and lower case where the
    file system does not tell them apart.

    Example:
        >>> check_no_photo_is_replaced([Path("a.jpg")], [Path("x/../a.jpg")])
        Traceback (most recent call last):
        ValueError: x/../a.jpg is a photo and would be its own result; choose another --out
    """
    identities = {_identity(photo) for photo in photos}
    for target in targets:
        if _identity(target) in identities:
            found = f"{target} is a photo and would be its own result"
            raise ValueError(f"{found}; choose another --out")


def _identity(path: Path) -> object:
    """Return what is equal for two names of one file."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(path)
