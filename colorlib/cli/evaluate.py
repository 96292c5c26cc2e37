"""``colorlib evaluate``: metrics of a colorizer with their protocol, next to the gray baseline."""

from __future__ import annotations

import argparse

from colorlib.cli.common import (
    MODEL_HELP,
    add_data_arguments,
    add_device_argument,
    filters_from_args,
    format_columns,
    parse_device,
    print_result,
    resolve_model,
)
from colorlib.data.catalog import parse_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("model", nargs="?", help=MODEL_HELP)
    add_data_arguments(parser)
    parser.add_argument(
        "--split",
        choices=["test", "validation", "train", "all"],
        default="test",
        help="which photos to score",
    )
    parser.add_argument(
        "--image-size",
        type=int,
        help="side of the scored images; default: the model's, which it sees in any case",
    )
    add_device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Score the model and the gray baseline on the same photos."""
    from colorlib.color import LabScaler
    from colorlib.data.datasets import load_dataset
    from colorlib.evaluation.evaluate import ResizedModel, evaluate
    from colorlib.tensor_checks import check_image_size

    data = parse_dataset(args.data)
    if args.image_size is not None:
        check_image_size("image_size", args.image_size)
    path, model = resolve_model(args.model)
    model.net.to(parse_device(args.device))
    split, split_ratios = args.split, (0.8, 0.1, 0.1)
    if split == "all":
        split, split_ratios = "train", (1.0, 0.0, 0.0)
    splits = load_dataset(
        data,
        args.image_size or model.image_size,
        seed=args.seed,
        split_ratios=split_ratios,
        filters=filters_from_args(args),
        reduced=args.reduced,
    )
    dataset = getattr(splits, split)
    evaluation = evaluate(ResizedModel(model), dataset, LabScaler(model.scaler.ab_scale))
    numbers, protocols = evaluation.compute(), evaluation.protocols
    baseline = evaluate(None, dataset, model.scaler).compute()
    about = f"{path}, {args.split} split: {len(dataset)} images of {splits.description}"
    rows = [["metric", "model", "gray", "protocol"]]
    for name, protocol in protocols.items():
        if name in numbers:  # the numbers of the hues are many, and have other names
            rows.append([name, f"{numbers[name]:.4g}", f"{baseline[name]:.4g}", protocol])
    result = {
        "model": path,
        "about": about,
        "numbers": numbers,
        "gray": baseline,
        "protocols": protocols,
    }
    return print_result(args, result, f"{about}\n{format_columns(rows)}")
