"""What every generator promises: sizes, ranges, files, copies, gradients, evaluation without chance."""

import copy
import json

import numpy as np
import pytest
import torch
from generator_cases import CASES, count, noise, shaken
from torch.nn import BatchNorm2d

from colorlib.encoders import EncoderUNet
from colorlib.io import checkpoint
from colorlib.models import registry, schema
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.models.fuse import fuse_conv_bn
from colorlib.models.registry import create_generator
from colorlib.unet import RGBUNet


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def made():
    """Make a network once for all the tests that only look at it."""
    nets = {}

    def get(case):
        if case not in nets:
            nets[case] = shaken(CASES[case][0]())
        return nets[case]

    return get


def picture(case, n=1):
    """Draw pictures of the side that the case is quick with."""
    return noise(n, 1, CASES[case][1], CASES[case][1])


@pytest.fixture(params=CASES)
def case(request):
    return request.param


def test_any_size_comes_back_as_it_went_in(case, made):
    net, outputs = made(case), made(case).config.get("outputs", 2)
    for h, w in [(net.least, net.least), (net.least + 1, net.least + net.multiple - 1), (61, 90)]:
        h, w = max(h, net.least), max(w, net.least)
        L, pads = (
            noise(1, 1, h, w, seed=h),
            [(0, 0), (0, 0), (0, -h % net.multiple), (0, -w % net.multiple)],
        )
        padded = torch.from_numpy(np.pad(L.numpy(), pads, mode="reflect"))
        with torch.no_grad():
            answer = net(L)
            assert answer.shape == (1, outputs, h, w) and type(answer) is torch.Tensor
            assert torch.allclose(answer, net(padded)[..., :h, :w], atol=1e-5)
        assert answer.isfinite().all() and answer.std() > 0
        assert case == "FastaiUNet" or answer.abs().max() <= 1


def test_folded_is_another_network_with_the_same_answers(case, made):
    net, L = copy.deepcopy(made(case)).double().eval(), picture(case, n=2).double()
    faster = fuse_conv_bn(net)
    norms, left = (
        [part for part in each.modules() if type(part) is BatchNorm2d] for each in (net, faster)
    )
    assert len(left) < len(norms) or not norms
    with torch.no_grad():
        assert torch.allclose(faster(L), net(L), atol=1e-9)
    assert all(map(torch.equal, net.state_dict().values(), made(case).state_dict().values()))


def test_too_small_a_picture_names_the_least_size(case, made):
    net = made(case)
    for size in [(net.least - 1, 200), (200, net.least - 1), (1, 1)]:
        with pytest.raises(
            ValueError, match=f"expected at least {net.least} x {net.least}: "
        ) as caught:
            net(torch.zeros(1, 1, *size))
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"L has shape \(1, 3, 96, 96\); expected \(n, 1, h, w\)"):
        net(torch.zeros(1, 3, 96, 96))


def test_who_is_too_large_for_a_picture():
    with pytest.raises(ValueError, match="and the net is a BaselineCNN; .* 4 x 4: take a larger L"):
        BaselineCNN()(torch.zeros(1, 1, 3, 3))
    with pytest.raises(
        ValueError, match="the net has 6 downs; .* 64 x 64: take fewer downs or a larger L"
    ):
        RGBUNet(1)(torch.zeros(1, 1, 63, 64))


def test_a_file_is_enough_to_have_the_network_again(case, made, tmp_path):
    net, L = made(case), picture(case)
    weights, config = net.state_dict(), {"net": net.config}
    if case != "FusionCNN":  # 250 MB; what could differ is asserted instead
        path = checkpoint.save_weights(tmp_path / "net.safetensors", weights, config)
        weights, config = checkpoint.load_weights(path)
    places = [tensor.untyped_storage().data_ptr() for tensor in weights.values()]
    assert len(set(places)) == len(places)  # no two share memory, which safetensors would refuse
    again = create_generator(json.loads(json.dumps(config))["net"])
    assert type(again) is type(net) and again.config == net.config
    again.load_state_dict(weights)
    with torch.no_grad():
        assert torch.equal(again.eval()(L), net(L))
    net.config["generator"] = "other"  # a copy: the net does not change
    assert net.config == again.config


def test_sizes_are_counted_without_memory(case, made):
    with torch.device("meta"):
        net = CASES[case][0]()
    assert all(tensor.is_meta for tensor in net.state_dict().values())
    assert {k: v.shape for k, v in net.state_dict().items()} == {
        k: v.shape for k, v in made(case).state_dict().items()
    }
    assert count(net) < schema.MAX_PARAMETERS


def test_a_copy_stands_on_its_own(case, made):
    net, L = made(case), picture(case)
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


def test_strides_give_the_same_picture(case, made):
    net, L = copy.deepcopy(made(case)), picture(case)
    with torch.no_grad():
        plain = net(L)
        last = net.to(memory_format=torch.channels_last)(L.to(memory_format=torch.channels_last))
    assert torch.allclose(last, plain, atol=1e-3)


@pytest.mark.parametrize("case", ["UNet", "RGBUNet", "BaselineCNN", "mobilenet_v2"])
def test_half_precision_gives_nearly_the_same_picture(case, made):
    net, L = made(case), picture(case)
    with torch.no_grad():
        plain = net(L)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = net(L).float()
    assert (half - plain).abs().mean() < 0.1 * plain.std() + 0.02


def test_every_parameter_that_may_learn_does(case, made):
    net, L = copy.deepcopy(made(case)).train(), picture(case, 3)
    net(L).square().sum().backward()
    learning = {name for name, p in net.named_parameters() if p.requires_grad}
    frozen = {
        name for name, _ in net.named_parameters() if name.startswith(tuple(net.frozen) or "-")
    }
    assert learning == {name for name, _ in net.named_parameters()} - frozen and learning
    for name, parameter in net.named_parameters():
        if name in learning:
            assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, name
        else:
            assert parameter.grad is None, name
    with torch.no_grad():
        assert net.eval()(L).equal(net(L))  # no chance in it
    assert not any(module.training for module in net.modules())


@pytest.mark.parametrize(
    ("config", "error", "words"),
    [
        ({}, TypeError, "generator=None; expected 'UNet' or 'RGBUNet' or 'BaselineCNN' or"),
        ([], TypeError, r"config is \[\]; expected a dict"),
        ("UNet", TypeError, "config is 'UNet'; expected a dict"),
        (
            {"generator": "PatchDiscriminator"},
            ValueError,
            "generator='PatchDiscriminator'; expected 'UNet' or",
        ),
        (
            BaselineCNN().config | {"downs": 3},
            ValueError,
            "BaselineCNN got an unknown field 'downs'",
        ),
        (
            BaselineCNN().config | {"outputs": 0},
            ValueError,
            "outputs=0; expected a whole number from 1 to",
        ),
        (
            RGBUNet(1).config | {"width": 129},
            ValueError,
            "width=129; expected a whole number from 1 to 128",
        ),
        (
            RGBUNet(1).config | {"width": 128, "downs": 7},
            ValueError,
            "expected at most 300,000,000",
        ),
        (RGBUNet(1).config | {"up": 2}, TypeError, "up=2; expected 'transposed' or 'resize'"),
        ({"generator": "FastaiUNet", "size": 10**6, "outputs": 2}, ValueError, "from 32 to 512"),
        ({"generator": "FusionCNN", "classes": 1000}, ValueError, "got no field 'outputs'"),
        ({"generator": "FusionCNN", "classes": 10**9, "outputs": 2}, ValueError, "from 2 to 20000"),
    ],
)
def test_a_config_is_not_trusted(config, error, words):
    with pytest.raises(error, match=words):
        create_generator(config)


def test_a_config_cannot_ask_for_a_download(case, made):
    config = made(case).config
    assert not {"pretrained", "seed"} & set(config)
    with pytest.raises(ValueError, match="unknown field 'pretrained'"):
        create_generator(config | {"pretrained": True})


def test_first_weights_are_a_function_of_the_seed():
    state = torch.get_rng_state()
    one, same, other = (EncoderUNet("resnet18", width=4, seed=k).state_dict() for k in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one[name], same[name]) for name in one)
    drawn = [name for name in one if one[name].ndim == 4]
    assert not any(torch.equal(one[name], other[name]) for name in drawn)


def test_every_generator_can_be_built():
    with pytest.raises(TypeError) as caught:
        create_generator({})
    kinds = [kind.__name__ for kind in registry.GENERATORS]
    assert len(kinds) >= 6 and all(f"'{name}'" in str(caught.value) for name in kinds)
