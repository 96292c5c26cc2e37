"""Croquet lawns drawn by numbers: pictures in which every pixel knows its class.

A real photo cannot say which of its colours could have been otherwise; these can. Each scene holds a **ball**
whose hue is uniform on the circle and cannot be told from L, a **flag** that is red or blue at odds of 70 to
30, and a **ladybird** that is always red. All else (sky, hills, lawn, ...) has a colour that its L and its
place give away. So a lesson can measure what a loss does with a colour that nothing predicts.

Scenes are drawn in Lab, back to front (:mod:`~colorlib.scenes.background`, :mod:`~colorlib.scenes.buildings`,
:mod:`~colorlib.scenes.objects`), on a canvas whose unit is the picture's side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from colorlib.color import lab_to_rgb, quantize_lightness, rgb_to_lab, to_uint8
from colorlib.scenes import background, buildings, objects
from colorlib.scenes.drawing import CLASSES, Canvas, SceneRNG, where
from colorlib.tensor_checks import check_at_least

__all__ = ["CLASSES", "MAJORITY_PROBABILITY", "Scenes", "draw_scenes"]

MAJORITY_PROBABILITY = 0.7  #: how many flags show the major colour, red
_PIXELS = 2**17  # drawn at once: small enough for the processor's cache


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes, and what was drawn.

    Args:
        rgb: (n, 3, h, w) float32 in [0, 1], multiples of 1/255: what an 8-bit photo would hold.
        classes: (n, h, w) uint8, an index into ``CLASSES``: the class that covers most of the pixel.
        pure: (n, h, w) bool, where a pixel shows nothing but its class's own coat: no edge (at least 95%
            covered), no spot of the ladybird, no daisy in the lawn. Measure there; thin hoops and the pole
            have few such pixels.
        ball_hue: (n,) float32, the angle of the ball's (a, b) in radians, in [0, 2 pi).
        flag_is_major: (n,) bool, whether the flag shows the major colour, red.
    """

    rgb: Tensor
    classes: Tensor
    pure: Tensor
    ball_hue: Tensor
    flag_is_major: Tensor

    def lab(self) -> Tensor:
        """Give (n, 3, h, w) Lab, with L in the 255 steps of an 8-bit gray photo: feed networks this one.

        See :func:`colorlib.color.quantize_lightness`.

        Example:
            >>> L = draw_scenes(1).lab()[:, 0]
            >>> bool(((L * 2.55).round() / 2.55 == L).all())
            True
        """
        return quantize_lightness(rgb_to_lab(self.rgb))

    def mask(self, name: str) -> Tensor:
        """Say where pixels show a class and nothing else (``pure``): (n, h, w) bool.

        Raises:
            ValueError: If ``name`` is not one of ``CLASSES``.

        Example:
            >>> draw_scenes(1).mask("ball").sum().item() >= 40
            True
        """
        if name not in CLASSES:
            raise ValueError(f"name is {name!r}; expected one of {', '.join(CLASSES)}")
        return (self.classes == CLASSES.index(name)) & self.pure


def draw_scenes(n: int, size: int = 64, seed: int = 0, start: int = 0) -> Scenes:
    """Draw scenes number ``start`` to ``start + n - 1`` of a seed.

    A scene depends on its seed and number alone, so ``scenes(10)`` holds what ``scenes(1, start=3)`` draws.
    At another size it is the same picture. No global random state is read or changed.

    Args:
        n: How many, at least 1.
        size: Height and width in pixels, at least 32.
        seed: Which family of scenes, at least 0.
        start: Number of the first scene, at least 0: ``start=n`` goes on where ``scenes(n)`` ends.

    Raises:
        ValueError: If a number is too small.

    Example:
        >>> lawns = draw_scenes(2)
        >>> lawns.rgb.shape, lawns.classes.shape
        (torch.Size([2, 3, 64, 64]), torch.Size([2, 64, 64]))
    """
    check_at_least("n", n, 1)
    check_at_least("size", size, 32)
    check_at_least("seed", seed, 0)
    check_at_least("start", start, 0)
    out = Scenes(
        rgb=torch.empty(n, 3, size, size),
        classes=torch.empty(n, size, size, dtype=torch.uint8),
        pure=torch.empty(n, size, size, dtype=torch.bool),
        ball_hue=torch.empty(n),
        flag_is_major=torch.empty(n, dtype=torch.bool),
    )
    step = max(1, _PIXELS // size**2)
    for first in range(0, n, step):
        numbers = range(start + first, start + min(first + step, n))
        dice = SceneRNG(seed, numbers)
        hue, is_major = dice(0, 2 * np.pi), dice() < MAJORITY_PROBABILITY
        canvas = _draw(dice, size, hue, is_major)
        rows = slice(first, first + len(numbers))
        # One scene at a time, because the last bits of a batch's powers depend on the batch's length.
        for number, lab in enumerate(torch.from_numpy(canvas.lab), first):
            out.rgb[number] = to_uint8(lab_to_rgb(lab[None], gamut="clip"))[0] / 255
        out.classes[rows], out.pure[rows] = (
            torch.from_numpy(canvas.classes),
            torch.from_numpy(canvas.pure),
        )
        out.ball_hue[rows] = torch.from_numpy(hue.ravel())
        out.flag_is_major[rows] = torch.from_numpy(is_major.ravel())
    return out


def _draw(dice: SceneRNG, size: int, hue: np.ndarray, is_major: np.ndarray) -> Canvas:
    """Draw one scene for each row of the dice, everything from back to front."""
    evening = dice()
    canvas = Canvas.blank(size, mirrored=dice() < 0.5)
    edge = dice(0.55, 0.63)  # where the lawn begins
    background.sky(canvas, dice, evening)
    background.clouds(canvas, dice, evening)
    background.hills(canvas, dice, edge)
    background.lawn(canvas, dice, edge)
    buildings.trees(canvas, dice, edge)
    left = dice() < 0.5
    buildings.house(canvas, dice, where(left, dice(0.16, 0.3), dice(0.7, 0.84)), edge)
    pole, foot, tall = where(left, dice(0.54, 0.7), dice(0.3, 0.36)), edge + 0.05, dice(0.38, 0.5)
    buildings.pole(canvas, pole, foot, tall)
    near_hoop, ladybird, ball = objects.object_columns(dice)
    buildings.hoops(canvas, dice, (where(pole > 0.5, 0.34, 0.66), ladybird, near_hoop), edge)
    background.tint_evening(canvas, evening)
    objects.flag(canvas, dice, pole, foot - tall + 0.02, is_major)
    objects.ladybird(canvas, dice, ladybird)
    objects.ball(canvas, dice, ball, hue)
    return canvas
