"""The space on a disk: said and checked before something large is written."""

from __future__ import annotations

import errno
import logging
import shutil
from pathlib import Path

log = logging.getLogger("colorlib")

_SAID_FROM = 100_000_000  # bytes from which on the need of space is logged
_RESERVE = 0.1  # of the size of what is written stays free as well
_MINIMUM = 1_000_000  # bytes; what is smaller is written without asking


def format_bytes(num_bytes: float) -> str:
    """Return a number of bytes as text.

    Example:
        >>> format_bytes(52_800_000_000), format_bytes(147_456), format_bytes(0)
        ('52.8 GB', '147 KB', '0 KB')
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= size:
            return f"{num_bytes / size:.{1 if num_bytes < 1e11 else 0}f} {unit}"
    return f"{num_bytes / 1e3:.0f} KB"


_ADVICE = (
    "use fewer or smaller images, free some space (colorlib cache --clear), or set the variable "
    "COLORLIB_CACHE to a folder of another disk"
)


def check_disk_space(folder: Path, num_bytes: int, title: str, advice: str = _ADVICE) -> None:
    """Log how much space something large will take; raise if the disk has less.

    Args:
        folder: where it will be written; it need not exist.
        num_bytes: its size.
        title: the beginning of the message, such as "8,000 prepared photos of 256x256".
        advice: the end of the message, if there is too little space.

    Raises:
        OSError: the disk has too little space.

    Example:
        >>> check_disk_space(Path("."), 10**18, "the photos")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        OSError: the photos take 1000000000 GB in ..., and ... are free there; use fewer or ...
    """
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing)[2]
    found = f"{title} take {format_bytes(num_bytes)} in {folder}"
    if num_bytes * (1 + _RESERVE) > free and num_bytes >= _MINIMUM:
        error = OSError(f"{found}, and {format_bytes(free)} are free there; {advice}")
        error.errno = errno.ENOSPC
        raise error
    if num_bytes >= _SAID_FROM:
        log.info("%s, where %s are free", found, format_bytes(free))
