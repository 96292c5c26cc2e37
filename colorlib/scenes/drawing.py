"""What scenes are drawn with: a canvas in Lab, a few shapes, and dice that know their scene.

All arrays are float32 and hold a whole batch: (n, h, w), or something that broadcasts to it. Places and
lengths count in sides of the picture, y grows downwards. A shape is a signed distance, negative inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

#: What a pixel can belong to; the index is the value in the mask.
CLASSES = (
    "sky",
    "sun",
    "cloud",
    "hill",
    "tree",
    "house",
    "lawn",
    "hoop",
    "pole",
    "flag",
    "ladybird",
    "ball",
)
NUM_DRAWS = 256  # numbers that a scene may use


class SceneRNG:
    """Random numbers for scenes: row i belongs to scene ``numbers[i]`` of the seed, and to no other.

    Example:
        >>> SceneRNG(0, range(10))(2, 3).shape
        (10, 1, 1)
    """

    def __init__(self, seed: int, numbers: Sequence[int]) -> None:
        streams = (np.random.SeedSequence(seed, spawn_key=(number,)) for number in numbers)
        table = [
            np.random.Generator(np.random.PCG64(s)).random(NUM_DRAWS, dtype=np.float32)
            for s in streams
        ]
        self._columns = iter(np.stack(table, axis=1)[:, :, None, None])

    def __call__(self, low: float = 0, high: float = 1) -> Array:
        """Roll once for every scene: (n, 1, 1), uniform in [low, high)."""
        return low + (high - low) * next(self._columns)


@dataclass(frozen=True)
class Canvas:
    """A batch of pictures in Lab, or a rectangular part of it that shares its memory.

    Args:
        x, y: (n, 1, w) and (1, h, 1), the pixels' centres; x runs from right to left in mirrored scenes.
        lab: (n, 3, h, w). ``classes`` and ``pure``: (n, h, w), as in ``Scenes``.
        size: Pixels in one side of the whole picture.
    """

    x: Array
    y: Array
    lab: Array
    classes: Array
    pure: Array
    size: int

    @classmethod
    def blank(cls, size: int, mirrored: Array) -> Canvas:
        """Make an unpainted canvas; ``mirrored`` (n, 1, 1) says which scenes are seen in a mirror."""
        n = len(mirrored)
        line = (np.arange(size, dtype=np.float32) + 0.5) / size
        x, y = np.where(mirrored, line[::-1], line), line[None, :, None]
        lab = np.zeros((n, 3, size, size), np.float32)
        return cls(
            x, y, lab, np.zeros((n, size, size), np.uint8), np.ones((n, size, size), bool), size
        )

    def near(self, x: Array, y: Array, reach_x: Array | float, reach_y: Array | float) -> Canvas:
        """Cut out the part that can be touched within reach of a point: less to compute, same picture."""
        margin = 1 / self.size
        columns = np.flatnonzero((np.abs(self.x - x) < reach_x + margin).any(axis=(0, 1)))
        rows = np.flatnonzero((np.abs(self.y - y) < reach_y + margin).any(axis=(0, 2)))
        h = slice(rows[0], rows[-1] + 1) if rows.size else slice(0, 0)
        w = slice(columns[0], columns[-1] + 1) if columns.size else slice(0, 0)
        parts = (self.lab[:, :, h, w], self.classes[:, h, w], self.pure[:, h, w])
        return Canvas(self.x[:, :, w], self.y[:, h], *parts, self.size)

    def cover(self, distance: Array) -> Array:
        """Say how much of each pixel lies inside a shape, in [0, 1]; edges are one pixel soft."""
        return np.clip(0.5 - distance * self.size, 0, 1)

    def paint(self, cover: Array, color: tuple, name: str, pure: bool = True) -> None:
        """Lay a colour (L, a, b; numbers or arrays) over what is there, and note the class."""
        for channel, value in enumerate(color):
            plane = self.lab[:, channel]
            plane += cover * (value - plane)
        np.copyto(self.classes, CLASSES.index(name), where=cover > 0.5)
        self.pure[...] = np.where(cover >= 0.95, pure, self.pure & (cover <= 0.05))

    def shadow(self, cover: Array, share: float) -> None:
        """Take a share of the light away, and of the chroma with it."""
        self.lab[...] *= 1 - share * cover[:, None]


def where(which: Array, first: Array | float, second: Array | float) -> Array:
    """Take ``first`` where ``which`` is true and ``second`` elsewhere, as float32."""
    return np.where(which, first, second).astype(np.float32)


def lerp(first: tuple, second: tuple, share: Array | float) -> tuple:
    """Go from one colour to another: share 0 is the first, 1 the second.

    Example:
        >>> lerp((50, 0, 0), (70, 10, -20), 0.5)
        (60.0, 5.0, -10.0)
    """
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))


def smoothstep(value: Array | float, low: Array | float, high: Array | float) -> Array:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``.

    Example:
        >>> float(smoothstep(0.5, 0, 1)), float(smoothstep(2, 0, 1))
        (0.5, 1.0)
    """
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def disc_sdf(u: Array | float, v: Array | float, radius: Array | float) -> Array:
    """Distance to a disc around (0, 0).

    Example:
        >>> float(disc_sdf(3.0, 4.0, 2.0))
        3.0
    """
    return np.sqrt(u * u + v * v) - radius


def ellipse_sdf(u: Array, v: Array, rx: Array | float, ry: Array | float) -> Array:
    """Distance to an ellipse around (0, 0), right to first order at its edge."""
    u, v = u / rx, v / ry
    radius = np.sqrt(u * u + v * v) + 1e-6
    return radius * (radius - 1) / np.sqrt((u / rx) ** 2 + (v / ry) ** 2 + 1e-6)


def box_sdf(u: Array, v: Array, rx: Array | float, ry: Array | float) -> Array:
    """Distance to a rectangle around (0, 0), of half-width rx and half-height ry."""
    return np.maximum(np.abs(u) - rx, np.abs(v) - ry)


def soft_spot(u: Array, v: Array, rx: Array | float, ry: Array | float) -> Array:
    """A soft spot: 1 at (0, 0), 0 from the ellipse's edge on."""
    return np.square(np.maximum(1 - np.square(u / rx) - np.square(v / ry), 0))
