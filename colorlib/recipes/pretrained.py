"""The recipes of the weights that come with the package.

They belong to no paper: they follow from the papers and from four training runs, which
``course/training-log.md`` describes with figures. These are the recipes of the fourth run: first
``general-pretraining`` on many small photos, then ``general`` with ``--init-from``. Gains, and the
sizes at which the models see a photo, are chosen afterwards: ``python -m course release-weights``.
"""

from __future__ import annotations

import dataclasses

from colorlib.recipe import DataSpec, Recipe
from colorlib.training import TrainConfig

_PIXEL_STAGE = TrainConfig(
    epochs=8,
    batch_size=32,
    lr=1e-3,
    betas=(0.9, 0.99),
    schedule="cosine",
    reconstruction="psnr",
    ema_decay=0.999,
    min_crop=0.5,
    film_share=0.2,
    load_scale=2,
)
_ADVERSARIAL_STAGE = dataclasses.replace(
    _PIXEL_STAGE,
    epochs=2,
    lr=2e-4,
    betas=(0.5, 0.999),
    reconstruction="l1",
    ema_decay=0.995,
    lambda_rec=20,
)

GENERAL = Recipe(
    name="general",
    paper="ours",
    description="a U-Net of three million parameters on an encoder with ImageNet weights",
    generator={
        "generator": "EfficientNetUNet",
        "num_blocks": 15,
        "base_channels": 28,
        "num_bins": 0,
    },
    data=DataSpec(
        dataset=None,
        description="photos of COCO, each twice, and twice as many landscapes",
        split_ratios=(0.98, 0.02, 0.0),
        resize_mode="center_crop",
        image_size=128,
    ),
    pixel=_PIXEL_STAGE,
    adversarial=_ADVERSARIAL_STAGE,
    discriminator={
        "discriminator": "PatchDiscriminator",
        "in_channels": 3,
        "n_layers": 3,
        "base_channels": 32,
        "conditional": True,
    },
    init="he",
    pretrained=True,
)
PRETRAINING = GENERAL.replace(
    "general-pretraining",
    description="the same network on small photos of everything, before the general recipe",
    discriminator=None,
    adversarial=None,
    data={"description": "photos of everything, 64 pixels a side", "image_size": 64},
    config={"epochs": 8, "min_crop": 0.75, "film_share": 0.0, "load_scale": 1.0},
)

PRETRAINED_RECIPES = (PRETRAINING, GENERAL)
