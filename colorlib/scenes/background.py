"""The background of a scene: sky, clouds, hills and the mown lawn.

Their a and b follow from L and the position. The time of day (``evening``, from 0 at noon to 1)
changes L and colour together.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from colorlib.scenes.drawing import Canvas, SceneRNG, disc_sdf, lerp, smoothstep, soft_spot, where

_TURN = 2 * np.pi


def sky(canvas: Canvas, rng: SceneRNG, evening: Array) -> None:
    """Draw a gradient from deep blue to pale, peach in the evening, and the sun with its glow."""
    height = smoothstep(canvas.y, 0, 0.62)
    top = lerp((69, -6, -32), (57, 8, -28), evening)
    low = lerp((91, -6, -10), (87, 10, 22), evening)
    canvas.fill(np.ones_like(canvas.interior, np.float32), lerp(top, low, height), "sky")
    x, y = rng(0.12, 0.4), 0.11 + 0.3 * evening
    halo = soft_spot(canvas.x - x, canvas.y - y, 0.34, 0.34)
    canvas.lab[:, 0] += 5 * halo
    canvas.lab[:, 2] += 15 * halo
    part = canvas.crop_around(x, y, 0.055, 0.055)
    part.fill(part.coverage(disc_sdf(part.x - x, part.y - y, 0.055)), (95, -3, 20), "sun")


def clouds(canvas: Canvas, rng: SceneRNG, evening: Array) -> None:
    """Draw three clouds of four lobes each, flat below, with a lilac or pink shade."""
    for mean_x in (0.12, 0.5, 0.88):
        x, y, unit = mean_x + rng(-0.15, 0.15), rng(0.09, 0.38), rng(0.025, 0.062)
        part = canvas.crop_around(x, y, 4.2 * unit, 2.6 * unit)
        u, v = (part.x - x) / unit, (part.y - y) / unit
        lobes = ((-2.1, 0.7), (-0.7, 1.2), (0.6, 1.0), (1.9, 0.8))
        shape = np.float32(9)
        for mean_u, mean_radius in lobes:
            center, radius = mean_u + rng(-0.3, 0.3), mean_radius * rng(0.8, 1.15)
            shape = np.minimum(shape, disc_sdf(u - center, v + 0.35 * radius, radius))
        shape = np.maximum(shape, v - 0.55)
        under = lerp((86, 2, -7), (80, 13, 6), evening)
        color = lerp((97, 0, -1), under, smoothstep(v, -1.2, 0.8))
        part.fill(0.97 * part.coverage(shape * unit), color, "cloud")


def hills(canvas: Canvas, rng: SceneRNG, lawn_edge: Array) -> None:
    """Draw three ranges, the nearer the darker and greener, each lighter along its crest."""
    ranges = (((77, -8, -12), 0.17, 0.11), ((70, -17, 4), 0.1, 0.07), ((62, -25, 22), 0.045, 0.045))
    for color, rise, swing in ranges:
        slow = np.sin(_TURN * (rng(0.6, 1.1) * canvas.x + rng()))
        quick = np.sin(_TURN * (rng(1.6, 2.4) * canvas.x + rng()))
        crest = lawn_edge - rise - rng(0.4, 1) * swing * (0.65 * slow + 0.3 * quick)
        below = canvas.y - crest
        L, a, b = color
        canvas.fill(canvas.coverage(-below), (L + 4 - 9 * smoothstep(below, 0, 0.2), a, b), "hill")


def lawn(canvas: Canvas, rng: SceneRNG, lawn_edge: Array) -> None:
    """Draw mown stripes that meet in a point behind the hills, sometimes crossed, and daisies."""
    horizon = lawn_edge - 0.16  # the y at which the stripes would meet
    depth = np.maximum(canvas.y - horizon, 0.05)
    along = _stripes((canvas.x - rng(0.2, 0.8)) / depth * rng(1.6, 2.2) + rng())
    across = _stripes(rng(0.5, 0.7) / depth + rng())
    light = along * where(rng() < 0.4, across, 1)
    edge = lawn_edge + 0.008 * np.sin(_TURN * (canvas.x + rng()))
    L = 65 + 3.5 * light + 5 * smoothstep(canvas.y, 0.9, 0.5)
    canvas.fill(canvas.coverage(edge - canvas.y), (L, -29, 39 - light), "lawn")
    for _ in range(7):
        x, y = rng(), rng(0.66, 0.98)
        size = rng(0.008, 0.014) * (y - horizon)
        part = canvas.crop_around(x, y, 2 * size, 2 * size)
        u, v = part.x - x, part.y - y
        part.fill(
            part.coverage(disc_sdf(u, 1.5 * v, 1.6 * size)), (94, -2, 4), "lawn", interior=False
        )
        part.fill(
            part.coverage(disc_sdf(u, 1.5 * v, 0.6 * size)), (80, 4, 62), "lawn", interior=False
        )


def tint_evening(canvas: Canvas, evening: Array) -> None:
    """Make everything drawn so far a little darker and warmer."""
    canvas.lab[:, 0] -= 6 * evening
    canvas.lab[:, 1] += 3 * evening
    canvas.lab[:, 2] += 4 * evening


def _stripes(phase: Array) -> Array:
    """Return light and dark bands, 1 and -1, one pair for each unit of phase, with soft edges."""
    return np.clip(12 * (np.abs(phase - np.floor(phase) - 0.5) - 0.25), -1, 1)
