"""The U-Net that fastai grows on a ResNet18, as the tutorial behind papers 000 and 004 does it."""

from __future__ import annotations

import warnings
from typing import ClassVar

from torch import Tensor

from colorlib.generator import Generator
from colorlib.models.backbones import fork_rng, load_torchvision


class FastaiUNet(Generator):
    """fastai's DynamicUnet on a ResNet18, which the tutorial trains first by L1, then against a critic.

    The ResNet18 loses its classifier; fastai looks where it halves pictures and adds an up for each: pixel
    shuffle, the skip beside it, two convolutions. Its last block sees L itself beside its features. With two
    channels out there are 31,099,672 parameters.

    Nothing bounds the answer: the tutorial has no tanh and no ``y_range``, and neither has this. L goes in as
    it is, in [-1, 1], by one channel: the pretrained kernels' sum over red, green and blue.

    First weights are fastai's own, which start pixel shuffles without a checkerboard:
    :func:`~colorlib.generator.init_weights` leaves the whole network alone; use ``seed``.

    Args:
        size: Side of the pictures with which fastai looks where the ResNet halves them, as in the tutorial.
        outputs: Channels out: 2 for ab, 3 for RGB.
        pretrained: Fetch the ResNet's ImageNet weights by torchvision.
        seed: Of the first weights; torch's random state stays as it was.

    Shape:
        L (n, 1, h, w), h and w at least 32, to (n, outputs, h, w), not bounded. While training, n > 1 if h
        and w are 32: the innermost batch norm gets 1 pixel.

    Raises:
        ImportError: If fastai is not installed.
        OSError: If ``pretrained`` and the weights cannot be had.

    Example:
        >>> import torch
        >>> FastaiUNet(64).eval()(torch.zeros(1, 1, 40, 33)).shape
        torch.Size([1, 2, 40, 33])
    """

    rules: ClassVar = {"size": range(32, 513), "outputs": range(1, 17)}
    least, multiple = 32, 32
    kept = ("unet",)

    def __init__(
        self, size: int = 256, outputs: int = 2, pretrained: bool = False, *, seed: int = 0
    ) -> None:
        super().__init__(size=size, outputs=outputs)
        try:  # these two alone: fastai.vision.all takes longer
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what fastai's imports say of one another
                from fastai.vision.learner import create_body
                from fastai.vision.models.unet import DynamicUnet
        except ImportError as error:
            message = (
                "FastaiUNet needs fastai, which is not here: install it with pip install fastai"
            )
            raise ImportError(message) from error
        with fork_rng(seed):
            body = create_body(
                load_torchvision("resnet18", pretrained), n_in=1, pretrained=pretrained, cut=-2
            )
            self.unet = DynamicUnet(body, outputs, (size, size))
        self._forget()
        self.train()

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of 32."""
        answer = self.unet(L).as_subclass(Tensor)
        self._forget()
        return answer

    def _forget(self) -> None:
        """Drop the pictures that fastai's skips hold on to: with them a net cannot be copied."""
        for hook in self.unet.sfs:
            hook.stored = None
