"""Maps of a patch discriminator's logits, for a photo and for one with recoloured regions."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from colorlib.color import LabScaler, lab_to_rgb, quantize_lightness, rgb_to_lab
from colorlib.tensor_checks import check_images
from colorlib.viz.figure import CMAP_SCALAR, Figure
from colorlib.viz.images import draw_image, hide_axes, to_array

Box = tuple[int, int, int, int]  # top, left, bottom, right, in pixels


def patch_map(
    rgb: Any, logits: Float[Tensor, "1 1 h w"], *, alt: str, box: Box | None = None, stride: int = 8
) -> Figure:
    """Plot a photo next to a discriminator's logits, each drawn over the centre of its patch.

    Darker is more fake. A dashed line separates positive from negative logits.

    Args:
        rgb: The photo.
        logits: The discriminator's output for it.
        alt: One or two sentences that describe the figure.
        box: A region to outline: top, left, bottom and right.
        stride: Pixels from one patch to the next; 8 for a 70x70 discriminator.
    """
    check_images("logits", logits, channels=1)
    photo = to_array(rgb)
    values = logits.detach()[0, 0].cpu().numpy()
    h, w, _ = photo.shape
    rows, columns = values.shape
    figure = Figure(alt=alt, photo=True, figsize=(2.9 * 2 * w / h + 0.9, 3.2))
    photo_axes, map_axes = figure.subplots(1, 2)
    draw_image(photo_axes, photo, "what the discriminator sees")
    map_axes.imshow(photo.mean(-1), cmap="gray", vmin=0, vmax=1)
    top = (h - rows * stride) / 2 - 0.5
    left = (w - columns * stride) / 2 - 0.5
    extent = (left, left + columns * stride, top + rows * stride, top)
    low, high = min(-1.0, float(values.min())), max(1.0, float(values.max()))
    image = map_axes.imshow(values, cmap=CMAP_SCALAR, vmin=low, vmax=high, alpha=0.8, extent=extent)
    if values.min() < 0 < values.max():
        line = {"colors": "white", "linestyles": "dashed"}
        map_axes.contour(values, [0], extent=extent, origin="upper", **line)
    map_axes.set(xlim=(-0.5, w - 0.5), ylim=(h - 0.5, -0.5))
    hide_axes(map_axes, "its logits")
    bar = figure.colorbar(image, ax=map_axes, shrink=0.85)
    bar.set_label("logit: below 0 fake, above 0 real")
    if box is not None:
        draw_box(photo_axes, box)
        draw_box(map_axes, box)
    return figure


def draw_box(axes: Axes, box: Box) -> None:
    """Draw a rectangle, white on black, so that it is visible on any image."""
    top, left, bottom, right = box
    for color, width in (("black", 3.5), ("white", 1.5)):
        style = {"fill": False, "edgecolor": color, "linewidth": width}
        axes.add_patch(Rectangle((left - 0.5, top - 0.5), right - left, bottom - top, **style))


def plot_hue_shift(
    net_d: nn.Module,
    rgb: Float[Tensor, "1 3 h w"],
    top: float = 64,
    left: float = 64,
    side: float = 64,
    angle: float = 180,
) -> Figure:
    """Rotate the hues of one square of a photo, and plot a 70x70 discriminator's logits.

    Only a and b change, L does not. Gray pixels stay gray.

    Args:
        net_d: A discriminator in evaluation mode, called as ``net_d(L, ab)``, whose logits are
            8 pixels apart.
        rgb: A photo in [0, 1].
        top, left: The corner of the square, in pixels. What is outside the photo is cut off.
        side: Of the square, in pixels.
        angle: Of the rotation in the plane of a and b, in degrees; 180 turns orange into blue.

    Example:
        >>> from colorlib.discriminators import PatchDiscriminator
        >>> net_d = PatchDiscriminator(base_channels=1).eval()
        >>> plot_hue_shift(net_d, torch.rand(1, 3, 96, 96), side=32).alt[:39]
        'A photo with the hues of a square turne'
    """
    check_images("rgb", rgb)
    h, w = rgb.shape[-2:]
    box = int(top), int(left), min(h, int(top + side)), min(w, int(left + side))
    lab = quantize_lightness(rgb_to_lab(rgb))
    region = lab[:, 1:, box[0] : box[2], box[1] : box[3]]
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    a, b = region.clone().unbind(1)
    region[:] = torch.stack([cosine * a - sine * b, sine * a + cosine * b], dim=1)
    with torch.no_grad():
        logits = net_d(*LabScaler().normalize(lab))
    y = torch.arange(logits.shape[-2]) * 8 + 12  # of the centres of the patches
    x = torch.arange(logits.shape[-1]) * 8 + 12
    inside_rows = (y >= box[0]) & (y < box[2])
    inside_columns = (x >= box[1]) & (x < box[3])
    inside = inside_rows[:, None] & inside_columns
    alt = (
        f"A photo with the hues of a square turned by {angle:g} degrees, next to the "
        f"discriminator's map: the mean logit is {_format_mean(logits[0, 0][inside])} where a "
        f"patch has its centre inside the square, and {_format_mean(logits[0, 0][~inside])} "
        "elsewhere."
    )
    return patch_map(lab_to_rgb(lab), logits, alt=alt, box=box)


def _format_mean(values: Tensor) -> str:
    return f"{values.mean():+.1f}" if len(values) else "unknown"
