"""The weights that come with the package: a first photo in colour needs no training and no download.

Beside each file stands its card, in plain words: what it learned from, how good it is, where it fails. The
hashes are in ``SHA256SUMS``, as ``sha256sum --check`` reads them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from colorlib.colorizer import Colorizer
from colorlib.io.checkpoint import CheckpointError

_HERE = Path(__file__).parent
SUMS = "SHA256SUMS"
#: What there is. A plain model knows the pixel loss alone, an adversarial one had a critic as well.
NAMES = ("landscape", "landscape-adversarial", "general", "general-adversarial")
DEFAULT = (
    "general-adversarial"  #: what ``colorlib colorize`` takes if nothing else was trained or named
)


def load(name: str = DEFAULT) -> Colorizer:
    """Read one of the shipped models.

    Args:
        name: one of :data:`NAMES`.

    Raises:
        ValueError: there is none of that name.
        CheckpointError: its file is not the one that was shipped.

    Example:
        >>> load("landscape").size
        224
    """
    file = weights_path(name)
    if not file.is_file() or sha256(file) != _hashes().get(file.name):
        raise CheckpointError(f"{file} is not the file that was shipped; install colorlib again")
    return Colorizer.load(file)


def weights_path(name: str = DEFAULT) -> Path:
    """Say where the weights of a name lie.

    Raises:
        ValueError: there is none of that name.
    """
    return _of(name, ".safetensors")


def model_card(name: str = DEFAULT) -> str:
    """Give the card of a model as Markdown: its data, their licences, numbers with protocol, failures.

    Raises:
        ValueError: there is none of that name.

    Example:
        >>> "not a restoration" in model_card("general")
        True
    """
    return _of(name, ".md").read_text("utf-8")


def sha256(file: Path) -> str:
    """Give the SHA-256 of a file, as ``sha256sum`` writes it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _of(name: str, suffix: str) -> Path:
    if name not in NAMES:
        raise ValueError(f"there is no shipped model {name!r}; expected one of {', '.join(NAMES)}")
    return _HERE / f"{name}{suffix}"


def _hashes() -> dict[str, str]:
    """Read file name to SHA-256."""
    lines = (_HERE / SUMS).read_text("utf-8").splitlines()
    return {name: sha256 for sha256, name in (line.split() for line in lines)}
