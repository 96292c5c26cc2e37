"""What lies behind the play: sky, clouds, hills and the mown lawn.

Their a and b follow from L and place; the hour (``evening``, 0 at noon to 1) moves L and colour together.
"""

from __future__ import annotations

import numpy as np
from numpy import ndarray as Array

from colorlib.scenes.drawing import Canvas, SceneRNG, disc_sdf, lerp, smoothstep, soft_spot, where

_TURN = 2 * np.pi


def sky(canvas: Canvas, dice: SceneRNG, evening: Array) -> None:
    """A gradient from deep blue to pale, peach in the evening, and the sun with its glow."""
    height = smoothstep(canvas.y, 0, 0.62)
    top = lerp((69, -6, -32), (57, 8, -28), evening)
    low = lerp((91, -6, -10), (87, 10, 22), evening)
    canvas.paint(np.ones_like(canvas.pure, np.float32), lerp(top, low, height), "sky")
    x, y = dice(0.12, 0.4), 0.11 + 0.3 * evening
    halo = soft_spot(canvas.x - x, canvas.y - y, 0.34, 0.34)
    canvas.lab[:, 0] += 5 * halo
    canvas.lab[:, 2] += 15 * halo
    part = canvas.near(x, y, 0.055, 0.055)
    part.paint(part.cover(disc_sdf(part.x - x, part.y - y, 0.055)), (95, -3, 20), "sun")


def clouds(canvas: Canvas, dice: SceneRNG, evening: Array) -> None:
    """Three clouds of four lobes each, flat below, lilac or pink in their shade."""
    for place in (0.12, 0.5, 0.88):
        x, y, unit = place + dice(-0.15, 0.15), dice(0.09, 0.38), dice(0.025, 0.062)
        part = canvas.near(x, y, 4.2 * unit, 2.6 * unit)
        u, v = (part.x - x) / unit, (part.y - y) / unit
        lobes = ((-2.1, 0.7), (-0.7, 1.2), (0.6, 1.0), (1.9, 0.8))
        shape = np.float32(9)
        for middle, radius in lobes:
            at, radius = middle + dice(-0.3, 0.3), radius * dice(0.8, 1.15)
            shape = np.minimum(shape, disc_sdf(u - at, v + 0.35 * radius, radius))
        shape = np.maximum(shape, v - 0.55)
        under = lerp((86, 2, -7), (80, 13, 6), evening)
        color = lerp((97, 0, -1), under, smoothstep(v, -1.2, 0.8))
        part.paint(0.97 * part.cover(shape * unit), color, "cloud")


def hills(canvas: Canvas, dice: SceneRNG, lawn_edge: Array) -> None:
    """Three ranges, each nearer one darker and greener, lighter along the crest."""
    ranges = (((77, -8, -12), 0.17, 0.11), ((70, -17, 4), 0.1, 0.07), ((62, -25, 22), 0.045, 0.045))
    for color, rise, swing in ranges:
        slow = np.sin(_TURN * (dice(0.6, 1.1) * canvas.x + dice()))
        quick = np.sin(_TURN * (dice(1.6, 2.4) * canvas.x + dice()))
        crest = lawn_edge - rise - dice(0.4, 1) * swing * (0.65 * slow + 0.3 * quick)
        below = canvas.y - crest
        L, a, b = color
        canvas.paint(canvas.cover(-below), (L + 4 - 9 * smoothstep(below, 0, 0.2), a, b), "hill")


def lawn(canvas: Canvas, dice: SceneRNG, lawn_edge: Array) -> None:
    """Mown stripes that meet in a point behind the hills, sometimes crossed, with daisies."""
    far = lawn_edge - 0.16  # where the stripes would meet
    depth = np.maximum(canvas.y - far, 0.05)
    along = _stripes((canvas.x - dice(0.2, 0.8)) / depth * dice(1.6, 2.2) + dice())
    across = _stripes(dice(0.5, 0.7) / depth + dice())
    light = along * where(dice() < 0.4, across, 1)
    edge = lawn_edge + 0.008 * np.sin(_TURN * (canvas.x + dice()))
    L = 65 + 3.5 * light + 5 * smoothstep(canvas.y, 0.9, 0.5)
    canvas.paint(canvas.cover(edge - canvas.y), (L, -29, 39 - light), "lawn")
    for _ in range(7):
        x, y = dice(), dice(0.66, 0.98)
        size = dice(0.008, 0.014) * (y - far)
        part = canvas.near(x, y, 2 * size, 2 * size)
        u, v = part.x - x, part.y - y
        part.paint(part.cover(disc_sdf(u, 1.5 * v, 1.6 * size)), (94, -2, 4), "lawn", pure=False)
        part.paint(part.cover(disc_sdf(u, 1.5 * v, 0.6 * size)), (80, 4, 62), "lawn", pure=False)


def tint_evening(canvas: Canvas, evening: Array) -> None:
    """Make everything so far a little darker and warmer."""
    canvas.lab[:, 0] -= 6 * evening
    canvas.lab[:, 1] += 3 * evening
    canvas.lab[:, 2] += 4 * evening


def _stripes(phase: Array) -> Array:
    """Light and dark bands, 1 and -1, one pair for each unit of phase, with soft borders."""
    return np.clip(12 * (np.abs(phase - np.floor(phase) - 0.5) - 0.25), -1, 1)
