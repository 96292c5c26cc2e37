"""Every generator by its name, so that a weights file can say which one it belongs to."""

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
    """Make a generator from the ``config`` of another one, or of a weights file, which is not trusted.

    Args:
        config: Its arguments.
        pretrained: Fetch the weights of ImageNet for an encoder. For a file nothing is downloaded: an encoder
            gets its weights from there, as the rest of the network does.
        seed: Of an encoder's first weights; :func:`~colorlib.generator.init_weights` draws the others.

    Raises:
        OSError: If ``pretrained`` and the weights cannot be had.
        TypeError, ValueError: If a field is unknown, missing, of the wrong type or outside its range, or the
            network would have more than 300 million parameters.

    Example:
        >>> create_generator(UNet(downs=3, width=8).config).config["width"]
        8
    """
    first = {"pretrained": pretrained, "seed": seed}
    return schema.from_config_by_name(
        GENERATORS, "generator", config, lambda kind: first if kind.kept else {}
    )
