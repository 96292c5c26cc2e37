"""Colours as classes: bins on the plane of a and b, and a network that gives each a probability.

A network that predicts one colour must answer with a mixture where several are right. One that
predicts a probability for each bin can say "blue three times in ten". It is trained as a classifier
(Zhang et al. 2016); a colour is then read from its probabilities in one of several ways.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from colorlib import cie
from colorlib.tensor_checks import check_at_least, check_images

_SMOOTHING = 5.0  # Lab units: the width of the Gaussian of soft targets (Zhang et al., section 2.2)
_EXACT = "donot_use_mm_for_euclid_dist"  # a matrix product would be off by 0.005 units
_TILE_PIXELS = 2**16  # pixels whose distances to all bins are held at a time


class SoftTargets(NamedTuple):
    """For each pixel, the nearest bins and the probability of each; those of others are 0."""

    bins: Int[Tensor, "n m h w"]
    probabilities: Float[Tensor, "n m h w"]


@dataclass(frozen=True, eq=False)
class ColorBins:
    """Bins of colours, each given by its center in a and b.

    Args:
        centers: (k, 2), a and b in Lab units.
        neighbors: The number of bins that share a colour in :meth:`soft_targets`; 1 for hard ones.

    Example:
        >>> bins = grid_bins()
        >>> logits = torch.full((1, len(bins), 1, 1), -9.0)
        >>> logits[0, bins.nearest(torch.tensor([50.0, 20.0]).view(1, 2, 1, 1)).item()] = 9.0
        >>> bins.decode(logits).flatten().round().tolist()
        [50.0, 20.0]
    """

    centers: Float[Tensor, "k 2"]
    neighbors: int = 5

    def __post_init__(self) -> None:
        shape = tuple(self.centers.shape)
        if len(shape) != 2 or shape[1] != 2 or not shape[0]:
            raise ValueError(f"centers has shape {shape}; expected (k, 2), k at least 1")
        check_at_least("neighbors", self.neighbors, 1)

    def __len__(self) -> int:
        return len(self.centers)

    def nearest(self, ab: Float[Tensor, "n 2 h w"]) -> Int[Tensor, "n h w"]:
        """Return the bin of each colour of (n, 2, h, w) images in Lab units: (n, h, w)."""
        return self._nearest(ab, 1)[1][:, 0]

    def soft_targets(self, ab: Float[Tensor, "n 2 h w"]) -> SoftTargets:
        """Share each colour among its nearest bins, by a Gaussian of their distances.

        A neighbouring bin is nearly as right as the nearest one, and hard targets would hide that
        from the network (Zhang et al., section 2.2). Only the bins that have a share are kept:
        that takes a fiftieth of the memory of all.

        Args:
            ab: (n, 2, h, w) in Lab units.

        Example:
            >>> targets = grid_bins().soft_targets(torch.zeros(1, 2, 1, 1))
            >>> [round(share, 2) for share in targets.probabilities.flatten().tolist()]
            [0.65, 0.09, 0.09, 0.09, 0.09]
        """
        distances, bins = self._nearest(ab, min(self.neighbors, len(self)))
        shares = torch.exp(-distances.square() / (2 * _SMOOTHING**2)) + 1e-12
        return SoftTargets(bins, shares / shares.sum(dim=1, keepdim=True))

    def decode(
        self, logits: Float[Tensor, "n k h w"], temperature: float = 1.0
    ) -> Float[Tensor, "n 2 h w"]:
        """Return one colour for each pixel: the annealed mean of the bins.

        The probabilities are raised to the power 1 / temperature before the mean is taken (Zhang et
        al., section 2.3, who use 0.38). At 1 it is the mean: smooth, and gray where opposite
        colours are possible. Towards 0 it is the most probable bin: vivid or gray, with hard edges.

        Args:
            logits: (n, k, h, w).
            temperature: Above 0; 0 itself gives the most probable bin.

        Returns:
            (n, 2, h, w) float32, a and b in Lab units.
        """
        self._check_logits(logits)
        check_at_least("temperature", temperature, 0)
        centers = self.centers.to(logits.device)
        if temperature == 0:
            return centers[logits.argmax(dim=1)].movedim(-1, 1)
        probabilities = (logits.float() / temperature).softmax(dim=1)
        return torch.einsum("nkhw,kc->nchw", probabilities, centers)

    def sample(
        self,
        logits: Float[Tensor, "n k h w"],
        *,
        correlation: float = 16.0,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Float[Tensor, "n 2 h w"]:
        """Draw one colouring: each pixel's colour has its own odds, and neighbours agree.

        The largest of logit + Gumbel noise is a draw from the probabilities. Here the noise of each
        bin is a smooth field over the image, so that the pixels of one object, which have the same
        odds, also get the same noise, and the same colour.

        Args:
            logits: (n, k, h, w).
            correlation: The distance in pixels of ``logits`` over which colours are drawn together;
                0 draws each pixel by itself.
            temperature: Below 1, probable colours are drawn more often than their odds.
            generator: Makes the draw repeatable.

        Returns:
            (n, 2, h, w) float32, a and b in Lab units.

        Example:
            >>> bins = ColorBins(torch.tensor([[60.0, 40.0], [20.0, -60.0]]))
            >>> draw = bins.sample(torch.zeros(1, 2, 8, 8), correlation=1000)
            >>> draw.flatten(2).unique(dim=2).shape  # all pixels have one colour
            torch.Size([1, 2, 1])
        """
        self._check_logits(logits)
        check_at_least("correlation", correlation, 0)
        if not temperature > 0:
            raise ValueError(f"temperature is {temperature}; expected above 0, such as 1.0")
        noise = _smooth_normal_noise(logits.shape, correlation, generator).to(logits.device)
        quantiles = torch.special.ndtr(noise).clamp(1e-6, 1 - 1e-6)
        gumbel = -(-quantiles.log()).log()
        return self.decode(logits.float() / temperature + gumbel, temperature=0)

    def _nearest(self, ab: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Return the distances to the nearest bins and their indices, each (n, count, h, w)."""
        check_images("ab", ab, channels=2)
        n, _, h, w = ab.shape
        pixels, centers = ab.float().movedim(1, -1).reshape(-1, 2), self.centers.to(ab.device)
        tiles = [
            torch.cdist(tile, centers, compute_mode=_EXACT).topk(count, largest=False)
            for tile in pixels.split(_TILE_PIXELS)
        ]
        distances, bins = (torch.cat(parts) for parts in zip(*tiles, strict=True))
        return tuple(x.view(n, h, w, count).movedim(-1, 1) for x in (distances, bins))

    def _check_logits(self, logits: Tensor) -> None:
        check_images("logits", logits, channels=len(self))


@functools.lru_cache
def grid_bins(step: float = 10.0) -> ColorBins:
    """Return the squares of a grid on a and b that at least one sRGB colour falls into.

    With a step of 10 units there are 261. Zhang et al. count 313 on the same grid: these, and 52
    squares around their rim that no sRGB colour falls into, so that no photo ever has them.

    Args:
        step: The side of a square in Lab units.

    Example:
        >>> len(grid_bins())
        261
    """
    check_at_least("step", step, 1)
    # The surface of the RGB cube is enough: it has the colours of highest chroma and black.
    levels = torch.arange(256) / 255
    face = torch.cartesian_prod(levels, levels)
    faces = []
    for channel in range(3):
        for level in (0.0, 1.0):
            columns = list(face.unbind(1))
            columns.insert(channel, torch.full((len(face),), level))
            faces.append(torch.stack(columns, dim=1))
    linear = cie.srgb_to_linear(torch.cat(faces))
    ab = cie.xyz_to_lab(cie.linear_to_xyz(linear))[:, 1:]
    squares = (ab / step).round() + 0.0  # no negative zero
    return ColorBins(squares.unique(dim=0) * step)


@functools.lru_cache
def kmeans_bins() -> ColorBins:
    """Return 32 bins with hard targets, which k-means found in the colours of landscape photos.

    Photos have few vivid colours, and so have these bins: they are nearly as close to the colours
    of photos as the 261 squares of :func:`grid_bins`. ColorUNet (Billaut et al. 2018) also has 32,
    found in another way: the most frequent squares of a grid. The centers are in
    ``kmeans_bins.toml``, with the command that found them; :func:`colorlib.data.palette.find_bins`
    finds those of other photos.

    Example:
        >>> len(kmeans_bins()), kmeans_bins().neighbors
        (32, 1)
    """
    text = Path(__file__).with_name("kmeans_bins.toml").read_text("utf-8")
    return ColorBins(torch.tensor(tomllib.loads(text)["centers"]), neighbors=1)


#: The bins that a scaler may name as its output space.
BINS_BY_NAME = {"bins": grid_bins, "kmeans_bins": kmeans_bins}


def rebalancing_weights(counts: Float[Tensor, " k"], uniform: float = 0.5) -> Float[Tensor, " k"]:
    """Return a weight for each bin, so that rare colours count in the loss as well.

    Most pixels of photos are nearly gray, and a network that minimizes the average loss learns the
    gray ones first. The weight is 1 / ((1 - uniform) p + uniform / k), scaled so that the mean over
    all pixels is 1 (Zhang et al., section 2.2, with ``uniform`` 1/2).

    Args:
        counts: How many pixels of the training set fall into each bin.
        uniform: The share of the uniform distribution that is mixed in: 1 leaves all weights at 1.

    Example:
        >>> [round(weight, 2) for weight in rebalancing_weights(torch.tensor([98.0, 2.0])).tolist()]
        [0.96, 2.74]
    """
    if not 0 < uniform <= 1:
        raise ValueError(f"uniform is {uniform}; expected above 0, at most 1, such as 0.5")
    prior = counts / counts.sum()
    weights = 1 / ((1 - uniform) * prior + uniform / len(counts))
    return weights / (prior * weights).sum()


def bin_loss(
    ab: Float[Tensor, "n 2 h w"],
    logits: Float[Tensor, "n k h_small w_small"],
    bins: ColorBins,
    weights: Float[Tensor, " k"] | None = None,
) -> Float[Tensor, ""]:
    """Return the cross-entropy between the soft targets of true colours and predicted logits.

    Args:
        ab: (n, 2, h, w), the true colours in Lab units.
        logits: (n, k, h / s, w / s): the middle pixel of every s x s stands for all, as in Zhang
            et al., where s is 4.
        bins: The k bins.
        weights: (k,), for example :func:`rebalancing_weights`; the weight of a pixel is that of its
            nearest bin.

    Returns:
        A scalar in float32, in nats a pixel.

    Example:
        >>> bins = grid_bins()
        >>> logits = torch.zeros(1, len(bins), 2, 2)
        >>> bin_loss(torch.zeros(1, 2, 8, 8), logits, bins).exp().round().item()
        261.0
    """
    ab = F.interpolate(ab, logits.shape[-2:], mode="nearest-exact")  # the pixel in the middle
    targets = bins.soft_targets(ab)
    log_probabilities = logits.float().log_softmax(dim=1).gather(1, targets.bins)
    loss = -(targets.probabilities * log_probabilities).sum(dim=1)
    if weights is not None:
        loss = loss * weights.to(loss.device)[targets.bins[:, 0]]
    return loss.mean()


def _smooth_normal_noise(
    shape: torch.Size, correlation: float, generator: torch.Generator | None
) -> Tensor:
    """Return standard normal noise (n, k, h, w) that changes over about ``correlation`` pixels."""
    n, k, h, w = shape
    noise = torch.randn(n, k, h, w, generator=generator)
    if correlation == 0:
        return noise
    frequencies = torch.hypot(torch.fft.fftfreq(2 * h)[:, None], torch.fft.rfftfreq(2 * w)[None, :])
    gain = torch.exp(-2 * (torch.pi * correlation * frequencies).square())
    noise = torch.randn(n, k, 2 * h, 2 * w, generator=generator)  # twice: the field is periodic
    smooth = torch.fft.irfft2(torch.fft.rfft2(noise) * gain, s=(2 * h, 2 * w))
    power = torch.fft.irfft2(gain.square(), s=(2 * h, 2 * w))[0, 0]  # of the field, at each pixel
    return smooth[..., :h, :w] / power.sqrt()
