"""A model and a photo in, a colour photo out: the one way that every caller goes.

The network sees the photo's lightness at its own size. What it answers, a and b, is enlarged softly and laid
over the photo's full-resolution L, so that the result is as sharp as the photo, whatever its size.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from colorlib import checkpoint, generators, images
from colorlib.color import Scale, lab_to_rgb, rgb_to_lab

_logger = logging.getLogger("colorlib")
_LONGEST = 4  # the network sees at most this many times its size along a side; beyond that it is squeezed
_ROWS = 512  # of the photo, turned to RGB at a time: memory stays small for large photos


@dataclass(frozen=True)
class Colorizer:
    """A trained generator with what it needs to be used right: its scale and its size.

    Args:
        net: L (n, 1, h, w) to ab (n, 2, h, w), used in evaluation mode.
        scale: What it was trained with.
        size: The side of the pictures that it was trained on.

    Example:
        >>> model = Colorizer(generators.UNet(downs=3, width=4), size=32)
        >>> model(Image.new("RGB", (90, 61), "gray")).size
        (90, 61)
    """

    net: nn.Module
    scale: Scale = field(default_factory=Scale)
    size: int = 256

    def __call__(self, photo: images.Source, saturation: float = 1.0) -> Image.Image:
        """Colour a photo.

        Args:
            photo: Whatever :func:`colorlib.images.read` takes; colours that it has are not looked at.
            saturation: 1 is what the network said, 0 is gray, 1.3 is stronger.

        Returns:
            A picture of the photo's own size.

        Raises:
            ImageError: If the photo cannot be read.
            ValueError: If ``saturation`` is below 0.
            RuntimeError: If memory runs out even at half the network's size.
        """
        if not saturation >= 0:
            raise ValueError(f"saturation is {saturation}; expected 0 or more")
        L, _ = self.scale.split(rgb_to_lab(images.to_tensor(photo)))
        ab = self._with_less_memory(L, self.size) * saturation
        rows = [
            lab_to_rgb(self.scale.join(some_L, some_ab))
            for some_L, some_ab in zip(L.split(_ROWS, dim=2), ab.split(_ROWS, dim=2), strict=True)
        ]
        return images.to_image(torch.cat(rows, dim=2))

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write weights and configuration as one safetensors file that :meth:`load` reads."""
        config = {"net": self.net.config, "ab": self.scale.ab, "size": self.size}
        return checkpoint.save_weights(path, self.net.state_dict(), config, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Colorizer:
        """Read a model that :meth:`save` wrote; the file cannot carry code, and is not trusted.

        Raises:
            FileNotFoundError: If there is no such file.
            CheckpointError: If it is damaged, or its weights do not fit its configuration.
        """
        weights, config = checkpoint.load_weights(path)
        try:
            net = generators.build(config["net"])
            net.load_state_dict(weights)
            return cls(net, Scale(float(config["ab"])), int(config["size"]))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise checkpoint.CheckpointError(
                f"{path} holds no model that fits its weights: {reason}"
            ) from None

    def predict(self, L: Tensor, size: int) -> Tensor:
        """Answer a and b for L (1, 1, h, w), which the network sees with a shorter side of ``size``."""
        h, w = L.shape[-2:]
        sides = [min(max(round(side * size / min(h, w)), size), _LONGEST * size) for side in (h, w)]
        device = next(self.net.parameters()).device
        self.net.eval()
        with torch.no_grad():
            small = F.interpolate(L, sides, mode="bilinear", antialias=True).clamp(-1, 1)
            ab = self.net(small.to(device)).float().cpu()
            return F.interpolate(ab, (h, w), mode="bilinear")

    def _with_less_memory(self, L: Tensor, size: int) -> Tensor:
        """Predict, and once more at half the size if memory runs out; never a gray photo in silence."""
        try:
            return self.predict(L, size)
        except (torch.cuda.OutOfMemoryError, MemoryError) as error:
            if size < self.size:
                raise RuntimeError(
                    f"memory ran out at {size} pixels as well; close other programs, or colour on the CPU"
                ) from error
            _logger.warning(
                "memory ran out: this photo is coloured at half the network's size, %d", size // 2
            )
        return self._with_less_memory(L, size // 2)
