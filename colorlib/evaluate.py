"""How well a network colours pictures whose true colours are known, and how well gray does."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from colorlib.color import Scale, as_gray_photo, lab_to_rgb, rgb_to_lab
from colorlib.colorize import Colorizer
from colorlib.data.sets import Pictures
from colorlib.metrics import Evaluation, Metric, standard
from colorlib.tensor_checks import check_at_least


def colorized(net: nn.Module | None, rgb: Tensor, scale: Scale = Scale()) -> Tensor:
    """Take the colours away and put a network's in their place.

    Args:
        net: L to what ``scale`` says, used in evaluation mode; None gives the gray baseline, a = b = 0.
        rgb: (n, 3, h, w), uint8 or in [0, 1].
        scale: what the network was trained with.

    Returns:
        RGB (n, 3, h, w) in [0, 1], on the CPU.

    Example:
        >>> colorized(None, torch.rand(2, 3, 8, 8)).shape
        torch.Size([2, 3, 8, 8])
    """
    L, _ = Scale().split(as_gray_photo(rgb_to_lab(_real(rgb))))
    if net is None:
        return lab_to_rgb(Scale().join(L, L.new_zeros(len(L), 2, *L.shape[-2:])))
    device = next((parameter.device for parameter in net.parameters()), L.device)
    with torch.no_grad():
        return lab_to_rgb(scale.join(L, net.eval()(L.to(device)).float().cpu()))


class AtOwnSize(nn.Module):
    """A model as a network for pictures of any size: it sees them at its own, as a photo that it colours.

    Args:
        model: what answers; a and b are enlarged softly, as :class:`~colorlib.colorize.Colorizer` does.

    Example:
        >>> from colorlib.generators import UNet
        >>> net = AtOwnSize(Colorizer(UNet(downs=3, width=4), size=32))
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
    scale: Scale = Scale(),
    metrics: Mapping[str, Metric] | None = None,
    *,
    batch: int = 32,
) -> Evaluation:
    """Measure a network on all pictures of a set.

    Args:
        net, scale: as for :func:`colorized`.
        pictures: each is coloured at the size it has.
        metrics: by name; :func:`colorlib.metrics.standard` if not given.
        batch: pictures at a time.

    Example:
        >>> from colorlib.data.sets import load
        >>> evaluation = evaluate(None, load("photos", 32, reduced=True).test)
        >>> evaluation.result()["chroma_ratio"] < 0.01
        True
    """
    check_at_least("batch", batch, 1)
    evaluation = Evaluation(standard(scale) if metrics is None else metrics)
    for indices in torch.arange(len(pictures)).split(batch):
        rgb = pictures.batch(indices)
        evaluation.update(colorized(net, rgb, scale), _real(rgb))
    return evaluation


def _real(rgb: Tensor) -> Tensor:
    return rgb.float() / 255 if rgb.dtype == torch.uint8 else rgb
