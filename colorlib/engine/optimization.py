"""Devices, Adam, learning-rate schedules and the moving average of weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

if TYPE_CHECKING:
    from colorlib.training import TrainConfig

Scheduler = lr_scheduler.LambdaLR | lr_scheduler.ReduceLROnPlateau


def to_device(net: nn.Module, device: torch.device, amp_dtype: torch.dtype | None) -> nn.Module:
    """Move a network to a device, in the memory format in which its convolutions are fastest.

    Channels last is fastest for 16-bit types and on GPUs. A CPU in float32 gains nothing by it, and
    is slower where a convolution must reorder its input first; a generator that does gain there has
    the class attribute ``channels_last``.

    Example:
        >>> net = to_device(nn.Conv2d(2, 3, 3), torch.device("cpu"), torch.bfloat16)
        >>> net.weight.stride()
        (18, 1, 6, 2)
    """
    if amp_dtype is None and device.type != "cuda" and not getattr(net, "channels_last", False):
        return net.to(device)
    return net.to(device, memory_format=torch.channels_last)


def build_adam(net: nn.Module, config: TrainConfig, device: torch.device) -> torch.optim.Adam:
    """Return Adam for a network, fused where that is available: one pass over memory.

    Its ``load_state_dict`` takes a state that was saved on any device and in any memory format.
    """
    fused = device.type in ("cpu", "cuda")  # in every torch from 2.4 on
    optimizer = torch.optim.Adam(net.parameters(), lr=config.lr, betas=config.betas, fused=fused)
    optimizer.register_load_state_dict_pre_hook(_keep_fused)
    optimizer.register_load_state_dict_post_hook(_match_memory_format)
    return optimizer


def _keep_fused(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> dict[str, Any]:
    """Return a saved state with the setting of this device."""
    groups = [{**group, "fused": optimizer.defaults["fused"]} for group in state["param_groups"]]
    return {**state, "param_groups": groups}


def _match_memory_format(optimizer: torch.optim.Optimizer) -> None:
    """Store the moments in the memory format of the weights: a fused kernel reads them together."""
    for weight, moments in optimizer.state.items():
        for name in ("exp_avg", "exp_avg_sq"):
            moments[name] = torch.empty_like(weight).copy_(moments[name])


def build_scheduler(optimizer: torch.optim.Optimizer, config: TrainConfig) -> Scheduler:
    """Return the learning-rate schedule, to be stepped at the end of each epoch.

    Example:
        >>> from colorlib.training import TrainConfig
        >>> config = TrainConfig(epochs=4, lr=0.1, schedule="cosine")
        >>> optimizer = build_adam(nn.Conv2d(1, 2, 3), config, torch.device("cpu"))
        >>> scheduler = build_scheduler(optimizer, config)
        >>> optimizer.step(), scheduler.step(), optimizer.step(), scheduler.step()
        (None, None, None, None)
        >>> round(optimizer.param_groups[0]["lr"], 6)
        0.05
    """
    if config.schedule == "plateau":
        return lr_scheduler.ReduceLROnPlateau(
            optimizer, mode="max", factor=0.1, patience=config.patience, threshold=0, eps=0
        )
    # Each is a function of the epoch, so a resumed run may have more epochs than it began with.
    factors = {
        "constant": lambda epoch: 1.0,
        "step": lambda epoch: 0.1 if epoch >= config.step_epoch else 1.0,
        "cosine": lambda epoch: (1 + math.cos(math.pi * epoch / config.epochs)) / 2,
    }
    return lr_scheduler.LambdaLR(optimizer, factors[config.schedule])


def restore_lr(scheduler: Scheduler) -> None:
    """Set the learning rate of a schedule's epoch, after the state of a run was loaded.

    The optimizer's state holds the rate of the run that was saved. If the run is to have more
    epochs now, a cosine has another rate at the same epoch; a run that had ended would go on at 0.

    Example:
        >>> from colorlib.training import TrainConfig
        >>> config = TrainConfig(epochs=2, lr=0.1, schedule="cosine")
        >>> optimizer = build_adam(nn.Conv2d(1, 2, 3), config, torch.device("cpu"))
        >>> scheduler = build_scheduler(optimizer, config)
        >>> optimizer.param_groups[0]["lr"] = 0.0
        >>> restore_lr(scheduler)
        >>> optimizer.param_groups[0]["lr"]
        0.1
    """
    if isinstance(scheduler, lr_scheduler.LambdaLR):
        factors = zip(scheduler.base_lrs, scheduler.lr_lambdas, strict=True)
        rates = [base_lr * factor(scheduler.last_epoch) for base_lr, factor in factors]
        for group, lr in zip(scheduler.optimizer.param_groups, rates, strict=True):
            group["lr"] = lr


def build_ema(net: nn.Module, decay: float) -> AveragedModel:
    """Return an exponential moving average of a network's weights.

    Each update is average = decay * average + (1 - decay) * weights.
    """
    return AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay))


def update_bn(net: nn.Module, batches: Iterable[Tensor]) -> None:
    """Compute a network's batch-norm statistics again, for example after averaging its weights.

    With averaged weights the features have other statistics; with those of the last step such a
    network can do worse than any that was averaged. ``torch.optim.swa_utils.update_bn`` does not
    serve here: it resets frozen layers too, and computes statistics with dropout on.

    A batch norm that ``net.train()`` leaves in evaluation mode, as in a frozen encoder, keeps its
    statistics.

    Args:
        net: in evaluation mode afterwards.
        batches: its input; the statistics are averaged over all of them.

    Example:
        >>> net = nn.BatchNorm2d(1)
        >>> update_bn(net, [torch.full((1, 1, 2, 2), 3.0), torch.full((1, 1, 2, 2), 5.0)])
        >>> net.running_mean
        tensor([4.])
    """
    net.train()
    layers = [layer for layer in net.modules() if isinstance(layer, _BatchNorm) and layer.training]
    net.eval()
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the plain average over all batches
        layer.train()
    if layers:
        with torch.no_grad():
            for batch in batches:
                net(batch)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    net.eval()
