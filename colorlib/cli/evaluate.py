"""``colorlib evaluate``: numbers with their protocol, and the gray baseline beside them."""

from __future__ import annotations

import argparse

from colorlib.cli.common import data_arguments, device, device_argument, filters, table, tell


def arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for a model, data, and which part of it."""
    parser.add_argument("model", nargs="?", help="a .safetensors file; the newest in runs/ if not given")
    data_arguments(parser)
    parser.add_argument(
        "--part", choices=["test", "validation", "train"], default="test", help="which pictures"
    )
    device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure model and gray baseline on the same pictures."""
    from colorlib.cli.models import find
    from colorlib.colorize import Colorizer
    from colorlib.data.sets import load
    from colorlib.evaluate import evaluate

    path = find(args.model)
    model = Colorizer.load(path)
    sets = load(args.data, model.size, seed=args.seed, filters=filters(args), reduced=args.reduced)
    pictures = getattr(sets, args.part)
    found = evaluate(model.net.to(device(args.device)), pictures, model.scale)
    gray = evaluate(None, pictures, model.scale)
    numbers, baseline, protocols = found.result(), gray.result(), found.protocols
    shown = [name for name in numbers if not name.startswith("hue_")]
    rows = [["metric", "model", "gray", "how"]]
    rows += [[name, f"{numbers[name]:.4g}", f"{baseline[name]:.4g}", protocols[name]] for name in shown]
    about = f"{path}, the {args.part} part: {len(pictures)} pictures of {sets.about}"
    result = {"model": path, "about": about, "numbers": numbers, "gray": baseline, "protocols": protocols}
    return tell(args, result, f"{about}\n{table(rows)}")
