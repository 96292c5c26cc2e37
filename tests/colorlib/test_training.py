"""Training: what each step touches, schedules, and above all that a run that is stopped loses nothing."""

import dataclasses
import logging
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from tiny_run import Crops, trainer, weights
from torch import nn

from colorlib.color import quantize_lightness, rgb_to_lab, to_uint8
from colorlib.data import sample_photo_crops
from colorlib.engine.batches import load_batch
from colorlib.training import TrainConfig, Trainer
from colorlib.io import images
from colorlib.losses import GANLoss


def identical(one, two):
    return all(map(torch.equal, weights(one), weights(two)))


@pytest.fixture(scope="module")
def uninterrupted():
    run = trainer(None)
    run.fit()
    return run


def test_a_run_is_a_function_of_its_seed(uninterrupted):
    torch.manual_seed(99)
    again, other = trainer(None), trainer(None, seed=1)
    state = torch.get_rng_state()
    again.fit(), other.fit()
    assert torch.equal(torch.get_rng_state(), state)
    assert identical(again, uninterrupted)
    assert not identical(other, uninterrupted)


@pytest.mark.parametrize("stop", [1, 2, 3, 5, 11])
def test_a_run_stopped_after_any_step_goes_on_bit_for_bit(tmp_path, uninterrupted, stop, caplog):
    trainer(tmp_path).fit(max_steps=stop)
    resumed = trainer(tmp_path)
    with caplog.at_level(logging.INFO, "colorlib"):
        resumed.fit()
    assert f"resumed at epoch {stop // 3}, step {stop % 3}" in caplog.text
    assert identical(resumed, uninterrupted)
    assert resumed.history == uninterrupted.history


def test_resumed_at_every_step_it_is_still_the_same(tmp_path, uninterrupted):
    for steps in range(1, 14):
        run = trainer(tmp_path)
        run.fit(max_steps=steps)
    assert identical(run, uninterrupted) and run.total == 12


def test_a_process_killed_at_five_random_moments_ends_with_the_same_weights(tmp_path):
    driver = Path(__file__).with_name("tiny_run.py")
    process = subprocess.run(
        [sys.executable, driver, tmp_path], capture_output=True, text=True, timeout=300
    )
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) == 5  # so many were alive when they were killed
    one, two = (
        torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("whole", "killed")
    )
    assert len(one) > 10 and all(map(torch.equal, one, two))


def test_each_step_moves_its_own_network_by_its_own_gradients():
    run = trainer(None, ema_decay=0.0)
    run.net_g[2].p = 0.0  # no dropout, so that both calls below see the same fake
    L, ab = run.config.scaler.normalize(rgb_to_lab(run.dataset.rgb[:4]))
    with torch.enable_grad():
        real_logits, fake_logits = run.net_d(L, ab), run.net_d(L, run.net_g.train()(L).detach())
        critic = sum(GANLoss().discriminator_loss(real_logits, fake_logits)) / 2
        expected = torch.autograd.grad(critic, list(run.net_d.parameters()))
    losses = run.train_step(L, ab)
    assert set(losses) == {"D_real", "D_fake", "G_GAN", "G_rec"}
    found = [parameter.grad for parameter in run.net_d.parameters()]
    assert all(map(torch.allclose, found, expected))  # the generator's step added nothing to them
    run.opt_g.step = lambda: None  # what moves the generator now would be the critic's step
    before = [parameter.clone() for parameter in run.net_g.parameters()]
    run.train_step(L, ab)
    assert all(map(torch.equal, before, run.net_g.parameters()))


def test_without_a_critic_only_the_pixel_loss_trains():
    run = Trainer(nn.Conv2d(1, 2, 1), Crops(), TrainConfig(epochs=1, batch_size=4))
    L, ab = run.config.scaler.normalize(rgb_to_lab(run.dataset.rgb[:4]))
    expected = (run.net_g(L) - ab).abs().mean().item()
    assert run.train_step(L, ab) == {"G_rec": pytest.approx(expected)}


def test_the_generator_runs_once_a_step():
    run, calls = trainer(None), []
    run.net_g.register_forward_hook(lambda *_: calls.append(1))
    run.fit(max_steps=1)
    assert len(calls) == 1


def rates(schedule, scores=None, **changes):
    scores = iter(scores or [])
    validate = (lambda net: next(scores)) if schedule == "plateau" else None
    settings = TrainConfig(epochs=6, batch_size=4, lr=1.0e-3, schedule=schedule, **changes)
    run, seen = Trainer(nn.Conv2d(1, 2, 1), Crops(), settings, validate=validate), []
    end = run._end_epoch
    run._end_epoch = lambda: (seen.append(run.opt_g.param_groups[0]["lr"]), end())
    run.fit()
    return seen


def test_schedules():
    assert rates("constant") == [1e-3] * 6
    assert rates("step", step_epoch=4) == pytest.approx([1e-3] * 4 + [1e-4] * 2)
    assert rates("plateau", [5, 6, 6, 5, 7, 8], patience=1) == pytest.approx(
        [1e-3] * 4 + [1e-4] * 2
    )
    cosine = [(1 + math.cos(math.pi * epoch / 6)) / 2000 for epoch in range(6)]
    assert rates("cosine") == pytest.approx(cosine)


@pytest.mark.parametrize(("oversize", "side"), [(2, 8), (1.6, 10), (1, 16)])
def test_pictures_are_seen_smaller_than_they_are_stored_and_crops_change_with_the_epoch(
    oversize, side
):
    seen, settings = [], TrainConfig(epochs=2, batch_size=4, load_scale=oversize, min_crop=0.5, horizontal_flip=False)
    run = Trainer(nn.Conv2d(1, 2, 1), Crops(), settings)
    run.train_step = lambda L, ab: (seen.append(L), {"G_rec": 0.0})[1]
    run.fit()
    assert [L.shape[-1] for L in seen] == [side] * 6
    some, place = torch.arange(4), torch.device("cpu")
    one, two = (load_batch(Crops(), some, settings, epoch, place)[0] for epoch in (1, 2))
    whole, ab = load_batch(Crops(), some, dataclasses.replace(settings, min_crop=None), 0, place)
    assert not torch.equal(one, two) and not torch.equal(one, whole)
    wanted = [
        resize(Image.fromarray(to_uint8(rgb).movedim(0, -1).numpy()), side) for rgb in Crops.rgb[:4]
    ]
    lab = rgb_to_lab(torch.stack(wanted))
    assert (
        whole - settings.scaler.normalize(quantize_lightness(lab))[0]
    ).abs().max() < 0.02  # Pillow rounds to 8 bits
    assert ab.shape == (4, 2, side, side)


def resize(image, side):
    """Let Pillow do it, an independent reference."""
    return images.image_to_tensor(image.resize((side, side), Image.Resampling.BILINEAR))[0]


def test_the_moving_average_follows_its_formula():
    run = Trainer(nn.Conv2d(1, 2, 1), Crops(), TrainConfig(epochs=1, batch_size=4, ema_decay=0.9, lr=0.1))
    seen = []
    step = run.train_step
    run.train_step = lambda *a: (step(*a), seen.append(run.net_g.weight.detach().clone()))[0]
    run.fit()
    expected = seen[0]
    for weight in seen[1:]:
        expected = 0.9 * expected + 0.1 * weight
    assert torch.allclose(run.result().weight, expected, atol=1e-6)


def test_it_learns():
    class Tinted(Crops):
        tint = torch.tensor([1, 0.8, 0.6]).view(1, 3, 1, 1)
        rgb = sample_photo_crops(8, size=16, seed=3).mean(dim=1, keepdim=True) * tint

    net = nn.Sequential(nn.Conv2d(1, 16, 1), nn.ReLU(), nn.Conv2d(16, 2, 1), nn.Tanh())
    run = Trainer(net, Tinted(), TrainConfig(epochs=60, batch_size=4, lr=1e-2))
    run.fit()
    assert run.history[-1]["G_rec"] < run.history[0]["G_rec"] / 5


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda f: TrainConfig(epochs=0), ValueError, "epochs is 0; expected at least 1"),
        (
            lambda f: TrainConfig(schedule="linear"),
            ValueError,
            "expected 'constant', 'step', 'plateau' or 'cosine'",
        ),
        (lambda f: TrainConfig(ema_decay=1), ValueError, "expected a decay below 1"),
        (
            lambda f: trainer(f, batch_size=99),
            ValueError,
            "there are 12 pictures; expected at least one batch of 99",
        ),
        (lambda f: trainer(f, seed=1).fit(), ValueError, "has other seed"),
        (lambda f: trainer(f, gan=GANLoss(real_label=0.9)).fit(), ValueError, "has other gan"),
        (lambda f: trainer(f).fit(resume=False), FileExistsError, "holds a run already"),
    ],
)
def test_what_cannot_be_is_said(tmp_path, make, error, words):
    trainer(tmp_path).fit(max_steps=1)
    with pytest.raises(error, match=words):
        make(tmp_path)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path):
    run = trainer(tmp_path)
    run.fit(max_steps=2)
    before = sorted(path.name for path in tmp_path.iterdir())
    with torch.no_grad():
        run.net_g[0].weight.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        run._one_step(torch.arange(4))
    assert sorted(path.name for path in tmp_path.iterdir()) == before
