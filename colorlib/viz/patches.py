"""What a patch critic says about each place of a photo, and what it says once a region has another hue."""

from __future__ import annotations

import math
from typing import Any

import torch
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from colorlib.color import LabScaler, lab_to_rgb, quantize_lightness, rgb_to_lab
from colorlib.tensor_checks import check_images
from colorlib.viz.figure import CMAP_SCALAR, Figure
from colorlib.viz.images import draw_image, hide_axes, to_array

Box = tuple[int, int, int, int]  # top, left, bottom, right


def patch_map(
    rgb: Any, logits: Tensor, *, alt: str, box: Box | None = None, step: int = 8
) -> Figure:
    """Show a photo beside a critic's logits, each drawn over the middle of its patch.

    The darker, the more fake; a dashed line runs where the logit is 0, and a bar gives the numbers.

    Args:
        rgb: The picture that was judged.
        logits: (1, 1, h', w').
        alt: What is seen, in a sentence or two.
        box: top, left, bottom and right of a region to outline, in pixels.
        step: Pixels from one patch to the next; 8 for a 70x70 critic.
    """
    check_images("logits", logits, channels=1)
    photo, values = to_array(rgb), logits.detach()[0, 0].cpu().numpy()
    (h, w, _), (rows, columns) = photo.shape, values.shape
    figure = Figure(alt=alt, photo=True, figsize=(2.9 * 2 * w / h + 0.9, 3.2))
    plots = figure.subplots(1, 2)
    draw_image(plots[0], photo, "what the critic sees")
    plots[1].imshow(photo.mean(-1), cmap="gray", vmin=0, vmax=1)
    top, left = (h - rows * step) / 2 - 0.5, (w - columns * step) / 2 - 0.5
    extent = (left, left + columns * step, top + rows * step, top)
    low, high = min(-1.0, float(values.min())), max(1.0, float(values.max()))
    image = plots[1].imshow(values, cmap=CMAP_SCALAR, vmin=low, vmax=high, alpha=0.8, extent=extent)
    if values.min() < 0 < values.max():
        plots[1].contour(
            values, [0], colors="white", linestyles="dashed", extent=extent, origin="upper"
        )
    plots[1].set(xlim=(-0.5, w - 0.5), ylim=(h - 0.5, -0.5))
    hide_axes(plots[1], "its answers")
    bar = figure.colorbar(image, ax=plots[1], shrink=0.85)
    bar.set_label("logit: below 0 fake, above 0 real")
    for axes in plots if box else []:
        draw_box(axes, box)
    return figure


def draw_box(axes: Any, box: Box) -> None:
    """Draw a rectangle, white on black, so that it shows on any picture."""
    top, left, bottom, right = box
    corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor="black", linewidth=3.5))
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor="white", linewidth=1.5))


def plot_hue_shift(
    net_d: nn.Module,
    rgb: Tensor,
    top: float = 64,
    left: float = 64,
    side: float = 64,
    turn: float = 180,
) -> Figure:
    """Turn the hues of one square of a photo, and show what a 70x70 critic says about each place.

    L stays as it is: only a and b change, and where there is no colour, nothing does.

    Args:
        net_d: Called as ``net_d(L, ab)``, in evaluation mode; gives logits 8 pixels apart.
        rgb: (1, 3, h, w) in [0, 1].
        top, left: The corner of the square, in pixels; what lies outside the photo is cut off.
        side: Of the square.
        turn: The angle in degrees; 180 makes orange blue.

    Example:
        >>> from colorlib.discriminators import PatchDiscriminator
        >>> plot_hue_shift(PatchDiscriminator(base_channels=1).eval(), torch.rand(1, 3, 96, 96), side=32).alt[:39]
        'A photo with the hues of a square turne'
    """
    check_images("rgb", rgb)
    h, w = rgb.shape[-2:]
    box = int(top), int(left), min(h, int(top + side)), min(w, int(left + side))
    lab = quantize_lightness(rgb_to_lab(rgb))
    region = lab[:, 1:, box[0] : box[2], box[1] : box[3]]
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    a, b = region.clone().unbind(1)
    region[:] = torch.stack([cosine * a - sine * b, sine * a + cosine * b], dim=1)
    with torch.no_grad():
        logits = net_d(*LabScaler().normalize(lab))
    middles = torch.arange(logits.shape[-2]) * 8 + 12, torch.arange(logits.shape[-1]) * 8 + 12
    rows, columns = ((m >= box[k]) & (m < box[k + 2]) for k, m in enumerate(middles))
    inside = rows[:, None] & columns
    means = [
        f"{logits[0, 0][part].mean():+.1f}" if part.any() else "none" for part in (inside, ~inside)
    ]
    alt = (
        f"A photo with the hues of a square turned by {turn:g} degrees, beside the critic's map: the mean "
        f"logit is {means[0]} where a patch has its middle inside the square, and {means[1]} elsewhere."
    )
    return patch_map(lab_to_rgb(lab), logits, alt=alt, box=box)
