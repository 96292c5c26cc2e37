"""``colorlib compare``: systems of the papers side by side, under one protocol."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorlib.cli.common import (
    add_device_argument,
    add_seed_argument,
    format_columns,
    parse_device,
    print_result,
)
from colorlib.data.catalog import parse_dataset
from colorlib.io.files import atomic_write
from colorlib.io.paths import check_outside, parse_folder

if TYPE_CHECKING:
    from torch import Tensor

    from colorlib.colorizer import Colorizer
    from colorlib.compare import ComparisonConfig
    from colorlib.compare.experiments import Experiment

_NUM_SHOWN = 6  # photos in the report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    listed = "all, paper-002, A to L, ...; without it and --recipes, the experiments are listed"
    add("--experiment", metavar="NAME", help=listed)
    add("--recipes", metavar="A,B", help="names of recipes, separated by commas")
    data = "what all recipes learn from: a folder, or a name of colorlib data"
    add("--data", metavar="NAME", help=f"{data}; default: photos")
    test_data = "photos to score, all of them; a tenth of --data if not given"
    add("--test-data", metavar="NAME", help=test_data)
    image_size = "side of the images; a network that needs more gets its smallest size"
    add("--image-size", type=int, default=64, help=image_size)
    max_minutes = "training time of each recipe; the recipe's own epochs if not given"
    add("--max-minutes", type=float, help=max_minutes)
    reduced = "narrow networks, few and small images, one epoch: seconds"
    add("--reduced", action="store_true", help=reduced)
    add("--from-scratch", action="store_true", help="random encoders: nothing is downloaded")
    add("--no-amp", action="store_true", help="no 16-bit arithmetic, even where it is faster")
    add_seed_argument(parser)
    out = "folder of the comparison; comparisons/NAME-SIZE if not given"
    add("--out", metavar="FOLDER", help=out)
    add_device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """List the experiments, or run one; a finished one is only shown again."""
    from colorlib.compare.experiments import EXPERIMENTS

    if args.experiment is None and args.recipes is None:
        names = {
            name: [recipe.name for recipe in experiment.recipes]
            for name, experiment in EXPERIMENTS.items()
        }
        rows = [
            [name, experiment.question, f"{len(experiment.recipes)} recipes"]
            for name, experiment in EXPERIMENTS.items()
        ]
        return print_result(args, names, format_columns(rows))
    return _compare(args, _find_experiment(args.experiment, args.recipes))


def _find_experiment(name: str | None, recipes: str | None) -> Experiment:
    """Return the experiment of a name, or one of the recipes whose names are given."""
    from colorlib.compare.experiments import EXPERIMENTS, Experiment
    from colorlib.recipes import get_recipe

    if name is not None and recipes is not None:
        raise ValueError("--experiment and --recipes were given; expected one of them")
    if recipes is not None:
        chosen = tuple(get_recipe(recipe.strip()) for recipe in recipes.split(","))
        question = ", ".join(recipe.name for recipe in chosen)
        return Experiment("chosen", question, chosen)
    if name not in EXPERIMENTS:
        expected = ", ".join(EXPERIMENTS)
        raise ValueError(f"there is no experiment {name!r}; expected one of {expected}")
    return EXPERIMENTS[name]


def _compare(args: argparse.Namespace, experiment: Experiment) -> int:
    """Train, score, measure latencies and write the results."""
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

    data = "photos" if args.data is None else parse_dataset(args.data)
    test_data = experiment.test_data if args.test_data is None else parse_dataset(args.test_data)
    if args.reduced and args.test_data is None and experiment.test_data is not None:
        test_data = "scenes"  # nothing is downloaded
    config = ComparisonConfig(
        data=str(data),
        image_size=args.image_size,
        test_data=None if test_data is None else str(test_data),
        max_minutes=args.max_minutes,
        reduced=args.reduced,
        pretrained=not (args.from_scratch or args.reduced),
        amp=not args.no_amp,
        seed=args.seed,
    )
    name = f"{experiment.name}-{args.image_size}" + ("-reduced" if args.reduced else "")
    folder = Path("comparisons", name) if args.out is None else parse_folder(args.out)
    for photos in (data, test_data):
        if isinstance(photos, Path):
            check_outside(folder, photos)
    chosen_device = parse_device(args.device)
    rows = run_comparison(experiment, config, folder, device=chosen_device)
    models = {
        row["name"]: Colorizer.load(folder / row["name"] / MODEL_FILENAME) for row in rows[1:]
    }
    latencies = measure_latencies(
        {name: (model.net, model.image_size) for name, model in models.items()},
        device=chosen_device,
    )
    for row in rows:
        row["ms"] = latencies.get(row["name"])
    report = render_report(experiment, config, rows, _colorize_test_photos(config, rows, models))
    files = {folder / "table.csv": to_csv(rows), folder / "index.html": report}
    for path, text in files.items():
        with atomic_write(path, overwrite=True) as file:
            file.write(text.encode())
    written = [str(path) for path in files]
    lines = [
        experiment.question,
        rows[-1]["data"],
        str(config),
        format_columns(format_table(rows)),
        *written,
    ]
    return print_result(args, {"rows": rows, "written": written}, "\n".join(lines))


def _colorize_test_photos(
    config: ComparisonConfig, rows: list[dict[str, Any]], models: Mapping[str, Colorizer]
) -> dict[str, list[Tensor]]:
    """Return test photos, drawn by the seed: gray, as each model colours them, as they were."""
    from colorlib.data.datasets import draw_subset
    from colorlib.evaluation.evaluate import colorize_batch

    photos = {}
    for size in sorted({row["image_size"] for row in rows}):
        shown = draw_subset(config.load_data(size).test, _NUM_SHOWN, config.seed)
        photos[size] = shown.__getitems__(range(len(shown)))
    smallest = photos[min(photos)]
    images = {"gray": list(colorize_batch(None, smallest).split(1))}
    for name, model in models.items():
        images[name] = list(
            colorize_batch(model.net, photos[model.image_size], model.scaler).split(1)
        )
    images["truth"] = list((smallest / 255).split(1))
    return images
