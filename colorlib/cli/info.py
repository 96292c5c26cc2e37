"""``colorlib report``: one block to paste into a question."""

from __future__ import annotations

import argparse
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from colorlib import __version__
from colorlib.cli.common import tell
from colorlib.notebook import environment

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
        "runs in": environment.detect_environment(),
        "processors": str(_processors()),
        "GPU": environment.gpu_name() or "none",
    }
    found["memory"] = (
        f"{environment.memory():.0f} GB"
        if environment.total_memory_gb()
        else "not told by this system"
    )
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    if found["torch"] != "not installed":
        import torch

        from colorlib.engine.precision import amp_dtype, describe_dtype

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        found["torch computes on"] = (
            f"{device}, mixed precision in {describe_dtype(amp_dtype(device))}"
        )
    return found


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
