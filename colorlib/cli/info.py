"""``colorlib info``: versions and devices, in one block for a bug report."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

from colorlib import __version__
from colorlib.cli.common import print_result
from colorlib.notebook.environment import system_info

_PACKAGES = (
    "torch",
    "torchvision",
    "numpy",
    "pillow",
    "tifffile",
    "simplejpeg",
    "scikit-image",
    "safetensors",
    "pooch",
    "ipywidgets",
    "anywidget",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no options."""


def run(args: argparse.Namespace) -> int:
    """Print the block."""
    info = collect_environment()
    lines = [f"{name}: {value}" for name, value in info.items()]
    return print_result(args, info, "\n".join(["```", *lines, "```"]))


def collect_environment() -> dict[str, str]:
    """Collect versions and devices, without names of persons, machines or folders.

    Example:
        >>> collect_environment()["colorlib"] == __version__
        True
    """
    info = {"colorlib": __version__, "system": platform.platform()} | system_info()
    for name in _PACKAGES:
        try:
            info[name] = version(name)
        except PackageNotFoundError:
            info[name] = "not installed"
    if info["torch"] != "not installed":
        import torch

        from colorlib.engine.precision import amp_dtype, describe_dtype

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        precision = describe_dtype(amp_dtype(device))
        info["torch computes on"] = f"{device}, mixed precision in {precision}"
    return info
