"""A data set by its name, divided and ready to train on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from colorlib.data.crops import sample_photo_crops
from colorlib.scenes import draw_scenes
from colorlib.tensor_checks import check_at_least, check_choice, check_images

if TYPE_CHECKING:
    from pathlib import Path

    from colorlib.data.filters import FilterConfig
    from colorlib.data.sample_photos import PhotoFile

log = logging.getLogger("colorlib")


class Pictures(Protocol):
    """What training and evaluation need of pictures."""

    def __len__(self) -> int: ...

    def batch(self, indices: Sequence[int] | Tensor) -> Tensor:
        """Give pictures as uint8 RGB (len(indices), 3, h, w)."""


@dataclass(frozen=True)
class TensorImages:
    """Pictures that are a tensor: uint8 RGB (n, 3, h, w)."""

    rgb: Tensor

    def __post_init__(self) -> None:
        check_images("rgb", self.rgb, uint8=True)

    def __len__(self) -> int:
        return len(self.rgb)

    def batch(self, indices: Sequence[int] | Tensor) -> Tensor:
        return self.rgb[torch.as_tensor(indices)]


@dataclass(frozen=True)
class Subset:
    """Some pictures of a larger set, by their indices in it."""

    whole: Pictures
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)

    def batch(self, indices: Sequence[int] | Tensor) -> Tensor:
        return self.whole.batch(self.indices[np.asarray(indices)])


@dataclass(frozen=True)
class DataSplits:
    """A data set in three parts.

    Attributes:
        train: what weights are fitted to.
        validation: what an epoch, a width or a rate is chosen by.
        test: what is scored once, when everything is chosen.
        about: one sentence on what they are, for the protocol.
        left_out: photos that the filters dropped, each with its reason.
    """

    train: Pictures
    validation: Pictures
    test: Pictures
    about: str
    left_out: Sequence[tuple[PhotoFile, str]] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many pictures each part has."""
        return {part: len(getattr(self, part)) for part in ("train", "validation", "test")}


def load_dataset(
    name: str | Path,
    size: int,
    *,
    seed: int = 0,
    ratios: Sequence[float] = (0.8, 0.1, 0.1),
    fit: Literal["crop", "stretch"] = "crop",
    filters: FilterConfig | None = None,
    most: int | None = None,
    reduced: bool = False,
) -> DataSplits:
    """Load a data set by its name and divide it.

    Args:
        name: ``"photos"``: random squares of the embedded photographs; the test squares come from two
            photographs that training never sees, the validation squares from those that it does.
            ``"scenes"``: drawn lawns. A name in :data:`colorlib.data.catalog.CATALOG`, or a folder: photos,
            decoded once (:func:`~colorlib.data.image_cache.build_image_cache`) and divided so that near-duplicates stay
            together.
        size: side of the pictures in pixels.
        seed: of drawing and dividing.
        ratios: shares of the three parts; of photos only.
        fit: how a photo becomes square.
        filters: which photos to leave out (paper 002); none if not given.
        most: how many photos at most, drawn by ``seed``; all if not given.
        reduced: an eighth of what is drawn, or at most 256 photos: for trying out.

    Raises:
        ValueError: a part would be empty.
        FileNotFoundError, DownloadError, ImageError: as for :func:`colorlib.data.list_photos` and ``prepare``.

    Example:
        >>> load_dataset("photos", 32, reduced=True).counts
        {'train': 256, 'validation': 32, 'test': 32}
    """
    check_at_least("size", size, 1)
    check_at_least("seed", seed, 0)
    check_choice("fit", fit, ("crop", "stretch"))
    if most is not None:
        check_at_least("most", most, 1)
    n, m = (256, 32) if reduced else (2048, 256)
    if name == "photos":
        squares = [sample_photo_crops(n, size, seed), sample_photo_crops(m, size, seed + 1)]
        squares.append(sample_photo_crops(m, size, seed, "test"))
        about = f"random squares of the embedded photographs at {size}x{size}; test: two other photographs"
    elif name == "scenes":
        squares = draw_scenes(n + 2 * m, size, seed).rgb.split([n, m, m])
        about = f"drawn scenes at {size}x{size}"
    else:
        return _photographs(name, size, seed, ratios, fit, filters, 256 if reduced else most)
    return DataSplits(
        *(TensorImages(rgb.mul(255).round().to(torch.uint8)) for rgb in squares),
        f"{about}, seed {seed}",
    )


def _photographs(
    name: str | Path,
    size: int,
    seed: int,
    ratios: Sequence[float],
    fit: str,
    filters: FilterConfig | None,
    most: int | None,
) -> DataSplits:
    from colorlib.data import build_image_cache, duplicates, list_photos  # only photos need these
    from colorlib.data import filters as sieve

    photos, dropped = list_photos(name), []
    if most is not None and most < len(
        photos
    ):  # the first ones would be those of the first classes
        chosen = np.random.default_rng(seed).choice(len(photos), most, replace=False)
        photos = [photos[i] for i in sorted(chosen)]
    if filters is not None:
        photos, dropped = sieve.filter_photos(photos, filters)
        log.info(
            "%d of %d photos were left out by the filters", len(dropped), len(dropped) + len(photos)
        )
    data = build_image_cache(photos, size, fit=fit)
    parts = [
        Subset(data, np.array(part, dtype=np.int64))
        for part in duplicates.grouped_split(data, ratios, seed)
    ]
    about = (
        f"{name}: {len(data)} photos at {size}x{size} ({fit}), {len(dropped)} left out by filters"
    )
    sets = DataSplits(*parts, f"{about}, near-duplicates kept together, seed {seed}", dropped)
    if not all(share == 0 or len(part) for share, part in zip(ratios, parts, strict=True)):
        found = ", ".join(f"{count} {part}" for part, count in sets.counts.items())
        raise ValueError(
            f"{name} gives {found} pictures, expected some in each part; add photos to it."
        )
    return sets
