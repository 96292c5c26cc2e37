"""The baseline of the benchmarks: colorization as it is commonly written in public tutorials.

A data set converts each photo separately with scikit-image in worker processes, and a step runs in
float32, in PyTorch's default memory format, with plain Adam. It was written for this purpose; the
mathematics is the same as ours, and a test compares both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from skimage.color import rgb2lab
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset


class LabPhotos(Dataset):
    """JPEG files, decoded, resized and converted at each access."""

    def __init__(self, paths: Sequence[Path], size: int) -> None:
        self.paths, self.size = list(paths), size

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        image = Image.open(self.paths[index]).convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
        image = image.resize((self.size, self.size), Image.Resampling.BICUBIC)
        lab = torch.from_numpy(rgb2lab(np.array(image)).astype("float32")).permute(2, 0, 1)
        return {"L": lab[:1] / 50 - 1, "ab": lab[1:] / 110}


def build_loader(
    paths: Sequence[Path], size: int, batch_size: int, num_workers: int = 2
) -> DataLoader:
    """Return a loader of photos in their order."""
    return DataLoader(LabPhotos(paths, size), batch_size=batch_size, num_workers=num_workers)


def down(in_channels: int, out_channels: int, norm: bool = True) -> list[nn.Module]:
    """Return layers that halve an image."""
    conv = nn.Conv2d(in_channels, out_channels, 4, 2, 1, bias=False)
    return [conv, nn.BatchNorm2d(out_channels)] if norm else [conv]


class Block(nn.Module):
    """A level of the U-Net with all levels below it."""

    def __init__(self, outer: int, inner: int, below: nn.Module | None, dropout: bool) -> None:
        super().__init__()
        layers = [nn.LeakyReLU(0.2), *down(outer, inner, norm=below is not None)]
        in_channels = inner
        if below is not None:
            layers.append(below)
            in_channels = 2 * inner
        up = nn.ConvTranspose2d(in_channels, outer, 4, 2, 1, bias=False)
        layers += [nn.ReLU(), up, nn.BatchNorm2d(outer)]
        if dropout:
            layers.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.model(x)], 1)


def build_unet(num_downs: int = 8, base_channels: int = 64) -> nn.Module:
    """Return a pix2pix U-Net, from L to ab, built from the innermost level."""
    channels = [base_channels * min(2**i, 8) for i in range(num_downs)]
    block: nn.Module | None = None
    for i in range(num_downs - 1, 0, -1):
        block = Block(channels[i - 1], channels[i], block, dropout=3 < i < num_downs - 1)
    last = [nn.ReLU(), nn.ConvTranspose2d(2 * base_channels, 2, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*down(1, base_channels, norm=False), block, *last)


def build_discriminator(base_channels: int = 64) -> nn.Module:
    """Return a 70x70 PatchGAN discriminator of Lab images."""
    layers = [nn.Conv2d(3, base_channels, 4, 2, 1), nn.LeakyReLU(0.2)]
    channels = base_channels
    for stride in (2, 2, 1):
        layers.append(nn.Conv2d(channels, 2 * channels, 4, stride, 1, bias=False))
        layers += [nn.BatchNorm2d(2 * channels), nn.LeakyReLU(0.2)]
        channels = 2 * channels
    return nn.Sequential(*layers, nn.Conv2d(channels, 1, 4, 1, 1))


def build_train_step(
    net_g: nn.Module, net_d: nn.Module, lr: float = 2e-4, lambda_rec: float = 100.0
) -> Callable[[Tensor, Tensor], dict[str, float]]:
    """Return the step of both networks: BCE on logits, and L1 times ``lambda_rec``."""
    bce, l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()
    opt_g = torch.optim.Adam(net_g.parameters(), lr, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(net_d.parameters(), lr, betas=(0.5, 0.999))

    def gan(prediction: Tensor, real: bool) -> Tensor:
        return bce(prediction, torch.full_like(prediction, float(real)))

    def step(L: Tensor, ab: Tensor) -> dict[str, float]:
        fake = net_g(L)
        net_d.requires_grad_(True)
        opt_d.zero_grad()
        d_fake = gan(net_d(torch.cat([L, fake.detach()], dim=1)), False)
        d_real = gan(net_d(torch.cat([L, ab], dim=1)), True)
        ((d_fake + d_real) / 2).backward()
        opt_d.step()
        net_d.requires_grad_(False)
        opt_g.zero_grad()
        g_gan = gan(net_d(torch.cat([L, fake], dim=1)), True)
        g_rec = l1(fake, ab)
        (g_gan + lambda_rec * g_rec).backward()
        opt_g.step()
        losses = {"D_real": d_real, "D_fake": d_fake, "G_GAN": g_gan, "G_rec": g_rec}
        return {name: value.item() for name, value in losses.items()}

    return step
