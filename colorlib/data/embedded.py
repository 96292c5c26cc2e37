"""Six real photographs that are already on your disk: scikit-image and scikit-learn carry them.

Four are for training and two are held out: whole photos, so that no corner of a test picture is ever seen in
training. Nothing is downloaded, and neither package is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image

from colorlib.images import read, to_tensor

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Photo:
    """A photograph on disk, opened when asked for.

    Attributes:
        name: short and unique in its source.
        path: the file.
        title: what a caption says.
        alt: one sentence for those who cannot see it.
        credit: who made it.
        licence: under which terms.
    """

    name: str
    path: Path
    title: str = ""
    alt: str = ""
    credit: str = ""
    licence: str = ""

    def image(self) -> Image.Image:
        """Read the file: upright, RGB; errors as in :func:`colorlib.images.read`."""
        return read(self.path)

    def rgb(self, size: int | None = None) -> Tensor:
        """Read the file as float32 (1, 3, h, w) in [0, 1]; see :func:`colorlib.images.to_tensor`."""
        return to_tensor(self.path, size)


def photos(split: Literal["train", "test", "all"] = "train") -> list[Photo]:
    """List the embedded photographs: 300 to 512 pixels high, 451 to 640 wide.

    Args:
        split: ``"train"`` (four), ``"test"`` (two others) or ``"all"``.

    Returns:
        Photos in a fixed order.

    Raises:
        ValueError: another ``split``.
        FileNotFoundError: an installed package does not carry its photo.

    Example:
        >>> [photo.name for photo in photos("test")]
        ['chelsea', 'flower']
        >>> photos("test")[1].rgb(64).shape
        torch.Size([1, 3, 64, 64])
    """
    parts = {"train": _TRAIN, "test": _TEST, "all": _TRAIN + _TEST}
    if split not in parts:
        raise ValueError(
            f"split {split!r} was found, expected 'train', 'test' or 'all'; choose one of these."
        )
    return [Photo(name, _locate(file), *words) for name, file, *words in parts[split]]


def _locate(file: str) -> Path:
    """Find an installed package's file without importing the package."""
    module, _, file = file.partition("/")
    package = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[module]
    spec = find_spec(module)
    if spec is None:
        raise FileNotFoundError(f"{package} is not installed, expected its photo {file}; install {package}.")
    path = Path(spec.submodule_search_locations[0], file)
    if not path.is_file():
        found = f"{package} {version(package)}"
        raise FileNotFoundError(f"{found} carries no {file}, expected it at {path}; reinstall {package}.")
    return path


# name, file, title, alt, credit, licence
_TRAIN = (
    (
        "astronaut",
        "skimage/data/astronaut.png",
        "Eileen Collins, astronaut",
        "A smiling woman with short fair hair in an orange space suit, a black helmet at her side, before a "
        "flag of the United States and a model of a space shuttle.",
        "NASA",
        "public domain",
    ),
    (
        "coffee",
        "skimage/data/coffee.png",
        "A cup of espresso",
        "A red-brown cup, white inside and half full of coffee, on a saucer of the same colour with a steel "
        "spoon, on a worn wooden table.",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar",
        "CC0",
    ),
    (
        "rocket",
        "skimage/data/rocket.jpg",
        "Falcon 9 before the launch of DSCOVR",
        "A white rocket stands upright between four steel lattice towers under a dark blue evening sky, with "
        "star-shaped lamps near the ground.",
        "SpaceX",
        "public domain",
    ),
    (
        "china",
        "sklearn/datasets/images/china.jpg",
        "A pavilion above a lake",
        "A many-sided Chinese pavilion with red columns and tiers of orange and green roofs rises from trees "
        "above a pale lake dotted with boats.",
        "danielbuechele on Flickr",
        "CC BY 2.0",
    ),
)
_TEST = (
    (
        "chelsea",
        "skimage/data/chelsea.png",
        "Chelsea the cat",
        "The face of a brown tabby cat with yellow-green eyes and a reddish nose, close up.",
        "Stefan van der Walt",
        "CC0",
    ),
    (
        "flower",
        "sklearn/datasets/images/flower.jpg",
        "A dahlia",
        "A round orange dahlia with tightly packed petals before blurred leaves of a dark bluish green, and "
        "the top of a second flower below it.",
        "vultilion on Flickr",
        "CC BY 2.0",
    ),
)
