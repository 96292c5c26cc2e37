"""The recipes of the weights that ship: no paper's, but what the papers and our own trials taught.

What ships came about in three runs, told with figures in ``course/training-log.md``; the recipes here are the
third. Gains, and the sizes at which the models are asked, are chosen afterwards: ``python -m course release-weights``.
"""

from __future__ import annotations

import dataclasses

from colorlib.engine.settings import TrainConfig
from colorlib.recipe import DataSpec, Recipe

_NET = {"generator": "EfficientNetUNet", "blocks": 13, "width": 28}
_PIXEL = TrainConfig(
    epochs=12,
    batch=32,
    lr=1e-3,
    betas=(0.9, 0.99),
    schedule="cosine",
    pixel="psnr",
    ema=0.999,
    crop=0.5,
    oversize=2,
)

_ADVERSARIAL = dataclasses.replace(
    _PIXEL, epochs=1, lr=2e-4, betas=(0.5, 0.999), pixel="l1", ema=0.995, weight=20
)
_CRITIC = {
    "critic": "PatchDiscriminator",
    "inputs": 3,
    "layers": 3,
    "width": 32,
    "conditional": True,
}

GENERAL = Recipe(
    "general",
    "ours",
    "a U-Net of two million parameters on an encoder that knows ImageNet, for photos of everything",
    _NET,
    DataSpec(
        None,
        "photos of COCO, each twice, and five times as many landscapes",
        ratios=(0.98, 0.02, 0.0),
        fit="center_crop",
        size=128,
    ),
    pixel=_PIXEL,
    adversarial=_ADVERSARIAL,
    critic=_CRITIC,
    init="he",
    pretrained=True,
)
LANDSCAPE = GENERAL.but(
    "landscape",
    system="the same network, taken from photos of everything to landscapes, somewhat larger ones",
    start="general",
    pretrained=False,
    photos={"name": "landscapes", "about": "landscape photos", "size": 160},
    settings={"oversize": 1.6},
    pixel=dataclasses.replace(_PIXEL, epochs=3, lr=3e-4),
)
OURS = (LANDSCAPE, GENERAL)
