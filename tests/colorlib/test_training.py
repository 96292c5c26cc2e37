"""Training: what a step changes, and that a run that is stopped and resumed loses nothing."""

import logging
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny_run import Crops, Hooks, same_run, trainer, weights
from torch import nn

from colorlib.color import rgb_to_lab
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.engine.diagnostics import INPUT_IGNORED
from colorlib.evaluation.evaluate import evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.generator import init_weights
from colorlib.losses import GANLoss
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet


@pytest.fixture(scope="module")
def uninterrupted():
    run = trainer()
    run.fit()
    return run


def first_batch(run):
    return run.config.scaler.normalize(rgb_to_lab(run.dataset.rgb[:4]))


def test_run_depends_on_its_seed_only(uninterrupted):
    torch.manual_seed(99)
    again, other = trainer(), trainer(seed=1)
    state = torch.get_rng_state()
    again.fit(), other.fit()
    assert torch.equal(torch.get_rng_state(), state)
    assert same_run(again, uninterrupted)
    assert not same_run(other, uninterrupted)


@pytest.mark.parametrize("stop", [1, 2, 3, 5, 11])
def test_run_stopped_after_any_step_resumes_bit_for_bit(tmp_path, uninterrupted, stop, caplog):
    trainer(tmp_path).fit(max_steps=stop)
    resumed = trainer(tmp_path)
    with caplog.at_level(logging.INFO, "colorlib"):
        resumed.fit()
    assert f"resumed at epoch {stop // 3}, step {stop % 3}" in caplog.text
    assert "nothing is left to train" not in caplog.text
    assert same_run(resumed, uninterrupted)
    with caplog.at_level(logging.INFO, "colorlib"):
        trainer(tmp_path).fit()
    assert "nothing is left to train" in caplog.text


def test_run_resumed_at_every_step_is_the_same(tmp_path, uninterrupted):
    for steps in range(1, 14):
        run = trainer(tmp_path)
        run.fit(max_steps=steps)
    assert same_run(run, uninterrupted) and run.global_step == 12


def test_run_stopped_while_validating_validates_again(tmp_path, uninterrupted):
    run = trainer(tmp_path)
    validate, scores = run.validate, []

    def fail_once(net):
        scores.append(validate(net))
        if len(scores) == 2:
            run.save_checkpoint()
            raise InterruptedError
        return scores[-1]

    run.validate = fail_once
    with pytest.raises(InterruptedError):
        run.fit()
    resumed = trainer(tmp_path)
    resumed.fit()
    run.fit(resume=True)  # in memory, too
    assert same_run(resumed, uninterrupted) and same_run(run, uninterrupted)


def test_gradients_are_on_in_a_run_and_after_an_interrupt(uninterrupted):
    with torch.no_grad():
        run = trainer()
        run.fit()
    assert same_run(run, uninterrupted)

    def interrupt_inside_of_no_grad(*_):
        torch.set_grad_enabled(False)  # and no_grad has no time to switch it on
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trainer(callbacks=[Hooks(on_step_end=interrupt_inside_of_no_grad)]).fit()
    assert torch.is_grad_enabled()


def test_killed_process_ends_with_the_same_weights(tmp_path):
    command = [sys.executable, Path(__file__).with_name("tiny_run.py"), tmp_path]
    process = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) == 5  # this many were alive when they were killed
    whole, killed = (
        torch.load(tmp_path / f"{name}.pt", weights_only=True) for name in ("whole", "killed")
    )
    assert len(whole) > 10 and all(map(torch.equal, whole, killed))


def test_state_dict_moves_a_run_to_another_trainer(uninterrupted):
    run, other = trainer(), trainer()
    run.fit(max_steps=5)
    other.load_state_dict(run.state_dict())
    other.fit()
    assert same_run(other, uninterrupted)


def test_each_step_updates_its_network_by_its_own_gradients():
    run = trainer(ema_decay=0.0)
    run.net_g[2].p = 0.0  # without dropout both calls below see the same fake
    L, real = first_batch(run)
    with torch.enable_grad():
        logits_real, logits_fake = run.net_d(L, real), run.net_d(L, run.net_g.train()(L).detach())
        loss = sum(GANLoss().discriminator_loss(logits_real, logits_fake)) / 2
        expected = torch.autograd.grad(loss, list(run.net_d.parameters()))
    losses = run.train_step(L, real)
    assert list(losses) == ["D_real", "D_fake", "G_GAN", "G_rec"]
    gradients = [weight.grad for weight in run.net_d.parameters()]
    assert all(map(torch.allclose, gradients, expected))  # the generator's step added nothing
    run.grad_scaler.step = lambda optimizer: optimizer is run.opt_d and optimizer.step()
    before = [weight.clone() for weight in run.net_g.parameters()]
    run.train_step(L, real)
    assert all(map(torch.equal, before, run.net_g.parameters()))


def test_without_discriminator_only_the_reconstruction_loss_trains():
    run = Trainer(nn.Conv2d(1, 2, 1), Crops(), TrainConfig(epochs=1, batch_size=4))
    L, real = first_batch(run)
    expected = (run.net_g(L) - real).abs().mean().item()
    assert run.train_step(L, real) == {"G_rec": pytest.approx(expected)}


def test_generator_runs_once_per_step():
    run, calls = trainer(), []
    run.net_g.register_forward_hook(lambda *_: calls.append(1))
    run.fit(max_steps=1)
    assert len(calls) == 1


def test_ema_follows_its_formula():
    config = TrainConfig(epochs=1, batch_size=4, ema_decay=0.9, lr=0.1)
    seen = []
    watch = Hooks(on_step_end=lambda run, _: seen.append(run.net_g.weight.detach().clone()))
    run = Trainer(nn.Conv2d(1, 2, 1), Crops(), config, callbacks=[watch])
    run.fit()
    expected = seen[0]
    for weight in seen[1:]:
        expected = 0.9 * expected + 0.1 * weight
    assert torch.allclose(run.eval_model().weight, expected, atol=1e-6)


def test_trainer_learns():
    tint = torch.tensor([1, 0.8, 0.6]).view(1, 3, 1, 1)
    rgb = sample_photo_crops(8, size=16, seed=3).mean(dim=1, keepdim=True) * tint
    net = nn.Sequential(nn.Conv2d(1, 16, 1), nn.ReLU(), nn.Conv2d(16, 2, 1), nn.Tanh())
    run = Trainer(net, TensorImages(rgb), TrainConfig(epochs=60, batch_size=4, lr=1e-2))
    run.fit()
    assert run.history[-1]["G_rec"] < run.history[0]["G_rec"] / 5


def test_small_network_memorizes_eight_crops():
    crops = TensorImages(sample_photo_crops(8, 32).mul(255).round().to(torch.uint8))
    net = init_weights(UNet(num_downs=5, base_channels=16, dropout=0.0), seed=0)
    config = TrainConfig(
        epochs=160, batch_size=8, lr=4e-3, betas=(0.9, 0.999), horizontal_flip=False
    )
    run = Trainer(net, crops, config)
    metrics = {"psnr": psnr_metric("rgb", peak=1)}
    gray = evaluate(None, crops, metrics=metrics).compute()["psnr"]
    learned = evaluate(run.fit(), crops, metrics=metrics).compute()["psnr"]
    assert gray < 20 and learned >= 32
    assert run.history[-1]["input_sensitivity"] > 10 * INPUT_IGNORED


def test_amp_computes_in_16_bits_and_stores_32(monkeypatch):
    dtype = torch.bfloat16
    monkeypatch.setattr("colorlib.training.amp_dtype", lambda device: dtype)
    seen = set()
    run, exact = trainer(amp=True), trainer()
    run.net_g.register_forward_hook(
        lambda net, args, output: seen.add((net.training, output.dtype))
    )
    run.fit(), exact.fit()
    assert (True, dtype) in seen and (True, torch.float32) not in seen
    assert all(tensor.dtype is not dtype for tensor in weights(run))
    assert not same_run(run, exact)
    assert run.history[0]["G_rec"] == pytest.approx(exact.history[0]["G_rec"], rel=0.02)


def test_gradient_scaler_is_part_of_the_state(tmp_path, monkeypatch):
    monkeypatch.setattr("colorlib.training.amp_dtype", lambda device: torch.float16)
    first = trainer(tmp_path, amp=True)
    first.fit(max_steps=4)
    for checkpoint in tmp_path.glob("checkpoint*"):  # two of one step are sorted by their hash
        checkpoint.unlink()
    first.grad_scaler.update(1024.0), first.save_checkpoint()
    again = trainer(tmp_path, amp=True)
    again.fit(max_steps=4)
    assert again.grad_scaler.get_scale() == 1024.0
    monkeypatch.setattr("colorlib.training.amp_dtype", lambda device: None)  # another machine
    moved = trainer(tmp_path, amp=True)
    moved.fit()
    assert moved.done


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda f: TrainConfig(epochs=0), ValueError, "epochs is 0; expected at least 1"),
        (lambda f: TrainConfig(schedule="linear"), ValueError, "expected 'constant', 'step', "),
        (lambda f: TrainConfig(ema_decay=1), ValueError, "expected at least 0 and below 1"),
        (lambda f: trainer(f, batch_size=99), ValueError, "12 images; expected at least one batch"),
        (lambda f: trainer(f).fit(save_every_steps=0), ValueError, "save_every_steps is 0"),
        (lambda f: trainer(f).fit(max_steps=-1), ValueError, "max_steps is -1"),
        (lambda f: trainer(f).fit(max_minutes=-1), ValueError, "max_minutes is -1"),
        (lambda f: trainer(f, seed=1).fit(), ValueError, "has other seed; use its configuration"),
        (lambda f: trainer(f, gan=GANLoss(real_label=0.9)).fit(), ValueError, "has other gan"),
        (lambda f: trainer(f, ema_decay=0.0).fit(), ValueError, "has other ema_decay"),
        (lambda f: trainer(f).fit(resume=False), FileExistsError, "holds a run already"),
    ],
)
def test_trainer_refuses_what_it_cannot_do(tmp_path, make, error, message):
    trainer(tmp_path).fit(max_steps=1)
    with pytest.raises(error, match=message):
        make(tmp_path)


def test_run_resumes_with_more_epochs(tmp_path):
    whole = trainer(epochs=6, schedule="constant")
    whole.fit()
    trainer(tmp_path, epochs=2, schedule="constant").fit()
    longer = trainer(tmp_path, epochs=6, schedule="constant")
    longer.fit()
    assert same_run(longer, whole)


def test_finished_run_with_a_cosine_goes_on_at_the_rate_of_the_longer_one(tmp_path):
    def note_rates(run, losses):
        rates.extend(each.param_groups[0]["lr"] for each in (run.opt_g, run.opt_d))

    rates = []
    trainer(tmp_path, epochs=2, schedule="cosine").fit()
    trainer(tmp_path, epochs=4, schedule="cosine", callbacks=[Hooks(note_rates)]).fit()
    whole = [1e-2 * (1 + math.cos(math.pi * epoch / 4)) / 2 for epoch in (2, 3)]
    assert rates == pytest.approx([lr for lr in whole for _ in range(6)])  # 3 steps, 2 networks
