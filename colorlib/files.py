"""Files that are there whole or not at all.

A notebook can stop at any moment: a lost session, a full disk, a restarted kernel. :func:`whole` writes to a
hidden file in the same folder, which takes the final name in one step once everything is in it.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole(path: str | Path, *, overwrite: bool = False) -> Iterator[IO[bytes]]:
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
        ...     with whole(Path(folder) / "a.bin") as file:
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
