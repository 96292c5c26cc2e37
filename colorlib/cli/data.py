"""``colorlib data``: what there is to learn from, and getting it ready."""

from __future__ import annotations

import argparse

from colorlib.cli.common import table, tell
from colorlib.data.catalog import CATALOG

_HERE = {
    "photos": "random squares of the six photographs that scikit-image and scikit-learn carry; no download",
    "scenes": "drawn lawns with a class for every pixel; no download",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for a name; without one the data sets are listed."""
    parser.add_argument(
        "name", nargs="?", help="a folder of photos, or a name from the list; none: the list"
    )
    parser.add_argument("--size", type=int, default=256, help="side of the squares in pixels")
    parser.add_argument("--seed", type=int, default=0, help="of the division into three parts")
    why = (
        "leave out gray, faint, loud and crowded photos, and show them with the reason on this page"
    )
    parser.add_argument("--filter", metavar="PAGE.html", help=why)
    parser.add_argument(
        "--reduced", action="store_true", help="a few pictures, to try out in seconds"
    )


def run(args: argparse.Namespace) -> int:
    """List data sets, or prepare one and say what is in it."""
    if args.name is None:
        known = _HERE | {name: str(source).partition(": ")[2] for name, source in CATALOG.items()}
        rows = [[name, text] for name, text in known.items()]
        return tell(
            args, known, table([*rows, ["FOLDER", "your own photos, with all folders inside it"]])
        )
    from colorlib.data.datasets import load_dataset
    from colorlib.data.filters import FilterConfig, write_rejection_report

    filters = FilterConfig() if args.filter else None
    sets = load_dataset(args.name, args.size, seed=args.seed, filters=filters, reduced=args.reduced)
    dropped = sets.rejected
    if args.filter and args.name not in _HERE:
        write_rejection_report(dropped, args.filter)
    result = {
        "about": sets.description,
        "pictures": sets.counts,
        "left_out": {p.name: why for p, why in dropped},
    }
    rows = [["part", "pictures"], *([part, f"{count:,}"] for part, count in sets.counts.items())]
    seen = f"\n{len(dropped)} left out, with reasons: {args.filter}" if args.filter else ""
    return tell(
        args, result, f"{sets.description}\n{table(rows)}{seen}\nnow: colorlib train --data {args.name}"
    )
