"""Paper 002's fusion network: its layers, its frozen classifier, and what each place is told."""

import sys

import pytest
import torch
import torch.nn.functional as F
from generator_cases import count, noise, shaken
from torch import nn

from colorlib.data.datasets import TensorImages
from colorlib.training import TrainConfig, Trainer
from colorlib.fusion import FusionCNN
from colorlib.generator import init_weights


@pytest.fixture(scope="module")
def net():
    return shaken(FusionCNN(num_classes=10))


@pytest.mark.parametrize(
    ("classes", "around", "inside"), [(1000, 6_573_794, 55_843_464), (1001, 6_574_050, 0)]
)
def test_parameters(classes, around, inside):
    with torch.device("meta"):
        net = FusionCNN(num_classes=classes)
    inception = count(net.inception)
    assert count(net) - inception == around
    assert not inside or inception == inside
    assert f"{around:,}" in FusionCNN.__doc__


def test_512_channels_would_not_be_the_papers_count():
    def conv(a, b, k=3):
        return k * k * a * b + b

    encoder = [
        (1, 64),
        (64, 128),
        (128, 128),
        (128, 256),
        (256, 256),
        (256, 512),
        (512, 512),
        (512, 256),
    ]
    decoder = [(256, 128), (128, 64), (64, 64), (64, 32), (32, 2)]
    total = sum(conv(a, b) for a, b in encoder + decoder) + conv(256 + 1000, 256, 1)
    assert total == 6_573_794
    wide = (
        total - conv(512, 256) + 256 * 256
    )  # without the last layer, the 1x1 convolution sees 512
    assert f"{wide / 1e6:.2f}M" in FusionCNN.__doc__


def test_shapes_at_256():
    shapes = []
    with torch.device("meta"):
        net = FusionCNN()
        for part in (net.encoder, net.fusion, net.decoder):
            part.register_forward_hook(
                lambda m, args, out: shapes.append((args[0].shape[1:], out.shape[1:]))
            )
        assert net(torch.zeros(1, 1, 256, 256)).shape == (1, 2, 256, 256)
    assert [tuple(map(tuple, pair)) for pair in shapes] == [
        ((1, 256, 256), (256, 32, 32)),
        ((1256, 32, 32), (256, 32, 32)),
        ((256, 32, 32), (2, 256, 256)),
    ]


def test_equals_the_papers_figure_in_functions(net):
    convs = [
        m
        for part in (net.encoder, net.fusion, net.decoder)
        for m in part
        if isinstance(m, nn.Conv2d)
    ]
    x = L = noise(2, 1, 80, 88)
    with torch.no_grad():
        logits = net.inception(torch.cat([L, L, L], 1))
        for k, conv in enumerate(convs):
            if k == 8:
                x = torch.cat([x, logits[:, :, None, None].repeat(1, 1, *x.shape[-2:])], 1)
            stride, padding = 1 + (k in (0, 2, 4)), int(k != 8)
            x = F.conv2d(x, conv.weight, conv.bias, stride, padding)
            x = torch.tanh(x) if k == len(convs) - 1 else F.relu(x)
            if k in (9, 11, 13):
                x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        assert torch.allclose(net(L), x, atol=1e-6)
    assert len(convs) == 14 and x.shape == (2, 2, 80, 88)


def test_what_inception_says_reaches_every_place(net):
    L, answers = noise(1, 1, 80, 80), []
    for shift in (0.0, 5.0):
        hook = net.inception.register_forward_hook(lambda m, args, out, shift=shift: out + shift)
        with torch.no_grad():
            answers.append(net(L))
        hook.remove()
    assert (answers[0] != answers[1]).all()


def test_gray_is_normalised_as_timm_says(net):
    mean, std = (
        torch.tensor(net.inception.pretrained_cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std")
    )
    seen, L = [], noise(1, 1, 80, 80)
    hook = net.inception.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    with torch.no_grad():
        net(L)
    hook.remove()
    assert torch.allclose(seen[0], ((L + 1) / 2 - mean) / std, atol=1e-6)


def test_75_is_inceptions_own_least(net):
    with torch.no_grad():
        assert net.inception(torch.zeros(1, 3, 75, 75)).shape == (1, 10)
        with pytest.raises(RuntimeError, match="[Kk]ernel size"):
            net.inception(torch.zeros(1, 3, 74, 75))
    assert net.least == 75


NOISES = TensorImages((noise(4, 3, 80, 80) + 1) / 2)


def test_inception_stays_as_it_is_while_the_rest_learns(net):
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    settings = TrainConfig(
        epochs=1, batch_size=2, lr=1e-3, ema_decay=0.9
    )  # measures batch statistics anew at the end
    run = Trainer(net, NOISES, settings)
    result = run.fit()
    assert run.total == 2
    for state in (net.state_dict(), result.state_dict()):
        for name, tensor in state.items():
            assert tensor.equal(before[name]) is name.startswith("inception."), name
    assert not any(m.training for m in net.train().inception.modules()) and net.decoder.training


def test_initialise_leaves_inception_alone(net):
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    init_weights(net, "he", seed=4)
    for name, tensor in net.state_dict().items():
        assert tensor.equal(before[name]) is name.startswith("inception."), name


def test_pretrained_is_asked_of_timm_and_of_nobody_else(monkeypatch):
    import timm

    asked = []

    def create_model(name, **how):
        asked.append((name, how))
        return nn.Linear(1, 1)

    monkeypatch.setattr(timm, "create_model", create_model)
    net = FusionCNN(pretrained=True)
    assert asked == [("inception_resnet_v2", {"pretrained": True, "num_classes": 1000})]
    assert not any(p.requires_grad for p in net.inception.parameters())
    with pytest.raises(ValueError, match="classes is 1001; expected 1000 with pretrained=True"):
        FusionCNN(pretrained=True, num_classes=1001)
    assert len(asked) == 1


def test_weights_that_cannot_be_had_are_one_sentence(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        OSError, match="weights of inception_resnet_v2 could not be had .*pretrained=False"
    ) as caught:
        FusionCNN(pretrained=True)
    assert "\n" not in str(caught.value) and "HF_HOME" in str(caught.value)


def test_without_timm_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        ImportError, match="inception_resnet_v2 comes from timm, .* pip install timm"
    ):
        FusionCNN()
