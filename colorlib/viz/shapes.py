"""Pictures laid out in the shape of the network that they pass through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from colorlib.viz.figure import Figure
from colorlib.viz.images import to_array

_SHRINK, _GAP, _STEP = (
    0.8,
    0.12,
    0.55,
)  # of a level's side against the one above; beside it; down from it


def unet_diagram(
    down: Sequence[Any],
    up: Sequence[Any],
    *,
    alt: str,
    labels: Sequence[str] = (),
    width: float = 8.0,
) -> Figure:
    """Draw pictures as the U of a U-Net: down on the left, up on the right, dashed lines for the skips.

    Args:
        down: The pictures on the way down, from the input to the middle of the U.
        up: Those on the way up that stand opposite, from the output inwards: one fewer.
        alt: What is seen, in a sentence or two.
        labels: One for each of ``down``, written below it; none if empty.
        width: Of the figure, in inches.

    Raises:
        ValueError: If the numbers of pictures or labels do not fit together.

    Example:
        >>> import torch
        >>> gray = torch.full((1, 1, 4, 4), 0.5)
        >>> unet_diagram([gray, gray], [gray], alt="Three gray squares, the middle one lower and smaller.")
        <Figure: Three gray squares, the middle one lower and smaller.>
    """
    if len(down) != len(up) + 1 or len(labels) not in (0, len(down)):
        found = f"{len(down)} pictures down, {len(up)} up and {len(labels)} labels"
        raise ValueError(
            f"{found}; expected one more down than up, and a label for each down or none"
        )
    sides = [_SHRINK**k for k in range(len(down))]
    lefts = [sum(sides[:k]) + _GAP * k for k in range(len(down))]
    tops = [-_STEP * sum(sides[:k]) for k in range(len(down))]
    right, bottom = (
        2 * lefts[-1] + sides[-1],
        min(top - side for top, side in zip(tops, sides, strict=True)),
    )
    bottom -= 0.2 if labels else 0.0
    figure = Figure(alt=alt, photo=True, figsize=(width, width * -bottom / right + 0.1))
    axes = figure.subplots()
    for k, (side, left, top) in enumerate(zip(sides, lefts, tops, strict=True)):
        pictures = [(left, down[k])] + ([(right - left - side, up[k])] if k < len(up) else [])
        for x, picture in pictures:
            axes.imshow(
                to_array(picture), extent=(x, x + side, top - side, top), interpolation="nearest"
            )
        if k < len(up):
            ends, height = (left + side, right - left - side), top - 0.1 * side
            axes.plot(ends, (height, height), color="#555555", linestyle=(0, (4, 3)), linewidth=1)
        if k < len(labels):
            axes.text(left + side, top - side - 0.04, labels[k], ha="right", va="top", fontsize=8)
    axes.set(xlim=(0, right), ylim=(bottom, 0), aspect="equal")
    axes.set_axis_off()
    return figure
