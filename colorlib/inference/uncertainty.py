"""Uncertainty of a model: how far from the truth it expects its colours to be, at each pixel.

A model of colour bins says it by its probabilities. For a model that predicts one colour, a small
network learns it: it sees the model's last features, and predicts the distance between the model's
colour and the true one. Its weights are in a file next to those of the model. More training does
not remove this uncertainty, which is called aleatoric (Kendall and Gal 2017): a gray photo does not
say what colour a shirt has.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from colorlib import pretrained
from colorlib.color import LabScaler
from colorlib.colorizer import Colorizer, lightness, resize_for_network, run_network
from colorlib.generator import Generator
from colorlib.inference.border import find_content
from colorlib.inference.memory import predict_with_oom_fallback
from colorlib.io.checkpoint import CheckpointError, load_weights, save_weights
from colorlib.io.images import ImageSource, load_image
from colorlib.models.efficientnet_unet import EfficientNetUNet

ORANGE = (213, 94, 0)
MIN_DISTANCE, MAX_DISTANCE = 8.0, 22.0  # Lab units: there orange begins, and is strongest
MAX_OPACITY = 0.8  # of the orange: the photo stays visible


class UncertaintyNet(Generator):
    """Predicts how far another network's colours are from the true ones.

    Two 1x1 convolutions read the other network's last features, which are not trained further.

    Args:
        net: The network whose colours are judged; it predicts a and b.
        hidden_channels: Channels between the two convolutions.

    Shape:
        L (n, 1, h, w) to the expected distance in a and b, in Lab units: (n, 1, h / 2, w / 2),
        rounded up.

    Example:
        >>> net = UncertaintyNet(EfficientNetUNet(base_channels=4))
        >>> net(torch.zeros(1, 1, 64, 48)).shape
        torch.Size([1, 1, 32, 24])
    """

    config_schema: ClassVar = {"hidden_channels": range(1, 1025)}
    min_size = size_multiple = 32
    frozen_modules = ("net",)

    def __init__(self, net: EfficientNetUNet, hidden_channels: int = 32) -> None:
        super().__init__(locals())
        self.net = net
        channels = net.head.in_channels
        self.head = nn.Sequential(
            nn.BatchNorm2d(channels, affine=False),  # features have very different sizes
            nn.Conv2d(channels, hidden_channels, 1),
            nn.ReLU(),
            nn.Conv2d(hidden_channels, 1, 1),
        )

    def predict(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 1 h_out w_out"]:
        """Predict distances for images whose sides are multiples of 32."""
        return self.forward_head(self.net.forward_features(L))

    def forward_head(self, features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 1 h w"]:
        """Return the distance for what the other network's ``forward_features`` returns."""
        return self.head(features).float().exp()


def uncertainty_loss(expected: Tensor, distance: Tensor) -> Tensor:
    """Return the negative log likelihood of distances under exponential distributions.

    It is log(m) + d / m for an expected distance m and a true one d, averaged over pixels: of all
    m, the mean of d has the lowest loss. So the network learns the mean distance of places that
    look alike to it.

    Example:
        >>> distance = torch.tensor([1.0, 3.0])
        >>> means = torch.tensor([1.9, 2.0, 2.1])
        >>> int(torch.stack([uncertainty_loss(m, distance) for m in means]).argmin())
        1
    """
    return (expected.log() + distance / expected).mean()


def bin_uncertainty(
    scaler: LabScaler, logits: Float[Tensor, "n k h w"]
) -> Float[Tensor, "n 1 h w"]:
    """Return the expected distance between the colour that a model of bins shows and a drawn one.

    Args:
        scaler: The model's; its temperature decides which colour is shown.
        logits: The output of the network.

    Returns:
        Lab units.

    Example:
        >>> scaler = LabScaler(output_space="bins")
        >>> sure = torch.zeros(1, scaler.out_channels, 1, 1)
        >>> sure[0, 100] = 50.0
        >>> [round(bin_uncertainty(scaler, logits).item()) for logits in (sure, 0 * sure)]
        [0, 65]
    """
    colors = scaler.bins.decode(logits, scaler.temperature).flatten(2).mT
    distances = torch.cdist(colors, scaler.bins.centers.to(colors.device))
    probabilities = logits.float().softmax(dim=1).flatten(2).mT
    expected = (probabilities * distances).sum(dim=-1)
    return expected.unflatten(1, logits.shape[-2:])[:, None]


@dataclass(frozen=True)
class UncertaintyMap:
    """A model's expected distance from the truth, as a picture; :func:`with_uncertainty` makes it.

    Args:
        net: An :class:`UncertaintyNet`, or a network that predicts bins.
        image_size: The size at which the network sees a photo.
        scaler: The scaler of a network that predicts bins.

    Example:
        >>> net = UncertaintyNet(EfficientNetUNet(base_channels=4))
        >>> UncertaintyMap(net, image_size=32)(Image.new("L", (90, 61), 99)).size
        (90, 61)
    """

    net: nn.Module
    image_size: int
    scaler: LabScaler = LabScaler()

    def __call__(self, photo: ImageSource, saturation: float = 1.0) -> Image.Image:
        """Return the photo in gray, with orange where the model guesses.

        Args:
            photo: As for a :class:`~colorlib.colorizer.Colorizer`.
            saturation: Without effect; a map is called as a colorizer is.

        Raises:
            ImageError, RuntimeError: As for a colorizer.
        """
        image = load_image(photo)
        return overlay_uncertainty(image, self.predict(lightness(image)))

    def predict(self, L: Float[Tensor, "1 1 h w"]) -> Float[Tensor, "1 1 h w"]:
        """Predict the distance for a photo's L, at its size, in Lab units; 0 in a plain border."""
        rows, columns = find_content(L)
        distance = torch.zeros_like(L)
        distance[..., rows, columns] = predict_with_oom_fallback(
            self._predict_at, L[..., rows, columns], self.image_size
        )
        return distance

    def _predict_at(self, L: Tensor, size: int) -> Tensor:
        output = run_network(self.net, resize_for_network(L, size))
        if self.scaler.predicts_bins:
            output = bin_uncertainty(self.scaler, output)
        return F.interpolate(output, L.shape[-2:], mode="bilinear")


def overlay_uncertainty(image: Image.Image, distance: Float[Tensor, "1 1 h w"]) -> Image.Image:
    """Return an image in gray under orange, which is the stronger, the larger the distance is.

    Up to ``MIN_DISTANCE`` there is none, and from ``MAX_DISTANCE`` on it is strongest.

    Example:
        >>> sure_and_not = torch.tensor([MIN_DISTANCE, MAX_DISTANCE]).view(1, 1, 1, 2)
        >>> result = overlay_uncertainty(Image.new("L", (2, 1), 100), sure_and_not)
        >>> [result.getpixel((x, 0)) for x in (0, 1)]
        [(100, 100, 100), (190, 95, 20)]
    """
    share = (distance[0, 0] - MIN_DISTANCE) / (MAX_DISTANCE - MIN_DISTANCE)
    opacity = share.clamp(0, 1) * MAX_OPACITY
    mask = Image.fromarray((opacity * 255).round().numpy().astype(np.uint8))
    gray = image.convert("L").convert("RGB")
    return Image.composite(Image.new("RGB", gray.size, ORANGE), gray, mask)


def with_uncertainty(model: Colorizer, weights: str | Path) -> UncertaintyMap:
    """Return the map of a model: of its bins, or of the file next to its weights.

    Args:
        model: The model.
        weights: The file that it came from.

    Raises:
        ValueError: If it predicts no bins and there is no such file.
        CheckpointError: If the file is damaged, or belongs to other weights.

    Example:
        >>> weights = pretrained.weights_path("plain")
        >>> L = torch.zeros(1, 1, 64, 64)
        >>> 0 < with_uncertainty(pretrained.load("plain"), weights).predict(L).mean().item() < 50
        True
    """
    if model.scaler.predicts_bins:
        return UncertaintyMap(model.net, model.image_size, model.scaler)
    path = uncertainty_path(weights)
    if not path.is_file():
        expected = f"expected a model of colour bins, {' or '.join(pretrained.NAMES)}"
        raise ValueError(f"this model cannot say where it guesses; {expected}, or a file {path}")
    tensors, config = load_weights(path)
    if config.get("weights_sha256") != pretrained.sha256(Path(weights)):
        raise CheckpointError(
            f"{path} belongs to other weights than {weights}; train it again with "
            f"python -m course train-uncertainty {weights}"
        )
    try:
        net = UncertaintyNet(model.net, config["hidden_channels"])
        net.head.load_state_dict(tensors)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} does not fit the network of {weights}: {reason}") from None
    net.to(next(model.net.parameters()).device)
    return UncertaintyMap(net, model.image_size)


def save_uncertainty(net: UncertaintyNet, weights: str | Path, *, overwrite: bool = False) -> Path:
    """Save what an :class:`UncertaintyNet` learned, next to the weights of the model."""
    config = {
        "hidden_channels": net.config["hidden_channels"],
        "weights_sha256": pretrained.sha256(Path(weights)),
    }
    return save_weights(
        uncertainty_path(weights), net.head.state_dict(), config, overwrite=overwrite
    )


def uncertainty_path(weights: str | Path) -> Path:
    """Return the file next to a weights file that holds what its uncertainty is predicted with.

    Example:
        >>> uncertainty_path("runs/mine/plain.safetensors").name
        'plain-uncertainty.safetensors'
    """
    weights = Path(weights)
    return weights.with_name(f"{weights.stem}-uncertainty{weights.suffix}")
