"""The reconstruction loss of a run: colours against colours, or logits against colour bins."""

from __future__ import annotations

import dataclasses

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from colorlib.color_bins import bin_loss, rebalancing_weights
from colorlib.data.augment import epoch_permutation
from colorlib.engine.batches import load_batches
from colorlib.engine.config import TrainConfig
from colorlib.losses import reconstruction_loss

_COUNTED_IMAGES = 512  # that the frequencies of colour bins are counted on


class Objective:
    """The reconstruction loss of a run.

    Args:
        config: its ``reconstruction`` is the kind of loss.
        dataset: the images to train on; the weights of colour bins are counted on them.

    Example:
        >>> from torch.utils.data import TensorDataset
        >>> objective = Objective(TrainConfig(reconstruction="l2"), TensorDataset(torch.zeros(1)))
        >>> objective(torch.zeros(1, 2, 4, 4), torch.ones(1, 2, 4, 4)).item()
        1.0
    """

    def __init__(self, config: TrainConfig, dataset: Dataset[Tensor]) -> None:
        self.config = config
        is_weighted = config.predicts_bins and config.uniform_share < 1
        self.bin_weights = bin_weights(dataset, config) if is_weighted else None

    def __call__(
        self, real: Float[Tensor, "n c h w"], output: Float[Tensor, "n c_out h_out w_out"]
    ) -> Float[Tensor, ""]:
        """Return the distance of a generator's output to the true colours."""
        if not self.config.predicts_bins:
            return reconstruction_loss(real, output, self.config.reconstruction)
        scaler = self.config.scaler
        return bin_loss(real * scaler.ab_scale, output, scaler.bins, self.bin_weights)

    def colors(
        self, L: Float[Tensor, "n 1 h w"], output: Float[Tensor, "n c_out h_out w_out"]
    ) -> Float[Tensor, "n c h w"]:
        """Return the colours of a generator's output, which a discriminator sees next to L."""
        if not self.config.predicts_bins:
            return output
        return self.config.scaler.ab_of(output, L.shape[-2:])


def bin_weights(dataset: Dataset[Tensor], config: TrainConfig) -> Float[Tensor, " k"]:
    """Return the weight of each colour bin in the loss, from its share of a data set's pixels.

    The share is counted on a sample of at most 512 images, which the seed draws.

    Args:
        dataset: as for :func:`load_batches`.
        config: its scaler has the bins, and its ``uniform_share`` says how even the weights are.

    Example:
        >>> from colorlib.color import LabScaler
        >>> from colorlib.data.datasets import load_dataset
        >>> from colorlib.training import TrainConfig
        >>> scaler = LabScaler(output_space="bins")
        >>> config = TrainConfig(reconstruction="cross_entropy", scaler=scaler, batch_size=4)
        >>> weights = bin_weights(load_dataset("photos", 32, reduced=True).train, config)
        >>> bool(weights[scaler.bins.nearest(torch.zeros(1, 2, 1, 1)).item()] < 0.3)  # gray
        True
    """
    bins = config.scaler.bins
    counts = torch.zeros(len(bins))
    sample = epoch_permutation(len(dataset), config.seed, 0)[:_COUNTED_IMAGES]
    whole = dataclasses.replace(config, min_crop=None)
    batches = sample.split(config.batch_size)
    for _, ab in load_batches(dataset, batches, whole, 0, torch.device("cpu")):
        nearest = bins.nearest(ab * config.scaler.ab_scale)
        counts += torch.bincount(nearest.flatten(), minlength=len(bins))
    return rebalancing_weights(counts, config.uniform_share)
