"""Exercise 5.4: save a file while another program reads it, and on a disk that becomes full."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from colorlib.check.graders import Case, KnownMistake

_OLD, _NEW = b"old", b"new"


class _DiskFull(OSError):
    """The error of a full disk."""


class _Interrupted(KeyboardInterrupt):
    """The stop button of the notebook, in the middle of writing."""


# what happens to the final name -------------------------------------------------------------------
_watches: list[_Watch] = []  # the saves that run now


class _Watch:
    """Notes what happens to one path: Python announces every open, rename and remove."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.place = ""  # of the new content: where write() put it

    def note(self, event: str, args: tuple) -> None:
        if event == "open" and self._is_final(args[0]) and args[2] & (os.O_WRONLY | os.O_RDWR):
            where = f"and filled from {self.place}" if self.place else "before anything was written"
            self.notes.append(f"opened for writing, {where}")
        elif event == "os.remove" and self._is_final(args[0]):
            self.notes.append("deleted")
        elif event == "os.rename" and self._is_final(args[0]):
            self.notes.append("given to another file")
        elif event == "os.rename" and self._is_final(args[1]):
            self.notes.append(self._describe_rename(Path(os.fsdecode(args[0]))))

    def _describe_rename(self, source: Path) -> str:
        size = source.stat().st_size if source.exists() else 0
        state = "complete" if size == len(_NEW) else f"incomplete, with {size} of 3 bytes on disk"
        folder = self.path.parent.resolve()
        near = source.resolve().is_relative_to(folder)
        return f"renamed from {'the same' if near else 'another'} folder, {state}"

    def _is_final(self, name: Any) -> bool:
        return isinstance(name, (str, bytes, Path)) and Path(os.fsdecode(name)) == self.path


@cache
def _install_hook() -> None:
    """Install the hook once; Python cannot remove it, but without a watch it does nothing."""
    sys.addaudithook(lambda event, args: [watch.note(event, args) for watch in _watches] and None)


@contextmanager
def _watch(path: Path) -> Iterator[_Watch]:
    _install_hook()
    watch = _Watch(path)
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)


def _read_text(path: Path) -> str:
    if not path.exists():
        return "no file"
    return path.read_bytes().decode() or "an empty file"


def run_save(save: Callable, exists: bool, failure: type[BaseException] | None) -> dict[str, Any]:
    """Save into a new folder; return what happens there during and after writing."""
    seen: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.bin")
        if exists:
            path.write_bytes(_OLD)

        def write(file: BinaryIO) -> None:
            file.write(_NEW[:2])
            watch.place = "memory" if isinstance(file, io.BytesIO) else "another file"
            seen["during writing, under the final name"] = _read_text(path)
            if failure:
                raise failure("no space left on device")
            file.write(_NEW[2:])

        error = "none"
        with _watch(path) as watch:
            try:
                save(path, write)
            except (_DiskFull, _Interrupted):
                error = "passed on to the caller"
        seen["what happened to the final name"] = ", then ".join(watch.notes) or "nothing"
        seen["after writing, under the final name"] = _read_text(path)
        seen["the error"] = error
        seen["other files left"] = sum(file.name != path.name for file in Path(folder).iterdir())
    return seen


# answers ------------------------------------------------------------------------------------------
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


def _finish_mutant(
    finish: Callable[[Path, Path], Any], unlinks: tuple = (BaseException,)
) -> Callable:
    """Return a function that ends in another way, or removes its file after some errors only."""

    def save(path: Path, write: Callable) -> None:
        temporary = path.with_name(path.name + ".part")
        try:
            _writes_in_place(temporary, write)
        except unlinks:
            temporary.unlink()
            raise
        finish(temporary, path)
        temporary.unlink(missing_ok=True)

    return save


def _deletes_before_rename(temporary: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    os.replace(temporary, path)


def _renames_inside_with(path: Path, write: Callable) -> None:
    temporary = path.with_name(path.name + ".part")
    try:
        with open(temporary, "wb") as file:
            write(file)
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _renames_before_writing(path: Path, write: Callable) -> None:
    with open(path.with_name(path.name + ".part"), "wb") as file:
        os.replace(file.name, path)
        write(file)


def _replaces_after_errors(path: Path, write: Callable) -> None:
    temporary = path.with_name(path.name + ".part")
    try:
        _writes_in_place(temporary, write)
    finally:
        os.replace(temporary, path)


def _swallows(errors: type[BaseException]) -> Callable:
    def save(path: Path, write: Callable) -> None:
        with suppress(errors):
            atomic_save(path, write)

    return save


MISTAKES = [
    KnownMistake("open(path, 'wb') empties the old file at once: if the session ends now, both old "
                 "and new are lost. Write under another name first.", _writes_in_place),
    KnownMistake("you delete the old file before the new one is complete: os.replace replaces it "
                 "in one step.", _deletes_old_file_first),
    KnownMistake("you delete the old file before the rename: between the two there is no file. "
                 "os.replace does both in one step.", _finish_mutant(_deletes_before_rename)),
    KnownMistake("you write in another folder; to another disk, such as Drive, a rename fails, "
                 "and a move is a copy, which can break off. Use path.with_name(...).",
                 _writes_in_other_folder),
    KnownMistake("you collect the content in memory, but the write under the final name can still "
                 "break off: write it under another name, then os.replace.", _writes_to_memory),
    KnownMistake("a copy writes under the final name byte by byte, and can break off half-way: "
                 "os.replace renames in one step.", _finish_mutant(shutil.copyfile)),
    KnownMistake("the rename comes inside the with, while the last bytes are still in Python's "
                 "buffer: close the file first, one indentation less.", _renames_inside_with),
    KnownMistake("the rename comes inside the with, before anything is written: close the file "
                 "first, then rename.", _renames_before_writing),
    KnownMistake("after an error the incomplete file gets the final name: rename only after "
                 "write() has ended well.", _replaces_after_errors),
    KnownMistake("the file never gets its final name: os.replace(temporary, path).",
                 _finish_mutant(lambda temporary, path: None)),
    KnownMistake("after an error the incomplete file remains: remove it in a finally.",
                 _leaves_temp_files),
    KnownMistake("after the stop button the incomplete file remains: KeyboardInterrupt is not an "
                 "Exception, so remove it in a finally.", _finish_mutant(os.replace, (Exception,))),
    KnownMistake("you swallow the error, so the caller believes that the checkpoint is safe: let "
                 "it pass.", _swallows(OSError)),
    KnownMistake("you swallow every error, even the stop button: let it pass.",
                 _swallows(BaseException)),
]  # fmt: skip
CASES = [
    Case("a file that does not exist yet", (False, None)),
    Case("a file that exists already", (True, None)),
    Case("a disk that becomes full during writing", (True, _DiskFull)),
    Case("a disk that becomes full, and no older file", (False, _DiskFull)),
    Case("a run that is interrupted during writing", (True, _Interrupted)),
]
ERRORS = {
    "run.bin' -> '": "the arguments are swapped: os.replace(a, b) renames a to b.",
    "No such file": "this file is not there: os.replace takes the temporary name away, so a later "
    "unlink needs missing_ok=True.",
    "must be str, not bytes": "the file must be binary: open(temporary, 'wb').",
    "has no attribute 'write'": "write needs the open file, not its name.",
    "not an open file": "write needs the open file, not its name.",
}
