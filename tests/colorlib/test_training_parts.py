"""The small rooms of training: precision, alarms, averaged weights, and that a network can learn by heart."""

import logging

import pytest
import torch
from tiny_run import Crops, trainer, weights
from torch import nn

from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.engine.diagnostics import INPUT_IGNORED, gan_warnings, input_sensitivity
from colorlib.engine.ema import update_bn
from colorlib.engine.precision import amp_dtype
from colorlib.training import TrainConfig, Trainer
from colorlib.evaluation.evaluate import evaluate
from colorlib.evaluation.metric import psnr_metric
from colorlib.generator import init_weights
from colorlib.losses import GANLoss
from colorlib.unet import UNet


def test_a_small_network_learns_eight_crops_by_heart():
    eight = TensorImages(sample_photo_crops(8, 32).mul(255).round().to(torch.uint8))
    net = init_weights(UNet(num_downs=5, base_channels=16, dropout=0.0), seed=0)
    settings = TrainConfig(epochs=160, batch_size=8, lr=4e-3, betas=(0.9, 0.999), horizontal_flip=False)
    run = Trainer(net, eight, settings)
    metric = {"psnr": psnr_metric("rgb", peak=1)}
    gray = evaluate(None, eight, metrics=metric).compute()["psnr"]
    learnt = evaluate(run.fit(), eight, metrics=metric).compute()["psnr"]
    assert gray < 20 and learnt >= 32
    assert run.history[-1]["input_sensitivity"] > 10 * INPUT_IGNORED


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("fpu avx512_bf16 sse", torch.bfloat16), ("fpu avx512f avx2", None), (None, None)],
)
def test_a_processor_says_itself_whether_it_has_16_bits(tmp_path, flags, expected):
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(f"processor : 0\nflags : {flags}\n")
    assert amp_dtype(torch.device("cpu"), flags=path) is expected


@pytest.mark.parametrize(
    ("capability", "expected"), [((7, 5), torch.float16), ((8, 0), torch.bfloat16)]
)
def test_a_t4_gets_float16_and_newer_gpus_bfloat16(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert amp_dtype(torch.device("cuda")) is expected


def test_mixed_precision_trains_in_16_bits_and_keeps_32_bit_weights(monkeypatch):
    monkeypatch.setattr("colorlib.engine.trainer.half", lambda device: torch.bfloat16)
    seen = []
    run, exact = trainer(None, amp=True), trainer(None)
    run.net_g.register_forward_hook(
        lambda net, args, out: seen.append(out.dtype) if net.training else None
    )
    run.fit(), exact.fit()
    assert set(seen) == {torch.bfloat16}
    assert all(tensor.dtype is not torch.bfloat16 for tensor in weights(run))
    assert not all(map(torch.equal, weights(run), weights(exact)))
    mixed, full = (r.history[0]["G_rec"] for r in (run, exact))
    assert mixed == pytest.approx(full, rel=0.02)


def test_a_gradient_scaler_travels_with_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("colorlib.engine.trainer.half", lambda device: torch.float16)
    first = trainer(tmp_path, amp=True)
    first.fit(max_steps=4)
    next(tmp_path.glob("checkpoint*")).unlink()  # two of a step are sorted by their hash
    first.scaler.update(1024.0), first.save()
    again = trainer(tmp_path, amp=True)
    again.fit(max_steps=4)
    assert again.scaler.get_scale() == 1024.0
    monkeypatch.setattr("colorlib.engine.trainer.half", lambda device: None)  # another machine
    moved = trainer(tmp_path, amp=True)
    moved.fit()
    assert moved.done


def test_the_precision_is_said_once(caplog):
    with caplog.at_level(logging.INFO, "colorlib"):
        trainer(None, amp=True).fit()
    assert caplog.text.count("precision: ") == 1


LSGAN = GANLoss("lsgan")


@pytest.mark.parametrize(
    ("gan", "losses", "loud"),
    [
        (GANLoss(), [0.6, 0.5, 0.6], False),
        (GANLoss(), [0.6, 0.02, 0.6], False),  # one bad epoch
        (GANLoss(), [0.6, 0.02, 0.03], True),
        (GANLoss(), [0.02, 0.02, 0.02], False),  # said an epoch ago
        (GANLoss(real_label=0.9), [0.598, 0.05, 0.05], True),
        (LSGAN, [0.25, 0.05, 0.05], False),
        (LSGAN, [0.25, 0.02, 0.02], True),
    ],
)
def test_the_alarm_when_the_critic_has_won(gan, losses, loud):
    rows = [{"input_sensitivity": 1.0, "D_real": 0.4, "D_fake": loss} for loss in losses]
    found = gan_warnings(rows, gan)
    assert bool(found) is loud
    assert not loud or "the critic tells every colorized picture" in found[0]


def test_a_generator_that_does_not_look_is_noticed_in_a_run(caplog):
    class Blind(nn.Module):
        def __init__(self):
            super().__init__()
            self.color = nn.Parameter(torch.zeros(1, 2, 1, 1))

        def forward(self, L):
            return self.color.expand(len(L), 2, *L.shape[2:])

    with caplog.at_level(logging.WARNING, "colorlib"):
        Trainer(Blind(), Crops(), TrainConfig(epochs=4, batch_size=4)).fit()
    assert [r.message[:7] for r in caplog.records if "hardly looks" in r.message] == ["epoch 2"]
    caplog.clear()
    trainer(None).fit()
    assert not caplog.records


def test_a_strong_critic_against_a_weak_generator_rings_it(caplog):
    run = trainer(None, lr=1e-2, epochs=30, schedule="constant")
    with torch.no_grad():
        run.net_g[-2].bias.fill_(2.0)  # colours that no photo has
    run.opt_g.step = lambda: None  # and a generator that cannot learn
    with caplog.at_level(logging.WARNING, "colorlib"):
        run.fit()
    assert "the critic tells every colorized picture" in caplog.text


def test_undecided_losses_are_what_an_ignorant_critic_pays():
    for gan in (GANLoss(), GANLoss(real_label=0.9), LSGAN):
        logits = torch.linspace(-4, 4, 8001)
        costs = [sum(gan.discriminator_loss(logit, logit)).item() for logit in logits]
        best = logits[costs.index(min(costs))]
        assert gan.chance_level == pytest.approx(
            [loss.item() for loss in gan.discriminator_loss(best, best)], abs=1e-3
        )


def test_effect_is_zero_only_for_a_net_that_does_not_look():
    L = sample_photo_crops(4, 16).mean(1, keepdim=True) * 2 - 1
    assert input_sensitivity(lambda L: torch.full_like(L, 0.3), L) == 0
    assert input_sensitivity(lambda L: L * 0.1, L) > INPUT_IGNORED


def test_refreshed_statistics_are_those_of_the_data():
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Dropout(0.5), nn.BatchNorm2d(3))
        data = torch.randn(12, 1, 9, 9)
    with torch.no_grad():
        features = net[0](data)
    update_bn(net, data.split(4))
    assert torch.allclose(net[2].running_mean, features.mean((0, 2, 3)), atol=1e-6)
    expected = torch.stack([some.var((0, 2, 3)) for some in features.split(4)]).mean(0)
    assert torch.allclose(net[2].running_var, expected, rtol=1e-4)
    assert net[2].momentum == 0.1 and not net.training


def test_the_average_is_scored_with_statistics_of_its_own():
    run = trainer(None, ema_decay=0.9)
    run.fit()
    own, last = run.result()[1].running_mean, run.net_g[1].running_mean
    with torch.no_grad():
        expected = torch.cat(
            [run.average.module[0](run._pictures(i)[0]) for i in torch.arange(12).split(4)]
        )
    run_means = expected.mean((0, 2, 3))
    assert torch.allclose(own, run_means, atol=2e-3) and not torch.allclose(own, last, atol=1e-4)


def test_minutes_stop_a_run_with_a_checkpoint(tmp_path):
    run = trainer(tmp_path)
    run.fit(minutes=0)
    assert run.total == 0 and not run.done and len(list(tmp_path.glob("checkpoint*"))) == 1
    run.fit(minutes=60)
    assert run.done


def test_a_look_after_each_epoch_sees_the_row_and_disturbs_nothing():
    seen, plain = [], trainer(None)
    run = trainer(None)
    run.after_epoch = lambda r: (torch.rand(5), seen.append((r.epoch, len(r.history))))
    run.fit(), plain.fit()
    assert seen == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert all(map(torch.equal, weights(run), weights(plain)))
