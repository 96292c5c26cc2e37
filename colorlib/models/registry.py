"""All generators by name, so that a weights file can name its network."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from colorlib.encoders import EncoderUNet
from colorlib.fusion import FusionCNN
from colorlib.generator import Generator
from colorlib.models import schema
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.color_unet import ColorUNet
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.models.fastai_unet import FastaiUNet
from colorlib.models.zhang_net import ZhangNet
from colorlib.unet import RGBUNet, UNet

#: Every generator that a weights file may name.
GENERATORS = (
    UNet,
    RGBUNet,
    BaselineCNN,
    FusionCNN,
    EncoderUNet,
    FastaiUNet,
    EfficientNetUNet,
    ZhangNet,
    ColorUNet,
)
#: The package of each generator that needs one which colorlib can do without.
REQUIRED_PACKAGES = {"FusionCNN": "timm", "FastaiUNet": "fastai"}


def create_generator(
    config: Mapping[str, object], *, pretrained: bool = False, seed: int = 0
) -> Generator:
    """Return a new generator with the ``config`` of another one, or of an untrusted weights file.

    Args:
        config: Its arguments, and its class name under ``"generator"``.
        pretrained: Load an encoder's ImageNet weights. For a file nothing is downloaded: the
            encoder's weights are in it, as all others.
        seed: Seed of an encoder's initial weights; :func:`~colorlib.generator.init_weights` draws
            the others.

    Raises:
        OSError: If ``pretrained`` and the weights cannot be loaded.
        TypeError, ValueError: If a field is unknown, missing, of the wrong type or out of its
            range, or the network would have more than 300 million parameters.

    Example:
        >>> create_generator(UNet(num_downs=3, base_channels=8).config).config["base_channels"]
        8
    """
    return schema.from_config_by_name(
        GENERATORS, "generator", config, pretrained=pretrained, seed=seed
    )


def check_package(config: Mapping[str, object]) -> None:
    """Raise ImportError if a generator needs a package that is not installed; nothing is loaded.

    A comparison asks before it trains the first of its systems.

    Example:
        >>> check_package({"generator": "UNet"})
    """
    package = REQUIRED_PACKAGES.get(str(config["generator"]))
    if package is not None and find_spec(package) is None:
        found = f"{config['generator']} needs {package}, which is not installed"
        raise ImportError(f"{found}: install it with pip install {package}")
