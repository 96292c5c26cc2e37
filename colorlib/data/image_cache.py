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
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Literal

import numpy as np
import simplejpeg
import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from PIL import ExifTags, Image
from torch import Tensor
from tqdm import tqdm

from colorlib.data.cache_storage import (
    MANIFEST,
    PIXELS,
    cache_folder,
    make_cache_folder,
    remove_orphans,
)
from colorlib.data.cached_images import CachedImages, open_image_cache
from colorlib.data.image_folder import PhotoFile, list_images
from colorlib.io.disk_space import check_disk_space
from colorlib.io.files import atomic_write
from colorlib.io.images import MAX_PIXELS, ImageError
from colorlib.io.locks import STALE_AFTER, remove_left_overs
from colorlib.io.paths import expand_home
from colorlib.io.threads import available_cores
from colorlib.tensor_checks import check_at_least, check_choice

log = logging.getLogger("colorlib")

_FORMAT_VERSION = 4  # of the files and of the pixels: another number rebuilds every cache
_CHUNK, _CHUNK_BYTES = 32, 2**28  # photos that are decoded ahead, at most: this bounds the memory


def build_image_cache(
    photos: str | Path | Sequence[PhotoFile],
    image_size: int,
    cache_dir: str | Path | None = None,
    *,
    resize_mode: Literal["center_crop", "stretch"] = "center_crop",
    num_workers: int | None = None,
    selection: str = "",
) -> CachedImages:
    """Decode and resize photos once, or open the cache that an earlier call built.

    A cache is rebuilt if its settings or its files (names, sizes, modification times) have changed.
    There is one for each folder of photos, size, mode and selection: it replaces its predecessor,
    and is removed when the folder of its photos is gone. Its size is logged beforehand.

    Args:
        photos: a folder, or photos.
        image_size: height and width of the result in pixels.
        cache_dir: the folder to write to, one for each data set and setting; by default a folder
            below :func:`~colorlib.data.cache_storage.cache_folder`, which ``colorlib cache`` lists.
        resize_mode: ``"center_crop"`` cuts the largest centred square, ``"stretch"`` keeps all of
            the photo and changes its proportions (pix2pix).
        num_workers: the number of threads that decode; by default as many as processors, up to 8.
        selection: which of the folder's photos these are, in any words; two selections of one
            folder do not replace each other.

    Returns:
        The data set; photos that could not be read are in ``skipped`` and on the log.

    Raises:
        FileNotFoundError, NotADirectoryError: as in :func:`colorlib.data.list_images`.
        ImageError: none of the photos can be read.
        ValueError: another ``resize_mode``, no photos, or an ``image_size`` below 1.
        OSError: no permission, or the disk is full, or the result would not fit on it.

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
    settings = {
        "source": _common_folder(photos),
        "image_size": image_size,
        "resize_mode": resize_mode,
        "selection": selection,
    }
    files = [_file_signature(photo) for photo in photos]
    manifest = {"version": _FORMAT_VERSION, **settings, "files": files}
    manifest["hash"] = _hash(manifest)
    folder = cache_folder("prepared", _hash(settings)[:16])
    if cache_dir:
        folder = expand_home(cache_dir)
    images = open_image_cache(folder, manifest["hash"])
    if images is None:
        if not cache_dir:
            remove_orphans()
        make_cache_folder(folder)
        remove_left_overs(folder, min_age=STALE_AFTER)  # a younger one may be another process's
        (folder / MANIFEST).unlink(missing_ok=True)
        (folder / PIXELS).unlink(missing_ok=True)  # of the photos as they were
        title = f"{len(photos):,} prepared photos of {image_size}x{image_size}"
        check_disk_space(folder, len(photos) * image_size**2 * 3, title)
        num_workers = num_workers or min(8, available_cores())
        manifest |= _write_rows(photos, image_size, resize_mode, folder / PIXELS, num_workers)
        with atomic_write(folder / MANIFEST, overwrite=True) as file:
            file.write(json.dumps(manifest, indent=1).encode())
        images = open_image_cache(folder, manifest["hash"])
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
    """Decode an ordinary JPEG with simplejpeg; return None for any other file.

    The pixels are those of Pillow, which would decode twice to find damage. :func:`load_square`
    decodes all other files with Pillow, which names what is damaged.
    """
    try:
        data = path.read_bytes()
        with Image.open(io.BytesIO(data)) as header:
            is_upright = header.getexif().get(ExifTags.Base.Orientation, 1) == 1
            is_srgb = header.mode in ("RGB", "L") and "icc_profile" not in header.info
            is_small = header.width * header.height <= MAX_PIXELS
            is_plain = header.format == "JPEG" and is_upright and is_srgb and is_small
        if not is_plain:
            return None
        pixels = simplejpeg.decode_jpeg(data, "RGB", strict=True)  # raises if a part is damaged
        return torch.from_numpy(pixels).permute(2, 0, 1)
    except Exception:  # load_image explains in one sentence what is wrong with the file
        return None


def _common_folder(photos: Sequence[PhotoFile]) -> str:
    """Return the folder that all photos are below, or "" if they are on several drives."""
    folders = {str(photo.path.absolute().parent) for photo in photos}
    try:
        return os.path.realpath(os.path.commonpath(folders))
    except ValueError:
        return ""


def _hash(settings: dict) -> str:
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()


def _file_signature(photo: PhotoFile) -> list:
    """Return [name, file size, modification time] of a photo; False for a missing file."""
    if not photo.path.exists():
        return [photo.name, False, False]
    stat = photo.path.stat()
    return [photo.name, stat.st_size, stat.st_mtime_ns]


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
            file.write(row.data)
            names.append(photo.name)
            checksums.append(zlib.crc32(row))
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

    chunk = max(1, min(_CHUNK, _CHUNK_BYTES // (image_size**2 * 3)))
    before = torch.get_num_threads()
    try:
        # Each of these threads computes alone: threads of theirs would only wait for a core.
        with ThreadPoolExecutor(min(num_workers, chunk), initializer=_use_one_thread) as pool:
            for start in range(0, len(photos), chunk):
                yield from pool.map(load, photos[start : start + chunk])
    finally:
        torch.set_num_threads(before)  # for threads that start later


def _use_one_thread() -> None:
    torch.set_num_threads(1)


def _write_npy_header(file: IO[bytes], rows: int, size: int) -> None:
    """Write the .npy header, which NumPy pads to the same length for any number of rows."""
    header = {"descr": "|u1", "fortran_order": False, "shape": (rows, size, size, 3)}
    np.lib.format.write_array_header_1_0(file, header)
