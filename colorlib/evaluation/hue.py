"""The error of each hue: which colours a colorizer gets wrong."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from colorlib.evaluation.metric import ImagePair, Metric
from colorlib.metrics import chroma

#: The angle in Lab (atan2(b, a) in degrees) where each hue begins; it ends where the next begins.
#: sRGB's red is at 40, orange 73, yellow 103, green 136, cyan 196, blue 306, magenta 328; brown and
#: skin are "orange". The angles are this project's choice.
HUES = {
    "red": 20,
    "orange": 48,
    "yellow": 85,
    "green": 112,
    "cyan": 160,
    "blue": 220,
    "purple": 315,
    "pink": 345,
}


def hue_error(min_chroma: float = 10, hues: Mapping[str, float] = HUES) -> Metric:
    """Return a metric of CIEDE2000 for each hue of the true image.

    It returns, for each hue and for ``"gray"``, the mean error (NaN if there was no pixel) and,
    under the name followed by ``_pixels``, the number of pixels.

    Args:
        min_chroma: a true pixel counts for its hue if its chroma (in Lab units) is greater, and as
            ``"gray"`` otherwise, because the hue of a nearly gray pixel is noise. 10 is this
            project's choice.
        hues: names, and the angles where they begin, ascending.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
        >>> errors = hue_error()(red, red)
        >>> errors["red"], errors["red_pixels"], errors["green"], errors["green_pixels"]
        (0.0, 64.0, nan, 0.0)
    """
    starts = torch.tensor(list(hues.values()), dtype=torch.float64)
    names = [*hues, "gray"]

    def update(pair: ImagePair) -> Tensor:
        _, real_lab = pair.lab
        _, a, b = real_lab.unbind(1)
        angle = torch.rad2deg(torch.atan2(b, a)) % 360
        index = torch.bucketize(angle, starts, right=True) - 1
        index %= len(hues)  # an angle before the first hue belongs to the last hue
        index[chroma(real_lab) <= min_chroma] = len(hues)
        index, error = index.flatten(), pair.delta_e.flatten()
        error_sums = torch.bincount(index, error, len(names))
        pixel_counts = torch.bincount(index, torch.ones_like(error), len(names))
        return torch.stack([error_sums, pixel_counts])

    def compute(sums: Tensor) -> dict[str, float]:
        error_sums, pixel_counts = sums
        means = dict(zip(names, (error_sums / pixel_counts).tolist(), strict=True))
        counts = zip((f"{name}_pixels" for name in names), pixel_counts.tolist(), strict=True)
        return means | dict(counts)

    angles = ", ".join(f"{name} from {angle:g}" for name, angle in hues.items())
    protocol = (
        "CIEDE2000 on Lab (D65, 2 degrees), mean over the pixels of all images, "
        f"by the truth's hue, atan2(b, a) in degrees: {angles}; "
        f"gray where its chroma is at most {min_chroma:g}"
    )
    return Metric(protocol, update, compute)
