"""Batches of images as the networks see them: augmented, in Lab, scaled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from colorlib.color import quantize_lightness, rgb_to_lab
from colorlib.data.augment import augment, epoch_permutation
from colorlib.data.old_photo import use_random_film

if TYPE_CHECKING:
    from colorlib.training import TrainConfig


def epoch_batches(num_images: int, config: TrainConfig, epoch: int) -> list[Tensor]:
    """Return the indices of the images in each batch of an epoch; an incomplete batch is dropped.

    Example:
        >>> from colorlib.training import TrainConfig
        >>> [len(batch) for batch in epoch_batches(10, TrainConfig(batch_size=4), epoch=0)]
        [4, 4]
    """
    batches = epoch_permutation(num_images, config.seed, epoch).split(config.batch_size)
    return list(batches[: num_images // config.batch_size])


def load_batches(
    dataset: Dataset[Tensor],
    batches: Sequence[Tensor],
    config: TrainConfig,
    epoch: int,
    device: torch.device,
) -> Iterator[tuple[Float[Tensor, "n 1 h w"], Float[Tensor, "n c h w"]]]:
    """Yield each batch as the networks' input and target: L (n, 1, h, w) and ab (n, 2, h, w).

    Args:
        dataset: its ``__getitems__(indices)`` returns RGB images (n, 3, h, w) in one read.
        batches: the indices of the images in each batch.
        config: how images are augmented and scaled.
        epoch: an image is augmented in another way in each epoch.
        device: where to augment and convert.

    Example:
        >>> from colorlib.data.datasets import load_dataset
        >>> from colorlib.training import TrainConfig
        >>> dataset = load_dataset("photos", 32, reduced=True).train
        >>> batches, config = [torch.arange(4)], TrainConfig(load_scale=2)
        >>> L, ab = next(load_batches(dataset, batches, config, 0, torch.device("cpu")))
        >>> ab.shape
        torch.Size([4, 2, 16, 16])
    """
    loader = DataLoader(
        dataset,
        batch_sampler=[batch.tolist() for batch in batches],
        collate_fn=_collate,
        generator=torch.Generator(),  # not the global one: a loader draws a number from it
    )
    for indices, images in zip(batches, loader, strict=True):
        rgb = augment(
            images.to(device),
            indices,
            config.seed,
            epoch,
            horizontal_flip=config.horizontal_flip,
            min_crop=config.min_crop,
        )
        if config.load_scale > 1:
            rgb = downsample(rgb, [round(side / config.load_scale) for side in rgb.shape[-2:]])
        lab = quantize_lightness(rgb_to_lab(rgb))
        if config.film_share:
            rgb = rgb / 255 if rgb.dtype == torch.uint8 else rgb
            lab = use_random_film(lab, rgb, indices, config.seed, epoch, config.film_share)
        yield config.scaler.normalize(lab)


def _collate(images: Tensor | list[Tensor]) -> Tensor:
    """Return a batch; a data set without ``__getitems__`` gives a list of images."""
    return images if isinstance(images, Tensor) else torch.stack(images)


def downsample(
    rgb: Shaped[Tensor, "n 3 h w"], size: Sequence[int]
) -> Float[Tensor, "n 3 new_h new_w"]:
    """Shrink RGB images; each pixel is a weighted mean of those it covers.

    Args:
        rgb: (n, 3, h, w), uint8 or in [0, 1].
        size: the new height and width.

    Returns:
        (n, 3, new_h, new_w), float in [0, 1].

    Example:
        >>> downsample(torch.full((1, 3, 16, 16), 255, dtype=torch.uint8), (12, 12)).unique()
        tensor([1.])
    """
    rgb = rgb / 255 if rgb.dtype == torch.uint8 else rgb
    return F.interpolate(rgb, tuple(size), mode="bilinear", antialias=True).clamp(0, 1)
