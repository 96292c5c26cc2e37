"""Trees, a house, a flagpole and croquet hoops, each always in the same colours."""

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
)

_GREENS = ((50, -26, 28), (44, -22, 18), (56, -25, 36))


def trees(canvas: Canvas, rng: SceneRNG, ground: Array) -> None:
    """Draw round and slim trees in turn, with shadows, along the far edge of the lawn."""
    for number, mean_x in enumerate((0.02, 0.22, 0.42, 0.62, 0.8, 0.98)):
        x, foot, tall = mean_x + rng(-0.1, 0.1), ground + rng(0, 0.015), rng(0.1, 0.22)
        is_slim = number % 3 == 1
        wide = tall * (0.2 if is_slim else 0.42)
        _darken_spot(canvas, x + 0.3 * wide, foot, 1.5 * wide, 0.016)
        part = canvas.crop_around(x, foot - tall / 2, 1.5 * wide, 0.62 * tall)
        u, v = part.x - x, part.y - foot
        part.fill(part.coverage(box_sdf(u, v + 0.2 * tall, 0.007, 0.2 * tall)), (40, 9, 18), "tree")
        if is_slim:
            crown = ellipse_sdf(u, v + 0.58 * tall, wide, 0.48 * tall)
        else:
            crown = disc_sdf(u, v + 0.68 * tall, 0.34 * tall)
            for side in (-1, 1):
                height, radius = rng(0.48, 0.6) * tall, rng(0.2, 0.27) * tall
                lobe = disc_sdf(u - side * 0.23 * tall, v + height, radius)
                crown = np.minimum(crown, lobe)
        L, a, b = _GREENS[number % 3]
        sunny = np.clip((-0.5 * u - 0.9 * (v + 0.6 * tall)) / tall, -0.5, 0.5)
        part.fill(part.coverage(crown), (L + 18 * sunny, a, b + 6 * sunny), "tree")


def house(canvas: Canvas, rng: SceneRNG, x: Array, ground: Array) -> None:
    """Draw a cream cottage with a terracotta roof, a chimney, a door and two windows."""
    rx = rng(0.1, 0.135)
    foot, wall, roof = ground + 0.035, rng(0.85, 1.05) * rx, rng(0.75, 0.95) * rx
    _darken_spot(canvas, x + 0.04, foot, 1.5 * rx, 0.025)
    part = canvas.crop_around(x, foot - wall, 1.3 * rx, 1.2 * rx)
    u, v = part.x - x, part.y - foot
    chimney = box_sdf(u - 0.4 * rx, v + wall + 0.8 * roof, 0.13 * rx, 0.4 * roof)
    part.fill(part.coverage(chimney), (54, 24, 24), "house")
    shade = 3 * smoothstep(u, -rx, rx) + 4 * smoothstep(v, -0.75 * wall, -wall)
    part.fill(part.coverage(box_sdf(u, v + wall / 2, rx, wall / 2)), (91 - shade, 1, 10), "house")
    lean = 0.56 * rx
    slope = ((np.abs(u) - 0.62 * rx) * roof - (v + wall + roof) * lean) / np.sqrt(roof**2 + lean**2)
    tiles = 2 * np.sin(2 * np.pi * 5 * (v + wall) / roof)
    tiles = tiles * (part.size >= 128)  # too fine for small images
    gable = np.maximum(slope, box_sdf(u, v + wall + roof / 2, 1, roof / 2))
    part.fill(part.coverage(gable), (55 - 4 * smoothstep(u, -rx, rx) + tiles, 32, 32), "house")
    door = box_sdf(u, v + 0.29 * wall, 0.17 * rx, 0.29 * wall)
    part.fill(part.coverage(door), (42, 18, 26), "house")
    for side in (-1, 1):
        w, t = (u - side * 0.58 * rx) / rx, (v + 0.55 * wall) / rx
        part.fill(part.coverage(box_sdf(w, t, 0.21, 0.21) * rx), (97, 0, 2), "house")
        part.fill(part.coverage(box_sdf(w, t, 0.17, 0.17) * rx), (72, -6, -16), "house")
        bars = np.maximum(np.minimum(np.abs(w), np.abs(t)) - 0.02, box_sdf(w, t, 0.18, 0.18))
        part.fill(part.coverage(bars * rx), (97, 0, 2), "house")


def pole(canvas: Canvas, x: Array, foot: Array, tall: Array) -> None:
    """Draw a white flagpole with a golden knob."""
    _darken_spot(canvas, x + 0.02, foot, 0.05, 0.01)
    part = canvas.crop_around(x, foot - tall / 2, 0.02, tall / 2 + 0.02)
    u, v = part.x - x, part.y - foot
    L = 92 - 8 * smoothstep(u, -0.008, 0.008)
    part.fill(part.coverage(box_sdf(u, v + tall / 2, 0.008, tall / 2)), (L, 0, 4), "pole")
    part.fill(part.coverage(disc_sdf(u, v + tall, 0.013)), (76, 8, 58), "pole", interior=False)


def hoops(canvas: Canvas, rng: SceneRNG, columns: tuple[Array, ...], ground: Array) -> None:
    """Draw three white hoops, from far to near, each with its shadow towards the viewer."""
    lawn_height = 1 - ground
    depths_and_sizes = ((0.3, 0.11), (0.38, 0.15), (0.76, 0.29))
    for column, (mean_depth, relative_size) in zip(columns, depths_and_sizes, strict=True):
        x = column + rng(-0.03, 0.03)
        foot = ground + (mean_depth + rng(-0.03, 0.03)) * lawn_height
        unit = relative_size * lawn_height
        thick = 0.06 * unit + 0.004
        part = canvas.crop_around(x + 0.4 * unit, foot - 0.5 * unit, 1.4 * unit, 1.25 * unit)
        u, v = part.x - x, part.y - foot
        height = np.maximum(v, 0) / 0.4  # the height on the hoop whose shadow is at this pixel
        shadow = np.maximum(_arch_sdf(u - 0.5 * height, -height, unit, thick), -v)
        part.darken(part.coverage(shadow), 0.16)
        L = 95 - 10 * smoothstep(u, -unit, unit)
        part.fill(part.coverage(_arch_sdf(u, v, unit, thick)), (L, 0, 3), "hoop")


def _arch_sdf(u: Array, v: Array, unit: Array, thick: Array) -> Array:
    """Return the distance to an arch of half-width 0.75 and height 1.6 units above (0, 0)."""
    bend = np.abs(disc_sdf(u, np.minimum(v + 0.85 * unit, 0), 0.75 * unit)) - thick
    return np.maximum(bend, v)


def _darken_spot(canvas: Canvas, x: Array, y: Array, rx: Array | float, ry: float) -> None:
    """Draw a soft elliptical shadow around (x, y)."""
    part = canvas.crop_around(x, y, rx, ry)
    part.darken(soft_spot(part.x - x, part.y - y, rx, ry), 0.25)
