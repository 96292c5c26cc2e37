"""Atomic writes and JSON.

A notebook can stop at any moment: a lost session, a full disk, a restarted kernel.
:func:`atomic_write` writes to a hidden file in the same folder and renames it in one step when
everything is in it, so that a file is either complete or not there.
"""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

_DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Windows refuses to rename or to remove a file that a program has open, or a folder with such a
# file, if only for a moment to scan it for viruses.
_IS_WINDOWS = os.name == "nt"
_PAUSES_ON_WINDOWS = (0.01, 0.03, 0.1, 0.3, 1.0)  # seconds between attempts


@contextmanager
def atomic_write(path: str | Path, *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Open a new binary file that becomes ``path`` if the block succeeds and vanishes if it fails.

    Args:
        path: The final name. Its folder must exist.
        overwrite: Whether an existing file may be replaced. Without it, no file is replaced, not
            even one that another process creates meanwhile.

    Yields:
        The open file.

    Raises:
        FileExistsError: If the file exists and ``overwrite`` is false.
        OSError: If the system refuses: no such folder, no permission, or a full disk; for a full
            disk, the message says what to do.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with atomic_write(Path(folder) / "a.bin") as file:
        ...         _ = file.write(b"abc")
        ...     print(Path(folder, "a.bin").read_bytes())
        b'abc'
    """
    path = Path(path)
    exists = f"{path} exists already; choose another name or pass overwrite=True to replace it."
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(exists)
    temporary = path.with_name(f".colorlib-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
        try:
            if overwrite:
                replace_path(temporary, path)
            else:
                _publish(temporary, path)
        except FileExistsError:
            raise FileExistsError(exists) from None
    except OSError as error:
        if error.errno not in _DISK_FULL_ERRNOS:
            raise
        advice = "free some space and run this again. Existing files are unchanged"
        full = OSError(f"the disk is full: {path} cannot be written; {advice}")
        full.errno = error.errno
        raise full from error
    finally:
        remove_file(temporary)


def replace_path(temporary: Path, path: Path) -> None:
    """Rename a file or a folder; on Windows, wait while another program has it, or a part, open."""
    for pause in _PAUSES_ON_WINDOWS if _IS_WINDOWS else ():
        try:
            os.replace(temporary, path)
            return
        except PermissionError:
            time.sleep(pause)
    try:
        os.replace(temporary, path)
    except PermissionError as error:
        if not _IS_WINDOWS or not (path.is_file() or temporary.is_dir()):
            raise
        found = "cannot be written: another program has it open"
        advice = "close it there, and run this again. Nothing was changed"
        raise PermissionError(f"{path} {found}; {advice}") from error


def remove_file(path: Path, *, truncate: bool = False) -> None:
    """Remove a file if it exists; on Windows it stays if another program has it open.

    ``truncate`` empties the file first, because Google Drive keeps what is removed in its bin. A
    second name of the file (a hard link) loses the content, too.
    """
    with suppress(FileNotFoundError, *([PermissionError] if _IS_WINDOWS else [])):
        if truncate:
            os.truncate(path, 0)
        path.unlink()


def _publish(temporary: Path, path: Path) -> None:
    """Rename ``temporary`` to ``path``, unless a file has this name (FileExistsError)."""
    try:
        os.link(temporary, path)
        return
    except FileExistsError:
        raise
    except (OSError, AttributeError):
        pass  # FAT, some network drives and Google Drive's mount have no hard links
    with open(path, "xb") as target, open(temporary, "rb") as source:
        try:
            shutil.copyfileobj(source, target)
        except BaseException:
            target.close()
            path.unlink()
            raise


def read_json(path: Path) -> Any:
    """Load a JSON file that colorlib wrote.

    Raises:
        ValueError: If it is damaged; the message names it.

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
        advice = "restore a copy of it, or move it away"
        raise ValueError(f"{path} is damaged ({error}); {advice}") from None


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
        file.write(to_json(data).encode())


def to_json(data: Any) -> str:
    """Return data as JSON that every program reads: NaN and infinity, which JSON lacks, are null.

    Paths become text.

    Example:
        >>> print(to_json([1.5, float("nan"), float("-inf"), Path("a.png")]).replace("\\n", ""))
        [ 1.5, null, null, "a.png"]
    """
    return json.dumps(_replace_non_finite(data), indent=1, allow_nan=False, default=os.fspath)


def _replace_non_finite(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _replace_non_finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_replace_non_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def changed_fields(
    old: Mapping[str, Any], new: Mapping[str, Any], ignore: Collection[str] = ()
) -> dict[str, tuple[Any, Any]]:
    """Return the fields that two configurations have in common and whose values differ.

    A field that only one of them has does not count: another version of colorlib may have added
    it. A field that holds fields in only one of them is a change.

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
