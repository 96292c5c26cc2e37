"""Photos of a data set by its name: sample photos, your own folder, or a checked download.

A download that broke off, or was stopped, resumes where it was: what has arrived is kept as
``ARCHIVE.part``. pooch tries again after a lost connection, compares the hash, and gives a file its
name only when it is complete. The result is checked: a web page is recognized, the size is
compared, the archive is extracted by :mod:`colorlib.data.archive`, and its images are counted
before the folder gets its name.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from colorlib.data.archive import MAX_BYTES, safe_extract
from colorlib.data.cache_storage import cache_folder, make_cache_folder
from colorlib.data.catalog import CATALOG, DatasetSource
from colorlib.data.image_folder import PhotoFile, list_images
from colorlib.data.sample_photos import sample_photos
from colorlib.io.disk_space import check_disk_space
from colorlib.io.errors import OneSentenceError
from colorlib.io.formats import SUFFIXES
from colorlib.io.paths import expand_home

log = logging.getLogger("colorlib")

_CHUNK = 2**20  # bytes that are written at a time
_UNPACKED = 1.1  # the size of an archive's content, as a multiple of the archive's
TIMEOUT = 30  #: seconds after which a server that sends nothing counts as unreachable
_HTML_PATTERN = re.compile(
    rb"(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml|!--)", re.IGNORECASE
)


class DownloadError(OneSentenceError, OSError):
    """A download that failed or returned something else; the text says what to do."""

    notebook_hint = 'without a network, set PROFILE = "reduced" and run all cells again'


def list_photos(name: str | Path, *, progress: bool = True) -> list[PhotoFile]:
    """List the photos of a data set by its name.

    Args:
        name: ``"photos"`` (the six sample photos), a name in ``CATALOG`` (downloaded once, see
            :func:`download_dataset`), or a folder of your own.
        progress: whether a download shows a bar.

    Returns:
        Photos; those of a download are named by their path in its archive.

    Raises:
        ValueError: ``"scenes"``, which are drawn, not loaded.
        FileNotFoundError, NotADirectoryError: neither a name nor a folder with photos.
        DownloadError, ArchiveError: as in :func:`download_dataset`.

    Example:
        >>> [photo.name for photo in list_photos("photos")][:2]
        ['astronaut', 'coffee']
    """
    if name == "scenes":
        found = "'scenes' are drawn as tensors, expected photos"
        raise ValueError(f"{found}; call colorlib.data.draw_scenes(n, size).")
    if name == "photos":
        return sample_photos("all")
    if name in CATALOG:
        photos = list_images(download_dataset(name, progress=progress))
        prefixes = tuple(f"{folder}/" for folder in CATALOG[name].folders) or ("",)
        return [photo for photo in photos if photo.name.startswith(prefixes)]
    if not expand_home(name).exists():
        known = ", ".join(["photos", *CATALOG])
        found = f"{name} was found nowhere, expected a folder or one of {known}"
        raise FileNotFoundError(f"{found}; check the name.")
    return list_images(name)


def download_dataset(
    source: str | DatasetSource,
    out: str | Path | None = None,
    *,
    progress: bool = True,
    tries: int = 3,
) -> Path:
    """Download and extract a data set, or return the folder that an earlier call extracted.

    Args:
        source: a name in ``CATALOG``, or a source of your own.
        out: the folder for the archive and the extracted data; by default one below
            :func:`cache_folder`.
        progress: whether to show a bar.
        tries: how often to try each URL; a broken download resumes, now or at the next call.

    Returns:
        The folder with the extracted files; the archive stays next to it.

    Raises:
        ValueError: another name.
        DownloadError: no URL returned the file (the text says where to get it and where to save
            it), or the file is a web page or has another size, hash or content.
        ArchiveError: the archive is unsafe or damaged.

    Example:
        >>> download_dataset("imagenet")
        Traceback (most recent call last):
        ValueError: 'imagenet' was found, expected one of coco, coco-val, ...
    """
    if tries < 1:
        raise ValueError(f"tries is {tries}; expected at least 1")
    if isinstance(source, str):
        if source not in CATALOG:
            found = f"{source!r} was found, expected one of {', '.join(CATALOG)}"
            raise ValueError(f"{found}; choose one.")
        source = CATALOG[source]
    out = expand_home(out) if out else cache_folder("sources")
    archive = out / source.urls[0].rpartition("/")[2]
    target = out / source.name
    if target.is_dir():
        return target
    if source.size:
        missing = 0 if archive.exists() else source.size
        title = f"{source.name}: archive and content"
        check_disk_space(out, missing + round(_UNPACKED * source.size), title)
    if not archive.exists():
        make_cache_folder(out)
        _download(source, archive, progress, tries)
    _verify_archive(source, archive)
    return safe_extract(
        archive, target, validate=lambda folder: _verify_content(source, archive, folder)
    )


def _download(source: DatasetSource, archive: Path, progress: bool, tries: int) -> None:
    """Download an archive from the first of its URLs that returns it."""

    part = archive.with_name(f"{archive.name}.part")

    def get(url: str, output: str, registry: pooch.Pooch) -> None:
        try:
            _fetch(url, part, source.size or MAX_BYTES, progress)
            _reject_html(part, url)
        except DownloadError:  # not the beginning of the file
            part.unlink(missing_ok=True)
            raise
        part.replace(output)

    name, failures = archive.name, []
    known_hash = f"sha256:{source.sha256}" if source.sha256 else None
    for url in source.urls:
        server = pooch.create(
            archive.parent,
            base_url="",
            registry={name: known_hash},
            urls={name: url},
            retry_if_failed=tries - 1,
        )
        try:
            server.fetch(name, downloader=get)
            return
        except (OSError, ValueError) as error:  # the errors of requests are OSErrors
            failures.append(f"{url}: {error}")
    if part.exists() and not part.stat().st_size:
        part.unlink()
    found = f"{source.name} could not be downloaded ({'; '.join(failures)})"
    by_hand = f"open {source.urls[0]} in a browser, save the file as {archive}, and run this again"
    if source.smaller:
        by_hand += f"; or take a smaller set, {source.smaller}"
    raise DownloadError(f"{found}; by hand: {by_hand}.")


def _fetch(url: str, part: Path, max_bytes: int, progress: bool) -> None:
    """Download a file, from the end of ``part`` on if that holds its beginning.

    Raises:
        DownloadError: the server sends more than ``max_bytes``, because it could send without end.
        requests.RequestException: the connection failed or broke off; ``part`` keeps what arrived.
    """
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}  # so that bytes are counted as they are on the disk
    if start:
        headers["Range"] = f"bytes={start}-"
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        resumes = response.status_code == requests.codes.partial_content
        offset = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        is_wrong_part = resumes and (offset is None or int(offset[1]) != start)
        if is_wrong_part or response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink(missing_ok=True)
            raise requests.ConnectionError("the server cannot resume this file")
        response.raise_for_status()
        start = start if resumes else 0
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        bar = tqdm(
            desc=part.name.removesuffix(".part"),
            total=total,
            initial=start,
            unit="B",
            unit_scale=True,
            disable=not progress,
        )
        with open(part, "ab" if start else "wb") as file, bar:
            for chunk in response.iter_content(_CHUNK):
                if file.tell() + len(chunk) > max_bytes:
                    found = f"{url}: the server sends more than {max_bytes:,} bytes"
                    raise DownloadError(f"{found}, not the file")
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and part.stat().st_size < total:
        raise requests.ConnectionError("Connection broken: the file is not complete")


def _reject_html(path: Path, origin: str | Path) -> None:
    """Raise if a file is a web page, as servers send for a dead link, a quota or a login."""
    with open(path, "rb") as file:
        if _HTML_PATTERN.match(file.read(512)):
            found = f"{origin}: the server returned a web page, not the file"
            raise DownloadError(f"{found}; download it again")


def _verify_archive(source: DatasetSource, archive: Path) -> None:
    """Compare an archive, downloaded or saved by hand, with the known size and hash."""
    _reject_html(archive, archive)
    size, sha256 = archive.stat().st_size, pooch.file_hash(str(archive))
    expected_size, expected_sha256 = source.size or size, source.sha256 or sha256
    if (size, sha256) != (expected_size, expected_sha256):
        found = f"{archive} has {size:,} bytes and sha256 {sha256}"
        expected = f"expected {expected_size:,} and {expected_sha256}"
        raise DownloadError(f"{found}, {expected}; delete it and try again.")
    if not source.sha256:
        found = f"{archive} has sha256 {sha256}"
        log.warning("%s; none is published to compare it with, so note it.", found)


def _verify_content(source: DatasetSource, archive: Path, extracted: Path) -> None:
    """Raise if a folder of the archive holds fewer images than the catalog says."""
    for folder, expected in source.counts.items():
        found = sum(path.suffix.lower() in SUFFIXES for path in (extracted / folder).rglob("*"))
        if found < expected:
            images = f"{archive} holds {found:,} images in {folder}, expected {expected:,} or more"
            raise DownloadError(f"{images}; delete it and try again.")
