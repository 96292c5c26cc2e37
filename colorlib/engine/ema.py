"""A moving average of a generator's weights: smoother than any one of them, and usually better."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import swa_utils


def build_ema(net: nn.Module, decay: float) -> swa_utils.AveragedModel:
    """Start an exponential moving average: after each step, decay * average + (1 - decay) * weights."""
    return swa_utils.AveragedModel(net, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(decay))


def update_bn(net: nn.Module, batches: Iterable[Tensor]) -> None:
    """Measure a network's batch statistics anew, as averaged weights need it.

    Averaged weights answer with other statistics than the weights that were averaged; used with those of the
    last step, or with averaged ones, they can do worse than either.

    A batch norm that ``net.train()`` leaves in evaluation mode, as in a frozen encoder, keeps what it has.

    Args:
        net: In evaluation mode afterwards, as dropout is here: statistics are those of its use.
        batches: Of its input; the average over all of them counts.

    Example:
        >>> net = nn.BatchNorm2d(1)
        >>> update_bn(net, [torch.full((1, 1, 2, 2), 3.0), torch.full((1, 1, 2, 2), 5.0)])
        >>> net.running_mean
        tensor([4.])
    """
    net.train()
    kind = nn.modules.batchnorm._BatchNorm
    norms = [module for module in net.modules() if isinstance(module, kind) and module.training]
    net.eval()
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average
        norm.train()
    with torch.no_grad():
        for batch in batches if norms else ():
            net(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    net.eval()
