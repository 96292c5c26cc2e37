"""The objects that lessons measure: a red or blue flag, a red ladybird, a ball of any hue.

Their shading does not depend on their colour, and edges are blended in Lab, so that L contains no
information about the colour.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from colorlib.scenes.drawing import (
    Canvas,
    SceneRNG,
    box_sdf,
    disc_sdf,
    ellipse_sdf,
    smoothstep,
    soft_spot,
    where,
)

CHROMA = 30  #: the ball's chroma: every hue is inside sRGB for L from 55 to 75
MAJOR = (37, 21)  #: the mean (a, b) of red flags
MINOR = (8, -42)  #: the mean (a, b) of blue flags, with the same chroma


def object_columns(rng: SceneRNG) -> tuple[Array, Array, Array]:
    """Return the x of near hoop, ladybird and ball in random order: (n, 1, 1) each."""
    order = np.argsort(np.stack([rng(), rng(), rng()]), axis=0)
    return tuple(0.19 + 0.31 * rank for rank in order.astype(np.float32))


def flag(canvas: Canvas, rng: SceneRNG, x: Array, top: Array, is_major: Array) -> None:
    """Draw a waving flag below (x, top); L is between 49 and 61 for both colours.

    Its a and b vary by up to 3: exactly two colours would have so few shades in 8-bit RGB that L
    would reveal the colour.
    """
    length, half, phase = rng(0.19, 0.23), rng(0.06, 0.07), rng()
    part = canvas.crop_around(x + length / 2, top + half, length / 2, half + 0.03)
    u = (part.x - x) / length
    wave = 2 * np.pi * (1.1 * u + phase)
    v = part.y - top - half - 0.016 * u * np.sin(wave)
    shape = box_sdf((u - 0.5) * length, v, length / 2, half)
    L = rng(53, 57) + 4 * np.cos(wave) * smoothstep(u, 0, 0.5)
    a, b = (where(is_major, *pair) + rng(-3, 3) for pair in zip(MAJOR, MINOR, strict=True))
    part.fill(part.coverage(shape), (L, a, b), "flag")


def ladybird(canvas: Canvas, rng: SceneRNG, column: Array) -> None:
    """Draw a ladybird from above, in any direction: red wings, black head, five spots."""
    x, y, unit = column + rng(-0.04, 0.04), rng(0.81, 0.88), rng(0.074, 0.082)
    part = canvas.crop_around(x, y, 1.7 * unit, 1.7 * unit)
    radius = 1.4 * unit
    shadow = soft_spot(part.x - x - 0.2 * unit, part.y - y - 0.25 * unit, radius, radius)
    part.darken(shadow, 0.26)
    angle = rng(0, 2 * np.pi)
    dx, dy = (part.x - x) / unit, (part.y - y) / unit
    u = dx * np.cos(angle) + dy * np.sin(angle)
    v = dy * np.cos(angle) - dx * np.sin(angle)
    black = (14, 2, 1)
    part.fill(part.coverage(disc_sdf(u, v + 0.8, 0.42) * unit), black, "ladybird", interior=False)
    L = 48 - 9 * (dx * dx + dy * dy) + 6 * soft_spot(dx + 0.35, dy + 0.4, 0.8, 0.8)
    wings = ellipse_sdf(u, v, 0.86, 1.0)
    part.fill(part.coverage(wings * unit), (L, 60, 42), "ladybird")
    marks = np.minimum(box_sdf(u, v - 0.1, 0.03, 0.9), disc_sdf(u, v + 0.75, 0.2))
    for across, along in ((0.45, -0.18), (0.4, 0.45)):
        marks = np.minimum(marks, disc_sdf(np.abs(u) - across, v - along, 0.17))
    part.fill(part.coverage(np.maximum(marks, wings) * unit), black, "ladybird", interior=False)


def ball(canvas: Canvas, rng: SceneRNG, column: Array, hue: Array) -> None:
    """Draw a shaded ball; L is between 55 and 75 for every hue."""
    x, y, radius = column + rng(-0.03, 0.03), rng(0.78, 0.86), rng(0.1, 0.12)
    part = canvas.crop_around(x + 0.3 * radius, y, 1.8 * radius, 1.5 * radius)
    u, v = (part.x - x) / radius, (part.y - y) / radius
    part.darken(soft_spot(u - 0.35, v - 0.9, 1.3, 0.5), 0.3)
    shade = smoothstep(disc_sdf(u + 0.3, v + 0.35, 0), 0.5, 1.5)
    light = soft_spot(u + 0.4, v + 0.45, 1.1, 1.1) - 0.9 * shade
    color = (rng(62, 68) + 7 * light, CHROMA * np.cos(hue), CHROMA * np.sin(hue))
    part.fill(part.coverage(disc_sdf(u, v, 1) * radius), color, "ball")
