"""Figures of images: in a row, in a grid, before and after, and split into channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from torch import Tensor

from colorlib.color import rgb_to_lab
from colorlib.io.images import image_to_tensor
from colorlib.viz.figure import CMAP_A, CMAP_B, STYLE, Figure

_GAP = 0.08  # between images, in inches
_ROW_TITLE_WIDTH = 0.3  # in inches
_LETTER_WIDTH = 0.092  # of a letter in a title, in inches


def image_row(images: Mapping[str, Any], *, alt: str, height: float = 2.4) -> Figure:
    """Plot images in a row, each with a title.

    Args:
        images: Title -> image.
        alt: One or two sentences that describe the figure.
        height: Of the images, in inches.

    Example:
        >>> image_row({"gray": torch.full((1, 1, 4, 4), 0.5)}, alt="A gray square.")
        <Figure: A gray square.>
    """
    return image_grid({"": list(images.values())}, list(images), alt=alt, height=height)


def image_grid(
    rows: Mapping[str, Sequence[Any]], titles: Sequence[str], *, alt: str, height: float = 2.0
) -> Figure:
    """Plot rows of images under column titles.

    Args:
        rows: Row title -> images, as many as there are ``titles``.
        titles: One for each column.
        alt: One or two sentences that describe the figure.
        height: Of one row, in inches.

    Raises:
        ValueError: If there is no image, or a row has more or fewer images than there are titles.
    """
    if not rows or not titles:
        raise ValueError("there is no image to show; expected at least one row and one column")
    for name, images in rows.items():
        if len(images) != len(titles):
            expected = f"expected {len(titles)}, one for each title"
            raise ValueError(f"row {name!r} has {len(images)} images; {expected}")
    arrays = [[to_array(image) for image in images] for images in rows.values()]
    widths = []
    for column in zip(*arrays, strict=True):
        widths.append(height * max(array.shape[1] / array.shape[0] for array in column))
    margin = _ROW_TITLE_WIDTH if any(name.strip() for name in rows) else 0.0
    top = 0.14 + 0.19 * max(title.count("\n") + 1 for title in titles) if any(titles) else _GAP
    w = sum(widths) + margin + _GAP * len(titles)
    h = (height + _GAP) * len(rows) + top
    # The positions are computed here: matplotlib's layout engine takes longer than the drawing.
    figure = Figure(alt=alt, photo=True, figsize=(w, h), layout=None)
    for i, name in enumerate(rows):
        left = margin + _GAP / 2
        bottom = h - top - height - i * (height + _GAP)
        for j, title in enumerate(titles):
            with mpl.rc_context(STYLE):
                axes = figure.add_axes((left / w, bottom / h, widths[j] / w, height / h))
            draw_image(axes, arrays[i][j], title if i == 0 else "")
            axes.title.set_fontsize(_font_size(title, widths[j]))
            axes.set_ylabel(name if j == 0 else "", fontsize=_font_size(name, height))
            left += widths[j] + _GAP
    return figure


def _font_size(text: str, space: float) -> float:
    """Return the size, at most 11, at which the longest line of a text fits into some inches."""
    length = _LETTER_WIDTH * max(len(line) for line in text.split("\n"))
    return max(6, min(11, 11 * space / (length + 1e-9)))


def before_after(
    before: Any, after: Any, position: float = 50, *, alt: str = "", height: float = 3.6
) -> Figure:
    """Plot two images of one size as one: the first left of a line, the second right of it.

    Args:
        before, after: The images.
        position: Of the line, in percent of the width, from 0 (only after) to 100 (only before).
        alt: A description; by default one that fits most photos.
        height: In inches.

    Raises:
        ValueError: If the images differ in size.

    Example:
        >>> before_after(torch.zeros(1, 1, 4, 8), torch.ones(1, 3, 4, 8), position=25)
        <Figure: A photo, as it was left of a line at 25 % of its width, and coloured right of it.>
    """
    first = to_array(before)
    second = to_array(after).copy()
    if first.shape != second.shape:
        sizes = " and ".join(f"{array.shape[1]} x {array.shape[0]}" for array in (first, second))
        raise ValueError(f"the images have {sizes} pixels; expected one size: resize one of them")
    column = round(first.shape[1] * min(max(position, 0), 100) / 100)
    second[:, :column] = first[:, :column]
    second[:, max(column - 1, 0) : column + 1] = 1.0  # the line
    line = f"a line at {position:g} % of its width"
    alt = alt or f"A photo, as it was left of {line}, and coloured right of it."
    return image_row({"": torch.from_numpy(second).movedim(-1, 0)}, alt=alt, height=height)


def plot_channels(rgb: Any, *, alt: str = "") -> Figure:
    """Plot a photo and its channels: red, green and blue above, L, a and b below.

    L is shown in gray. The map of a runs from green (negative) to pink, the map of b from blue
    (negative) to yellow. Both are white at zero and have a colour bar. ``alt`` has a default that
    fits most photos.
    """
    array = to_array(rgb)
    lab = rgb_to_lab(torch.from_numpy(array).movedim(-1, 0)[None])[0].numpy()
    alt = alt or (
        "A photo next to its channels. Red, green and blue each look like a black-and-white copy "
        "of it. Below them only L does; a and b are soft maps of green against pink and of blue "
        "against yellow."
    )
    aspect_ratio = array.shape[1] / array.shape[0]
    figure = Figure(alt=alt, photo=True, figsize=(1.9 * aspect_ratio * 4.4, 4.8))
    axes = figure.subplot_mosaic(
        [["photo", "R", "G", "B"], ["photo", "L", "a", "b"]], width_ratios=[1.3, 1, 1, 1]
    )
    draw_image(axes["photo"], array, "the photo")
    for i, name in enumerate("RGB"):
        draw_image(axes[name], array[..., i], name)
    draw_image(axes["L"], lab[0] / 100, "L, lightness")
    _plot_chroma(axes["a"], lab[1], CMAP_A, "a: green to pink")
    _plot_chroma(axes["b"], lab[2], CMAP_B, "b: blue to yellow")
    return figure


def to_array(image: Any) -> np.ndarray:
    """Convert an image of any kind to a float32 array (h, w, 3) in [0, 1].

    Raises:
        ValueError: If a tensor is not one image with one or three channels.
    """
    tensor = image if isinstance(image, Tensor) else image_to_tensor(image)
    if tensor.ndim == 4 and len(tensor) == 1:
        tensor = tensor[0]
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 3):
        expected = "expected (1, 3, h, w) or (3, h, w), or 1 channel"
        raise ValueError(f"an image has shape {tuple(tensor.shape)}; {expected}")
    tensor = tensor.detach().float().clamp(0, 1).expand(3, -1, -1)
    return tensor.movedim(0, -1).cpu().contiguous().numpy()


def draw_image(axes: Axes, array: np.ndarray, title: str) -> None:
    """Draw an array (h, w, 3), or a gray one (h, w), in [0, 1] without ticks and frame."""
    interpolation = "nearest" if array.shape[0] < 100 else None
    axes.imshow(array, cmap="gray", vmin=0, vmax=1, interpolation=interpolation)
    hide_axes(axes, title)


def hide_axes(axes: Axes, title: str) -> None:
    """Hide ticks and frame, and set the title."""
    axes.set(xticks=[], yticks=[], title=title)
    axes.spines[:].set_visible(False)


def _plot_chroma(axes: Axes, values: np.ndarray, cmap: str | Colormap, title: str) -> None:
    """Plot one chroma channel (h, w) in Lab units on a map centred on zero, with a colour bar."""
    limit = max(20.0, float(np.percentile(np.abs(values), 99.5)))
    image = axes.imshow(values, cmap=cmap, vmin=-limit, vmax=limit)
    axes.figure.colorbar(image, ax=axes, location="bottom", shrink=0.8, pad=0.02, aspect=30)
    hide_axes(axes, title)
