"""The plane of a and b: where the pixels of photos lie in it, and what sRGB can show of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from colorlib.color import lab_to_rgb, out_of_gamut, rgb_to_lab
from colorlib.viz.figure import CMAP_SCALAR, Figure
from colorlib.viz.images import draw_image, to_array


def ab_histogram(pictures: Mapping[str, Any], *, alt: str) -> Figure:
    """Show where the pixels of pictures lie in the plane of a and b: a map of counts, logarithmic, for each.

    The dashed line is the edge of what sRGB can show at any lightness.
    """
    figure = Figure(alt=alt, figsize=(3.3 * len(pictures) + 0.6, 3.4))
    plots = figure.subplots(1, len(pictures), squeeze=False, sharex=True, sharey=True)[0]
    edge, image = _gamut_outline(), None
    for axes, (title, picture) in zip(plots, pictures.items(), strict=True):
        lab = (
            rgb_to_lab(torch.from_numpy(to_array(picture)).movedim(-1, 0)[None])[0]
            .flatten(1)
            .numpy()
        )
        counts, *_ = np.histogram2d(lab[2], lab[1], bins=110, range=[[-110, 110], [-110, 110]])
        share = np.log10(np.maximum(counts / counts.sum(), 1e-6))
        image = axes.imshow(
            share, origin="lower", extent=(-110, 110, -110, 110), cmap=CMAP_SCALAR, vmin=-6, vmax=-1
        )
        axes.plot(*edge, color="white", linestyle=(0, (4, 3)), linewidth=1)
        axes.set(title=title, xlabel="a: green − to pink +")
    plots[0].set_ylabel("b: blue − to yellow +")
    bar = figure.colorbar(image, ax=plots, shrink=0.8, ticks=[-6, -4, -2])
    bar.ax.set_yticklabels(["1 in a million", "1 in 10 000", "1 in 100"])
    return figure


def plot_gamut_slice(
    L: float, a: float | None = None, b: float | None = None, *, size: int = 221
) -> Figure:
    """Show the colours that sRGB has at one lightness, in the plane of a and b, and mark one of them.

    Args:
        L: Lightness, 0 to 100.
        a, b: The colour to mark; its nearest colour inside, at the same hue, is shown beside it.
        size: Pixels along a side of the plane, which runs from -110 to 110.
    """
    if not 0 <= L <= 100:
        raise ValueError(f"L is {L}; expected 0 to 100")
    line = torch.linspace(-110, 110, size)
    plane = torch.stack(
        [torch.full((size, size), float(L)), *torch.meshgrid(line, line, indexing="xy")]
    )[None]
    outside = out_of_gamut(plane)
    shown = torch.where(outside, torch.full_like(plane, 0.93), lab_to_rgb(plane, gamut="clip"))
    share = 100 * (1 - outside.float().mean().item())
    alt = f"At L = {L:g} the colours of sRGB fill {share:.0f} % of the plane of a and b, grayest in the middle."
    marked = a is not None and b is not None
    figure = Figure(alt=alt, photo=True, figsize=(4.9 if marked else 3.6, 3.4))
    axes = (
        figure.subplots(1, 2, width_ratios=[3.5, 1], squeeze=False)[0]
        if marked
        else [figure.subplots()]
    )
    axes[0].imshow(to_array(shown), origin="lower", extent=(-110, 110, -110, 110))
    axes[0].set(title=f"L = {L:g}", xlabel="a: green − to pink +", ylabel="b: blue − to yellow +")
    if marked:
        color = torch.tensor([float(L), float(a), float(b)]).view(1, 3, 1, 1)
        found = "outside sRGB" if out_of_gamut(color).item() else "inside sRGB"
        axes[0].plot(
            a,
            b,
            marker="o",
            markersize=11,
            color="none",
            markeredgecolor="black",
            markeredgewidth=2,
        )
        draw_image(axes[1], to_array(lab_to_rgb(color).expand(1, 3, 4, 2)), found)
        figure.alt += f" The colour at a = {a:g}, b = {b:g} is marked: {found}."
    return figure


def _gamut_outline() -> tuple[np.ndarray, np.ndarray]:
    """Find the a and b farthest from gray in each direction, over all lightnesses of sRGB."""
    side = torch.linspace(0, 1, 120)
    u, v = (axis.flatten() for axis in torch.meshgrid(side, side, indexing="ij"))
    faces = [
        torch.stack(f)
        for c in (0.0, 1.0)
        for w in [torch.full_like(u, c)]
        for f in ((w, u, v), (u, w, v), (u, v, w))
    ]
    a, b = rgb_to_lab(torch.cat(faces, dim=1)[None, :, None])[0, 1:, 0].numpy()
    direction = np.round(np.arctan2(b, a) * 60 / np.pi).astype(int)  # steps of three degrees
    farthest = [
        max(np.flatnonzero(direction == d), key=lambda i: np.hypot(a[i], b[i]))
        for d in range(-59, 61)
    ]
    farthest.append(farthest[0])
    return a[farthest], b[farthest]
