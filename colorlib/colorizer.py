"""Colorization of one photo: a model and a photo in, a colour photo out, for every caller.

The network sees the photo's lightness at its own size. The a and b that it predicts are enlarged
and combined with the photo's full-resolution L, so that the result is as sharp as the photo,
whatever its size. A small and a large print of one photo get the same colours.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn

from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab, to_uint8
from colorlib.color_bins import BINS_BY_NAME
from colorlib.engine.precision import amp_dtype
from colorlib.inference.border import find_content
from colorlib.inference.memory import predict_with_oom_fallback
from colorlib.io.checkpoint import CheckpointError, load_weights, save_weights
from colorlib.io.color_modes import composite_on_white
from colorlib.io.images import ImageSource, display_name, load_image, tensor_to_image
from colorlib.models.registry import create_generator
from colorlib.models.schema import validate_config
from colorlib.tensor_checks import MAX_IMAGE_SIZE, check_image_size, check_images

_CONFIG_SCHEMA = {"image_size": range(1, MAX_IMAGE_SIZE + 1), "tta": bool}
_SCALER_SCHEMA = {
    "ab_scale": (1.0, 1000.0),
    "output_space": ("ab", "lab", "rgb", *BINS_BY_NAME),
    "temperature": (0.0, 10.0),
}
_MAX_ASPECT_RATIO = 4  # of what the network sees: a longer photo is squeezed
_STRIP_HEIGHT = 128  # rows converted to RGB at a time: a large photo takes little memory
_MAX_OUTPUT = 10  # an output beyond this is not a colour; gamut mapping would turn it gray silently
_MIN_VISIBLE_CHROMA = 1.0  # in Lab units; a person does not see a smaller mean chroma
_logger = logging.getLogger("colorlib")


@dataclass(frozen=True)
class Colorizer:
    """A trained generator with all that is needed to use it: its scaler and its image size.

    Args:
        net: Maps L (n, 1, h, w) to the output that ``scaler`` describes; used in evaluation mode.
            Of an RGB output only a and b are used, because the lightness is the photo's own.
        scaler: The scaler that it was trained with.
        image_size: The side of the images that it was trained on.
        tta: Test-time augmentation: average the outputs for the photo and for its mirror image at
            three quarters of the size. It takes 1.6 times as long and is slightly more accurate.

    Example:
        >>> from colorlib.unet import UNet
        >>> model = Colorizer(UNet(num_downs=3, base_channels=4), image_size=32)
        >>> model(Image.new("RGB", (90, 61), "gray")).size
        (90, 61)
    """

    net: nn.Module
    scaler: LabScaler = field(default_factory=LabScaler)
    image_size: int = 256
    tta: bool = False

    def __post_init__(self) -> None:
        check_image_size("image_size", self.image_size)

    def __call__(self, photo: ImageSource, saturation: float = 1.0) -> Image.Image:
        """Colorize a photo.

        A photo with transparent parts keeps its alpha. The network sees it on white, as a person
        does. The result has, under that alpha, the photo's own lightness and the predicted a and b,
        not divided by alpha: edges stay as soft as they were, and nearly transparent pixels do not
        become vivid.

        Of a toned or colour photo, the network sees CIE lightness, which depends on the luminance
        of the three channels only: sepia leaves no trace. It does not see a plain black or white
        border (:mod:`colorlib.inference.border`).

        Args:
            photo: Anything that :func:`colorlib.io.images.load_image` takes. Its colours are
                ignored.
            saturation: A factor for a and b: 1 is what the network predicts, 0 is gray, 1.3 is
                stronger.

        Returns:
            An image of the photo's own size, in mode RGB, or RGBA if a part of the photo is
            transparent.

        Raises:
            ImageError: If the photo cannot be read.
            ValueError: If ``saturation`` is not in 0 to 10.
            RuntimeError: If memory runs out even at half the network's size, or the network
                predicts NaN or values that are not colours.
        """
        if not 0 <= saturation <= 10:
            raise ValueError(f"saturation is {saturation}; expected 0 to 10, such as 1.0")
        image = load_image(photo, keep_alpha=True)
        L = lightness(image)
        if image.mode == "RGBA":
            ab = self.predict_ab(lightness(composite_on_white(image)))
        else:
            ab = self.predict_ab(L)
        self._warn_if_nearly_gray(ab, display_name(photo))
        result = self._to_image(L, ab, saturation)
        if image.mode == "RGBA":
            result.putalpha(image.getchannel("A"))
        return result

    def save(
        self, path: str | Path, *, overwrite: bool = False, dtype: torch.dtype = torch.float32
    ) -> Path:
        """Save weights and configuration as one safetensors file that :meth:`load` reads.

        With ``dtype`` float16 the file has half the size; the network still computes in float32.
        """
        config = {
            "net": self.net.config,
            "scaler": dataclasses.asdict(self.scaler),
            "image_size": self.image_size,
            "tta": self.tta,
        }
        weights = self.net.state_dict()
        weights = {name: w.to(dtype) if w.is_floating_point() else w for name, w in weights.items()}
        return save_weights(path, weights, config, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Colorizer:
        """Load a model that :meth:`save` wrote. The file is not trusted and cannot carry code.

        Raises:
            FileNotFoundError: If there is no such file.
            CheckpointError: If it is damaged, or its weights do not fit its configuration.
        """
        weights, config = load_weights(path)
        try:
            fields = {"tta": False, **config}
            net_config, scaler_config = fields.pop("net"), fields.pop("scaler")
            validate_config("Colorizer", fields, _CONFIG_SCHEMA)
            validate_config("LabScaler", scaler_config, _SCALER_SCHEMA)
            net = create_generator(net_config)
            net.load_state_dict(weights)
            net.to(memory_format=torch.channels_last)  # convolutions are faster in this layout
            return cls(net, LabScaler(**scaler_config), **fields)
        except KeyError as error:
            reason = f"there is no {error}"
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} holds no model that fits its weights: {reason}")

    def predict_ab(self, L: Float[Tensor, "1 1 h w"]) -> Float[Tensor, "1 2 h w"]:
        """Predict ab for a photo's L (1, 1, h, w), at its size; a plain border stays gray.

        Raises:
            RuntimeError: As for a call.
        """
        rows, columns = find_content(L)
        ab = torch.zeros(1, 2, *L.shape[-2:])
        content = L[..., rows, columns]
        ab[..., rows, columns] = predict_with_oom_fallback(
            self.predict_ab_at, content, self.image_size
        )
        return ab

    def predict_ab_at(self, L: Float[Tensor, "n 1 h w"], size: int) -> Float[Tensor, "n 2 h w"]:
        """Predict ab for L (n, 1, h, w), which the network sees with a shorter side of ``size``.

        Raises:
            RuntimeError: If the network predicts NaN or values that are not colours.
        """
        check_images("L", L, channels=1)
        small = resize_for_network(L, size)
        ab = self._forward(small)
        if self.tta:
            sides, min_size = small.shape[-2:], getattr(self.net, "min_size", 1)
            smaller = resize(small.flip(-1), [max(round(0.75 * side), min_size) for side in sides])
            ab = (ab + resize(self._forward(smaller).flip(-1), sides)) / 2
        return resize(ab, L.shape[-2:])

    def _forward(self, L: Tensor) -> Tensor:
        """Run the network, and return a and b of its output."""
        output = run_network(self.net, L)
        ab = self.scaler.ab_of(output, L.shape[-2:])
        largest = (ab if self.scaler.predicts_bins else output).abs().max().item()
        if not largest <= _MAX_OUTPUT:  # also true for NaN
            raise RuntimeError(
                f"this model predicts values of {largest:.3g}, expected about -1 to 1: its weights "
                "are damaged, or its training diverged; load another, or train with a lower "
                "learning rate"
            )
        return ab

    def _warn_if_nearly_gray(self, ab: Tensor, name: str) -> None:
        a, b = ab[0]
        chroma = self.scaler.ab_scale * torch.hypot(a, b).mean().item()
        if chroma < _MIN_VISIBLE_CHROMA:
            message = "this model's output is nearly gray: %s has a mean chroma of %.2f Lab units"
            _logger.warning(message, name, chroma)

    def _to_image(self, L: Tensor, ab: Tensor, saturation: float) -> Image.Image:
        """Combine L (1, 1, h, w) and ab (1, 2, h, w) to an image."""
        scaler = LabScaler(self.scaler.ab_scale)
        h, w = L.shape[-2:]
        rgb = torch.empty(1, 3, h, w, dtype=torch.uint8)
        for top in range(0, h, _STRIP_HEIGHT):
            rows = slice(top, top + _STRIP_HEIGHT)
            lab = scaler.denormalize(L[:, :, rows], ab[:, :, rows] * saturation)
            rgb[:, :, rows] = to_uint8(lab_to_rgb(lab))
        return tensor_to_image(rgb)


def resize_for_network(L: Float[Tensor, "n 1 h w"], size: int) -> Float[Tensor, "n 1 h_out w_out"]:
    """Resize L so that its shorter side is ``size``; a very long photo is squeezed."""
    h, w = L.shape[-2:]
    longest = _MAX_ASPECT_RATIO * size
    sides = [min(max(round(side * size / min(h, w)), size), longest) for side in (h, w)]
    return resize(L, sides).clamp(-1, 1)


def run_network(net: nn.Module, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n c h_out w_out"]:
    """Return a network's output in float32.

    The network computes in 16 bits where :func:`colorlib.engine.precision.amp_dtype` says so.
    """
    device = next(net.parameters(), L).device
    dtype = amp_dtype(device)
    net.eval()
    with torch.no_grad(), torch.autocast(device.type, dtype, enabled=dtype is not None):
        output = net(L.to(device))
    return output.float().cpu()


def lightness(image: Image.Image) -> Float[Tensor, "1 1 h w"]:
    """Return the network's view (1, 1, h, w) of an RGB image, without its alpha: L in [-1, 1]."""
    rgb = torch.from_numpy(np.array(image.convert("RGB"))).movedim(-1, 0)[None]
    return rgb_to_lab(rgb)[:, :1] / 50 - 1


def resize(images: Tensor, sides: Sequence[int]) -> Tensor:
    """Resize images bilinearly; what is made smaller does not alias."""
    return F.interpolate(images, tuple(sides), mode="bilinear", antialias=True)
