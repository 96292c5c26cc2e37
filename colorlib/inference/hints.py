"""Hints of a person: the colours of a few places in a photo, which overrule those of a network.

No network can know whether a ball was red or green. A person who knows draws a stroke on a
transparent copy of the photo, or names a point and its colour, and
:mod:`colorlib.inference.propagation` gives that colour to what belongs together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image, ImageColor, ImageDraw
from torch import Tensor, nn

from colorlib.color import rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.inference.propagation import PULL, apply_hints
from colorlib.io.images import ImageError, ImageSource, display_name, load_image

_RADIUS = 1 / 128  # of the disc around a point, as a share of the photo's shorter side
_HALF_OPAQUE = 128  # the least alpha that counts, of 255
_PAINTING_ADVICE = (
    "expected coloured strokes on a transparent copy of the photo: paint on a new layer and save "
    "this layer alone as a PNG"
)


@dataclass(frozen=True)
class PointHint:
    """The colour of one point in a photo, and of a small disc around it.

    Args:
        x, y: Pixels from the left and from the top of the upright photo, from 0.
        color: As in CSS: ``"#3a62c4"``, or a name such as ``"red"``. Only its a and b are used.

    Raises:
        ValueError: If a number is negative, or the colour cannot be read.

    Example:
        >>> PointHint.parse("120,80=#3a62c4")
        PointHint(x=120, y=80, color='#3a62c4')
    """

    x: int
    y: int
    color: str

    def __post_init__(self) -> None:
        if self.x < 0 or self.y < 0:
            found = f"the hint at {self.x},{self.y} is outside of every photo"
            raise ValueError(f"{found}; expected pixels from the left and from the top, from 0")
        try:
            ImageColor.getcolor(self.color, "RGB")
        except ValueError:
            expected = "expected #rrggbb, such as #3a62c4, or a name such as red"
            raise ValueError(f"the hint's colour is {self.color!r}; {expected}") from None

    def check_inside(self, width: int, height: int) -> None:
        """Raise ValueError unless the point is inside of a photo of some size."""
        if self.x >= width or self.y >= height:
            found = f"the hint at {self.x},{self.y} is outside of the photo"
            expected = f"expected 0 to {width - 1} for X and 0 to {height - 1} for Y"
            raise ValueError(f"{found}; {expected}")

    @classmethod
    def parse(cls, text: str) -> PointHint:
        """Read a hint that is written ``X,Y=COLOUR``.

        Raises:
            ValueError: If it is written in another way.
        """
        place, _, color = text.partition("=")
        try:
            x, y = map(int, place.split(","))
        except ValueError:
            raise ValueError(
                f"the hint is {text!r}; expected X,Y=COLOUR, such as 120,80=#3a62c4"
            ) from None
        return cls(x, y, color.strip())


@dataclass(frozen=True)
class Hints:
    """Hints for one photo: coloured strokes, points, or both; points cover strokes.

    Args:
        strokes: A picture of the photo's size that is transparent where there is no hint. A pixel
            counts if it is more than half opaque.
        points: Later ones cover earlier ones.

    Example:
        >>> ab, mask = Hints(points=[PointHint(2, 1, "red")]).to_tensors(width=5, height=4)
        >>> ab.shape, int(mask.sum()), ab[0, :, 1, 2].round().tolist()
        (torch.Size([1, 2, 4, 5]), 5, [80.0, 67.0])
    """

    strokes: ImageSource | None = None
    points: Sequence[PointHint] = ()

    def to_tensors(
        self, width: int, height: int
    ) -> tuple[Float[Tensor, "1 2 h w"], Bool[Tensor, "1 1 h w"]]:
        """Return the hints for a photo of some size: a and b in Lab units, and where they count.

        Raises:
            FileNotFoundError, ImageError: If the strokes cannot be read, have another size, or have
                no stroke or no transparent part.
            ValueError: If a point is outside of the photo.
        """
        size = (width, height)
        picture = Image.new("RGBA", size) if self.strokes is None else _load_strokes(self, size)
        draw = ImageDraw.Draw(picture)
        radius = hint_radius(width, height)
        for point in self.points:
            point.check_inside(width, height)
            box = (point.x - radius, point.y - radius, point.x + radius, point.y + radius)
            draw.ellipse(box, fill=(*ImageColor.getcolor(point.color, "RGB"), 255))
        pixels = torch.from_numpy(np.array(picture))
        mask = pixels[..., 3] >= _HALF_OPAQUE
        ab = torch.zeros(1, 2, height, width)
        if mask.any():
            colors = pixels[mask][:, :3].T[None, :, None]  # (1, 3, 1, number of hinted pixels)
            ab[..., mask] = rgb_to_lab(colors.contiguous())[:, 1:, 0]
        return ab, mask[None, None]


def hint_radius(width: int, height: int) -> int:
    """Return the radius in pixels of the disc around a point, for a photo of some size.

    Example:
        >>> hint_radius(1024, 768)
        6
    """
    return max(round(_RADIUS * min(width, height)), 1)


def _load_strokes(hints: Hints, size: tuple[int, int]) -> Image.Image:
    """Return the picture of strokes in mode RGBA."""
    name = display_name(hints.strokes)
    picture = load_image(hints.strokes, keep_alpha=True)
    if picture.size != size:
        found = f"{name} has {picture.width} x {picture.height} pixels"
        expected = f"expected {size[0]} x {size[1]}, as the photo has"
        raise ImageError(f"{found}; {expected}: paint on a copy of the photo at its full size")
    if picture.mode != "RGBA":
        raise ImageError(f"{name} has no transparent part; {_PAINTING_ADVICE}")
    if picture.getchannel("A").getextrema()[1] < _HALF_OPAQUE:
        raise ImageError(f"{name} has no stroke that is more than half opaque; {_PAINTING_ADVICE}")
    return picture


@dataclass(frozen=True)
class HintedColorizer(Colorizer):
    """A colorizer that a person's hints overrule; :func:`with_hints` makes one.

    Args:
        hints: For one photo. Without any, the result is the network's.
        pull: As in :func:`colorlib.inference.propagation.propagate_hints`.
    """

    hints: Hints = field(default_factory=Hints)
    pull: float = PULL

    def predict_ab(self, L: Float[Tensor, "1 1 h w"]) -> Float[Tensor, "1 2 h w"]:
        """Predict ab for a photo's L (1, 1, h, w), at its size, and apply the hints to it.

        Raises:
            ImageError, ValueError: As for :meth:`Hints.to_tensors`.
            RuntimeError: As for :class:`Colorizer`.
        """
        height, width = L.shape[-2:]
        ab, mask = self.hints.to_tensors(width, height)
        prior = super().predict_ab(L)
        return apply_hints(L, ab / self.scaler.ab_scale, mask, prior, pull=self.pull)


def with_hints(model: Colorizer, hints: Hints) -> HintedColorizer:
    """Return a copy of a model for one photo that has hints.

    Example:
        >>> from colorlib.unet import UNet
        >>> model = Colorizer(UNet(num_downs=3, base_channels=4), image_size=32)
        >>> hinted = with_hints(model, Hints(points=[PointHint(2, 1, "red")]))
        >>> red, green, blue = hinted(Image.new("L", (9, 7), 99)).getpixel((2, 1))
        >>> red > 150, green < 80, blue < 80
        (True, True, True)
    """
    return HintedColorizer(model.net, model.scaler, model.image_size, model.tta, hints)


def colorize_with_hints(
    model: Colorizer | None, photo: ImageSource, hints: Hints, saturation: float = 1.0
) -> Image.Image:
    """Colorize a photo by a person's hints, on top of a network's output or alone.

    The photo keeps its lightness, so that a vivid hint on a very dark or very light place loses
    chroma. A photo with transparent parts keeps its alpha.

    Args:
        model: The network whose colours the hints overrule; None for the method of Levin et al.
            (2004) alone, in which all colours come from the hints.
        photo: As in :class:`Colorizer`.
        hints: For this photo, upright.
        saturation: As in :class:`Colorizer`; the hints' colours are multiplied as well.

    Returns:
        An image of the photo's own size, in mode RGB, or RGBA if a part of the photo is
        transparent.

    Raises:
        FileNotFoundError, ImageError, ValueError, RuntimeError: As for :class:`Colorizer` and
            :meth:`Hints.to_tensors`.

    Example:
        >>> hints = Hints(points=[PointHint(2, 1, "#3a62c4")])
        >>> photo = Image.new("L", (40, 30), 107)
        >>> colorize_with_hints(None, photo, hints).getpixel((39, 29))
        (63, 102, 200)
    """
    if model is None:
        return HintedColorizer(_Gray(), image_size=1, hints=hints, pull=0)(photo, saturation)
    return with_hints(model, hints)(photo, saturation)


class _Gray(nn.Module):
    """Predict gray."""

    def forward(self, L: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n 2 h w"]:
        return L.new_zeros(len(L), 2, *L.shape[-2:])
