"""A data set by its name: photos that are here already, your own folder, or a download that is checked.

pooch does the downloading: a bar, another try after a lost connection, a file that takes its name only when
it is whole. What comes is not believed: a web page is recognised, size and hash are compared, the archive is
unpacked by :mod:`colorlib.data.archive`, and its images are counted before the folder gets its name.
"""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

import pooch

from colorlib.data.archive import MAX_BYTES, safe_extract
from colorlib.data.cache import cache_folder
from colorlib.data.catalog import CATALOG, DatasetSource
from colorlib.data.image_folder import SUFFIXES, list_images
from colorlib.data.sample_photos import PhotoFile, sample_photos

log = logging.getLogger("colorlib")

_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)


TIMEOUT = 30  # seconds after which a server that sends nothing counts as gone


class DownloadError(OSError):
    """A download that failed or brought something else; the text says what to do."""


def list_photos(name: str | Path, *, progress: bool = True) -> list[PhotoFile]:
    """List the photos of a data set by name.

    Args:
        name: ``"photos"`` (the six embedded ones), a name in ``SOURCES`` (downloaded once, as :func:`fetch`
            does), or a folder of your own.
        progress: whether a download shows a bar.

    Returns:
        Photos; those of a source are named by their path in its archive.

    Raises:
        ValueError: ``"scenes"``, which are drawn, not read.
        FileNotFoundError, NotADirectoryError: neither a name nor a folder with photos.
        DownloadError, ArchiveError: as :func:`fetch`.

    Example:
        >>> [photo.name for photo in list_photos("photos")][:2]
        ['astronaut', 'coffee']
    """
    if name == "scenes":
        raise ValueError(
            "'scenes' are drawn as tensors, expected photos; call colorlib.data.draw_scenes(n, size)."
        )
    if name == "photos":
        return sample_photos("all")
    if name in CATALOG:
        within = tuple(f"{part}/" for part in CATALOG[name].folders) or ("",)
        return [
            photo
            for photo in list_images(download_dataset(name, progress=progress))
            if photo.name.startswith(within)
        ]
    if not Path(name).expanduser().exists():
        known = ", ".join(["photos", *CATALOG])
        raise FileNotFoundError(
            f"{name} was found nowhere, expected a folder or one of {known}; check it."
        )
    return list_images(name)


def download_dataset(
    source: str | DatasetSource,
    out: str | Path | None = None,
    *,
    progress: bool = True,
    tries: int = 3,
) -> Path:
    """Download and unpack a data set, or find it where an earlier call left it.

    Args:
        source: a name in ``SOURCES``, or a source of your own.
        out: the folder for the archive and the unpacked data; without it, one in the cache.
        progress: whether to show a bar.
        tries: how often each address is tried; a broken download starts again from its beginning.

    Returns:
        The folder into which the archive was unpacked; the archive stays beside it.

    Raises:
        ValueError: another name.
        DownloadError: no address gave the file (the text says where to get it and where to put it), or what
            lies there is a web page or has another size, hash or content.
        ArchiveError: the archive is unsafe or damaged.

    Example:
        >>> download_dataset("imagenet")
        Traceback (most recent call last):
        ValueError: 'imagenet' was found, expected one of coco, tiny-imagenet, yosemite, ...
    """
    if tries < 1:
        raise ValueError(f"tries is {tries}; expected at least 1")
    if isinstance(source, str):
        if source not in CATALOG:
            raise ValueError(
                f"{source!r} was found, expected one of {', '.join(CATALOG)}; choose one."
            )
        source = CATALOG[source]
    out = Path(out).expanduser() if out else cache_folder("sources")
    archive, target = out / source.urls[0].rpartition("/")[2], out / source.name
    if target.is_dir():
        return target
    if not archive.exists():
        _download(source, archive, progress, tries)
    _check_file(source, archive)
    return safe_extract(
        archive, target, check=lambda unpacked: _check_content(source, archive, unpacked)
    )


def _download(source: DatasetSource, archive: Path, progress: bool, tries: int) -> None:
    def get(url: str, output: str, registry: pooch.Pooch) -> None:
        load = pooch.HTTPDownloader(progressbar=progress, chunk_size=2**20, timeout=TIMEOUT)
        with _AtMost(output, source.size or MAX_BYTES, url) as file:
            load(url, file, registry)
        _refuse_page(Path(output), url)

    failures, name = [], archive.name
    known = {name: f"sha256:{source.sha256}" if source.sha256 else None}
    for url in source.urls:
        server = pooch.create(
            archive.parent, "", registry=known, urls={name: url}, retry_if_failed=tries - 1
        )
        try:
            server.fetch(name, downloader=get)
            return
        except (OSError, ValueError) as error:  # requests' own errors are OSErrors
            failures.append(f"{url}: {error}")
    by_hand = f"open {source.urls[0]} in a browser, save the file as {archive}, and run this again"
    raise DownloadError(
        f"{source.name} could not be downloaded ({'; '.join(failures)}); by hand: {by_hand}."
    )


class _AtMost(io.BufferedWriter):
    """A file that takes no more than was promised: a server could send for ever."""

    def __init__(self, path: str, most: int, url: str) -> None:
        super().__init__(io.FileIO(path, "w"))
        self.most, self.url = most, url

    def write(self, data: bytes) -> int:
        if self.tell() + len(data) > self.most:
            raise DownloadError(
                f"{self.url}: the server sends more than {self.most:,} bytes, not the file"
            )
        return super().write(data)


def _refuse_page(path: Path, origin: str | Path) -> None:
    """Recognise the page that servers send where a link is dead, a quota is spent or a login is wanted."""
    with open(path, "rb") as file:
        if _PAGE.match(file.read(512)):
            raise DownloadError(
                f"{origin}: the server returned a web page, not the file; get it again"
            )


def _check_file(source: DatasetSource, archive: Path) -> None:
    """Compare what lies there, downloaded or put there by hand, with what is known of it."""
    _refuse_page(archive, archive)
    found = archive.stat().st_size, pooch.file_hash(str(archive))
    expected = source.size or found[0], source.sha256 or found[1]
    if found != expected:
        told = "{} has {:,} bytes and sha256 {}, expected {:,} and {}; delete it and try again."
        raise DownloadError(told.format(archive, *found, *expected))
    if not source.sha256:
        log.warning(
            "%s has sha256 %s; none is published to compare it with, so note it.", archive, found[1]
        )


def _check_content(source: DatasetSource, archive: Path, unpacked: Path) -> None:
    for name, expected in source.counts.items():
        found = sum(path.suffix.lower() in SUFFIXES for path in (unpacked / name).rglob("*"))
        if found < expected:
            told = f"{archive} holds {found:,} images in {name}, expected {expected:,} or more"
            raise DownloadError(f"{told}; delete it and try again.")
