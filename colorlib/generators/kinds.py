"""Every generator by its name, so that a weights file can say which one it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from colorlib import configs
from colorlib.generators.base import Generator
from colorlib.generators.cnn import BaselineCNN
from colorlib.generators.dynamic import FastaiUNet
from colorlib.generators.encoders import EncoderUNet
from colorlib.generators.fusion import FusionCNN
from colorlib.generators.paper001 import RGBUNet
from colorlib.generators.unet import UNet


def build(config: Mapping[str, object]) -> Generator:
    """Make a generator from the ``config`` of another one, or of a weights file, which is not trusted.

    Nothing is downloaded: an encoder gets its weights from the file, as the rest of the network does.

    Raises:
        TypeError, ValueError: If a field is unknown, missing, of the wrong type or outside its range, or the
            network would have more than 300 million parameters.

    Example:
        >>> build(UNet(downs=3, width=8).config).config["width"]
        8
    """
    kinds = UNet, RGBUNet, BaselineCNN, FusionCNN, EncoderUNet, FastaiUNet
    return configs.build_one_of(kinds, "generator", config)
