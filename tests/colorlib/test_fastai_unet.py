"""fastai's DynamicUnet: the tutorial's own lines, training, copies, and the cost of its import."""

import ast
import copy
import re
import sys
from pathlib import Path

import pytest
import torch
from generator_cases import count, noise, train_two_steps
from torch import nn

import colorlib
from colorlib.models.fastai_unet import FastaiUNet


@pytest.fixture(scope="module")
def net():
    return FastaiUNet(32)


def test_network_equals_the_tutorials(net):
    from fastai.vision.learner import create_body
    from fastai.vision.models.unet import DynamicUnet
    from torchvision.models import resnet18

    body = create_body(resnet18(weights=None), pretrained=False, n_in=1, cut=-2)
    tutorial = DynamicUnet(body, 2, (256, 256))
    tutorial.load_state_dict(net.unet.state_dict())
    net.eval()
    with torch.no_grad():
        L = noise(1, 1, 64, 96)
        assert torch.equal(net(L), torch.Tensor(tutorial.eval()(L)))
    assert count(net) == count(tutorial) == 31_099_672
    assert f"{count(net):,}" in FastaiUNet.__doc__


def test_output_is_not_bounded(net):
    net = copy.deepcopy(net).eval()
    last = [m for m in net.modules() if isinstance(m, nn.Conv2d)][-1]
    with torch.no_grad():
        last.bias.fill_(7.0)
        last.weight.zero_()
        assert net(noise(1, 1, 32, 32)).min() == 7


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_network_trains_with_and_without_ema(net, ema_decay):
    trained = copy.deepcopy(net)
    result = train_two_steps(trained, 32, ema_decay)
    before = dict(net.named_parameters())
    assert not any(p.equal(before[name]) for name, p in trained.named_parameters())
    assert result(noise(1, 1, 32, 32)).shape == (1, 2, 32, 32)


def test_copy_after_training_uses_its_own_activations(net):
    trained = copy.deepcopy(net)
    trained.train()(noise(2, 1, 32, 32)).sum().backward()  # its hooks saw tensors with gradients
    other = copy.deepcopy(trained)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.01)
    again = FastaiUNet(32)
    first = net.state_dict()
    assert all(tensor.equal(first[name]) for name, tensor in again.state_dict().items())  # seed 0
    again.load_state_dict(other.state_dict())
    L = noise(1, 1, 32, 32)
    with torch.no_grad():
        assert torch.equal(other.eval()(L), again.eval()(L))
    assert all(hook.stored is None for hook in other.unet.sfs)


def test_without_fastai_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastai.vision.learner", None)
    with pytest.raises(ImportError, match="FastaiUNet needs fastai, .* pip install fastai"):
        FastaiUNet(32)


def test_importing_a_generator_imports_no_backbone_library():
    for path in Path(colorlib.__file__).parent.rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:  # the top of the file
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                assert not re.search(r"\b(torchvision|timm|fastai)\b", ast.unparse(node)), path
