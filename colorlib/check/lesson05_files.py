"""Exercise 5.4: a file is saved while a reader looks on, and on a disk that is full half-way."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from colorlib.check.effects import Seen
from colorlib.check.judges import Case, Mistake


class _NoSpace(OSError):
    """What a full disk says."""


def written(save: Callable, there: bool, breaks: bool) -> Seen:
    """Save into a fresh folder and say what a reader would have found there, meanwhile and afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path, seen = Path(folder, "run.bin"), {}
        if there:
            path.write_bytes(b"old")

        def look() -> str:
            return path.read_bytes().decode() or "an empty file" if path.exists() else "no file"

        def write(file: Any) -> None:
            file.write(b"ne")
            seen["meanwhile, under the final name"] = look()
            name = getattr(file, "name", None)
            beside = isinstance(name, str) and Path(name).resolve().parent == Path(folder).resolve()
            elsewhere = "memory" if name is None else "another folder"
            seen["the new content grows in"] = "the same folder" if beside else elsewhere
            if breaks:
                raise _NoSpace("no space left on device")
            file.write(b"w")

        error = "none"
        try:
            save(path, write)
        except _NoSpace:
            error = "passed on to the caller"
        others = sum(other.name != path.name for other in Path(folder).iterdir())
        return seen | {
            "afterwards, under the final name": look(),
            "the error": error,
            "other files left": others,
        }


def save_whole(path: Path, write: Callable) -> None:
    """Write a file that is there whole or not at all; see :func:`colorlib.io.files.atomic_write`."""
    temporary = path.with_name(path.name + ".part")
    try:
        with open(temporary, "wb") as file:
            write(file)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _in_place(path: Path, write: Callable) -> None:
    with open(path, "wb") as file:
        write(file)


def _deleted_first(path: Path, write: Callable) -> None:
    path.unlink(missing_ok=True)
    save_whole(path, write)


def _elsewhere(path: Path, write: Callable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with open(Path(folder, "part"), "wb") as file:
            write(file)
        shutil.move(Path(folder, "part"), path)


def _in_memory(path: Path, write: Callable) -> None:
    write(file := io.BytesIO())
    path.write_bytes(file.getvalue())


def _litter(path: Path, write: Callable) -> None:
    temporary = path.with_name(path.name + ".part")
    with open(temporary, "wb") as file:
        write(file)
    os.replace(temporary, path)


def _silent(path: Path, write: Callable) -> None:
    with suppress(OSError):
        save_whole(path, write)


SAVES = [
    Mistake("open(path, 'wb') empties the old file at once: a session lost now leaves neither old nor new. "
            "Write under another name first.", _in_place),
    Mistake("the old file was deleted before the new one was whole: os.replace takes its place in one step.",
            _deleted_first),
    Mistake("the file grows in another folder; a move from one disk to another, such as to Drive, is a copy, "
            "and a copy can break off. Use path.with_name(...).", _elsewhere),
    Mistake("collected in memory, then written under the final name: that last write can break off half-way.",
            _in_memory),
    Mistake("a write that broke off left its half file behind: remove it in a finally.", _litter),
    Mistake("the error was swallowed: whoever called believes that the checkpoint is safe. Let it pass.",
            _silent),
]  # fmt: skip
CASES = [
    Case("a file that is not there yet", (False, False)),
    Case("a file that is there already", (True, False)),
    Case("a disk that is full half-way", (True, True)),
]
