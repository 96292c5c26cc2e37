"""Training in several processes, each on its shard of every batch, as ``torchrun`` starts them.

Each process holds the whole network, and DistributedDataParallel averages their gradients: all make
the same step, and their weights stay equal. In a single process every function here returns what it
was given, and ``torch.distributed`` is not used.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

_TIMEOUT = timedelta(hours=2)  # how long the others wait while one validates or prepares photos


@contextmanager
def process_group(device: torch.device) -> Iterator[torch.device]:
    """Join the processes that torchrun started for a block; in a single process do nothing.

    Args:
        device: its type is that to train on; each process on a machine gets its own GPU.

    Yields:
        The device of this process.

    Raises:
        ValueError: if there are more processes than GPUs.

    Example:
        >>> with process_group(torch.device("cpu")) as device:
        ...     device, rank(), world_size()
        (device(type='cpu'), 0, 1)
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield device
        return
    if device.type == "cuda":
        processes, gpus = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
        if processes > gpus:
            raise ValueError(
                f"torchrun started {processes} processes on this machine, which has {gpus} GPUs; "
                f"expected at most one for each GPU: torchrun --nproc-per-node {gpus}"
            )
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_TIMEOUT)
    yield device
    # Not after an error: the other processes may be waiting, and torchrun ends them.
    dist.destroy_process_group()


def world_size() -> int:
    """Return the number of processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0; process 0 saves, plots, logs and validates."""
    return dist.get_rank() if world_size() > 1 else 0


def data_parallel(net: nn.Module) -> nn.Module:
    """Wrap a network whose gradients all processes average; return it unchanged in a single one.

    All processes begin with the weights of process 0. Buffers, such as the statistics of batch
    norm, stay those of each process.
    """
    if world_size() == 1:
        return net
    # torch 2.15 renames broadcast_buffers
    parameters = inspect.signature(DistributedDataParallel).parameters
    renamed = "forward_sync_buffers" in parameters
    option = "forward_sync_buffers" if renamed else "broadcast_buffers"
    return DistributedDataParallel(net, **{option: False})


def check_divisible(batch_size: int) -> None:
    """Raise ValueError if the processes cannot share a batch evenly.

    Example:
        >>> check_divisible(15)
    """
    if batch_size % world_size():
        raise ValueError(
            f"batch_size is {batch_size} for {world_size()} processes; "
            f"expected a multiple of {world_size()}"
        )


def shard(indices: Tensor) -> Tensor:
    """Return this process's part of a batch: the parts are disjoint, and together all of it.

    Example:
        >>> shard(torch.tensor([3, 1, 2])).tolist()
        [3, 1, 2]
    """
    return indices.chunk(world_size())[rank()]


def all_reduce_mean(numbers: Mapping[str, float]) -> dict[str, float]:
    """Return the mean of each number over all processes.

    Example:
        >>> all_reduce_mean({"G_rec": 0.5})
        {'G_rec': 0.5}
    """
    if world_size() == 1:
        return dict(numbers)
    values = torch.tensor(list(numbers.values()), dtype=torch.float64, device=_message_device())
    dist.all_reduce(values)
    return dict(zip(numbers, (values / world_size()).tolist(), strict=True))


def any_process(flag: bool) -> bool:
    """Return whether the flag is true in any process; the result is the same in all of them.

    Example:
        >>> any_process(False)
        False
    """
    return all_reduce_mean({"flag": float(flag)})["flag"] > 0


def broadcast(value: Any) -> Any:
    """Return the value of process 0, in every process.

    Example:
        >>> broadcast({"val_psnr": 21.5})
        {'val_psnr': 21.5}
    """
    values = [value]
    if world_size() > 1:
        dist.broadcast_object_list(values, 0, device=_message_device())
    return values[0]


def barrier() -> None:
    """Wait until all processes have reached this line."""
    any_process(False)


@contextmanager
def local_main_process_first() -> Iterator[None]:
    """Run a block in one process of each machine first, for example to fill a cache."""
    is_first = world_size() == 1 or os.environ["LOCAL_RANK"] == "0"
    if not is_first:
        barrier()
    yield
    if is_first:
        barrier()


def _message_device() -> torch.device:
    """Return where messages must be: NCCL sends from the GPU, gloo from main memory."""
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
