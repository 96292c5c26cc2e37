"""A folder that one run holds: a second one is told whose it is.

The system keeps the lock and lets it go with the process, however that ends, so a run that was killed is in
nobody's way. Where there are no such locks, on Windows and on some network drives, whoever asks may go on.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextmanager
def alone(folder: str | Path | None) -> Iterator[None]:
    """Hold a folder for the length of a block, and clear away half-written files of a run that was killed.

    Args:
        folder: made if it is not there; None holds nothing. A small hidden file, ``.lock``, stays in it.

    Raises:
        BlockingIOError: another run holds it; the text names its process.
        OSError: it cannot be made or written to.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, alone(folder):
        ...     with alone(folder):
        ...         pass  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        BlockingIOError: ... is in use by process ...; wait for it, stop it, or choose another folder
    """
    if folder is None:
        yield
        return
    with _opened(Path(folder)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().decode() or "another process"
            do = "wait for it, stop it, or choose another folder"
            raise BlockingIOError(f"{folder} is in use by {holder}; {do}") from None
        except (OSError, AttributeError):
            pass  # no locks here
        else:
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}".encode())
            for left in Path(folder).glob(".colorlib-*.tmp"):  # see colorlib.files.whole
                left.unlink(missing_ok=True)
        yield


def _opened(folder: Path):
    """Open the lock's file in a folder that can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(0, "it is read-only")
        return open(folder / ".lock", "a+b", buffering=0)
    except OSError as error:
        reason = f"{folder} cannot be written to ({error.strerror})"
        raise type(error)(f"{reason}; allow that, or choose another folder") from None
