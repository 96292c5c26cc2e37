"""The promises of every generator: sizes, ranges, files, copies, gradients; and initial weights."""

import copy
import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from generator_cases import CASES, count, noise, one_thread, perturbed, state_copy  # noqa: F401
from torch import nn

from colorlib.encoders import EncoderUNet
from colorlib.generator import init_weights
from colorlib.io import checkpoint
from colorlib.models import schema
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.fuse import fuse_conv_bn
from colorlib.models.registry import create_generator
from colorlib.unet import RGBUNet, UNet


@pytest.fixture(scope="module")
def network():
    """Create a network once for all tests that do not change it."""
    nets = {}

    def get(case):
        if case not in nets:
            nets[case] = perturbed(CASES[case][0]())
        return nets[case]

    return get


@pytest.fixture(params=CASES)
def case(request):
    return request.param


def image(case, n=1):
    return noise(n, 1, CASES[case][1], CASES[case][1])


# Every generator ----------------------------------------------------------------------------------
def test_any_size_is_padded_by_reflection_and_cropped(case, network):
    net = network(case)
    least, multiple = net.min_size, net.size_multiple
    sizes = [(least, least), (least + 1, least + multiple - 1), (61, 90), (90, 61)]
    sizes += [(33 + i, 40 - i) for i in range(9)] if least == 8 else []
    for h, w in sizes:
        h, w = max(h, least), max(w, least)
        L = noise(1, 1, h, w, seed=h)
        padding = [(0, 0), (0, 0), (0, -h % multiple), (0, -w % multiple)]
        padded = torch.from_numpy(np.pad(L.numpy(), padding, mode="reflect"))
        with torch.no_grad():
            output = net(L)
            assert torch.allclose(output, net(padded)[..., :h, :w], atol=1e-5)
        assert output.shape == (1, net.config.get("out_channels", 2), h, w)
        assert type(output) is torch.Tensor and output.isfinite().all() and output.std() > 0
        assert case == "FastaiUNet" or output.abs().max() <= 1


def test_wrong_images_are_refused(case, network):
    net = network(case)
    least = f"expected at least {net.min_size} x {net.min_size}: "
    for size in [(net.min_size - 1, 200), (200, net.min_size - 1), (1, 1), (0, 200)]:
        with pytest.raises(ValueError, match=least) as caught:
            net(torch.zeros(1, 1, *size))
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"L has shape \(1, 3, 96, 96\); expected \(n, 1, h, w\)"):
        net(torch.zeros(1, 3, 96, 96))
    with pytest.raises(TypeError, match="floating point"):
        net(torch.zeros(1, 1, 96, 96, dtype=torch.uint8))


def test_too_small_an_image_gets_advice():
    words = "L is 3 x 3 .* the net is a BaselineCNN; expected at least 4 x 4: take a larger L$"
    with pytest.raises(ValueError, match=words):
        BaselineCNN()(torch.zeros(1, 1, 3, 3))
    with pytest.raises(ValueError, match="64 x 64: take a larger L, or fewer .* num_downs=6$"):
        RGBUNet(1)(torch.zeros(1, 1, 63, 64))


def test_fused_network_has_the_same_output(case, network):
    net, L = copy.deepcopy(network(case)).double().eval(), image(case, n=2).double()
    fused = fuse_conv_bn(net)
    norms, left = (
        sum(type(module) is nn.BatchNorm2d for module in each.modules()) for each in (net, fused)
    )
    assert left < norms or norms == 0 or case in ("ZhangNet", "ColorUNet")  # theirs follow ReLU
    with torch.no_grad():
        assert torch.allclose(fused(L), net(L), atol=1e-9)
    before = network(case).state_dict().values()
    assert all(map(torch.equal, net.state_dict().values(), before))


def test_network_comes_back_from_a_file(case, network, tmp_path):
    net, L = network(case), image(case)
    weights, config = net.state_dict(), {"net": net.config}
    if case != "FusionCNN":  # 250 MB; what could differ is asserted instead
        path = checkpoint.save_weights(tmp_path / "net.safetensors", weights, config)
        weights, config = checkpoint.load_weights(path)
    places = [tensor.untyped_storage().data_ptr() for tensor in weights.values()]
    assert len(set(places)) == len(places)  # safetensors refuses tensors that share memory
    again = create_generator(json.loads(json.dumps(config))["net"])
    assert type(again) is type(net) and again.config == net.config
    again.load_state_dict(weights)
    with torch.no_grad():
        assert torch.equal(again.eval()(L), net(L))
    net.config["generator"] = "other"  # a copy: the net does not change
    assert net.config == again.config


def test_parameters_are_counted_without_memory(case, network):
    with torch.device("meta"):
        net = CASES[case][0]()
    assert all(tensor.is_meta for tensor in net.state_dict().values())
    shapes = {name: tensor.shape for name, tensor in network(case).state_dict().items()}
    assert {name: tensor.shape for name, tensor in net.state_dict().items()} == shapes
    assert count(net) < schema.MAX_PARAMETERS


def test_copy_is_independent(case, network):
    net, L = network(case), image(case)
    with torch.no_grad():
        before = net(L)
        other = copy.deepcopy(net)
        assert torch.equal(other(L), before)
        for parameter in other.parameters():
            parameter.mul_(1.1)
        changed = other(L)
        assert not torch.equal(changed, before) and torch.equal(net(L), before)
        assert torch.equal(other(L), changed)
    assert other.training is False and other.config == net.config


def test_channels_last_has_the_same_output(case, network):
    # in double precision: DenseNet's batch norms, set on 3 images, enlarge rounding by far
    net, L = copy.deepcopy(network(case)).double(), image(case).double()
    with torch.no_grad():
        expected = net(L)
        last = net.to(memory_format=torch.channels_last)(L.to(memory_format=torch.channels_last))
    assert torch.allclose(last, expected, atol=1e-9)


@pytest.mark.parametrize("case", ["UNet", "RGBUNet", "BaselineCNN", "mobilenet_v2"])
def test_half_precision_has_nearly_the_same_output(case, network):
    net, L = network(case), image(case)
    with torch.no_grad():
        expected = net(L)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = net(L).float()
    assert (half - expected).abs().mean() < 0.1 * expected.std() + 0.02


def test_every_parameter_that_is_not_frozen_is_trained(case, network):
    net, L = copy.deepcopy(network(case)).train(), image(case, 3)
    net(L).square().sum().backward()
    for name, parameter in net.named_parameters():
        if name.partition(".")[0] in net.frozen_modules:
            assert not parameter.requires_grad and parameter.grad is None, name
        else:
            assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, name
    with torch.no_grad():
        assert net.eval()(L).equal(net(L))  # nothing random is left
    assert not any(module.training for module in net.modules())


def test_config_cannot_ask_for_a_download(case, network):
    config = network(case).config
    assert not {"pretrained", "seed"} & set(config)
    with pytest.raises(ValueError, match="unknown field 'pretrained'"):
        create_generator(config | {"pretrained": True})


# Initial weights ----------------------------------------------------------------------------------
def test_init_weights_has_the_papers_distributions():
    net = init_weights(UNet(num_downs=4, base_channels=32), "normal", 3)
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
def test_he_keeps_the_variance(layer):
    values = torch.randn(8, 64, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        after = init_weights(layer, "he")(F.relu(values))[..., 2:-2, 2:-2]
    assert after.square().mean().item() == pytest.approx(1, rel=0.15)


def test_init_weights_is_a_function_of_the_seed():
    net, state = UNet(num_downs=3, base_channels=4), torch.get_rng_state()
    for scheme in ("normal", "he"):
        first = state_copy(init_weights(net, scheme, 5))
        net(noise(2, 1, 8, 8)).sum()  # changes the running statistics
        torch.set_rng_state(state)  # which dropout has changed
        second = state_copy(init_weights(net, scheme, 5))
        assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(torch.get_rng_state(), state)
    name = "levels.down.0.weight"
    assert not torch.equal(state_copy(init_weights(net, "he", 6))[name], first[name])
    generator = torch.Generator().manual_seed(5)  # a generator is advanced
    assert torch.equal(state_copy(init_weights(net, "he", generator))[name], first[name])
    assert not torch.equal(state_copy(init_weights(net, "he", generator))[name], first[name])
    with pytest.raises(ValueError, match="scheme is 'zeros'; expected 'normal' or 'he'"):
        init_weights(net, "zeros")


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("scheme", ["normal", "he"])
@pytest.mark.parametrize("case", ["mobilenet_v2", "FusionCNN", "FastaiUNet", "EfficientNetUNet"])
def test_init_weights_keeps_pretrained_modules(case, scheme, wrap, network):
    net = network(case)
    before = state_copy(net)
    changed = copy.deepcopy(net) if case != "FusionCNN" else net
    init_weights(nn.Sequential(changed) if wrap else changed, scheme, seed=11 + wrap)
    for name, tensor in changed.state_dict().items():
        if name.partition(".")[0] in net.pretrained_modules:
            assert tensor.equal(before[name]), name
        elif tensor.ndim == 4:
            assert not tensor.equal(before[name]), name
    net.load_state_dict(before)


def test_encoder_weights_are_a_function_of_the_seed():
    state = torch.get_rng_state()
    nets = [EncoderUNet("resnet18", base_channels=4, seed=seed) for seed in (5, 5, 6)]
    first, same, other = (net.state_dict() for net in nets)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], same[name]) for name in first)
    drawn = [name for name in first if first[name].ndim == 4]
    assert not any(torch.equal(first[name], other[name]) for name in drawn)
