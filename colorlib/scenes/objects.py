"""The three that lessons measure: a flag of one of two colours, a ladybird always red, a ball of any hue.

Their shades are drawn without regard to their colour, and edges are mixed in Lab, so that L says nothing
about which colour was drawn.
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

CHROMA = 30  #: of the ball: every hue of it lies inside sRGB for L in 55..75
MAJOR, MINOR = (
    (37, 21),
    (8, -42),
)  #: (a, b) at the middle of the two flags, red and blue, of one chroma


def object_columns(dice: SceneRNG) -> tuple[Array, Array, Array]:
    """Deal three places from left to right to near hoop, ladybird and ball: x of each, (n, 1, 1)."""
    order = np.argsort(np.stack([dice(), dice(), dice()]), axis=0)
    return tuple(0.19 + 0.31 * place for place in order.astype(np.float32))


def flag(canvas: Canvas, dice: SceneRNG, x: Array, top: Array, is_major: Array) -> None:
    """A waving flag, its upper corner at (x, top); L between 49 and 61 whatever the colour.

    Its a and b stray by up to 3: exactly two colours would have so few shades in 8-bit RGB that L told which.
    """
    long, half, phase = dice(0.19, 0.23), dice(0.06, 0.07), dice()
    part = canvas.near(x + long / 2, top + half, long / 2, half + 0.03)
    u = (part.x - x) / long
    wave = 2 * np.pi * (1.1 * u + phase)
    v = part.y - top - half - 0.016 * u * np.sin(wave)
    shape = box_sdf((u - 0.5) * long, v, long / 2, half)
    L = dice(53, 57) + 4 * np.cos(wave) * smoothstep(u, 0, 0.5)
    a, b = (where(is_major, *pair) + dice(-3, 3) for pair in zip(MAJOR, MINOR, strict=True))
    part.paint(part.cover(shape), (L, a, b), "flag")


def ladybird(canvas: Canvas, dice: SceneRNG, column: Array) -> None:
    """A ladybird seen from above, turned any way on the lawn: red wings, black head, five spots."""
    x, y, unit = column + dice(-0.04, 0.04), dice(0.81, 0.88), dice(0.074, 0.082)
    part = canvas.near(x, y, 1.7 * unit, 1.7 * unit)
    part.shadow(
        soft_spot(part.x - x - 0.2 * unit, part.y - y - 0.25 * unit, 1.4 * unit, 1.4 * unit), 0.26
    )
    turn = dice(0, 2 * np.pi)
    dx, dy = (part.x - x) / unit, (part.y - y) / unit
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    black = (14, 2, 1)
    part.paint(part.cover(disc_sdf(u, v + 0.8, 0.42) * unit), black, "ladybird", pure=False)
    L = 48 - 9 * (dx * dx + dy * dy) + 6 * soft_spot(dx + 0.35, dy + 0.4, 0.8, 0.8)
    wings = ellipse_sdf(u, v, 0.86, 1.0)
    part.paint(part.cover(wings * unit), (L, 60, 42), "ladybird")
    marks = np.minimum(box_sdf(u, v - 0.1, 0.03, 0.9), disc_sdf(u, v + 0.75, 0.2))
    for across, along in ((0.45, -0.18), (0.4, 0.45)):
        marks = np.minimum(marks, disc_sdf(np.abs(u) - across, v - along, 0.17))
    part.paint(part.cover(np.maximum(marks, wings) * unit), black, "ladybird", pure=False)


def ball(canvas: Canvas, dice: SceneRNG, column: Array, hue: Array) -> None:
    """A shaded ball on the lawn; L between 55 and 75 whatever the hue."""
    x, y, radius = column + dice(-0.03, 0.03), dice(0.78, 0.86), dice(0.1, 0.12)
    part = canvas.near(x + 0.3 * radius, y, 1.8 * radius, 1.5 * radius)
    u, v = (part.x - x) / radius, (part.y - y) / radius
    part.shadow(soft_spot(u - 0.35, v - 0.9, 1.3, 0.5), 0.3)
    light = soft_spot(u + 0.4, v + 0.45, 1.1, 1.1) - 0.9 * smoothstep(
        disc_sdf(u + 0.3, v + 0.35, 0), 0.5, 1.5
    )
    L = dice(62, 68) + 7 * light
    part.paint(
        part.cover(disc_sdf(u, v, 1) * radius),
        (L, CHROMA * np.cos(hue), CHROMA * np.sin(hue)),
        "ball",
    )
