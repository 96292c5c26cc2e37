"""``colorlib train``: from a folder of photos to a colorizer, whatever comes between."""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colorlib.cli.common import (
    add_data_arguments,
    add_device_argument,
    parse_device,
    print_result,
)
from colorlib.io.files import atomic_write, lock_folder, read_json

if TYPE_CHECKING:
    from colorlib.recipe import Recipe

_LATER = ("epochs", "compile")  # of a stage: what may be asked for anew when a run goes on
_WORDS = (
    "recipe.description",
    "recipe.unspecified.",
    "recipe.reported.",
    "recipe.data.description",
)  # may be reworded meanwhile
#: What a run without a recipe may choose, the default, and what it is.
OWN = {
    "width": (64, "filters of the outermost level (16 with --reduced)"),
    "epochs": (20, "of the pixel stage (6 with --reduced)"),
    "gan_epochs": (0, "of the adversarial stage that follows"),
    "batch": (16, "pictures in a step"),
    "lr": (2e-4, "Adam's learning rate"),
    "loss": ("l1", "the pixel loss, l1 or l2"),
    "lam": (100.0, "weight of the pixel loss beside the adversarial one"),
    "smoothing": (1.0, "label of real pictures for the critic, 1 or 0.9"),
    "ema": (0.99, "decay of the moving average of weights, 0 for none"),
}
log = logging.getLogger("colorlib")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for a recipe, or for data, network and loss; and for time."""
    add_data_arguments(parser, required=False)
    add = parser.add_argument
    add(
        "--recipe",
        metavar="NAME",
        help="a system of the papers, such as p2-cnn; another word lists them",
    )
    add(
        "--from-scratch",
        action="store_true",
        help="with a recipe: no pretrained weights, a random encoder",
    )
    add("--out", metavar="FOLDER", help="folder of the run; runs/NAME-SIZE if not given")
    add("--size", type=int, help="side of the pictures; the recipe's, or 256, or 64 with --reduced")
    add("--float32", action="store_true", help="no 16-bit arithmetic, even where it is faster")
    add(
        "--compile",
        action="store_true",
        help="torch.compile: a slow first step, perhaps faster ones after it",
    )
    add("--minutes", type=float, help="stop after so long; the same command goes on")
    own = parser.add_argument_group("without a recipe")
    for name, (default, text) in OWN.items():
        flag = f"--{name.replace('_', '-')}"
        words = {"choices": ["l1", "l2"]} if name == "loss" else {"metavar": "X"}
        own.add_argument(flag, type=type(default), help=f"{text}; {default} if not given", **words)
    add_device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Train; a run that was stopped goes on, a finished one says so. Under torchrun process 0 speaks."""
    from colorlib.engine import distributed

    with distributed.process_group(parse_device(args.device)) as place:
        if distributed.rank() > 0:
            log.setLevel(logging.ERROR)
        recipe, data, folder = _what(args)
        with lock_folder(folder if distributed.rank() == 0 else None):
            return _train(args, place, recipe, data, folder)


def _what(args: argparse.Namespace) -> tuple[Recipe, str, Path]:
    """Say what is trained, on what, and where it goes."""
    from colorlib.cli.asked import asked

    how = {"amp": not args.float32, "compile": args.compile, "seed": args.seed}
    recipe = asked(args).replace(config=how)
    photos = recipe.data
    data = args.data or ("photos" if args.reduced else photos.dataset)
    if data is None:
        raise ValueError(
            f"the photos of {recipe.name} were never published; name others with --data"
        )
    name = (
        (args.recipe or Path(data).name) + f"-{photos.image_size}" + ("-reduced" if args.reduced else "")
    )
    return recipe, data, Path(args.out) if args.out else Path("runs", name)


def _train(args: argparse.Namespace, place: Any, recipe: Recipe, data: str, folder: Path) -> int:
    from colorlib.data.datasets import load_dataset
    from colorlib.data.filters import FilterConfig
    from colorlib.engine import distributed
    from colorlib.engine.batches import downsample
    from colorlib.engine.two_stage import train_two_stage
    from colorlib.evaluation.evaluate import evaluate
    from colorlib.evaluation.metric import psnr_metric
    from colorlib.viz import TrainingMonitor

    photos = recipe.data
    told = {"data": str(data), "seed": args.seed, "filter": args.filter, "reduced": args.reduced}
    if distributed.rank() == 0:
        _same_run(folder, told | {"recipe": dataclasses.asdict(recipe)})
    divided = (
        {"split_ratios": photos.split_ratios, "resize_mode": photos.resize_mode, "max_images": photos.max_images} if args.recipe else {}
    )
    sifted = FilterConfig() if photos.filtered or args.filter else None
    with distributed.local_main_process_first():  # downloads and preparations are done once
        net_g, net_d = recipe.build_networks(args.seed)
        sets = load_dataset(
            data, recipe.stored_size, seed=args.seed, filters=sifted, reduced=args.reduced, **divided
        )
    gray = evaluate(None, sets.validation, metrics={"psnr": psnr_metric("rgb", peak=1)}).compute()[
        "psnr"
    ]
    log.info("%s: %s", recipe.name, recipe.description)
    for value, choice in recipe.unspecified.items():
        log.info("  left open, %s: %s", value, choice)
    log.info("%s; %s", sets.description, ", ".join(f"{n:,} {part}" for part, n in sets.counts.items()))
    some = sets.validation.__getitems__(range(min(6, len(sets.validation))))
    watched = downsample(some, (photos.image_size, photos.image_size))
    outcome = train_two_stage(
        net_g,
        sets,
        folder,
        recipe.pixel,
        size=photos.image_size,
        net_d=net_d,
        adversarial=recipe.adversarial,
        look=lambda stage: TrainingMonitor(watched, stage, live=False, gray=gray),
        device=place,
        minutes=args.minutes,
        progress=True,
    )
    scores = [row["val_psnr"] for row in next(iter(outcome.history.values()))]
    result = {
        "recipe": recipe.name,
        "models": outcome.models,
        "done": outcome.done,
        "about": sets.description,
        "pictures": sets.counts,
        "gray_psnr": gray,
        "best_psnr": max(scores, default=None),
        "history": outcome.history,
    }
    return 0 if distributed.rank() else print_result(args, result, _words(result, folder))


def _words(result: dict, folder: Path) -> str:
    """Say what has come of it, and what to do now."""
    models = [f"{name}: {path}" for name, path in result["models"].items()]
    score = "no epoch is over yet"
    if result["best_psnr"] is not None:
        stage, epochs = next(iter(result["history"].items()))
        # an adversarial stage leaves its last epoch, not its best: see colorlib.engine.two_stage
        word, best = "best", result["best_psnr"]
        if stage == "2-adversarial":
            word, best = "last", epochs[-1]["val_psnr"]
        score = f"{word} epoch {best:.2f} dB on the validation pictures, gray {result['gray_psnr']:.2f} dB"
        score += "\n" + f"curves and strips: {folder / stage / 'progress.png'}"
    state = "done" if result["done"] else "stopped; the same command goes on"
    return "\n".join([state, score, *models, "now: colorlib colorize PHOTO"])


def _same_run(folder: Path, asked: dict[str, Any]) -> None:
    """Keep what a run was started with beside it, and refuse to go on with something else.

    Raises:
        ValueError: the folder holds a run that was started otherwise.
    """
    path = folder / "run.json"
    asked = json.loads(json.dumps(asked))
    if path.exists():
        began, now = _flat(read_json(path)), _flat(asked)
        fixed = [name for name in now if name in began]  # a stage may be added
        fixed = [
            name for name in fixed if not name.endswith(_LATER) and not name.startswith(_WORDS)
        ]
        other = [
            f"{name} {began[name]!r}, now {now[name]!r}"
            for name in fixed
            if now[name] != began[name]
        ]
        if said := "; ".join(words.removeprefix("recipe.") for words in other):
            raise ValueError(
                f"{folder} holds a run with {said}: ask for the same, or name an --out"
            )
        return
    with atomic_write(path) as file:
        file.write(json.dumps(asked, indent=1).encode())


def _flat(tree: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Name each leaf by its way: {"pixel": {"lr": 1}} gives {"pixel.lr": 1}."""
    leaves = {}
    for name, value in tree.items():
        deeper = isinstance(value, dict)
        leaves |= _flat(value, f"{above}{name}.") if deeper else {f"{above}{name}": value}
    return leaves
