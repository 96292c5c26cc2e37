"""The standard metrics, over one batch or over a data set that comes in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
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


def default_metrics(scaler: LabScaler = LabScaler()) -> dict[str, Metric]:
    """Return the metrics that this project reports for every system, by name.

    The ratios are below 1 if the result is grayer than the truth, infinite if the truth has no
    colour at all and NaN if neither has (sRGB's grays keep a Lab chroma of up to 0.005).

    Args:
        scaler: of the recipe; the two metrics of paper 002 and paper 003's L1 use it.

    Example:
        >>> " ".join(default_metrics())
        'mse psnr psnr_pooled ssim l1 ciede2000 colorfulness colorfulness_ratio chroma_ratio
        paper_002_mse paper_002_psnr paper_003_l1 hue'
    """
    return {
        "mse": mse_metric("rgb"),
        "psnr": psnr_metric("rgb", peak=1),
        "psnr_pooled": psnr_metric("rgb", peak=1, pooled=True),
        "ssim": Metric(
            "SSIM on RGB in [0, 1], range 1, 11x11 Gaussian window of sigma 1.5, population "
            "covariance, 5 pixels at the border left out; mean over channels, then over images",
            per_image(lambda pair: metrics.ssim(*pair.rgb)),
        ),
        "l1": l1_metric("rgb"),
        "ciede2000": Metric(
            "CIEDE2000 on Lab (D65, 2 degrees), kL = kC = kH = 1; mean per image, then over images",
            per_image(lambda pair: pair.delta_e.flatten(1).mean(1)),
        ),
        "colorfulness": Metric(
            "Hasler and Süsstrunk's M3 of the colorized RGB on 0..255, signed R - G; "
            "mean over images",
            per_image(lambda pair: metrics.colorfulness(pair.rgb[0])),
        ),
        "colorfulness_ratio": Metric(
            "Hasler and Süsstrunk's M3: mean over the colorized images / mean over the true ones",
            lambda pair: _sum_of_each(metrics.colorfulness, pair.rgb),
        ),
        "chroma_ratio": Metric(
            "Lab chroma: mean over the colorized pixels of all images / mean over the true ones",
            lambda pair: _sum_of_each(metrics.chroma, pair.lab),
        ),
        **paper_002_metrics(scaler),
        "paper_003_l1": l1_metric("net_lab", scaler),
        "hue": hue_error(),
    }


def _sum_of_each(measure: Callable[[Tensor], Tensor], pair: tuple[Tensor, Tensor]) -> Tensor:
    """Return the sum of a measure over the colorized batch and over the true one: (2,)."""
    fake, real = pair
    return torch.stack([measure(fake).sum(), measure(real).sum()])


def paper_002_metrics(scaler: LabScaler) -> dict[str, Metric]:
    """Return the two metrics of paper 002's Table 1, which the paper does not define.

    Its six pairs of numbers fit the network's tensors in [-1, 1] with peak 2 and decibels averaged
    over images, and no other reading that was tried. So its Lab rows score ab and its RGB rows
    score RGB: they cannot be compared. Here ab is computed from the RGB images. For a network's own
    output, before it is brought into sRGB, use ``psnr(mse(fake_ab, real_ab), peak=2).mean()``.

    Args:
        scaler: of the recipe: ``LabScaler(128)`` for the paper's Lab rows, ``LabScaler(128,
            "rgb")`` for its RGB rows.

    Example:
        >>> paper_002_metrics(LabScaler(128))["paper_002_psnr"].protocol
        'PSNR in dB on ab / 128, read back from RGB, peak 2; mean over images'
    """
    space = "net_rgb" if scaler.output_space == "rgb" else "net_ab"
    return {
        "paper_002_mse": mse_metric(space, scaler),
        "paper_002_psnr": psnr_metric(space, 2, scaler),
    }


def score_batch(
    fake: Float[Tensor, "n 3 h w"],
    real: Float[Tensor, "n 3 h w"],
    scaler: LabScaler = LabScaler(),
) -> dict[str, float]:
    """Return the standard metrics of one batch.

    Args:
        fake: colorized images in [0, 1], at least 11 pixels high and wide (SSIM's window).
        real: the true images, of the same shape.
        scaler: of the recipe.

    Returns:
        Numbers by name; those of :func:`~colorlib.evaluation.hue.hue_error` are called ``hue_red``,
        ``hue_red_pixels`` and so on.

    Raises:
        TypeError, ValueError: as in :class:`~colorlib.evaluation.metric.ImagePair`.

    Example:
        >>> fake, real = torch.full((2, 3, 16, 16), 0.6), torch.full((2, 3, 16, 16), 0.5)
        >>> numbers = score_batch(fake, real)
        >>> round(numbers["psnr"], 4), round(numbers["l1"], 4)
        (20.0, 0.1)
    """
    collection = MetricCollection(default_metrics(scaler))
    collection.update(fake, real)
    return collection.compute()


class MetricCollection:
    """Metrics accumulated over batches; ``print(collection)`` shows the numbers and protocols.

    Args:
        metrics: by name; :func:`default_metrics` if not given.

    Attributes:
        num_images: how many images were added.

    Example:
        >>> collection = MetricCollection({"psnr": psnr_metric("rgb", peak=1)})
        >>> real = torch.full((1, 3, 4, 4), 0.5)
        >>> collection.update(real + 0.1, real)
        >>> collection.update(real + 0.01, real)
        >>> print(collection)
        images: 2, as given: not resized, cropped or rounded
        psnr  30  PSNR in dB on RGB in [0, 1], peak 1; mean over images
    """

    def __init__(self, metrics: Mapping[str, Metric] | None = None) -> None:
        self.metrics = dict(default_metrics() if metrics is None else metrics)
        self.num_images = 0
        self._sums: dict[str, Tensor] = {}

    def update(self, fake: Float[Tensor, "n 3 h w"], real: Float[Tensor, "n 3 h w"]) -> None:
        """Add a batch of colorized RGB images in [0, 1] and the true images.

        Raises:
            TypeError, ValueError: as in :class:`~colorlib.evaluation.metric.ImagePair`. The batches
                that were added before stay counted.
        """
        pair = ImagePair(fake, real)
        sums = {name: metric.update(pair) for name, metric in self.metrics.items()}
        for name, added in sums.items():
            self._sums[name] = added + self._sums.get(name, 0)
        self.num_images += len(real)

    def compute(self) -> dict[str, float]:
        """Return the numbers of the batches so far, by name.

        Raises:
            ValueError: if no batch was added.
        """
        if not self.num_images:
            raise ValueError(
                "MetricCollection holds no image; expected at least one: call update(fake, real)"
            )
        numbers, numbers_of_parts = {}, {}
        for name, metric in self.metrics.items():
            value = metric.compute(self._sums[name])
            if isinstance(value, dict):
                numbers_of_parts |= {f"{name}_{part}": number for part, number in value.items()}
            else:
                numbers[name] = value
        return numbers | numbers_of_parts

    @property
    def protocols(self) -> dict[str, str]:
        """The protocol of each metric, by the name of the metric."""
        return {name: metric.protocol for name, metric in self.metrics.items()}

    def __str__(self) -> str:
        numbers, protocols = self.compute(), self.protocols
        width = max(map(len, numbers), default=0)
        lines = [f"images: {self.num_images}, as given: not resized, cropped or rounded"]
        for name, number in numbers.items():
            protocol = protocols.get(name, "")
            lines.append(f"{name:{width}}  {number:<8.7g}  {protocol}".rstrip())
        for name, protocol in protocols.items():
            if name not in numbers:
                lines.append(f"{name}: {protocol}")
        return "\n".join(lines)
