"""A Turing test for colours: can people tell a colorized image from a photo?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from colorlib.evaluation.statistics import wilson_interval
from colorlib.tensor_checks import check_same_shape


@dataclass(frozen=True)
class TuringScore:
    """The number of photos that a person found.

    Example:
        >>> print(TuringScore(8, 10))
        8 of 10 photos found: 80 %, 95 % interval 49 % to 94 %; guessing (50 %) would explain it
    """

    correct: int
    total: int

    def __str__(self) -> str:
        low, high = wilson_interval(self.correct, self.total)
        share = f"{100 * self.correct / self.total:.0f} %"
        interval = f"95 % interval {100 * low:.0f} % to {100 * high:.0f} %"
        guessing = "would explain it" if low <= 0.5 <= high else "would not explain it"
        found = f"{self.correct} of {self.total} photos found"
        return f"{found}: {share}, {interval}; guessing (50 %) {guessing}"


class TuringTest:
    """Pairs of a photo and its colorized copy, in random order and on random sides.

    Args:
        fake: colorized images in [0, 1].
        real: the photos, of the same shape.
        seed: determines the order and the sides.

    Attributes:
        left, right: the images to show, (n, 3, h, w) each.
        truth: the side of the photo, one letter for each pair: ``"LRRL..."``.

    Raises:
        TypeError, ValueError: if they differ in shape or kind of number, or are empty.

    Example:
        >>> test = TuringTest(torch.zeros(4, 3, 8, 8), torch.ones(4, 3, 8, 8))
        >>> test.score(test.truth).correct
        4
    """

    def __init__(
        self, fake: Float[Tensor, "n 3 h w"], real: Float[Tensor, "n 3 h w"], seed: int = 0
    ) -> None:
        check_same_shape(fake=fake, real=real)
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(real), generator=generator)
        is_left = torch.rand(len(real), generator=generator) < 0.5
        photo_left = is_left.view(-1, 1, 1, 1)
        self.left = torch.where(photo_left, real[order], fake[order])
        self.right = torch.where(photo_left, fake[order], real[order])
        self.truth = "".join("L" if left else "R" for left in is_left)

    def score(self, answers: str) -> TuringScore:
        """Return how many photos were found.

        Args:
            answers: the guessed side of the photo, L or R, for each of the first pairs.

        Raises:
            ValueError: if there is no answer, there are more answers than pairs, or another letter.
        """
        answers = answers.upper()
        if not 1 <= len(answers) <= len(self.truth) or set(answers) - {"L", "R"}:
            expected = f"1 to {len(self.truth)} letters, L or R"
            raise ValueError(f"answers are {answers!r}; expected {expected}: where is the photo?")
        correct = sum(guess == side for guess, side in zip(answers, self.truth, strict=False))
        return TuringScore(correct, len(answers))
