"""A lock that keeps two runs out of one folder, and what killed runs left in it."""

from __future__ import annotations

import fnmatch
import os
import platform
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from colorlib.io.files import atomic_write, remove_file

if TYPE_CHECKING:
    from filelock import FileLock

#: Seconds after which an unfinished file was left by a killed run, where there is no lock to tell.
STALE_AFTER = 3600


@contextmanager
def lock_folder(folder: str | Path | None) -> Iterator[None]:
    """Lock a folder for the length of a block, and remove half-written files of killed runs in it.

    The operating system holds the lock and releases it when the process ends, however it ends. On a
    file system without locks, such as some network drives, nothing is locked and the block runs.

    Args:
        folder: Created if it does not exist; None locks nothing. Two small hidden files stay in it:
            ``.lock``, and ``.lock-holder`` with the process that locked the folder last.

    Raises:
        BlockingIOError: If another run has locked the folder; the message names its process.
        OSError: If the folder cannot be created or written to.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, lock_folder(folder):
        ...     with lock_folder(folder):
        ...         pass  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        BlockingIOError: ... is in use by process ...; wait for it, stop it, or choose another ...
    """
    if folder is None:
        yield
        return
    from filelock import FileLock  # takes 70 ms, and only runs need it

    folder = Path(folder)
    _check_writable(folder)
    lock = FileLock(folder / ".lock", timeout=0)
    if not _acquire(lock, folder / ".lock-holder"):
        remove_left_overs(folder, min_age=STALE_AFTER)  # younger ones may belong to another run
        yield
        return
    try:
        remove_left_overs(folder)
        with atomic_write(folder / ".lock-holder", overwrite=True) as file:
            file.write(f"process {os.getpid()} on {platform.node()}".encode())
        yield
    finally:
        lock.release()


def remove_left_overs(folder: Path, min_age: float = 0) -> None:
    """Remove unfinished files of killed runs below a folder: see :func:`atomic_write`.

    Folders with a lock of their own are left out.

    Args:
        folder: Where to look.
        min_age: Seconds since the last change of a file; younger ones stay.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not Path(parent, name, ".lock").exists()]
        for path in (Path(parent, name) for name in fnmatch.filter(names, ".colorlib-*.tmp")):
            with suppress(FileNotFoundError):  # another process was faster
                if time.time() - path.stat().st_mtime >= min_age:
                    remove_file(path)


def _acquire(lock: FileLock, holder: Path) -> bool:
    """Return whether the lock is held now: not on a file system without locks."""
    from filelock import Timeout

    try:
        with warnings.catch_warnings():
            # Without locks, filelock warns and creates a marker file, which would outlive a killed
            # run.
            warnings.simplefilter("error", UserWarning)
            lock.acquire()
    except Timeout:
        process = holder.read_text("utf-8") if holder.exists() else "another process"
        advice = "wait for it, stop it, or choose another folder"
        raise BlockingIOError(f"{holder.parent} is in use by {process}; {advice}") from None
    except (OSError, NotImplementedError, UserWarning):
        return False
    return True


def _check_writable(folder: Path) -> None:
    """Create the folder if needed, and raise if nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(0, "it is read-only")
        open(folder / ".lock", "ab").close()
    except OSError as error:
        reason = f"{folder} cannot be written to ({error.strerror})"
        raise type(error)(f"{reason}; allow that, or choose another folder") from None
