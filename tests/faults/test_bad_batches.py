"""NaN in an image or a weight, or too little memory, stops a run; its checkpoint stays good."""

import random

import pytest
import torch
from interrupted_training import is_same_run, trainer
from process_runner import SMALL, hash_files

from colorlib.data.datasets import TensorImages
from colorlib.io import checkpoint


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_fit_names_image_with_nan(tmp_path, whole_training, long, record_trials, value):
    rng, n, lost = random.Random(0), 40 if long else 1, 0
    for i in range(n):
        folder, bad = tmp_path / str(i), rng.randrange(12)
        trainer(folder).fit(max_steps=rng.randrange(1, 10))
        run = trainer(folder)
        rgb = run.dataset.rgb.clone()
        rgb[bad, rng.randrange(3), rng.randrange(16), rng.randrange(16)] = value
        run.dataset = TensorImages(rgb)
        # the moving average sees more images, and infinity is not a colour
        words = rf"images \[{bad}\] of the data hold|ema has weights that are not|rgb runs from"
        with pytest.raises((FloatingPointError, ValueError), match=words):
            run.fit()
        weights = checkpoint.load_latest_checkpoint(folder)["parts"]["net_g"].values()
        lost += not all(weight.isfinite().all() for weight in weights)
        repaired = trainer(folder)
        repaired.fit()
        lost += not is_same_run(repaired, whole_training)
    record_trials("NaN or infinity in an image", n, lost)


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory"
    ),
    RuntimeError("could not create a primitive"),
    MemoryError(),
]
ADVICE = "memory ran out at epoch 1, step 2, with 4 images of 16x16 in a step; the last checkpoint"


def set_nan(run):
    with torch.no_grad():
        run.net_d.net[0].weight[0, 0, 0, 0] = float("nan")


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (None, FloatingPointError, "net_d has weights that are not finite: look for"),
        *[(error, MemoryError, ADVICE) for error in OUT_OF_MEMORY],
        (RuntimeError("shapes differ"), RuntimeError, "^shapes differ$"),
    ],
)
def test_fit_failing_step_keeps_checkpoint(
    tmp_path, whole_training, record_trials, error, expected, words
):
    """A step may also spoil the weights with a finite loss; then the next save notices."""
    run = trainer(tmp_path)
    run.fit(max_steps=5)
    before, train_step = hash_files(tmp_path), run.train_step

    def fail(L, ab):
        if error:
            raise error
        losses = train_step(L, ab)
        set_nan(run)
        return losses

    run.train_step = fail
    with pytest.raises(expected, match=words) as raised:
        run.fit()
    if expected is MemoryError:
        assert "a smaller batch or image size" in str(raised.value)
        assert raised.value.__cause__ is error
    lost = hash_files(tmp_path) != before
    again = trainer(tmp_path)
    again.fit()
    record_trials("step that fails", 1, lost or not is_same_run(again, whole_training))


def test_train_with_little_memory_gives_advice(commands, record_trials, tmp_path):
    large = ["--image-size", "64", "--base-channels", "64", "--batch-size", "256"]
    args = ["train", *SMALL, *large, "--out", tmp_path / "run"]
    status, output = commands.run(args, memory_bytes=600 * 2**20)
    assert status == 1 and "Traceback" not in output, output
    assert "memory ran out" in output and "a smaller batch or image size" in output, output
    record_trials("command with little memory (RLIMIT_AS)", 1)
