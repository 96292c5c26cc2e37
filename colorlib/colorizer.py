"""A model and a photo in, a colour photo out: the one way that every caller goes.

The network sees the photo's lightness at its own size. What it answers, a and b, is enlarged softly and laid
over the photo's full-resolution L, so that the result is as sharp as the photo, whatever its size. A small
and a large print of one photo get the same colours.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab, to_uint8
from colorlib.engine.precision import amp_dtype, is_out_of_memory
from colorlib.inference.border import find_content
from colorlib.io import checkpoint, images
from colorlib.io.color_modes import composite_on_white
from colorlib.models import schema
from colorlib.models.registry import create_generator
from colorlib.tensor_checks import check_at_least, check_images

_FIELDS = {"size": range(1, 4097), "averaged": bool}  # what a file may say beside its network
_SCALE = {"ab": (1.0, 1000.0), "answer": ("ab", "lab", "rgb")}
_logger = logging.getLogger("colorlib")
_LONGEST = (
    4  # the network sees at most this many times its size along a side; beyond that it is squeezed
)
_ROWS = 128  # of the photo, turned to Lab or RGB at a time: memory stays small for large photos
_WILD = 10  # a or b beyond this many times its range is no answer; the gamut would make it gray in silence
_GRAY = 1.0  # a mean chroma in Lab units below this is no colour that a person sees


@dataclass(frozen=True)
class Colorizer:
    """A trained generator with what it needs to be used right: its scale and its size.

    Args:
        net: L (n, 1, h, w) to what ``scale`` says, used in evaluation mode. Of an answer in RGB the a and b
            are taken, as the lightness is the photo's own.
        scale: What it was trained with.
        size: The side of the pictures that it was trained on.
        averaged: Whether the answer is the mean of four: to the photo, to its mirror image, and to both at
            three quarters of the size. That takes three times as long, and errs a little less.

    Example:
        >>> model = Colorizer(generators.UNet(downs=3, width=4), size=32)
        >>> model(Image.new("RGB", (90, 61), "gray")).size
        (90, 61)
    """

    net: nn.Module
    scale: LabScaler = field(default_factory=LabScaler)
    size: int = 256
    averaged: bool = False

    def __post_init__(self) -> None:
        check_at_least("size", self.size, 1)

    def __call__(self, photo: images.ImageSource, saturation: float = 1.0) -> Image.Image:
        """Colour a photo.

        A photo with transparent parts keeps its alpha. The network sees it over white, as a person does.
        The result holds, under that alpha, the lightness that the photo holds there, and the a and b that the
        network said, not divided by alpha: edges are as soft as they were and fade towards white, and
        nothing becomes vivid because it is nearly clear.

        Of a toned or coloured picture the network sees CIE lightness, from the luminance of its three
        channels: sepia leaves no trace. It does not see a plain frame (:mod:`colorlib.inference.border`).

        Args:
            photo: Whatever :func:`colorlib.io.images.load_image` takes; colours that it has are not looked at.
            saturation: 1 is what the network said, 0 is gray, 1.3 is stronger.

        Returns:
            A picture of the photo's own size, in mode RGB, or RGBA if a part of the photo is transparent.

        Raises:
            ImageError: If the photo cannot be read.
            ValueError: If ``saturation`` is not in 0 to 10.
            RuntimeError: If memory runs out even at half the network's size, or the network answers with
                NaN, or numbers beyond any colour.
        """
        if not 0 <= saturation <= 10:
            raise ValueError(f"saturation is {saturation}; expected 0 to 10, such as 1.0")
        upright = images.load_image(photo, keep_alpha=True)
        clear = upright.mode == "RGBA"
        L = self._lightness(upright.convert("RGB"))
        ab = self.colors(self._lightness(composite_on_white(upright)) if clear else L)
        self._warn_if_gray(ab, images.display_name(photo))
        rows = [
            to_uint8(lab_to_rgb(LabScaler(self.scale.ab).join(some_L, some_ab * saturation)))
            for some_L, some_ab in zip(L.split(_ROWS, dim=2), ab.split(_ROWS, dim=2), strict=True)
        ]
        result = images.tensor_to_image(torch.cat(rows, dim=2))
        if clear:
            result.putalpha(upright.getchannel("A"))
        return result

    def save(
        self, path: str | Path, *, overwrite: bool = False, dtype: torch.dtype = torch.float32
    ) -> Path:
        """Write weights and configuration as one safetensors file that :meth:`load` reads.

        In ``dtype`` float16 the file has half the size; the network computes in float32 nevertheless.
        """
        config = {
            "net": self.net.config,
            "scale": dataclasses.asdict(self.scale),
            "size": self.size,
        }
        config["averaged"] = self.averaged
        weights = self.net.state_dict()
        weights = {name: w.to(dtype) if w.is_floating_point() else w for name, w in weights.items()}
        return checkpoint.save_weights(path, weights, config, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Colorizer:
        """Read a model that :meth:`save` wrote; the file cannot carry code, and is not trusted.

        Raises:
            FileNotFoundError: If there is no such file.
            CheckpointError: If it is damaged, or its weights do not fit its configuration.
        """
        weights, config = checkpoint.load_weights(path)
        try:
            others = {
                field: value for field, value in config.items() if field not in ("net", "scale")
            }
            schema.validate_config("Colorizer", {"averaged": False, **others}, _FIELDS)
            schema.validate_config("Scale", config["scale"], _SCALE)
            net = create_generator(config["net"])
            net.load_state_dict(weights)
            net.to(memory_format=torch.channels_last)  # convolutions read it faster
            return cls(net, LabScaler(**config["scale"]), **others)
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            reason = (
                f"there is no {error}"
                if isinstance(error, KeyError)
                else str(error).splitlines()[0]
            )
            raise checkpoint.CheckpointError(
                f"{path} holds no model that fits its weights: {reason}"
            ) from None

    def colors(self, L: Tensor) -> Tensor:
        """Answer a and b for a photo's L (1, 1, h, w), at its size; a plain black or white frame stays gray.

        Raises:
            RuntimeError: As for a call.
        """
        rows, columns = find_content(L)
        ab = torch.zeros(1, 2, *L.shape[-2:])
        ab[..., rows, columns] = self._with_less_memory(L[..., rows, columns], self.size)
        return ab

    def predict(self, L: Tensor, size: int) -> Tensor:
        """Answer a and b for L (n, 1, h, w), which the network sees with a shorter side of ``size``.

        Raises:
            RuntimeError: If the answer holds NaN, or numbers beyond any colour.
        """
        check_images("L", L, channels=1)
        h, w = L.shape[-2:]
        sides = [min(max(round(side * size / min(h, w)), size), _LONGEST * size) for side in (h, w)]
        small = _resized(L, sides).clamp(-1, 1)
        ab = self._answer(small)
        if self.averaged:
            ab = (ab + self._answer(small.flip(-1)).flip(-1)) / 2
            less = _resized(
                small, [max(round(0.75 * side), getattr(self.net, "least", 1)) for side in sides]
            )
            coarse = self._answer(less) + self._answer(less.flip(-1)).flip(-1)
            ab = (ab + _resized(coarse / 2, sides)) / 2
        return _resized(ab, (h, w))

    def _answer(self, L: Tensor) -> Tensor:
        """Ask the network; it alone computes in 16 bits, where :func:`colorlib.engine.precision.amp_dtype` says so."""
        device = next(self.net.parameters(), L).device
        self.net.eval()
        with torch.no_grad():
            with torch.autocast(device.type, dtype := amp_dtype(device), enabled=dtype is not None):
                answer = self.net(L.to(device))
            answer = answer.float().cpu()  # whatever colours are made of it is made in float32
            if not (largest := answer.abs().max().item()) <= _WILD:  # NaN fails as well
                raise RuntimeError(
                    f"this model answers with {largest:.3g}, expected about -1 to 1: its weights are "
                    "damaged, or its training diverged; load another, or train with a lower learning rate"
                )
            return self.scale.colors(answer)

    def _lightness(self, rgb: Image.Image) -> Tensor:
        """Take L (1, 1, h, w) of an RGB picture, some rows at a time."""
        strips = [
            (0, top, rgb.width, min(top + _ROWS, rgb.height)) for top in range(0, rgb.height, _ROWS)
        ]
        L = [
            self.scale.split(rgb_to_lab(images.image_to_tensor(rgb.crop(strip))))[0]
            for strip in strips
        ]
        return torch.cat(L, dim=2)

    def _warn_if_gray(self, ab: Tensor, name: str) -> None:
        chroma = self.scale.ab * ab.norm(dim=1).mean().item()
        if chroma < _GRAY:
            _logger.warning(
                "this model's answer is nearly gray: %s has a mean chroma of %.2f Lab units",
                name,
                chroma,
            )

    def _with_less_memory(self, L: Tensor, size: int) -> Tensor:
        """Predict, and once more at half the size if memory runs out; never a gray photo in silence."""
        try:
            return self.predict(L, size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if size < self.size:
                raise RuntimeError(
                    f"memory ran out at {size} pixels as well; close other programs, or colour on the CPU"
                ) from error
            _logger.warning(
                "memory ran out: this photo is coloured at half the network's size, %d", size // 2
            )
        return self._with_less_memory(L, size // 2)


def _resized(planes: Tensor, sides: Sequence[int]) -> Tensor:
    return F.interpolate(planes, tuple(sides), mode="bilinear", antialias=True)
