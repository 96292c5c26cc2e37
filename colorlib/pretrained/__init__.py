"""The weights that come with the package: colorize a photo without training and without a download.

Each weights file has a model card, in Markdown: the data it was trained on, how good it is, where
it fails. The hashes are in ``SHA256SUMS``, as ``sha256sum --check`` reads them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from colorlib.colorizer import Colorizer
from colorlib.io.checkpoint import CheckpointError

_FOLDER = Path(__file__).parent
CHECKSUMS = "SHA256SUMS"
#: The models: trained with the pixel loss only, and against a discriminator as well.
NAMES = ("plain", "vivid")
#: The model that ``colorlib colorize`` uses if none was trained or named.
DEFAULT = "vivid"


def load(name: str = DEFAULT) -> Colorizer:
    """Load one of the shipped models.

    Args:
        name: one of :data:`NAMES`.

    Raises:
        ValueError: if there is no model of that name.
        CheckpointError: if its file is not the one that was shipped.

    Example:
        >>> load("plain").image_size
        192
    """
    file = weights_path(name)
    if not file.is_file() or sha256(file) != _read_checksums().get(file.name):
        raise CheckpointError(f"{file} is not the file that was shipped; install colorlib again")
    return Colorizer.load(file)


def weights_path(name: str = DEFAULT) -> Path:
    """Return the path of a model's weights.

    Raises:
        ValueError: if there is no model of that name.
    """
    return _resource(name, ".safetensors")


def model_card(name: str = DEFAULT) -> str:
    """Return the card of a model as Markdown: its data, licences, numbers and failures.

    Raises:
        ValueError: if there is no model of that name.

    Example:
        >>> "not a restoration" in model_card("plain")
        True
    """
    return _resource(name, ".md").read_text("utf-8")


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, as ``sha256sum`` writes it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _resource(name: str, suffix: str) -> Path:
    if name not in NAMES:
        raise ValueError(f"there is no shipped model {name!r}; expected one of {', '.join(NAMES)}")
    return _FOLDER / f"{name}{suffix}"


def _read_checksums() -> dict[str, str]:
    """Return the SHA-256 of each file by its name."""
    checksums = {}
    for line in (_FOLDER / CHECKSUMS).read_text("utf-8").splitlines():
        checksum, filename = line.split()
        checksums[filename] = checksum
    return checksums
