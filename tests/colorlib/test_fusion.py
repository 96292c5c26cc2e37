"""Paper 002's fusion network: its layers, and its frozen classifier."""

import sys
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from generator_cases import count, noise, perturbed, state_copy, train_two_steps
from torch import nn

from colorlib.fusion import FusionCNN


@pytest.fixture(scope="module")
def net():
    return perturbed(FusionCNN(num_classes=10))


@pytest.mark.parametrize(
    ("num_classes", "own", "inception"), [(1000, 6_573_794, 55_843_464), (1001, 6_574_050, None)]
)
def test_parameter_counts_are_in_the_docstring(num_classes, own, inception):
    with torch.device("meta"):
        net = FusionCNN(num_classes=num_classes)
    assert count(net) - count(net.inception) == own
    assert inception is None or count(net.inception) == inception
    assert f"{own:,}" in FusionCNN.__doc__


def test_512_channels_are_not_the_papers_count():
    def conv(a, b, k=3):
        return k * k * a * b + b

    encoder = [1, 64, 128, 128, 256, 256, 512, 512, 256]
    decoder = [256, 128, 64, 64, 32, 2]
    total = conv(256 + 1000, 256, 1)
    for channels in (encoder, decoder):
        total += sum(conv(a, b) for a, b in pairwise(channels))
    assert total == 6_573_794
    wide = total - conv(512, 256) + 256 * 256  # without it, the 1x1 convolution sees 512
    assert f"{wide / 1e6:.2f}M" in FusionCNN.__doc__


def test_shapes_at_256_are_those_of_the_paper():
    shapes = []
    with torch.device("meta"):
        net = FusionCNN()
        for module in (net.encoder, net.fusion, net.decoder):
            module.register_forward_hook(
                lambda m, args, out: shapes.append((*args[0].shape[1:], *out.shape[1:]))
            )
        assert net(torch.zeros(1, 1, 256, 256)).shape == (1, 2, 256, 256)
    assert shapes == [
        (1, 256, 256, 256, 32, 32),
        (1256, 32, 32, 256, 32, 32),
        (256, 32, 32, 2, 256, 256),
    ]


def test_network_equals_the_papers_figure(net):
    modules = [*net.encoder, *net.fusion, *net.decoder]
    convs = [module for module in modules if isinstance(module, nn.Conv2d)]
    x = L = noise(2, 1, 80, 88)
    with torch.no_grad():
        logits = net.inception(torch.cat([L, L, L], 1))
        for k, conv in enumerate(convs):
            if k == 8:
                x = torch.cat([x, logits[:, :, None, None].repeat(1, 1, *x.shape[-2:])], 1)
            x = F.conv2d(x, conv.weight, conv.bias, 2 if k in (0, 2, 4) else 1, 0 if k == 8 else 1)
            x = torch.tanh(x) if k == len(convs) - 1 else F.relu(x)
            if k in (9, 11, 13):
                x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        assert torch.allclose(net(L), x, atol=1e-6)
    assert len(convs) == 14 and x.shape == (2, 2, 80, 88)


def test_inceptions_logits_change_every_place(net):
    L, outputs = noise(1, 1, 80, 80), []
    for shift in (0.0, 5.0):
        hook = net.inception.register_forward_hook(lambda m, args, out, shift=shift: out + shift)
        with torch.no_grad():
            outputs.append(net(L))
        hook.remove()
    assert (outputs[0] != outputs[1]).all()


def test_inception_gets_the_input_that_timm_asks_for(net):
    config = net.inception.pretrained_cfg
    mean, std = (torch.tensor(config[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    seen, L = [], noise(1, 1, 80, 80)
    hook = net.inception.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    with torch.no_grad():
        net(L)
    hook.remove()
    assert torch.allclose(seen[0], ((L + 1) / 2 - mean) / std, atol=1e-6)


def test_min_size_is_inceptions(net):
    assert net.min_size == 75
    with torch.no_grad():
        assert net.inception(torch.zeros(1, 3, 75, 75)).shape == (1, 10)
        with pytest.raises(RuntimeError, match="[Kk]ernel size"):
            net.inception(torch.zeros(1, 3, 74, 75))


def test_inception_is_frozen_while_the_rest_is_trained(net):
    before = state_copy(net)
    result = train_two_steps(net, 80)
    for state in (net.state_dict(), result.state_dict()):
        for name, tensor in state.items():
            assert tensor.equal(before[name]) is name.startswith("inception."), name
    assert not any(m.training for m in net.train().inception.modules()) and net.decoder.training


def test_pretrained_weights_come_from_timm(monkeypatch):
    import timm

    calls = []

    def create_model(name, **options):
        calls.append((name, options))
        return nn.Linear(1, 1)

    monkeypatch.setattr(timm, "create_model", create_model)
    net = FusionCNN(pretrained=True)
    assert calls == [("inception_resnet_v2", {"pretrained": True, "num_classes": 1000})]
    assert not any(p.requires_grad for p in net.inception.parameters())
    with pytest.raises(ValueError, match="num_classes is 1001; expected 1000 with pretrained=True"):
        FusionCNN(pretrained=True, num_classes=1001)
    assert len(calls) == 1


def test_missing_pretrained_weights_raise_one_sentence(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    words = "weights of inception_resnet_v2 could not be loaded .*HF_HOME.*pretrained=False"
    with pytest.raises(OSError, match=words) as caught:
        FusionCNN(pretrained=True)
    assert "\n" not in str(caught.value)


def test_without_timm_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    words = "inception_resnet_v2 comes from timm, .* pip install timm"
    with pytest.raises(ImportError, match=words):
        FusionCNN()
