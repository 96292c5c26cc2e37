"""What a step sees: pictures by their numbers, changed as the settings say, as L and ab."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from colorlib.color import quantize_lightness, rgb_to_lab
from colorlib.data.augment import augment
from colorlib.engine.settings import TrainConfig


def load_batch(
    data: Dataset[Tensor], indices: Tensor, settings: TrainConfig, epoch: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Give L (n, 1, h, w) and what belongs to it, as ``settings.scaler`` says, on the device.

    Example:
        >>> from colorlib.data.datasets import load_dataset
        >>> data, settings = load_dataset("photos", 32, reduced=True).train, TrainConfig(load_scale=2)
        >>> load_batch(data, torch.arange(4), settings, epoch=0, device=torch.device("cpu"))[1].shape
        torch.Size([4, 2, 16, 16])
    """
    rgb = data.__getitems__(indices).to(device)
    rgb = augment(
        rgb, indices, settings.seed, epoch, settings.horizontal_flip, settings.min_crop
    )
    if settings.load_scale > 1:
        rgb = downsample(rgb, [round(side / settings.load_scale) for side in rgb.shape[-2:]])
    return settings.scaler.normalize(quantize_lightness(rgb_to_lab(rgb)))


def downsample(rgb: Tensor, sides: Sequence[int]) -> Tensor:
    """Shrink RGB (n, 3, h, w), uint8 or in [0, 1], to float pictures of these sides, each pixel a mean.

    Example:
        >>> downsample(torch.full((1, 3, 16, 16), 255, dtype=torch.uint8), (12, 12)).unique()
        tensor([1.])
    """
    rgb = rgb / 255 if rgb.dtype == torch.uint8 else rgb
    return F.interpolate(rgb, tuple(sides), mode="bilinear", antialias=True).clamp(0, 1)
