"""The disk space of downloads and prepared images: said before, owned, and given back.

Everything that colorlib derives from photos is below :func:`cache_folder`: archives of data sets
and their content in ``sources``, decoded images in ``prepared``. ``colorlib cache`` lists both, and
``colorlib cache --clear`` removes them; whatever is needed again is made again.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pooch

from colorlib.data.catalog import CATALOG
from colorlib.io.disk_space import format_bytes

PIXELS, MANIFEST = "pixels.npy", "manifest.json"  # the files of prepared images
_PREPARED_NAME = re.compile(r"[0-9a-f]{16}")
log = logging.getLogger("colorlib")


@dataclass(frozen=True)
class CacheEntry:
    """A part of the cache: a download, or the prepared images of a folder of photos.

    Attributes:
        kind: ``"prepared"`` or ``"downloads"``.
        title: what it holds.
        paths: its files and folders.
        num_bytes: its size.
        source: the folder of the photos that prepared images were made from; None if unknown.
    """

    kind: str
    title: str
    paths: tuple[Path, ...]
    num_bytes: int
    source: Path | None = None


def cache_folder(*parts: str) -> Path:
    """Return a folder for downloads and caches, without creating it.

    It is below ``$COLORLIB_CACHE`` if that is set, otherwise below the system's cache folder.

    Raises:
        FileNotFoundError: the variable names the home folder of somebody who is not known here.

    Example:
        >>> cache_folder("sources", "yosemite").parts[-2:]
        ('sources', 'yosemite')
    """
    root = os.environ.get("COLORLIB_CACHE") or pooch.os_cache("colorlib")
    try:
        return Path(root).expanduser().joinpath(*parts)
    except RuntimeError:
        found = f"COLORLIB_CACHE is {root}, but that home folder was not found"
        raise FileNotFoundError(f"{found}; set it to a folder of yours") from None


def make_cache_folder(folder: Path) -> None:
    """Create a folder below :func:`cache_folder`, or another one.

    Raises:
        OSError: it cannot be created or written to; the message names COLORLIB_CACHE.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
    except OSError as error:
        found = f"{folder}, for data that colorlib keeps, cannot be written to ({error.strerror})"
        advice = "allow that, or set the variable COLORLIB_CACHE to a folder of yours"
        raise type(error)(f"{found}; {advice}") from None


def list_cache() -> list[CacheEntry]:
    """List what the cache holds: prepared images, then downloads."""
    entries = [_describe_prepared(folder) for folder in _prepared_folders()]
    sources = cache_folder("sources")
    for name, source in CATALOG.items():
        archive = sources / source.urls[0].rpartition("/")[2]
        candidates = (sources / name, archive, archive.with_name(f"{archive.name}.part"))
        paths = tuple(path for path in candidates if path.exists())
        if paths:
            entries.append(CacheEntry("downloads", name, paths, sum(map(_size, paths))))
    return entries


def clear_cache(kinds: tuple[str, ...] = ("prepared",)) -> int:
    """Remove prepared images or downloads; return how many bytes are free again.

    Only files that colorlib has written are removed: other files in these folders stay.

    Args:
        kinds: ``"prepared"``, ``"downloads"`` or both.
    """
    freed = 0
    for entry in list_cache():
        if entry.kind in kinds:
            freed += _remove(entry)
    return freed


def remove_orphans() -> None:
    """Remove prepared images whose folder of photos is gone."""
    for folder in _prepared_folders():
        entry = _describe_prepared(folder)
        if entry.source is not None and not entry.source.exists():
            freed = format_bytes(_remove(entry))
            log.info("removed the prepared images of %s, which is gone (%s)", entry.source, freed)


def _prepared_folders() -> list[Path]:
    root = cache_folder("prepared")
    if not root.is_dir():
        return []
    folders = [path for path in root.iterdir() if _PREPARED_NAME.fullmatch(path.name)]
    return sorted(folder for folder in folders if folder.is_dir())


def _describe_prepared(folder: Path) -> CacheEntry:
    """Return the entry of a folder of prepared images, complete or not."""
    paths = (folder / MANIFEST, folder / PIXELS, *folder.glob(".colorlib-*.tmp"))
    paths = tuple(path for path in paths if path.exists())
    title, source = f"{folder.name}: unfinished, or of an older version", None
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        size, rows = manifest["image_size"], manifest["rows"]
        title = f"{manifest['source']}: {rows:,} photos of {size}x{size}, {manifest['resize_mode']}"
        title += f", {manifest['selection']}" if manifest["selection"] else ""
        source = Path(manifest["source"]) if manifest["source"] else None
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a build that runs or was killed, or another version's
    return CacheEntry("prepared", title, paths, sum(map(_size, paths)), source)


def _size(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder."""
    if path.is_dir():
        return sum(
            _size(Path(folder, name)) for folder, _, names in os.walk(path) for name in names
        )
    try:
        return path.lstat().st_size
    except OSError:  # removed meanwhile
        return 0


def _remove(entry: CacheEntry) -> int:
    """Remove the files of an entry; return the bytes that they had."""
    for path in entry.paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if entry.kind == "prepared" and entry.paths:
        folder = entry.paths[0].parent
        if not any(folder.iterdir()):
            folder.rmdir()
    return entry.num_bytes
