"""The standard set of metrics, over one batch or over a data set that comes in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from colorlib import metrics
from colorlib.color import LabScaler
from colorlib.evaluation.hue import hue_error
from colorlib.evaluation.metric import (
    ImagePair,
    Metric,
    l1_metric,
    mse_metric,
    per_image,
    psnr_metric,
)

_WINDOW = (
    "11x11 Gaussian window of sigma 1.5, population covariance, 5 pixels at the border left out"
)
_SSIM = f"SSIM on RGB in [0, 1], range 1, {_WINDOW}; mean over channels, then over pictures"
_CIEDE2000 = (
    "CIEDE2000 on Lab (D65, 2 degrees), kL = kC = kH = 1; mean per picture, then over pictures"
)
_M3 = "Hasler and Süsstrunk's M3 of the colorized RGB on 0..255, signed R - G; mean over pictures"
_M3_RATIO = "Hasler and Süsstrunk's M3: mean over the colorized pictures / mean over the true ones"
_CHROMA_RATIO = (
    "Lab chroma: mean over the colorized pixels of all pictures / mean over the true ones"
)


def paper_002_metrics(scale: LabScaler) -> dict[str, Metric]:
    """Return the two metrics of paper 002's Table 1, which it does not define.

    Its six pairs of numbers fit a network's tensors in [-1, 1] with peak 2, decibels averaged over
    pictures, and nothing else that was tried. So its Lab rows score ab and its RGB rows RGB: they do not
    compare. Here ab is read back from RGB pictures; for a network's own output, before it is brought into
    sRGB, take ``psnr(mse(fake_ab, real_ab), peak=2).mean()``.

    Args:
        scale: of the recipe; the paper's Lab rows have ``Scale(128)``, its RGB rows ``Scale(128, "rgb")``.

    Example:
        >>> paper_002_metrics(Scale(128))["paper_002_psnr"].protocol
        'PSNR in dB on ab / 128, read back from RGB, peak 2; mean over pictures'
    """
    where = ("net_rgb" if scale.answer == "rgb" else "net_ab", scale)
    return {
        "paper_002_mse": mse_metric(*where),
        "paper_002_psnr": psnr_metric(where[0], 2, where[1]),
    }


def default_metrics(scale: LabScaler = LabScaler()) -> dict[str, Metric]:
    """Return the metrics that this project reports for every system, by name.

    The ratios are below 1 where the result is grayer than the truth, infinite where the truth has no colour
    at all and NaN where neither has (sRGB's grays keep a Lab chroma of up to 0.005).

    Args:
        scale: of the recipe; the two of paper 002 and paper 003's L1 use it.

    Example:
        >>> " ".join(default_metrics())
        'mse psnr psnr_pooled ssim l1 ciede2000 colorfulness colorfulness_ratio chroma_ratio paper_002_mse
        paper_002_psnr paper_003_l1 hue'
    """
    return {
        "mse": mse_metric("rgb"),
        "psnr": psnr_metric("rgb", peak=1),
        "psnr_pooled": psnr_metric("rgb", peak=1, pooled=True),
        "ssim": Metric(_SSIM, per_image(lambda pair: metrics.ssim(*pair.rgb))),
        "l1": l1_metric("rgb"),
        "ciede2000": Metric(_CIEDE2000, per_image(lambda pair: pair.delta_e.flatten(1).mean(1))),
        "colorfulness": Metric(_M3, per_image(lambda pair: metrics.colorfulness(pair.rgb[0]))),
        "colorfulness_ratio": Metric(
            _M3_RATIO, lambda pair: _totals(metrics.colorfulness, pair.rgb)
        ),
        "chroma_ratio": Metric(_CHROMA_RATIO, lambda pair: _totals(metrics.chroma, pair.lab)),
        **paper_002_metrics(scale),
        "paper_003_l1": l1_metric("net_lab", scale),
        "hue": hue_error(),
    }


def _totals(measure: Callable[[Tensor], Tensor], tensors: tuple[Tensor, ...]) -> Tensor:
    return torch.stack([measure(values).sum() for values in tensors])


def score_batch(fake: Tensor, real: Tensor, scale: LabScaler = LabScaler()) -> dict[str, float]:
    """Measure one batch with the standard set.

    Args:
        fake: colorized RGB, (n, 3, h, w) in [0, 1], at least 11 pixels high and wide (SSIM's window).
        real: the truth, the same shape.
        scale: of the recipe.

    Returns:
        Numbers by name; those of :func:`~colorlib.evaluation.hue.hue_error` are called ``hue_red``,
        ``hue_red_pixels`` and so on.

    Raises:
        TypeError, ValueError: As in :class:`~colorlib.evaluation.metric.ImagePair`.

    Example:
        >>> numbers = score_batch(torch.full((2, 3, 16, 16), 0.6), torch.full((2, 3, 16, 16), 0.5))
        >>> round(numbers["psnr"], 4), round(numbers["l1"], 4)
        (20.0, 0.1)
    """
    evaluation = MetricCollection(default_metrics(scale))
    evaluation.update(fake, real)
    return evaluation.result()


class MetricCollection:
    """Adds metrics up over batches of any size; ``print(evaluation)`` shows numbers with their protocols.

    Args:
        metrics: by name; :func:`standard` with its default scale if not given.

    Example:
        >>> evaluation = MetricCollection({"psnr": psnr_metric("rgb", peak=1)})
        >>> for d in (0.1, 0.01):
        ...     evaluation.update(torch.full((1, 3, 4, 4), 0.5 + d), torch.full((1, 3, 4, 4), 0.5))
        >>> print(evaluation)
        pictures: 2, as given: not resized, cropped or rounded
        psnr  30  PSNR in dB on RGB in [0, 1], peak 1; mean over pictures
    """

    def __init__(self, metrics: Mapping[str, Metric] | None = None) -> None:
        self.metrics = dict(default_metrics() if metrics is None else metrics)
        self.pictures = 0
        self._sums: dict[str, Tensor] = {}

    def update(self, fake: Tensor, real: Tensor) -> None:
        """Add a batch of colorized RGB pictures (n, 3, h, w) in [0, 1] and the truth; errors as in Pair.

        A batch that raises leaves what was added before as it was.
        """
        pair = ImagePair(fake, real)
        added = {name: metric.sums(pair) for name, metric in self.metrics.items()}
        self._sums = {name: sums + self._sums.get(name, 0) for name, sums in added.items()}
        self.pictures += len(real)

    def result(self) -> dict[str, float]:
        """Return the numbers so far, by name; more batches may follow.

        Raises:
            ValueError: No picture was added.
        """
        if not self.pictures:
            raise ValueError(
                "Evaluation holds no picture; expected at least one: call update(fake, real)"
            )
        found = {name: metric.finish(self._sums[name]) for name, metric in self.metrics.items()}
        several = {name: numbers for name, numbers in found.items() if isinstance(numbers, dict)}
        numbers = {name: number for name, number in found.items() if name not in several}
        return numbers | {
            f"{name}_{k}": v for name, numbers in several.items() for k, v in numbers.items()
        }

    @property
    def protocols(self) -> dict[str, str]:
        """How each number is measured, by the name of its metric."""
        return {name: metric.protocol for name, metric in self.metrics.items()}

    def __str__(self) -> str:
        numbers, said = self.result(), self.protocols
        width = max(map(len, numbers), default=0)
        lines = [
            f"{name:{width}}  {v:<8.7g}  {said.get(name, '')}".rstrip()
            for name, v in numbers.items()
        ]
        lines += [f"{name}: {words}" for name, words in said.items() if name not in numbers]
        return "\n".join(
            [f"pictures: {self.pictures}, as given: not resized, cropped or rounded", *lines]
        )
