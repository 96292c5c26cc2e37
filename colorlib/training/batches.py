"""What a step sees: pictures by their numbers, changed as the settings say, as L and ab."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.color import as_gray_photo, rgb_to_lab
from colorlib.data.augment import augment
from colorlib.data.sets import Pictures
from colorlib.training.settings import Settings


def batch(
    data: Pictures, indices: Tensor, settings: Settings, epoch: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Give L (n, 1, h, w) and what belongs to it, as ``settings.scale`` says, on the device.

    Example:
        >>> from colorlib.data.sets import load
        >>> data, settings = load("photos", 32, reduced=True).train, Settings(half_epochs=1)
        >>> batch(data, torch.arange(4), settings, epoch=0, device=torch.device("cpu"))[1].shape
        torch.Size([4, 2, 16, 16])
    """
    rgb = data.batch(indices).to(device)
    rgb = augment(rgb, indices, settings.seed, epoch, flip=settings.flip, crop=settings.crop)
    if (times := settings.oversize * (2 if epoch < settings.half_epochs else 1)) > 1:
        rgb = F.avg_pool2d(rgb / 255 if rgb.dtype == torch.uint8 else rgb, times)
    return settings.scale.split(as_gray_photo(rgb_to_lab(rgb)))
