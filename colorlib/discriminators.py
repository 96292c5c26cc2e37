"""The critics: does this picture look like a photograph, judged per patch, per pixel, or as a whole?

All three answer with logits, one per place that they judge: above 0 says real, below 0 says fake, and the
sigmoid of it is the D(x, y) of the papers. They are called as ``net_d(L, ab)``. A *conditional* critic sees
L and the colours together, concatenated as [L, ab], and can ask whether the colours suit the picture; the
other kind sees the colours alone. ``inputs`` counts the channels that the critic sees: 3 for [L, ab], 2 for
ab alone, 4 for L with three colour channels (Lab in paper 003, RGB in paper 002).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from colorlib.models import schema
from colorlib.tensor_checks import check_images

_RULES: dict[str, schema.Constraint] = {
    "inputs": range(2, 17),
    "width": range(1, 513),
    "conditional": bool,
}
_CAP = 8  # no layer has more than 8 times the filters of the first


class Discriminator(nn.Module):
    """What the critics share: a chain of ``layers`` over [L, ab], or over ab alone.

    A subclass fills ``self.layers`` and says in ``least`` and ``most`` which sides a picture may have.
    """

    least, most = 1, 1 << 20
    rules = _RULES

    def __init__(self, **config: int | bool) -> None:
        super().__init__()
        schema.validate_config(type(self).__name__, config, self.rules)
        self._config = config

    @property
    def config(self) -> dict[str, object]:
        """The arguments, as a dict that JSON can hold and :func:`build` takes; ``critic`` names the class."""
        return {"critic": type(self).__name__, **self._config}

    def forward(self, L: Tensor, ab: Tensor) -> Tensor:
        """Judge pictures.

        Args:
            L: (n, 1, h, w), in [-1, 1].
            ab: The colours, (n, inputs - 1, h, w), or (n, inputs, h, w) if not conditional; in [-1, 1].

        Returns:
            Logits (n, 1, h', w').

        Raises:
            TypeError, ValueError: If the tensors are not such, differ in size, or are too small.
        """
        conditional = self._config["conditional"]
        check_images("L", L, channels=1)
        check_images("ab", ab, channels=self._config["inputs"] - conditional)
        sizes = *L.shape[-2:], *ab.shape[-2:]
        if sizes[:2] != sizes[2:] or min(sizes) < self.least or max(sizes) > self.most:
            found = "L is {} x {} and ab {} x {} (h x w)".format(*sizes)
            wanted = f"both of one size, with sides from {self.least} to {self.most}"
            raise ValueError(f"{found}; expected {wanted}: resize them, or make another critic")
        return self.layers(torch.cat([L, ab], dim=1) if conditional else ab)


class PatchDiscriminator(Discriminator):
    """The patch critic of pix2pix (papers 000, 002 and 004): one logit for each of many overlapping patches.

    ``layers`` 4x4 convolutions of stride 2, then two of stride 1, the last to one channel; LeakyReLU 0.2 and
    batch norm between them, but no batch norm after the first. Only the first and the last have a bias: the
    others are followed by batch norm. With 3 layers a patch is 70 x 70 and there are 2,765,633 parameters.

    Args:
        inputs: Channels that the critic sees, L included if conditional.
        layers: Convolutions of stride 2. 1, 2, 3, 4, 5 give patches of 16, 34, 70, 142 and 286 pixels.
        width: Filters of the first convolution; each later one has twice as many, at most 8 times ``width``.
        conditional: Whether the critic sees L beside the colours.

    Shape:
        L (n, 1, h, w), at least 3 * 2**layers in height and width, to logits (n, 1, h', w'), where h' is
        h // 2**layers - 2.

    Example:
        >>> net_d = PatchDiscriminator(width=8)
        >>> net_d(torch.zeros(1, 1, 256, 256), torch.zeros(1, 2, 256, 256)).shape
        torch.Size([1, 1, 30, 30])
        >>> receptive_field(net_d)
        70
    """

    rules = _RULES | {"layers": range(1, 8)}

    def __init__(
        self, inputs: int = 3, layers: int = 3, width: int = 64, *, conditional: bool = True
    ) -> None:
        super().__init__(inputs=inputs, layers=layers, width=width, conditional=conditional)
        widths = [width * min(2**k, _CAP) for k in range(layers + 1)]
        stack = [nn.Conv2d(inputs, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for k in range(1, layers + 1):
            stack += _block(widths[k - 1], widths[k], stride=2 if k < layers else 1)
        self.layers = nn.Sequential(*stack, nn.Conv2d(widths[-1], 1, 4, stride=1, padding=1))
        self.least = 3 * 2**layers


class PixelDiscriminator(Discriminator):
    """The 1x1 critic of pix2pix: one logit for each pixel, which sees that pixel and nothing around it.

    As in pix2pix, the last two convolutions have no bias.

    Example:
        >>> receptive_field(PixelDiscriminator())
        1
    """

    def __init__(self, inputs: int = 3, width: int = 64, *, conditional: bool = True) -> None:
        super().__init__(inputs=inputs, width=width, conditional=conditional)
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 1, bias=False),
        )


class ImageDiscriminator(Discriminator):
    """The whole-image critic of paper 003, as in DCGAN: one logit for a picture of the size it was made for.

    4x4 convolutions of stride 2, filters doubling (at most 8 times ``width``), batch norm but in the first,
    and LeakyReLU 0.2, until fewer than 8 pixels per side are left; a convolution of that size makes one
    number. The paper does not say how many layers: at its 64 x 64 there are four here, then the one of 4x4,
    and 2,766,657 parameters.

    Args:
        inputs: Channels that the critic sees, L included if conditional: L and Lab in paper 003.
        size: Height and width of the pictures, 8 to 1024.
        width: Filters of the first convolution.
        conditional: Whether the critic sees L beside the colours.

    Example:
        >>> net_d = ImageDiscriminator(inputs=3, size=64, width=8)
        >>> net_d(torch.zeros(2, 1, 64, 64), torch.zeros(2, 2, 64, 64)).shape
        torch.Size([2, 1, 1, 1])
    """

    rules = _RULES | {"size": range(8, 1025)}

    def __init__(
        self, inputs: int = 4, size: int = 64, width: int = 64, *, conditional: bool = True
    ) -> None:
        super().__init__(inputs=inputs, size=size, width=width, conditional=conditional)
        stack = [nn.Conv2d(inputs, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        left, channels, self.least, self.most = size // 2, width, size, size
        while left >= 8:
            wider = min(2 * channels, _CAP * width)
            stack += _block(channels, wider, stride=2)
            left, channels = left // 2, wider
        self.layers = nn.Sequential(*stack, nn.Conv2d(channels, 1, left))


def create_discriminator(config: Mapping[str, object]) -> Discriminator:
    """Make a critic from the ``config`` of another one, or of a file, which is not trusted.

    Raises:
        TypeError, ValueError: If a field is unknown, missing, of the wrong type or outside its range.

    Example:
        >>> type(create_discriminator(PixelDiscriminator().config)).__name__
        'PixelDiscriminator'
    """
    return schema.from_config_by_name(
        (PatchDiscriminator, PixelDiscriminator, ImageDiscriminator), "critic", config
    )


def receptive_field(net: nn.Module) -> int:
    """Reckon how many pixels of the input, per side, one output of a chain of layers depends on.

    Going through convolutions and pools in order, with r = 1 and a step of 1 at the start: a kernel of k
    pixels adds (k - 1) steps to r, and a stride of s makes the step s times as long.

    Args:
        net: Layers that follow one another in the order in which they were registered; no branches. Batch
            norm counts for nothing, as after ``net.eval()``.

    Returns:
        The side of the square in pixels.

    Raises:
        ValueError: If a kernel is not square, or a layer is of a kind that this arithmetic does not know.

    Example:
        >>> receptive_field(nn.Sequential(nn.Conv2d(1, 8, 4, stride=2), nn.ReLU(), nn.Conv2d(8, 1, 4)))
        10
    """
    reach, step = 1, 1
    for name, module in net.named_modules(remove_duplicate=False):
        if isinstance(module, _SLIDING):
            sizes = module.kernel_size, module.stride, getattr(module, "dilation", 1)
            (kernel, wide), (stride, across), (dilation, apart) = map(_pair, sizes)
            if (kernel, stride, dilation) != (wide, across, apart):
                raise ValueError(
                    f"layer {name!r} is {module}; expected the same in height and width"
                )
            reach += (kernel - 1) * dilation * step
            step *= stride
        elif isinstance(module, _UNKNOWN):
            raise ValueError(
                f"layer {name!r} is {module}; expected a chain of Conv2d, MaxPool2d and AvgPool2d"
            )
    return reach


_SLIDING = nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d
_UNKNOWN = nn.ConvTranspose2d, nn.Upsample, nn.Linear, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Read what a layer says of height and width."""
    return (value, value) if isinstance(value, int) else value


def _block(channels: int, out: int, stride: int) -> list[nn.Module]:
    """Make the block that critics stack: convolution, batch norm, LeakyReLU."""
    conv = nn.Conv2d(channels, out, 4, stride=stride, padding=1, bias=False)
    return [conv, nn.BatchNorm2d(out), nn.LeakyReLU(0.2)]
