"""Two silent failures of a conditional GAN, and warnings that name them.

The discriminator wins: it recognizes every colorized image, its loss goes to 0, and its gradient no
longer tells the generator how to improve. Or the generator ignores its input and gives every image
the same colours. Both persist: one bad epoch is no reason to warn, two in a row are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from colorlib.losses import GANLoss

DISCRIMINATOR_WON = 0.1  # share of its loss on fake images where it cannot tell real from fake
INPUT_IGNORED = 0.002  # in the network's units: 0.2 units of a and b


def input_sensitivity(net: Callable[[Tensor], Tensor], L: Float[Tensor, "n 1 h w"]) -> float:
    """Return how much a generator's output changes, on average, when its input is inverted.

    Args:
        net: from L to ab, in evaluation mode.
        L: (n, 1, h, w) in [-1, 1].

    Returns:
        The mean absolute difference in the network's units; 0 if the network ignores L.

    Example:
        >>> input_sensitivity(lambda L: torch.zeros(1, 2, 4, 4), torch.rand(1, 1, 4, 4))
        0.0
    """
    with torch.no_grad():
        return (net(L).float() - net(-L).float()).abs().mean().item()


def gan_warnings(history: Sequence[dict[str, float]], gan: GANLoss) -> list[str]:
    """Return a warning for each failure that has lasted exactly two epochs.

    Args:
        history: a row for each epoch: ``input_sensitivity``, and ``D_fake`` if there is a
            discriminator. Its loss on real images is not used: with smoothed labels it never comes
            near 0.
        gan: the adversarial loss.

    Example:
        >>> rows = [{"input_sensitivity": 0.1, "D_fake": loss} for loss in (0.6, 0.01, 0.01)]
        >>> gan_warnings(rows[:2], GANLoss()), len(gan_warnings(rows, GANLoss()))
        ([], 1)
    """
    limits = {
        "D_fake": DISCRIMINATOR_WON * gan.chance_level[1],
        "input_sensitivity": INPUT_IGNORED,
    }
    warnings = []
    for name, limit in limits.items():
        is_low = [row.get(name, limit) < limit for row in history[-3:]]
        if is_low in ([True, True], [False, True, True]):
            warnings.append(_MESSAGES[name].format(history[-1][name], limit))
    return warnings


_MESSAGES = {
    "D_fake": "the discriminator recognizes every colorized image (its loss on them is {:.3f}, "
    "expected above {:.3f}); smooth its labels (0.9), lower its learning rate, or raise lambda",
    "input_sensitivity": "the generator hardly depends on its input (the negative changes its "
    "output by {:.4f}, expected above {:.4f}); lower the learning rate, or raise lambda, and "
    "restart from an earlier checkpoint",
}
