"""What several commands ask in the same words."""

from __future__ import annotations

import argparse
import json
from typing import Any

from colorlib.data.catalog import CATALOG


def data_arguments(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Ask for a data set, and for how it becomes squares."""
    names = ", ".join(["photos", "scenes", *CATALOG])
    parser.add_argument(
        "--data", required=required, metavar="NAME", help=f"a folder of photos, or {names}"
    )
    parser.add_argument("--seed", type=int, default=0, help="everything random follows from it")
    parser.add_argument(
        "--filter", action="store_true", help="leave out gray, faint, loud and crowded photos"
    )
    parser.add_argument(
        "--reduced", action="store_true", help="a few pictures, to try out in seconds"
    )


def device_argument(parser: argparse.ArgumentParser) -> None:
    """Ask where to compute."""
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")


def device(name: str) -> Any:
    """Turn the word of a person into a device that is there.

    Raises:
        ValueError: no such device.
    """
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device {name!r} cannot be used here ({reason}); expected cpu, or auto"
        ) from None
    return torch.device(name)


def filters(args: argparse.Namespace) -> Any:
    """Give the filters if they were asked for."""
    from colorlib.data.filters import FilterConfig

    return FilterConfig() if args.filter else None


def tell(args: argparse.Namespace, result: dict[str, Any], text: str) -> int:
    """Print a result, as JSON if that was asked for, and return exit status 0."""
    print(json.dumps(result, indent=1, default=str) if args.json else text)
    return 0


def table(rows: list[list[str]]) -> str:
    """Set out rows in columns.

    Example:
        >>> print(table([["a", "b"], ["long", "c"]]))
        a     b
        long  c
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
