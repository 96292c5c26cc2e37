"""Sample photos: six photographs that the installed packages scikit-image and scikit-learn carry.

Four photos are for training and two are held out: whole photos, so that no part of a test photo is
ever seen in training. Nothing is downloaded, and neither package is imported.
"""

from __future__ import annotations

import random
import tomllib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from colorlib.data.image_folder import PhotoFile

if TYPE_CHECKING:
    from torch import Tensor

_PHOTOS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_PACKAGES = {"skimage": "scikit-image", "sklearn": "scikit-learn"}  # by the module's name


def sample_photos(split: Literal["train", "test", "all"] = "train") -> list[PhotoFile]:
    """List the sample photos: 300 to 512 pixels high, 451 to 640 wide.

    Args:
        split: ``"train"`` (four), ``"test"`` (two others) or ``"all"``.

    Returns:
        Photos in a fixed order.

    Raises:
        ValueError: another ``split``.
        FileNotFoundError: an installed package does not carry its photo.

    Example:
        >>> [photo.name for photo in sample_photos("test")]
        ['chelsea', 'flower']
        >>> sample_photos("test")[1].rgb(64).shape
        torch.Size([1, 3, 64, 64])
    """
    if split not in ("train", "test", "all"):
        raise ValueError(f"split is {split!r}; expected 'train', 'test' or 'all'")
    photos = []
    for name, row in _PHOTOS.items():
        if split in (row["split"], "all"):
            path = _find_package_file(row["file"])
            about = (row["title"], row["alt"], row["credit"], row["licence"])
            photos.append(PhotoFile(name, path, *about))
    return photos


def sample_photo_crops(
    n: int, size: int = 64, seed: int = 0, split: Literal["train", "test", "all"] = "train"
) -> Tensor:
    """Cut ``n`` random squares out of the sample photos, taken in turn, and mirror half of them.

    Crop ``i`` depends on ``seed`` and ``i`` only: a larger ``n`` keeps the first ones. The side of
    a crop is drawn between a third of the photo's shorter side (at least ``size``) and all of it.

    Args:
        n: the number of crops.
        size: height and width of the result in pixels.
        seed: the seed of positions, sides and mirroring.
        split: as in :func:`sample_photos`.

    Returns:
        float32, (n, 3, size, size), in [0, 1].

    Example:
        >>> few, more = sample_photo_crops(2, size=16), sample_photo_crops(5, size=16)
        >>> more.shape, bool((more[:2] == few).all())
        (torch.Size([5, 3, 16, 16]), True)
    """
    import torch

    from colorlib.tensor_checks import check_at_least

    check_at_least("n", n, 0)
    check_at_least("size", size, 1)
    images = [photo.image() for photo in sample_photos(split)]
    crops = np.empty((n, size, size, 3), np.uint8)
    for i in range(n):
        crops[i] = _random_crop(images[i % len(images)], size, random.Random(f"{seed}:{i}"))
    return torch.from_numpy(crops).permute(0, 3, 1, 2).contiguous().float().div_(255)


def _random_crop(image: Image.Image, size: int, rng: random.Random) -> Image.Image:
    # Only rng.random() is used, because Python promises its sequence for every version.
    max_side = min(image.size)
    min_side = min(max_side, max(size, max_side // 3))
    side = min_side + int(rng.random() * (max_side - min_side + 1))
    left = int(rng.random() * (image.width - side + 1))
    top = int(rng.random() * (image.height - side + 1))
    box = (left, top, left + side, top + side)
    crop = image.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop


def _find_package_file(name: str) -> Path:
    """Return the path of an installed package's file, without importing the package."""
    module, _, file = name.partition("/")
    package = _PACKAGES[module]
    spec = find_spec(module)
    if spec is None:
        found = f"{package} is not installed, expected its photo {file}"
        raise FileNotFoundError(f"{found}; install {package}.")
    path = Path(spec.submodule_search_locations[0], file)
    if not path.is_file():
        found = f"{package} {version(package)} carries no {file}, expected it at {path}"
        raise FileNotFoundError(f"{found}; reinstall {package}.")
    return path
