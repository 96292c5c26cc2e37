"""What each process does in test_training_several.py: torchrun several_run.py TASK FOLDER [STEP].

Importing takes seconds of each process. ``python several_run.py`` imports everything once; for each line of
its standard input it is torchrun with those words, whose processes are its forks.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from tiny_run import Crops, trainer, weights
from torch import nn

from colorlib.engine import distributed
from colorlib.training import TrainConfig, Trainer
from colorlib.generator import init_weights
from colorlib.models.baseline_cnn import BaselineCNN
from colorlib.unet import UNet


class Critic(nn.Module):
    """Without batch norm, whose statistics are those of a process's share."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 8, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 4, 2, 1)
        )

    def forward(self, L, ab):
        return self.net(torch.cat([L, ab], 1))


def curve(net_g, net_d=None, seed=0):
    """Train for eight epochs of three steps: the losses of each step, and the pictures that it looked at."""
    data, steps, seen = Crops(), [], []
    net_g, net_d = init_weights(net_g, "he", seed), net_d and init_weights(net_d, "he", seed + 1)
    run = Trainer(net_g, data, TrainConfig(epochs=8, batch_size=4, lr=1e-3, ema_decay=0.9), net_d=net_d)
    one_step, pictures = run._one_step, run._pictures

    def step(indices):
        run._pictures = lambda some: (seen.append(some.tolist()), pictures(some))[1]
        steps.append(one_step(indices))
        run._pictures = pictures
        return steps[-1]

    run._one_step = step
    run.fit()
    return {"steps": steps, "seen": seen, "history": run.history}


def plain(seed=0):
    """Train networks without batch norm and dropout."""
    return curve(BaselineCNN(), Critic(), seed)


def normed():
    """Train a network with batch norm, without dropout."""
    return curve(UNet(num_downs=3, base_channels=4, dropout=0.0))


def whole(folder):
    """Train undisturbed, count what is sent, and write down what this process has seen."""
    sent, all_reduce = [], dist.all_reduce
    dist.all_reduce = lambda tensor, *args, **kw: (
        sent.append(tensor.numel() * tensor.element_size()),
        all_reduce(tensor, *args, **kw),
    )[1]
    rank = distributed.rank()
    told = {"plain": plain(), "bytes": list(sent), "other_seed": plain(seed=5 * rank)["steps"][-1]}
    told["normed"] = normed()
    try:
        trainer(None, batch_size=3)
    except ValueError as error:
        told["refused"] = str(error)
    run = trainer(folder / "whole")
    run.after_epoch = lambda _: told.setdefault("looks", []).append(run.epoch)
    run.fit(save_every_steps=2)
    (folder / f"told-{rank}.json").write_text(json.dumps(told))
    torch.save(weights(run), folder / f"whole-{rank}.pt")


def killed(folder, at):
    """Train; process 1 is gone after so many steps, unless it has been before."""
    run, rank = trainer(folder / "killed"), distributed.rank()
    step = run._one_step

    def one_step(indices):
        if rank == 1 and run.total == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(indices)

    run._one_step = one_step
    run.fit(save_every_steps=2)
    torch.save(weights(run), folder / f"killed-{rank}.pt")


def serve():
    """Start two processes for each line of standard input, and say with which status they have ended."""
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    torch.set_num_threads(1)
    start = [
        "--standalone",
        "--nproc-per-node",
        "2",
        "--start-method",
        "fork",
        "--run-path",
        __file__,
    ]
    for line in sys.stdin:
        try:
            run.main([*start, *json.loads(line)])
        except ChildFailedError as error:  # as a command, torchrun shows it and has the status 1
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
            whole(Path(sys.argv[2]))
        else:
            killed(Path(sys.argv[2]), int(sys.argv[3]))
