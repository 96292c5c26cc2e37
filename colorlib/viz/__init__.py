"""Figures: images, channels, the plane of a and b, curves, logits, training progress, networks.

Each function returns a :class:`colorlib.viz.figure.Figure`, which a notebook displays if it is the
last line of a cell. An image is a tensor (1, 3, h, w) or (3, h, w) of RGB in [0, 1], the same with
one channel for gray, a PIL image, or a path.
"""

from colorlib.viz.diagrams import gan_diagram, unet_sizes
from colorlib.viz.figure import alt_text
from colorlib.viz.images import before_after, image_grid, image_row, plot_channels
from colorlib.viz.monitor import TrainingMonitor, load_progress_images
from colorlib.viz.patches import patch_map, plot_hue_shift
from colorlib.viz.plots import (
    ab_histogram,
    plot_gamut_slice,
    plot_lines,
    plot_losses,
    plot_progress,
    unet_diagram,
)

__all__ = [
    "TrainingMonitor",
    "ab_histogram",
    "alt_text",
    "before_after",
    "gan_diagram",
    "image_grid",
    "image_row",
    "load_progress_images",
    "patch_map",
    "plot_channels",
    "plot_gamut_slice",
    "plot_hue_shift",
    "plot_lines",
    "plot_losses",
    "plot_progress",
    "unet_diagram",
    "unet_sizes",
]
