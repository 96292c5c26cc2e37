"""Losses against closed forms, against torch.nn.functional, and at the points where training settles."""

import math

import pytest
import torch
import torch.nn.functional as F

from colorlib.losses import GANLoss, generator_loss, reconstruction_loss
from colorlib.metrics import mse, psnr

LOGITS = [-8.0, -2.0, -0.5, 0.0, 0.5, 2.0, 8.0]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def slope(loss, x):
    """Differentiate a loss of one logit at x."""
    logit = torch.tensor([[x]], requires_grad=True)
    loss(logit).backward()
    return logit.grad.item()


def settled(loss):
    """Find the logit at which a critic's loss of one logit is least."""
    low, high = -10.0, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(loss, middle) < 0 else (low, middle)
    return (low + high) / 2


def test_not_knowing_costs_log_2():
    zeros = torch.zeros(4, 1, 30, 30)
    for gan in (GANLoss(), GANLoss(smoothing=0.9)):
        real, fake = gan.critic(zeros, zeros)
        assert real.item() == pytest.approx(math.log(2)) and fake.item() == pytest.approx(
            math.log(2)
        )
        assert gan.generator(zeros).item() == pytest.approx(math.log(2))
    assert GANLoss(form="minimax").generator(zeros).item() == pytest.approx(-math.log(2))
    halves = torch.full_like(zeros, 0.5)
    gan = GANLoss("lsgan")
    assert [*gan.critic(halves, halves), gan.generator(halves)] == [0.25, 0.25, 0.25]


@pytest.mark.parametrize("x", LOGITS)
def test_bce_is_the_papers_formula(x):
    logit, probability = torch.tensor([x]), sigmoid(x)
    real, fake = GANLoss().critic(logit, logit)
    assert real.item() == pytest.approx(-math.log(probability), rel=1e-4)
    assert fake.item() == pytest.approx(-math.log(1 - probability), rel=1e-4, abs=1e-6)
    assert GANLoss().generator(logit).item() == pytest.approx(-math.log(probability), rel=1e-4)
    minimax = GANLoss(form="minimax").generator(logit)
    assert minimax.item() == pytest.approx(math.log(1 - probability), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("x", LOGITS)
def test_gradients_of_the_two_generators(x):
    probability = sigmoid(x)
    assert slope(GANLoss().generator, x) == pytest.approx(-(1 - probability), rel=1e-4)
    assert slope(GANLoss(form="minimax").generator, x) == pytest.approx(-probability, rel=1e-4)


def test_only_the_non_saturating_generator_learns_from_a_sure_critic():
    assert abs(slope(GANLoss(form="minimax").generator, -8.0)) < 1e-3
    assert slope(GANLoss().generator, -8.0) < -0.99


def test_smoothing_moves_only_the_positives():
    plain, smooth = GANLoss(), GANLoss(smoothing=0.9)
    logits = torch.randn(2, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    assert smooth.critic(logits, logits)[1] == plain.critic(logits, logits)[1]
    assert smooth.generator(logits) == plain.generator(logits)
    assert settled(lambda x: smooth.critic(x, x)[0]) == pytest.approx(math.log(0.9 / 0.1), abs=1e-3)
    assert settled(lambda x: plain.critic(x, x)[0]) > 9
    at_best = smooth.critic(torch.tensor([math.log(9)]), logits)[0]
    assert at_best.item() == pytest.approx(0.325, abs=5e-4)  # as the class says


def test_where_a_critic_that_knows_nothing_settles():
    for gan, logit, losses in [
        (GANLoss(), 0.0, (0.693, 0.693)),
        (GANLoss(smoothing=0.9), math.log(0.45 / 0.55), (0.778, 0.598)),  # as the module says
        (GANLoss("lsgan"), 0.5, (0.25, 0.25)),
    ]:
        found = settled(lambda x, gan=gan: sum(gan.critic(x, x)))
        assert found == pytest.approx(logit, abs=1e-3)
        at = torch.tensor([found])
        assert [loss.item() for loss in gan.critic(at, at)] == pytest.approx(losses, abs=6e-4)


def test_equals_torch_on_a_batch_of_patches():
    generator = torch.Generator().manual_seed(1)
    real, fake = torch.randn(2, 3, 1, 6, 6, generator=generator)
    ones, zeros = torch.ones_like(real), torch.zeros_like(real)
    bce = F.binary_cross_entropy
    on_real, on_fake = GANLoss(smoothing=0.9).critic(real, fake)
    assert torch.allclose(on_real, bce(real.sigmoid(), 0.9 * ones))
    assert torch.allclose(on_fake, bce(fake.sigmoid(), zeros))
    on_real, on_fake = GANLoss("lsgan", smoothing=0.9).critic(real, fake)
    assert torch.allclose(on_real, (real - 0.9).square().mean())
    assert torch.allclose(on_fake, fake.square().mean())
    assert torch.allclose(
        GANLoss("lsgan", smoothing=0.9).generator(fake), (fake - 1).square().mean()
    )


def test_extreme_and_half_precision_logits_stay_finite_and_float32():
    for value in (-1e4, 1e4):
        logit = torch.tensor([value], dtype=torch.float16, requires_grad=True)
        losses = [*GANLoss().critic(logit, logit), GANLoss().generator(logit)]
        assert all(loss.isfinite() and loss.dtype == torch.float32 for loss in losses)
        sum(losses).backward()
        assert logit.grad.isfinite().all()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pair = torch.rand(2, 1, 2, 4, 4).bfloat16()
        assert reconstruction_loss(*pair).dtype == GANLoss().generator(pair).dtype == torch.float32


def test_pixel_losses_are_means_over_everything():
    real, fake = torch.rand(2, 3, 2, 5, 4, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(reconstruction_loss(real, fake), (real - fake).abs().mean())
    assert torch.allclose(reconstruction_loss(real, fake, "l2"), (real - fake).square().mean())


def test_the_psnr_loss_is_minus_the_metric_and_ends_at_40_db():
    real, fake = (
        torch.rand(3, 2, 5, 5, generator=torch.Generator().manual_seed(i)) for i in (1, 2)
    )
    assert -reconstruction_loss(real, fake, "psnr").item() == pytest.approx(
        psnr(mse(fake, real), 1).mean().item(), abs=1e-2
    )
    assert reconstruction_loss(real, real, "psnr").item() == pytest.approx(-40)


@pytest.mark.parametrize(("kind", "answer"), [("l1", 1.0), ("l2", 0.4), ("psnr", 1.0)])
def test_what_regression_answers_where_the_colour_is_open(kind, answer):
    real = torch.tensor([1.0, 1, 1, 1, 1, 1, 1, -1, -1, -1]).view(10, 1, 1, 1)  # 70 to 30: flags
    answers = torch.linspace(-1, 1, 201)
    losses = [reconstruction_loss(real, torch.full_like(real, float(a)), kind) for a in answers]
    assert answers[torch.stack(losses).argmin()].item() == pytest.approx(answer)


def test_the_generators_loss_is_the_sum_with_lambda():
    logits = torch.randn(2, 1, 6, 6, generator=torch.Generator().manual_seed(3))
    real, fake = torch.rand(2, 2, 2, 8, 8, generator=torch.Generator().manual_seed(4))
    loss = generator_loss(logits, real, fake)
    assert loss.adversarial == GANLoss().generator(logits) and loss.pixel == reconstruction_loss(
        real, fake
    )
    assert torch.allclose(loss.total, loss.adversarial + 100 * loss.pixel)
    gan = GANLoss("lsgan")
    other = generator_loss(logits, real, fake, gan=gan, pixel="l2", lam=7.0)
    assert torch.allclose(other.total, gan.generator(logits) + 7 * (real - fake).square().mean())


def test_gan_loss_is_a_value():
    assert GANLoss() == GANLoss("bce", 1.0, "non-saturating") != GANLoss(smoothing=0.9)
    with pytest.raises(AttributeError):
        GANLoss().smoothing = 0.9


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: GANLoss("wgan"), "kind is 'wgan'; expected 'bce' or 'lsgan'"),
        (
            lambda: GANLoss(form="saturating"),
            "form is 'saturating'; expected 'non-saturating' or 'minimax'",
        ),
        (lambda: GANLoss("lsgan", form="minimax"), "form is 'minimax' with kind 'lsgan'; expected"),
        (lambda: GANLoss(smoothing=0.1), "smoothing is 0.1; expected above 0.5, .*0.9 and not 0.1"),
        (lambda: GANLoss(smoothing=1.1), "smoothing is 1.1"),
        (lambda: GANLoss(smoothing=math.nan), "smoothing is nan"),
        (
            lambda: reconstruction_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4)),
            r"fake \(1, 1, 4, 4\); expected",
        ),
        (
            lambda: reconstruction_loss(torch.zeros(1), torch.zeros(1), "huber"),
            "kind is 'huber'; expected 'l1', 'l2' or 'psnr'",
        ),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(call, words):
    with pytest.raises(ValueError, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
