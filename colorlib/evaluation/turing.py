"""A Turing test for colours: can people tell a colorized picture from a photo, and how surely?"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from colorlib.tensor_checks import check_same_shape


def wilson_interval(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Give the interval of shares that ``hits`` of ``n`` are compatible with (Wilson 1927).

    Unlike hits/n ± z sqrt(p (1 - p) / n) it stays within [0, 1] and does not shrink to a point at 0 and n.

    Args:
        hits: how many of ``n`` independent trials succeeded.
        n: at least 1.
        z: 1.96 for 95 % confidence.

    Raises:
        ValueError: ``n`` is below 1, or ``hits`` is not between 0 and ``n``.

    Example:
        >>> [round(end, 3) for end in wilson_interval(10, 10)]
        [0.722, 1.0]
    """
    if not 0 <= hits <= n or n < 1:
        raise ValueError(
            f"{hits} of {n} was found; expected at least one trial, and no more hits than trials"
        )
    share = hits / n
    middle = share + z**2 / (2 * n)
    half = z * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return tuple(min(1.0, max(0.0, (middle + sign * half) / (1 + z**2 / n))) for sign in (-1, 1))


@dataclass(frozen=True)
class TuringScore:
    """How many photos a person found.

    Example:
        >>> print(TuringScore(8, 10))
        8 of 10 photos found: 80 %, 95 % interval 49 % to 94 %; guessing (50 %) would explain it
    """

    hits: int
    n: int

    def __str__(self) -> str:
        low, high = wilson_interval(self.hits, self.n)
        share = f"{100 * self.hits / self.n:.0f} %, 95 % interval {100 * low:.0f} % to {100 * high:.0f} %"
        guessing = "would explain it" if low <= 0.5 <= high else "would not explain it"
        return f"{self.hits} of {self.n} photos found: {share}; guessing (50 %) {guessing}"


class TuringTest:
    """Pairs of a photo and its colorized twin, in a drawn order and on drawn sides.

    Args:
        fake: colorized RGB, (n, 3, h, w) in [0, 1].
        real: the photos, the same shape.
        seed: another seed gives another order and other sides.

    Attributes:
        left, right: what is shown, (n, 3, h, w) each.
        truth: where the photo is, a letter for each pair: ``"LRRL..."``.

    Raises:
        TypeError, ValueError: They differ in shape or kind of number, or are empty.

    Example:
        >>> test = TuringTest(torch.zeros(4, 3, 8, 8), torch.ones(4, 3, 8, 8))
        >>> test.score(test.truth).hits
        4
    """

    def __init__(self, fake: Tensor, real: Tensor, seed: int = 0) -> None:
        check_same_shape(fake=fake, real=real)
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(real), generator=generator)
        is_left = torch.rand(len(real), generator=generator) < 0.5
        photo_left = is_left.view(-1, 1, 1, 1)
        self.left = torch.where(photo_left, real[order], fake[order])
        self.right = torch.where(photo_left, fake[order], real[order])
        self.truth = "".join("L" if left else "R" for left in is_left)

    def score(self, answers: str) -> TuringScore:
        """Count the photos found; ``answers`` has a letter, L or R, for each of the first pairs.

        Raises:
            ValueError: There is no answer, one too many, or another letter.
        """
        answers = answers.upper()
        if not 1 <= len(answers) <= len(self.truth) or set(answers) - set("LR"):
            expected = f"1 to {len(self.truth)} letters, L or R"
            raise ValueError(
                f"answers {answers!r} were found; expected {expected}: where is the photo?"
            )
        return TuringScore(
            sum(a == t for a, t in zip(answers, self.truth, strict=False)), len(answers)
        )
