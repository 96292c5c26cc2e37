"""Splits of a data set by name, and near-duplicate photos that a split keeps together.

:func:`hash_split` hashes each name to a number in [0, 1), and the ratios cut that interval into
splits. So the split of an image depends on its own name and the seed only: adding, removing or
reordering files moves no other image, and a test image cannot move into the training set. The price
is that the ratios hold only approximately: of 8,000 names, a ratio of 0.1 takes 800 with a standard
deviation of 27; of ten names, it may take none.

A photo that was taken twice, saved again or made smaller is nearly the same image. With one copy in
the training set and the other in the test set, a test measures memory. Two images count as
near-duplicates if their difference hashes (64 bits: where a tiny copy gets brighter from left to
right) differ in at most six bits, and their gray 16x16 thumbnails correlate by at least 0.95. The
hash alone is not enough for landscapes: bright sky over dark land gives many different photos
nearly the same bits. Images that are linked through others form one group. A mirrored copy is not
recognized, nor is an image of a single flat colour.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from colorlib.data.image_folder import PhotoFile

if TYPE_CHECKING:  # importing these loads torch
    from colorlib.data.image_cache import CachedImages

MAX_HAMMING = 6  #: the largest number of bits, of 64, in which the hashes of near-duplicates differ
MIN_CORRELATION = 0.95  #: the smallest correlation of their thumbnails
_ROWS = (
    256  # the number of images that are compared with all others at once, which bounds the memory
)


def hash_split(
    names: Iterable[str] | int, ratios: Sequence[float] = (0.8, 0.1, 0.1), seed: int = 0
) -> tuple[list, ...]:
    """Split names by their hashes.

    Args:
        names: file names relative to one folder, with forward slashes, as
            :func:`colorlib.data.list_images` returns them; or a number n for the integers 0 to n -
            1. A name that is given twice is twice in the same split.
        ratios: the share of each split, not negative, with sum 1.
        seed: another seed returns another split.

    Returns:
        One list for each ratio, in the order given.

    Raises:
        ValueError: ratios that are negative or whose sum is not 1, or a negative n.

    Example:
        >>> train, validation, test = hash_split(1000)
        >>> len(train), len(validation), len(test)
        (801, 114, 85)
        >>> hash_split(["lawn.png", "ball.png"]) == hash_split(["lawn.png", "ball.png"])
        True
    """
    if not ratios or min(ratios) < 0 or abs(sum(ratios) - 1) > 1e-6:
        found = f"ratios {tuple(ratios)} were found"
        raise ValueError(f"{found}, expected shares with sum 1, such as (0.8, 0.1, 0.1).")
    if isinstance(names, int):
        if names < 0:
            found = f"{names} names were found"
            raise ValueError(f"{found}, expected 0 or more; pass the number of images.")
        names = range(names)
    edges = list(accumulate(ratios))[:-1]
    splits = tuple([] for _ in ratios)
    for name in names:
        position = _hash_to_unit(name, seed)
        splits[sum(position >= edge for edge in edges)].append(name)
    return splits


def _hash_to_unit(name: str | int, seed: int) -> float:
    """Hash a name to [0, 1); the two Unicode forms of an accented letter have the same hash."""
    text = unicodedata.normalize("NFC", f"{seed}:{name}")
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:6]) / 2**48


def grouped_split(
    images: Sequence[PhotoFile] | CachedImages,
    ratios: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    max_distance: int = MAX_HAMMING,
) -> tuple[list[int], ...]:
    """Split images as :func:`hash_split` does, but keep each group of near-duplicates in one split.

    A group is in the split of its smallest name. So an image without near-duplicates is in the same
    split as without this function; adding a copy with a smaller name can move its group.

    Args:
        images: photos, or cached images; their names decide on the split.
        ratios: the share of each split.
        seed: another seed returns another split.
        max_distance: as in :func:`duplicate_groups`.

    Returns:
        For each ratio the indices of its images, ascending, as ``torch.utils.data.Subset`` takes
        them.

    Raises:
        ValueError: wrong ratios.
        ImageError: a photo cannot be read; cached images are only those that can.

    Example:
        >>> from colorlib.data import sample_photos
        >>> [len(split) for split in grouped_split(sample_photos("all"), (0.5, 0.5))]
        [3, 3]
    """
    if hasattr(images, "pixels"):
        names = images.names
        opened = map(Image.fromarray, images.pixels)
    else:
        names = [photo.name for photo in images]
        opened = (photo.image() for photo in images)
    hashes, descriptors = [], []
    for image in opened:
        hashes.append(dhash(image))
        descriptors.append(thumbnail_descriptor(image))
    groups = duplicate_groups(
        np.array(hashes).reshape(-1, 64), np.array(descriptors).reshape(-1, 256), max_distance
    )
    smallest_name = {}
    for group, name in zip(groups, names, strict=True):
        smallest_name[group] = min(name, smallest_name.get(group, name))
    name_splits = hash_split(sorted(set(smallest_name.values())), ratios, seed)
    split_of_name = {name: k for k, split in enumerate(name_splits) for name in split}
    splits = tuple([] for _ in ratios)
    for i, group in enumerate(groups):
        splits[split_of_name[smallest_name[group]]].append(i)
    return splits


def dhash(image: Image.Image) -> np.ndarray:
    """Return an image's difference hash: 64 bits, (64,) bool.

    Bit (y, x) is whether a gray copy with 8 rows and 9 columns gets brighter from column x to x +
    1.

    Example:
        >>> from colorlib.data import sample_photos
        >>> cat = sample_photos("test")[0].image()
        >>> int((dhash(cat) != dhash(cat.resize((100, 60)))).sum()) <= MAX_HAMMING
        True
    """
    small = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    return (np.diff(np.asarray(small, dtype=np.int16), axis=1) > 0).ravel()


def thumbnail_descriptor(image: Image.Image) -> np.ndarray:
    """Return an image's gray 16x16 thumbnail without mean and contrast.

    Returns:
        (256,) float32 of length 1, or 0 if the image is flat. The product of two is their
        correlation.

    Example:
        >>> from colorlib.data import sample_photos
        >>> cat = sample_photos("test")[0].image()
        >>> small = cat.resize((100, 60))
        >>> bool(thumbnail_descriptor(cat) @ thumbnail_descriptor(small) >= MIN_CORRELATION)
        True
    """
    small = image.convert("L").resize((16, 16), Image.Resampling.BOX)
    gray = np.asarray(small, np.float32).ravel()
    gray = gray - gray.mean()
    return gray / max(np.linalg.norm(gray), 1e-6)


def duplicate_groups(
    hashes: np.ndarray, descriptors: np.ndarray, max_distance: int = MAX_HAMMING
) -> np.ndarray:
    """Number the groups of near-duplicates.

    Args:
        hashes: (n, 64) bool, from :func:`dhash`.
        descriptors: (n, d) float32 of length 1, from :func:`thumbnail_descriptor`.
        max_distance: the largest number of bits in which the hashes of near-duplicates differ.

    Returns:
        (n,) int64: for each image, the smallest index in its group.

    Example:
        >>> hashes = np.zeros((3, 64), bool)
        >>> hashes[1, :20] = True
        >>> duplicate_groups(hashes, np.ones((3, 1))).tolist()
        [0, 1, 0]
    """
    signs = np.where(hashes, 1, -1).astype(np.float32)
    parents = list(range(len(hashes)))  # a union-find forest: the root of each tree is a group

    def find_root(i: int) -> int:
        while parents[i] != i:
            parents[i] = parents[parents[i]]
            i = parents[i]
        return i

    for start in range(0, len(signs), _ROWS):
        rows = slice(start, start + _ROWS)
        is_near = signs[rows] @ signs.T >= 64 - 2 * max_distance
        is_near &= descriptors[rows] @ descriptors.T >= MIN_CORRELATION
        for i, j in np.argwhere(is_near):
            low, high = sorted((find_root(int(start + i)), find_root(int(j))))
            parents[high] = low
    return np.array([find_root(i) for i in parents], dtype=np.int64)
