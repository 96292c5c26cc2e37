"""Discriminators: does an image look like a photograph, judged per patch, per pixel, or as a whole?

All three return logits, one per place that they judge: above 0 means real, below 0 means fake, and
its sigmoid is the D(x, y) of the papers. They are called as ``net_d(L, ab)``. A *conditional*
discriminator sees L and the colours together, concatenated as [L, ab], and can judge whether the
colours suit the image; an unconditional one sees only the colours. ``in_channels`` counts the
channels that it sees: 3 for [L, ab], 2 for ab, 4 for L with three colour channels (Lab in paper
003, RGB in paper 002).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from colorlib.models import schema
from colorlib.tensor_checks import check_images

_CONFIG_SCHEMA: dict[str, schema.Constraint] = {
    "in_channels": range(2, 17),
    "base_channels": range(1, 513),
    "conditional": bool,
}
_MAX_MULTIPLIER = 8  # no layer has more than 8 times the channels of the first


class Discriminator(nn.Module):
    """Base class: a chain of ``layers`` over [L, ab], or over ab if unconditional.

    A subclass calls ``super().__init__(locals())``, and sets ``layers`` and the image sides that it
    accepts, ``min_size`` and ``max_size``.
    """

    config_schema: ClassVar[Mapping[str, schema.Constraint]] = _CONFIG_SCHEMA
    min_size = 1
    max_size = 1 << 20

    def __init__(self, arguments: Mapping[str, object]) -> None:
        super().__init__()
        self._config = {name: arguments[name] for name in self.config_schema}
        schema.validate_config(type(self).__name__, self._config, self.config_schema)

    @property
    def config(self) -> dict[str, object]:
        """The arguments, as a dict that JSON can hold and :func:`create_discriminator` accepts."""
        return {"discriminator": type(self).__name__, **self._config}

    def forward(
        self, L: Float[Tensor, "n 1 h w"], ab: Float[Tensor, "n c h w"]
    ) -> Float[Tensor, "n 1 h_out w_out"]:
        """Judge images.

        Args:
            L: (n, 1, h, w), in [-1, 1].
            ab: The colours, (n, in_channels - 1, h, w), or (n, in_channels, h, w) if not
                conditional; in [-1, 1].

        Returns:
            Logits (n, 1, h', w').

        Raises:
            TypeError, ValueError: If the tensors have another shape or type, differ in size, or
                have sides out of range.
        """
        conditional = self._config["conditional"]
        check_images("L", L, channels=1)
        check_images("ab", ab, channels=self._config["in_channels"] - conditional)
        h, w = L.shape[-2:]
        if ab.shape[-2:] != (h, w) or min(h, w) < self.min_size or max(h, w) > self.max_size:
            found = f"L is {h} x {w} and ab {ab.shape[-2]} x {ab.shape[-1]} (h x w)"
            expected = f"both of one size, with sides from {self.min_size} to {self.max_size}"
            advice = "resize them, or make another discriminator"
            raise ValueError(f"{found}; expected {expected}: {advice}")
        return self.layers(torch.cat([L, ab], dim=1) if conditional else ab)


class PatchDiscriminator(Discriminator):
    """The PatchGAN discriminator of pix2pix (papers 000, 002, 004): one logit per patch.

    ``n_layers`` 4x4 convolutions of stride 2, then two of stride 1, the last to one channel;
    LeakyReLU 0.2 and batch norm between them, but no batch norm after the first. Only the first and
    the last have a bias: the others are followed by batch norm. With 3 layers a patch is 70 x 70
    and there are 2,765,633 parameters.

    Args:
        in_channels: Channels that it sees, L included if conditional.
        n_layers: Convolutions of stride 2. 1, 2, 3, 4, 5 give patches of 16, 34, 70, 142 and 286
            pixels.
        base_channels: Channels of the first convolution; each later one has twice as many, at most
            8 times ``base_channels``.
        conditional: Whether it sees L as well as the colours.

    Shape:
        L (n, 1, h, w), at least 3 * 2**n_layers in height and width, to logits (n, 1, h', w'),
        where h' is h // 2**n_layers - 2.

    Example:
        >>> net_d = PatchDiscriminator(base_channels=8)
        >>> net_d(torch.zeros(1, 1, 256, 256), torch.zeros(1, 2, 256, 256)).shape
        torch.Size([1, 1, 30, 30])
        >>> receptive_field(net_d)
        70
    """

    config_schema = _CONFIG_SCHEMA | {"n_layers": range(1, 8)}

    def __init__(
        self,
        in_channels: int = 3,
        n_layers: int = 3,
        base_channels: int = 64,
        *,
        conditional: bool = True,
    ) -> None:
        super().__init__(locals())
        self.min_size = 3 * 2**n_layers
        channels = [base_channels * min(2**k, _MAX_MULTIPLIER) for k in range(n_layers + 1)]
        layers = [nn.Conv2d(in_channels, base_channels, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for k in range(1, n_layers + 1):
            layers += conv_norm_act(channels[k - 1], channels[k], stride=2 if k < n_layers else 1)
        layers += [nn.Conv2d(channels[-1], 1, 4, stride=1, padding=1)]
        self.layers = nn.Sequential(*layers)


class PixelDiscriminator(Discriminator):
    """The 1x1 discriminator of pix2pix: one logit for each pixel, which depends on that pixel only.

    As in pix2pix, the last two convolutions have no bias.

    Example:
        >>> receptive_field(PixelDiscriminator())
        1
    """

    def __init__(
        self, in_channels: int = 3, base_channels: int = 64, *, conditional: bool = True
    ) -> None:
        super().__init__(locals())
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, base_channels, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(base_channels, 2 * base_channels, 1, bias=False),
            nn.BatchNorm2d(2 * base_channels),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * base_channels, 1, 1, bias=False),
        )


class ImageDiscriminator(Discriminator):
    """The discriminator of paper 003, as in DCGAN: one logit for an image of a fixed size.

    4x4 convolutions of stride 2, channels doubling (at most 8 times ``base_channels``), batch norm
    except in the first, and LeakyReLU 0.2, until fewer than 8 pixels per side are left; a
    convolution of that size makes one number. The paper does not say how many layers: at its 64 x
    64 there are four here, then the one of 4x4, and 2,766,657 parameters.

    Args:
        in_channels: Channels that it sees, L included if conditional: L and Lab in paper 003.
        image_size: Height and width of the images, 8 to 1024.
        base_channels: Channels of the first convolution.
        conditional: Whether it sees L as well as the colours.

    Example:
        >>> net_d = ImageDiscriminator(in_channels=3, image_size=64, base_channels=8)
        >>> net_d(torch.zeros(2, 1, 64, 64), torch.zeros(2, 2, 64, 64)).shape
        torch.Size([2, 1, 1, 1])
    """

    config_schema = _CONFIG_SCHEMA | {"image_size": range(8, 1025)}

    def __init__(
        self,
        in_channels: int = 4,
        image_size: int = 64,
        base_channels: int = 64,
        *,
        conditional: bool = True,
    ) -> None:
        super().__init__(locals())
        self.min_size = self.max_size = image_size
        layers = [nn.Conv2d(in_channels, base_channels, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        channels, side = base_channels, image_size // 2
        while side >= 8:
            out_channels = min(2 * channels, _MAX_MULTIPLIER * base_channels)
            layers += conv_norm_act(channels, out_channels, stride=2)
            channels, side = out_channels, side // 2
        layers += [nn.Conv2d(channels, 1, side)]
        self.layers = nn.Sequential(*layers)


def conv_norm_act(in_channels: int, out_channels: int, stride: int) -> list[nn.Module]:
    """Return the layers that discriminators repeat: convolution 4x4, batch norm, LeakyReLU 0.2.

    Example:
        >>> nn.Sequential(*conv_norm_act(8, 16, stride=2))(torch.zeros(2, 8, 32, 32)).shape
        torch.Size([2, 16, 16, 16])
    """
    conv = nn.Conv2d(in_channels, out_channels, 4, stride=stride, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(out_channels), nn.LeakyReLU(0.2)]


def create_discriminator(config: Mapping[str, object]) -> Discriminator:
    """Return a new discriminator with the ``config`` of another one, or of an untrusted file.

    Raises:
        TypeError, ValueError: If a field is unknown, missing, of the wrong type or out of its
            range.

    Example:
        >>> type(create_discriminator(PixelDiscriminator().config)).__name__
        'PixelDiscriminator'
    """
    classes = PatchDiscriminator, PixelDiscriminator, ImageDiscriminator
    return schema.from_config_by_name(classes, "discriminator", config)


def receptive_field(net: nn.Module) -> int:
    """Compute how many pixels of the input, per side, one output of a chain of layers depends on.

    Going through convolutions and pools in order, with a size and a step of 1 at the start: a
    kernel of k pixels adds (k - 1) steps to the size, and a stride of s makes the step s times as
    long.

    Args:
        net: Layers that follow one another in the order in which they were registered; no branches.
            Batch norm is ignored, as after ``net.eval()``.

    Returns:
        The side of the square in pixels.

    Raises:
        ValueError: If a kernel is not square, or the formula does not hold for a layer.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 8, 4, stride=2), nn.ReLU(), nn.Conv2d(8, 1, 4))
        >>> receptive_field(net)
        10
    """
    size, step = 1, 1
    for name, module in net.named_modules(remove_duplicate=False):
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            kernel = _equal_in_both("kernel_size", name, module)
            dilation = _equal_in_both("dilation", name, module)
            size += (kernel - 1) * dilation * step
            step *= _equal_in_both("stride", name, module)
        elif isinstance(module, _UNSUPPORTED):
            expected = "a chain of Conv2d, MaxPool2d and AvgPool2d"
            raise ValueError(f"layer {name!r} is {module}; expected {expected}")
    return size


_UNSUPPORTED = (
    nn.ConvTranspose2d,
    nn.Upsample,
    nn.Linear,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)


def _equal_in_both(attribute: str, name: str, module: nn.Module) -> int:
    """Return a layer's attribute, which must be the same in height and width."""
    value = getattr(module, attribute, 1)
    if isinstance(value, int):
        return value
    if value[0] != value[1]:
        raise ValueError(f"layer {name!r} is {module}; expected the same in height and width")
    return value[0]
