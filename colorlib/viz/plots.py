"""Plots of numbers and networks: curves, losses, the plane of a and b, and the U of a U-Net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from colorlib.color import lab_to_rgb, out_of_gamut, rgb_to_lab
from colorlib.viz.figure import CMAP_SCALAR, Figure, line_styles
from colorlib.viz.images import draw_image, image_grid, to_array

_LOSS_PANELS = {
    "reconstruction loss": ("G_rec",),
    "adversarial losses": ("D_real", "D_fake", "G_GAN"),
    "validation PSNR, dB": ("val_psnr",),
}
_CHANCE_LOSS = 0.6931  # log 2

_AB_EXTENT = (-110, 110, -110, 110)
_BYTE_EXTENT = (-128.5, 127.5, -128.5, 127.5)
_AB_LABELS = {"xlabel": "a: green − to pink +", "ylabel": "b: blue − to yellow +"}

# The layout of a U-Net, relative to the side of the first image.
_SHRINK = 0.8  # side of a level relative to the level above
_LEVEL_GAP = 0.12  # horizontal distance between levels
_LEVEL_DROP = 0.55  # how far a level is below the one above, relative to that one's side


def plot_lines(
    curves: Mapping[str, tuple[Any, Any]], *, xlabel: str, ylabel: str, alt: str, title: str = ""
) -> Figure:
    """Plot named curves, each with its own colour and dash.

    Args:
        curves: Name -> (x, y), each a sequence of numbers.
        xlabel, ylabel, title: As in matplotlib.
        alt: One or two sentences that describe the figure.
    """
    figure = Figure(alt=alt, figsize=(5.4, 3.2))
    axes = figure.subplots()
    for (name, (x, y)), style in zip(curves.items(), line_styles(), strict=False):
        axes.plot(np.asarray(x), np.asarray(y), label=name, **style)
    if all(np.asarray(x).dtype.kind == "i" for x, _ in curves.values()):
        axes.xaxis.get_major_locator().set_params(integer=True)  # there is no layer 1.5
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if len(curves) > 1:
        axes.legend()
    return figure


def plot_losses(history: Sequence[Mapping[str, float]], *, gray: float | None = None) -> Figure:
    """Plot the losses of a training run, with one panel for each kind of loss that it has.

    Args:
        history: One row for each epoch, as in :attr:`colorlib.training.Trainer.history`.
        gray: The validation PSNR of the gray baseline (a = b = 0); None draws no line for it.

    Raises:
        ValueError: If the history is empty.

    Example:
        >>> plot_losses([{"epoch": 0, "G_rec": 0.2}, {"epoch": 1, "G_rec": 0.1}])
        <Figure: Curves over 2 epochs. G_rec goes from 0.2 to 0.1.>
    """
    if not history:
        raise ValueError("the history is empty; expected a row for at least one epoch")
    first, last = history[0], history[-1]
    panels = {
        title: [name for name in names if name in first] for title, names in _LOSS_PANELS.items()
    }
    panels = {title: names for title, names in panels.items() if names}
    drawn_names = [name for names in panels.values() for name in names]
    changes = [f"{name} goes from {first[name]:.3g} to {last[name]:.3g}" for name in drawn_names]
    alt = f"Curves over {len(history)} epochs. {'; '.join(changes)}."
    figure = Figure(alt=alt, figsize=(3.6 * len(panels), 2.9))
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    epochs = [row["epoch"] + 1 for row in history]
    marker = "o" if len(history) < 8 else None
    for axes, (title, names) in zip(all_axes, panels.items(), strict=True):
        for name, style in zip(names, line_styles(), strict=False):
            axes.plot(epochs, [row[name] for row in history], label=name, marker=marker, **style)
        line = {"color": "0.5", "linewidth": 1, "zorder": 0}
        if "D_fake" in names:
            axes.axhline(_CHANCE_LOSS, label="log 2: chance level", **line)
        if "val_psnr" in names and gray is not None:
            axes.axhline(gray, label="gray: a = b = 0", **line)
        if len(names) > 1 or names == ["val_psnr"]:
            axes.legend(fontsize=8)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set(xlabel="epoch", title=title)
    return figure


def plot_progress(
    images: Mapping[str, Sequence[Any]], *, alt: str = "", height: float = 1.3
) -> Figure:
    """Plot the same images at several moments of training, one row for each image.

    Args:
        images: Column title -> the images at that moment. The titles are, for example, ``"gray"``,
            ``"epoch 5"`` and ``"truth"``.
        alt: A description; by default it names the columns.
        height: Of a row, in inches.
    """
    titles = list(images)
    alt = alt or f"{len(images[titles[0]])} photos, each in a row: {', '.join(titles)}."
    columns = zip(*images.values(), strict=True)
    rows = {" " * i: list(row) for i, row in enumerate(columns)}
    return image_grid(rows, titles, alt=alt, height=height)


def ab_histogram(images: Mapping[str, Any], *, alt: str) -> Figure:
    """Plot the distribution of each image's pixels in the plane of a and b, on a logarithmic scale.

    The dashed line is the limit of the colours that sRGB contains at any lightness.

    Args:
        images: Title -> image.
        alt: One or two sentences that describe the figure.
    """
    figure = Figure(alt=alt, figsize=(3.3 * len(images) + 0.6, 3.4))
    all_axes = figure.subplots(1, len(images), squeeze=False, sharex=True, sharey=True)[0]
    outline_a, outline_b = _gamut_outline()
    for axes, (title, image) in zip(all_axes, images.items(), strict=True):
        rgb = torch.from_numpy(to_array(image)).movedim(-1, 0)[None]
        _, a, b = rgb_to_lab(rgb)[0].flatten(1).numpy()
        counts, *_ = np.histogram2d(b, a, bins=110, range=[[-110, 110], [-110, 110]])
        log_share = np.log10(np.maximum(counts / counts.sum(), 1e-6))
        mesh = axes.imshow(
            log_share, origin="lower", extent=_AB_EXTENT, cmap=CMAP_SCALAR, vmin=-6, vmax=-1
        )
        axes.plot(outline_a, outline_b, color="white", linestyle=(0, (4, 3)), linewidth=1)
        axes.set(title=title, xlabel=_AB_LABELS["xlabel"])
    all_axes[0].set_ylabel(_AB_LABELS["ylabel"])
    bar = figure.colorbar(mesh, ax=all_axes, shrink=0.8, ticks=[-6, -4, -2])
    bar.ax.set_yticklabels(["1 in a million", "1 in 10 000", "1 in 100"])
    return figure


def plot_gamut_slice(
    L: float, a: float | None = None, b: float | None = None, *, size: int = 256
) -> Figure:
    """Plot the sRGB colours of one lightness in the plane of a and b, and mark one of them.

    Args:
        L: Lightness, 0 to 100.
        a, b: The colour to mark. The nearest sRGB colour with its L and hue is shown next to it.
        size: Pixels along a side of the plane, which runs from -128 to 127: all bytes, by default.

    Raises:
        ValueError: If L is outside 0 to 100.
    """
    if not 0 <= L <= 100:
        raise ValueError(f"L is {L}; expected 0 to 100")
    line = torch.linspace(-128, 127, size)
    plane_a, plane_b = torch.meshgrid(line, line, indexing="xy")
    plane = torch.stack([torch.full_like(plane_a, float(L)), plane_a, plane_b])[None]
    outside = out_of_gamut(plane)
    rgb = torch.where(outside, torch.full_like(plane, 0.93), lab_to_rgb(plane, gamut="clip"))
    percent = f"{100 * (1 - outside.float().mean().item()):.0f} %"
    colors = f"the colours of sRGB fill {percent} of the plane of a and b"
    alt = f"At L = {L:g} {colors}, grayest in the middle."
    if a is None or b is None:
        figure = Figure(alt=alt, photo=True, figsize=(3.6, 3.4))
        axes = figure.subplots()
    else:
        color = torch.tensor([float(L), float(a), float(b)]).view(1, 3, 1, 1)
        label = "outside sRGB" if out_of_gamut(color).item() else "inside sRGB"
        alt += f" The colour at a = {a:g}, b = {b:g} is marked: {label}."
        figure = Figure(alt=alt, photo=True, figsize=(4.9, 3.4))
        axes, swatch = figure.subplots(1, 2, width_ratios=[3.5, 1])
        axes.plot(a, b, "o", color="none", markeredgecolor="k", markersize=11, markeredgewidth=2)
        draw_image(swatch, to_array(lab_to_rgb(color).expand(1, 3, 4, 2)), label)
    axes.imshow(to_array(rgb), origin="lower", extent=_BYTE_EXTENT)
    axes.set(title=f"L = {L:g}", **_AB_LABELS)
    return figure


def _gamut_outline() -> tuple[np.ndarray, np.ndarray]:
    """Return the a and b that are farthest from gray in each direction, over all of sRGB."""
    side = torch.linspace(0, 1, 120)
    u, v = (axis.flatten() for axis in torch.meshgrid(side, side, indexing="ij"))
    faces = []  # of the RGB cube
    for value in (0.0, 1.0):
        w = torch.full_like(u, value)
        faces += [torch.stack([w, u, v]), torch.stack([u, w, v]), torch.stack([u, v, w])]
    a, b = rgb_to_lab(torch.cat(faces, dim=1)[None, :, None])[0, 1:, 0].numpy()
    direction = np.round(np.arctan2(b, a) * 60 / np.pi).astype(int)  # steps of three degrees
    chroma = np.hypot(a, b)
    farthest = [np.argmax(np.where(direction == d, chroma, -1)) for d in range(-59, 61)]
    farthest.append(farthest[0])
    return a[farthest], b[farthest]


def unet_diagram(
    down: Sequence[Any],
    up: Sequence[Any],
    *,
    alt: str,
    labels: Sequence[str] = (),
    width: float = 8,
) -> Figure:
    """Draw images as the U of a U-Net, with dashed lines for the skip connections.

    Args:
        down: The images of the left side, from the input to the bottleneck.
        up: The images of the right side, from the output downwards: one fewer.
        alt: One or two sentences that describe the figure.
        labels: One for each of ``down``, written below it; empty for none.
        width: Of the figure, in inches.

    Raises:
        ValueError: If the numbers of images or labels do not match.

    Example:
        >>> gray = torch.full((1, 1, 4, 4), 0.5)
        >>> unet_diagram([gray, gray], [gray], alt="Three gray squares, the middle one smaller.")
        <Figure: Three gray squares, the middle one smaller.>
    """
    if len(down) != len(up) + 1 or len(labels) not in (0, len(down)):
        counts = f"{len(down)} images down, {len(up)} up and {len(labels)} labels"
        expected = "expected one more down than up, and a label for each down or none"
        raise ValueError(f"{counts}; {expected}")
    sides = [_SHRINK**k for k in range(len(down))]
    lefts = [sum(sides[:k]) + _LEVEL_GAP * k for k in range(len(down))]
    tops = [-_LEVEL_DROP * sum(sides[:k]) for k in range(len(down))]
    right = 2 * lefts[-1] + sides[-1]
    bottom = min(top - side for top, side in zip(tops, sides, strict=True))
    bottom -= 0.2 if labels else 0.0
    figure = Figure(alt=alt, photo=True, figsize=(width, width * -bottom / right + 0.1))
    axes = figure.subplots()

    def draw(image: Any, left: float, top: float, side: float) -> None:
        extent = (left, left + side, top - side, top)
        axes.imshow(to_array(image), extent=extent, interpolation="nearest")

    for k, (left, top, side) in enumerate(zip(lefts, tops, sides, strict=True)):
        draw(down[k], left, top, side)
        if k < len(up):
            opposite = right - left - side
            draw(up[k], opposite, top, side)
            if k > 0:  # the outermost level has no skip
                y = top - 0.1 * side
                dashed = {"color": "#555555", "linestyle": (0, (4, 3)), "linewidth": 1}
                axes.plot((left + side, opposite), (y, y), **dashed)
        if labels:
            axes.text(left + side, top - side - 0.04, labels[k], ha="right", va="top", fontsize=8)
    axes.set(xlim=(0, right), ylim=(bottom, 0), aspect="equal")
    axes.set_axis_off()
    return figure
