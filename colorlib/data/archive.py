"""Safe extraction of zip and tar archives.

An archive comes from somebody else and tells this computer which files to write. Here it may only
write plain files and folders below the target, each name once and within limits; any other member
stops the extraction. Members are extracted into a hidden folder, which is renamed to the target
once everything is in it, so that a half-extracted archive never looks complete.
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

from colorlib.io.files import replace_path

MAX_BYTES = 20 * 2**30
#: Errors of the system that the archive causes, by names that no file can have; others are the
#: disk's.
_ARCHIVE_ERRORS = (errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG)


class ArchiveError(ValueError):
    """An archive that is unsafe or incomplete; the text names it and the member."""


def safe_extract(
    archive: str | Path,
    target: str | Path,
    *,
    max_bytes: int = MAX_BYTES,
    max_files: int = 1_000_000,
    validate: Callable[[Path], None] | None = None,
) -> Path:
    """Extract a zip or tar archive (plain, gzip, bzip2 or xz) into a new folder.

    Args:
        archive: the file; its content decides on its format, not its name.
        target: the folder to create; it must not exist yet. Its parent is created if it is missing.
        max_bytes: the largest number of bytes after extraction.
        max_files: the largest number of members.
        validate: called with the folder before it gets its final name; if it raises, nothing is
            left.

    Returns:
        ``target``.

    Raises:
        FileNotFoundError: the archive does not exist.
        FileExistsError: the target exists.
        OSError: no permission, or the disk is full.
        ArchiveError: the file is not an archive, is truncated or damaged, exceeds a limit, or has a
            member that is a link, a device or encrypted, or whose path leaves the target or is
            another member's.

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
        found = f"{target} exists already"
        raise FileExistsError(f"{found}; remove it first, or choose another folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".colorlib-{secrets.token_hex(8)}.tmp")
    temporary.mkdir()
    try:
        _extract_members(archive, temporary, max_bytes, max_files)
        if validate:
            validate(temporary)
        replace_path(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def _extract_members(archive: Path, folder: Path, max_bytes: int, max_files: int) -> None:
    """Write all members below a folder; raise an ArchiveError for a fault of the archive."""
    name, total = "its start", 0
    try:
        for count, (name, kind, size, open_member) in enumerate(_iter_members(archive), 1):
            total += size
            if count > max_files or total > max_bytes:
                limit = f"{max_files:,} members" if count > max_files else f"{max_bytes:,} bytes"
                found = f"{archive} holds more than {limit} at {name!r}"
                raise ArchiveError(f"{found}; do not use it.")
            if kind not in ("file", "folder"):
                found = f"{archive} holds {name!r}, {kind}"
                raise ArchiveError(f"{found}; expected files, do not use it.")
            path = folder / _check_member_path(archive, name)
            if kind == "folder":
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with open_member() as source, open(path, "xb") as file:
                shutil.copyfileobj(source, file, 2**20)
    except ArchiveError:
        raise
    except (FileExistsError, NotADirectoryError):
        raise ArchiveError(f"{archive} holds {name!r} twice; expected each name once.") from None
    except Exception as error:  # zlib, lzma, zipfile and tarfile raise errors of many classes
        code = getattr(error, "errno", None)
        if code is not None and code not in _ARCHIVE_ERRORS:
            raise  # such as a full disk
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(":")
        found = f"{archive} cannot be unpacked after {name!r} ({reason})"
        raise ArchiveError(f"{found}; delete it and fetch it again.") from error


def _check_member_path(archive: Path, name: str) -> PurePosixPath:
    """Return a member's path; raise if it leaves the target folder on any system."""
    path = PureWindowsPath(name)  # which takes both kinds of slashes as separators
    if path.drive or path.root or ".." in path.parts or "\0" in name:
        found = f"{archive} holds {name!r}, which leaves the target folder"
        raise ArchiveError(f"{found}; do not use this file.")
    return PurePosixPath(*path.parts)


class _BoundedTarInfo(tarfile.TarInfo):
    """A header that is refused if its size makes tarfile fill the memory or loop forever."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> tarfile.TarInfo:
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0 or (header.size > 2**20 and not header.isreg()):
            raise ValueError(f"a header of {header.size:,} bytes")
        return header


def _iter_members(archive: Path) -> Iterator[tuple[str, str, int, Callable[[], IO[bytes]]]]:
    """Yield (name, kind, size, open) of each member, reading the archive from front to back."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                kind = "folder" if info.is_dir() else "file"
                if stat.S_ISLNK(info.external_attr >> 16):
                    kind = "a link"
                if info.flag_bits & 1:
                    kind = "encrypted"
                yield info.filename, kind, info.file_size, lambda info=info: file.open(info)
    else:
        with tarfile.open(archive, "r:*", tarinfo=_BoundedTarInfo) as file:
            for info in file:
                kind = "a link or a device"
                if info.isdir():
                    kind = "folder"
                elif info.isreg():
                    kind = "file"
                yield info.name, kind, info.size, lambda info=info: file.extractfile(info)
