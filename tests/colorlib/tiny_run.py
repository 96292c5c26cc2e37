"""A tiny training run, and a driver that kills one at random moments: python tiny_run.py FOLDER."""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import Dataset
from tqdm import tqdm

from colorlib.data import sample_photo_crops
from colorlib.engine.callbacks import Callback
from colorlib.training import TrainConfig, Trainer


class Crops(Dataset):
    """Twelve crops of the sample photos."""

    rgb = sample_photo_crops(12, size=16, seed=0)

    def __len__(self):
        return len(self.rgb)

    def __getitem__(self, index):
        return self.rgb[index]

    def __getitems__(self, indices):
        return self.rgb[indices]


class TinyDiscriminator(nn.Module):
    """Two convolutions, and a layer between them."""

    def __init__(self, middle):
        super().__init__()
        first, last = nn.Conv2d(3, 8, 4, 2, 1), nn.Conv2d(8, 1, 4, 2, 1)
        self.net = nn.Sequential(first, middle, last)

    def forward(self, L, ab):
        return self.net(torch.cat([L, ab], 1))


class Hooks(Callback):
    """Calls functions that a test gives it."""

    def __init__(self, on_step_end=None, on_epoch_end=None):
        self.step_hook, self.epoch_hook = on_step_end, on_epoch_end

    def on_step_end(self, trainer, losses):
        if self.step_hook is not None:
            self.step_hook(trainer, losses)

    def on_epoch_end(self, trainer):
        if self.epoch_hook is not None:
            self.epoch_hook(trainer)


def trainer(folder=None, *, callbacks=(), **changes):
    """Three steps per epoch, four epochs, with everything on that could go wrong."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        layers = [nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Dropout(0.5), nn.ReLU()]
        net_g = nn.Sequential(*layers, nn.Conv2d(8, 2, 3, padding=1), nn.Tanh())
        net_d = TinyDiscriminator(nn.BatchNorm2d(8))
    config = {"epochs": 4, "batch_size": 4, "ema_decay": 0.9, "lr": 1e-2}
    config |= {"schedule": "plateau", "patience": 0}
    return Trainer(
        net_g,
        Crops(),
        TrainConfig(**config | changes),
        net_d=net_d,
        folder=folder,
        validate=_validate,
        callbacks=callbacks,
    )


def _validate(net):
    torch.rand(3)  # a validation that draws random numbers must not disturb the run
    return -float(net(torch.zeros(1, 1, 16, 16)).abs().mean())


def weights(run):
    """Everything that training changes in the networks, as a list of tensors."""
    names = ("net_g", "net_d", "ema")
    return [tensor for name in names for tensor in run.parts[name].state_dict().values()]


def same_run(one, two):
    """Whether two runs have the same weights and history, bit for bit."""
    return one.history == two.history and all(map(torch.equal, weights(one), weights(two)))


def main(folder: Path) -> None:
    """Train without a disturbance, and killed at five random moments; print how many kills hit."""
    torch.set_num_threads(1)
    # tqdm's own lock is shared by all forks, and a killed one would never release it
    tqdm.set_lock(threading.RLock())
    random_numbers, hits = random.Random(5), 0
    for name, kills in (("whole", 0), ("killed", 5)):
        for kills_left in range(kills, -1, -1):
            child = os.fork()  # a new process for each session, without importing torch again
            if child == 0:
                run = trainer(folder / name, epochs=40)
                run.fit(save_every_steps=2)
                torch.save(weights(run), folder / f"{name}.pt")
                os._exit(0)
            if kills_left:
                time.sleep(random_numbers.uniform(0.02, 0.2))
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            hits += os.WIFSIGNALED(status)
    print(hits)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
