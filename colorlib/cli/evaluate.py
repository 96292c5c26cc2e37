"""``colorlib evaluate``: numbers with their protocol, and the gray baseline beside them."""

from __future__ import annotations

import argparse

from colorlib.cli.common import data_arguments, device, device_argument, filters, table, tell
from colorlib.cli.models import MODEL, take


def arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for a model, data, and which part of it."""
    parser.add_argument("model", nargs="?", help=MODEL)
    data_arguments(parser)
    parser.add_argument(
        "--part",
        choices=["test", "validation", "train", "all"],
        default="test",
        help="which pictures",
    )
    parser.add_argument(
        "--size",
        type=int,
        help="side of the pictures; the model's if not given. It sees its own in any case",
    )
    device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Measure model and gray baseline on the same pictures."""
    from colorlib.color import LabScaler
    from colorlib.data.datasets import load_dataset
    from colorlib.evaluation.evaluate import ResizedModel, evaluate

    path, model = take(args.model)
    model.net.to(device(args.device))
    how = {"seed": args.seed, "filters": filters(args), "reduced": args.reduced}
    how |= {"split_ratios": (1.0, 0.0, 0.0)} if args.part == "all" else {}
    sets = load_dataset(args.data, args.size or model.size, **how)
    pictures = getattr(sets, "train" if args.part == "all" else args.part)
    found = evaluate(ResizedModel(model), pictures, LabScaler(model.scale.ab))
    gray = evaluate(None, pictures, model.scale)
    numbers, baseline, protocols = found.compute(), gray.compute(), found.protocols
    shown = [name for name in numbers if not name.startswith("hue_")]
    rows = [["metric", "model", "gray", "how"]]
    rows += [
        [name, f"{numbers[name]:.4g}", f"{baseline[name]:.4g}", protocols[name]] for name in shown
    ]
    about = f"{path}, the {args.part} part: {len(pictures)} pictures of {sets.description}"
    result = {
        "model": path,
        "about": about,
        "numbers": numbers,
        "gray": baseline,
        "protocols": protocols,
    }
    return tell(args, result, f"{about}\n{table(rows)}")
