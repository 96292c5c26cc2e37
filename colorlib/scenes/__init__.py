"""Drawn scenes: croquet lawns in which the class of every pixel is known.

A real photo does not show which of its colours could have been different; these scenes do. Each
scene contains a **ball** whose hue is uniform on the circle and cannot be told from L, a **flag**
that is red with probability 0.7 and blue otherwise, and a **ladybird** that is always red.
Everything else (sky, hills, lawn, ...) has a colour that follows from its L and its position. So a
lesson can measure what a loss does with a colour that nothing predicts.

Scenes are drawn in Lab, from back to front (:mod:`~colorlib.scenes.background`,
:mod:`~colorlib.scenes.buildings`, :mod:`~colorlib.scenes.objects`), on a canvas whose unit of
length is the image's side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from colorlib.color import lab_to_rgb, quantize_lightness, rgb_to_lab, to_uint8
from colorlib.scenes import background, buildings, objects
from colorlib.scenes.drawing import CLASSES, Canvas, SceneRNG, where
from colorlib.tensor_checks import check_at_least

__all__ = ["CLASSES", "MAJORITY_PROBABILITY", "Scenes", "draw_scenes"]

MAJORITY_PROBABILITY = 0.7  #: the probability that the flag has the major colour, red
_PIXELS_AT_ONCE = 2**17  # small enough for the processor's cache


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes with their classes and random colours.

    Args:
        rgb: (n, 3, h, w) float32 in [0, 1], multiples of 1/255, as in an 8-bit photo.
        classes: (n, h, w) uint8, an index into ``CLASSES``: the class that covers most of the
            pixel.
        interior: (n, h, w) bool, whether a pixel shows only the main colour of its class: no edge
            (at least 95% covered), no spot of the ladybird, no daisy in the lawn. Measure there;
            thin hoops and the pole have few such pixels.
        ball_hue: (n,) float32, the angle of the ball's (a, b) in radians, in [0, 2 pi).
        flag_is_major: (n,) bool, whether the flag has the major colour, red.
    """

    rgb: Float[Tensor, "n 3 h w"]
    classes: UInt8[Tensor, "n h w"]
    interior: Bool[Tensor, "n h w"]
    ball_hue: Float[Tensor, " n"]
    flag_is_major: Bool[Tensor, " n"]

    def lab(self) -> Float[Tensor, "n 3 h w"]:
        """Return the scenes in Lab, with L in the 255 steps of an 8-bit gray photo.

        See :func:`colorlib.color.quantize_lightness`.

        Example:
            >>> L = draw_scenes(1).lab()[:, 0]
            >>> bool(((L * 2.55).round() / 2.55 == L).all())
            True
        """
        return quantize_lightness(rgb_to_lab(self.rgb))

    def mask(self, name: str) -> Bool[Tensor, "n h w"]:
        """Return where a pixel is in the interior of a class: (n, h, w) bool.

        Raises:
            ValueError: ``name`` is not one of ``CLASSES``.

        Example:
            >>> draw_scenes(1).mask("ball").sum().item() >= 40
            True
        """
        if name not in CLASSES:
            raise ValueError(f"name is {name!r}; expected one of {', '.join(CLASSES)}")
        return (self.classes == CLASSES.index(name)) & self.interior


def draw_scenes(n: int, size: int = 64, seed: int = 0, start: int = 0) -> Scenes:
    """Draw the scenes ``start`` to ``start + n - 1`` of a seed.

    A scene depends on its seed and number only, so ``draw_scenes(10)`` contains the scene of
    ``draw_scenes(1, start=3)``. At another size it is the same image. No global random state is
    read or changed.

    Args:
        n: the number of scenes, at least 1.
        size: height and width in pixels, at least 32.
        seed: the seed, at least 0.
        start: the number of the first scene, at least 0.

    Raises:
        ValueError: a number is too small.

    Example:
        >>> lawns = draw_scenes(2)
        >>> lawns.rgb.shape, lawns.classes.shape
        (torch.Size([2, 3, 64, 64]), torch.Size([2, 64, 64]))
    """
    check_at_least("n", n, 1)
    check_at_least("size", size, 32)
    check_at_least("seed", seed, 0)
    check_at_least("start", start, 0)
    scenes = Scenes(
        rgb=torch.empty(n, 3, size, size),
        classes=torch.empty(n, size, size, dtype=torch.uint8),
        interior=torch.empty(n, size, size, dtype=torch.bool),
        ball_hue=torch.empty(n),
        flag_is_major=torch.empty(n, dtype=torch.bool),
    )
    step = max(1, _PIXELS_AT_ONCE // size**2)
    for first in range(0, n, step):
        numbers = range(start + first, start + min(first + step, n))
        rng = SceneRNG(seed, numbers)
        hue = rng(0, 2 * np.pi)
        is_major = rng() < MAJORITY_PROBABILITY
        canvas = _draw_scene(rng, size, hue, is_major)
        rows = slice(first, first + len(numbers))
        # one scene at a time, because the last bits of a batch's powers depend on its length
        for row, lab in enumerate(torch.from_numpy(canvas.lab), first):
            scenes.rgb[row] = to_uint8(lab_to_rgb(lab[None], gamut="clip"))[0] / 255
        scenes.classes[rows] = torch.from_numpy(canvas.classes)
        scenes.interior[rows] = torch.from_numpy(canvas.interior)
        scenes.ball_hue[rows] = torch.from_numpy(hue.ravel())
        scenes.flag_is_major[rows] = torch.from_numpy(is_major.ravel())
    return scenes


def _draw_scene(rng: SceneRNG, size: int, hue: np.ndarray, is_major: np.ndarray) -> Canvas:
    """Draw one scene for each row of the random numbers, from back to front."""
    evening = rng()
    canvas = Canvas.empty(size, mirrored=rng() < 0.5)
    edge = rng(0.55, 0.63)  # the y at which the lawn begins
    background.sky(canvas, rng, evening)
    background.clouds(canvas, rng, evening)
    background.hills(canvas, rng, edge)
    background.lawn(canvas, rng, edge)
    buildings.trees(canvas, rng, edge)
    house_is_left = rng() < 0.5
    house_x = where(house_is_left, rng(0.16, 0.3), rng(0.7, 0.84))
    buildings.house(canvas, rng, house_x, edge)
    pole_x = where(house_is_left, rng(0.54, 0.7), rng(0.3, 0.36))
    foot, height = edge + 0.05, rng(0.38, 0.5)
    buildings.pole(canvas, pole_x, foot, height)
    near_hoop_x, ladybird_x, ball_x = objects.object_columns(rng)
    far_hoop_x = where(pole_x > 0.5, 0.34, 0.66)
    buildings.hoops(canvas, rng, (far_hoop_x, ladybird_x, near_hoop_x), edge)
    background.tint_evening(canvas, evening)
    objects.flag(canvas, rng, pole_x, foot - height + 0.02, is_major)
    objects.ladybird(canvas, rng, ladybird_x)
    objects.ball(canvas, rng, ball_x, hue)
    return canvas
