"""The generator: a U-Net, built from the middle outwards as the figures of papers 000, 003 and 004 show it.

:mod:`~colorlib.generators.blocks` holds its parts, :mod:`~colorlib.generators.unet` puts them together,
:mod:`~colorlib.generators.weights` draws the first weights.

Where is the noise z? The papers write G(x, z) and feed no z: paper 003 writes 0_z, paper 000 names a noise
and no layer that takes it. The only noise in these networks is dropout, while training; after
``net.eval()`` a picture has one answer.
"""

from colorlib.generators.blocks import Level, down_block, up_block
from colorlib.generators.unet import UNet, build
from colorlib.generators.weights import initialise

__all__ = ["Level", "UNet", "build", "down_block", "initialise", "up_block"]
