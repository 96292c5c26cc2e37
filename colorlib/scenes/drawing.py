"""Drawing tools for scenes: a canvas in Lab, shapes, and random numbers for each scene.

All arrays are float32 and contain a whole batch: (n, h, w), or a shape that broadcasts to it.
Positions and lengths are in units of the image's side, y grows downwards. A shape is a signed
distance function (SDF): negative inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray as Array

#: The classes of pixels; the index is the value in :attr:`colorlib.scenes.Scenes.classes`.
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
NUM_DRAWS = 256  # the number of random numbers that a scene may use


class SceneRNG:
    """A random number generator for scenes: row i depends on the seed and ``numbers[i]`` only.

    Example:
        >>> SceneRNG(0, range(10))(2, 3).shape
        (10, 1, 1)
    """

    def __init__(self, seed: int, numbers: Sequence[int]) -> None:
        rows = []
        for number in numbers:
            bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(number,)))
            rows.append(np.random.Generator(bits).random(NUM_DRAWS, dtype=np.float32))
        self._columns = iter(np.stack(rows, axis=1)[:, :, None, None])

    def __call__(self, low: float = 0, high: float = 1) -> Array:
        """Return one number for each scene: (n, 1, 1), uniform in [low, high)."""
        return low + (high - low) * next(self._columns)


@dataclass(frozen=True)
class Canvas:
    """A batch of images in Lab, or a rectangular part of it that shares its memory.

    Args:
        x: (n, 1, w), the pixels' centres; from right to left in mirrored scenes.
        y: (1, h, 1), the pixels' centres.
        lab: (n, 3, h, w).
        classes, interior: (n, h, w), as in :class:`colorlib.scenes.Scenes`.
        size: the side of the whole image in pixels.
    """

    x: Array
    y: Array
    lab: Array
    classes: Array
    interior: Array
    size: int

    @classmethod
    def empty(cls, size: int, mirrored: Array) -> Canvas:
        """Return an empty canvas; ``mirrored`` (n, 1, 1) marks the scenes that are mirrored."""
        n = len(mirrored)
        centers = (np.arange(size, dtype=np.float32) + 0.5) / size
        return cls(
            x=np.where(mirrored, centers[::-1], centers),
            y=centers[None, :, None],
            lab=np.zeros((n, 3, size, size), np.float32),
            classes=np.zeros((n, size, size), np.uint8),
            interior=np.ones((n, size, size), bool),
            size=size,
        )

    def crop_around(self, x: Array, y: Array, rx: Array | float, ry: Array | float) -> Canvas:
        """Return the part within (rx, ry) of a point in any scene: less to compute, same result."""
        margin = 1 / self.size
        columns = np.flatnonzero((np.abs(self.x - x) < rx + margin).any(axis=(0, 1)))
        rows = np.flatnonzero((np.abs(self.y - y) < ry + margin).any(axis=(0, 2)))
        h = slice(rows[0], rows[-1] + 1) if rows.size else slice(0, 0)
        w = slice(columns[0], columns[-1] + 1) if columns.size else slice(0, 0)
        parts = (self.lab[:, :, h, w], self.classes[:, h, w], self.interior[:, h, w])
        return Canvas(self.x[:, :, w], self.y[:, h], *parts, self.size)

    def coverage(self, distance: Array) -> Array:
        """Return how much of each pixel is inside a shape, in [0, 1]; edges are one pixel wide."""
        return np.clip(0.5 - distance * self.size, 0, 1)

    def fill(self, coverage: Array, color: tuple, name: str, interior: bool = True) -> None:
        """Blend a colour (L, a, b; numbers or arrays) over the canvas, and set the class.

        Args:
            coverage: how much of each pixel is covered, from :meth:`coverage`.
            color: (L, a, b).
            name: one of ``CLASSES``.
            interior: whether covered pixels show the main colour of the class.
        """
        for channel, value in enumerate(color):
            plane = self.lab[:, channel]
            plane += coverage * (value - plane)
        np.copyto(self.classes, CLASSES.index(name), where=coverage > 0.5)
        self.interior[...] = np.where(
            coverage >= 0.95, interior, self.interior & (coverage <= 0.05)
        )

    def darken(self, coverage: Array, share: float) -> None:
        """Reduce L and chroma by a share where the canvas is covered."""
        self.lab[...] *= 1 - share * coverage[:, None]


def where(condition: Array, first: Array | float, second: Array | float) -> Array:
    """Return ``first`` where ``condition`` is true and ``second`` elsewhere, as float32."""
    return np.where(condition, first, second).astype(np.float32)


def lerp(first: tuple, second: tuple, weight: Array | float) -> tuple:
    """Interpolate between two colours: weight 0 is the first, 1 the second.

    Example:
        >>> lerp((50, 0, 0), (70, 10, -20), 0.5)
        (60.0, 5.0, -10.0)
    """
    return tuple(a + (b - a) * weight for a, b in zip(first, second, strict=True))


def smoothstep(value: Array | float, low: Array | float, high: Array | float) -> Array | float:
    """Return 0 at ``low``, 1 at ``high`` and a smooth transition in between.

    Example:
        >>> float(smoothstep(0.5, 0, 1)), float(smoothstep(2, 0, 1))
        (0.5, 1.0)
    """
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def disc_sdf(u: Array | float, v: Array | float, radius: Array | float) -> Array | float:
    """Return the distance to a disc around (0, 0).

    Example:
        >>> float(disc_sdf(3.0, 4.0, 2.0))
        3.0
    """
    return np.sqrt(u * u + v * v) - radius


def ellipse_sdf(u: Array, v: Array, rx: Array | float, ry: Array | float) -> Array:
    """Return the distance to an ellipse around (0, 0), correct to first order at its edge."""
    u, v = u / rx, v / ry
    radius = np.sqrt(u * u + v * v) + 1e-6
    return radius * (radius - 1) / np.sqrt((u / rx) ** 2 + (v / ry) ** 2 + 1e-6)


def box_sdf(u: Array, v: Array, rx: Array | float, ry: Array | float) -> Array:
    """Return the distance to a rectangle around (0, 0) of half-width rx and half-height ry."""
    return np.maximum(np.abs(u) - rx, np.abs(v) - ry)


def soft_spot(u: Array, v: Array, rx: Array | float, ry: Array | float) -> Array:
    """Return a soft elliptical spot: 1 at (0, 0), 0 at the edge and outside."""
    return np.square(np.maximum(1 - np.square(u / rx) - np.square(v / ry), 0))
