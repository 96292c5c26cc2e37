"""Six real photographs that are already on your disk: scikit-image and scikit-learn carry them.

Four are for training and two are held out: whole photos, so that no corner of a test picture is ever seen in
training. Nothing is downloaded, and neither package is imported.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image

from colorlib.io.images import image_to_tensor, load_image

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class PhotoFile:
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
        """Read the file: upright, RGB; errors as in :func:`colorlib.io.images.load_image`."""
        return load_image(self.path)

    def rgb(self, size: int | None = None) -> Tensor:
        """Read the file as float32 (1, 3, h, w) in [0, 1]; see :func:`colorlib.io.images.image_to_tensor`."""
        return image_to_tensor(self.path, size)


def sample_photos(split: Literal["train", "test", "all"] = "train") -> list[PhotoFile]:
    """List the embedded photographs: 300 to 512 pixels high, 451 to 640 wide.

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
    return [
        PhotoFile(
            name,
            _locate(row["file"]),
            *(row[word] for word in ("title", "alt", "credit", "licence")),
        )
        for name, row in _TABLE.items()
        if split in (row["split"], "all")
    ]


def _locate(file: str) -> Path:
    """Find an installed package's file without importing the package."""
    module, _, file = file.partition("/")
    package = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[module]
    spec = find_spec(module)
    if spec is None:
        raise FileNotFoundError(
            f"{package} is not installed, expected its photo {file}; install {package}."
        )
    path = Path(spec.submodule_search_locations[0], file)
    if not path.is_file():
        found = f"{package} {version(package)}"
        raise FileNotFoundError(
            f"{found} carries no {file}, expected it at {path}; reinstall {package}."
        )
    return path


_TABLE = tomllib.loads(Path(__file__).with_name("sample_photos.toml").read_text("utf-8"))
