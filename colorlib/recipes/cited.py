"""Two systems that the five papers cite, and that predict the odds of colour bins.

``zhang`` is "Colorful Image Colorization" (Zhang, Isola and Efros 2016), which papers 000, 001 and
002 cite. ``colorunet`` is "ColorUNet: A convolutional classification approach to colorization"
(Billaut, de Rochemonteix and Thibault 2018), which paper 001 cites; its values are from the report
in its authors' repository, vincentbillaut/all-colors-matter, and from the code there.
"""

from __future__ import annotations

from colorlib.color import LabScaler
from colorlib.recipe import DataSpec, Recipe
from colorlib.recipes.open_choices import open_choices
from colorlib.training import TrainConfig

ZHANG = Recipe(
    name="zhang",
    paper="cited",
    description="VGG-like network with logits of 261 bins; rare colours weigh more",
    generator={"generator": "ZhangNet", "num_bins": 261, "base_channels": 64},
    data=DataSpec(
        dataset="imagenette-320",
        description="1.3 million photos of ImageNet; here those of ten of its classes",
        split_ratios=(0.9, 0.1, 0.0),
    ),
    pixel=TrainConfig(
        epochs=50,
        batch_size=40,
        lr=3e-5,
        betas=(0.9, 0.99),
        schedule="plateau",
        reconstruction="cross_entropy",
        uniform_share=0.5,
        scaler=LabScaler(output_space="bins", temperature=0.38),
    ),
    init="he",
    unspecified=open_choices("zhang"),
)

COLORUNET = Recipe(
    name="colorunet",
    paper="cited",
    description="small U-Net with logits of 32 bins by k-means; hard targets",
    generator={"generator": "ColorUNet", "num_bins": 32, "base_channels": 16},
    data=DataSpec(
        dataset="landscapes",
        description="16,358 landscape photos of SUN and ImageNet; not published",
        split_ratios=(0.82, 0.18, 0.0),
        resize_mode="center_crop",
    ),
    pixel=TrainConfig(
        epochs=20,
        batch_size=64,
        lr=1e-3,
        betas=(0.9, 0.999),
        schedule="step",
        step_epoch=10,
        reconstruction="cross_entropy",
        uniform_share=0.2,
        min_crop=0.5,
        scaler=LabScaler(output_space="kmeans_bins", temperature=0.38),
    ),
    init="he",
    unspecified=open_choices("colorunet"),
)

CITED_RECIPES = (ZHANG, COLORUNET)
