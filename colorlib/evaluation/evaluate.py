"""How well a network colours pictures whose true colours are known, and how well gray does."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from colorlib.color import LabScaler, lab_to_rgb, quantize_lightness, rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data.datasets import Pictures
from colorlib.evaluation.collection import MetricCollection, default_metrics
from colorlib.evaluation.metric import Metric
from colorlib.tensor_checks import check_at_least


def colorize_batch(net: nn.Module | None, rgb: Tensor, scale: LabScaler = LabScaler()) -> Tensor:
    """Take the colours away and put a network's in their place.

    Args:
        net: L to what ``scale`` says, used in evaluation mode; None gives the gray baseline, a = b = 0.
        rgb: (n, 3, h, w), uint8 or in [0, 1].
        scale: what the network was trained with.

    Returns:
        RGB (n, 3, h, w) in [0, 1], on the CPU.

    Example:
        >>> colorize_batch(None, torch.rand(2, 3, 8, 8)).shape
        torch.Size([2, 3, 8, 8])
    """
    L, _ = LabScaler().split(quantize_lightness(rgb_to_lab(_real(rgb))))
    if net is None:
        return lab_to_rgb(LabScaler().join(L, L.new_zeros(len(L), 2, *L.shape[-2:])))
    device = next((parameter.device for parameter in net.parameters()), L.device)
    with torch.no_grad():
        return lab_to_rgb(scale.join(L, net.eval()(L.to(device)).float().cpu()))


class ResizedModel(nn.Module):
    """A model as a network for pictures of any size: it sees them at its own, as a photo that it colours.

    Args:
        model: what answers; a and b are enlarged softly, as :class:`~colorlib.colorizer.Colorizer` does.

    Example:
        >>> from colorlib.unet import UNet
        >>> net = ResizedModel(Colorizer(UNet(downs=3, width=4), size=32))
        >>> net(torch.zeros(2, 1, 64, 64)).shape
        torch.Size([2, 2, 64, 64])
    """

    def __init__(self, model: Colorizer) -> None:
        super().__init__()
        self.model, self.net = model, model.net

    def forward(self, L: Tensor) -> Tensor:
        """Map L (n, 1, h, w) to ab (n, 2, h, w), whatever the network itself answers."""
        return self.model.predict(L, self.model.size)


def evaluate(
    net: nn.Module | None,
    pictures: Pictures,
    scale: LabScaler = LabScaler(),
    metrics: Mapping[str, Metric] | None = None,
    *,
    batch: int = 32,
) -> MetricCollection:
    """Measure a network on all pictures of a set.

    Args:
        net, scale: as for :func:`colorized`.
        pictures: each is coloured at the size it has.
        metrics: by name; :func:`colorlib.evaluation.collection.default_metrics` if not given.
        batch: pictures at a time.

    Example:
        >>> from colorlib.data.datasets import load_dataset
        >>> evaluation = evaluate(None, load_dataset("photos", 32, reduced=True).test)
        >>> evaluation.result()["chroma_ratio"] < 0.01
        True
    """
    check_at_least("batch", batch, 1)
    evaluation = MetricCollection(default_metrics(scale) if metrics is None else metrics)
    for indices in torch.arange(len(pictures)).split(batch):
        rgb = pictures.batch(indices)
        evaluation.update(colorize_batch(net, rgb, scale), _real(rgb))
    return evaluation


def _real(rgb: Tensor) -> Tensor:
    return rgb.float() / 255 if rgb.dtype == torch.uint8 else rgb
