"""Drawings of networks: the sizes inside a U-Net, and the two networks and two losses of a GAN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch, Rectangle

from colorlib.viz.figure import OKABE_ITO, Figure
from colorlib.viz.images import to_array

_BLUE, _VERMILION, _GREEN = OKABE_ITO[:3]
_INK, _GRAY = "#222222", "#666666"
_DOWN_FILL, _UP_FILL, _END_FILL = "#f6d9c2", "#cbe1f1", "#e8e8e8"

# The layout of the U with sizes, in inches.
_HEIGHT_OF_LARGEST = 0.92
_COLUMN = 1.06  # from one level to the next
_DROP = 0.86  # how far a level is below the one above
_NARROWEST = 0.07


def unet_sizes(
    num_downs: int = 4, base_channels: int = 64, side: int = 64, out_channels: int = 2
) -> Figure:
    """Draw the U-Net of pix2pix as blocks with channels and sizes.

    A block is as high as its image and wider the more channels it has. Next to each result on the
    way up is the copy that its skip brings, so that twice as many channels enter the next layer.

    Args:
        num_downs: How often the image is halved.
        base_channels: Channels after the first convolution; they double, up to eight times as many.
        side: Height and width of the input in pixels, divisible by 2 ** num_downs.
        out_channels: Channels of the output.

    Raises:
        ValueError: If the image cannot be halved so often.

    Example:
        >>> unet_sizes(num_downs=2, side=64).alt[:45]
        'A U of blocks. Down: 1 x 64 x 64, 64 x 32 x 3'
    """
    if num_downs < 1 or side % 2**num_downs:
        expected = "expected a side that can be halved so often without a remainder"
        raise ValueError(f"side is {side} and num_downs is {num_downs}; {expected}")
    down = [1] + [base_channels * min(2**k, 8) for k in range(num_downs)]
    up = [out_channels, *down[1:-1]]  # from the outermost level to the innermost
    sides = [side // 2**k for k in range(num_downs + 1)]
    figure = Figure(alt=_sizes_alt(down, up, sides), figsize=(9.2, 4.7), layout=None)
    axes = figure.add_axes((0, 0, 1, 1))
    last = 2 * num_downs * _COLUMN
    left_blocks, right_blocks = [], []
    for k, channels in enumerate(down):
        fill = _DOWN_FILL if k else _END_FILL
        block = _Block(k * _COLUMN, -k * _DROP, channels, sides[k])
        block.draw(axes, fill)
        block.write(axes, f"{channels}")
        left_blocks.append(block)
    for k, channels in enumerate(up):
        block = _Block(last - k * _COLUMN, -k * _DROP, channels, sides[k])
        text = f"{channels}"
        if k:  # the copy is left of the result
            copy = _Block(block.x - block.width, block.y, down[k], sides[k])
            copy.draw(axes, _DOWN_FILL, hatch="////")
            start = (left_blocks[k].right + 0.05, block.y)
            _draw_arrow(axes, start, (copy.left - 0.05, block.y), dashed=True)
            text = f"{down[k]} + {channels}"
        block.draw(axes, _UP_FILL if k else _END_FILL)
        block.write(axes, text, beside=True)
        right_blocks.append(block)
    right_blocks.append(left_blocks[-1])
    for k in range(num_downs):
        above, below = left_blocks[k], left_blocks[k + 1]
        start = (above.right + 0.03, above.y - 0.1)
        _draw_arrow(axes, start, (below.left - 0.03, below.y + 0.1), _VERMILION)
        x, y = (above.right + below.left) / 2 + 0.1, (above.y + below.y) / 2 + 0.12
        axes.text(x, y, f"level {k}", color=_GRAY, fontsize=9, va="bottom")
        above, below = right_blocks[k], right_blocks[k + 1]
        left = above.left - (above.width if k else 0)
        start = (below.left if k + 1 < num_downs else below.right - 0.05, below.top + 0.03)
        _draw_arrow(axes, start, (left - 0.03, above.y - 0.12), _BLUE)
    axes.text(0, 0.55, "L", fontsize=12, ha="center", style="italic")
    axes.text(last, 0.55, "a, b", fontsize=12, ha="center", style="italic")
    _draw_key(axes, last / 2)
    axes.set(xlim=(-0.45, last + 0.95), ylim=(-num_downs * _DROP - 0.55, 0.85), aspect="equal")
    axes.set_axis_off()
    return figure


def _sizes_alt(down: Sequence[int], up: Sequence[int], sides: Sequence[int]) -> str:
    def sizes(channels: Sequence[int], sides: Sequence[int]) -> str:
        return ", ".join(f"{c} x {s} x {s}" for c, s in zip(channels, sides, strict=True))

    way_up = [(channels, side) for channels, side in zip(up, sides, strict=False)][::-1]
    results = sizes([channels for channels, _ in way_up], [side for _, side in way_up])
    skips = "Between equal sizes, a dashed arrow copies the left block to the result on the right."
    return f"A U of blocks. Down: {sizes(down, sides)}. Up: {results}. {skips}"


@dataclass(frozen=True)
class _Block:
    """A stack of feature maps: as high as the image, and wider the more channels it has."""

    x: float
    y: float
    channels: int
    side: int

    @property
    def width(self) -> float:
        return _NARROWEST + 0.016 * self.channels**0.5

    @property
    def height(self) -> float:
        return _HEIGHT_OF_LARGEST * (self.side / 64) ** 0.5

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        return self.y + self.height / 2

    def draw(self, axes: Axes, fill: str, hatch: str = "") -> None:
        box = Rectangle((self.left, self.y - self.height / 2), self.width, self.height)
        box.set(facecolor=fill, edgecolor=_INK, linewidth=1, hatch=hatch)
        box.set_hatch_linewidth(0.5)
        axes.add_patch(box)

    def write(self, axes: Axes, channels: str, *, beside: bool = False) -> None:
        """Write the channels and the size below the block, or right of it."""
        if beside:
            x, y, ha = self.right + 0.08, self.y + 0.12, "left"
        else:
            x, y, ha = self.x, self.y - self.height / 2 - 0.05, "center"
        axes.text(x, y, channels, ha=ha, va="top", fontsize=10, weight="bold")
        size = f"{self.side} x {self.side}"
        axes.text(x, y - 0.17, size, ha=ha, va="top", fontsize=8.5, color=_GRAY)


def _draw_arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str = _GRAY,
    *,
    dashed: bool = False,
    bend: float = 0.0,
) -> None:
    style = {
        "arrowstyle": "-|>",
        "color": color,
        "linewidth": 1.8,
        "shrinkA": 0,
        "shrinkB": 0,
        "mutation_scale": 12,
        "connectionstyle": f"arc3,rad={bend}",
    }
    if dashed:
        style |= {"linestyle": (0, (4, 3)), "linewidth": 1.2}
    axes.annotate("", end, start, arrowprops=style)


def _draw_key(axes: Axes, middle: float) -> None:
    """Explain the three arrows, above the U."""
    entries = (
        ("halves: 4x4 convolution, stride 2", _VERMILION, False),
        ("skip: copied and concatenated", _GRAY, True),
        ("doubles: 4x4 transposed convolution", _BLUE, False),
    )
    for k, (text, color, dashed) in enumerate(entries):
        y = 0.7 - 0.2 * k
        _draw_arrow(axes, (middle - 1.6, y), (middle - 1.2, y), color, dashed=dashed)
        axes.text(middle - 1.1, y, text, va="center", fontsize=9)


def gan_diagram(gray: Any, fake: Any, real: Any, *, alt: str = "") -> Figure:
    """Draw the two networks of a conditional GAN, with a photo's way through them and two losses.

    Args:
        gray: The photo's lightness, which both networks see.
        fake: The photo in the colours that a generator predicted.
        real: The photo in its true colours.
        alt: A description; by default one that fits every photo.

    Example:
        >>> import torch
        >>> gray = torch.full((1, 1, 4, 4), 0.5)
        >>> gan_diagram(gray, gray, gray).alt[:41]
        'Two networks. The generator turns L into '
    """
    figure = Figure(alt=alt or _GAN_ALT, figsize=(9.2, 4.2), layout=None)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 9.2), ylim=(0, 4.2))
    axes.set_axis_off()
    _draw_photo(axes, gray, (0.15, 2.35), "L", 1.05)
    _draw_network(axes, (1.75, 2.5), "generator", "U-Net", _BLUE)
    _draw_photo(axes, fake, (3.75, 2.35), "fake: L with predicted a, b", 1.05)
    _draw_photo(axes, real, (3.75, 0.36), "real: L with true a, b", 1.05)
    _draw_network(axes, (5.6, 1.45), "discriminator", "PatchGAN", _VERMILION)
    _draw_arrow(axes, (1.25, 2.87), (1.7, 2.87), _INK)
    _draw_arrow(axes, (3.2, 2.87), (3.7, 2.87), _INK)
    _draw_arrow(axes, (4.85, 2.75), (5.55, 2.1), _INK)
    _draw_arrow(axes, (4.85, 0.95), (5.55, 1.6), _INK)
    _draw_logits(axes, (7.45, 1.5))
    _draw_arrow(axes, (7.05, 1.85), (7.4, 1.85), _INK)
    axes.text(7.8, 1.42, "a logit for\neach patch", ha="center", va="top", fontsize=9, color=_GRAY)
    loss = {"fontsize": 9.5, "va": "center", "linespacing": 1.35}
    text = "generator's loss: fake → 1 (it should count as real),\n"
    text += "plus λ · | predicted a, b − true a, b |"
    axes.text(5.35, 3.72, text, color=_BLUE, **loss)
    text = "discriminator's loss: real → 1, fake → 0"
    axes.text(5.35, 0.32, text, color=_VERMILION, **loss)
    _draw_arrow(axes, (5.25, 3.75), (2.5, 3.32), _BLUE, dashed=True, bend=0.12)
    axes.text(3.1, 3.78, "trains", color=_BLUE, fontsize=9, ha="center")
    _draw_arrow(axes, (6.35, 0.48), (6.35, 1.38), _VERMILION, dashed=True)
    axes.text(6.43, 0.85, "trains", color=_VERMILION, fontsize=9, va="center")
    return figure


_GAN_ALT = (
    "Two networks. The generator turns L into predicted colours, the fake. The discriminator sees "
    "the fake and the real photo, both with L, and gives a logit for each patch. Its loss wants 1 "
    "for real and 0 for fake, and trains the discriminator. The other loss wants the fake to count "
    "as real and to be near the truth, and trains the generator."
)


def _draw_photo(
    axes: Axes, image: Any, corner: tuple[float, float], title: str, side: float
) -> None:
    left, bottom = corner
    extent = (left, left + side, bottom, bottom + side)
    axes.imshow(to_array(image), extent=extent, interpolation="nearest", aspect="auto")
    axes.text(left + side / 2, bottom - 0.06, title, ha="center", va="top", fontsize=9)


def _draw_network(
    axes: Axes, corner: tuple[float, float], name: str, kind: str, color: str
) -> None:
    box = FancyBboxPatch(corner, 1.4, 0.75, boxstyle="round,pad=0.02,rounding_size=0.1")
    box.set(facecolor=color, edgecolor="none")
    axes.add_patch(box)
    x, y = corner[0] + 0.7, corner[1]
    axes.text(x, y + 0.48, name, ha="center", va="center", color="white", weight="bold")
    axes.text(x, y + 0.2, kind, ha="center", va="center", color="white", fontsize=9)


def _draw_logits(axes: Axes, corner: tuple[float, float]) -> None:
    """Draw a small map of logits, for a fake whose upper left looks real."""
    values = np.add.outer(np.linspace(0.2, 0.75, 5), np.linspace(0.1, 0.25, 5))[::-1]
    left, bottom = corner
    extent = (left, left + 0.7, bottom, bottom + 0.7)
    axes.imshow(1 - values, extent=extent, cmap="gray", vmin=0, vmax=1, aspect="auto")
