"""The U-Nets against flat ones written from the outside in: skips, dropout, checkerboards."""

from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import torch
import torch.nn.functional as F
from generator_cases import count, noise, one_thread, perturbed  # noqa: F401
from torch import nn

from colorlib import unet
from colorlib.generator import UNetBlock, init_weights
from colorlib.unet import RGBUNet, UNet

LESSON = Path(__file__).parents[2] / "solutions/02_unet.ipynb"
VARIANTS = pytest.mark.parametrize("variant", ["pix2pix", "paper003"])
UPSAMPLE_MODES = pytest.mark.parametrize("upsample_mode", ["transposed", "resize"])


def randomized(net, seed=0):
    """Set every weight and every running mean and variance to a random value."""
    generator = torch.Generator().manual_seed(seed)
    init_weights(net, "he", generator)
    for name, value in net.state_dict().items():
        if value.ndim == 1:
            low = 0.5 if name.endswith(("running_var", "weight")) else -0.5
            value.copy_(low + torch.rand(value.shape, generator=generator))
    return net.eval()


class FlatUNet(nn.Module):
    """A U-Net without recursion: two lists, written from the papers' figures."""

    def __init__(self, channels, in_channels, out_channels, skips, variant):
        super().__init__()
        self.paper003, self.skips = variant == "paper003", skips
        last, ends = len(channels) - 1, [in_channels, *channels]
        self.down = nn.ModuleList(nn.ModuleList() for _ in channels)
        for k, layers in enumerate(self.down):
            bias = self.paper003 and k == 0
            layers.append(nn.Conv2d(ends[k], ends[k + 1], 4, 2, 1, bias=bias))
            if k and (self.paper003 or k < last):
                layers.append(nn.BatchNorm2d(ends[k + 1]))
        self.up = nn.ModuleList(nn.ModuleList() for _ in channels)
        for k, layers in zip(reversed(range(len(channels))), self.up, strict=True):
            inner = channels[k] * (2 if skips and k < last else 1)
            out = channels[k - 1] if k else (channels[0] if self.paper003 else out_channels)
            bias = not self.paper003 and k == 0
            layers.append(nn.ConvTranspose2d(inner, out, 4, 2, 1, bias=bias))
            if k or self.paper003:
                layers.append(nn.BatchNorm2d(out * (2 if self.paper003 and skips and k else 1)))
        self.head = nn.Conv2d(channels[0], out_channels, 1) if self.paper003 else nn.Identity()

    def forward(self, x):
        seen = []
        for k, layers in enumerate(self.down):
            x = x if self.paper003 or k == 0 else F.leaky_relu(x, 0.2)
            for layer in layers:
                x = layer(x)
            x = F.leaky_relu(x, 0.2) if self.paper003 else x
            seen.append(x)
        seen.pop()
        for layers in self.up:
            mirror = seen.pop() if seen and self.skips else None
            x = layers[0](x if self.paper003 else F.relu(x))
            if self.paper003 and mirror is not None:
                x = torch.cat([mirror, x], 1)
            x = layers[1](x) if len(layers) > 1 else x
            x = F.relu(x) if self.paper003 else x
            if not self.paper003 and mirror is not None:
                x = torch.cat([mirror, x], 1)
        return torch.tanh(self.head(x))


@VARIANTS
@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize(
    ("num_downs", "width", "multiplier", "channels"), [(2, 3, 8, (1, 2)), (5, 4, 4, (2, 3))]
)
def test_unet_equals_a_flat_one(variant, skips, num_downs, width, multiplier, channels):
    options = {"skip_connections": skips, "variant": variant, "max_multiplier": multiplier}
    net = randomized(UNet(*channels, num_downs, width, **options))
    widths = [width * min(2**k, multiplier) for k in range(num_downs)]
    flat = FlatUNet(widths, *channels, skips, variant).eval()
    ours, theirs = net.state_dict().values(), flat.state_dict()
    flat.load_state_dict(dict(zip(theirs, ours, strict=True)))  # in the same order
    image = noise(2, channels[0], 64, 32)
    with torch.no_grad():
        assert torch.allclose(net(image), flat(image), atol=1e-5)
        assert net(image).std() > 0.05


def test_parameter_counts_are_those_of_the_papers():
    with torch.device("meta"):
        net = UNet()
        depths = (4, 5, 6)
        paper003 = [count(UNet(1, 3, num_downs=n, variant="paper003")) for n in depths]
    assert count(net) == 54_409_858
    assert paper003 == [6_296_451, 16_785_283, 29_371_267]
    for number in (54_409_858, *paper003):
        assert f"{number:,}" in UNet.__doc__
    convolutions = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    assert [m.bias is not None for m in convolutions] == [False] * 15 + [True]


@pytest.mark.parametrize(
    ("options", "levels"),
    [
        ({"num_downs": 8}, [4, 5, 6]),
        ({"num_downs": 7}, [4, 5]),
        ({"num_downs": 6}, [4]),
        ({"num_downs": 5}, []),
        ({"num_downs": 10}, [6, 7, 8]),
        ({"num_downs": 6, "max_multiplier": 1}, [2, 3, 4]),
        ({"num_downs": 3, "max_multiplier": 1}, [1]),
        ({"num_downs": 2, "max_multiplier": 1}, []),
        ({"num_downs": 8, "dropout": 0.0}, []),
        ({"num_downs": 8, "variant": "paper003"}, []),
        ({"num_downs": 8, "variant": "paper003", "dropout": 0.2}, [4, 5, 6]),
    ],
)
def test_dropout_is_next_to_the_innermost_level(options, levels):
    with torch.device("meta"):
        net = UNet(base_channels=2, **options)
    dropouts = {name: m for name, m in net.named_modules() if isinstance(m, nn.Dropout)}
    assert sorted(name.count("inner") for name in dropouts) == levels
    assert {m.p for m in dropouts.values()} <= {options.get("dropout", 0.5)}


def test_dropout_is_the_only_noise():
    net, image = UNet(num_downs=4, base_channels=4, max_multiplier=1), noise(2, 1, 16, 16)
    assert not torch.equal(net(image), net(image))
    net.eval()
    assert torch.equal(net(image), net(image))
    assert "noise z" in unet.__doc__


@VARIANTS
def test_without_skips_everything_passes_the_middle(variant):
    for skips in (True, False):
        net = randomized(UNet(1, 2, 4, 4, skip_connections=skips, variant=variant))
        middle = [m for m in net.modules() if isinstance(m, UNetBlock)][-1]
        assert isinstance(middle.inner, nn.Identity)
        middle.down.register_forward_hook(lambda module, args, result: torch.zeros_like(result))
        with torch.no_grad():
            first, second = net(noise(1, 1, 32, 32, seed=1)), net(noise(1, 1, 32, 32, seed=2))
        assert torch.equal(first, second) is not skips


def checkerboard(net, image):
    """Divide the output's power at a period of 2 pixels by that of the neighbouring frequencies."""
    with torch.no_grad():
        ab = net(image)[..., 32:96, 32:96].double()
    window = torch.hann_window(64, dtype=torch.float64)
    centered = (ab - ab.mean((2, 3), keepdim=True)) * window * window[:, None]
    power = torch.fft.fft2(centered).abs().square().mean((0, 1))
    near = [*range(24, 30), *range(35, 41)]  # frequency 32 of 64 has a period of 2 pixels
    return float((power[32].sum() + power[:, 32].sum()) / (power[near].mean(0).sum() * 2))


def relative_spread(net):
    """Return how much the output for an even image varies from pixel to pixel."""
    with torch.no_grad():
        ab = net(torch.full((1, 1, 128, 128), 0.5))[..., 48:80, 48:80]
    return float((ab.std((2, 3)) / ab.abs().mean((2, 3))).mean())


@VARIANTS
@pytest.mark.parametrize("scheme", ["normal", "he"])
def test_only_transposed_convolutions_draw_checkerboards(variant, scheme):
    smooth = F.interpolate(noise(2, 1, 8, 8), size=128, mode="bicubic", align_corners=True)
    for seed in range(3):
        peaks, spread = {}, {}
        for mode in ("transposed", "resize"):
            net = UNet(1, 2, 3, 8, upsample_mode=mode, variant=variant)
            init_weights(net, scheme, seed).eval()
            peaks[mode], spread[mode] = checkerboard(net, smooth), relative_spread(net)
        assert peaks["transposed"] > 10 and peaks["transposed"] > 8 * peaks["resize"], (seed, peaks)
        assert spread["transposed"] > 0.1 and spread["resize"] < 1e-5, (seed, spread)


def test_rgb_unet_draws_no_checkerboard_by_resizing():
    spread = {}
    for mode in ("transposed", "resize"):
        net = init_weights(RGBUNet(8, num_downs=3, upsample_mode=mode), "he").eval()
        spread[mode] = relative_spread(net)
    assert spread["transposed"] > 0.1 and spread["resize"] < 1e-5, spread


@VARIANTS
@UPSAMPLE_MODES
def test_every_parameter_gets_a_gradient(variant, upsample_mode):
    net = UNet(1, 2, 4, 4, variant=variant, upsample_mode=upsample_mode)
    init_weights(net, "he")(noise(2, 1, 32, 32)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, name


def test_unet_overfits_eight_smooth_images():
    L = F.interpolate(noise(8, 1, 8, 8), size=64, mode="bilinear")
    ab = F.interpolate(noise(8, 2, 4, 4, seed=1) * 0.6, size=64, mode="bilinear")
    net = init_weights(UNet(num_downs=6, base_channels=16), "normal")
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.5, 0.999))
    for _ in range(30):
        loss = F.l1_loss(net(L), ab)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.35 * ab.abs().mean()  # which is the loss of a = b = 0


def test_rgb_unet_has_six_levels_from_256_to_4():
    kinds = nn.Conv2d, nn.ConvTranspose2d
    with torch.device("meta"):
        net, shapes = RGBUNet(base_channels=16), []
        kernels = [module for module in net.modules() if isinstance(module, kinds)]
        for module in kernels:
            module.register_forward_hook(lambda m, _, out: shapes.append(tuple(out.shape[1:])))
        net(torch.zeros(1, 1, 256, 256))
    downs = [(16 * 2**k, 128 // 2**k, 128 // 2**k) for k in range(6)]
    assert shapes == [*downs, *reversed(downs[:-1]), (3, 256, 256)]
    assert shapes[5] == (512, 4, 4)
    sizes = {(m.kernel_size, m.stride, m.bias is not None) for m in kernels}
    assert sizes == {((3, 3), (2, 2), True)}
    types = [type(module) for module in net.modules()]
    assert (types.count(nn.LeakyReLU), types.count(nn.ReLU), types.count(nn.BatchNorm2d)) == (
        6,
        5,
        0,
    )


@pytest.mark.parametrize("width", [16, 32, 64])
def test_rgb_unet_parameter_counts_follow_a_formula(width):
    ends = [1, *(width * 2**k for k in range(6))]
    total = sum(9 * a * b + b for a, b in pairwise(ends))
    for k in range(6):
        below, out = ends[k + 1] * (1 if k == 5 else 2), ends[k] if k else 3
        total += 9 * below * out + out
    for mode in ("transposed", "resize"):
        with torch.device("meta"):
            assert count(RGBUNet(width, upsample_mode=mode)) == total
    assert f"{total:,}" in RGBUNet.__doc__


def test_rgb_unet_equals_the_one_of_lesson_2():
    cells = {cell.id: cell.source for cell in nbformat.read(LESSON, as_version=4).cells}
    names = {"nn": nn, "UNetBlock": UNetBlock}
    exec(cells["s8-net"], names)
    for num_downs in (3, 6):
        net = perturbed(RGBUNet(4, num_downs=num_downs))
        theirs, L = names["paper001"](4, num_downs), noise(2, 1, 64, 128)
        ours = net.state_dict().values()
        theirs.load_state_dict(dict(zip(theirs.state_dict(), ours, strict=True)))
        with torch.no_grad():
            assert torch.equal(net(L), theirs(L))
