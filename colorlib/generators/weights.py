"""The first weights of a network, as the papers draw them."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn

from colorlib.tensor_checks import check_choice


def initialise(
    net: nn.Module, how: Literal["normal", "he"] = "normal", seed: int | torch.Generator = 0
) -> nn.Module:
    """Draw a network's weights anew, as the papers say, without touching torch's global random state.

    Args:
        net: Any network of convolutions, linear layers and batch norms; changed in place, but for the parts
            that a :class:`~colorlib.generators.base.Generator` names in ``kept``.
        how: ``"normal"``: N(0, 0.02) and, for batch norm, N(1, 0.02), as pix2pix (papers 000 and 004).
            ``"he"``: N(0, sqrt(2 / fan)), where fan is how many inputs one output sums up, and batch norm 1
            (paper 003). Biases are 0 in both.
        seed: The same seed gives the same weights on every device. Or a CPU generator, which moves on.

    Returns:
        ``net`` itself.

    Raises:
        ValueError: If ``how`` is another word.

    Example:
        >>> round(initialise(nn.Conv2d(64, 64, 4)).weight.std().item(), 3)
        0.02
    """
    check_choice("how", how, ("normal", "he"))
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    parts = [getattr(owner, name) for owner in net.modules() for name in getattr(owner, "kept", ())]
    kept = {module for part in parts for module in part.modules()}
    for module in net.modules():
        if module in kept:
            continue
        norm = isinstance(module, nn.BatchNorm2d)
        if not norm and not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            continue
        noise = torch.randn(module.weight.shape, generator=generator)
        with torch.no_grad():
            if norm:
                module.reset_running_stats()
                module.weight.copy_(1 + 0.02 * noise if how == "normal" else torch.ones_like(noise))
            else:
                module.weight.copy_(
                    noise * (0.02 if how == "normal" else math.sqrt(2 / _fan(module)))
                )
            if module.bias is not None:
                module.bias.zero_()
    return net


def _fan(module: nn.Module) -> float:
    """Count the inputs that one output sums up; torch's own count is off for a transposed convolution."""
    if isinstance(module, nn.ConvTranspose2d):
        return module.weight[:, 0].numel() / math.prod(module.stride)
    return module.weight[0].numel()
