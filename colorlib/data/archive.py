"""Archives unpacked so that nothing lands outside the target, and nothing half unpacked looks complete.

An archive is somebody else's instruction to write files. Here it may write plain files and folders below the
target, each name once, within limits; a member that asks for more stops everything. Members go to a hidden
folder that takes the target's name in one step, once all of them are out.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

MAX_BYTES = 20 * 2**30
_ITS_FAULT = (
    None,
    errno.EINVAL,
    errno.EILSEQ,
    errno.ENAMETOOLONG,
)  # places and names that cannot be


class ArchiveError(ValueError):
    """An archive that is not safe or not whole; the text names it, and the member where there is one."""


def safe_extract(
    archive: str | Path,
    target: str | Path,
    *,
    max_bytes: int = MAX_BYTES,
    max_files: int = 1_000_000,
    check: Callable[[Path], None] | None = None,
) -> Path:
    """Unpack a zip or tar archive (plain, gzip, bzip2 or xz) into a new folder.

    Args:
        archive: the file; what it is, its content says, not its name.
        target: the folder to make; it must not exist yet, and its parent is made where it is missing.
        max_bytes: more than this, unpacked, is refused.
        max_files: so are more members than this.
        check: called with the folder while it still has its hidden name; if it raises, nothing is left.

    Returns:
        ``target``.

    Raises:
        FileNotFoundError: there is no such archive.
        FileExistsError: the target exists.
        OSError: the system refused: no permission, no space.
        ArchiveError: no archive, cut off or damaged, a member that is a link, a device or encrypted, that
            would land outside the target or on another member, or more than the limits.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "lawn.zip")
        ...     with zipfile.ZipFile(path, "w") as file:
        ...         file.writestr("balls/red.txt", "red")
        ...     safe_extract(path, Path(folder, "lawn")).joinpath("balls/red.txt").read_text()
        'red'
    """
    archive, target = Path(archive), Path(target)
    if not archive.is_file():
        raise FileNotFoundError(f"{archive} was not found, expected an archive; check the name.")
    if os.path.lexists(target):
        raise FileExistsError(
            f"{target} exists already; remove it first, or choose another folder."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".colorlib-{secrets.token_hex(8)}.tmp")
    temporary.mkdir()
    try:
        _unpack(archive, temporary, max_bytes, max_files)
        if check:
            check(temporary)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _unpack(archive: Path, folder: Path, max_bytes: int, max_files: int) -> None:
    name, total = "its start", 0
    try:
        for count, (name, kind, size, opened) in enumerate(_members(archive), 1):
            total += size
            if count > max_files or total > max_bytes:
                most = f"{max_files:,} members" if count > max_files else f"{max_bytes:,} bytes"
                raise ArchiveError(f"{archive} holds more than {most} at {name!r}; do not use it.")
            if kind not in ("file", "folder"):
                raise ArchiveError(
                    f"{archive} holds {name!r}, {kind}; expected files, do not use it."
                )
            path = folder / _inside(archive, name)
            (path if kind == "folder" else path.parent).mkdir(parents=True, exist_ok=True)
            if kind == "file":
                with opened() as source, open(path, "xb") as file:
                    shutil.copyfileobj(source, file, 2**20)
    except (FileExistsError, NotADirectoryError):
        raise ArchiveError(f"{archive} holds {name!r} twice; expected each name once.") from None
    except Exception as error:
        if (
            isinstance(error, ArchiveError) or getattr(error, "errno", None) not in _ITS_FAULT
        ):  # as: no space
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(":")
        told = f"{archive} cannot be unpacked after {name!r} ({reason})"
        raise ArchiveError(f"{told}; delete it and fetch it again.") from error


def _inside(archive: Path, name: str) -> PurePosixPath:
    """Check a member's name as every system would read it."""
    windows = PureWindowsPath(name)  # takes both slashes for separators
    if windows.drive or windows.root or ".." in windows.parts or "\0" in name:
        raise ArchiveError(
            f"{archive} holds {name!r}, which leaves the target folder; do not use this file."
        )
    return PurePosixPath(*windows.parts)


class _Header(tarfile.TarInfo):
    """A header that is refused where tarfile would take all memory, or go round in circles, over its size."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> tarfile.TarInfo:
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0 or (
            header.size > 2**20 and not header.isreg()
        ):  # a name or fields, in one piece
            raise ValueError(f"a header of {header.size:,} bytes")
        return header


def _members(archive: Path) -> Iterator[tuple[str, str, int, Callable[[], IO[bytes]]]]:
    """List (name, kind, size, open) of each member, reading the archive once from front to back."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                odd = (
                    "encrypted"
                    if info.flag_bits & 1
                    else stat.S_ISLNK(info.external_attr >> 16) and "a link"
                )
                kind = odd or ("folder" if info.is_dir() else "file")
                yield info.filename, kind, info.file_size, lambda info=info: file.open(info)
        return
    with tarfile.open(archive, "r:*", tarinfo=_Header) as file:
        for info in file:
            kind = "folder" if info.isdir() else "file" if info.isreg() else "a link or a device"
            yield info.name, kind, info.size, lambda info=info: file.extractfile(info)
