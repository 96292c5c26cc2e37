"""Every generator by its name, so that a weights file can say which one it belongs to."""

from __future__ import annotations

from collections.abc import Mapping

from colorlib import configs
from colorlib.generators.base import Generator
from colorlib.generators.cnn import BaselineCNN
from colorlib.generators.dynamic import FastaiUNet
from colorlib.generators.encoders import EncoderUNet
from colorlib.generators.fusion import FusionCNN
from colorlib.generators.lite import LiteUNet
from colorlib.generators.paper001 import RGBUNet
from colorlib.generators.unet import UNet


def build(config: Mapping[str, object], *, pretrained: bool = False, seed: int = 0) -> Generator:
    """Make a generator from the ``config`` of another one, or of a weights file, which is not trusted.

    Args:
        config: Its arguments.
        pretrained: Fetch the weights of ImageNet for an encoder. For a file nothing is downloaded: an encoder
            gets its weights from there, as the rest of the network does.
        seed: Of an encoder's first weights; :func:`~colorlib.generators.weights.initialise` draws the others.

    Raises:
        OSError: If ``pretrained`` and the weights cannot be had.
        TypeError, ValueError: If a field is unknown, missing, of the wrong type or outside its range, or the
            network would have more than 300 million parameters.

    Example:
        >>> build(UNet(downs=3, width=8).config).config["width"]
        8
    """
    kinds = UNet, RGBUNet, BaselineCNN, FusionCNN, EncoderUNet, FastaiUNet, LiteUNet
    first = {"pretrained": pretrained, "seed": seed}
    return configs.build_one_of(kinds, "generator", config, lambda kind: first if kind.kept else {})
