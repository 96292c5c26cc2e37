"""What stands on the lawn: trees, a house, the flag's pole and croquet hoops, always in the same colours."""

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


def trees(canvas: Canvas, dice: SceneRNG, ground: Array) -> None:
    """Round trees and slim ones in turn, with their shadows, along the far edge of the lawn."""
    for number, place in enumerate((0.02, 0.22, 0.42, 0.62, 0.8, 0.98)):
        x, foot, tall = place + dice(-0.1, 0.1), ground + dice(0, 0.015), dice(0.1, 0.22)
        slim = number % 3 == 1
        wide = tall * (0.2 if slim else 0.42)
        _shadow(canvas, x + 0.3 * wide, foot, 1.5 * wide, 0.016)
        part = canvas.near(x, foot - tall / 2, 1.5 * wide, 0.62 * tall)
        u, v = part.x - x, part.y - foot
        part.paint(part.cover(box_sdf(u, v + 0.2 * tall, 0.007, 0.2 * tall)), (40, 9, 18), "tree")
        if slim:
            crown = ellipse_sdf(u, v + 0.58 * tall, wide, 0.48 * tall)
        else:
            crown = disc_sdf(u, v + 0.68 * tall, 0.34 * tall)
            for side in (-1, 1):
                lobe = disc_sdf(
                    u - side * 0.23 * tall, v + dice(0.48, 0.6) * tall, dice(0.2, 0.27) * tall
                )
                crown = np.minimum(crown, lobe)
        L, a, b = _GREENS[number % 3]
        sunny = np.clip((-0.5 * u - 0.9 * (v + 0.6 * tall)) / tall, -0.5, 0.5)
        part.paint(part.cover(crown), (L + 18 * sunny, a, b + 6 * sunny), "tree")


def house(canvas: Canvas, dice: SceneRNG, x: Array, ground: Array) -> None:
    """A cream cottage with a terracotta roof, a chimney, a door and two windows."""
    rx = dice(0.1, 0.135)
    foot, wall, roof = ground + 0.035, dice(0.85, 1.05) * rx, dice(0.75, 0.95) * rx
    _shadow(canvas, x + 0.04, foot, 1.5 * rx, 0.025)
    part = canvas.near(x, foot - wall, 1.3 * rx, 1.2 * rx)
    u, v = part.x - x, part.y - foot
    chimney = box_sdf(u - 0.4 * rx, v + wall + 0.8 * roof, 0.13 * rx, 0.4 * roof)
    part.paint(part.cover(chimney), (54, 24, 24), "house")
    shade = 3 * smoothstep(u, -rx, rx) + 4 * smoothstep(v, -0.75 * wall, -wall)
    part.paint(part.cover(box_sdf(u, v + wall / 2, rx, wall / 2)), (91 - shade, 1, 10), "house")
    lean = 0.56 * rx
    slope = ((np.abs(u) - 0.62 * rx) * roof - (v + wall + roof) * lean) / np.sqrt(roof**2 + lean**2)
    tiles = (
        2 * np.sin(2 * np.pi * 5 * (v + wall) / roof) * (part.size >= 128)
    )  # too fine for a small picture
    gable = np.maximum(slope, box_sdf(u, v + wall + roof / 2, 1, roof / 2))
    part.paint(part.cover(gable), (55 - 4 * smoothstep(u, -rx, rx) + tiles, 32, 32), "house")
    part.paint(
        part.cover(box_sdf(u, v + 0.29 * wall, 0.17 * rx, 0.29 * wall)), (42, 18, 26), "house"
    )
    for side in (-1, 1):
        w, t = (u - side * 0.58 * rx) / rx, (v + 0.55 * wall) / rx
        part.paint(part.cover(box_sdf(w, t, 0.21, 0.21) * rx), (97, 0, 2), "house")
        part.paint(part.cover(box_sdf(w, t, 0.17, 0.17) * rx), (72, -6, -16), "house")
        bars = np.maximum(np.minimum(np.abs(w), np.abs(t)) - 0.02, box_sdf(w, t, 0.18, 0.18))
        part.paint(part.cover(bars * rx), (97, 0, 2), "house")


def pole(canvas: Canvas, x: Array, foot: Array, tall: Array) -> None:
    """A white pole with a golden knob, for the flag."""
    _shadow(canvas, x + 0.02, foot, 0.05, 0.01)
    part = canvas.near(x, foot - tall / 2, 0.02, tall / 2 + 0.02)
    u, v = part.x - x, part.y - foot
    L = 92 - 8 * smoothstep(u, -0.008, 0.008)
    part.paint(part.cover(box_sdf(u, v + tall / 2, 0.008, tall / 2)), (L, 0, 4), "pole")
    part.paint(part.cover(disc_sdf(u, v + tall, 0.013)), (76, 8, 58), "pole", pure=False)


def hoops(canvas: Canvas, dice: SceneRNG, places: tuple[Array, ...], ground: Array) -> None:
    """Three white hoops, from far to near, each with the shadow that it throws towards the viewer."""
    deep = 1 - ground
    for x, depth, unit in zip(places, (0.3, 0.38, 0.76), (0.11, 0.15, 0.29), strict=True):
        x, foot, unit = (
            x + dice(-0.03, 0.03),
            ground + (depth + dice(-0.03, 0.03)) * deep,
            unit * deep,
        )
        thick = 0.06 * unit + 0.004
        part = canvas.near(x + 0.4 * unit, foot - 0.5 * unit, 1.4 * unit, 1.25 * unit)
        u, v = part.x - x, part.y - foot
        up = np.maximum(v, 0) / 0.4  # the height whose shadow falls here
        part.shadow(part.cover(np.maximum(_arch(u - 0.5 * up, -up, unit, thick), -v)), 0.16)
        part.paint(
            part.cover(_arch(u, v, unit, thick)),
            (95 - 10 * smoothstep(u, -unit, unit), 0, 3),
            "hoop",
        )


def _arch(u: Array, v: Array, unit: Array | float, thick: Array | float) -> Array:
    """Distance to an arch of half-width 0.75 and height 1.6 units that stands on (0, 0)."""
    bend = np.abs(disc_sdf(u, np.minimum(v + 0.85 * unit, 0), 0.75 * unit)) - thick
    return np.maximum(bend, v)


def _shadow(canvas: Canvas, x: Array, y: Array, rx: Array | float, ry: Array | float) -> None:
    part = canvas.near(x, y, rx, ry)
    part.shadow(soft_spot(part.x - x, part.y - y, rx, ry), 0.25)
