"""The generators of the five papers: a gray picture in, colours out.

:mod:`~colorlib.generators.unet` is the U-Net of papers 000, 003 and 004, built from the middle outwards of
:mod:`~colorlib.generators.blocks`; :mod:`~colorlib.generators.paper001` is that of paper 001. Paper 002 has a
plain one in :mod:`~colorlib.generators.cnn`, one that asks a classifier in
:mod:`~colorlib.generators.fusion`, and U-Nets on trained encoders in :mod:`~colorlib.generators.encoders`;
:mod:`~colorlib.generators.dynamic` is fastai's, :mod:`~colorlib.generators.lite` that of the weights that
ship. :mod:`~colorlib.generators.base` holds what they share,
:mod:`~colorlib.generators.weights` draws the first weights, :mod:`~colorlib.generators.pretrained` fetches
those of others, :mod:`~colorlib.generators.folding` makes a copy that is faster to ask, and
:mod:`~colorlib.generators.kinds` makes each of them from a file.

Where is the noise z? The papers write G(x, z) and feed no z: paper 003 writes 0_z, paper 000 names a noise
and no layer that takes it. The only noise in these networks is dropout, while training; after
``net.eval()`` a picture has one answer.
"""

from colorlib.generators.base import Generator
from colorlib.generators.blocks import Level, conv_block, down_block, up_block
from colorlib.generators.cnn import BaselineCNN
from colorlib.generators.dynamic import FastaiUNet
from colorlib.generators.encoders import EncoderUNet
from colorlib.generators.folding import folded
from colorlib.generators.fusion import FusionCNN
from colorlib.generators.kinds import build
from colorlib.generators.lite import LiteUNet
from colorlib.generators.paper001 import RGBUNet
from colorlib.generators.unet import UNet
from colorlib.generators.weights import initialise

__all__ = [
    "BaselineCNN",
    "EncoderUNet",
    "FastaiUNet",
    "FusionCNN",
    "Generator",
    "Level",
    "LiteUNet",
]
__all__ += [
    "RGBUNet",
    "UNet",
    "build",
    "conv_block",
    "down_block",
    "folded",
    "initialise",
    "up_block",
]
