"""The two ways in which a conditional GAN dies in silence, and the words that say so.

The critic wins: it tells every colorized picture from a real one, its loss goes to 0, and what the generator
hears from it says nothing about how to do better. Or the generator stops looking: it gives every picture the
same colours. Both last: one bad epoch is no alarm, two in a row are.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from colorlib.losses import GANLoss

DISCRIMINATOR_WON = 0.1  # of the critic's loss on fake pictures where it cannot tell
INPUT_IGNORED = 0.002  # in the network's units: 0.2 units of a and b


def input_sensitivity(net: nn.Module, L: Tensor) -> float:
    """Measure how far a generator's answer moves, on average, when its input becomes the negative.

    Args:
        net: L to ab, in evaluation mode.
        L: (n, 1, h, w) in [-1, 1].

    Returns:
        The mean distance in the network's units; 0 for a network that does not look at L.

    Example:
        >>> input_sensitivity(lambda L: torch.zeros(1, 2, 4, 4), torch.rand(1, 1, 4, 4))
        0.0
    """
    with torch.no_grad():
        return (net(L).float() - net(-L).float()).abs().mean().item()


def gan_warnings(history: Sequence[dict[str, float]], gan: GANLoss) -> list[str]:
    """Say what has gone wrong for two epochs in a row and had not before.

    Args:
        history: A row for each epoch: ``input_sensitivity``, and where there is a critic ``D_fake``. The critic's loss
            on real pictures is not looked at: with smoothed labels it never comes near 0.
        gan: The adversarial loss.

    Example:
        >>> rows = [{"input_sensitivity": 0.1, "D_fake": loss} for loss in (0.6, 0.01, 0.01)]
        >>> gan_warnings(rows[:2], GANLoss()), len(gan_warnings(rows, GANLoss()))
        ([], 1)
    """
    limits = {"D_fake": DISCRIMINATOR_WON * gan.chance_level[1], "input_sensitivity": INPUT_IGNORED}
    found = []
    for name, limit in limits.items():
        low = [row.get(name, limit) < limit for row in history[-3:]]
        if low[-2:] == [True, True] and low[:-2] != [True]:
            found.append(_WORDS[name].format(history[-1][name], limit))
    return found


_WORDS = {
    "D_fake": "the critic tells every colorized picture (its loss on them is {:.3f}, expected above {:.3f}); "
    "smooth its labels (0.9), lower its learning rate, or raise lambda",
    "input_sensitivity": "the generator hardly looks at its input (its negative moves the answer by {:.4f}, expected "
    "above {:.4f}); lower the learning rate, or raise lambda, and start again from an earlier checkpoint",
}
