"""The adversarial losses, and the reconstruction losses: the distance to the true colours.

How to read the curves: a discriminator that cannot tell real from fake returns logit 0, D = 1/2.
With ``"vanilla"`` its loss on real and its loss on fake are then both log 2 = 0.693, as is the
non-saturating generator's. Below it, the discriminator is winning. With labels of 0.9 for real,
chance level is D = 0.45, and the two losses are 0.778 and 0.598. With ``"lsgan"`` chance level is a
logit of 1/2, and all losses are 0.25.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from colorlib.tensor_checks import check_at_least, check_choice, check_not_empty, check_same_shape

Reconstruction = Literal["l1", "l2", "psnr"]  #: kinds of reconstruction loss


@dataclass(frozen=True)
class GANLoss:
    """The adversarial losses, each a mean over all logits of the batch, whatever their shape.

    Args:
        mode: ``"vanilla"``: binary cross-entropy on logits (papers 000, 002, 003 and 004).
            ``"lsgan"``: squared distance of the logit to its label, 1 for real and 0 for fake.
        real_label: The label of real images in the discriminator's loss: 1, or 0.9 in paper 003
            (one-sided label smoothing). Fakes keep 0, and the generator's target is always 1. At
            0.9 the discriminator's best logit on real images is log 9 = 2.2, and its loss there is
            not 0 but 0.325.
        saturating: What the generator minimizes. False: -log D(fake), which paper 003 writes and
            pix2pix trains; its gradient is large while the discriminator is sure of the fake. True:
            log(1 - D(fake)), the minimax form of paper 000's Fig. 1; there its gradient vanishes.
            Only with ``"vanilla"``.

    Raises:
        TypeError, ValueError: If an argument is not one of these.

    Example:
        >>> logits = torch.zeros(1, 1, 30, 30)
        >>> [round(loss.item(), 3) for loss in GANLoss().discriminator_loss(logits, logits)]
        [0.693, 0.693]
    """

    mode: Literal["vanilla", "lsgan"] = "vanilla"
    real_label: float = 1.0
    saturating: bool = False

    def __post_init__(self) -> None:
        check_choice("mode", self.mode, ("vanilla", "lsgan"))
        if not isinstance(self.saturating, bool):
            raise TypeError(f"saturating is {self.saturating!r}; expected True or False")
        if self.saturating and self.mode == "lsgan":
            found = "saturating is True with mode 'lsgan'"
            raise ValueError(f"{found}; expected False: use that, or mode 'vanilla'")
        if not 0.5 < self.real_label <= 1:
            advice = "it is the label of a real image, 0.9 and not 0.1"
            found = f"real_label is {self.real_label!r}"
            raise ValueError(f"{found}; expected above 0.5, at most 1: {advice}")

    @property
    def chance_level(self) -> tuple[float, float]:
        """The discriminator's best losses on real and on fake if it cannot tell them apart.

        Both are log 2 for binary cross-entropy without label smoothing.

        Example:
            >>> [round(loss, 3) for loss in GANLoss(real_label=0.9).chance_level]
            [0.778, 0.598]
        """
        best = self.real_label / 2  # half of the images are real: this output has the smallest loss
        logit = torch.tensor(best if self.mode == "lsgan" else math.log(best / (1 - best)))
        real, fake = self.discriminator_loss(logit, logit)
        return real.item(), fake.item()

    def discriminator_loss(
        self, real: Float[Tensor, "*shape"], fake: Float[Tensor, "*shape"]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the discriminator's losses on real and on fake images, from its logits.

        The discriminator minimizes the mean of the two, as in pix2pix; the papers' formulas add
        them up, which to Adam is nearly the same.

        Args:
            real: Its logits for real images, of any shape.
            fake: Its logits for ``fake.detach()``: the generator is not trained here.

        Returns:
            The losses on real and on fake, two scalars in float32.

        Raises:
            ValueError: If there are no logits.
        """
        return self._distance(real, self.real_label), self._distance(fake, 0.0)

    def generator_loss(self, fake: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
        """Return the generator's loss, a scalar in float32, from the logits for its images."""
        if self.saturating:
            return -self._distance(fake, 0.0)
        return self._distance(fake, 1.0)

    def _distance(self, logits: Tensor, label: float) -> Tensor:
        """Return the mean distance of logits to a label."""
        check_not_empty("logits", logits)
        logits = logits.float()
        labels = torch.full_like(logits, label)
        if self.mode == "vanilla":
            return F.binary_cross_entropy_with_logits(logits, labels)
        return F.mse_loss(logits, labels)


def reconstruction_loss(
    real: Float[Tensor, "n c h w"], fake: Float[Tensor, "n c h w"], distance: Reconstruction = "l1"
) -> Float[Tensor, ""]:
    """Return the distance of colours to the true ones, averaged over images, channels and pixels.

    Where several colours are possible, the output that minimizes ``"l1"`` (papers 000, 002, 003 and
    004) is the median of them, per channel, and the one that minimizes ``"l2"`` (mean squared
    error; papers 001 to 004) is the mean. ``"psnr"`` weighs images as PSNR does: to halve a pale
    image's error counts as much as to halve a vivid one's. Where all of an image has one uncertain
    colour, the best output is the likeliest one.

    Args:
        real: (n, c, h, w), the true colours.
        fake: (n, c, h, w), the generator's.
        distance: ``"l1"``; ``"l2"``; or ``"psnr"``: minus the PSNR of each image at peak 1, in dB,
            where no image counts as better than 40 dB.

    Returns:
        A scalar in float32.

    Raises:
        TypeError, ValueError: If the tensors differ in shape or type, are empty, or ``distance`` is
            another word.

    Example:
        >>> reconstruction_loss(torch.zeros(1, 2, 4, 4), torch.full((1, 2, 4, 4), 0.5), "l2").item()
        0.25
    """
    check_choice("distance", distance, get_args(Reconstruction))
    check_same_shape(real=real, fake=fake)
    real, fake = real.float(), fake.float()
    if distance == "l1":
        return F.l1_loss(fake, real)
    if distance == "l2":
        return F.mse_loss(fake, real)
    mse = (fake - real).square().mean(dim=(1, 2, 3))
    return 10 * (mse + 1e-4).log10().mean()


class GeneratorLosses(NamedTuple):
    """The generator's loss and its two terms: total = adversarial + lambda * reconstruction."""

    total: Float[Tensor, ""]
    adversarial: Float[Tensor, ""]
    reconstruction: Float[Tensor, ""]


def generator_loss(
    logits: Float[Tensor, "*shape"],
    real: Float[Tensor, "n c h w"],
    fake: Float[Tensor, "n c h w"],
    *,
    gan: GANLoss = GANLoss(),
    reconstruction: Reconstruction = "l1",
    lambda_rec: float = 100.0,
) -> GeneratorLosses:
    """Return the generator's loss, adversarial + lambda * reconstruction (Fig. 3 of paper 000).

    Args:
        logits: The discriminator's, for ``fake``.
        real: (n, c, h, w), the true colours.
        fake: (n, c, h, w), the generator's.
        gan: The adversarial loss.
        reconstruction: A kind of :func:`reconstruction_loss`.
        lambda_rec: The papers' lambda (a reserved word in Python): 100 in papers 002 and 003 and in
            pix2pix; paper 000 does not say.

    Raises:
        TypeError, ValueError: As :func:`reconstruction_loss`.

    Example:
        >>> ab = torch.zeros(1, 2, 64, 64)
        >>> round(generator_loss(torch.zeros(1, 1, 6, 6), ab, ab + 0.01).total.item(), 3)
        1.693
    """
    check_at_least("lambda_rec", lambda_rec, 0)
    adversarial = gan.generator_loss(logits)
    distance = reconstruction_loss(real, fake, reconstruction)
    return GeneratorLosses(adversarial + lambda_rec * distance, adversarial, distance)
