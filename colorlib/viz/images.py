"""Pictures side by side, in grids, and taken apart into their channels."""

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
from colorlib.io import images
from colorlib.viz.figure import CMAP_A, CMAP_B, STYLE, Figure

_GAP = 0.08  # between pictures, in inches
_LETTER = 0.092  # the width of one in a title, in inches


def image_row(pictures: Mapping[str, Any], *, alt: str, height: float = 2.4) -> Figure:
    """Show titled pictures side by side.

    Args:
        pictures: Title -> picture.
        alt: What is seen, in a sentence or two.
        height: Of the pictures, in inches.

    Example:
        >>> image_row({"gray": torch.full((1, 1, 4, 4), 0.5)}, alt="A gray square.")
        <Figure: A gray square.>
    """
    return image_grid({"": list(pictures.values())}, list(pictures), alt=alt, height=height)


def image_grid(
    rows: Mapping[str, Sequence[Any]], titles: Sequence[str], *, alt: str, height: float = 2.0
) -> Figure:
    """Show rows of pictures under column titles.

    Args:
        rows: Row title -> as many pictures as there are ``titles``.
        titles: One for each column.
        alt: What is seen, in a sentence or two.
        height: Of one row, in inches.

    Raises:
        ValueError: If there is no picture, or a row has another number of pictures than there are titles.
    """
    if not rows or not titles:
        raise ValueError("there is no picture to show; expected at least one row and one column")
    for name, pictures in rows.items():
        if len(pictures) != len(titles):
            raise ValueError(
                f"row {name!r} has {len(pictures)} pictures; expected {len(titles)}, one for each title"
            )
    arrays = [[to_array(picture) for picture in pictures] for pictures in rows.values()]
    widths = [
        height * max(r[i].shape[1] / r[i].shape[0] for r in arrays) for i in range(len(titles))
    ]
    margin = 0.3 if any(name.strip() for name in rows) else 0.0  # for the titles of the rows
    top = 0.14 + 0.19 * max(title.count("\n") + 1 for title in titles) if any(titles) else _GAP
    w, h = sum(widths) + margin + _GAP * len(titles), (height + _GAP) * len(rows) + top
    # each picture is put where it belongs: to let matplotlib find out takes longer than to draw
    figure = Figure(alt=alt, photo=True, figsize=(w, h), layout=None)
    for i, name in enumerate(rows):
        left, bottom = margin + _GAP / 2, h - top - height - i * (height + _GAP)
        for j, title in enumerate(titles):
            with mpl.rc_context(STYLE):
                axes = figure.add_axes((left / w, bottom / h, widths[j] / w, height / h))
            draw_image(axes, arrays[i][j], title if i == 0 else "")
            longest = max(map(len, title.split("\n")))
            axes.title.set_fontsize(max(6, min(11, 11 * widths[j] / (_LETTER * longest + 1e-9))))
            axes.set_ylabel(name if j == 0 else "")
            left += widths[j] + _GAP
    return figure


def before_after(
    before: Any, after: Any, at: float = 50, *, alt: str = "", height: float = 3.6
) -> Figure:
    """Show two pictures of one size as one: left of a line the first, right of it the second.

    Args:
        before, after: The pictures.
        at: Where the line stands, from 0 (all after) to 100 (all before), in percent of the width.
        alt: What is seen; by default it says so in general words.
        height: In inches.

    Raises:
        ValueError: If the pictures differ in size.

    Example:
        >>> before_after(torch.zeros(1, 1, 4, 8), torch.ones(1, 3, 4, 8), at=25)
        <Figure: A photo, as it was left of a line at 25 % of its width, and coloured right of it.>
    """
    first, second = to_array(before), to_array(after).copy()
    if first.shape != second.shape:
        sizes = " and ".join(f"{array.shape[1]} x {array.shape[0]}" for array in (first, second))
        raise ValueError(f"the pictures have {sizes} pixels; expected one size: resize one of them")
    column = round(first.shape[1] * min(max(at, 0), 100) / 100)
    second[:, :column] = first[:, :column]
    second[:, max(column - 1, 0) : column + 1] = 1.0  # the line
    words = f"as it was left of a line at {at:g} % of its width, and coloured right of it."
    second = torch.from_numpy(second).movedim(-1, 0)
    return image_row({"": second}, alt=alt or f"A photo, {words}", height=height)


def plot_channels(rgb: Any, *, alt: str = "") -> Figure:
    """Show a photo taken apart: red, green and blue above, L, a and b below, the photo itself beside them.

    L is shown as gray; a runs from green (negative) to pink, b from blue (negative) to yellow, both with
    white at zero and the numbers on a bar. ``alt`` has a default that fits most photos.
    """
    array = to_array(rgb)
    lab = rgb_to_lab(torch.from_numpy(array).movedim(-1, 0)[None])[0].numpy()
    alt = alt or (
        "A photo beside its channels. Red, green and blue each look like a black-and-white copy of it. "
        "Below them only L does; a and b are soft maps of green against pink and of blue against yellow."
    )
    ratio = array.shape[1] / array.shape[0]
    figure = Figure(alt=alt, photo=True, figsize=(1.9 * ratio * 4.4, 4.8))
    mosaic = figure.subplot_mosaic(
        [["photo", "R", "G", "B"], ["photo", "L", "a", "b"]], width_ratios=[1.3, 1, 1, 1]
    )
    draw_image(mosaic["photo"], array, "the photo")
    for i, name in enumerate("RGB"):
        draw_image(mosaic[name], array[..., i], name)
    draw_image(mosaic["L"], lab[0] / 100, "L, lightness")
    for name, values, colors in (("a", lab[1], CMAP_A), ("b", lab[2], CMAP_B)):
        words = {"a": "a: green to pink", "b": "b: blue to yellow"}[name]
        _chroma(mosaic[name], values, colors, words)
    return figure


def to_array(picture: Any) -> np.ndarray:
    """Make (h, w, 3) float32 of any picture."""
    tensor = picture if isinstance(picture, Tensor) else images.image_to_tensor(picture)
    if tensor.ndim == 4 and len(tensor) == 1:
        tensor = tensor[0]
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 3):
        raise ValueError(
            f"a picture has shape {tuple(tensor.shape)}; expected (1, 3, h, w) or (3, h, w), or 1 channel"
        )
    return (
        tensor.detach()
        .float()
        .clamp(0, 1)
        .expand(3, -1, -1)
        .movedim(0, -1)
        .cpu()
        .contiguous()
        .numpy()
    )


def draw_image(axes: Axes, array: np.ndarray, title: str) -> None:
    """Draw an array (h, w, 3), or a gray one (h, w), in [0, 1] without axes."""
    axes.imshow(
        array,
        cmap="gray",
        vmin=0,
        vmax=1,
        interpolation="nearest" if array.shape[0] < 100 else None,
    )
    hide_axes(axes, title)


def hide_axes(axes: Axes, title: str) -> None:
    """Take ticks and frame away."""
    axes.set(xticks=[], yticks=[], title=title)
    axes.spines[:].set_visible(False)


def _chroma(axes: Axes, values: np.ndarray, colors: str | Colormap, title: str) -> None:
    """Draw one chroma channel (h, w) in Lab units on a map centred on zero, with a bar of numbers."""
    limit = max(20.0, float(np.percentile(np.abs(values), 99.5)))
    image = axes.imshow(values, cmap=colors, vmin=-limit, vmax=limit)
    axes.figure.colorbar(image, ax=axes, location="bottom", shrink=0.8, pad=0.02, aspect=30)
    hide_axes(axes, title)
