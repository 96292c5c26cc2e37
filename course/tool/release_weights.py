"""``python -m course release-weights landscape runs/landscape/plain.safetensors``: a trained model into the package."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path

from course.tool.cli import CourseError
from course.tool.files import atomic_write_text

LIMIT = 4_000_000  # bytes of one model: the wheel carries all of them


def arguments(parser: argparse.ArgumentParser) -> None:
    """Ask which model, and which file."""
    parser.add_argument("name", help="what it is shipped as, such as landscape")
    parser.add_argument("model", type=Path, help="weights that colorlib train wrote")
    parser.add_argument(
        "--size", type=int, help="side at which it sees a photo; as it was trained if not given"
    )
    parser.add_argument(
        "--gain", type=float, default=1.0, help="what its colours are multiplied by, about"
    )


def main(args: argparse.Namespace) -> int:
    """Write the weights as float16 among the shipped ones, and their hash."""
    import torch

    from colorlib import pretrained
    from colorlib.colorizer import Colorizer

    if args.name not in pretrained.NAMES:
        raise CourseError(f"{args.name} is not shipped; expected one of {', '.join(pretrained.NAMES)}")
    file = pretrained.weights_path(args.name)
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        trained = Colorizer.load(args.model)
        model = dataclasses.replace(trained, size=args.size or trained.size, averaged=True)
        with torch.no_grad():
            model.net.gain.mul_(args.gain)  # before the tanh
        written = model.save(Path(folder, file.name), dtype=torch.float16)
        if (size := written.stat().st_size) > LIMIT:
            found = f"{args.model} has {size:,} bytes in half precision"
            raise CourseError(f"{found}; expected at most {LIMIT:,}: train a narrower network")
        written.replace(file)
    sums = [
        f"{pretrained.digest(path)}  {path.name}\n"
        for path in sorted(file.parent.glob("*.safetensors"))
    ]
    atomic_write_text(file.parent / pretrained.SUMS, "".join(sums))
    print(f"{file}: {size:,} bytes. Now: python -m benchmarks.shipped")
    return 0
