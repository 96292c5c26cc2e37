"""Files that are there whole or not at all.

A notebook can stop at any moment: a lost session, a full disk, a restarted kernel. :func:`whole` writes to a
hidden file in the same folder, which takes the final name in one step once everything is in it.

A folder that one run holds: a second one is told whose it is.

The system keeps the lock and lets it go with the process, however that ends, so a run that was killed is in
nobody's way. Where there are no such locks, on Windows and on some network drives, whoever asks may go on.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic_write(path: str | Path, *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Open a new binary file that becomes ``path`` when the block ends well, and vanishes when it does not.

    Args:
        path: the final name; its folder must exist.
        overwrite: whether an existing file may be replaced; without it none is, not even one that another
            process makes meanwhile.

    Yields:
        The open file.

    Raises:
        FileExistsError: the file exists and ``overwrite`` is false.
        OSError: the system refused: no such folder, no permission, no space; then the text says what to do.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_write(Path(folder) / "a.bin") as file:
        ...         _ = file.write(b"abc")
        ...     print(Path(folder, "a.bin").read_bytes())
        b'abc'
    """
    path = Path(path)
    taken = f"{path} exists already; choose another name or pass overwrite=True to replace it."
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(taken)
    temporary = path.with_name(f".colorlib-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
        try:
            os.replace(temporary, path) if overwrite else _claim(temporary, path)
        except FileExistsError:
            raise FileExistsError(taken) from None
    except OSError as error:
        if error.errno in _FULL:
            full = OSError(
                f"there is no room for {path}; free some and do it again: what was there is there"
            )
            full.errno = error.errno
            raise full from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _claim(temporary: Path, path: Path) -> None:
    """Give ``path`` the content of ``temporary``; a file that has the name keeps it (FileExistsError)."""
    try:
        os.link(temporary, path)
        return
    except FileExistsError:
        raise
    except (
        OSError,
        AttributeError,
    ):  # FAT, some network drives and Google Drive's mount have no hard links
        pass
    with open(path, "xb") as target, open(temporary, "rb") as source:
        try:
            shutil.copyfileobj(source, target)
        except BaseException:
            target.close()
            path.unlink()
            raise


def read_json(path: Path) -> Any:
    """Read a file of JSON that colorlib wrote.

    Raises:
        ValueError: it is damaged; the text names it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "run.json").write_text('{"seed": 0}')
        ...     read_json(Path(folder, "run.json"))
        {'seed': 0}
    """
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(
            f"{path} is damaged ({error}); take a copy of it, or move it away"
        ) from None


def write_json(path: Path, data: Any) -> None:
    """Write data as JSON, as a whole or not at all; a file of that name is replaced.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_json(Path(folder, "run.json"), {"betas": (0.5, 0.999)})
        ...     read_json(Path(folder, "run.json"))
        {'betas': [0.5, 0.999]}
    """
    with atomic_write(path, overwrite=True) as file:
        file.write(json.dumps(data, indent=1).encode())


def changed_fields(
    old: Mapping[str, Any], new: Mapping[str, Any], ignore: Collection[str] = ()
) -> dict[str, tuple[Any, Any]]:
    """Return the fields that two configurations have in common and whose values differ.

    A field that only one of them has is no change: another version of colorlib may have added it. A
    field that holds fields in only one of them is a change.

    Args:
        old: the first configuration, as :func:`read_json` returns it.
        new: the second one.
        ignore: names of fields to leave out, at every depth.

    Returns:
        The old and the new value by name; a field inside a field is named ``outer.inner``.

    Example:
        >>> old = {"seed": 0, "data": {"size": 64, "about": "a"}}
        >>> changed_fields(old, {"seed": 0, "data": {"size": 32, "about": "b"}}, ignore={"about"})
        {'data.size': (64, 32)}
    """
    changed = {}
    for name, value in new.items():
        if name in ignore or name not in old:
            continue
        if isinstance(old[name], Mapping) and isinstance(value, Mapping):
            for inner, values in changed_fields(old[name], value, ignore).items():
                changed[f"{name}.{inner}"] = values
        elif old[name] != value:
            changed[name] = (old[name], value)
    return changed


try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextmanager
def lock_folder(folder: str | Path | None) -> Iterator[None]:
    """Hold a folder for the length of a block, and clear away half-written files of a run that was killed.

    Args:
        folder: made if it is not there; None holds nothing. A small hidden file, ``.lock``, stays in it.

    Raises:
        BlockingIOError: another run holds it; the text names its process.
        OSError: it cannot be made or written to.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, lock_folder(folder):
        ...     with lock_folder(folder):
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
            for left in Path(folder).glob(".colorlib-*.tmp"):  # see colorlib.io.files.atomic_write
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
