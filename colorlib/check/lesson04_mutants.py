"""Losses and training steps of lesson 4: mutants of the reference with one part changed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from colorlib.losses import GANLoss, generator_loss


def discriminator_loss_mutant(loss: Callable, weight: float = 1.0) -> Callable:
    """Return a discriminator's loss that uses another loss of logits and labels."""

    def compute(real: Tensor, fake: Tensor, label: float = 1.0) -> tuple[Tensor, Tensor]:
        on_real = loss(real, torch.full_like(real, label))
        return weight * on_real, weight * loss(fake, torch.zeros_like(fake))

    return compute


def naive_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Compute cross-entropy from probabilities with plain logarithms."""
    d = logits.sigmoid()
    return -(labels * d.log() + (1 - labels) * (1 - d).log()).mean()


def slopes_of(minimax: Callable, non_saturating: Callable) -> Callable:
    """Return a function that lets autograd compute the slopes of two losses of the logit."""

    def compute(logits: Tensor) -> tuple[Tensor, Tensor]:
        x = logits.detach().requires_grad_()
        losses = minimax(x).sum(), non_saturating(x).sum()
        slopes = [torch.autograd.grad(loss, x)[0] for loss in losses]
        return slopes[0], slopes[1]

    return compute


def training_step_mutant(
    *,
    returns: Callable = lambda d_loss, g_loss: (d_loss, g_loss),
    no_grad: bool = False,  # run the generator without a graph
    detach_always: bool = False,
    detach_for_d: bool = True,
    detach_for_g: bool = False,
    fake_for_d: bool = True,
    zero_grad_first: bool = False,  # zero both optimizers only at the top, as the broken step does
    zero_grad_d: bool = True,
    zero_grad_g: bool = True,
    generator_first: bool = False,
    generator_twice: bool = False,  # the generator runs again for its own step
    d_step_last: bool = False,  # the discriminator's optimizer steps after the generator's
    one_batch: bool = False,  # real and fake through the discriminator in one call
    step_d: bool = True,
    step_g: bool = True,
    swap_logits: bool = False,
    only: str = "",  # the discriminator's loss on "real" or "fake" alone
    discriminator_weight: float = 0.5,
    fixed_lambda: float | None = None,  # instead of the argument lambda_rec
    generator_aims_at_fake: bool = False,
) -> Callable:
    """Return a training step that is right, except for the given options.

    The order is that of :class:`colorlib.training.Trainer`: the discriminator's step, then the
    generator's.
    """
    gan = GANLoss()

    def run_discriminator(net_d, L: Tensor, ab: Tensor, fake: Tensor) -> list[Tensor]:
        seen = (fake.detach() if detach_for_d else fake) if fake_for_d else ab
        if one_batch:
            return list(net_d(torch.cat([L, L]), torch.cat([ab, seen])).chunk(2))
        logits = [net_d(L, ab), net_d(L, seen)]
        return logits[::-1] if swap_logits else logits

    def step(net_g, net_d, opt_g, opt_d, L: Tensor, ab: Tensor, lambda_rec: float = 10.0):
        with torch.set_grad_enabled(not no_grad):
            fake = net_g(L)
        if detach_always:
            fake = fake.detach()
        first_fake = fake
        if zero_grad_first:
            opt_g.zero_grad()
            opt_d.zero_grad()

        def update_discriminator() -> Tensor:
            d_real, d_fake = gan.discriminator_loss(*run_discriminator(net_d, L, ab, fake))
            terms = {"real": 2 * d_real, "fake": 2 * d_fake}
            loss = discriminator_weight * terms.get(only, d_real + d_fake)
            if zero_grad_d and not zero_grad_first:
                opt_d.zero_grad()
            loss.backward(retain_graph=True)
            if step_d and not d_step_last:
                opt_d.step()
            return loss.detach()

        def update_generator() -> Tensor:
            fake = net_g(L) if generator_twice else first_fake
            logits = net_d(L, fake.detach() if detach_for_g else fake)
            weight = lambda_rec if fixed_lambda is None else fixed_lambda
            loss, _, reconstruction = generator_loss(logits, ab, fake, gan=gan, lambda_rec=weight)
            if generator_aims_at_fake:
                loss = gan.discriminator_loss(logits, logits)[1] + weight * reconstruction
            if zero_grad_g and not zero_grad_first:
                opt_g.zero_grad()
            loss.backward()
            if step_g:
                opt_g.step()
            return loss.detach()

        if generator_first:
            g_loss = update_generator()
            d_loss = update_discriminator()
        else:
            d_loss = update_discriminator()
            g_loss = update_generator()
        if d_step_last:
            opt_d.step()
        return returns(d_loss, g_loss)

    return step
