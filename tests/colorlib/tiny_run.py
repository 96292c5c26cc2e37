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
from tqdm import tqdm

from colorlib.data import sample_photo_crops
from colorlib.training import TrainConfig, Trainer


class Crops:
    """Twelve crops of the embedded photographs."""

    rgb = sample_photo_crops(12, size=16, seed=0)

    def __len__(self):
        return len(self.rgb)

    def __getitem__(self, index):
        return self.rgb[index]

    def __getitems__(self, indices):
        return self.rgb[indices]


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.Conv2d(8, 1, 4, 2, 1)
        )

    def forward(self, L, ab):
        return self.net(torch.cat([L, ab], 1))


def trainer(folder, **changes):
    """Three steps an epoch, four epochs, with everything on that could go wrong."""
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        first = [nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Dropout(0.5), nn.ReLU()]
        net_g, net_d = nn.Sequential(*first, nn.Conv2d(8, 2, 3, padding=1), nn.Tanh()), Critic()
    values = {
        "epochs": 4,
        "batch_size": 4,
        "ema_decay": 0.9,
        "schedule": "plateau",
        "patience": 0,
        "lr": 1e-2,
    } | changes
    return Trainer(
        net_g, Crops(), TrainConfig(**values), net_d=net_d, folder=folder, validate=_score
    )


def _score(net):
    torch.rand(3)  # a validation that draws numbers must not disturb the run
    return -float(net(torch.zeros(1, 1, 16, 16)).abs().mean())


def weights(run):
    """Everything that training changes, as a list of tensors."""
    return [
        tensor
        for name in ("net_g", "net_d", "average")
        for tensor in run.parts[name].state_dict().values()
    ]


def main(folder: Path) -> None:
    """Train once undisturbed and once killed at five random moments; print how often it was alive then."""
    torch.set_num_threads(1)
    tqdm.set_lock(
        threading.RLock()
    )  # its own is one for all forks, and a killed one would keep it for ever
    chance, alive = random.Random(5), 0
    for name, kills in (("whole", 0), ("killed", 5)):
        for left in range(kills, -1, -1):
            child = (
                os.fork()
            )  # a new process for each part of the run, without importing torch again
            if child == 0:
                run = trainer(folder / name, epochs=40)
                run.fit(save_every_steps=2)
                torch.save(weights(run), folder / f"{name}.pt")
                os._exit(0)
            if left:
                time.sleep(chance.uniform(0.02, 0.2))
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            alive += os.WIFSIGNALED(status)
    print(alive)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
