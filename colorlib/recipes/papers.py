"""The thirteen systems of the five papers, and of the tutorial that two of them follow.

A value that no paper gives stands under ``open`` with what was chosen. "Tutorial" is the widely copied public
one (Lab, U-Net, patch critic; moein-shariatnia/Deep-Learning), whose sentences and figures papers 000 and 004
share.
"""

from __future__ import annotations

from colorlib.color import Scale
from colorlib.losses import GANLoss
from colorlib.recipes.recipe import Photos, Recipe
from colorlib.training.settings import Settings

_PIX2PIX = {"generator": "UNet", "inputs": 1, "outputs": 2, "downs": 8, "width": 64, "skips": True}
_PIX2PIX |= {"up": "transposed", "dropout": 0.5, "style": "pix2pix", "cap": 8}
_PATCH = {"critic": "PatchCritic", "inputs": 3, "layers": 3, "width": 64, "conditional": True}
_GRAY_IN = {"gray": "every recipe is given L / 50 - 1 with L in 255 steps, as an 8-bit gray photo has it"}

_COCO = Photos("coco", "8,000 of COCO's 330,000 photos", count=10_000)
_FOLLOWS = {
    "batch": "16, as the tutorial",
    "lr": "2e-4 with betas 0.5 and 0.999 for both networks, as the tutorial",
    "lambda": "100, as the tutorial and pix2pix",
    "init": "N(0, 0.02), as the tutorial",
    "size": "256, stretched, with mirror images, as the tutorial",
}

P0 = Recipe(
    "p0",
    "000",
    "pix2pix in Lab: U-Net of 8 levels, 70x70 patch critic",
    _PIX2PIX,
    _COCO,
    adversarial=Settings(epochs=20),
    critic=_PATCH,
    open=_GRAY_IN
    | _FOLLOWS
    | {
        "epochs": "20; the paper says results were substantial at 20 to 25",
        "condition": "L alone; that the generator is given the true colours (abstract) cannot be meant",
        "noise": "dropout only; z is written and fed nowhere",
        "validation": "2,000 further photos, as the tutorial",
    },
)

P1 = Recipe(
    "p1",
    "001",
    "U-Net from gray to RGB: six 3x3 convolutions of stride 2 down, six up",
    {"generator": "RGBUNet", "width": 32, "outputs": 3, "downs": 6, "up": "transposed"},
    Photos(
        "yosemite",
        "1,540 winter photos of summer2winter Yosemite; their number says that they are the summer ones",
        ratios=(0.7, 0.3, 0.0),
        fit="crop",
    ),
    pixel=Settings(
        epochs=100, batch=64, lr=1e-4, betas=(0.9, 0.999), pixel="l2", flip=False, scale=Scale(answer="rgb")
    ),
    init="he",
    open=_GRAY_IN
    | {
        "width": "32 filters in the first layer, doubled to 1,024 in the sixth; the paper gives none",
        "up": "transposed convolution, as its section 3.1 says; section 3.1.2 says repetition",
        "scale": "targets in [-1, 1], which its tanh needs",
        "init": "N(0, sqrt(2 / fan)); the paper says nothing",
        "division": "by content: 46 nearly equal pairs of this set lie in both of its halves",
        "accuracy": "not computed: of a regression it is not defined",
    },
    metric="psnr",
)

_LANDSCAPES = Photos(
    "landscapes",
    "7,200 stock photos of beaches, forests, fields, lakes, waterfalls and mountains, never published",
    ratios=(0.9, 0.1, 0.0),
    filters=True,
)
_P2 = _GRAY_IN | {
    "filters": "this project's limits for gray, faint, loud and crowded; the paper gives none",
    "metric": "peak 2 on the network's tensors, averaged per image: the only reading that fits all six rows",
}
_P2_CNN = Settings(
    epochs=150,
    batch=32,
    lr=1e-3,
    betas=(0.9, 0.999),
    schedule="step",
    step_epoch=100,
    pixel="l2",
    flip=False,
    scale=Scale(128),
)
_ENCODER = {"generator": "EncoderUNet", "outputs": 2, "frozen": False, "dropout": 0.5, "width": 64}
_P2_OPEN = {
    "gray in": "three equal channels, normalised as for ImageNet",
    "encoder": "trained further; the tutorial that the paper mirrors freezes it",
    "dropout": "0.5 in every block of the way up; the paper says that there is dropout",
    "init": "N(0, 0.02) for the way up and the critic, as pix2pix",
}

P2_CNN = Recipe(
    "p2-cnn",
    "002",
    "baseline CNN of 231,682 parameters",
    {"generator": "BaselineCNN", "outputs": 2},
    _LANDSCAPES,
    pixel=_P2_CNN,
    init="he",
    open=_P2
    | {
        "bottleneck": "64x64x128, as its table; the text says 128x128x128",
        "init": "N(0, sqrt(2 / fan)); the paper says nothing",
    },
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
    open=_P2
    | {
        "encoder": "256 channels out, which its 6.5 million parameters need; the text says 512",
        "embedding": "1000 classes, as timm's weights have; the paper's count fits 1001",
        "Inception's input": "the picture at its own size, gray in three channels; the paper gives no size",
        "init": "N(0, sqrt(2 / fan)); the paper says nothing",
    },
    said={"MSE": 0.0121, "PSNR": 26.630, "ms": 159},
    metric="paper_002_psnr",
)


def _p2(encoder: str, word: str, answer: str, mse: float, psnr: float, ms: float) -> Recipe:
    channels = 2 if answer == "ab" else 3
    settings = Settings(epochs=100, flip=False, scale=Scale(128, answer))
    return Recipe(
        f"p2-{word}-{'lab' if answer == 'ab' else 'rgb'}",
        "002",
        f"pix2pix with {encoder} as the encoder, in {'Lab' if answer == 'ab' else 'RGB'}",
        _ENCODER | {"encoder": encoder, "outputs": channels},
        _LANDSCAPES,
        adversarial=settings,
        critic=_PATCH | {"inputs": 1 + channels},
        pretrained=True,
        open=_P2 | _P2_OPEN,
        said={"MSE": mse, "PSNR": psnr, "ms": ms},
        metric="paper_002_psnr",
    )


_P3 = Photos(
    "tiny-imagenet",
    "tiny-imagenet-200 at 64x64, some of it gray",
    ratios=(0.8, 0.1, 0.1),
    size=64,
)
_P3_OPEN = _GRAY_IN | {
    "levels": "5, with 64 filters in the first; the paper calls their number n",
    "batch": "16; the paper gives none",
    "betas": "0.5 and 0.999; the paper gives none",
    "epochs": "54, the last in its strip; it says iteration",
    "plateau": "a tenth after 3 epochs without a better validation; there it was done by hand",
    "composing": "the given L counts, not the one that the network answers: that would drift",
    "division": "8:1:1, near-duplicates together; classes are not needed",
}
_P3_NET = _PIX2PIX | {"outputs": 3, "downs": 5, "dropout": 0.0, "style": "paper003"}
_P3_HOW = {"epochs": 54, "schedule": "plateau", "flip": False, "scale": Scale(answer="lab")}

P3_BASELINE = Recipe(
    "p3-baseline",
    "003",
    "U-Net that answers all of Lab, squared error",
    _P3_NET,
    _P3,
    pixel=Settings(pixel="l2", **_P3_HOW),
    init="he",
    open=_P3_OPEN,
    metric="paper_003_l1",
)

P3_GAN = Recipe(
    "p3-gan",
    "003",
    "the same U-Net against a whole-image critic with labels of 0.9",
    _P3_NET,
    _P3,
    adversarial=Settings(gan=GANLoss(smoothing=0.9), **_P3_HOW),
    critic={"critic": "ImageCritic", "inputs": 4, "size": 64, "width": 64, "conditional": True},
    init="he",
    open=_P3_OPEN | {"critic's layers": "four of stride 2, then one of 4x4; the paper gives no number"},
    metric="paper_003_l1",
)


def _p4(pixel: str) -> Recipe:
    return Recipe(
        f"p4-{pixel}",
        "004",
        f"pix2pix in Lab with {pixel.upper()} as the pixel loss",
        _PIX2PIX,
        Photos("imagenette-320", "5,000 photos of ImageNet, 4,000 of them for training", count=5000),
        adversarial=Settings(epochs=45, pixel=pixel),
        critic=_PATCH,
        open=_GRAY_IN
        | _FOLLOWS
        | {
            "photos": "Imagenette; the subset of ImageNet was not published",
            "pixel loss": "the slides show L1 and L2 and do not say which was used: a recipe for each",
        },
    )


TUTORIAL = Recipe(
    "tutorial",
    "tutorial",
    "fastai's DynamicUnet on ResNet18: pixel stage, then adversarial stage",
    {"generator": "FastaiUNet", "outputs": 2, "size": 256},
    _COCO,
    pixel=Settings(epochs=20, lr=1e-4, betas=(0.9, 0.999)),
    adversarial=Settings(epochs=20),
    critic=_PATCH,
    pretrained=True,
    open=_GRAY_IN | {"range": "no tanh at the end, as there: what leaves sRGB is brought in"},
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
