"""Pictures of pictures: rows, grids, channels, the cloud of a and b, curves, a critic's map, a run to watch.

Each function returns a :class:`colorlib.viz.figure.Figure`, which a notebook shows as the last line of a
cell. A picture is a tensor (1, 3, h, w) or (3, h, w) of RGB in [0, 1], the same with one channel for gray, a
PIL image, or a path.
"""

from colorlib.viz.curves import plot_lines
from colorlib.viz.images import before_after, image_grid, image_row, plot_channels
from colorlib.viz.monitor import TrainingMonitor, load_progress_images
from colorlib.viz.patches import patch_map, plot_hue_shift
from colorlib.viz.planes import ab_histogram, plot_gamut_slice
from colorlib.viz.shapes import unet_diagram
from colorlib.viz.training import plot_losses, plot_progress

__all__ = [
    "TrainingMonitor",
    "ab_histogram",
    "before_after",
    "plot_channels",
    "plot_gamut_slice",
    "image_grid",
    "plot_lines",
    "plot_losses",
    "patch_map",
    "load_progress_images",
    "plot_hue_shift",
    "image_row",
    "plot_progress",
    "unet_diagram",
]
