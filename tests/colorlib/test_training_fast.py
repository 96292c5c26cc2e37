"""Faster steps: fused Adam, order in memory, compiled networks; every checkpoint stays good."""

import copy
import logging
import platform
import subprocess
import sys
from functools import partialmethod

import pytest
import torch
from tiny_run import trainer, weights
from torch import nn

from colorlib.engine import optimization
from colorlib.training import TrainConfig

CPU = torch.device("cpu")


@pytest.fixture
def compiled(monkeypatch):
    """Compile without a compiler: what torch traces is run as it is."""
    monkeypatch.setattr(nn.Module, "compile", partialmethod(nn.Module.compile, backend="eager"))


def test_a_compiled_run_and_a_plain_one_take_up_each_others_checkpoints(tmp_path, compiled, caplog):
    plain = trainer(None)
    plain.fit()
    with caplog.at_level(logging.INFO, "colorlib"):
        trainer(tmp_path, compile=True).fit(max_steps=4)
    assert caplog.text.count("first step, with compiling: ") == 1
    trainer(tmp_path).fit(max_steps=7)
    last = trainer(tmp_path, compile=True)
    last.fit()
    assert all(map(torch.equal, weights(last), weights(plain)))
    assert all(
        last.parts[name].state_dict().keys() == part.state_dict().keys()
        for name, part in plain.parts.items()
    )


def test_a_run_that_is_not_compiled_compiles_nothing(monkeypatch):
    monkeypatch.delattr(nn.Module, "compile")
    trainer(None).fit(max_steps=1)


def step(net, optimizer, x):
    optimizer.zero_grad()
    net(x).square().mean().backward()
    optimizer.step()


def make(half):
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = optimization.to_device(nn.Conv2d(2, 3, 3), CPU, half)
    return net, optimization.build_adam(net, TrainConfig(lr=0.1), CPU)


def test_fused_adam_does_what_adam_does():
    x = torch.linspace(-1, 1, 200).view(2, 2, 5, 10)
    net, optimizer = make(None)
    reference, _ = make(None)
    plain = torch.optim.Adam(reference.parameters(), lr=0.1, betas=(0.5, 0.999), fused=False)
    assert optimizer.defaults["fused"]
    for _ in range(5):
        step(net, optimizer, x), step(reference, plain, x)
    assert torch.allclose(net.weight, reference.weight, atol=1e-5)


@pytest.mark.parametrize(("before", "after"), [(None, torch.bfloat16), (torch.bfloat16, None)])
def test_moments_are_taken_up_in_another_order_in_memory(before, after):
    x = torch.linspace(-1, 1, 200).view(2, 2, 5, 10)
    net, optimizer = make(before)
    step(net, optimizer, x)
    other, again = make(after)
    assert other.weight.stride() != net.weight.stride()
    other.load_state_dict(net.state_dict())
    saved = copy.deepcopy(optimizer.state_dict())  # as from a file
    saved["param_groups"][0]["fused"] = None  # as a device without fused kernels leaves it
    optimization.load_optimizer_state(again, saved)
    assert again.param_groups[0]["fused"] is True
    assert again.state[other.weight]["exp_avg"].stride() == other.weight.stride()
    step(net, optimizer, x), step(other, again, x)
    assert torch.allclose(net.weight, other.weight, atol=1e-6)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have no such switch"
)
@pytest.mark.parametrize("kept", [True, False])
def test_memory_that_is_kept_is_not_fetched_again(kept):
    code = f"""
import resource, torch
from colorlib.engine.optimization import tune_malloc
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
{"tune_malloc()" if kept else ""}
for turn in range(30):  # glibc puts up to seven splinters of such pieces aside, and fetches until it has them
    if turn == 20:
        before = faults()
    torch.ones(1 << 24)  # 64 MB, 16,384 pages of 4 KB
print(faults() - before)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert (int(said) < 1000) == kept
