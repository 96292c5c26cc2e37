"""Checkpoints and weights: the state of a training run in one file that cannot carry code.

The state is a tree of dicts and lists; its leaves are tensors, numbers, strings, booleans or None.
Tensors are stored in a safetensors file, the rest as JSON in its header. The file is written
atomically, and its name ends in the first digits of its SHA-256, so that damage is detected before
it is used::

    run/checkpoint-e0007-s000812-3f9a1c0b2d4e5f60.safetensors      epoch 7, step 812 of it

:func:`load_latest_checkpoint` loads the newest intact one and names those that it skips. torch.load
would not notice a flipped bit: it would load a wrong weight.
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

from colorlib.io.files import atomic_write, remove_file
from colorlib.models.schema import MAX_PARAMETERS

State = dict[str, Any]
_FILENAME_PATTERN = re.compile(r"checkpoint-e(\d{4,})-s(\d{6,})-([0-9a-f]{16})\.safetensors")
_TENSOR_KEY = "$tensor"  # in the JSON, where a tensor belongs
_MAX_BYTES = 8 * MAX_PARAMETERS  # of a weights file: float64, twice what our networks need
_logger = logging.getLogger("colorlib")


class CheckpointError(ValueError):
    """A weights file or checkpoint that cannot be used; the message names the file and says why."""


def save_checkpoint(
    folder: str | Path, state: State, *, epoch: int, step: int, keep_checkpoints: int = 2
) -> Path:
    """Save a checkpoint in ``folder`` and remove all but the ``keep_checkpoints`` newest.

    Args:
        folder: Created if it does not exist.
        state: What to save, see the top of this page.
        epoch: Epochs done or begun.
        step: Steps done in that epoch.
        keep_checkpoints: How many checkpoints stay, at least 1.

    Returns:
        The file's path.

    Example:
        >>> import tempfile, torch
        >>> state = {"weight": torch.ones(2), "lr": 2e-4}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = save_checkpoint(folder, state, epoch=7, step=812)
        ...     load_latest_checkpoint(folder)
        {'weight': tensor([1., 1.]), 'lr': 0.0002}
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = _encode(state)
    path = folder / f"checkpoint-e{epoch:04d}-s{step:06d}-{_digest(data)}.safetensors"
    with atomic_write(path, overwrite=True) as file:
        file.write(data)
    for old in list_checkpoints(folder)[max(keep_checkpoints, 1) :]:
        if old != path:
            remove_file(old, truncate=True)
    return path


def load_latest_checkpoint(folder: str | Path) -> State | None:
    """Load the newest intact checkpoint of ``folder``; None if there is no checkpoint.

    A damaged one is skipped with a warning that names it, and is not removed.

    Raises:
        CheckpointError: If there are checkpoints and none is intact: starting over would overwrite
            their results.
    """
    paths = list_checkpoints(Path(folder))
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            message = "cannot read %s (%s); trying the previous checkpoint"
            _logger.warning(message, path, error.strerror)
            continue
        if _digest(data) == _FILENAME_PATTERN.fullmatch(path.name)[3]:
            return _decode(data, path)
        message = (
            "%s is damaged: its content does not match its name; trying the previous checkpoint"
        )
        _logger.warning(message, path)
    if paths:
        found = f"none of the {len(paths)} checkpoints in {folder} is intact"
        advice = "put a copy in their place, or choose another folder to start over"
        raise CheckpointError(f"{found}; {advice}")
    return None


def save_weights(
    path: str | Path, weights: dict[str, Tensor], config: State, *, overwrite: bool = False
) -> Path:
    """Save a network's weights and the configuration that builds it as one safetensors file.

    Args:
        path: The file; other programs can read it as well.
        weights: ``net.state_dict()``.
        config: Numbers, strings, booleans, and lists and dicts of them.
        overwrite: Whether an existing file may be replaced.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    data = safetensors.torch.save(tensors, {"config": json.dumps(config, sort_keys=True)})
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(data)
    return Path(path)


def load_weights(path: str | Path) -> tuple[dict[str, Tensor], State]:
    """Load weights and configuration that :func:`save_weights` saved.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is not a complete safetensors file, or has no configuration.
    """
    path = Path(path)
    if not path.is_file():
        expected = "expected weights that colorlib train wrote"
        raise FileNotFoundError(f"there is no file {path}; {expected}")
    size = path.stat().st_size
    if size > _MAX_BYTES:
        expected = f"expected at most {_MAX_BYTES:,}"
        raise CheckpointError(f"{path} has {size:,} bytes; {expected}; train it again")
    try:
        tensors = safetensors.torch.load_file(path)
        with safetensors.safe_open(path, "pt") as file:
            config = json.loads((file.metadata() or {})["config"])
    except safetensors.SafetensorError as error:
        found = f"{path} is not a complete safetensors file ({error})"
        raise CheckpointError(f"{found}; copy or train it again") from None
    except (KeyError, ValueError, RecursionError):  # the last two from hostile JSON
        expected = "expected weights that colorlib wrote"
        raise CheckpointError(f"{path} carries no configuration; {expected}") from None
    return tensors, config


def list_checkpoints(folder: Path) -> list[Path]:
    """List the checkpoints of a folder, the newest first; their content is not looked at."""
    if not folder.is_dir():
        return []
    paths = [path for path in folder.iterdir() if _FILENAME_PATTERN.fullmatch(path.name)]
    return sorted(paths, key=_age, reverse=True)


def newest_epoch(folder: str | Path) -> int | None:
    """Return how many epochs the newest checkpoint of a folder has completed; None without one.

    Example:
        >>> newest_epoch("nowhere") is None
        True
    """
    paths = list_checkpoints(Path(folder))
    return _age(paths[0])[0] if paths else None


def _age(path: Path) -> tuple[int, int, str]:
    match = _FILENAME_PATTERN.fullmatch(path.name)
    return int(match[1]), int(match[2]), path.name


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _encode(state: State) -> bytes:
    tensors: dict[str, Tensor] = {}
    text = json.dumps(_to_json(state, "tree", tensors))
    return safetensors.torch.save(tensors, {"tree": text})


def _to_json(node: Any, place: str, tensors: dict[str, Tensor]) -> Any:
    """Convert a state to JSON data, and collect its tensors by their place in it."""
    if isinstance(node, Tensor):
        tensors[place] = node.detach().cpu().contiguous()
        return {_TENSOR_KEY: place}
    if isinstance(node, dict):
        # As pairs, because the keys of an optimizer's state are numbers.
        pairs = [[key, _to_json(value, f"{place}/{key}", tensors)] for key, value in node.items()]
        return {"$dict": pairs}
    if isinstance(node, (list, tuple)):
        return [_to_json(value, f"{place}/{i}", tensors) for i, value in enumerate(node)]
    if node is None or isinstance(node, (bool, int, float, str)):
        return node
    expected = "a checkpoint holds tensors, numbers and strings"
    raise TypeError(f"{place} is a {type(node).__name__}; {expected}")


def _decode(data: bytes, path: Path) -> State:
    try:
        tensors = safetensors.torch.load(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        return _from_json(json.loads(header["__metadata__"]["tree"]), tensors)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        advice = "move it out of the folder"
        raise CheckpointError(f"{path} is not a checkpoint ({error}); {advice}") from None


def _from_json(node: Any, tensors: dict[str, Tensor]) -> Any:
    """Convert the output of :func:`_to_json` back to a state."""
    if isinstance(node, dict):
        if _TENSOR_KEY in node:
            return tensors[node[_TENSOR_KEY]]
        return {key: _from_json(value, tensors) for key, value in node["$dict"]}
    if isinstance(node, list):
        return [_from_json(value, tensors) for value in node]
    return node
