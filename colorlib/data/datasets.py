"""Data sets for training: images in memory, a data set by its name, and its splits.

A data set is a torch ``Dataset`` of images (3, h, w). Its ``__getitems__`` returns a whole batch
(n, 3, h, w) in one read, so that a ``DataLoader`` has nothing left to stack.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from colorlib.data.sample_photos import sample_photo_crops
from colorlib.io.paths import folder_name
from colorlib.notebook.environment import total_memory_gb
from colorlib.scenes import draw_scenes
from colorlib.tensor_checks import check_at_least, check_choice, check_images

if TYPE_CHECKING:
    from pathlib import Path

    from colorlib.data.filters import FilterConfig
    from colorlib.data.image_folder import PhotoFile

T = TypeVar("T")
log = logging.getLogger("colorlib")

_NUM_SAMPLED = 16  # images that a fingerprint covers where there are no checksums


@dataclass(frozen=True)
class TensorImages(Dataset[Tensor]):
    """A data set of images that are in memory as one tensor.

    Args:
        rgb: (n, 3, h, w), uint8 or floating point.

    Example:
        >>> images = TensorImages(torch.zeros(5, 3, 4, 4, dtype=torch.uint8))
        >>> images[2].shape, images.__getitems__([2, 0]).shape
        (torch.Size([3, 4, 4]), torch.Size([2, 3, 4, 4]))
        >>> from torch.utils.data import DataLoader
        >>> loader = DataLoader(images, batch_size=2, collate_fn=torch.as_tensor)
        >>> [len(batch) for batch in loader]
        [2, 2, 1]
    """

    rgb: Tensor

    def __post_init__(self) -> None:
        check_images("rgb", self.rgb, allow_uint8=True)

    def __len__(self) -> int:
        return len(self.rgb)

    def __getitem__(self, index: int) -> Tensor:
        """Return one image: (3, h, w)."""
        return self.rgb[index]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> Tensor:
        """Return several images in one read: (len(indices), 3, h, w)."""
        return self.rgb[torch.as_tensor(indices)]


@dataclass(frozen=True)
class DataSplits:
    """A data set split into training, validation and test images.

    Attributes:
        train: the images that weights are fitted to.
        validation: the images by which epochs, widths and learning rates are chosen.
        test: the images that are scored once, at the end.
        description: one sentence about the images, for the protocol.
        rejected: photos that the filters removed, each with the reason.
    """

    train: Dataset[Tensor]
    validation: Dataset[Tensor]
    test: Dataset[Tensor]
    description: str
    rejected: Sequence[tuple[PhotoFile, str]] = ()

    @property
    def counts(self) -> dict[str, int]:
        """The number of images in each split."""
        return {part: len(getattr(self, part)) for part in ("train", "validation", "test")}


def draw_subset(images: Dataset[T] | Sequence[T], count: int, seed: int) -> Subset[T]:
    """Return ``count`` images or photos, drawn by a seed; all, if there are not more.

    The first ones would be those of the first classes, because photos are in the order of their
    names. Those drawn are in that order, too; fewer of them are part of more.

    Example:
        >>> half, tenth = (draw_subset(range(100), count, seed=0) for count in (50, 10))
        >>> len(half), len(tenth), set(tenth) < set(half), len(draw_subset(half, 99, seed=0))
        (50, 10, True, 50)
    """
    order = np.random.default_rng(seed).permutation(len(images))
    return Subset(images, sorted(order[:count].tolist()))


def load_dataset(
    name: str | Path,
    image_size: int,
    *,
    seed: int = 0,
    split_ratios: Sequence[float] = (0.8, 0.1, 0.1),
    resize_mode: Literal["center_crop", "stretch"] = "center_crop",
    filters: FilterConfig | None = None,
    max_images: int | None = None,
    reduced: bool = False,
) -> DataSplits:
    """Load a data set by its name and split it.

    Args:
        name: ``"photos"``, ``"scenes"``, a name in :data:`colorlib.data.catalog.CATALOG`, or a
            folder. ``"photos"``: random crops of the sample photos. The test crops come from two
            photos that training never sees, the validation crops from the training photos.
            ``"scenes"``: drawn scenes. All others: photos, decoded once
            (:func:`~colorlib.data.image_cache.build_image_cache`) and split so that near-duplicates
            stay together.
        image_size: height and width in pixels.
        seed: the seed of crops, scenes and the split.
        split_ratios: the shares of training, validation and test; used for photos only.
        resize_mode: how a photo becomes square: its largest centred square, or all of it,
            stretched.
        filters: which photos to remove (paper 002); None removes none.
        max_images: the largest number of photos, chosen at random by ``seed``; None takes all.
        reduced: whether to take an eighth of the crops or scenes, or at most 256 photos, for a
            quick try.

    Raises:
        ValueError: a split would be empty.
        FileNotFoundError, DownloadError, ImageError: as in :func:`colorlib.data.list_photos` and
            :func:`~colorlib.data.image_cache.build_image_cache`.

    Example:
        >>> load_dataset("photos", 32, reduced=True).counts
        {'train': 256, 'validation': 32, 'test': 32}
    """
    check_at_least("image_size", image_size, 1)
    check_at_least("seed", seed, 0)
    check_choice("resize_mode", resize_mode, ("center_crop", "stretch"))
    if max_images is not None:
        check_at_least("max_images", max_images, 1)
    num_train, num_test = (256, 32) if reduced else (2048, 256)
    if name in ("photos", "scenes"):
        _check_memory(num_train + 2 * num_test, image_size)
    if name == "photos":
        parts = (
            sample_photo_crops(num_train, image_size, seed),
            sample_photo_crops(num_test, image_size, seed + 1),
            sample_photo_crops(num_test, image_size, seed, "test"),
        )
        size = f"{image_size}x{image_size}"
        description = (
            f"random squares of the embedded photographs at {size}; test: two other photographs"
        )
    elif name == "scenes":
        rgb = draw_scenes(num_train + 2 * num_test, image_size, seed).rgb
        parts = rgb.split([num_train, num_test, num_test])
        description = f"drawn scenes at {image_size}x{image_size}"
    else:
        if reduced:
            max_images = 256
        return _load_photo_dataset(
            name, image_size, seed, split_ratios, resize_mode, filters, max_images
        )
    train, validation, test = (
        TensorImages(part.mul(255).round().to(torch.uint8)) for part in parts
    )
    return DataSplits(train, validation, test, f"{description}, seed {seed}")


def _check_memory(num_images: int, image_size: int) -> None:
    """Raise MemoryError if images in float32, and a copy of them, are more than the memory."""
    needed, memory = 2 * num_images * image_size**2 * 3 * 4 / 1e9, total_memory_gb()
    if memory is not None and needed > memory:
        found = f"{num_images:,} images of {image_size}x{image_size} take {needed:,.0f} GB"
        advice = "use a smaller size, or a folder of photos, which are read from the disk"
        raise MemoryError(f"memory ran out before it began: {found} of {memory:.0f} GB; {advice}")


def _load_photo_dataset(
    name: str | Path,
    image_size: int,
    seed: int,
    split_ratios: Sequence[float],
    resize_mode: str,
    filters: FilterConfig | None,
    max_images: int | None,
) -> DataSplits:
    # only photos need these modules
    from colorlib.data.catalog import CATALOG
    from colorlib.data.download import list_photos
    from colorlib.data.duplicates import grouped_split
    from colorlib.data.filters import filter_photos
    from colorlib.data.image_cache import build_image_cache

    photos, rejected, selection = list_photos(name), [], ""
    if max_images is not None and max_images < len(photos):
        # at random, because the first photos would be those of the first classes
        chosen = np.random.default_rng(seed).choice(len(photos), max_images, replace=False)
        photos = [photos[i] for i in sorted(chosen)]
        selection = f"{max_images:,} of them by seed {seed} "
    if filters is not None:
        total = len(photos)
        photos, rejected = filter_photos(photos, filters)
        log.info("%d of %d photos were left out by the filters", len(rejected), total)
        selection += f"{filters}"
    cache = build_image_cache(photos, image_size, resize_mode=resize_mode, selection=selection)
    parts = grouped_split(cache, split_ratios, seed)
    train, validation, test = (Subset(cache, part) for part in parts)
    title = name if name in CATALOG else folder_name(name)
    description = (
        f"{title}: {len(cache)} photos at {image_size}x{image_size} ({resize_mode}), "
        f"{len(rejected)} left out by filters, near-duplicates kept together, seed {seed}"
    )
    splits = DataSplits(train, validation, test, description, rejected)
    if any(ratio > 0 and not part for ratio, part in zip(split_ratios, parts, strict=True)):
        found = ", ".join(f"{count} {part}" for part, count in splits.counts.items())
        raise ValueError(
            f"{title} has {found} images, expected some in each split; add photos to it."
        )
    return splits


def fingerprint(dataset: Dataset[Tensor]) -> str:
    """Return a short hash of a data set's content and order.

    The hash of cached images covers every image, by the checksums of the cache. Of other data sets
    it covers up to 16 images, evenly spaced, so that a change of few images among many may go
    unnoticed there.

    Example:
        >>> black, white = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
        >>> first = TensorImages(torch.cat([black, white]))
        >>> second = TensorImages(torch.cat([white, black]))
        >>> fingerprint(first) == fingerprint(first), fingerprint(first) == fingerprint(second)
        (True, False)
    """
    content = hashlib.sha256(str(len(dataset)).encode())
    checksums = getattr(dataset, "checksums", None)
    if isinstance(dataset, Subset):
        content.update(fingerprint(dataset.dataset).encode())
        content.update(np.array(dataset.indices, dtype=np.int64).tobytes())
    elif checksums is not None:
        content.update(checksums.tobytes())
    elif len(dataset):
        step = math.ceil(len(dataset) / _NUM_SAMPLED)
        images = dataset.__getitems__(range(0, len(dataset), step))
        content.update(images.cpu().contiguous().numpy().tobytes())
    return content.hexdigest()[:16]
