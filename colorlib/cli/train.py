"""``colorlib train``: train a colorizer on a folder of photos, or resume a run that was stopped."""

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
    filters_from_args,
    parse_device,
    print_result,
    resolve_model,
)
from colorlib.data.catalog import is_same_dataset, parse_dataset
from colorlib.io.files import changed_fields, read_json, write_json
from colorlib.io.locks import lock_folder
from colorlib.io.paths import check_outside, parse_folder

if TYPE_CHECKING:
    import torch

    from colorlib.engine.two_stage import TrainingResult
    from colorlib.recipe import Recipe

# Fields that may differ when a run resumes: how long it trains, and texts.
# The data set of a recipe is compared by ``data``, which names the one that is used.
_MAY_CHANGE = ("epochs", "compile", "dataset", "description", "unspecified", "reported")
#: The options of a run without a recipe: default, and help.
OWN_OPTIONS = {
    "base_channels": (64, "channels of the first layer (16 with --reduced)"),
    "epochs": (20, "epochs of the pixel stage (6 with --reduced)"),
    "gan_epochs": (0, "epochs of the adversarial stage after it"),
    "batch_size": (16, "images per step"),
    "lr": (2e-4, "learning rate of Adam"),
    "reconstruction": ("l1", "reconstruction loss, l1 or l2"),
    "lambda_rec": (100.0, "weight of the reconstruction loss in the adversarial stage"),
    "real_label": (1.0, "label of real images for the discriminator, 1 or 0.9"),
    "ema_decay": (0.99, "decay of the moving average of the weights, 0 for none"),
}
_NUM_SHOWN = 6  # validation photos in the images of the progress
_logger = logging.getLogger("colorlib")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options: a recipe, or data, network and loss; and the time."""
    add_data_arguments(parser, required=False)
    add = parser.add_argument
    add("--recipe", metavar="NAME", help="a system of the papers, such as p2-cnn")
    init_help = "with a recipe: weights of its network to start from, as --model of colorize"
    add("--init-from", metavar="MODEL", help=init_help)
    scratch_help = "with a recipe: random initial weights for the encoder, too"
    add("--from-scratch", action="store_true", help=scratch_help)
    add("--out", metavar="FOLDER", help="folder of the run; default: runs/NAME-SIZE")
    size_help = "side of the images in pixels; default: the recipe's, or 256, or 64 with --reduced"
    add("--image-size", type=int, metavar="N", help=size_help)
    add("--no-amp", action="store_true", help="no 16-bit arithmetic, even where it is faster")
    compile_help = "use torch.compile: a slow first step, perhaps faster ones after it"
    add("--compile", action="store_true", help=compile_help)
    time_help = "train for at most so long, loading photos not counted; run again to resume"
    add("--max-minutes", type=float, metavar="N", help=time_help)
    own = parser.add_argument_group("without a recipe")
    for name, (default, text) in OWN_OPTIONS.items():
        option, help_text = f"--{name.replace('_', '-')}", f"{text}; default: {default}"
        if name == "reconstruction":
            own.add_argument(option, choices=["l1", "l2"], help=help_text)
        else:
            own.add_argument(option, type=type(default), metavar="N", help=help_text)
    add_device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Train, or resume; of several processes of torchrun, process 0 prints."""
    from colorlib.engine import distributed

    with distributed.process_group(parse_device(args.device)) as device:
        if distributed.rank() > 0:
            _logger.setLevel(logging.ERROR)
        config = {"amp": not args.no_amp, "compile": args.compile, "seed": args.seed}
        if args.data is not None:
            args.data = parse_dataset(args.data)
        recipe = recipe_from_args(args).replace(config=config)
        data = args.data or ("photos" if args.reduced else recipe.data.dataset)
        if data is None:
            raise ValueError(
                f"the photos of {recipe.name} were never published; name others with --data"
            )
        suffix = "-reduced" if args.reduced else ""
        name = f"{args.recipe or Path(data).name}-{recipe.data.image_size}{suffix}"
        folder = Path("runs", name) if args.out is None else parse_folder(args.out)
        if isinstance(data, Path):
            check_outside(folder, data)
        with lock_folder(folder if distributed.rank() == 0 else None):
            if distributed.rank() == 0:
                _check_same_run(folder, args, data, recipe)
            result, text = _train(args, recipe, data, folder, device)
        return print_result(args, result, text) if distributed.rank() == 0 else 0


def recipe_from_args(args: argparse.Namespace) -> Recipe:
    """Return the recipe of the papers that is named, or one made from the other options.

    Raises:
        ValueError: if there is no such recipe, or an option is given that a recipe determines.
    """
    from colorlib.recipes import get_recipe

    given = {name: getattr(args, name) for name in OWN_OPTIONS}
    given = {name: value for name, value in given.items() if value is not None}
    if args.init_from is not None and (args.from_scratch or args.reduced or not args.recipe):
        raise ValueError(
            "--init-from was given; expected --recipe with it, without --from-scratch and --reduced"
        )
    if not args.recipe:
        return _own_recipe(args, given)
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise ValueError(
            f"{options} and --recipe were given; a recipe determines that itself: leave one out"
        )
    recipe = get_recipe(args.recipe)
    if args.reduced:
        recipe = recipe.reduced()
    if args.image_size is not None:
        recipe = recipe.with_image_size(args.image_size)
    if args.from_scratch:
        return recipe.replace(pretrained=False)
    if args.init_from is not None:
        path, _ = resolve_model(args.init_from)
        return recipe.replace(pretrained=False, init_from=str(path))
    return recipe


def _own_recipe(args: argparse.Namespace, given: dict[str, Any]) -> Recipe:
    """Return a U-Net with the options that are given, and the defaults of the others."""
    from colorlib.discriminators import PatchDiscriminator
    from colorlib.losses import GANLoss
    from colorlib.recipe import DataSpec, Recipe
    from colorlib.tensor_checks import check_image_size
    from colorlib.training import TrainConfig
    from colorlib.unet import UNet

    if args.data is None:
        raise ValueError(
            "neither --data nor --recipe was given; expected one: --data photos trains in a minute"
        )
    options = {name: default for name, (default, _) in OWN_OPTIONS.items()}
    if args.reduced:
        options |= {"base_channels": 16, "epochs": 6}
    options |= given
    channels, gan_epochs = options.pop("base_channels"), options.pop("gan_epochs")
    gan = GANLoss(real_label=options.pop("real_label"))
    lambda_rec = options.pop("lambda_rec")
    pixel = TrainConfig(**options)
    adversarial = discriminator = None
    image_size = args.image_size
    if image_size is None:
        image_size = 64 if args.reduced else 256
    check_image_size("image_size", image_size)
    if gan_epochs:
        adversarial = dataclasses.replace(pixel, epochs=gan_epochs, gan=gan, lambda_rec=lambda_rec)
        n_layers = 3 if image_size >= 128 else 2
        discriminator = PatchDiscriminator(n_layers=n_layers, base_channels=channels).config
    num_downs = max(2, min(8, image_size.bit_length() - 1))
    return Recipe(
        name="own",
        paper="none",
        description=f"U-Net of {num_downs} levels, {channels} channels in the first layer",
        generator=UNet(num_downs=num_downs, base_channels=channels).config,
        data=DataSpec(
            dataset=str(args.data),
            description="as given on the command line",
            split_ratios=(0.8, 0.1, 0.1),
            resize_mode="center_crop",
            image_size=image_size,
        ),
        pixel=pixel,
        adversarial=adversarial,
        discriminator=discriminator,
    )


def _check_same_run(
    folder: Path, args: argparse.Namespace, data: str | Path, recipe: Recipe
) -> None:
    """Save what a new run is started with; raise ValueError if its folder holds another run."""
    path = folder / "run.json"
    options = {"data": str(data), "seed": args.seed, "filter": args.filter, "reduced": args.reduced}
    settings = json.loads(json.dumps({**options, "recipe": dataclasses.asdict(recipe)}))
    if not path.exists():
        write_json(path, settings)
        return
    saved = read_json(path)
    changed = changed_fields(saved, settings, ignore=_MAY_CHANGE)
    if "data" in changed and is_same_dataset(*changed["data"]):
        _logger.info("the photos were in %s, and are in %s now", *changed.pop("data"))
        write_json(path, {**saved, "data": str(data)})
    if changed:
        words = "; ".join(
            f"{name.removeprefix('recipe.')} {old!r}, now {new!r}"
            for name, (old, new) in changed.items()
        )
        raise ValueError(f"{folder} holds a run with {words}: use the same, or another --out")


def _train(
    args: argparse.Namespace,
    recipe: Recipe,
    data: str | Path,
    folder: Path,
    device: torch.device,
) -> tuple[dict[str, Any], str]:
    """Train and return the result, as a dict and as text."""
    from colorlib.data.datasets import draw_subset, load_dataset
    from colorlib.data.filters import FilterConfig
    from colorlib.engine import distributed
    from colorlib.engine.batches import downsample
    from colorlib.engine.two_stage import train_two_stage
    from colorlib.evaluation.evaluate import evaluate
    from colorlib.evaluation.metric import psnr_metric
    from colorlib.viz import TrainingMonitor

    with distributed.local_main_process_first():  # downloads and caches photos once
        net_g, net_d = recipe.build_networks(args.seed)
        splits = load_dataset(
            data,
            recipe.stored_size,
            seed=args.seed,
            split_ratios=recipe.data.split_ratios,
            resize_mode=recipe.data.resize_mode,
            filters=FilterConfig() if recipe.data.filtered else filters_from_args(args),
            max_images=recipe.data.max_images,
            reduced=args.reduced,
        )
    metrics = {"psnr": psnr_metric("rgb", peak=1)}
    gray = evaluate(None, splits.validation, metrics=metrics).compute()["psnr"]
    _logger.info("%s: %s", recipe.name, recipe.description)
    for value, choice in recipe.unspecified.items():
        _logger.info("  left open, %s: %s", value, choice)
    counts = ", ".join(f"{count:,} {split}" for split, count in splits.counts.items())
    _logger.info("%s; %s", splits.description, counts)
    image_size = recipe.data.image_size
    shown = draw_subset(splits.validation, _NUM_SHOWN, args.seed)
    examples = downsample(shown.__getitems__(range(len(shown))), (image_size, image_size))
    trained = train_two_stage(
        net_g,
        splits,
        folder,
        recipe.pixel,
        image_size=image_size,
        net_d=net_d,
        adversarial=recipe.adversarial,
        monitor=lambda stage: TrainingMonitor(examples, stage, live=False, gray=gray),
        device=device,
        max_minutes=args.max_minutes,
        progress=True,
    )
    scores = [row["val_psnr"] for row in next(iter(trained.history.values()))]
    result = {
        "recipe": recipe.name,
        "models": trained.models,
        "done": trained.done,
        "about": splits.description,
        "images": splits.counts,
        "gray_psnr": gray,
        "best_psnr": max(scores, default=None),
        "history": trained.history,
    }
    return result, _describe(trained, gray, folder)


def _describe(trained: TrainingResult, gray: float, folder: Path) -> str:
    """Return what was trained, how good it is, and what to do next, a line for each."""
    lines = ["done" if trained.done else "stopped; the same command resumes"]
    stage, history = next(iter(trained.history.items()))
    scores = [row["val_psnr"] for row in history]
    if scores:
        # The last epoch of an adversarial stage is kept: see colorlib.engine.two_stage.
        kept, score = "best", max(scores)
        if stage == "2-adversarial":
            kept, score = "last", scores[-1]
        lines.append(f"{kept} epoch {score:.2f} dB on the validation images, gray {gray:.2f} dB")
        lines.append(f"curves and examples: {folder / stage / 'progress.png'}")
    else:
        lines.append("no epoch is completed yet")
    lines += [f"{name}: {path}" for name, path in trained.models.items()]
    return "\n".join([*lines, "now: colorlib colorize PHOTO"])
