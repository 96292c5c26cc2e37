"""Photos decoded and resized once, into one array on disk that memory need not hold.

Decoding a JPEG costs far more than a training step's share of it, and gives the same pixels each time. So
:func:`prepare` does it once: ``pixels.npy`` holds every photo as uint8 (n, size, size, 3), and
``manifest.json`` says from which files and with which settings. Flips, crops and Lab are left to the batch,
on the device.

The manifest is written last and removed first, and both files appear in one step once they are whole: a run
that is killed leaves nothing that the next one takes for complete. It holds a sum of each photo's bytes, by
which a disk that gives back something else is noticed before anything learns from it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from mmap import mmap
from pathlib import Path
from typing import IO, Literal

import numpy as np
import torch
from torch.utils.data import Dataset
from tqdm import tqdm

from colorlib.data.cache import cache_folder
from colorlib.data.image_folder import list_images
from colorlib.data.sample_photos import PhotoFile
from colorlib.data.squares import load_square
from colorlib.io.files import atomic_write
from colorlib.io.images import ImageError
from colorlib.tensor_checks import check_at_least, check_choice

log = logging.getLogger("colorlib")

_VERSION = 2  # of the format and of the way pixels are made: another number rebuilds everything
_PIXELS, _MANIFEST = "pixels.npy", "manifest.json"
_CHUNK = 32  # photos decoded ahead, which bounds the memory
_AGAIN = "delete its folder and do the same again: the photos are prepared anew, and a run goes on"
_FORGOTTEN = 3600  # seconds after which an unfinished file is a killed run's


@dataclass(frozen=True)
class CachedImages(Dataset[torch.Tensor]):
    """A prepared data set, open for reading.

    Attributes:
        folder: where ``pixels.npy`` and ``manifest.json`` lie.
        names: the photos' names, in the order of the rows.
        skipped: photos that could not be read, and why.
        pixels: the array, mapped and read-only: uint8, (n, size, size, 3).
        checksums: CRC-32 of each row: uint32, (n,); None where an earlier version wrote none.
    """

    folder: Path
    names: list[str]
    skipped: dict[str, str]
    pixels: np.ndarray = field(repr=False)
    checksums: np.ndarray | None = field(default=None, repr=False)
    _sound: set[int] = field(
        default_factory=set, repr=False, compare=False
    )  # rows found to be as written

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> torch.Tensor:
        """Return one image: uint8, (3, size, size)."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | np.ndarray | torch.Tensor) -> torch.Tensor:
        """Return several images in one read: uint8, (len(indices), 3, size, size).

        Raises:
            IndexError: a row that is not there.
            OSError: the file was cut short or changed since it was written.
        """
        wanted, file = np.asarray(indices, dtype=np.int64), self.pixels.base
        if isinstance(file, mmap) and file.size() < len(
            file
        ):  # to read there would end the process
            raise OSError(f"{self.folder / _PIXELS} was cut short; {_AGAIN}")
        rows = self.pixels[wanted]
        if self.checksums is not None:
            for row, i in zip(rows, wanted % max(len(self), 1), strict=True):
                if i not in self._sound and zlib.crc32(row) != self.checksums[i]:
                    raise OSError(
                        f"{self.folder / _PIXELS} is damaged at photo {self.names[i]}; {_AGAIN}"
                    )
                self._sound.add(i)
        return torch.from_numpy(rows).permute(0, 3, 1, 2).contiguous()


def build_image_cache(
    photos: str | Path | Sequence[PhotoFile],
    size: int,
    out: str | Path | None = None,
    *,
    fit: Literal["center_crop", "stretch"] = "center_crop",
    workers: int | None = None,
) -> CachedImages:
    """Decode and resize photos once, or open what an earlier call left.

    An earlier preparation is taken if it was made with the same settings from the same files: names, sizes
    and times of change. Anything else is rebuilt.

    Args:
        photos: a folder, or photos.
        size: side of the result in pixels.
        out: the folder to write to, one for each data set and setting; without it, one in the cache.
        fit: ``"center_crop"`` cuts the largest centred square, ``"stretch"`` keeps all of the photo and changes its
            proportions (papers 000 and 004); both resize bicubically, with antialiasing.
        workers: threads that decode; without it, one for each processor, at most eight.

    Returns:
        The data set; photos that could not be read are in ``skipped``, with the reason, and on the log.

    Raises:
        FileNotFoundError, NotADirectoryError: as :func:`colorlib.data.list_images`.
        ImageError: none of the photos can be read.
        ValueError: another ``fit``, no photos, or no positive ``size``.
        OSError: the system refused: no permission, no space.

    Example:
        >>> import tempfile
        >>> from colorlib.data import sample_photos
        >>> with tempfile.TemporaryDirectory() as out:
        ...     data = build_image_cache(sample_photos("test"), 32, out)
        ...     data.names, data.__getitems__([1, 0, 1]).shape
        (['chelsea', 'flower'], torch.Size([3, 3, 32, 32]))
    """
    check_at_least("size", size, 1)
    check_choice("fit", fit, ("center_crop", "stretch"))
    if workers is not None:
        check_at_least("workers", workers, 1)
    photos = list_images(photos) if isinstance(photos, str | Path) else list(photos)
    if not photos:
        raise ValueError("photos is empty; expected at least 1 photo")
    made = {
        "version": _VERSION,
        "size": size,
        "fit": fit,
        "files": [_stamp(photo) for photo in photos],
    }
    made["hash"] = hashlib.sha256(json.dumps(made).encode()).hexdigest()
    out = Path(out).expanduser() if out else cache_folder("prepared", made["hash"][:16])
    data = _open(out, made["hash"])
    if data is None:
        out.mkdir(parents=True, exist_ok=True)
        for left in out.glob(
            ".colorlib-*.tmp"
        ):  # a younger one may be another process's, still at work
            if time.time() - left.stat().st_mtime > _FORGOTTEN:
                left.unlink()
        (out / _MANIFEST).unlink(missing_ok=True)
        names, skipped, sums = _write_pixels(photos, size, fit, out / _PIXELS, workers)
        made |= {"rows": len(names), "names": names, "skipped": skipped, "sums": sums}
        with atomic_write(out / _MANIFEST, overwrite=True) as file:
            file.write(json.dumps(made, indent=1).encode())
        data = _open(out, made["hash"])
    for name, reason in list(data.skipped.items())[:1]:
        log.warning(
            "%d of %d photos were skipped; %s: %s", len(data.skipped), len(photos), name, reason
        )
    return data


def _stamp(photo: PhotoFile) -> list:
    """Say by what a change of the file is noticed; False stands for a file that is not there."""
    stat = photo.path.exists() and photo.path.stat()
    return [photo.name, stat and stat.st_size, stat and stat.st_mtime_ns]


def _open(out: Path, wanted: str) -> CachedImages | None:
    """Open a preparation, or None if it is missing, stale or not whole."""
    try:
        made = json.loads((out / _MANIFEST).read_bytes())
        pixels = np.load(
            out / _PIXELS, mmap_mode="r"
        )  # raises where a file is shorter than it says
        shape = (made["rows"], made["size"], made["size"], 3)
        whole_and_fresh = made["hash"] == wanted and (pixels.shape, pixels.dtype) == (
            shape,
            np.uint8,
        )
        sums = np.array(made["sums"], np.uint32) if "sums" in made else None
        return (
            CachedImages(out, made["names"], made["skipped"], pixels, sums)
            if whole_and_fresh
            else None
        )
    except (
        Exception
    ):  # of JSON and NumPy, whose errors over damaged files are of many kinds: it is made anew
        return None


def _write_pixels(
    photos: list[PhotoFile], size: int, fit: str, path: Path, workers: int | None
) -> tuple[list[str], dict[str, str], list[int]]:
    def read(photo: PhotoFile) -> np.ndarray | str:
        try:
            return load_square(photo, size, fit)
        except (ImageError, OSError) as error:
            return str(error)

    names, skipped, sums, threads = [], {}, [], workers or min(8, os.cpu_count() or 1)
    chunks = (photos[start : start + _CHUNK] for start in range(0, len(photos), _CHUNK))
    with atomic_write(path, overwrite=True) as file, ThreadPoolExecutor(threads) as pool:
        _write_header(file, len(photos), size)
        rows = zip(
            photos, chain.from_iterable(pool.map(read, chunk) for chunk in chunks), strict=True
        )
        for photo, row in tqdm(rows, desc="Preparing", total=len(photos), unit="photo"):
            if isinstance(row, str):
                skipped[photo.name] = row
            else:
                names.append(photo.name)
                file.write(data := row.tobytes())
                sums.append(zlib.crc32(data))
        if not names:
            raise ImageError(f"None of {len(photos)} photos can be read: {skipped[photos[0].name]}")
        file.seek(0)
        _write_header(file, len(names), size)
    return names, skipped, sums


def _write_header(file: IO[bytes], rows: int, size: int) -> None:
    """Write the .npy header; NumPy pads it so that another number of rows takes the same space."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, size, size, 3)}
    np.lib.format.write_array_header_1_0(file, header)
