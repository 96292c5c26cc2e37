"""The U-Net against a flat one written from the outside in; sizes, checkerboards, weights, configurations."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from colorlib import generators
from colorlib.generator import UNetBlock, init_weights
from colorlib.models import schema
from colorlib.models.registry import create_generator
from colorlib.unet import UNet


@pytest.fixture(autouse=True)
def one_thread():
    """Small networks are faster on one thread, most of all where others use the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def count(net):
    return sum(p.numel() for p in net.parameters())


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def shaken(net, seed=0):
    """Give every weight and every running mean and variance its own random value, so that none can hide."""
    generator = torch.Generator().manual_seed(seed)
    init_weights(net, "he", generator)
    for name, value in net.state_dict().items():
        if value.ndim == 1:
            low = 0.5 if name.endswith(("running_var", "weight")) else -0.5
            value.copy_(low + torch.rand(value.shape, generator=generator))
    return net.eval()


class Flat(nn.Module):
    """A U-Net without recursion: two lists, written from the papers' figures rather than from the module."""

    def __init__(self, widths, inputs, outputs, skips, style):
        super().__init__()
        self.style, self.skips, last = style, skips, len(widths) - 1
        ours = style == "paper003"
        ends = [inputs, *widths]
        self.downs = nn.ModuleList(nn.ModuleList() for _ in widths)
        for k, layers in enumerate(self.downs):
            layers.append(nn.Conv2d(ends[k], ends[k + 1], 4, 2, 1, bias=ours and k == 0))
            if k and (ours or k < last):
                layers.append(nn.BatchNorm2d(ends[k + 1]))
        self.ups = nn.ModuleList(nn.ModuleList() for _ in widths)
        for k, layers in zip(reversed(range(len(widths))), self.ups, strict=True):
            inner = widths[k] * (2 if skips and k < last else 1)
            out = widths[k - 1] if k else (widths[0] if ours else outputs)
            layers.append(nn.ConvTranspose2d(inner, out, 4, 2, 1, bias=not ours and k == 0))
            if k or ours:
                layers.append(nn.BatchNorm2d(out * (2 if ours and skips and k else 1)))
        self.last = nn.Conv2d(widths[0], outputs, 1) if ours else nn.Identity()

    def forward(self, x):
        ours, seen = self.style == "paper003", []
        for k, layers in enumerate(self.downs):
            if k and not ours:
                x = F.leaky_relu(x, 0.2)
            for layer in layers:
                x = layer(x)
            if ours:
                x = F.leaky_relu(x, 0.2)
            seen.append(x)
        seen.pop()
        for layers in self.ups:
            mirror = seen.pop() if seen and self.skips else None
            if not ours:
                x = F.relu(x)
            x = layers[0](x)
            if ours and mirror is not None:
                x = torch.cat([mirror, x], 1)
            x = layers[1](x) if len(layers) > 1 else x
            if ours:
                x = F.relu(x)
            elif mirror is not None:
                x = torch.cat([mirror, x], 1)
        return torch.tanh(self.last(x))


@pytest.mark.parametrize("style", ["pix2pix", "paper003"])
@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize(
    ("downs", "width", "cap", "inputs", "outputs"), [(2, 3, 8, 1, 2), (5, 4, 4, 2, 3)]
)
def test_equals_a_flat_u_net(style, skips, downs, width, cap, inputs, outputs):
    net = shaken(UNet(inputs, outputs, downs, width, skips=skips, style=style, cap=cap))
    flat = Flat(
        [width * min(2**k, cap) for k in range(downs)], inputs, outputs, skips, style
    ).eval()
    ours, theirs = net.state_dict().values(), flat.state_dict()
    flat.load_state_dict(dict(zip(theirs, ours, strict=True)))  # in the same order, shape by shape
    picture = noise(2, inputs, 64, 32)
    with torch.no_grad():
        assert torch.allclose(net(picture), flat(picture), atol=1e-5)
        assert net(picture).std() > 0.05


def test_parameter_counts_of_the_papers():
    with torch.device("meta"):
        net = UNet()
        assert count(net) == 54_409_858
        convolutions = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
        assert [m.bias is not None for m in convolutions] == [False] * 15 + [True]
        paper003 = [count(UNet(outputs=3, downs=n, style="paper003")) for n in (4, 5, 6)]
    assert paper003 == [6_296_451, 16_785_283, 29_371_267]
    for number in (54_409_858, *paper003):
        assert f"{number:,}" in UNet.__doc__


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        ({"downs": 8}, [4, 5, 6]),
        ({"downs": 7}, [4, 5]),
        ({"downs": 6}, [4]),
        ({"downs": 5}, []),
        ({"downs": 10}, [6, 7, 8]),
        ({"downs": 6, "cap": 1}, [2, 3, 4]),
        ({"downs": 3, "cap": 1}, [1]),
        ({"downs": 2, "cap": 1}, []),
        ({"downs": 8, "dropout": 0.0}, []),
        ({"downs": 8, "style": "paper003"}, []),
        ({"downs": 8, "style": "paper003", "dropout": 0.2}, [4, 5, 6]),
    ],
)
def test_dropout_where_the_levels_keep_the_full_width(settings, levels):
    with torch.device("meta"):
        net = UNet(width=2, **settings)
    found = [name.count("inside") for name, m in net.named_modules() if isinstance(m, nn.Dropout)]
    assert sorted(found) == levels
    rates = {m.p for m in net.modules() if isinstance(m, nn.Dropout)}
    assert rates <= {settings.get("dropout", 0.5)}


def test_dropout_is_the_only_noise():
    net, picture = UNet(downs=4, width=4, cap=1), noise(2, 1, 16, 16)
    assert not torch.equal(net(picture), net(picture))
    net.eval()
    assert torch.equal(net(picture), net(picture))
    assert "noise z" in generators.__doc__


@pytest.mark.parametrize("style", ["pix2pix", "paper003"])
@pytest.mark.parametrize("up", ["transposed", "resize"])
def test_every_size_from_the_least_on(style, up):
    net = shaken(UNet(downs=3, width=2, style=style, up=up))
    for h, w in [
        (8, 8),
        (8, 9),
        (15, 8),
        (16, 24),
        (23, 31),
        *((33 + i, 40 - i) for i in range(9)),
    ]:
        picture = noise(1, 1, h, w, seed=h)
        pads = (0, 0), (0, 0), (0, -h % 8), (0, -w % 8)
        padded = torch.from_numpy(np.pad(picture.numpy(), pads, mode="reflect"))
        with torch.no_grad():
            ab = net(picture)
            assert torch.allclose(ab, net(padded)[..., :h, :w], atol=1e-6)
        assert ab.shape == (1, 2, h, w) and ab.abs().max() <= 1


@pytest.mark.parametrize("size", [(7, 64), (64, 7), (1, 1), (0, 8)])
def test_too_small_a_picture_names_the_least_size(size):
    with pytest.raises(
        ValueError, match="3 downs; expected at least 8 x 8: take fewer downs or a larger L"
    ):
        UNet(downs=3, width=2)(torch.zeros(1, 1, *size))


def test_wrong_pictures_are_refused():
    net = UNet(downs=2, width=2)
    with pytest.raises(ValueError, match=r"L has shape \(1, 3, 8, 8\); expected \(n, 1, h, w\)"):
        net(torch.zeros(1, 3, 8, 8))
    with pytest.raises(TypeError, match="floating point"):
        net(torch.zeros(1, 1, 8, 8, dtype=torch.uint8))


@pytest.mark.parametrize("style", ["pix2pix", "paper003"])
def test_without_skips_everything_passes_through_the_middle(style):
    for skips in (True, False):
        net = shaken(UNet(downs=4, width=4, skips=skips, style=style))
        middle = [m for m in net.modules() if isinstance(m, UNetBlock)][-1]
        assert isinstance(middle.inside, nn.Identity)
        middle.down.register_forward_hook(lambda module, args, result: torch.zeros_like(result))
        with torch.no_grad():
            one, other = net(noise(1, 1, 32, 32, seed=1)), net(noise(1, 1, 32, 32, seed=2))
        assert torch.equal(one, other) is not skips


@pytest.mark.parametrize("style", ["pix2pix", "paper003"])
@pytest.mark.parametrize("up", ["transposed", "resize"])
def test_every_parameter_learns(style, up):
    net = init_weights(UNet(downs=4, width=4, style=style, up=up), "he")
    net(noise(2, 1, 32, 32)).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, name


def checkerboard(net, picture):
    """Divide the output's power at a period of 2 pixels by that of the neighbouring frequencies."""
    with torch.no_grad():
        ab = net(picture)[..., 32:96, 32:96].double()
    window = torch.hann_window(64, dtype=torch.float64)
    power = (
        torch.fft.fft2((ab - ab.mean((2, 3), keepdim=True)) * window * window[:, None])
        .abs()
        .square()
    )
    power = power.mean((0, 1))
    near = [*range(24, 30), *range(35, 41)]  # frequency 32 of 64 has a period of 2 pixels
    return float((power[32].sum() + power[:, 32].sum()) / (power[near].mean(0).sum() * 2))


@pytest.mark.parametrize("style", ["pix2pix", "paper003"])
@pytest.mark.parametrize("how", ["normal", "he"])
def test_transposed_convolutions_draw_checkerboards_and_resizing_ones_do_not(style, how):
    smooth = F.interpolate(noise(2, 1, 8, 8), size=128, mode="bicubic", align_corners=True)
    even = torch.full((1, 1, 128, 128), 0.5)
    for seed in range(3):
        peaks, flat = {}, {}
        for up in ("transposed", "resize"):
            net = init_weights(UNet(downs=3, width=8, up=up, style=style), how, seed).eval()
            peaks[up] = checkerboard(net, smooth)
            with torch.no_grad():
                ab = net(even)[..., 32:96, 32:96]
            flat[up] = (ab.std((2, 3)) / ab.abs().mean((2, 3))).mean()
        assert peaks["transposed"] > 10 and peaks["transposed"] > 8 * peaks["resize"], (seed, peaks)
        assert flat["transposed"] > 0.1 and flat["resize"] < 1e-5, (seed, flat)


def test_initialise_is_what_the_papers_say():
    net = UNet(downs=4, width=32)
    init_weights(net, "normal", 3)
    convs = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    weights = torch.cat([m.weight.flatten() for m in convs])
    assert weights.mean().abs() < 1e-4 and weights.std().item() == pytest.approx(0.02, rel=0.01)
    scales = torch.cat([m.weight for m in norms])
    assert scales.mean().item() == pytest.approx(1, abs=0.005)
    assert scales.std().item() == pytest.approx(0.02, rel=0.2)
    init_weights(net, "he", 3)
    assert all((m.weight == 1).all() and (m.bias == 0).all() for m in norms)
    assert convs[-1].bias.tolist() == [0, 0]
    assert convs[1].weight.std().item() == pytest.approx((2 / (32 * 16)) ** 0.5, rel=0.05)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(64, 64, 4, stride=2, padding=1),
        nn.ConvTranspose2d(64, 64, 4, stride=2, padding=1),
        nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(64, 64, 3, padding=1)),
    ],
)
def test_he_keeps_the_size_of_what_passes_through(layer):
    values = torch.randn(8, 64, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        after = init_weights(layer, "he")(F.relu(values))[..., 2:-2, 2:-2]
    assert after.square().mean().item() == pytest.approx(1, rel=0.15)


def test_initialise_is_a_function_of_its_seed_and_leaves_the_random_state_alone():
    one, other = UNet(downs=3, width=4), UNet(downs=3, width=4)
    state = torch.get_rng_state()
    for how in ("normal", "he"):
        a, b = init_weights(one, how, 5).state_dict(), init_weights(other, how, 5).state_dict()
        assert all(torch.equal(a[name], b[name]) for name in a)
    assert torch.equal(torch.get_rng_state(), state)
    before = one.head, one.levels.down[0].weight.clone()
    assert not torch.equal(init_weights(one, "he", 6).levels.down[0].weight, before[1])
    generator = torch.Generator().manual_seed(5)
    assert torch.equal(init_weights(one, "he", generator).levels.down[0].weight, before[1])
    assert not torch.equal(init_weights(one, "he", generator).levels.down[0].weight, before[1])


def test_initialise_forgets_what_was_learned():
    net = UNet(downs=3, width=4)
    fresh = {k: v.clone() for k, v in init_weights(net, "he").state_dict().items()}
    net(noise(2, 1, 8, 8)).sum()  # moves the running statistics
    state = init_weights(net, "he").state_dict()
    assert all(torch.equal(state[name], fresh[name]) for name in fresh)
    with pytest.raises(ValueError, match="how is 'zeros'; expected 'normal' or 'he'"):
        init_weights(net, "zeros")


def test_a_net_comes_back_from_its_config():
    net = shaken(UNet(2, 3, 4, 6, skips=False, up="resize", dropout=0.1, style="paper003", cap=2))
    again = create_generator(json.loads(json.dumps(net.config)))
    assert again.config == net.config
    again.load_state_dict(net.state_dict())
    picture = noise(1, 2, 16, 16)
    assert torch.equal(again.eval()(picture), net(picture))
    net.config["width"] = 99  # a copy: the net does not change
    assert net.config["width"] == 6


GOOD = {
    "generator": "UNet",
    "inputs": 1,
    "outputs": 2,
    "downs": 2,
    "width": 2,
    "skips": True,
    "up": "resize",
    "dropout": 0.5,
}
GOOD |= {"style": "pix2pix", "cap": 8}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            {"depth": 3},
            ValueError,
            "UNet got an unknown field 'depth'; expected inputs, outputs, .*: remove it",
        ),
        ({"width": None}, TypeError, "UNet got width=None; expected a whole number from 1 to 512"),
        ({"width": "64"}, TypeError, "width='64'; expected a whole number"),
        ({"width": True}, TypeError, "width=True; expected a whole number"),
        ({"width": 64.0}, TypeError, "width=64.0; expected a whole number"),
        ({"width": 0}, ValueError, "width=0; expected a whole number from 1 to 512"),
        ({"width": 10**12}, ValueError, "from 1 to 512"),
        ({"downs": 1}, ValueError, "downs=1; expected a whole number from 2 to 10"),
        ({"downs": 10**9}, ValueError, "from 2 to 10"),
        ({"skips": 1}, TypeError, "skips=1; expected true or false"),
        ({"up": "bilinear"}, ValueError, "up='bilinear'; expected 'transposed' or 'resize'"),
        ({"style": ["pix2pix"]}, TypeError, "expected 'pix2pix' or 'paper003'"),
        ({"dropout": 1}, ValueError, "dropout=1; expected a number from 0 up to, not with, 1"),
        ({"dropout": float("nan")}, ValueError, "dropout=nan"),
        ({"dropout": True}, TypeError, "dropout=True"),
        (
            {"width": 512, "cap": 16, "downs": 10},
            ValueError,
            "parameters; expected at most 300,000,000",
        ),
    ],
)
def test_a_config_is_not_trusted(change, error, words):
    assert create_generator(GOOD).config == GOOD
    with pytest.raises(error, match=words) as caught:
        create_generator(GOOD | change)
    assert "\n" not in str(caught.value)


def test_a_config_must_be_complete_and_a_dict():
    for field in set(GOOD) - {"generator"}:
        with pytest.raises(ValueError, match=f"UNet got no field '{field}'; expected .*: add it"):
            create_generator({name: value for name, value in GOOD.items() if name != field})
    with pytest.raises(TypeError, match=r"config is \[.*\]; expected a dict"):
        create_generator([GOOD])
    with pytest.raises(ValueError, match="from 2 to 10"):
        UNet(downs=1)
    assert schema.MAX_PARAMETERS > 4 * 54_409_858  # twice the width of the papers is welcome


def test_half_precision_and_strides_give_the_same_picture():
    net, picture = shaken(UNet(downs=3, width=8)), noise(2, 1, 24, 20)
    with torch.no_grad():
        plain = net(picture)
        assert torch.allclose(net(picture.to(memory_format=torch.channels_last)), plain, atol=1e-5)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert (net(picture).float() - plain).abs().mean() < 0.02


def test_overfits_eight_smooth_pictures():
    L = F.interpolate(noise(8, 1, 8, 8), size=64, mode="bilinear")
    ab = F.interpolate(noise(8, 2, 4, 4, seed=1) * 0.6, size=64, mode="bilinear")
    net = init_weights(UNet(downs=6, width=16), "normal")
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3, betas=(0.5, 0.999))
    for _ in range(30):
        loss = F.l1_loss(net(L), ab)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    gray = ab.abs().mean()  # what a = b = 0 would cost
    assert loss < 0.35 * gray
