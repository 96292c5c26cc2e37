"""Which colours does a colorizer get wrong? The error apart for each hue of the truth."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from colorlib.evaluation.metric import ImagePair, Metric
from colorlib.metrics import chroma

#: The angle in Lab (degrees of atan2(b, a)) where each hue begins; it ends where the next begins. sRGB's red
#: is at 40, orange 73, yellow 103, green 136, cyan 196, blue 306, magenta 328; brown and skin are "orange".
#: The angles are this project's choice.
HUES = dict(red=20, orange=48, yellow=85, green=112, cyan=160, blue=220, purple=315, pink=345)


def hue_error(above: float = 10, hues: Mapping[str, float] = HUES) -> Metric:
    """CIEDE2000 apart for each hue of the truth: it shows which colours a colorizer gets wrong.

    The metric returns, for each hue and for ``"gray"``, the mean error (NaN where no pixel was) and, under
    the name followed by ``_pixels``, how many pixels there were.

    Args:
        above: A true pixel counts for its hue if its chroma is greater (Lab units), and as ``"gray"``
            otherwise, for near gray a hue is noise. 10 is this project's choice.
        hues: Names, and the angles where they begin, ascending.

    Example:
        >>> red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
        >>> found = hue_error()(red, red)
        >>> found["red"], found["red_pixels"], found["green"], found["green_pixels"]
        (0.0, 64.0, nan, 0.0)
    """
    begins, names = torch.tensor(list(hues.values()), dtype=torch.float64), [*hues, "gray"]

    def sums(pair: ImagePair) -> Tensor:
        _, a, b = pair.lab[1].unbind(1)
        place = torch.bucketize(torch.rad2deg(torch.atan2(b, a)) % 360, begins, right=True) - 1
        place %= len(hues)  # what comes before the first hue belongs to the last
        place[chroma(pair.lab[1]) <= above] = len(hues)
        ones = torch.ones_like(pair.delta_e)
        added = (
            torch.bincount(place.flatten(), w.flatten(), len(names)) for w in (pair.delta_e, ones)
        )
        return torch.stack(tuple(added))

    def finish(sums: Tensor) -> dict[str, float]:
        means = dict(zip(names, (sums[0] / sums[1]).tolist(), strict=True))
        return means | {
            f"{name}_pixels": n for name, n in zip(names, sums[1].tolist(), strict=True)
        }

    angles = ", ".join(f"{name} from {angle:g}" for name, angle in hues.items())
    rule = f"by the truth's hue, atan2(b, a) in degrees: {angles}; gray where its chroma is at most {above:g}"
    return Metric(
        f"CIEDE2000 on Lab (D65, 2 degrees), mean over the pixels of all pictures, {rule}",
        sums,
        finish,
    )
