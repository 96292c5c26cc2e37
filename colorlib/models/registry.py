"""All generators by name, so that a weights file can name its network."""

from __future__ import annotations

from collections.abc import Mapping

from colorlib.encoders import EncoderUNet
from colorlib.fusion import FusionCNN
from colorlib.generator import Generator
from colorlib.models import schema
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.models.fastai_unet import FastaiUNet
from colorlib.unet import RGBUNet, UNet

#: Every generator that a weights file may name.
GENERATORS = (UNet, RGBUNet, BaselineCNN, FusionCNN, EncoderUNet, FastaiUNet, EfficientNetUNet)


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
