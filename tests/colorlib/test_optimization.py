"""Optimizers, schedules, batch-norm statistics, and networks that are compiled."""

import copy
import logging
import math
from functools import partialmethod

import pytest
import torch
from tiny_run import Crops, Hooks, same_run, trainer
from torch import nn

from colorlib.engine import optimization
from colorlib.engine.batches import epoch_batches, load_batches
from colorlib.training import TrainConfig, Trainer

CPU = torch.device("cpu")
X = torch.linspace(-1, 1, 200).view(2, 2, 5, 10)


def step(net, optimizer):
    optimizer.zero_grad()
    net(X).square().mean().backward()
    optimizer.step()


def make(amp_dtype):
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = optimization.to_device(nn.Conv2d(2, 3, 3), CPU, amp_dtype)
    return net, optimization.build_adam(net, TrainConfig(lr=0.1), CPU)


def test_fused_adam_equals_adam():
    net, optimizer = make(None)
    reference, _ = make(None)
    plain = torch.optim.Adam(reference.parameters(), lr=0.1, betas=(0.5, 0.999), fused=False)
    assert optimizer.defaults["fused"]
    for _ in range(5):
        step(net, optimizer), step(reference, plain)
    assert torch.allclose(net.weight, reference.weight, atol=1e-5)


@pytest.mark.parametrize(("before", "after"), [(None, torch.bfloat16), (torch.bfloat16, None)])
def test_adam_loads_moments_of_another_memory_format(before, after):
    net, optimizer = make(before)
    step(net, optimizer)
    other, again = make(after)
    assert other.weight.stride() != net.weight.stride()
    other.load_state_dict(net.state_dict())
    saved = copy.deepcopy(optimizer.state_dict())  # as from a file
    saved["param_groups"][0]["fused"] = None  # as a device without fused kernels saves it
    again.load_state_dict(saved)
    assert again.param_groups[0]["fused"] is True
    assert again.state[other.weight]["exp_avg"].stride() == other.weight.stride()
    step(net, optimizer), step(other, again)
    assert torch.allclose(net.weight, other.weight, atol=1e-6)


def plateau_factors(scores, patience):
    best, waited, factor, factors = -math.inf, 0, 1.0, []
    for score in scores:
        factors.append(factor)
        waited = 0 if score > best else waited + 1
        best = max(score, best)
        if waited > patience:
            factor, waited = factor / 10, 0
    return factors


SCORES = [5, 6, 6, 5, 7, 8, 8, 7, 8, 8, 9, 1]


@pytest.mark.parametrize(
    ("config", "factors"),
    [
        ({"schedule": "constant"}, [1.0] * 12),
        ({"schedule": "step", "step_epoch": 4}, [1.0] * 4 + [0.1] * 8),
        ({"schedule": "plateau", "patience": 0}, plateau_factors(SCORES, 0)),
        ({"schedule": "plateau", "patience": 1}, plateau_factors(SCORES, 1)),
        ({"schedule": "cosine"}, [(1 + math.cos(math.pi * e / 12)) / 2 for e in range(12)]),
    ],
)
@pytest.mark.parametrize("stop", [None, 7, 18])
def test_schedule_follows_its_closed_form(tmp_path, config, factors, stop):
    rates = {}
    watch = Hooks(lambda run, _: rates.update({run.epoch: run.opt_g.param_groups[0]["lr"]}))

    def train(max_steps):
        run = Trainer(
            nn.Conv2d(1, 2, 1),
            Crops(),
            TrainConfig(epochs=12, batch_size=4, lr=1e-3, **config),
            folder=tmp_path,
            validate=lambda net: SCORES[run.epoch],
            callbacks=[watch],
        )
        run.fit(max_steps=max_steps)

    if stop is not None:
        train(stop)
    train(None)
    assert list(rates.values()) == pytest.approx([1e-3 * f for f in factors], rel=0, abs=1e-15)


def test_plateau_needs_a_validation_score():
    config = TrainConfig(batch_size=4, schedule="plateau")
    with pytest.raises(ValueError, match="schedule is 'plateau' and validate is None"):
        Trainer(nn.Conv2d(1, 2, 1), Crops(), config)


@pytest.fixture
def compile_without_compiler(monkeypatch):
    """Make torch run what it traces as it is."""
    monkeypatch.setattr(nn.Module, "compile", partialmethod(nn.Module.compile, backend="eager"))


@pytest.mark.usefixtures("compile_without_compiler")
def test_compiled_and_plain_runs_resume_each_other(tmp_path, caplog):
    plain = trainer()
    plain.fit()
    with caplog.at_level(logging.INFO, "colorlib"):
        trainer(tmp_path, compile=True).fit(max_steps=4)
    assert caplog.text.count("first step, with compiling: ") == 1
    trainer(tmp_path).fit(max_steps=7)
    last = trainer(tmp_path, compile=True)
    last.fit()
    assert same_run(last, plain)
    for name, part in plain.parts.items():
        assert last.parts[name].state_dict().keys() == part.state_dict().keys()


def test_plain_run_compiles_nothing(monkeypatch):
    monkeypatch.delattr(nn.Module, "compile")
    trainer().fit(max_steps=1)


def test_update_bn_uses_statistics_of_the_data_without_dropout():
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Dropout(0.5), nn.BatchNorm2d(3))
        data = torch.randn(12, 1, 9, 9)
    with torch.no_grad():
        features = net[0](data)
    optimization.update_bn(net, data.split(4))
    assert torch.allclose(net[2].running_mean, features.mean((0, 2, 3)), atol=1e-6)
    variances = torch.stack([part.var((0, 2, 3)) for part in features.split(4)])
    assert torch.allclose(net[2].running_var, variances.mean(0), rtol=1e-4)
    assert net[2].momentum == 0.1 and not net.training


def test_ema_is_validated_with_its_own_statistics():
    run = trainer()
    run.fit()
    batches = load_batches(run.dataset, torch.arange(12).split(4), run.config, run.epoch, CPU)
    with torch.no_grad():
        features = torch.cat([run.ema.module[0](L) for L, _ in batches])
    own, last = run.eval_model()[1].running_mean, run.net_g[1].running_mean
    assert torch.allclose(own, features.mean((0, 2, 3)), atol=2e-3)
    assert not torch.allclose(own, last, atol=1e-4)


def test_epoch_batches_are_whole_and_new_in_each_epoch():
    config = TrainConfig(batch_size=4)
    first, second = (torch.cat(epoch_batches(14, config, epoch)) for epoch in (0, 1))
    assert len(first) == 12 == len(first.unique()) and not torch.equal(first, second)
