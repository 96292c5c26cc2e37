"""Evaluation of a network, or of the gray baseline, on images whose true colours are known."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn
from torch.utils.data import Dataset

from colorlib.color import LabScaler, lab_to_rgb, quantize_lightness, rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.evaluation.collection import MetricCollection, default_metrics
from colorlib.evaluation.metric import Metric
from colorlib.tensor_checks import check_at_least


def colorize_batch(
    net: nn.Module | None, rgb: Num[Tensor, "n 3 h w"], scaler: LabScaler = LabScaler()
) -> Float[Tensor, "n 3 h w"]:
    """Return images with their colours removed and predicted again by a network.

    Args:
        net: maps L to the output that ``scaler`` describes; used in evaluation mode. None returns
            the gray baseline, a = b = 0.
        rgb: images, uint8 or floating point in [0, 1].
        scaler: the one that the network was trained with.

    Returns:
        RGB in [0, 1], on the CPU.

    Example:
        >>> colorize_batch(None, torch.rand(2, 3, 8, 8)).shape
        torch.Size([2, 3, 8, 8])
    """
    L, _ = LabScaler().normalize(quantize_lightness(rgb_to_lab(_to_float(rgb))))
    if net is None:
        ab = L.new_zeros(len(L), 2, *L.shape[-2:])
        return lab_to_rgb(LabScaler().denormalize(L, ab))
    device = next((parameter.device for parameter in net.parameters()), L.device)
    with torch.no_grad():
        output = net.eval()(L.to(device)).float().cpu()
        return lab_to_rgb(scaler.denormalize(L, output))


def _to_float(rgb: Tensor) -> Tensor:
    return rgb.float() / 255 if rgb.dtype == torch.uint8 else rgb


class ResizedModel(nn.Module):
    """A colorizer as a network for images of any size: it sees them at its own size.

    Args:
        model: its a and b are enlarged bilinearly, as :class:`~colorlib.colorizer.Colorizer` does
            for a photo.

    Example:
        >>> from colorlib.unet import UNet
        >>> net = ResizedModel(Colorizer(UNet(num_downs=3, base_channels=4), image_size=32))
        >>> net(torch.zeros(2, 1, 64, 64)).shape
        torch.Size([2, 2, 64, 64])
    """

    def __init__(self, model: Colorizer) -> None:
        super().__init__()
        self.model = model
        self.net = model.net

    def forward(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 2 h w"]:
        """Return ab, whatever the output space of the network."""
        return self.model.predict_ab_at(L, self.model.image_size)


def evaluate(
    net: nn.Module | None,
    dataset: Dataset[Tensor],
    scaler: LabScaler = LabScaler(),
    metrics: Mapping[str, Metric] | None = None,
    *,
    batch_size: int = 32,
) -> MetricCollection:
    """Return the metrics of a network on all images of a data set.

    Args:
        net, scaler: as in :func:`colorize_batch`.
        dataset: each image is colorized at the size it has.
        metrics: by name; :func:`~colorlib.evaluation.collection.default_metrics` if not given.
        batch_size: images per batch.

    Example:
        >>> from colorlib.data.datasets import load_dataset
        >>> evaluation = evaluate(None, load_dataset("photos", 32, reduced=True).test)
        >>> evaluation.compute()["chroma_ratio"] < 0.01
        True
    """
    check_at_least("batch_size", batch_size, 1)
    evaluation = MetricCollection(default_metrics(scaler) if metrics is None else metrics)
    for indices in torch.arange(len(dataset)).split(batch_size):
        rgb = dataset.__getitems__(indices)
        evaluation.update(colorize_batch(net, rgb, scaler), _to_float(rgb))
    return evaluation
