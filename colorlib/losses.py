"""What the two networks are told: the adversarial losses, and the distance to the true colours.

How to read the curves: a critic that cannot tell real from fake answers with logit 0, D = 1/2, and then with
``"bce"`` its loss on real and its loss on fake are both log 2 = 0.693, as is the non-saturating generator's.
Below it, the critic is winning. With labels of 0.9 for real, not knowing is D = 0.45, and the two losses are
0.778 and 0.598. With ``"lsgan"`` not knowing is a logit of 1/2, and all of these are 0.25.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.tensor_checks import check_at_least, check_choice, check_not_empty, check_same_shape

Reconstruction = Literal["l1", "l2", "psnr"]  #: kinds of pixel loss


@dataclass(frozen=True)
class GANLoss:
    """The adversarial losses, each a mean over all logits of the batch, whatever the critic's shape.

    Args:
        kind: ``"bce"``: binary cross-entropy on logits (papers 000, 002, 003 and 004). ``"lsgan"``: squared
            distance of the logit to its label, 1 for real and 0 for fake.
        smoothing: The label of real pictures when the critic learns: 1, or 0.9 in paper 003. Fakes keep 0
            ("one-sided"), and the generator always aims at 1. At 0.9 the critic is at its best at a logit
            of log 9 = 2.2 on real pictures, and there its loss is not 0 but 0.325.
        form: What the generator minimises. ``"non-saturating"``: -log D(fake), which paper 003 writes and
            pix2pix trains; its gradient is large while the critic is sure of the fake. ``"minimax"``:
            log(1 - D(fake)), as in paper 000's Fig. 1; there its gradient vanishes. Only with ``"bce"``.

    Raises:
        ValueError: If an argument is none of these.

    Example:
        >>> undecided = torch.zeros(1, 1, 30, 30)
        >>> [round(loss.item(), 3) for loss in GANLoss().critic(undecided, undecided)]
        [0.693, 0.693]
    """

    kind: Literal["bce", "lsgan"] = "bce"
    smoothing: float = 1.0
    form: Literal["non-saturating", "minimax"] = "non-saturating"

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, ("bce", "lsgan"))
        check_choice("form", self.form, ("non-saturating", "minimax"))
        if (self.kind, self.form) == ("lsgan", "minimax"):
            raise ValueError(
                "form is 'minimax' with kind 'lsgan'; expected 'non-saturating': use that, or 'bce'"
            )
        if not 0.5 < self.smoothing <= 1:
            advice = "it is the label of a real picture, 0.9 and not 0.1"
            raise ValueError(
                f"smoothing is {self.smoothing!r}; expected above 0.5, at most 1: {advice}"
            )

    @property
    def undecided(self) -> tuple[float, float]:
        """The critic's losses on real and on fake where it cannot tell: log 2 both, for the plain BCE.

        Example:
            >>> [round(loss, 3) for loss in GANLoss(smoothing=0.9).undecided]
            [0.778, 0.598]
        """
        best = self.smoothing / 2  # half of what it sees is real: the answer that costs it least
        logit = torch.tensor(best if self.kind == "lsgan" else math.log(best / (1 - best)))
        real, fake = self.critic(logit, logit)
        return real.item(), fake.item()

    def critic(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Score the critic on its logits for real and for fake pictures.

        The critic minimises the mean of the two, as in pix2pix; the papers' formulas add them up, which to
        Adam is nearly the same.

        Args:
            real: Its logits for real pictures, of any shape.
            fake: Its logits for ``fake.detach()``: the generator does not learn here.

        Returns:
            The losses on real and on fake, two scalars in float32.

        Raises:
            ValueError: If there are no logits.
        """
        return self._distance(real, self.smoothing), self._distance(fake, 0.0)

    def generator(self, fake: Tensor) -> Tensor:
        """Score the generator on the critic's logits for its pictures; a scalar in float32."""
        return (
            self._distance(fake, 1.0)
            if self.form == "non-saturating"
            else -self._distance(fake, 0.0)
        )

    def _distance(self, logits: Tensor, label: float) -> Tensor:
        """Measure how far logits are from a label."""
        check_not_empty("logits", logits)
        logits = logits.float()
        labels = torch.full_like(logits, label)
        if self.kind == "bce":
            return F.binary_cross_entropy_with_logits(logits, labels)
        return F.mse_loss(logits, labels)


def reconstruction_loss(real: Tensor, fake: Tensor, kind: Reconstruction = "l1") -> Tensor:
    """Measure how far colours are from the true ones, averaged over pictures, channels and pixels.

    Where the colour is open, the answer that minimises ``"l1"`` (papers 000, 002, 003 and 004) is the median
    of what may be, per channel, and the one that minimises ``"l2"`` (mean squared error; papers 001 to 004)
    is the mean. ``"psnr"`` weighs pictures as PSNR does: to halve a faint picture's error is worth as
    much as to halve a vivid one's. Where all of a picture is one open colour, it answers the likeliest one.

    Args:
        real: (n, c, h, w), the true colours.
        fake: (n, c, h, w), the generator's.
        kind: ``"l1"``; ``"l2"``; or ``"psnr"``: minus the PSNR of each picture at peak 1, in dB, where no
            picture counts as better than 40 dB.

    Returns:
        A scalar in float32.

    Raises:
        TypeError, ValueError: If the tensors differ in shape or kind, are empty, or ``kind`` is another word.

    Example:
        >>> reconstruction_loss(torch.zeros(1, 2, 4, 4), torch.full((1, 2, 4, 4), 0.5), "l2").item()
        0.25
    """
    check_choice("kind", kind, get_args(Reconstruction))
    check_same_shape(real=real, fake=fake)
    if kind == "psnr":
        return (
            10 * (fake.float() - real.float()).square().mean(dim=(1, 2, 3)).add(1e-4).log10().mean()
        )
    return (F.l1_loss if kind == "l1" else F.mse_loss)(fake.float(), real.float())


class GeneratorLosses(NamedTuple):
    """The generator's loss and the two curves that it is made of: total = adversarial + lambda * pixel."""

    total: Tensor
    adversarial: Tensor
    pixel: Tensor


def generator_loss(
    logits: Tensor,
    real: Tensor,
    fake: Tensor,
    *,
    gan: GANLoss = GANLoss(),
    pixel: Reconstruction = "l1",
    lam: float = 100.0,
) -> GeneratorLosses:
    """Add up the generator's loss: adversarial + lambda * pixel (Fig. 3 of paper 000).

    Args:
        logits: The critic's, for ``fake``.
        real: (n, c, h, w), the true colours.
        fake: (n, c, h, w), the generator's.
        gan: The adversarial loss.
        pixel: A kind of :func:`reconstruction_loss`.
        lam: The papers' lambda, which is a word that Python keeps: 100 in papers 002 and 003 and in pix2pix;
            paper 000 does not say.

    Raises:
        TypeError, ValueError: As :func:`reconstruction_loss`.

    Example:
        >>> ab = torch.zeros(1, 2, 64, 64)
        >>> round(generator_loss(torch.zeros(1, 1, 6, 6), ab, ab + 0.01).total.item(), 3)
        1.693
    """
    check_at_least("lam", lam, 0)
    adversarial, distance = gan.generator(logits), reconstruction_loss(real, fake, pixel)
    return GeneratorLosses(adversarial + lam * distance, adversarial, distance)
