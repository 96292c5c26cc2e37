"""``colorlib compare``: systems of the papers side by side, under one protocol."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from colorlib.cli.common import device, device_argument, table, tell
from colorlib.io.files import atomic_write

if TYPE_CHECKING:
    from colorlib.compare.experiments import Experiment


def arguments(parser: argparse.ArgumentParser) -> None:
    """Ask which systems, on what, and for how long."""
    add = parser.add_argument
    add(
        "--set",
        metavar="NAME",
        help="all, paper-002, A to L, ...; without it and --recipes, the list of sets",
    )
    add("--recipes", metavar="A,B", help="recipes by name, with commas between them")
    add(
        "--data",
        metavar="NAME",
        help="what all learn from: a folder, or a name of colorlib data; photos if not given",
    )
    add(
        "--test",
        metavar="NAME",
        help="photos to score, all of them; a tenth of --data if not given",
    )
    add(
        "--size",
        type=int,
        default=64,
        help="side of the pictures; a network that needs more gets its least",
    )
    add(
        "--minutes",
        type=float,
        help="of training for each recipe; the recipe's own epochs if not given",
    )
    add(
        "--reduced",
        action="store_true",
        help="narrow networks, few and small pictures, one epoch: seconds",
    )
    add("--from-scratch", action="store_true", help="random encoders: nothing is downloaded")
    add("--float32", action="store_true", help="no 16-bit arithmetic, even where it is faster")
    add("--seed", type=int, default=0, help="everything random follows from it")
    add(
        "--out",
        metavar="FOLDER",
        help="folder of the comparison; comparisons/NAME-SIZE if not given",
    )
    device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Compare; a comparison that was stopped goes on, a finished one is shown again."""
    from colorlib.compare.experiments import EXPERIMENTS, Experiment
    from colorlib.recipes import get_recipe

    if (args.set is None) == (args.recipes is None):
        if args.set is not None:
            raise ValueError("--set and --recipes were given; expected one of them")
        rows = [
            [name, found.question, f"{len(found.recipes)} recipes"]
            for name, found in EXPERIMENTS.items()
        ]
        named = {
            name: [recipe.name for recipe in found.recipes] for name, found in EXPERIMENTS.items()
        }
        return tell(args, named, table(rows))
    if args.recipes is not None:
        chosen = tuple(get_recipe(name.strip()) for name in args.recipes.split(","))
        experiment = Experiment("chosen", ", ".join(recipe.name for recipe in chosen), chosen)
    elif args.set in EXPERIMENTS:
        experiment = EXPERIMENTS[args.set]
    else:
        raise ValueError(f"there is no set {args.set!r}; expected one of {', '.join(EXPERIMENTS)}")
    return _compare(args, experiment)


def _compare(args: argparse.Namespace, experiment: Experiment) -> int:
    """Train, score, race and write."""
    from colorlib.color import LabScaler
    from colorlib.colorizer import Colorizer
    from colorlib.compare import (
        MODEL_FILENAME,
        ComparisonConfig,
        format_table,
        measure_latencies,
        render_report,
        run_comparison,
        to_csv,
    )
    from colorlib.evaluation.evaluate import colorize_batch

    test = args.test or (
        ("scenes" if args.reduced else experiment.test) if experiment.test else None
    )
    protocol = ComparisonConfig(
        data=args.data or "photos",
        size=args.size,
        test=test,
        minutes=args.minutes,
        reduced=args.reduced,
        pretrained=not (args.from_scratch or args.reduced),
        mixed=not args.float32,
        seed=args.seed,
    )
    name = f"{experiment.name}-{args.size}" + ("-reduced" if args.reduced else "")
    folder = Path(args.out) if args.out else Path("comparisons", name)
    where = device(args.device)
    rows = run_comparison(experiment, protocol, folder, device=where)
    models = {
        row["name"]: Colorizer.load(folder / row["name"] / MODEL_FILENAME) for row in rows[1:]
    }
    times = measure_latencies(
        {name: (model.net, model.size) for name, model in models.items()}, device=where
    )
    rows = [row | {"ms": times.get(row["name"])} for row in rows]
    tests = {size: protocol.sets(size).test for size in {row["size"] for row in rows}}
    few = {size: part.__getitems__(range(min(6, len(part)))) for size, part in tests.items()}
    least = few[min(few)]
    pictures = {"gray": list(colorize_batch(None, least, LabScaler()).split(1))}
    for name, model in models.items():
        pictures[name] = list(colorize_batch(model.net, few[model.size], model.scale).split(1))
    pictures["truth"] = [rgb[None] / 255 for rgb in least]
    contents = {
        "table.csv": to_csv(rows),
        "index.html": render_report(experiment, protocol, rows, pictures),
    }
    for name, content in contents.items():
        with atomic_write(folder / name, overwrite=True) as file:
            file.write(content.encode())
    said = [experiment.question, rows[-1]["about"], str(protocol), table(format_table(rows))]
    written = [str(folder / name) for name in contents]
    return tell(args, {"rows": rows, "written": written}, "\n".join([*said, *written]))
