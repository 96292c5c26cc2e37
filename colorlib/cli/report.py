"""``colorlib report``: one block to paste into a question."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from colorlib import __version__, colab
from colorlib.cli.common import tell

PACKAGES = [
    "torch",
    "torchvision",
    "numpy",
    "pillow",
    "scikit-image",
    "safetensors",
    "pooch",
    "ipywidgets",
]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The report takes none."""


def run(args: argparse.Namespace) -> int:
    """Print the block."""
    result = report()
    return tell(args, result, "\n".join(["```", *(f"{k}: {v}" for k, v in result.items()), "```"]))


def report() -> dict[str, str]:
    """Collect versions, devices and where it runs; no names of persons, machines or folders.

    Example:
        >>> report()["colorlib"] == __version__
        True
    """
    found = {
        "colorlib": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    found |= {
        "runs in": colab.where(),
        "processors": str(_processors()),
        "GPU": colab.gpu() or "none",
    }
    found["memory"] = f"{colab.memory():.0f} GB" if colab.memory() else "not told by this system"
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    if found["torch"] != "not installed":
        import torch

        from colorlib.precision import half, name_of

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        found["torch computes on"] = f"{device}, mixed precision in {name_of(half(device))}"
    return found


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
