"""Warnings of a GAN that fails silently, and the precision of a device."""

import logging

import pytest
import torch
from tiny_run import Crops, trainer
from torch import nn

from colorlib.data import sample_photo_crops
from colorlib.engine.diagnostics import INPUT_IGNORED, gan_warnings, input_sensitivity
from colorlib.engine.precision import amp_dtype
from colorlib.losses import GANLoss
from colorlib.training import TrainConfig, Trainer

LSGAN = GANLoss("lsgan")


@pytest.mark.parametrize(
    ("gan", "losses", "warns"),
    [
        (GANLoss(), [0.6, 0.5, 0.6], False),
        (GANLoss(), [0.6, 0.02, 0.6], False),  # one bad epoch
        (GANLoss(), [0.6, 0.02, 0.03], True),
        (GANLoss(), [0.02, 0.02, 0.02], False),  # warned an epoch ago
        (GANLoss(real_label=0.9), [0.598, 0.05, 0.05], True),
        (LSGAN, [0.25, 0.05, 0.05], False),
        (LSGAN, [0.25, 0.02, 0.02], True),
    ],
)
def test_gan_warnings_when_the_discriminator_has_won(gan, losses, warns):
    rows = [{"input_sensitivity": 1.0, "D_real": 0.4, "D_fake": loss} for loss in losses]
    warnings = gan_warnings(rows, gan)
    assert bool(warnings) is warns
    assert not warns or "the discriminator recognizes every colorized image" in warnings[0]


def test_run_warns_of_a_generator_that_ignores_its_input(caplog):
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            self.color = nn.Parameter(torch.zeros(1, 2, 1, 1))

        def forward(self, L):
            return self.color.expand(len(L), 2, *L.shape[2:])

    with caplog.at_level(logging.WARNING, "colorlib"):
        Trainer(Constant(), Crops(), TrainConfig(epochs=4, batch_size=4)).fit()
    assert [r.message[:7] for r in caplog.records if "hardly depends" in r.message] == ["epoch 2"]
    caplog.clear()
    trainer().fit()
    assert not caplog.records


def test_run_warns_of_a_strong_discriminator(caplog):
    run = trainer(lr=1e-2, epochs=30, schedule="constant")
    with torch.no_grad():
        run.net_g[-2].bias.fill_(2.0)  # colours that no photo has
    for group in run.opt_g.param_groups:  # and a generator that cannot learn
        group["initial_lr"] = group["lr"] = 0.0
    run.scheduler_g.base_lrs = [0.0]
    with caplog.at_level(logging.WARNING, "colorlib"):
        run.fit()
    assert "the discriminator recognizes every colorized image" in caplog.text


@pytest.mark.parametrize("gan", [GANLoss(), GANLoss(real_label=0.9), LSGAN])
def test_chance_level_is_the_loss_of_a_discriminator_that_cannot_tell(gan):
    logits = torch.linspace(-4, 4, 8001)
    costs = [sum(gan.discriminator_loss(logit, logit)).item() for logit in logits]
    best = logits[costs.index(min(costs))]
    losses = [loss.item() for loss in gan.discriminator_loss(best, best)]
    assert gan.chance_level == pytest.approx(losses, abs=1e-3)


def test_input_sensitivity_is_zero_only_if_the_input_is_ignored():
    L = sample_photo_crops(4, 16).mean(1, keepdim=True) * 2 - 1
    assert input_sensitivity(lambda L: torch.full_like(L, 0.3), L) == 0
    assert input_sensitivity(lambda L: L * 0.1, L) > INPUT_IGNORED


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("fpu avx512_bf16 sse", torch.bfloat16), ("fpu avx512f avx2", None), (None, None)],
)
def test_amp_dtype_follows_the_processor_flags(tmp_path, flags, expected):
    path = tmp_path / "cpuinfo"
    if flags is not None:
        path.write_text(f"processor : 0\nflags : {flags}\n")
    assert amp_dtype(torch.device("cpu"), flags=path) is expected


@pytest.mark.parametrize(
    ("capability", "expected"), [((7, 5), torch.float16), ((8, 0), torch.bfloat16)]
)
def test_amp_dtype_of_a_gpu_depends_on_its_age(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert amp_dtype(torch.device("cuda")) is expected
