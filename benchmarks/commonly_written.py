"""What ours is compared with: colorization as it is commonly written, after the shape of public tutorials.

A data set converts each photo by itself with scikit-image, workers hand the pictures over, a step runs in
float32 in PyTorch's default memory format with plain Adam, everything in one file. Written for this purpose;
the mathematics is the same as ours, and a test compares both.
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


class PhotosInLab(Dataset):
    """JPEG files, each decoded, resized and converted whenever it is asked for."""

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


def loader(paths: Sequence[Path], size: int, batch: int, workers: int = 2) -> DataLoader:
    """Make batches of photos in their order."""
    return DataLoader(PhotosInLab(paths, size), batch_size=batch, num_workers=workers)


def down(inputs: int, outputs: int, norm: bool = True) -> list[nn.Module]:
    """Halve the picture."""
    conv = nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)
    return [conv, *([nn.BatchNorm2d(outputs)] if norm else [])]


class Block(nn.Module):
    """A level of the U-Net with all that lies below it."""

    def __init__(self, outer: int, inner: int, below: nn.Module | None, dropout: bool) -> None:
        super().__init__()
        way_up = nn.ConvTranspose2d(inner * (1 if below is None else 2), outer, 4, 2, 1, bias=False)
        layers = [nn.LeakyReLU(0.2), *down(outer, inner, norm=below is not None)]
        layers += [*([] if below is None else [below]), nn.ReLU(), way_up, nn.BatchNorm2d(outer)]
        self.model = nn.Sequential(*layers, *([nn.Dropout(0.5)] if dropout else []))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.model(x)], 1)


def unet(downs: int = 8, width: int = 64) -> nn.Module:
    """Make a pix2pix U-Net from the middle: L in, ab out."""
    widths = [width * min(2**i, 8) for i in range(downs)]
    block: nn.Module | None = None
    for i in range(downs - 1, 0, -1):
        block = Block(widths[i - 1], widths[i], block, dropout=3 < i < downs - 1)
    ends = [nn.ReLU(), nn.ConvTranspose2d(2 * width, 2, 4, 2, 1), nn.Tanh()]
    return nn.Sequential(*down(1, width, norm=False), block, *ends)


def critic(width: int = 64) -> nn.Module:
    """Make a 70x70 patch critic of Lab."""
    layers: list[nn.Module] = []
    for inputs, outputs, stride in ((3, 1, 2), (width, 2, 2), (2 * width, 4, 2), (4 * width, 8, 1)):
        norm = [nn.BatchNorm2d(outputs * width)] if outputs > 1 else []
        layers += [
            nn.Conv2d(inputs, outputs * width, 4, stride, 1, bias=not norm),
            *norm,
            nn.LeakyReLU(0.2),
        ]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


def stepper(
    net_g: nn.Module, net_d: nn.Module, lr: float = 2e-4, weight: float = 100.0
) -> Callable[[Tensor, Tensor], dict[str, float]]:
    """Make the step of both networks: BCE on logits, and L1 times ``weight``."""
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
        g_pixel = l1(fake, ab)
        (g_gan + weight * g_pixel).backward()
        opt_g.step()
        losses = {"D_real": d_real, "D_fake": d_fake, "G_GAN": g_gan, "G_rec": g_pixel}
        return {name: value.item() for name, value in losses.items()}

    return step
