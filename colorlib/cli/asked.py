"""What ``colorlib train`` was asked for, as a recipe: one of the papers', or one of a person's own."""

from __future__ import annotations

import argparse

from colorlib.cli.train import OWN
from colorlib.discriminators import PatchDiscriminator
from colorlib.training import TrainConfig
from colorlib.losses import GANLoss
from colorlib.recipe import DataSpec, Recipe
from colorlib.recipes import get_recipe
from colorlib.unet import UNet


def asked(args: argparse.Namespace) -> Recipe:
    """Make a recipe of what was asked for: one of the papers', or one of its own.

    Raises:
        ValueError: there is no such recipe, or what it fixes was asked for besides.
    """
    own = {name: getattr(args, name) for name in OWN if getattr(args, name) is not None}
    if args.recipe:
        if own:
            fixed = ", ".join(f"--{name.replace('_', '-')}" for name in own)
            raise ValueError(
                f"{fixed} and --recipe were given; a recipe says that itself: leave one of them out"
            )
        recipe = get_recipe(args.recipe)
        recipe = recipe.reduced() if args.reduced else recipe
        recipe = recipe.with_image_size(args.size) if args.size else recipe
        return recipe.replace(pretrained=False, init_from=None) if args.from_scratch else recipe
    if args.data is None:
        raise ValueError(
            "neither --data nor --recipe was given; expected one: --data photos trains in a minute"
        )
    small = {"width": 16, "epochs": 6} if args.reduced else {}
    own = {name: default for name, (default, _) in OWN.items()} | small | own
    size = args.size or (64 if args.reduced else 256)
    downs = max(2, min(8, size.bit_length() - 1))
    both = {"batch_size": own["batch"], "reconstruction": own["loss"], "ema_decay": own["ema"], "lr": own["lr"]}
    gan, layers = own["gan_epochs"], 3 if size >= 128 else 2
    return Recipe(
        "own",
        "none",
        f"U-Net of {downs} levels, {own['width']} filters in the first",
        UNet(num_downs=downs, base_channels=own["width"]).config,
        DataSpec(args.data, "as asked for", image_size=size),
        pixel=TrainConfig(epochs=own["epochs"], **both),
        adversarial=TrainConfig(
            epochs=gan, lambda_rec=own["lam"], gan=GANLoss(real_label=own["smoothing"]), **both
        )
        if gan
        else None,
        discriminator=PatchDiscriminator(n_layers=layers, base_channels=own["width"]).config
        if gan
        else None,
    )
