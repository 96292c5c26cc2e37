"""The thirteen systems of the five papers, and of the tutorial that two of them follow.

A value that no paper gives stands under ``open`` with what was chosen: in :mod:`~colorlib.recipes.open_choices`.
"Tutorial" is the widely copied public one (Lab, U-Net, patch critic; moein-shariatnia/Deep-Learning), whose
sentences and figures papers 000 and 004 share.
"""

from __future__ import annotations

from colorlib.color import LabScaler
from colorlib.engine.settings import TrainConfig
from colorlib.losses import GANLoss
from colorlib.recipe import DataSpec, Recipe
from colorlib.recipes import open_choices

_PIX2PIX = {"generator": "UNet", "inputs": 1, "outputs": 2, "downs": 8, "width": 64, "skips": True}
_PIX2PIX |= {"up": "transposed", "dropout": 0.5, "style": "pix2pix", "cap": 8}
_PATCH = {
    "critic": "PatchDiscriminator",
    "inputs": 3,
    "layers": 3,
    "width": 64,
    "conditional": True,
}
_COCO = DataSpec("coco", "8,000 of COCO's 330,000 photos, for training", count=10_000)

P0 = Recipe(
    "p0",
    "000",
    "pix2pix in Lab: U-Net against a patch critic, with L1",
    _PIX2PIX,
    _COCO,
    adversarial=TrainConfig(epochs=20),
    critic=_PATCH,
    open=open_choices.P0,
)

P1 = Recipe(
    "p1",
    "001",
    "U-Net from gray to RGB: 3x3 convolutions of stride 2 down and up, squared error",
    {"generator": "RGBUNet", "width": 32, "outputs": 3, "downs": 6, "up": "transposed"},
    DataSpec(
        "yosemite",
        "1,540 winter photos of summer2winter Yosemite; their number says that they are the summer ones",
        ratios=(0.7, 0.3, 0.0),
        fit="center_crop",
    ),
    pixel=TrainConfig(
        epochs=100,
        batch=64,
        lr=1e-4,
        betas=(0.9, 0.999),
        pixel="l2",
        flip=False,
        scale=LabScaler(answer="rgb"),
    ),
    init="he",
    open=open_choices.P1,
    metric="psnr",
)

_LANDSCAPES = DataSpec(
    "landscapes",
    "7,200 stock photos, mostly of beaches, forests, fields, lakes, waterfalls, mountains; not published",
    ratios=(0.9, 0.1, 0.0),
    filters=True,
)
_P2_CNN = TrainConfig(
    epochs=150,
    batch=32,
    lr=1e-3,
    betas=(0.9, 0.999),
    schedule="step",
    step_epoch=100,
    pixel="l2",
    flip=False,
    scale=LabScaler(128),
)
_ENCODER = {"generator": "EncoderUNet", "outputs": 2, "frozen": False, "dropout": 0.5, "width": 64}

P2_CNN = Recipe(
    "p2-cnn",
    "002",
    "baseline CNN of 231,682 parameters",
    {"generator": "BaselineCNN", "outputs": 2},
    _LANDSCAPES,
    pixel=_P2_CNN,
    init="he",
    open=open_choices.P2_CNN,
    said={"MSE": 0.0120, "PSNR": 26.443, "ms": 56},
    metric="paper_002_psnr",
)

P2_INCEPTION = Recipe(
    "p2-inception",
    "002",
    "CNN fused with the answers of Inception-ResNet-v2",
    {"generator": "FusionCNN", "outputs": 2, "classes": 1000},
    _LANDSCAPES,
    pixel=_P2_CNN,
    init="he",
    pretrained=True,
    open=open_choices.P2_INCEPTION,
    said={"MSE": 0.0121, "PSNR": 26.630, "ms": 159},
    metric="paper_002_psnr",
)


def _p2(encoder: str, word: str, answer: str, mse: float, psnr: float, ms: float) -> Recipe:
    channels = 2 if answer == "ab" else 3
    settings = TrainConfig(epochs=100, flip=False, scale=LabScaler(128, answer))
    return Recipe(
        f"p2-{word}-{'lab' if answer == 'ab' else 'rgb'}",
        "002",
        f"pix2pix with {encoder} as the encoder, in {'Lab' if answer == 'ab' else 'RGB'}",
        _ENCODER | {"encoder": encoder, "outputs": channels},
        _LANDSCAPES,
        adversarial=settings,
        critic=_PATCH | {"inputs": 1 + channels},
        pretrained=True,
        open=open_choices.P2_LAB if answer == "ab" else open_choices.P2_RGB,
        said={"MSE": mse, "PSNR": psnr, "ms": ms},
        metric="paper_002_psnr",
    )


_P3 = DataSpec(
    "tiny-imagenet",
    "tiny-imagenet-200 at 64x64: of each class 500 photos to train on, 50 to validate, 50 to test",
    ratios=(0.8, 0.1, 0.1),
    size=64,
)
_P3_NET = _PIX2PIX | {"outputs": 3, "downs": 5, "dropout": 0.0, "style": "paper003"}
_P3_HOW = {"epochs": 54, "schedule": "plateau", "flip": False, "scale": LabScaler(answer="lab")}

P3_BASELINE = Recipe(
    "p3-baseline",
    "003",
    "U-Net that answers all of Lab, squared error",
    _P3_NET,
    _P3,
    pixel=TrainConfig(pixel="l2", **_P3_HOW),
    init="he",
    open=open_choices.P3_BASELINE,
    metric="paper_003_l1",
)

P3_GAN = Recipe(
    "p3-gan",
    "003",
    "the same U-Net against a whole-image critic with labels of 0.9",
    _P3_NET,
    _P3,
    adversarial=TrainConfig(gan=GANLoss(smoothing=0.9), **_P3_HOW),
    critic={
        "critic": "ImageDiscriminator",
        "inputs": 4,
        "size": 64,
        "width": 64,
        "conditional": True,
    },
    init="he",
    open=open_choices.P3_GAN,
    metric="paper_003_l1",
)


def _p4(pixel: str) -> Recipe:
    return Recipe(
        f"p4-{pixel}",
        "004",
        f"pix2pix in Lab with {pixel.upper()} as the pixel loss",
        _PIX2PIX,
        DataSpec(
            "imagenette-320",
            "5,000 photos of ImageNet, 4,000 of them for training; tested on COCO as well",
            count=5000,
        ),
        adversarial=TrainConfig(epochs=45, pixel=pixel),
        critic=_PATCH,
        open=open_choices.P4,
    )


TUTORIAL = Recipe(
    "tutorial",
    "tutorial",
    "fastai's DynamicUnet on ResNet18: pixel stage, then adversarial stage",
    {"generator": "FastaiUNet", "outputs": 2, "size": 256},
    _COCO,
    pixel=TrainConfig(epochs=20, lr=1e-4, betas=(0.9, 0.999)),
    adversarial=TrainConfig(epochs=20),
    critic=_PATCH,
    pretrained=True,
    open=open_choices.TUTORIAL,
)

ALL = [
    P0,
    P1,
    P2_CNN,
    P2_INCEPTION,
    _p2("mobilenet_v2", "mobilenetv2", "ab", 0.0107, 26.870, 61),
    _p2("densenet121", "densenet121", "ab", 0.0108, 26.872, 117),
    _p2("mobilenet_v2", "mobilenetv2", "rgb", 0.0289, 22.59, 53),
    _p2("densenet121", "densenet121", "rgb", 0.0237, 23.725, 103),
    P3_BASELINE,
    P3_GAN,
    _p4("l1"),
    _p4("l2"),
    TUTORIAL,
]
