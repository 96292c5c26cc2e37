"""The critics beside pix2pix's list of layers, and the arithmetic of receptive fields beside the gradient."""

import json

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from colorlib.discriminators import (
    ImageDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
    create_discriminator,
    receptive_field,
)


def count(net):
    return sum(p.numel() for p in net.parameters())


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def seen(net, picture, at):
    """Find the rows and columns of the picture on which output ``at`` depends, by its gradient."""
    picture = picture.requires_grad_()
    net(picture)[0, 0, at[0], at[1]].backward()
    touched = picture.grad[0].abs().sum(0) > 0
    return [
        side.any(axis).nonzero().flatten().tolist() for axis, side in ((1, touched), (0, touched))
    ]


def test_patch_critic_is_pix2pix_layer_by_layer():
    def block(channels, out, stride):
        conv = nn.Conv2d(channels, out, 4, stride, 1, bias=False)
        return conv, nn.BatchNorm2d(out), nn.LeakyReLU(0.2)

    reference = nn.Sequential(
        nn.Conv2d(3, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        *block(64, 128, 2),
        *block(128, 256, 2),
        *block(256, 512, 1),
        nn.Conv2d(512, 1, 4, 1, 1),
    )
    net = PatchDiscriminator()
    assert count(net) == 2_765_633
    assert f"{count(net):,}" in PatchDiscriminator.__doc__
    reference.load_state_dict(
        dict(zip(reference.state_dict(), net.state_dict().values(), strict=True))
    )
    L, ab = noise(2, 1, 64, 64), noise(2, 2, 64, 64, seed=1)
    with torch.no_grad():
        logits = net(L, ab)
        assert logits.shape == (2, 1, 6, 6)
        assert torch.allclose(logits, reference(torch.cat([L, ab], 1)), atol=1e-5)


@pytest.mark.parametrize(("layers", "patch"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_patches_have_the_sizes_of_pix2pix(layers, patch):
    net = PatchDiscriminator(layers=layers, width=1)
    assert receptive_field(net) == patch
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert [m.out_channels for m in convolutions] == [*(min(2**k, 8) for k in range(layers + 1)), 1]
    least = 3 * 2**layers
    for size in (least, least + 1, 2 * least + 3):
        logits = net(torch.zeros(2, 1, size, least), torch.zeros(2, 2, size, least))
        assert logits.shape == (2, 1, size // 2**layers - 2, 1)
    with pytest.raises(ValueError, match=f"with sides from {least} to"):
        net(torch.zeros(1, 1, least - 1, least), torch.zeros(1, 2, least - 1, least))


def test_seventy_pixels_by_the_gradient_too():
    net = PatchDiscriminator(width=4).double().eval()
    rows, columns = seen(net.layers, noise(1, 3, 160, 160).double(), (9, 8))
    assert rows[-1] - rows[0] + 1 == columns[-1] - columns[0] + 1 == 70


@pytest.mark.parametrize("kind", [PatchDiscriminator, PixelDiscriminator, ImageDiscriminator])
def test_only_a_conditional_critic_looks_at_L(kind):
    L, other, ab = noise(2, 1, 64, 64), noise(2, 1, 64, 64, seed=1), noise(2, 2, 64, 64, seed=2)
    for inputs, conditional in ((3, True), (2, False)):
        net = kind(inputs, width=4, conditional=conditional).eval()
        with torch.no_grad():
            assert torch.equal(net(L, ab), net(other, ab)) is not conditional
            assert not torch.equal(net(L, ab), net(L, -ab))
            if conditional:  # L comes first
                assert torch.equal(net(L, ab), net.layers(torch.cat([L, ab], 1)))
        with pytest.raises(
            ValueError, match=r"ab has shape \(2, 3, 64, 64\); expected \(n, 2, h, w\)"
        ):
            net(L, noise(2, 3, 64, 64))


def test_pixel_critic_sees_one_pixel():
    net = PixelDiscriminator(width=8).double().eval()
    assert seen(net.layers, noise(1, 3, 5, 6).double(), (2, 4)) == [[2], [4]]
    assert receptive_field(net) == 1
    assert count(PixelDiscriminator()) == (3 * 64 + 64) + 64 * 128 + 2 * 128 + 128
    assert net(torch.zeros(2, 1, 1, 7).double(), torch.zeros(2, 2, 1, 7).double()).shape == (
        2,
        1,
        1,
        7,
    )


@pytest.mark.parametrize(
    ("size", "layers", "left"), [(8, 1, 4), (64, 4, 4), (96, 4, 6), (100, 4, 6), (256, 6, 4)]
)
def test_image_critic_makes_one_number_of_a_picture(size, layers, left):
    net = ImageDiscriminator(size=size, width=2)
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert [m.kernel_size for m in convolutions] == [(4, 4)] * layers + [(left, left)]
    assert [m.stride for m in convolutions] == [(2, 2)] * layers + [(1, 1)]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in net.modules()) == layers - 1
    assert net(noise(2, 1, size, size), noise(2, 3, size, size)).shape == (2, 1, 1, 1)
    assert receptive_field(net) >= size - size % 2**layers
    with pytest.raises(
        ValueError, match=f"sides from {size} to {size}: resize them, or make another critic"
    ):
        net(noise(2, 1, size, size + 1), noise(2, 3, size, size + 1))


def test_image_critic_of_paper_003():
    net = ImageDiscriminator()
    assert count(net) == 2_766_657
    assert f"{count(net):,}" in ImageDiscriminator.__doc__.replace("\n    ", " ")
    assert not any(isinstance(m, nn.BatchNorm2d) for m in net.layers[:2])


def test_pictures_of_two_sizes_are_refused_in_one_sentence():
    for net in (PatchDiscriminator(width=2), PatchDiscriminator(2, width=2, conditional=False)):
        with pytest.raises(ValueError, match="L is 64 x 32 and ab 32 x 64") as caught:
            net(torch.zeros(1, 1, 64, 32), torch.zeros(1, 2, 32, 64))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "net",
    [
        PatchDiscriminator(2, 4, 6, conditional=False),
        PixelDiscriminator(4, 5),
        ImageDiscriminator(3, 48, 4, conditional=True),
    ],
)
def test_a_critic_comes_back_from_its_config(net):
    again = create_discriminator(json.loads(json.dumps(net.config)))
    assert type(again) is type(net) and again.config == net.config
    again.load_state_dict(net.state_dict())


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        (
            {},
            TypeError,
            "critic=None; expected 'PatchDiscriminator' or 'PixelDiscriminator' or 'ImageDiscriminator'",
        ),
        ([], TypeError, r"config is \[\]; expected a dict"),
        ({"critic": "UNet"}, ValueError, "critic='UNet'; expected 'PatchDiscriminator'"),
        (PixelDiscriminator().config | {"layers": 3}, ValueError, "unknown field 'layers'"),
        (
            PixelDiscriminator().config | {"conditional": 1},
            TypeError,
            "conditional=1; expected true or false",
        ),
        (
            PatchDiscriminator().config | {"layers": 50},
            ValueError,
            "layers=50; expected a whole number from 1 to 7",
        ),
        (PatchDiscriminator().config | {"width": 10**9}, ValueError, "from 1 to 512"),
        (
            PatchDiscriminator().config | {"width": 512, "layers": 7},
            ValueError,
            "expected at most 300,000,000",
        ),
    ],
)
def test_a_config_is_not_trusted(config, error, words):
    with pytest.raises(error, match=words):
        create_discriminator(config)


def layer():
    """Draw a convolution or a pool of one channel, padded by less than half its reach."""
    numbers = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 3))

    def make(drawn, pool):
        kernel, stride, dilation, padding = drawn
        if pool:
            return nn.AvgPool2d(kernel, stride, min(padding, kernel // 2))
        return nn.Conv2d(1, 1, kernel, stride, min(padding, (kernel - 1) * dilation // 2), dilation)

    return st.builds(make, numbers, st.booleans())


@settings(deadline=None, max_examples=60)
@given(st.lists(layer(), min_size=1, max_size=4))
def test_receptive_field_is_the_support_of_the_gradient(layers):
    reach = receptive_field(nn.Sequential(*layers))
    step = 1
    for module in layers:
        step *= module.stride if isinstance(module.stride, int) else module.stride[0]
    assume(reach <= 150 and step <= 27)
    net = nn.Sequential(*layers).double()
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.5)  # positive, so that nothing cancels
    size = 3 * reach + 4 * step
    picture = torch.zeros(1, 1, size, size, dtype=torch.double)
    middle = net(picture).shape[-1] // 2
    rows, columns = seen(net, picture, (middle, middle))
    assert rows[0] > 0 and rows[-1] < size - 1  # not cut off by the edge
    assert rows[-1] - rows[0] + 1 == columns[-1] - columns[0] + 1 == reach


@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))
def test_max_pools_reach_as_far_as_convolutions(kernel, stride, dilation):
    pools = [nn.MaxPool2d(kernel, stride, dilation=dilation), nn.MaxPool2d(3)]
    convolutions = [nn.Conv2d(1, 1, kernel, stride, dilation=dilation), nn.Conv2d(1, 1, 3, 3)]
    assert receptive_field(nn.Sequential(*pools)) == receptive_field(nn.Sequential(*convolutions))


def test_a_layer_used_twice_counts_twice():
    conv = nn.Conv2d(1, 1, 3)
    assert receptive_field(nn.Sequential(conv, nn.ReLU(), conv)) == 5
    assert receptive_field(nn.Sequential()) == 1


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Conv2d(1, 1, (3, 5)), "expected the same in height and width"),
        (nn.Conv2d(1, 1, 3, stride=(1, 2)), "expected the same in height and width"),
        (nn.ConvTranspose2d(1, 1, 4), "layer '1' is ConvTranspose2d.*expected a chain of Conv2d"),
        (nn.AdaptiveAvgPool2d(1), "expected a chain"),
        (nn.Linear(2, 2), "expected a chain"),
    ],
)
def test_layers_beyond_the_arithmetic_are_refused(module, words):
    with pytest.raises(ValueError, match=words):
        receptive_field(nn.Sequential(nn.ReLU(), module))
