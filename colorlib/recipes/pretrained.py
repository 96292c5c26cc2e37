"""The recipes of the weights that come with the package.

They belong to no paper: they follow from the papers and from six training runs, which
``course/training-log.md`` describes with figures. ``general`` is the recipe of the third run, whose
weights are ``plain`` and ``vivid``. Gains, and the sizes at which the models see a photo, are
chosen afterwards: ``python -m course release-weights``.
"""

from __future__ import annotations

import dataclasses

from colorlib.recipe import DataSpec, Recipe
from colorlib.training import TrainConfig

_PIXEL_STAGE = TrainConfig(
    epochs=12,
    batch_size=32,
    lr=1e-3,
    betas=(0.9, 0.99),
    schedule="cosine",
    reconstruction="psnr",
    ema_decay=0.999,
    min_crop=0.5,
    load_scale=2,
)
_ADVERSARIAL_STAGE = dataclasses.replace(
    _PIXEL_STAGE,
    epochs=1,
    lr=2e-4,
    betas=(0.5, 0.999),
    reconstruction="l1",
    ema_decay=0.995,
    lambda_rec=20,
)

GENERAL = Recipe(
    name="general",
    paper="ours",
    description="a U-Net of two million parameters on an encoder with ImageNet weights",
    generator={
        "generator": "EfficientNetUNet",
        "num_blocks": 13,
        "base_channels": 28,
        "num_bins": 0,
    },
    data=DataSpec(
        dataset=None,
        description="photos of COCO, each twice, and five times as many landscapes",
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
# The fourth run, which was not better everywhere, and whose weights were not released.
EVERYTHING = GENERAL.replace(
    "everything",
    description="the network of general with a deeper encoder, after everything-pretraining",
    generator={"num_blocks": 15},
    data={"description": "photos of COCO, each twice, and twice as many landscapes"},
    config={"film_share": 0.2},
    pixel=dataclasses.replace(_PIXEL_STAGE, epochs=8),
)
EVERYTHING_PRETRAINING = EVERYTHING.replace(
    "everything-pretraining",
    description="the network of everything on small photos of many kinds",
    discriminator=None,
    adversarial=None,
    data={"description": "photos of many kinds, 64 pixels a side", "image_size": 64},
    config={"min_crop": 0.75, "film_share": 0.0, "load_scale": 1.0},
)
# The fifth run, which began with the weights of the third: --init-from plain.
MORE_PHOTOS = GENERAL.replace(
    "more-photos",
    description="the network of general, trained further with more photos of COCO",
    data={"description": "photos of COCO, each twice, and twice as many landscapes"},
    config={"film_share": 0.1},
    pixel=dataclasses.replace(_PIXEL_STAGE, epochs=7, lr=5e-4),
)
# The sixth run, which began with the weights of the fifth: --init-from plain. It was not better, so
# its weights were not released. Its learning rate was that of five epochs in the first epoch, and
# that of four in the others.
SMALL_PHOTOS = MORE_PHOTOS.replace(
    "small-photos",
    description="the network of general, trained further with small photos of many kinds as well",
    data={"description": "photos of COCO, each three times, landscapes, and enlarged small photos"},
    pixel=dataclasses.replace(MORE_PHOTOS.pixel, epochs=3),
)

PRETRAINED_RECIPES = (EVERYTHING_PRETRAINING, EVERYTHING, GENERAL, MORE_PHOTOS, SMALL_PHOTOS)
