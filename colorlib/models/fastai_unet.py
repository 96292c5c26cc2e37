"""The U-Net that fastai builds on a ResNet18, as in the tutorial behind papers 000 and 004."""

from __future__ import annotations

import warnings
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from colorlib.generator import Generator
from colorlib.models.backbones import load_torchvision, seeded_weights


class FastaiUNet(Generator):
    """fastai's DynamicUnet on a ResNet18; the tutorial trains it with L1, then adversarially.

    The ResNet18 loses its classifier; fastai finds where it halves images and adds an up block for
    each: pixel shuffle, skip connection, two convolutions. The last block's skip connection is L
    itself. With two channels out there are 31,099,672 parameters.

    The output is not bounded: the tutorial has no tanh and no ``y_range``. L goes in as it is,
    in [-1, 1], as one channel: the pretrained kernels are summed over red, green and blue.

    The initial weights are fastai's own, with which pixel shuffles do not draw a checkerboard:
    :func:`~colorlib.generator.init_weights` does not change any part of the network; use ``seed``.

    Args:
        image_size: Side of the images with which fastai finds where the ResNet halves them, as in
            the tutorial.
        out_channels: Channels of the output: 2 for ab, 3 for RGB.
        pretrained: Load the ResNet's ImageNet weights with torchvision.
        seed: Seed of the initial weights; torch's random state is not changed.

    Shape:
        L (n, 1, h, w), h and w at least 32, to (n, out_channels, h, w), not bounded. While
        training, n > 1 if h and w are 32: the innermost batch norm gets 1 pixel.

    Raises:
        ImportError: If fastai is not installed.
        OSError: If ``pretrained`` and the weights cannot be loaded.

    Example:
        >>> import torch
        >>> FastaiUNet(64).eval()(torch.zeros(1, 1, 40, 33)).shape
        torch.Size([1, 2, 40, 33])
    """

    config_schema: ClassVar = {"image_size": range(32, 513), "out_channels": range(1, 17)}
    min_size = size_multiple = 32
    pretrained_modules = ("unet",)

    def __init__(
        self,
        image_size: int = 256,
        out_channels: int = 2,
        pretrained: bool = False,
        *,
        seed: int = 0,
    ) -> None:
        super().__init__(locals())
        try:  # only these two modules: fastai.vision.all takes longer
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # fastai's imports warn about one another
                from fastai.vision.learner import create_body
                from fastai.vision.models.unet import DynamicUnet
        except ImportError as error:
            advice = "install it with pip install fastai"
            message = f"FastaiUNet needs fastai, which is not installed: {advice}"
            raise ImportError(message) from error
        with seeded_weights(seed):
            resnet = load_torchvision("resnet18", pretrained)
            body = create_body(resnet, n_in=1, pretrained=pretrained, cut=-2)
            self.unet = DynamicUnet(body, out_channels, (image_size, image_size))
        self._clear_hooks()
        self.train()

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c_out h w"]:
        """Predict colours for images whose sides are multiples of 32."""
        output = self.unet(L).as_subclass(Tensor)
        self._clear_hooks()
        return output

    def _clear_hooks(self) -> None:
        """Drop the activations that fastai's hooks keep: with them a net cannot be copied."""
        for hook in self.unet.sfs:
            hook.stored = None
