"""Several processes that train one network, each on its share of every batch, as ``torchrun`` starts them.

Each process holds the whole network. The mean of their gradients is the gradient of the whole batch, so all
take the same step and their weights stay equal. Between the first and the last line of a :func:`together`
block the functions here talk to the other processes. A process that is alone gets back what it gave, and
nothing of ``torch.distributed`` is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

_PATIENCE = timedelta(hours=2)  # the others wait so long while one validates, or prepares photos


@contextmanager
def process_group(device: torch.device) -> Iterator[torch.device]:
    """Join the processes that torchrun started, for the length of a block; alone, do nothing.

    Args:
        device: of the kind to train on; each process on a machine gets a GPU of its own.

    Yields:
        The device for this process.

    Raises:
        ValueError: there are more processes than GPUs.

    Example:
        >>> with process_group(torch.device("cpu")) as device:
        ...     device, rank(), world_size()
        (device(type='cpu'), 0, 1)
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield device
        return
    if device.type == "cuda":
        wanted, found = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
        if wanted > found:
            raise ValueError(
                f"torchrun started {wanted} processes on this machine, which has {found} GPUs; expected at "
                f"most one for each GPU: torchrun --nproc-per-node {found}"
            )
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    yield device
    dist.destroy_process_group()  # not after an error: the others may be waiting, and torchrun ends them


def world_size() -> int:
    """Say how many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Say which of them this is, from 0; process 0 writes, draws, logs and validates."""
    return dist.get_rank() if world_size() > 1 else 0


def check_divisible(batch: int) -> None:
    """Refuse a batch that the processes cannot share evenly.

    Example:
        >>> check_divisible(15)
    """
    if batch % world_size():
        raise ValueError(
            f"batch_size is {batch} for {world_size()} processes; expected a multiple of {world_size()}"
        )


def shard(indices: Tensor) -> Tensor:
    """Give this process's part of a batch: the parts of all are the batch, and no two overlap.

    Example:
        >>> shard(torch.tensor([3, 1, 2])).tolist()
        [3, 1, 2]
    """
    return indices.chunk(world_size())[rank()]


def all_reduce_mean(numbers: Mapping[str, float]) -> dict[str, float]:
    """Give the mean over all processes of each number.

    Example:
        >>> all_reduce_mean({"G_rec": 0.5})
        {'G_rec': 0.5}
    """
    if world_size() == 1:
        return dict(numbers)
    values = torch.tensor(list(numbers.values()), dtype=torch.float64, device=_place())
    dist.all_reduce(values)
    return dict(zip(numbers, (values / world_size()).tolist(), strict=True))


def any_process(flag: bool) -> bool:
    """Ask whether the flag is up in any process; all get the same answer, whatever their clocks say.

    Example:
        >>> any_process(False)
        False
    """
    return all_reduce_mean({"flag": float(flag)})["flag"] > 0


def all_reduce_gradients(optimizer: torch.optim.Optimizer) -> None:
    """Replace each gradient by its mean over all processes.

    One flat sum after ``backward``: DistributedDataParallel would send while it computes, but it is not made
    for a critic that runs twice for one ``backward`` and is frozen in the next.
    """
    if world_size() == 1:
        return
    every = [weights.grad for group in optimizer.param_groups for weights in group["params"]]
    grads = [grad for grad in every if grad is not None]
    flat = torch.cat([grad.reshape(-1) for grad in grads])
    dist.all_reduce(flat)
    flat /= world_size()
    for grad, part in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
        grad.copy_(part.view_as(grad))


def broadcast_weights(net: nn.Module) -> None:
    """Give every process the weights and buffers of process 0."""
    for tensor in net.state_dict().values() if world_size() > 1 else ():
        sent = tensor.contiguous()
        dist.broadcast(sent, 0)
        tensor.copy_(sent)


def broadcast(value: Any) -> Any:
    """Give every process what process 0 has; the others wait for it.

    Example:
        >>> broadcast({"val_psnr": 21.5})
        {'val_psnr': 21.5}
    """
    box = [value]
    if world_size() > 1:
        dist.broadcast_object_list(box, 0, device=_place())
    return box[0]


def barrier() -> None:
    """Go on when all processes have come here."""
    any_process(False)


@contextmanager
def local_main_process_first() -> Iterator[None]:
    """Let one process of each machine do what fills a cache; the others then find it filled."""
    first = world_size() == 1 or os.environ["LOCAL_RANK"] == "0"
    if not first:
        barrier()
    yield
    if first:
        barrier()


def _place() -> torch.device:
    """Say where messages lie: NCCL sends from the GPU, gloo from the processor's memory."""
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
