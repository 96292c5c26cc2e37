"""Losses against closed forms, against torch.nn.functional, and at their minima."""

import math

import pytest
import torch
import torch.nn.functional as F
from generator_cases import noise

from colorlib.losses import GANLoss, generator_loss, reconstruction_loss
from colorlib.metrics import mse, psnr

LOGITS = pytest.mark.parametrize("x", [-8.0, -2.0, -0.5, 0.0, 0.5, 2.0, 8.0])
SATURATING = GANLoss(saturating=True)
SMOOTH = GANLoss(real_label=0.9)
LSGAN = GANLoss("lsgan")


def gradient(loss, x):
    """Differentiate a loss of one logit at x."""
    logit = torch.tensor([[x]], requires_grad=True)
    loss(logit).backward()
    return logit.grad.item()


def minimum(loss):
    """Find the logit with the smallest loss by bisection."""
    low, high = -10.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gradient(loss, middle) < 0 else (low, middle)
    return (low + high) / 2


def test_chance_level_costs_log_2():
    zeros, halves = torch.zeros(4, 1, 30, 30), torch.full((4, 1, 30, 30), 0.5)
    for gan in (GANLoss(), SMOOTH):
        losses = [*gan.discriminator_loss(zeros, zeros), gan.generator_loss(zeros)]
        assert [loss.item() for loss in losses] == pytest.approx([math.log(2)] * 3)
    assert SATURATING.generator_loss(zeros).item() == pytest.approx(-math.log(2))
    losses = [*LSGAN.discriminator_loss(halves, halves), LSGAN.generator_loss(halves)]
    assert losses == [0.25, 0.25, 0.25]


@LOGITS
def test_vanilla_losses_are_the_papers_formulas(x):
    logit, probability = torch.tensor([x]), 1 / (1 + math.exp(-x))
    real, fake = GANLoss().discriminator_loss(logit, logit)
    log_d, log_not_d = math.log(probability), math.log(1 - probability)
    assert real.item() == pytest.approx(-log_d, rel=1e-4)
    assert fake.item() == pytest.approx(-log_not_d, rel=1e-4, abs=1e-6)
    assert GANLoss().generator_loss(logit).item() == pytest.approx(-log_d, rel=1e-4)
    saturating = SATURATING.generator_loss(logit).item()
    assert saturating == pytest.approx(log_not_d, rel=1e-4, abs=1e-6)
    slopes = gradient(GANLoss().generator_loss, x), gradient(SATURATING.generator_loss, x)
    assert slopes == pytest.approx((probability - 1, -probability), rel=1e-4)


def test_only_the_saturating_gradient_vanishes():
    assert abs(gradient(SATURATING.generator_loss, -8.0)) < 1e-3
    assert gradient(GANLoss().generator_loss, -8.0) < -0.99


def test_real_label_changes_only_the_loss_on_real():
    logits = torch.randn(2, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    smooth, hard = (gan.discriminator_loss(logits, logits) for gan in (SMOOTH, GANLoss()))
    assert smooth[1] == hard[1] and smooth[0] != hard[0]
    assert SMOOTH.generator_loss(logits) == GANLoss().generator_loss(logits)
    best = minimum(lambda x: SMOOTH.discriminator_loss(x, x)[0])
    assert best == pytest.approx(math.log(0.9 / 0.1), abs=1e-3)
    assert minimum(lambda x: GANLoss().discriminator_loss(x, x)[0]) > 9
    loss = SMOOTH.discriminator_loss(torch.tensor([math.log(9)]), logits)[0]
    assert loss.item() == pytest.approx(0.325, abs=5e-4)  # as the docstring says


@pytest.mark.parametrize(
    ("gan", "logit", "losses"),
    [
        (GANLoss(), 0.0, (0.693, 0.693)),
        (SMOOTH, math.log(0.45 / 0.55), (0.778, 0.598)),  # as the module's docstring says
        (LSGAN, 0.5, (0.25, 0.25)),
    ],
)
def test_chance_level_is_the_minimum_without_knowledge(gan, logit, losses):
    found = minimum(lambda x: sum(gan.discriminator_loss(x, x)))
    assert found == pytest.approx(logit, abs=1e-3)
    x = torch.tensor([found])
    assert [loss.item() for loss in gan.discriminator_loss(x, x)] == pytest.approx(losses, abs=6e-4)
    assert gan.chance_level == pytest.approx(losses, abs=6e-4)


def test_losses_equal_torch_on_a_batch_of_patches():
    real, fake = torch.randn(2, 3, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    on_real, on_fake = SMOOTH.discriminator_loss(real, fake)
    assert torch.allclose(on_real, F.binary_cross_entropy(real.sigmoid(), 0.9 * ones))
    assert torch.allclose(on_fake, F.binary_cross_entropy(fake.sigmoid(), zeros))
    lsgan = GANLoss("lsgan", real_label=0.9)
    on_real, on_fake = lsgan.discriminator_loss(real, fake)
    assert torch.allclose(on_real, (real - 0.9).square().mean())
    assert torch.allclose(on_fake, fake.square().mean())
    assert torch.allclose(lsgan.generator_loss(fake), (fake - 1).square().mean())


def test_extreme_half_precision_logits_stay_finite():
    for value in (-1e4, 1e4):
        logit = torch.tensor([value], dtype=torch.float16, requires_grad=True)
        losses = [*GANLoss().discriminator_loss(logit, logit), GANLoss().generator_loss(logit)]
        assert all(loss.isfinite() and loss.dtype == torch.float32 for loss in losses)
        sum(losses).backward()
        assert logit.grad.isfinite().all()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pair = torch.rand(2, 1, 2, 4, 4).bfloat16()
        assert reconstruction_loss(*pair).dtype == torch.float32
        assert GANLoss().generator_loss(pair).dtype == torch.float32


def test_reconstruction_losses_are_means_and_minus_psnr():
    real, fake = torch.rand(2, 3, 2, 5, 4, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(reconstruction_loss(real, fake), (real - fake).abs().mean())
    assert torch.allclose(reconstruction_loss(real, fake, "l2"), (real - fake).square().mean())
    decibels = psnr(mse(fake, real), 1).mean().item()
    assert -reconstruction_loss(real, fake, "psnr").item() == pytest.approx(decibels, abs=1e-2)
    assert reconstruction_loss(real, real, "psnr").item() == pytest.approx(-40)


@pytest.mark.parametrize(("kind", "best"), [("l1", 1.0), ("l2", 0.4), ("psnr", 1.0)])
def test_best_output_for_two_possible_colors(kind, best):
    real = torch.tensor([1.0] * 7 + [-1.0] * 3).view(10, 1, 1, 1)  # 70 to 30, as the flags
    outputs = torch.linspace(-1, 1, 201)
    losses = [reconstruction_loss(real, torch.full_like(real, x.item()), kind) for x in outputs]
    assert outputs[torch.stack(losses).argmin()].item() == pytest.approx(best)


def test_generator_loss_is_the_sum_with_lambda():
    logits = torch.randn(2, 1, 6, 6, generator=torch.Generator().manual_seed(3))
    real, fake = noise(2, 2, 8, 8), noise(2, 2, 8, 8, seed=4)
    loss = generator_loss(logits, real, fake)
    assert loss.adversarial == GANLoss().generator_loss(logits)
    assert loss.reconstruction == reconstruction_loss(real, fake)
    assert torch.allclose(loss.total, loss.adversarial + 100 * loss.reconstruction)
    other = generator_loss(logits, real, fake, gan=LSGAN, reconstruction="l2", lambda_rec=7.0)
    expected = LSGAN.generator_loss(logits) + 7 * (real - fake).square().mean()
    assert torch.allclose(other.total, expected)


def test_gan_loss_is_a_frozen_value():
    assert GANLoss() == GANLoss("vanilla", 1.0, False) != SMOOTH
    with pytest.raises(AttributeError):
        GANLoss().real_label = 0.9


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: GANLoss("wgan"), ValueError, "mode is 'wgan'; expected 'vanilla' or 'lsgan'"),
        (lambda: GANLoss(saturating="no"), TypeError, "saturating is 'no'; expected True or False"),
        (lambda: GANLoss("lsgan", 1, True), ValueError, "saturating is True with mode 'lsgan'"),
        (lambda: GANLoss(real_label=0.1), ValueError, "is 0.1; expected above 0.5, .*0.9 and not"),
        (lambda: GANLoss(real_label=1.1), ValueError, "real_label is 1.1"),
        (lambda: GANLoss(real_label=math.nan), ValueError, "real_label is nan"),
        (lambda: GANLoss().generator_loss(torch.zeros(0)), ValueError, "expected at least one"),
        (
            lambda: reconstruction_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4)),
            ValueError,
            r"fake \(1, 1, 4, 4\); expected",
        ),
        (
            lambda: reconstruction_loss(torch.zeros(1), torch.zeros(1), "huber"),
            ValueError,
            "distance is 'huber'; expected 'l1', 'l2' or 'psnr'",
        ),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
