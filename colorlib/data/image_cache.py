"""A cache of decoded and resized photos: one array on disk, mapped into memory.

Decoding a JPEG costs far more than its share of a training step. So :func:`build_image_cache` does
it once: ``pixels.npy`` contains all photos as uint8 (n, size, size, 3), and ``manifest.json`` their
files, the settings and a checksum of each photo, which reveals a damaged disk.

The manifest is written last and removed first, and both files are written atomically, so that a
killed run leaves nothing that looks complete.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from typing import IO, Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from PIL import ExifTags, Image
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from colorlib.data.download import cache_folder
from colorlib.data.image_folder import PhotoFile, list_images
from colorlib.io.files import atomic_write
from colorlib.io.images import MAX_PIXELS, ImageError
from colorlib.tensor_checks import check_at_least, check_choice

log = logging.getLogger("colorlib")

_FORMAT_VERSION = 3  # of the files and of the pixels: another number rebuilds every cache
_PIXELS = "pixels.npy"
_MANIFEST = "manifest.json"
_CHUNK = 32  # the number of photos that are decoded ahead, which bounds the memory
_STALE_AFTER = 3600  # seconds after which an unfinished file was left by a killed run
_REBUILD_HINT = "delete its folder and run again: the cache is rebuilt, and a training run resumes"


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
        path, file = self.folder / _PIXELS, self.pixels.base
        if isinstance(file, mmap) and file.size() < len(file):  # reading would end the process
            raise OSError(f"{path} was cut short; {_REBUILD_HINT}")
        rows = self.pixels[indices]
        for row, i in zip(rows, indices % max(len(self), 1), strict=True):
            if i not in self._verified_rows and zlib.crc32(row) != self.checksums[i]:
                raise OSError(f"{path} is damaged at photo {self.names[i]}; {_REBUILD_HINT}")
            self._verified_rows.add(i)
        return torch.from_numpy(rows).permute(0, 3, 1, 2).contiguous()


def build_image_cache(
    photos: str | Path | Sequence[PhotoFile],
    image_size: int,
    cache_dir: str | Path | None = None,
    *,
    resize_mode: Literal["center_crop", "stretch"] = "center_crop",
    num_workers: int | None = None,
) -> CachedImages:
    """Decode and resize photos once, or open the cache that an earlier call built.

    A cache is rebuilt if its settings or its files (names, sizes, modification times) have changed.

    Args:
        photos: a folder, or photos.
        image_size: height and width of the result in pixels.
        cache_dir: the folder to write to, one for each data set and setting; by default a folder
            below :func:`~colorlib.data.download.cache_folder`.
        resize_mode: ``"center_crop"`` cuts the largest centred square, ``"stretch"`` keeps all of
            the photo and changes its proportions (pix2pix).
        num_workers: the number of threads that decode; by default as many as processors, up to 8.

    Returns:
        The data set; photos that could not be read are in ``skipped`` and on the log.

    Raises:
        FileNotFoundError, NotADirectoryError: as in :func:`colorlib.data.list_images`.
        ImageError: none of the photos can be read.
        ValueError: another ``resize_mode``, no photos, or an ``image_size`` below 1.
        OSError: no permission, or the disk is full.

    Example:
        >>> import tempfile
        >>> from colorlib.data import sample_photos
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     images = build_image_cache(sample_photos("test"), 32, folder)
        ...     images.names, images[0].shape
        (['chelsea', 'flower'], torch.Size([3, 32, 32]))
    """
    check_at_least("image_size", image_size, 1)
    check_choice("resize_mode", resize_mode, ("center_crop", "stretch"))
    if num_workers is not None:
        check_at_least("num_workers", num_workers, 1)
    photos = list_images(photos) if isinstance(photos, str | Path) else list(photos)
    if not photos:
        raise ValueError("photos is empty; expected at least 1 photo")
    manifest = {
        "version": _FORMAT_VERSION,
        "image_size": image_size,
        "resize_mode": resize_mode,
        "files": [_file_signature(photo) for photo in photos],
    }
    manifest["hash"] = hashlib.sha256(json.dumps(manifest).encode()).hexdigest()
    folder = cache_folder("prepared", manifest["hash"][:16])
    if cache_dir:
        folder = Path(cache_dir).expanduser()
    images = _open_cache(folder, manifest["hash"])
    if images is None:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(".colorlib-*.tmp"):  # a younger one may belong to another process
            if time.time() - path.stat().st_mtime > _STALE_AFTER:
                path.unlink()
        (folder / _MANIFEST).unlink(missing_ok=True)
        num_workers = num_workers or min(8, os.cpu_count() or 1)
        manifest |= _write_rows(photos, image_size, resize_mode, folder / _PIXELS, num_workers)
        with atomic_write(folder / _MANIFEST, overwrite=True) as file:
            file.write(json.dumps(manifest, indent=1).encode())
        images = _open_cache(folder, manifest["hash"])
    if images.skipped:
        name, reason = next(iter(images.skipped.items()))
        count = f"{len(images.skipped)} of {len(photos)} photos were skipped"
        log.warning("%s; %s: %s", count, name, reason)
    return images


def load_square(
    photo: PhotoFile,
    image_size: int,
    resize_mode: Literal["center_crop", "stretch"] = "center_crop",
) -> UInt8[np.ndarray, "size size 3"]:
    """Load a photo and resize it to a square, bicubic and antialiased.

    Args:
        photo: the photo.
        image_size: height and width of the result in pixels.
        resize_mode: as in :func:`build_image_cache`.

    Returns:
        uint8 RGB, (image_size, image_size, 3).

    Raises:
        ImageError, FileNotFoundError: as in :func:`colorlib.io.images.load_image`.

    Example:
        >>> from colorlib.data import sample_photos
        >>> load_square(sample_photos()[0], 8).shape
        (8, 8, 3)
    """
    rgb = _decode_plain_jpeg(photo.path)
    if rgb is None:
        rgb = torch.from_numpy(np.array(photo.image())).permute(2, 0, 1)
    h, w = rgb.shape[1:]
    if resize_mode == "center_crop":
        side = min(h, w)
        top, left = (h - side) // 2, (w - side) // 2
        rgb = rgb[:, top : top + side, left : left + side]
    if rgb.shape[1:] != (image_size, image_size):
        rgb = F.interpolate(rgb[None], (image_size, image_size), mode="bicubic", antialias=True)[0]
    return rgb.permute(1, 2, 0).contiguous().numpy()


def _decode_plain_jpeg(path: Path) -> UInt8[Tensor, "3 h w"] | None:
    """Decode an ordinary JPEG with torchvision; return None for any other file.

    torchvision decodes whole, upright JPEGs without a colour profile faster than Pillow: a cache is
    built about 1.3 times as fast at 256x256, 1.4 times at 64x64. :func:`load_square` decodes all
    other files with Pillow, and these too where torchvision has no decoder.
    """
    try:
        data = path.read_bytes()
        # libjpeg fills the missing part of a truncated file with gray, without an error
        is_whole = data.startswith(b"\xff\xd8") and data.rstrip(b"\0").endswith(b"\xff\xd9")
        with Image.open(io.BytesIO(data)) as header:
            is_upright = header.getexif().get(ExifTags.Base.Orientation, 1) == 1
            is_srgb = header.mode in ("RGB", "L") and "icc_profile" not in header.info
            is_small = header.width * header.height <= MAX_PIXELS
            is_plain = header.format == "JPEG" and is_upright and is_srgb and is_small
        if not (is_whole and is_plain):
            return None
        from torchvision.io import ImageReadMode, decode_jpeg  # slow to import

        encoded = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        return decode_jpeg(encoded, ImageReadMode.RGB)
    except Exception:  # load_image explains in one sentence what is wrong with the file
        return None


def _file_signature(photo: PhotoFile) -> list:
    """Return [name, file size, modification time] of a photo; False for a missing file."""
    if not photo.path.exists():
        return [photo.name, False, False]
    stat = photo.path.stat()
    return [photo.name, stat.st_size, stat.st_mtime_ns]


def _open_cache(folder: Path, expected_hash: str) -> CachedImages | None:
    """Open a cache; return None if it is missing, stale or damaged."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        pixels = np.load(folder / _PIXELS, mmap_mode="r")  # raises if the file is too short
        size = manifest["image_size"]
        has_shape = pixels.shape == (manifest["rows"], size, size, 3) and pixels.dtype == np.uint8
        if manifest["hash"] != expected_hash or not has_shape:
            return None
        checksums = np.array(manifest["checksums"], np.uint32)
        return CachedImages(folder, manifest["names"], manifest["skipped"], pixels, checksums)
    except Exception:  # any error of JSON or NumPy means a damaged cache, which is rebuilt
        return None


def _write_rows(
    photos: list[PhotoFile], image_size: int, resize_mode: str, path: Path, num_workers: int
) -> dict:
    """Write the pixels of all readable photos; return the manifest's entries about them."""
    names, checksums, skipped = [], [], {}
    with atomic_write(path, overwrite=True) as file:
        _write_npy_header(file, len(photos), image_size)
        rows = _load_squares(photos, image_size, resize_mode, num_workers)
        rows = tqdm(rows, desc="Preparing", total=len(photos), unit="photo")
        for photo, row in zip(photos, rows, strict=True):
            if isinstance(row, str):
                skipped[photo.name] = row
                continue
            data = row.tobytes()
            file.write(data)
            names.append(photo.name)
            checksums.append(zlib.crc32(data))
        if not names:
            found = f"None of {len(photos)} photos can be read"
            raise ImageError(f"{found}: {skipped[photos[0].name]}")
        file.seek(0)
        _write_npy_header(file, len(names), image_size)
    return {"rows": len(names), "names": names, "skipped": skipped, "checksums": checksums}


def _load_squares(
    photos: list[PhotoFile], image_size: int, resize_mode: str, num_workers: int
) -> Iterator[np.ndarray | str]:
    """Load photos in several threads; yield their pixels, or why they cannot be read."""

    def load(photo: PhotoFile) -> np.ndarray | str:
        try:
            return load_square(photo, image_size, resize_mode)
        except (ImageError, OSError) as error:
            return str(error)

    with ThreadPoolExecutor(num_workers) as pool:
        for start in range(0, len(photos), _CHUNK):
            yield from pool.map(load, photos[start : start + _CHUNK])


def _write_npy_header(file: IO[bytes], rows: int, size: int) -> None:
    """Write the .npy header, which NumPy pads to the same length for any number of rows."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, size, size, 3)}
    np.lib.format.write_array_header_1_0(file, header)
