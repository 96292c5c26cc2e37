"""Training steps of lessons 4 and 5: the reference, and mutants with one part changed."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from colorlib.losses import GANLoss, generator_loss


def training_step_mutant(
    *,
    returns_dict: bool = False,  # lesson 5's four losses by name instead of lesson 4's two
    no_grad: bool = False,  # run the generator without a graph
    detach_always: bool = False,
    detach_for_d: bool = True,
    detach_for_g: bool = False,
    zero_grad_first: bool = False,  # zero both optimizers only at the top, as the broken step does
    zero_grad_d: bool = True,
    zero_grad_g: bool = True,
    generator_first: bool = False,
    step_d: bool = True,
    step_g: bool = True,
    swap_logits: bool = False,
    discriminator_weight: float = 0.5,
    real_label: float = 1.0,
    fixed_lambda: float | None = None,  # instead of the argument lambda_rec
    generator_aims_at_fake: bool = False,
) -> Callable:
    """Return a training step that is right, except for the given options.

    The order is that of :class:`colorlib.training.Trainer`: the discriminator's step, then the
    generator's.
    """
    gan = GANLoss(real_label=real_label)

    def step(net_g, net_d, opt_g, opt_d, L: Tensor, ab: Tensor, lambda_rec: float = 10.0):
        with torch.set_grad_enabled(not no_grad):
            fake = net_g(L)
        if detach_always:
            fake = fake.detach()
        if zero_grad_first:
            opt_g.zero_grad()
            opt_d.zero_grad()

        def update_discriminator() -> tuple[Tensor, Tensor, Tensor]:
            logits = [net_d(L, ab), net_d(L, fake.detach() if detach_for_d else fake)]
            if swap_logits:
                logits.reverse()
            d_real, d_fake = gan.discriminator_loss(*logits)
            loss = discriminator_weight * (d_real + d_fake)
            if zero_grad_d and not zero_grad_first:
                opt_d.zero_grad()
            loss.backward(retain_graph=True)
            if step_d:
                opt_d.step()
            return loss.detach(), d_real.detach(), d_fake.detach()

        def update_generator() -> tuple[Tensor, Tensor, Tensor]:
            logits = net_d(L, fake.detach() if detach_for_g else fake)
            weight = lambda_rec if fixed_lambda is None else fixed_lambda
            loss, adversarial, reconstruction = generator_loss(
                logits, ab, fake, gan=gan, lambda_rec=weight
            )
            if generator_aims_at_fake:
                loss = gan.discriminator_loss(logits, logits)[1] + weight * reconstruction
            if zero_grad_g and not zero_grad_first:
                opt_g.zero_grad()
            loss.backward()
            if step_g:
                opt_g.step()
            return loss.detach(), adversarial.detach(), reconstruction.detach()

        if generator_first:
            g_loss, adversarial, reconstruction = update_generator()
            d_loss, d_real, d_fake = update_discriminator()
        else:
            d_loss, d_real, d_fake = update_discriminator()
            g_loss, adversarial, reconstruction = update_generator()
        if not returns_dict:
            return d_loss, g_loss
        return {
            "D_real": d_real.item(),
            "D_fake": d_fake.item(),
            "G_GAN": adversarial.item(),
            "G_rec": reconstruction.item(),
        }

    return step
