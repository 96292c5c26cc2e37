"""The exercises of lesson 4: regression losses, adversarial losses, and the two training steps."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from colorlib.check.graders import Case, FunctionGrader, KnownMistake
from colorlib.check.lesson04_mutants import (
    discriminator_loss_mutant,
    naive_cross_entropy,
    slopes_of,
    training_step_mutant,
)
from colorlib.check.network_graders import TrainingStepGrader
from colorlib.losses import GANLoss, GeneratorLosses, generator_loss

# 4.1 ----------------------------------------------------------------------------------------------
_RED, _BLUE = [37.0, 21.0], [8.0, -42.0]
_FIVE_COLORS = [[9.0, 1], [-4, 7], [0, -30], [2, 2], [60, 4]]
_RANDOM_COLORS = 30 * torch.randn(1001, 2, generator=torch.Generator().manual_seed(1)) + 5
_COLOR_CASES = [
    Case("8 red flags and 3 blue ones", (torch.tensor([_RED] * 8 + [_BLUE] * 3),)),
    Case("a single colour", (torch.tensor([[5.0, -3.0]]),)),
    Case("five colours in no order", (torch.tensor(_FIVE_COLORS),)),
    Case("1,001 random colours", (_RANDOM_COLORS,)),
]


def _best_constants(colors: Tensor) -> tuple[Tensor, Tensor]:
    return colors.mean(dim=0), colors.median(dim=0).values


_BOTH_CHANNELS_TOGETHER = "you mix a and b: each of the two has a mean and a median of its own."
_CONSTANT_MISTAKES = [
    KnownMistake("you return only one prediction: return both, the one for L2 first.",
                 lambda c: c.mean(0)),
    KnownMistake("you return only one prediction: return both, the one for L2 first.",
                 lambda c: c.median(0).values),
    KnownMistake("this adds the colours; the best prediction for L2 is their mean.",
                 lambda c: (c.sum(0), c.median(0).values)),
    KnownMistake("the best prediction for L1 is the middle value, not the middle of the range.",
                 lambda c: (c.mean(0), (c.min(0).values + c.max(0).values) / 2)),
    KnownMistake("the middle row is the median only if the colours are sorted: .median(dim=0).",
                 lambda c: (c.mean(0), c[len(c) // 2])),
    KnownMistake("use the median itself, .values, not the index at which it stands.",
                 lambda c: (c.mean(0), c.median(0).indices)),
    KnownMistake("you keep the dimension of the colours: return tensors of shape (2,).",
                 lambda c: (c.mean(0, keepdim=True), c.median(0, keepdim=True).values)),
    KnownMistake("the two are swapped: L2 has its minimum at the mean, L1 at the median.",
                 lambda c: _best_constants(c)[::-1]),
    KnownMistake("both are the mean: L1 has another minimum. Try it on 0, 0, 1.",
                 lambda c: (c.mean(0), c.mean(0))),
    KnownMistake("both are the median: L2 has another minimum. Try it on 0, 0, 1.",
                 lambda c: (c.median(0).values, c.median(0).values)),
    KnownMistake(_BOTH_CHANNELS_TOGETHER, lambda c: (c.mean().expand(2), c.median().expand(2))),
    KnownMistake(_BOTH_CHANNELS_TOGETHER, lambda c: (c.mean(), c.median())),
    KnownMistake("this is the most frequent value of each channel; L1 needs the middle one.",
                 lambda c: (c.mean(0), c.mode(0).values)),
    KnownMistake("you use the wrong dimension: the n colours are in dim=0.",
                 lambda c: (c.mean(1), c.median(1).values)),
    KnownMistake("median(dim=0) returns the values and their indices: use .values.",
                 lambda c: (c.mean(0), c.median(0))),
]  # fmt: skip

# 4.2 ----------------------------------------------------------------------------------------------
_LOGITS = torch.randn(2, 2, 1, 6, 6, generator=torch.Generator().manual_seed(2)) * 3
_ZERO = torch.zeros(1, 1, 2, 2)
_D_CASES = [
    Case("logits of 0 everywhere, label 1 for real images", (_ZERO, _ZERO, 1.0)),
    Case("two real and two fake images, labels 1 and 0", (*_LOGITS, 1.0)),
    Case("the same, label 0.9 for real images", (*_LOGITS, 0.9)),
    Case("the same, without a third argument", tuple(_LOGITS)),
    Case("two real images, one fake", (_LOGITS[0], _LOGITS[1, :1], 1.0)),
    Case(
        "very sure and wrong: logits -120 for real, +120 for fake", (_ZERO - 120, _ZERO + 120, 1.0)
    ),
]


def _discriminator_loss(real: Tensor, fake: Tensor, label: float = 1.0) -> tuple[Tensor, Tensor]:
    return GANLoss(real_label=label).discriminator_loss(real, fake)


def _bce(logits: Tensor, label: float, reduction: str = "mean") -> Tensor:
    labels = torch.full_like(logits, label)
    return F.binary_cross_entropy_with_logits(logits, labels, reduction=reduction)


_ROUNDED = (
    "in float32 the sigmoid of a sure discriminator rounds to 0 or 1, so the loss is wrong and its "
    "gradient is lost: use binary_cross_entropy_with_logits."
)
_D_MISTAKES = [
    KnownMistake(_ROUNDED, discriminator_loss_mutant(
        lambda x, y: F.binary_cross_entropy(x.sigmoid(), y))),
    KnownMistake(_ROUNDED, discriminator_loss_mutant(naive_cross_entropy)),
    KnownMistake("logits and labels are swapped in the call: the logits come first.",
                 discriminator_loss_mutant(lambda x, y: F.binary_cross_entropy_with_logits(y, x))),
    KnownMistake("this is the squared error, the loss of LSGAN; here it is cross-entropy.",
                 discriminator_loss_mutant(F.mse_loss)),
    KnownMistake("you halve the losses here: return each as it is.",
                 discriminator_loss_mutant(F.binary_cross_entropy_with_logits, 0.5)),
    KnownMistake("the order is wrong: return the loss on real images first.",
                 lambda r, f, label=1.0: (_bce(f, 0.0), _bce(r, label))),
    KnownMistake("real and fake are swapped: real images have `label`, fakes have 0.",
                 lambda r, f, label=1.0: (_bce(f, label), _bce(r, 0.0))),
    KnownMistake("fakes have the label 0, not `label`.",
                 lambda r, f, label=1.0: (_bce(r, label), _bce(f, label))),
    KnownMistake("you return one number, the mean of the two losses: return both.",
                 lambda r, f, label=1.0: (_bce(r, label) + _bce(f, 0.0)) / 2),
    KnownMistake("the losses have the wrong sign: cross-entropy is never below 0.",
                 lambda r, f, label=1.0: (-_bce(r, label), -_bce(f, 0.0))),
    KnownMistake("these are the logits' means, not a loss (this is the loss of a Wasserstein GAN).",
                 lambda r, f, label=1.0: (-r.mean(), f.mean())),
    KnownMistake("the labels are swapped: real images have `label`, fakes have 0.",
                 lambda r, f, label=1.0: (_bce(r, 0.0), _bce(f, label))),
    KnownMistake("you smooth the label of fakes too; one-sided smoothing keeps it at 0.",
                 lambda r, f, label=1.0: (_bce(r, label), _bce(f, 1 - label))),
    KnownMistake("you do not use `label`: 0.9 must change the loss on real images.",
                 lambda r, f, label=1.0: (_bce(r, 1.0), _bce(f, 0.0))),
    KnownMistake("you apply the sigmoid twice: binary_cross_entropy_with_logits takes logits.",
                 lambda r, f, label=1.0: (_bce(r.sigmoid(), label), _bce(f.sigmoid(), 0.0))),
    KnownMistake("binary_cross_entropy takes probabilities: use binary_cross_entropy_with_logits.",
                 lambda r, f, label=1.0: (F.binary_cross_entropy(r, torch.full_like(r, label)),
                                      F.binary_cross_entropy(f, torch.zeros_like(f)))),
    KnownMistake("the mean is missing: each loss is one number, the mean over all logits.",
                 lambda r, f, label=1.0: (_bce(r, label, "none"), _bce(f, 0.0, "none"))),
    KnownMistake("you add over all logits; use the mean, so the loss does not depend on the size.",
                 lambda r, f, label=1.0: (_bce(r, label, "sum"), _bce(f, 0.0, "sum"))),
    KnownMistake("you add the two losses; return them separately, so you can plot both.",
                 lambda r, f, label=1.0: _bce(r, label) + _bce(f, 0.0)),
    KnownMistake("this is what the generator wants: the discriminator's label of fakes is 0.",
                 lambda r, f, label=1.0: (_bce(r, label), _bce(f, 1.0))),
]  # fmt: skip

# 4.3 ----------------------------------------------------------------------------------------------
_SLOPE_CASES = [
    Case("a logit of 0, D = 1/2", (torch.zeros(1),)),
    Case("a logit of -6: the discriminator is sure that it is fake", (torch.tensor([-6.0]),)),
    Case("eleven logits from -5 to 5", (torch.linspace(-5, 5, 11),)),
    Case("a map of logits", (torch.linspace(-4, 4, 12).view(1, 1, 3, 4),)),
    Case(
        "logits of -120 and 120, where float32 rounds D to 0 and 1", (torch.tensor([-120.0, 120]),)
    ),
]


def _slopes(logits: Tensor) -> tuple[Tensor, Tensor]:
    d = logits.sigmoid()
    return -d, d - 1


_SLOPE_MISTAKES = [
    KnownMistake("right for small logits; where float32 rounds D to 0 or 1, log of it is infinite: "
                 "use F.logsigmoid, or the slopes by hand.",
                 slopes_of(lambda x: (1 - x.sigmoid()).log(), lambda x: -x.sigmoid().log())),
    KnownMistake("the first is the slope of log D, not of log(1 - D).",
                 lambda x: (1 - x.sigmoid(), x.sigmoid() - 1)),
    KnownMistake("the first has the wrong sign: log(1 - D) falls when D rises.",
                 lambda x: (x.sigmoid(), x.sigmoid() - 1)),
    KnownMistake("this is the slope of D itself; the logarithm divides it by D or by 1 - D.",
                 lambda x: (-x.sigmoid() * (1 - x.sigmoid()), -x.sigmoid() * (1 - x.sigmoid()))),
    KnownMistake("these are the losses; return how fast they change with the logit.",
                 lambda x: ((1 - x.sigmoid()).log(), -x.sigmoid().log())),
    KnownMistake("the first is a constant: it is -D.",
                 lambda x: (-torch.ones_like(x), x.sigmoid() - 1)),
    KnownMistake("the second is 1 - D with a minus: D - 1, not -D - 1.",
                 lambda x: (-x.sigmoid(), -x.sigmoid() - 1)),
    KnownMistake("you return only one slope: return both, minimax first.",
                 lambda x: -x.sigmoid()),
    KnownMistake("you return the mean slope: one slope for each logit.",
                 lambda x: (-x.sigmoid().mean(), (x.sigmoid() - 1).mean())),
    KnownMistake("the order is wrong: return minimax first.", lambda x: _slopes(x)[::-1]),
    KnownMistake("both are the slope of log(1 - D); the second is the slope of -log D.",
                 lambda x: (-x.sigmoid(), -x.sigmoid())),
    KnownMistake("both signs are wrong: the losses fall when the logit rises.",
                 lambda x: (x.sigmoid(), 1 - x.sigmoid())),
    KnownMistake("these are slopes along D; for slopes along the logit multiply by D (1 - D).",
                 lambda x: (-1 / (1 - x.sigmoid()), -1 / x.sigmoid())),
    KnownMistake("these are the losses; return how fast they change with the logit.",
                 lambda x: (-F.softplus(x), F.softplus(-x))),
    KnownMistake("the second has the wrong sign: -log D falls when D rises.",
                 lambda x: (-x.sigmoid(), 1 - x.sigmoid())),
    KnownMistake("the logit is not D: compute D = sigmoid(logit) first.", lambda x: (-x, x - 1)),
]  # fmt: skip

# 4.4 ----------------------------------------------------------------------------------------------
_AB = torch.rand(2, 2, 2, 8, 8, generator=torch.Generator().manual_seed(4)) * 2 - 1
_G_CASES = [
    Case("one image, without a fourth argument", (_LOGITS[1, :1], *_AB[:, :1])),
    Case("logits of 0 and perfect colours", (_ZERO, _AB[0], _AB[0].clone(), 100.0)),
    Case("two images, lambda 100", (_LOGITS[0], *_AB, 100.0)),
    Case("two images, lambda 1", (_LOGITS[0], *_AB, 1.0)),
    Case("logits of -120: the discriminator is very sure", (_LOGITS[0] * 0 - 120, *_AB, 1.0)),
]


def _generator_loss(
    logits: Tensor, real: Tensor, fake: Tensor, lambda_rec: float = 100.0
) -> GeneratorLosses:
    return generator_loss(logits, real, fake, lambda_rec=lambda_rec)


def _generator_mutant(
    adversarial=lambda logits: _bce(logits, 1.0), reconstruction=F.l1_loss, *, use_lambda=True
) -> Callable:
    """Return a generator's loss with one term changed."""

    def compute(
        logits: Tensor, real: Tensor, fake: Tensor, lam: float = 100.0
    ) -> tuple[Tensor, ...]:
        terms = adversarial(logits), reconstruction(fake, real)
        return terms[0] + (lam if use_lambda else 1.0) * terms[1], *terms

    return compute


def _generator_output_mutant(change: Callable[..., object]) -> Callable:
    """Return a generator's loss that combines the right terms wrongly."""

    def compute(logits: Tensor, real: Tensor, fake: Tensor, lam: float = 100.0) -> object:
        return change(_bce(logits, 1.0), F.l1_loss(fake, real), lam)

    return compute


_G_MISTAKES = [
    KnownMistake("lambda is always 100: use the argument lambda_rec.",
                 lambda logits, real, fake, lam=100.0: _generator_mutant()(
                     logits, real, fake, 100.0)),
    KnownMistake("lambda is the weight of the reconstruction only, not of the sum.",
                 _generator_output_mutant(lambda gan, l1, lam: (lam * (gan + l1), gan, l1))),
    KnownMistake("you divide by lambda: multiply the reconstruction by it.",
                 _generator_output_mutant(lambda gan, l1, lam: (gan + l1 / lam, gan, l1))),
    KnownMistake("the order is wrong: total, adversarial, reconstruction.",
                 _generator_output_mutant(lambda gan, l1, lam: (gan, l1, gan + lam * l1))),
    KnownMistake("the order is wrong: total, adversarial, reconstruction.",
                 _generator_output_mutant(lambda gan, l1, lam: (gan + lam * l1, l1, gan))),
    KnownMistake("the two parts are subtracted: add them.",
                 _generator_output_mutant(lambda gan, l1, lam: (gan - lam * l1, gan, l1))),
    KnownMistake("the adversarial part is missing in the total.",
                 _generator_output_mutant(lambda gan, l1, lam: (lam * l1, gan, l1))),
    KnownMistake("the total is only the adversarial part: add lambda_rec * reconstruction.",
                 _generator_output_mutant(lambda gan, l1, lam: (gan, gan, l1))),
    KnownMistake("you add up to lambda: multiply, lambda_rec * reconstruction.",
                 _generator_output_mutant(lambda gan, l1, lam: (gan + lam + l1, gan, l1))),
    KnownMistake("logits and labels are swapped in the call: the logits come first.",
                 _generator_mutant(lambda x: F.binary_cross_entropy_with_logits(
                     torch.ones_like(x), x))),
    KnownMistake(_ROUNDED, _generator_mutant(lambda x: F.binary_cross_entropy(
        x.sigmoid(), torch.ones_like(x)))),
    KnownMistake(_ROUNDED, _generator_mutant(lambda x: -x.sigmoid().log().mean())),
    KnownMistake("this is the root of L2: L1 is the mean of the absolute differences.",
                 _generator_mutant(reconstruction=lambda f, r: F.mse_loss(f, r).sqrt())),
    KnownMistake("adversarial is the loss on logits: the squared error is that of LSGAN.",
                 _generator_mutant(lambda x: F.mse_loss(x, torch.ones_like(x)))),
    KnownMistake("you add over all logits; use the mean, so the loss does not depend on the size.",
                 _generator_mutant(lambda x: _bce(x, 1.0, "sum"))),
    KnownMistake("the sum of the differences is not the mean, and the logits neither: mean.",
                 _generator_mutant(lambda x: _bce(x, 1.0, "none"))),
    KnownMistake("your label is 0; the generator wants D to say real, so its label is 1.",
                 _generator_mutant(lambda logits: _bce(logits, 0.0))),
    KnownMistake("this is the minimax form, log(1 - D); use the non-saturating one, -log D.",
                 _generator_mutant(lambda logits: -_bce(logits, 0.0))),
    KnownMistake("lambda is on the wrong term: it is the weight of the reconstruction loss.",
                 _generator_output_mutant(lambda gan, l1, lam: (lam * gan + l1, gan, l1))),
    KnownMistake("lambda is missing: the total is adversarial + lambda_rec * reconstruction.",
                 _generator_mutant(use_lambda=False)),
    KnownMistake("your reconstruction is L2; use L1, the mean of absolute differences.",
                 _generator_mutant(reconstruction=F.mse_loss)),
    KnownMistake("you keep the sign of each difference, so errors cancel: use absolute values.",
                 _generator_mutant(reconstruction=lambda fake, real: (fake - real).mean())),
    KnownMistake("you add the differences; L1 is their mean.", _generator_mutant(
                     reconstruction=lambda fake, real: (fake - real).abs().sum())),
    KnownMistake("you return the L1 loss times lambda; lambda belongs only to the total.",
                 _generator_output_mutant(
                     lambda gan, l1, lam: (gan + lam * l1, gan, lam * l1))),
    KnownMistake("you apply the sigmoid twice: binary_cross_entropy_with_logits takes logits.",
                 _generator_mutant(lambda logits: _bce(logits.sigmoid(), 1.0))),
    KnownMistake("only the discriminator's label is smoothed: the generator's is 1, not 0.9.",
                 _generator_mutant(lambda logits: _bce(logits, 0.9))),
    KnownMistake("you return only the total; return all three, so you can plot the terms.",
                 _generator_output_mutant(lambda gan, l1, lam: gan + lam * l1)),
]  # fmt: skip

# 4.5 and 4.6 --------------------------------------------------------------------------------------
_train_step = training_step_mutant()
_DETACH_MISTAKES = [
    KnownMistake("the discriminator's step changes the generator's gradients: use fake.detach().",
                 training_step_mutant(detach_for_d=False, zero_grad_first=True)),
    KnownMistake("the discriminator's step computes the generator's gradients, which is useless "
                 "work: use fake.detach().", training_step_mutant(detach_for_d=False)),
    KnownMistake("you detach fake in the generator's step too; there it needs its gradients.",
                 training_step_mutant(detach_for_g=True)),
]  # fmt: skip
_STEP_MISTAKES = [
    KnownMistake("the returned losses are swapped: the discriminator's first.",
                 training_step_mutant(returns=lambda d, g: (g, d))),
    KnownMistake("you return only one loss: return both, the discriminator's first.",
                 training_step_mutant(returns=lambda d, g: d)),
    KnownMistake("you return only one loss: return both, the discriminator's first.",
                 training_step_mutant(returns=lambda d, g: g)),
    KnownMistake("you return nothing: return both losses, the discriminator's first.",
                 training_step_mutant(returns=lambda d, g: None)),
    KnownMistake("real and fake go through the discriminator in one batch, which its batch norms "
                 "normalize together: call it once for each.",
                 training_step_mutant(one_batch=True)),
    KnownMistake("the generator runs more than once: one fake serves both steps.",
                 training_step_mutant(generator_twice=True)),
    KnownMistake("no gradient is set to zero: opt_d.zero_grad() and opt_g.zero_grad() before each "
                 "backward.", training_step_mutant(zero_grad_g=False, zero_grad_d=False)),
    KnownMistake("the discriminator's step trains only on fakes: use both losses.",
                 training_step_mutant(only="fake")),
    KnownMistake("the discriminator's step trains only on real images: use both losses.",
                 training_step_mutant(only="real")),
    KnownMistake("both networks are updated after both losses: the discriminator's step comes "
                 "before the generator's loss.", training_step_mutant(d_step_last=True)),
    KnownMistake("the generator's step wants fakes to be called fake: its label is 1.",
                 training_step_mutant(generator_aims_at_fake=True)),
    KnownMistake("the discriminator sees ab where it should see fake.",
                 training_step_mutant(fake_for_d=False)),
    *_DETACH_MISTAKES,
    KnownMistake("gradients of the last step remain: opt_g.zero_grad() before the backward.",
                 training_step_mutant(zero_grad_g=False)),
    KnownMistake("gradients of the last step remain: opt_d.zero_grad() before the backward.",
                 training_step_mutant(zero_grad_d=False)),
    KnownMistake("the generator is updated first: update the discriminator first.",
                 training_step_mutant(generator_first=True)),
    KnownMistake("fake has no graph in the generator's step: detach it only for the discriminator.",
                 training_step_mutant(no_grad=True)),
    KnownMistake("you do not use `lambda_rec`: pass it to generator_loss.",
                 training_step_mutant(fixed_lambda=100.0)),
    KnownMistake("you add the discriminator's two losses: use their mean.",
                 training_step_mutant(discriminator_weight=1.0)),
    KnownMistake("the discriminator never changes: opt_d.step() is missing, or opt_d.zero_grad() "
                 "is between backward() and step().",
                 training_step_mutant(step_d=False)),
    KnownMistake("the generator never changes: opt_g.step() is missing, or opt_g.zero_grad() "
                 "is between backward() and step().",
                 training_step_mutant(step_g=False)),
    KnownMistake("real and fake are swapped in the discriminator's loss: real comes first.",
                 training_step_mutant(swap_logits=True)),
]  # fmt: skip

_LABEL_ERRORS = {
    "'float' object has no attribute": "the labels are a tensor: torch.full_like(logits, label).",
    "'int' object has no attribute": "the labels are a tensor: torch.full_like(logits, label).",
    "must be the same as input size": "the labels have the shape of their own logits: "
    "torch.full_like(real, label) for real, torch.zeros_like(fake) for fake.",
    "between 0 and 1": "binary_cross_entropy takes probabilities: use "
    "binary_cross_entropy_with_logits.",
}
_BACKWARD_ERRORS = {
    "expected (n, 1, h, w)": "the arguments are swapped: net_d(L, ab), with L first.",
    "expected (n, 2, h, w)": "the arguments are swapped: net_d(L, ab), with L first.",
    "backward through the graph a second time": "the discriminator's backward went through the "
    "generator and used up its graph: fake.detach() in the discriminator's step. retain_graph=True "
    "would only hide it.",
    "does not require grad": "the loss has lost its graph: is there a .detach(), .item() or "
    "no_grad too much?",
    "modified by an inplace operation": "the discriminator's step changed weights that the "
    "generator's backward still needs: run net_d(L, fake) again after opt_d.step().",
    "object has no attribute 'backward'": "backward() belongs to the loss as a tensor: call "
    ".item() or float() only at the end.",
}

GRADERS = {
    "4.1": FunctionGrader(_best_constants, _COLOR_CASES, _CONSTANT_MISTAKES, tolerance=1e-4),
    "4.2": FunctionGrader(
        _discriminator_loss,
        _D_CASES,
        _D_MISTAKES,
        tolerance=1e-5,
        error_causes=_LABEL_ERRORS,
        gradients_of=(0, 1),
    ),
    "4.3": FunctionGrader(_slopes, _SLOPE_CASES, _SLOPE_MISTAKES, tolerance=1e-5),
    "4.4": FunctionGrader(
        _generator_loss, _G_CASES, _G_MISTAKES, error_causes=_LABEL_ERRORS, gradients_of=(0, 2)
    ),
    "4.5": TrainingStepGrader(
        _train_step, _STEP_MISTAKES, error_causes=_BACKWARD_ERRORS, extra_args=(2.0,)
    ),
    "4.6": TrainingStepGrader(
        _train_step,
        _STEP_MISTAKES,
        error_causes=_BACKWARD_ERRORS,
        extra_args=(2.0,),
    ),
}
