"""``colorlib data``: list the data sets, or download, filter, split and prepare one."""

from __future__ import annotations

import argparse
import shlex

from colorlib.cli.common import add_seed_argument, format_columns, print_result
from colorlib.data.catalog import CATALOG, parse_dataset
from colorlib.io.paths import looks_like_file, parse_path

_BUILT_IN = {
    "photos": "random crops of the six photos of scikit-image and scikit-learn; no download",
    "scenes": "drawn lawns with a class for every pixel; no download",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    name_help = "a folder of photos, or a name from the list; without it, the data sets are listed"
    parser.add_argument("name", nargs="?", help=name_help)
    parser.add_argument("--image-size", type=int, default=256, help="side of the images in pixels")
    add_seed_argument(parser)
    report_help = (
        "leave out photos that are gray, faint, too colourful or too detailed, and write a page "
        "that shows them with the reasons"
    )
    parser.add_argument("--filter-report", metavar="FILE", help=report_help)
    parser.add_argument("--reduced", action="store_true", help="a few images, to try it in seconds")


def run(args: argparse.Namespace) -> int:
    """List the data sets, or prepare one and print how many images it has."""
    if args.name is None:
        titles = {name: str(source).partition(": ")[2] for name, source in CATALOG.items()}
        data_sets = _BUILT_IN | titles
        rows = [[name, title] for name, title in data_sets.items()]
        rows.append(["FOLDER", "your own photos, with all sub-folders"])
        return print_result(args, data_sets, format_columns(rows))
    return _prepare(args)


def _prepare(args: argparse.Namespace) -> int:
    from colorlib.data.datasets import load_dataset
    from colorlib.data.filters import FilterConfig, write_rejection_report
    from colorlib.tensor_checks import check_image_size

    check_image_size("image_size", args.image_size)
    if args.filter_report is not None:
        _check_report(args.filter_report)
    splits = load_dataset(
        parse_dataset(args.name),
        args.image_size,
        seed=args.seed,
        filters=FilterConfig() if args.filter_report else None,
        reduced=args.reduced,
    )
    if args.filter_report and args.name not in _BUILT_IN:
        write_rejection_report(splits.rejected, parse_path(args.filter_report))
    result = {
        "about": splits.description,
        "images": splits.counts,
        "rejected": {photo.name: reason for photo, reason in splits.rejected},
    }
    rows = [["split", "images"]]
    rows += [[split, f"{count:,}"] for split, count in splits.counts.items()]
    lines = [splits.description, format_columns(rows)]
    if args.filter_report:
        lines.append(f"{len(splits.rejected)} left out, with reasons: {args.filter_report}")
    lines.append(f"now: colorlib train --data {shlex.quote(args.name)}")
    return print_result(args, result, "\n".join(lines))


def _check_report(path: str) -> None:
    """Raise ValueError unless a report, which replaces an older one, is a web page."""
    if not looks_like_file(path) or parse_path(path).suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"--filter-report is {path}; expected the name of a web page: {path}.html")
