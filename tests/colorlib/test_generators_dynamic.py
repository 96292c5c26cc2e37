"""fastai's DynamicUnet: the tutorial's own lines, training, copies, and what importing it costs."""

import ast
import copy
import re
import sys
from pathlib import Path

import pytest
import torch
from generator_cases import count, noise
from torch import nn

from colorlib import generators
from colorlib.data.datasets import TensorImages
from colorlib.training import TrainConfig, Trainer
from colorlib.generator import init_weights
from colorlib.models.fastai_unet import FastaiUNet


@pytest.fixture(scope="module")
def net():
    return FastaiUNet(32)


def test_is_what_the_tutorials_lines_make(net):
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


def test_nothing_bounds_its_answer(net):
    last = copy.deepcopy(net).eval()
    convs = [m for m in last.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        convs[-1].bias.fill_(7.0)
        convs[-1].weight.zero_()
        assert last(noise(1, 1, 32, 32)).min() == 7


NOISES = TensorImages((noise(4, 3, 32, 32) + 1) / 2)


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_it_trains_with_a_moving_average_and_without(net, ema):
    mine = copy.deepcopy(net)
    before = {name: p.clone() for name, p in mine.named_parameters()}
    run = Trainer(mine, NOISES, TrainConfig(epochs=1, batch_size=2, lr=1e-3, ema_decay=ema))
    result = run.fit()
    assert run.total == 2
    assert not any(p.equal(before[name]) for name, p in mine.named_parameters())
    assert result(noise(1, 1, 32, 32)).shape == (1, 2, 32, 32)


def test_a_copy_after_training_uses_its_own_pictures(net):
    one = copy.deepcopy(net)
    one.train()(noise(2, 1, 32, 32)).sum().backward()  # pictures with gradients went through
    other = copy.deepcopy(one)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.01)
    again = FastaiUNet(32)
    first, same = net.state_dict(), again.state_dict()
    assert all(
        tensor.equal(first[name]) for name, tensor in same.items()
    )  # drawn from seed 0, both
    again.load_state_dict(other.state_dict())
    L = noise(1, 1, 32, 32)
    with torch.no_grad():
        assert torch.equal(other.eval()(L), again.eval()(L))
    assert all(hook.stored is None for hook in other.unet.sfs)


def test_initialise_keeps_fastais_first_weights(net):
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    init_weights(net, seed=8)
    assert all(tensor.equal(before[name]) for name, tensor in net.state_dict().items())


def test_without_fastai_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastai.vision.learner", None)
    with pytest.raises(ImportError, match="FastaiUNet needs fastai, .* pip install fastai"):
        FastaiUNet(32)


def test_importing_generators_imports_nobody_elses_networks():
    for path in Path(generators.__file__).parent.glob("*.py"):
        for node in ast.parse(
            path.read_text("utf-8")
        ).body:  # the top of the file, not inside functions
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                assert not re.search(r"\b(torchvision|timm|fastai)\b", ast.unparse(node)), path
