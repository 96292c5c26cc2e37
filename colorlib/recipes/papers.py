"""The twelve systems of the five papers, and the tutorial that two of them follow.

If a paper does not give a value, the recipe's ``unspecified`` states the choice: see
``open_choices.toml``. "Tutorial" is the widely copied public one (Lab, U-Net, PatchGAN;
moein-shariatnia/Deep-Learning), whose sentences and figures papers 000 and 004 share.
"""

from __future__ import annotations

from colorlib.color import LabScaler
from colorlib.losses import GANLoss
from colorlib.recipe import DataSpec, Recipe
from colorlib.recipes.open_choices import open_choices
from colorlib.training import TrainConfig

_PIX2PIX_UNET = {
    "generator": "UNet",
    "in_channels": 1,
    "out_channels": 2,
    "num_downs": 8,
    "base_channels": 64,
    "skip_connections": True,
    "upsample_mode": "transposed",
    "dropout": 0.5,
    "variant": "pix2pix",
    "max_multiplier": 8,
}
_PATCHGAN = {
    "discriminator": "PatchDiscriminator",
    "in_channels": 3,
    "n_layers": 3,
    "base_channels": 64,
    "conditional": True,
}
_COCO = DataSpec(
    dataset="coco",
    description="8,000 of COCO's 330,000 photos, for training",
    max_images=10_000,
)

P0 = Recipe(
    name="p0",
    paper="000",
    description="pix2pix in Lab: U-Net against a patch discriminator, with L1",
    generator=_PIX2PIX_UNET,
    data=_COCO,
    adversarial=TrainConfig(epochs=20),
    discriminator=_PATCHGAN,
    unspecified=open_choices("p0"),
)

P1 = Recipe(
    name="p1",
    paper="001",
    description="U-Net from gray to RGB: 3x3 convolutions of stride 2 down and up, squared error",
    generator={
        "generator": "RGBUNet",
        "base_channels": 32,
        "out_channels": 3,
        "num_downs": 6,
        "upsample_mode": "transposed",
    },
    data=DataSpec(
        dataset="yosemite",
        description="1,540 winter photos of summer2winter Yosemite; their number is that of the "
        "summer ones",
        split_ratios=(0.7, 0.3, 0.0),
        resize_mode="center_crop",
    ),
    pixel=TrainConfig(
        epochs=100,
        batch_size=64,
        lr=1e-4,
        betas=(0.9, 0.999),
        reconstruction="l2",
        horizontal_flip=False,
        scaler=LabScaler(output_space="rgb"),
    ),
    init="he",
    unspecified=open_choices("p1"),
    metric="psnr",
)

_LANDSCAPES = DataSpec(
    dataset="landscapes",
    description="7,200 stock photos, mostly of beaches, forests, fields, lakes, waterfalls, "
    "mountains; not published",
    split_ratios=(0.9, 0.1, 0.0),
    filtered=True,
)
_P2_CNN_STAGE = TrainConfig(
    epochs=150,
    batch_size=32,
    lr=1e-3,
    betas=(0.9, 0.999),
    schedule="step",
    step_epoch=100,
    reconstruction="l2",
    horizontal_flip=False,
    scaler=LabScaler(128),
)

P2_CNN = Recipe(
    name="p2-cnn",
    paper="002",
    description="baseline CNN of 231,682 parameters",
    generator={"generator": "BaselineCNN", "out_channels": 2},
    data=_LANDSCAPES,
    pixel=_P2_CNN_STAGE,
    init="he",
    unspecified=open_choices("p2-cnn"),
    reported={"MSE": 0.0120, "PSNR": 26.443, "ms": 56},
    metric="paper_002_psnr",
)

P2_INCEPTION = Recipe(
    name="p2-inception",
    paper="002",
    description="CNN fused with the output of Inception-ResNet-v2",
    generator={"generator": "FusionCNN", "out_channels": 2, "num_classes": 1000},
    data=_LANDSCAPES,
    pixel=_P2_CNN_STAGE,
    init="he",
    pretrained=True,
    unspecified=open_choices("p2-inception"),
    reported={"MSE": 0.0121, "PSNR": 26.630, "ms": 159},
    metric="paper_002_psnr",
)


def _pix2pix_with_encoder(
    name: str, encoder: str, scaler: LabScaler, reported: dict[str, float]
) -> Recipe:
    """Return paper 002's pix2pix with a pretrained encoder, in Lab or in RGB."""
    in_rgb = scaler.output_space == "rgb"
    return Recipe(
        name=name,
        paper="002",
        description=f"pix2pix with {encoder} as the encoder, in {'RGB' if in_rgb else 'Lab'}",
        generator={
            "generator": "EncoderUNet",
            "out_channels": scaler.out_channels,
            "frozen": False,
            "dropout": 0.5,
            "base_channels": 64,
            "encoder": encoder,
        },
        data=_LANDSCAPES,
        adversarial=TrainConfig(epochs=100, horizontal_flip=False, scaler=scaler),
        discriminator=_PATCHGAN | {"in_channels": 1 + scaler.out_channels},
        pretrained=True,
        unspecified=open_choices("p2-rgb" if in_rgb else "p2-lab"),
        reported=reported,
        metric="paper_002_psnr",
    )


_P2_LAB, _P2_RGB = LabScaler(128), LabScaler(128, "rgb")

P2_MOBILENETV2_LAB = _pix2pix_with_encoder(
    "p2-mobilenetv2-lab", "mobilenet_v2", _P2_LAB, {"MSE": 0.0107, "PSNR": 26.870, "ms": 61}
)
P2_DENSENET121_LAB = _pix2pix_with_encoder(
    "p2-densenet121-lab", "densenet121", _P2_LAB, {"MSE": 0.0108, "PSNR": 26.872, "ms": 117}
)
P2_MOBILENETV2_RGB = _pix2pix_with_encoder(
    "p2-mobilenetv2-rgb", "mobilenet_v2", _P2_RGB, {"MSE": 0.0289, "PSNR": 22.59, "ms": 53}
)
P2_DENSENET121_RGB = _pix2pix_with_encoder(
    "p2-densenet121-rgb", "densenet121", _P2_RGB, {"MSE": 0.0237, "PSNR": 23.725, "ms": 103}
)

_TINY_IMAGENET = DataSpec(
    dataset="tiny-imagenet",
    description="tiny-imagenet-200 at 64x64: of each class 500 photos to train on, 50 to validate, "
    "50 to test",
    split_ratios=(0.8, 0.1, 0.1),
    image_size=64,
)
_P3_UNET = _PIX2PIX_UNET | {
    "out_channels": 3,
    "num_downs": 5,
    "dropout": 0.0,
    "variant": "paper003",
}

P3_BASELINE = Recipe(
    name="p3-baseline",
    paper="003",
    description="U-Net that predicts all of Lab, squared error",
    generator=_P3_UNET,
    data=_TINY_IMAGENET,
    pixel=TrainConfig(
        epochs=54,
        schedule="plateau",
        reconstruction="l2",
        horizontal_flip=False,
        scaler=LabScaler(output_space="lab"),
    ),
    init="he",
    unspecified=open_choices("p3-baseline"),
    metric="paper_003_l1",
)

P3_GAN = Recipe(
    name="p3-gan",
    paper="003",
    description="the same U-Net against a whole-image discriminator with labels of 0.9",
    generator=_P3_UNET,
    data=_TINY_IMAGENET,
    adversarial=TrainConfig(
        epochs=54,
        schedule="plateau",
        gan=GANLoss(real_label=0.9),
        horizontal_flip=False,
        scaler=LabScaler(output_space="lab"),
    ),
    discriminator={
        "discriminator": "ImageDiscriminator",
        "in_channels": 4,
        "image_size": 64,
        "base_channels": 64,
        "conditional": True,
    },
    init="he",
    unspecified=open_choices("p3-gan"),
    metric="paper_003_l1",
)

P4_L1 = Recipe(
    name="p4-l1",
    paper="004",
    description="pix2pix in Lab with L1 as the pixel loss",
    generator=_PIX2PIX_UNET,
    data=DataSpec(
        dataset="imagenette-320",
        description="5,000 photos of ImageNet, 4,000 of them for training; tested on COCO as well",
        max_images=5000,
    ),
    adversarial=TrainConfig(epochs=45, reconstruction="l1"),
    discriminator=_PATCHGAN,
    unspecified=open_choices("p4"),
)
P4_L2 = P4_L1.replace(
    "p4-l2",
    description="pix2pix in Lab with L2 as the pixel loss",
    config={"reconstruction": "l2"},
)

TUTORIAL = Recipe(
    name="tutorial",
    paper="tutorial",
    description="fastai's DynamicUnet on ResNet18: pixel stage, then adversarial stage",
    generator={"generator": "FastaiUNet", "out_channels": 2, "image_size": 256},
    data=_COCO,
    pixel=TrainConfig(epochs=20, lr=1e-4, betas=(0.9, 0.999)),
    adversarial=TrainConfig(epochs=20),
    discriminator=_PATCHGAN,
    pretrained=True,
    unspecified=open_choices("tutorial"),
)

PAPER_RECIPES = (
    P0,
    P1,
    P2_CNN,
    P2_INCEPTION,
    P2_MOBILENETV2_LAB,
    P2_DENSENET121_LAB,
    P2_MOBILENETV2_RGB,
    P2_DENSENET121_RGB,
    P3_BASELINE,
    P3_GAN,
    P4_L1,
    P4_L2,
    TUTORIAL,
)
