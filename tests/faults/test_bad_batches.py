"""A batch that is no number, and memory that runs out: said, and the last checkpoint stands."""

import dataclasses
import random

import pytest
import torch
from fault_runs import SMALL, content
from tiny_run import trainer, weights

from colorlib.data.datasets import TensorImages
from colorlib.io import checkpoint


def same(run, other):
    return run.history == other.history and all(map(torch.equal, weights(run), weights(other)))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_picture_that_is_no_number_is_named(tmp_path, long, tried, value):
    whole, chance, n, lost = trainer(None), random.Random(0), 40 if long else 1, 0
    whole.fit()
    for i in range(n):
        folder, bad = tmp_path / str(i), chance.randrange(12)
        trainer(folder).fit(max_steps=chance.randrange(1, 10))
        run = trainer(folder)
        rgb = run.dataset.rgb.clone()
        rgb[bad, chance.randrange(3), chance.randrange(16), chance.randrange(16)] = value
        run.dataset = TensorImages(rgb)
        # the average looks at pictures of its own, and colours are refused that are too far from [0, 1]
        words = rf"pictures \[{bad}\] of the data hold values|average has weights that are no|rgb runs from"
        with pytest.raises((FloatingPointError, ValueError), match=words):
            run.fit()
        kept = checkpoint.load_latest_checkpoint(folder)["parts"]["net_g"].values()
        lost += not all(weights.isfinite().all() for weights in kept)
        again = trainer(folder)  # the picture is mended
        again.fit()
        lost += not same(again, whole)
    tried("a picture with NaN or infinity in a batch", n, lost)


def test_weights_that_are_no_numbers_are_never_kept(tmp_path, tried):
    """A step may spoil the weights with a loss that was still a number; the next save notices."""
    whole, run = trainer(None), trainer(tmp_path)
    whole.fit()
    run.fit(max_steps=4)
    before, step = content(tmp_path), run.train_step

    def spoils(L, ab):
        losses = step(L, ab)
        with torch.no_grad():
            run.net_d.net[0].weight[0, 0, 0, 0] = float("nan")
        return losses

    run.train_step = spoils
    with pytest.raises(FloatingPointError, match="net_d has weights that are no numbers: look for"):
        run.fit(save_every_steps=1)
    lost = content(tmp_path) != before
    again = trainer(tmp_path)
    again.fit()
    tried("weights that are no numbers", 1, lost + (not same(again, whole)))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"
        ),
        MemoryError(),
    ],
)
def test_memory_that_runs_out_says_what_to_do(tmp_path, tried, error):
    whole, run = trainer(None), trainer(tmp_path)
    whole.fit()
    run.fit(max_steps=5)
    before = content(tmp_path)

    def fails(L, ab):
        raise error

    run.train_step = fails
    words = (
        "memory ran out at epoch 1, step 2, with 4 pictures of 16x16 in a step; the last checkpoint"
    )
    with pytest.raises(MemoryError, match=words) as raised:
        run.fit()
    assert "a smaller batch or size" in str(raised.value) and raised.value.__cause__ is error
    lost = content(tmp_path) != before
    again = trainer(tmp_path)
    again.fit()
    tried("memory that runs out in a step", 1, lost + (not same(again, whole)))


def test_another_error_of_a_step_stays_what_it_is(tmp_path):
    run = trainer(tmp_path)

    def fails(L, ab):
        raise RuntimeError("shapes differ")

    run.train_step = fails
    with pytest.raises(RuntimeError, match="^shapes differ$"):
        run.fit()


def test_a_command_whose_memory_is_bounded(commands, tried, tmp_path):
    """RLIMIT_AS: the system refuses to give more."""
    asked = ["train", *SMALL[:2], "--reduced", "--size", "64", "--width", "64", "--batch", "256"]
    status, said = commands.run([*asked, "--out", tmp_path / "run"], memory=600 * 2**20)
    assert status == 1 and "Traceback" not in said, said
    assert "memory ran out" in said and "a smaller batch or size" in said, said
    tried("a command whose memory is bounded (RLIMIT_AS)", 1)


def test_settings_stay_what_a_run_began_with(tmp_path):
    """What the messages advise, another batch or rate, is for another folder: this one says so."""
    trainer(tmp_path).fit(max_steps=1)
    run = trainer(tmp_path)
    run.config = dataclasses.replace(run.config, lr=1e-4)
    with pytest.raises(ValueError, match="has other lr; use its settings, or another folder"):
        run.fit()
