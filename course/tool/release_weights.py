"""``python -m course release-weights plain FILE ...``: put a trained model into the package.

Of several files the mean of their weights is taken. It is a good model if one was trained further
from another one, or both from a third (Wortsman et al. 2022, "Model soups").
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from course.tool.cli import CourseError
from course.tool.files import atomic_write_text

if TYPE_CHECKING:
    from colorlib.colorizer import Colorizer

MAX_BYTES = 6_000_000  # of one model: the wheel carries all of them


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("name", help="the name of the pretrained model, such as plain")
    weights_help = "weights that colorlib train wrote; of several, their mean"
    parser.add_argument("models", type=Path, nargs="+", metavar="FILE", help=weights_help)
    parser.add_argument("--size", type=int, help="side of its input; default: as it was trained")
    parser.add_argument("--gain", type=float, default=1.0, help="multiplies its colours, roughly")


def main(args: argparse.Namespace) -> int:
    """Write the weights as float16 into the package, and update the hashes."""
    import torch

    from colorlib import pretrained
    from colorlib.colorizer import Colorizer

    if args.name not in pretrained.NAMES:
        names = ", ".join(pretrained.NAMES)
        raise CourseError(f"{args.name} is not a pretrained model; expected one of {names}")
    file = pretrained.weights_path(args.name)
    trained = mean_of_weights([Colorizer.load(path) for path in args.models])
    model = dataclasses.replace(trained, image_size=args.size or trained.image_size, tta=True)
    with torch.no_grad():
        model.net.gain.mul_(args.gain)  # before the tanh
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        written = model.save(Path(folder, file.name), dtype=torch.float16)
        size = written.stat().st_size
        if size > MAX_BYTES:
            raise CourseError(
                f"{args.name} has {size:,} bytes in half precision; "
                f"expected at most {MAX_BYTES:,}: train a narrower network"
            )
        written.replace(file)
    write_checksums(file.parent)
    print(f"{file}: {size:,} bytes. Now: python -m benchmarks.shipped")
    return 0


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of each weights file of the package."""
    from colorlib import pretrained

    paths = sorted(folder.glob("*.safetensors"))
    sums = [f"{pretrained.sha256(path)}  {path.name}\n" for path in paths]
    atomic_write_text(folder / pretrained.CHECKSUMS, "".join(sums))


def mean_of_weights(models: list[Colorizer]) -> Colorizer:
    """Return the first model with the mean of all models' weights.

    Raises:
        CourseError: If their networks differ.
    """
    first = models[0]
    if any(model.net.config != first.net.config for model in models):
        raise CourseError("these files hold different networks; expected weights of one network")
    states = [model.net.state_dict() for model in models]
    for name, value in states[0].items():
        if value.is_floating_point():
            value.copy_(sum(state[name] for state in states) / len(states))
    return first
