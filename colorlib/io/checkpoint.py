"""Checkpoints: everything that a training run needs to go on, in one file that cannot carry code.

A checkpoint is a tree of dicts and lists; its leaves are tensors, numbers, words, booleans or None. Tensors
go into a safetensors file, the rest as JSON into its header. The file is written whole or not at all, and
its name ends in the beginning of its SHA-256, so a damaged file is known before it is used::

    run/checkpoint-e0007-s000812-3f9a1c0b2d4e5f60.safetensors      epoch 7, step 812 of it

``latest`` gives the newest one that is whole, and says which it passed over.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from colorlib.io.files import atomic_write
from colorlib.models.schema import MAX_PARAMETERS

State = dict[str, Any]
_NAME = re.compile(r"checkpoint-e(\d{4,})-s(\d{6,})-([0-9a-f]{16})\.safetensors")
_TENSOR = "$tensor"  # marks, in the JSON, the place of a tensor
_MAX_BYTES = 8 * MAX_PARAMETERS  # of a weights file: float64, twice what any of ours needs
_logger = logging.getLogger("colorlib")


class CheckpointError(ValueError):
    """A file of weights or a checkpoint that cannot be used; its text names the file and says why."""


def save_checkpoint(
    folder: str | Path, tree: State, *, epoch: int, step: int, keep: int = 2
) -> Path:
    """Write a checkpoint into ``folder`` and remove all but the ``keep`` newest.

    Args:
        folder: Made if it is not there.
        tree: What to keep, see the top of this page.
        epoch: Epochs done or begun.
        step: Steps done in that epoch.
        keep: How many to leave, at least 1.

    Returns:
        The file's path.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_checkpoint(folder, {"weight": torch.ones(2), "lr": 2e-4}, epoch=7, step=812)
        ...     load_latest_checkpoint(folder)
        {'weight': tensor([1., 1.]), 'lr': 0.0002}
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = _to_bytes(tree)
    name = f"checkpoint-e{epoch:04d}-s{step:06d}-{_digest(data)}.safetensors"
    with atomic_write(folder / name, overwrite=True) as file:
        file.write(data)
    for old in _found(folder)[max(keep, 1) :]:
        if old.name != name:
            old.unlink(missing_ok=True)
    return folder / name


def load_latest_checkpoint(folder: str | Path) -> State | None:
    """Read the newest checkpoint of ``folder`` that is whole; None if there is no checkpoint.

    A damaged one is passed over with a warning that names it, and is left where it is.

    Raises:
        CheckpointError: If there are some and none is whole: to begin anew would write over what they led to.
    """
    found = _found(Path(folder))
    for path in found:
        try:
            data = path.read_bytes()
        except OSError as error:
            _logger.warning(
                "%s cannot be read (%s): the one before is looked for", path, error.strerror
            )
            continue
        if _digest(data) == _NAME.fullmatch(path.name)[3]:
            return _from_bytes(data, path)
        _logger.warning(
            "%s is damaged: its content does not match its name; the one before is looked for", path
        )
    if found:
        what = f"none of the {len(found)} checkpoints in {folder} is whole"
        raise CheckpointError(
            f"{what}; put a copy in their place, or choose another folder to begin anew"
        )
    return None


def save_weights(
    path: str | Path, weights: dict[str, Tensor], config: State, *, overwrite: bool = False
) -> Path:
    """Write a network's weights with the configuration that builds it, as one safetensors file.

    Args:
        path: Where to; other programs can read the file as well.
        weights: ``net.state_dict()``.
        config: Numbers, words, booleans, lists and dicts of them.
        overwrite: Whether a file of this name may be replaced.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    data = safetensors.torch.save(tensors, {"config": json.dumps(config, sort_keys=True)})
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(data)
    return Path(path)


def load_weights(path: str | Path) -> tuple[dict[str, Tensor], State]:
    """Read weights and configuration as :func:`save_weights` wrote them.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is not a whole safetensors file, or carries no configuration.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no file {path}; expected weights that colorlib train wrote"
        )
    if (size := path.stat().st_size) > _MAX_BYTES:
        raise CheckpointError(
            f"{path} has {size:,} bytes; expected at most {_MAX_BYTES:,}; train it again"
        )
    try:
        tensors = safetensors.torch.load_file(path)
        with safetensors.safe_open(path, "pt") as file:
            config = json.loads((file.metadata() or {})["config"])
    except safetensors.SafetensorError as error:
        raise CheckpointError(
            f"{path} is no whole safetensors file ({error}); copy or train it again"
        ) from None
    except (
        KeyError,
        ValueError,
        RecursionError,
    ):  # json's own errors, and numbers or brackets without end
        raise CheckpointError(
            f"{path} carries no configuration; expected weights that colorlib wrote"
        ) from None
    return tensors, config


def _found(folder: Path) -> list[Path]:
    """List the checkpoints of a folder, newest first."""
    if not folder.is_dir():
        return []
    names = {path: match for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))}
    return sorted(
        names, key=lambda path: (int(names[path][1]), int(names[path][2]), path.name), reverse=True
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _to_bytes(tree: State) -> bytes:
    tensors: dict[str, Tensor] = {}

    def plain(node: Any, place: str) -> Any:
        if isinstance(node, Tensor):
            tensors[place] = node.detach().cpu().contiguous()
            return {_TENSOR: place}
        if isinstance(node, dict):
            return {"$dict": [[key, plain(value, f"{place}/{key}")] for key, value in node.items()]}
        if isinstance(node, (list, tuple)):
            return [plain(value, f"{place}/{i}") for i, value in enumerate(node)]
        if node is None or isinstance(node, (bool, int, float, str)):
            return node
        raise TypeError(
            f"{place} is a {type(node).__name__}; a checkpoint holds tensors, numbers and words"
        )

    text = json.dumps(plain(tree, "tree"))
    return safetensors.torch.save(tensors, {"tree": text})


def _from_bytes(data: bytes, path: Path) -> State:
    def rich(node: Any) -> Any:
        if isinstance(node, dict):
            return (
                tensors[node[_TENSOR]]
                if _TENSOR in node
                else {key: rich(v) for key, v in node["$dict"]}
            )
        return [rich(value) for value in node] if isinstance(node, list) else node

    try:
        tensors = safetensors.torch.load(data)
        length = int.from_bytes(data[:8], "little")
        return rich(json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["tree"]))
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path} is no checkpoint ({error}); move it out of the folder"
        ) from None
