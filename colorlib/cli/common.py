"""Options and output that several commands share."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorlib.data.catalog import DATASET_NAMES
from colorlib.io.files import read_json, to_json
from colorlib.io.paths import parse_path

if TYPE_CHECKING:
    import torch

    from colorlib.colorizer import Colorizer
    from colorlib.data.filters import FilterConfig

MODEL_HELP = (
    "a weights file, the folder of a run, or a model of the library: plain or vivid; "
    "default: the newest in runs/, or else vivid"
)
_logger = logging.getLogger("colorlib")


def add_data_arguments(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add the options that choose a data set."""
    names = ", ".join(DATASET_NAMES)
    data_help = f"a folder of photos, or {names}"
    parser.add_argument("--data", required=required, metavar="NAME", help=data_help)
    add_seed_argument(parser)
    filter_help = "leave out photos that are gray, faint, too colourful or too detailed"
    parser.add_argument("--filter", action="store_true", help=filter_help)
    parser.add_argument("--reduced", action="store_true", help="a few images, to try it in seconds")


def add_seed_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option of the seed."""
    parser.add_argument("--seed", type=_parse_seed, default=0, help="seed of everything random")


def _parse_seed(text: str) -> int:
    seed = int(text)  # argparse explains its errors
    if not 0 <= seed < 2**63:
        raise argparse.ArgumentTypeError(f"{text} was given; expected 0 to 2^63 - 1")
    return seed


_parse_seed.__name__ = "seed"  # in the messages of argparse


def add_device_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses a device."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")


def parse_device(name: str) -> torch.device:
    """Return the device of a name; "auto" is the first GPU if there is one.

    Raises:
        ValueError: If the device does not exist here.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        message = f"device {name!r} cannot be used here ({reason}); expected cpu, or auto"
        raise ValueError(message) from None
    return torch.device(name)


def filters_from_args(args: argparse.Namespace) -> FilterConfig | None:
    """Return the filters of paper 002 if ``--filter`` is given."""
    from colorlib.data.filters import FilterConfig

    return FilterConfig() if args.filter else None


def resolve_model(model: str | None, runs: str | Path = "runs") -> tuple[Path, Colorizer]:
    """Load a model by its file, its run's folder or its name.

    Args:
        model: a weights file, the folder of a run, of which the newest weights are taken, or the
            name of a model of the library; None for the newest in ``runs``, or else the library's.
        runs: the folder of all runs.

    Returns:
        The path of the weights, and the model.

    Raises:
        FileNotFoundError: If ``model`` is not one of these.
        ValueError: If it is a name of the library, and also the name of a file here.
        CheckpointError: If the file is damaged or does not contain a model.
    """
    from colorlib import pretrained
    from colorlib.colorizer import Colorizer

    if model is None:
        newest = _newest_weights(Path(runs).glob("*/*.safetensors"))
        if newest is None:
            _logger.info("model: %s", pretrained.DEFAULT)
            model = pretrained.DEFAULT
        else:
            path, other = newest, f"--model {pretrained.DEFAULT} takes the library's"
            kind = (
                "a toy, trained with --reduced" if _is_reduced_run(path.parent) else "your newest"
            )
            _logger.info("model: %s (%s; %s)", path, kind, other)
            return path, Colorizer.load(path)
    elif model in pretrained.NAMES and Path(model).exists():
        raise ValueError(f"{model} is a model of the library, and a file here: write ./{model}")
    if model in pretrained.NAMES:
        return pretrained.weights_path(model), pretrained.load(model)
    path = parse_path(model)
    if path.is_dir():
        path = _newest_weights(path.glob("*.safetensors")) or path
    if not path.is_file():
        expected = f"weights that colorlib train wrote, or one of {', '.join(pretrained.NAMES)}"
        found = f"{path} holds no weights" if path.is_dir() else f"there is no file {path}"
        raise FileNotFoundError(f"{found}; expected {expected}")
    return path, Colorizer.load(path)


def _newest_weights(paths: Iterable[Path]) -> Path | None:
    """Return the newest weights file of a generator, or None."""
    weights = [
        path
        for path in paths
        if not path.name.startswith("checkpoint-") and not path.stem.endswith("-uncertainty")
    ]
    return max(weights, key=lambda path: path.stat().st_mtime_ns, default=None)


def _is_reduced_run(folder: Path) -> bool:
    try:
        return read_json(folder / "run.json")["reduced"] is True
    except (OSError, ValueError, KeyError, TypeError):  # no such file, or another program's
        return False


def print_result(args: argparse.Namespace, result: dict[str, Any], text: str) -> int:
    """Print the result as JSON with ``--json``, else the text, and return exit status 0."""
    print(to_json(result) if args.json else text)
    return 0


def format_columns(rows: list[list[str]]) -> str:
    """Return rows of words as aligned columns.

    Example:
        >>> print(format_columns([["a", "b"], ["long", "c"]]))
        a     b
        long  c
    """
    widths = [max(len(word) for word in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        padded = [word.ljust(width) for word, width in zip(row, widths, strict=True)]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)
