"""The recipes of the weights that ship: no paper's, but what the papers and our own trials taught.

What ships came about in two runs with changes on the way, told with figures in ``course/training-log.md``; a
recipe here is one run, with what both taught.
"""

from __future__ import annotations

import dataclasses

from colorlib.recipes.recipe import Photos, Recipe
from colorlib.training.settings import Settings

_NET = {"generator": "ResidualUNet", "inputs": 1, "outputs": 2, "downs": 5, "width": 16, "cap": 7}
_NET |= {"blocks": 2}
_PIXEL = Settings(
    epochs=43,
    batch=32,
    lr=2e-3,
    betas=(0.9, 0.99),
    schedule="cosine",
    pixel="psnr",
    ema=0.999,
    crop=0.5,
    oversize=2,
    half_epochs=33,
)

_ADVERSARIAL = dataclasses.replace(
    _PIXEL, epochs=3, half_epochs=2, lr=2e-4, betas=(0.5, 0.999), pixel="l1", ema=0.995, weight=20
)
_CRITIC = {"critic": "PatchCritic", "inputs": 3, "layers": 3, "width": 32, "conditional": True}

LANDSCAPE = Recipe(
    "landscape",
    "ours",
    "a residual U-Net of two million parameters, for landscapes",
    _NET,
    Photos("landscapes", "landscape photos", ratios=(0.95, 0.05, 0.0), fit="crop", size=128),
    pixel=_PIXEL,
    adversarial=_ADVERSARIAL,
    critic=_CRITIC,
    init="he",
)
GENERAL = LANDSCAPE.but(
    "general",
    system="the same network, taken from landscapes to photos of everything",
    start="landscape",
    photos={"name": None, "about": "photos of COCO, each twice, and five times as many landscapes"},
    pixel=dataclasses.replace(_PIXEL, epochs=16, half_epochs=0, lr=1.5e-3),
)
OURS = (LANDSCAPE, GENERAL)
