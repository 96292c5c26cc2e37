"""Choices of colours for a model that predicts bins: another temperature, and samples.

A model that predicts a probability for each colour bin leaves open which colour a pixel gets. It is
chosen by the model's scaler, so that another choice is a copy of the model with another scaler.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer
from colorlib.tensor_checks import check_at_least


def with_temperature(model: Colorizer, temperature: float) -> Colorizer:
    """Return a copy of a model that reads colours from its bins at another temperature.

    Args:
        model: Its output is colour bins.
        temperature: As in :meth:`colorlib.color_bins.ColorBins.decode`: 0 is the most probable
            colour, 1 the mean.

    Raises:
        ValueError: If the model predicts no bins, or ``temperature`` is below 0.

    Example:
        >>> from colorlib.unet import UNet
        >>> with_temperature(Colorizer(UNet(num_downs=3, base_channels=4)), 0.5)
        Traceback (most recent call last):
        ValueError: this model predicts one colour for each pixel; expected a model of colour ...
    """
    _check_predicts_bins(model)
    return dataclasses.replace(
        model, scaler=dataclasses.replace(model.scaler, temperature=temperature)
    )


def sampling_models(
    model: Colorizer,
    count: int,
    *,
    temperature: float = 1.0,
    correlation: float = 0.25,
    seed: int = 0,
) -> Iterator[Colorizer]:
    """Yield copies of a model that each give a photo other colours, drawn from its odds.

    Neighbouring pixels are drawn together, by :meth:`colorlib.color_bins.ColorBins.sample`, so that
    most objects get one colour. One copy always gives a photo the same colours.
    Test-time augmentation is off: a mean of several draws would be a mixture of their colours.

    Args:
        model: Its output is colour bins.
        count: How many copies.
        temperature: Above 0; at 1 a colour is drawn as often as the model finds it probable, and
            below 1, probable ones more often.
        correlation: The distance over which colours are drawn together, as a share of the photo's
            shorter side; 0 draws each pixel by itself.
        seed: Determines all draws. The first copies are the same for every ``count``.

    Raises:
        ValueError: If the model predicts no bins, or a number is out of its range.

    Example:
        >>> from colorlib.models.efficientnet_unet import EfficientNetUNet
        >>> scaler = LabScaler(output_space="bins")
        >>> net = EfficientNetUNet(base_channels=4, num_bins=scaler.out_channels)
        >>> L = torch.zeros(1, 1, 32, 32)
        >>> one, two = sampling_models(Colorizer(net, scaler, image_size=32), 2)
        >>> bool((one.predict_ab(L) == two.predict_ab(L)).all())
        False
    """
    _check_predicts_bins(model)
    check_at_least("count", count, 1)
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature is {temperature}; expected above 0, such as 1.0")
    scaler = dataclasses.replace(model.scaler, temperature=temperature)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        draw = int(torch.randint(2**62, (), generator=generator))
        sampler = _SamplingScaler(**dataclasses.asdict(scaler), seed=draw, correlation=correlation)
        yield dataclasses.replace(model, scaler=sampler, tta=False)


@dataclass(frozen=True)
class _SamplingScaler(LabScaler):
    """A scaler that draws colours from the odds of the bins; the same ones for the same output."""

    seed: int = 0
    correlation: float = 0.25

    def ab_of(
        self, output: Float[Tensor, "n c h_out w_out"], size: Sequence[int] | None = None
    ) -> Float[Tensor, "n 2 h w"]:
        ab = self.bins.sample(
            output,
            correlation=self.correlation * min(output.shape[-2:]),
            temperature=self.temperature,
            generator=torch.Generator().manual_seed(self.seed),
        )
        ab = ab / self.ab_scale
        return ab if size is None else F.interpolate(ab, tuple(size), mode="bilinear")


def _check_predicts_bins(model: Colorizer) -> None:
    if not model.scaler.predicts_bins:
        found = "this model predicts one colour for each pixel"
        advice = "train one with colorlib train --recipe zhang"
        raise ValueError(f"{found}; expected a model of colour bins: {advice}")
