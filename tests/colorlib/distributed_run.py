"""The work of each process in test_distributed.py: torchrun distributed_run.py TASK FOLDER [STEP].

Importing takes seconds in each process. ``python distributed_run.py`` imports everything once; for
each line of its standard input it does what torchrun does with these arguments, in forks.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from tiny_run import Crops, Hooks, TinyDiscriminator, trainer, weights
from torch import nn
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook

from colorlib.engine import distributed
from colorlib.generator import init_weights
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet


class LoggedCrops(Crops):
    """Crops that remember which of them were loaded, batch by batch."""

    def __init__(self):
        self.loaded = []

    def __getitems__(self, indices):
        self.loaded.append(list(indices))
        return super().__getitems__(indices)


def train_logged(net_g, net_d=None, seed=0):
    """Train for eight epochs of three steps; return losses, loaded images and history."""
    dataset, steps, loaded = LoggedCrops(), [], []

    def log_step(run, losses):
        steps.append(losses)
        loaded.append(dataset.loaded[-1])

    init_weights(net_g, "he", seed)
    if net_d is not None:
        init_weights(net_d, "he", seed + 1)
    config = TrainConfig(epochs=8, batch_size=4, lr=1e-3, ema_decay=0.9)
    run = Trainer(net_g, dataset, config, net_d=net_d, callbacks=[Hooks(log_step)])
    run.fit()
    return {"steps": steps, "loaded": loaded, "history": run.history}


def discriminator():
    """Return one without batch norm, whose statistics would be those of a shard."""
    return TinyDiscriminator(nn.LeakyReLU(0.2))


def train_plain(seed=0):
    """Train networks without batch norm and dropout."""
    return train_logged(BaselineCNN(), discriminator(), seed)


def train_with_batch_norm():
    """Train a network with batch norm and without dropout."""
    return train_logged(UNet(num_downs=3, base_channels=4, dropout=0.0))


def log_sent_bytes():
    """Return a list to which each later message of this process appends its size in bytes."""
    sizes, all_reduce, data_parallel = [], dist.all_reduce, distributed.data_parallel

    def log_size(tensor, *args, **options):
        sizes.append(tensor.numel() * tensor.element_size())
        return all_reduce(tensor, *args, **options)

    def send_gradients_from_python(net):
        net = data_parallel(net)
        net.register_comm_hook(dist.group.WORLD, allreduce_hook)  # it calls dist.all_reduce
        return net

    dist.all_reduce, distributed.data_parallel = log_size, send_gradients_from_python
    return sizes


def train_whole(folder):
    """Train without a disturbance, and save what this process has seen."""
    rank, sizes = distributed.rank(), log_sent_bytes()
    report = {"plain": train_plain(), "sent": sum(sizes)}
    report["other_seed"] = train_plain(seed=5 * rank)["steps"][-1]
    report["batch_norm"] = train_with_batch_norm()
    try:
        trainer(batch_size=3)
    except ValueError as error:
        report["refused"] = str(error)
    run = trainer(folder / "whole")
    run.fit(save_every_steps=2)
    (folder / f"report-{rank}.json").write_text(json.dumps(report))
    torch.save(weights(run), folder / f"whole-{rank}.pt")


def train_killed(folder, step):
    """Train; process 1 dies before this step."""
    rank = distributed.rank()

    def die(run, losses):
        if rank == 1 and run.global_step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    run = trainer(folder / "killed", callbacks=[Hooks(die)])
    run.fit(save_every_steps=2)
    torch.save(weights(run), folder / f"killed-{rank}.pt")


def serve():
    """Start two processes for each line of standard input, and print how they ended."""
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    torch.set_num_threads(1)
    options = ["--standalone", "--nproc-per-node", "2", "--start-method", "fork"]
    for line in sys.stdin:
        try:
            run.main([*options, "--run-path", __file__, *json.loads(line)])
        except ChildFailedError as error:  # the command torchrun shows it and returns 1
            print(error, file=sys.stderr, flush=True)
            print("ended 1", flush=True)
        else:
            print("ended 0", flush=True)


if __name__ == "__main__" and len(sys.argv) == 1:
    serve()
elif __name__ == "__main__":
    torch.set_num_threads(1)
    with distributed.process_group(torch.device("cpu")):
        if sys.argv[1] == "whole":
            train_whole(Path(sys.argv[2]))
        else:
            train_killed(Path(sys.argv[2]), int(sys.argv[3]))
