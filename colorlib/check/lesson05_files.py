"""Exercise 5.4: save a file while another program reads it, and on a disk that becomes full."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from colorlib.check.graders import Case, KnownMistake


class _DiskFull(OSError):
    """The error of a full disk."""


def _read_text(path: Path) -> str:
    if not path.exists():
        return "no file"
    return path.read_bytes().decode() or "an empty file"


def run_save(save: Callable, exists: bool, disk_full: bool) -> dict[str, Any]:
    """Save into a new folder; return what a reader finds there during and after writing."""
    seen: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.bin")
        if exists:
            path.write_bytes(b"old")

        def write(file: BinaryIO) -> None:
            file.write(b"ne")
            seen["during writing, under the final name"] = _read_text(path)
            seen["the place of the new content"] = _describe_place(file, folder)
            if disk_full:
                raise _DiskFull("no space left on device")
            file.write(b"w")

        error = "none"
        try:
            save(path, write)
        except _DiskFull:
            error = "passed on to the caller"
        seen["after writing, under the final name"] = _read_text(path)
        seen["the error"] = error
        seen["other files left"] = sum(file.name != path.name for file in Path(folder).iterdir())
    return seen


def _describe_place(file: BinaryIO, folder: str) -> str:
    name = getattr(file, "name", None)
    if name is None:
        return "memory"
    if isinstance(name, str) and Path(name).resolve().parent == Path(folder).resolve():
        return "the same folder"
    return "another folder"


def atomic_save(path: Path, write: Callable) -> None:
    """Write a complete file or none; see :func:`colorlib.io.files.atomic_write`."""
    temporary = path.with_name(path.name + ".part")
    try:
        with open(temporary, "wb") as file:
            write(file)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _writes_in_place(path: Path, write: Callable) -> None:
    with open(path, "wb") as file:
        write(file)


def _deletes_old_file_first(path: Path, write: Callable) -> None:
    path.unlink(missing_ok=True)
    atomic_save(path, write)


def _writes_in_other_folder(path: Path, write: Callable) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _writes_in_place(Path(folder, "part"), write)
        shutil.move(Path(folder, "part"), path)


def _writes_to_memory(path: Path, write: Callable) -> None:
    write(file := io.BytesIO())
    path.write_bytes(file.getvalue())


def _leaves_temp_files(path: Path, write: Callable) -> None:
    temporary = path.with_name(path.name + ".part")
    _writes_in_place(temporary, write)
    os.replace(temporary, path)


def _swallows_errors(path: Path, write: Callable) -> None:
    with suppress(OSError):
        atomic_save(path, write)


MISTAKES = [
    KnownMistake("open(path, 'wb') empties the old file at once: if the session ends now, both old "
                 "and new are lost. Write under another name first.", _writes_in_place),
    KnownMistake("you delete the old file before the new one is complete: os.replace replaces it "
                 "in one step.", _deletes_old_file_first),
    KnownMistake("you write in another folder; a move to another disk, such as Drive, is a copy, "
                 "which can break off. Use path.with_name(...).", _writes_in_other_folder),
    KnownMistake("you collect the content in memory, but the write under the final name can still "
                 "break off.", _writes_to_memory),
    KnownMistake("after an error the incomplete file remains: remove it in a finally.",
                 _leaves_temp_files),
    KnownMistake("you swallow the error, so the caller believes that the checkpoint is safe: let "
                 "it pass.", _swallows_errors),
]  # fmt: skip
CASES = [
    Case("a file that does not exist yet", (False, False)),
    Case("a file that exists already", (True, False)),
    Case("a disk that becomes full during writing", (True, True)),
]
