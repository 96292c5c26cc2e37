"""Images in a cache on disk, open for reading; and copies of such a cache.

:mod:`colorlib.data.image_cache` builds the cache. A copy needs no photos: kept on another disk, for
example on Google Drive, it is what a new session has to load.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from colorlib.data.cache_storage import (
    MANIFEST,
    PIXELS,
    make_cache_folder,
)
from colorlib.io.disk_space import check_disk_space
from colorlib.io.files import atomic_write
from colorlib.io.locks import lock_folder
from colorlib.io.paths import expand_home

_REBUILD_HINT = "delete its folder and run again: the cache is rebuilt, and a training run resumes"
_BLOCK = 2**24  # bytes that are copied at a time


@dataclass(frozen=True)
class CachedImages(Dataset[Tensor]):
    """A data set of cached images, open for reading.

    Attributes:
        folder: the folder of ``pixels.npy`` and ``manifest.json``.
        names: the names of the photos, in the order of the rows.
        skipped: the photos that could not be read, each with the reason.
        pixels: the array, mapped and read-only: uint8, (n, size, size, 3).
        checksums: the CRC-32 of each row: uint32, (n,).
    """

    folder: Path
    names: list[str]
    skipped: dict[str, str]
    pixels: np.ndarray = field(repr=False)
    checksums: np.ndarray = field(repr=False)
    _verified_rows: set[int] = field(default_factory=set, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> UInt8[Tensor, "3 size size"]:
        """Return one image: uint8, (3, size, size)."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> UInt8[Tensor, "n 3 size size"]:
        """Return several images in one read: uint8, (len(indices), 3, size, size).

        Raises:
            IndexError: there is no such image.
            OSError: the file was cut short or changed since it was written.
        """
        indices = np.asarray(indices, dtype=np.int64)
        path, file = self.folder / PIXELS, self.pixels.base
        if isinstance(file, mmap) and file.size() < len(file):  # reading would end the process
            raise OSError(f"{path} was cut short; {_REBUILD_HINT}")
        rows = self.pixels[indices]
        for row, i in zip(rows, indices % max(len(self), 1), strict=True):
            if i not in self._verified_rows and zlib.crc32(row) != self.checksums[i]:
                raise OSError(f"{path} is damaged at photo {self.names[i]}; {_REBUILD_HINT}")
            self._verified_rows.add(i)
        return torch.from_numpy(rows).permute(0, 3, 1, 2).contiguous()


def open_image_cache(folder: str | Path, expected_hash: str | None = None) -> CachedImages | None:
    """Open a cache; return None if it is missing, damaged or not the expected one.

    Args:
        folder: the folder of ``pixels.npy`` and ``manifest.json``.
        expected_hash: of the settings and photos that it must have been built from; None if any
            will do.

    Example:
        >>> open_image_cache("nowhere") is None
        True
    """
    folder = expand_home(folder)
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        pixels = np.load(folder / PIXELS, mmap_mode="r")  # raises if the file is too short
        size = manifest["image_size"]
        has_shape = pixels.shape == (manifest["rows"], size, size, 3) and pixels.dtype == np.uint8
        if manifest["hash"] != (expected_hash or manifest["hash"]) or not has_shape:
            return None
        checksums = np.array(manifest["checksums"], np.uint32)
        return CachedImages(folder, manifest["names"], manifest["skipped"], pixels, checksums)
    except Exception:  # any error of JSON or NumPy means a damaged cache, which is rebuilt
        return None


def copy_image_cache(images: CachedImages, folder: str | Path) -> CachedImages:
    """Copy a cache into another folder, or open the copy that an earlier call made.

    The manifest is written last, so that a copy that was stopped is made again. Meanwhile the
    folder is locked; what a killed process left in it is removed.

    Args:
        images: the cache.
        folder: created if it does not exist; its size is logged beforehand.

    Returns:
        The copy.

    Raises:
        BlockingIOError: another process copies into this folder.
        OSError: no permission, or the disk is full, or the copy would not fit on it.
    """
    folder = expand_home(folder)
    manifest = (images.folder / MANIFEST).read_bytes()
    copy = open_image_cache(folder, json.loads(manifest)["hash"])
    if copy is not None or folder.resolve() == images.folder.resolve():
        return copy or images
    make_cache_folder(folder)
    with lock_folder(folder):
        _copy_files(images, folder, manifest)
    return open_image_cache(folder)


def _copy_files(images: CachedImages, folder: Path, manifest: bytes) -> None:
    """Copy the pixels of a cache, with progress, and then its manifest."""
    (folder / MANIFEST).unlink(missing_ok=True)
    size = (images.folder / PIXELS).stat().st_size
    check_disk_space(folder, size, f"a copy of {len(images):,} prepared photos")
    with (
        open(images.folder / PIXELS, "rb") as source,
        atomic_write(folder / PIXELS, overwrite=True) as file,
        tqdm(desc="Copying", total=size, unit="B", unit_scale=True) as bar,
    ):
        while block := source.read(_BLOCK):
            file.write(block)
            bar.update(len(block))
    with atomic_write(folder / MANIFEST, overwrite=True) as file:
        file.write(manifest)
