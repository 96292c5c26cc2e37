"""The discriminators against pix2pix's list of layers; receptive fields against the gradient."""

import json

import pytest
import torch
from generator_cases import count, noise
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


def touched_pixels(net, image, place):
    """Return the rows and columns of the image on which the output at ``place`` depends."""
    image = image.requires_grad_()
    net(image)[0, 0, place[0], place[1]].backward()
    touched = image.grad[0].abs().sum(0) > 0
    return [touched.any(dim).nonzero().flatten().tolist() for dim in (1, 0)]


def convolutions(net):
    return [module for module in net.modules() if isinstance(module, nn.Conv2d)]


def test_patch_discriminator_equals_pix2pix():
    def block(in_channels, out_channels, stride):
        conv = nn.Conv2d(in_channels, out_channels, 4, stride, 1, bias=False)
        return conv, nn.BatchNorm2d(out_channels), nn.LeakyReLU(0.2)

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
    ours = net.state_dict().values()
    reference.load_state_dict(dict(zip(reference.state_dict(), ours, strict=True)))
    L, ab = noise(2, 1, 64, 64), noise(2, 2, 64, 64, seed=1)
    with torch.no_grad():
        logits = net(L, ab)
        assert logits.shape == (2, 1, 6, 6)
        assert torch.allclose(logits, reference(torch.cat([L, ab], 1)), atol=1e-5)


@pytest.mark.parametrize(("n_layers", "patch"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_patches_have_the_sizes_of_pix2pix(n_layers, patch):
    net = PatchDiscriminator(n_layers=n_layers, base_channels=1)
    assert receptive_field(net) == patch
    channels = [min(2**k, 8) for k in range(n_layers + 1)]
    assert [m.out_channels for m in convolutions(net)] == [*channels, 1]
    least = 3 * 2**n_layers
    for size in (least, least + 1, 2 * least + 3):
        logits = net(torch.zeros(2, 1, size, least), torch.zeros(2, 2, size, least))
        assert logits.shape == (2, 1, size // 2**n_layers - 2, 1)
    with pytest.raises(ValueError, match=f"with sides from {least} to"):
        net(torch.zeros(1, 1, least - 1, least), torch.zeros(1, 2, least - 1, least))


@pytest.mark.parametrize(
    "discriminator", [PatchDiscriminator, PixelDiscriminator, ImageDiscriminator]
)
def test_only_a_conditional_discriminator_uses_L(discriminator):
    L, other, ab = noise(2, 1, 64, 64), noise(2, 1, 64, 64, seed=1), noise(2, 2, 64, 64, seed=2)
    for in_channels, conditional in ((3, True), (2, False)):
        net = discriminator(in_channels, base_channels=4, conditional=conditional).eval()
        with torch.no_grad():
            assert torch.equal(net(L, ab), net(other, ab)) is not conditional
            assert not torch.equal(net(L, ab), net(L, -ab))
            if conditional:  # L comes first
                assert torch.equal(net(L, ab), net.layers(torch.cat([L, ab], 1)))
        words = r"ab has shape \(2, 3, 64, 64\); expected \(n, 2, h, w\)"
        with pytest.raises(ValueError, match=words):
            net(L, noise(2, 3, 64, 64))


def test_receptive_fields_by_the_gradient_too():
    patch = PatchDiscriminator(base_channels=4).double().eval()
    rows, columns = touched_pixels(patch.layers, noise(1, 3, 160, 160).double(), (9, 8))
    assert rows[-1] - rows[0] + 1 == columns[-1] - columns[0] + 1 == 70
    pixel = PixelDiscriminator(base_channels=8).double().eval()
    assert touched_pixels(pixel.layers, noise(1, 3, 5, 6).double(), (2, 4)) == [[2], [4]]
    assert receptive_field(pixel) == 1


def test_pixel_discriminator_has_pix2pixs_parameters():
    net = PixelDiscriminator()
    assert count(net) == (3 * 64 + 64) + 64 * 128 + 2 * 128 + 128
    assert net(torch.zeros(2, 1, 1, 7), torch.zeros(2, 2, 1, 7)).shape == (2, 1, 1, 7)


@pytest.mark.parametrize(
    ("size", "n_layers", "last"), [(8, 1, 4), (64, 4, 4), (96, 4, 6), (100, 4, 6), (256, 6, 4)]
)
def test_image_discriminator_has_one_logit_per_image(size, n_layers, last):
    net = ImageDiscriminator(image_size=size, base_channels=2)
    convs = convolutions(net)
    assert [m.kernel_size for m in convs] == [(4, 4)] * n_layers + [(last, last)]
    assert [m.stride for m in convs] == [(2, 2)] * n_layers + [(1, 1)]
    assert sum(isinstance(m, nn.BatchNorm2d) for m in net.modules()) == n_layers - 1
    assert net(noise(2, 1, size, size), noise(2, 3, size, size)).shape == (2, 1, 1, 1)
    assert receptive_field(net) >= size - size % 2**n_layers
    words = f"sides from {size} to {size}: resize them, or make another discriminator"
    with pytest.raises(ValueError, match=words):
        net(noise(2, 1, size, size + 1), noise(2, 3, size, size + 1))


def test_image_discriminator_is_paper_003s():
    net = ImageDiscriminator()
    assert count(net) == 2_766_657
    assert f"{count(net):,}" in ImageDiscriminator.__doc__
    assert not any(isinstance(m, nn.BatchNorm2d) for m in net.layers[:2])


def test_images_of_two_sizes_are_refused():
    for options in ({}, {"in_channels": 2, "conditional": False}):
        net = PatchDiscriminator(base_channels=2, **options)
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
def test_discriminator_comes_back_from_its_config(net):
    again = create_discriminator(json.loads(json.dumps(net.config)))
    assert type(again) is type(net) and again.config == net.config
    again.load_state_dict(net.state_dict())


def random_layers():
    """Draw a convolution or a pool of one channel, padded by less than half its receptive field."""
    numbers = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 3))

    def create(drawn, pool):
        kernel, stride, dilation, padding = drawn
        if pool:
            return nn.AvgPool2d(kernel, stride, min(padding, kernel // 2))
        padding = min(padding, (kernel - 1) * dilation // 2)
        return nn.Conv2d(1, 1, kernel, stride, padding, dilation)

    return st.builds(create, numbers, st.booleans())


@settings(deadline=None, max_examples=60)
@given(st.lists(random_layers(), min_size=1, max_size=4))
def test_receptive_field_is_the_support_of_the_gradient(layers):
    field, step = receptive_field(nn.Sequential(*layers)), 1
    for module in layers:
        step *= module.stride if isinstance(module.stride, int) else module.stride[0]
    assume(field <= 150 and step <= 27)
    net = nn.Sequential(*layers).double()
    for parameter in net.parameters():
        nn.init.constant_(parameter, 0.5)  # positive, so that nothing cancels
    size = 3 * field + 4 * step
    image = torch.zeros(1, 1, size, size, dtype=torch.double)
    middle = net(image).shape[-1] // 2
    rows, columns = touched_pixels(net, image, (middle, middle))
    assert rows[0] > 0 and rows[-1] < size - 1  # not cut off by the edge
    assert rows[-1] - rows[0] + 1 == columns[-1] - columns[0] + 1 == field


@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))
def test_max_pool_counts_as_a_convolution(kernel, stride, dilation):
    pools = [nn.MaxPool2d(kernel, stride, dilation=dilation), nn.MaxPool2d(3)]
    convs = [nn.Conv2d(1, 1, kernel, stride, dilation=dilation), nn.Conv2d(1, 1, 3, 3)]
    assert receptive_field(nn.Sequential(*pools)) == receptive_field(nn.Sequential(*convs))


def test_a_layer_that_is_used_twice_counts_twice():
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
def test_unsupported_layers_are_refused(module, words):
    with pytest.raises(ValueError, match=words):
        receptive_field(nn.Sequential(nn.ReLU(), module))
