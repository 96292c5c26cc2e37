"""Near-duplicates, and a division that keeps them on one side.

A photo taken twice, saved again or made smaller is nearly the same picture. With one copy in training and the
other in the test set, a test measures memory. Two things must agree before pictures count as near-duplicates:
their difference hashes, 64 bits that say where brightness rises from left to right in a tiny copy, differ in
at most six bits; and their gray 16x16 copies correlate by at least 0.95. The hash alone is not enough for
landscapes: bright sky over dark land gives many different photos nearly the same bits. Pictures linked
through others form one group. A mirrored copy is not recognised, nor is one of a single flat colour.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from colorlib.data import splits
from colorlib.data.image_cache import CachedImages
from colorlib.data.sample_photos import PhotoFile

MAX_HAMMING, MIN_CORRELATION = 6, 0.95  # bits of 64, correlation
_ROWS = 256  # pictures compared with all others at once, which bounds the memory


def dhash(image: Image.Image) -> np.ndarray:
    """Hash a picture by what it shows: 64 bits, (64,) bool.

    Bit (y, x) says whether an 8-row, 9-column gray copy gets brighter from column x to x + 1.

    Example:
        >>> from colorlib.data import sample_photos
        >>> cat = sample_photos("test")[0].image()
        >>> int((dhash(cat) != dhash(cat.resize((100, 60)))).sum()) <= DISTANCE
        True
    """
    small = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    return (np.diff(np.asarray(small, dtype=np.int16), axis=1) > 0).ravel()


def thumbnail_descriptor(image: Image.Image) -> np.ndarray:
    """Reduce a picture to 16x16 grays without mean and contrast: (256,) float32 of length 1, or 0 if flat.

    Example:
        >>> from colorlib.data import sample_photos
        >>> cat = sample_photos("test")[0].image()
        >>> bool(thumbnail_descriptor(cat) @ thumbnail_descriptor(cat.resize((100, 60))) >= LIKENESS)
        True
    """
    small = np.asarray(
        image.convert("L").resize((16, 16), Image.Resampling.BOX), np.float32
    ).ravel()
    small = small - small.mean()
    return small / max(np.linalg.norm(small), 1e-6)


def duplicate_groups(
    hashes: np.ndarray, looks: np.ndarray, distance: int = MAX_HAMMING
) -> np.ndarray:
    """Number the groups of near-duplicates.

    Args:
        hashes: (n, 64) bool, as :func:`dhash` gives.
        looks: (n, any) float32 of length 1, as :func:`look` gives.
        distance: the largest number of bits in which two hashes may differ.

    Returns:
        (n,) int64: for each picture, the least index in its group.

    Example:
        >>> apart = np.zeros((3, 64), bool)
        >>> apart[1, :20] = True
        >>> duplicate_groups(apart, np.ones((3, 1))).tolist()
        [0, 1, 0]
    """
    signs, parent = np.where(hashes, 1, -1).astype(np.float32), list(range(len(hashes)))

    def root(i: int) -> int:
        while parent[i] != i:
            i = parent[i] = parent[parent[i]]
        return i

    for start in range(0, len(signs), _ROWS):
        rows = slice(start, start + _ROWS)
        near = (signs[rows] @ signs.T >= 64 - 2 * distance) & (
            looks[rows] @ looks.T >= MIN_CORRELATION
        )
        for i, j in np.argwhere(near):
            low, high = sorted((root(start + i), root(j)))
            parent[high] = low
    return np.array([root(i) for i in parent], dtype=np.int64)


def grouped_split(
    pictures: Sequence[PhotoFile] | CachedImages,
    ratios: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    distance: int = MAX_HAMMING,
) -> tuple[list[int], ...]:
    """Divide pictures into parts as :func:`colorlib.data.hash_split` does, but whole groups of near-duplicates.

    A group goes where its smallest name falls. So a picture without near-duplicates lies in the same part as
    without this function; adding a copy with a smaller name can move its group.

    Args:
        pictures: photos, or a prepared data set; names are what counts.
        ratios: the share of each part.
        seed: another seed gives another division.
        distance: as in :func:`groups`.

    Returns:
        For each ratio the indices of its pictures, in rising order: ``prepared.batch`` takes them.

    Raises:
        ValueError: wrong ratios.
        ImageError: a photo cannot be read; a prepared data set holds only those that can.

    Example:
        >>> from colorlib.data import sample_photos
        >>> [len(part) for part in grouped_split(sample_photos("all"), (0.5, 0.5))]
        [3, 3]
    """
    if isinstance(pictures, CachedImages):
        names, images = pictures.names, (Image.fromarray(row) for row in pictures.pixels)
    else:
        names, images = [photo.name for photo in pictures], (photo.image() for photo in pictures)
    prints = [(dhash(image), thumbnail_descriptor(image)) for image in images]
    hashes, looks = (
        (np.array(part) for part in zip(*prints, strict=True))
        if prints
        else (np.zeros((0, 64)),) * 2
    )
    numbers = duplicate_groups(hashes, looks, distance)
    smallest: dict[int, str] = {}
    for number, name in zip(numbers, names, strict=True):
        smallest[number] = min(name, smallest.get(number, name))
    parts = splits.hash_split(sorted(set(smallest.values())), ratios, seed)
    place = {name: part for part, chosen in enumerate(parts) for name in chosen}
    where = [place[smallest[number]] for number in numbers]
    return tuple(
        [i for i, part in enumerate(where) if part == wanted] for wanted in range(len(parts))
    )
