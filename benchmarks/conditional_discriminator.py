"""The gain of a discriminator from seeing L, against five kinds of wrong colours.

Run it with ``python -m benchmarks.conditional_discriminator``; it writes
``course/results/conditional_discriminator.json``. Each discriminator learns on crops of four
embedded photographs, and is tested on crops of the two others.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from colorlib import data
from colorlib.color import LabScaler, quantize_lightness, rgb_to_lab
from colorlib.discriminators import (
    Discriminator,
    ImageDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
)
from colorlib.losses import GANLoss
from course.tool import stored_results

SIZE, CROPS, WIDTH, STEPS, BATCH = 64, 240, 16, 100, 8
SEEDS = range(6)  # each pair of photographs is held out twice
PHOTOS = 6

DISCRIMINATORS: dict[str, Callable[[], Discriminator]] = {
    "70 x 70, ab alone": lambda: PatchDiscriminator(
        in_channels=2, base_channels=WIDTH, conditional=False
    ),
    "70 x 70, L and ab": lambda: PatchDiscriminator(base_channels=WIDTH),
    "16 x 16, L and ab": lambda: PatchDiscriminator(n_layers=1, base_channels=WIDTH),
    "1 x 1, L and ab": lambda: PixelDiscriminator(base_channels=WIDTH),
    "whole, L and ab": lambda: ImageDiscriminator(
        in_channels=3, image_size=SIZE, base_channels=WIDTH
    ),
}


def rotate_hues(ab: Tensor, generator: Generator) -> Tensor:
    """Turn all hues of an image by one angle, 90 to 270 degrees, another one for each image."""
    angle = (0.5 + torch.rand(len(ab), 1, 1, generator=generator)) * torch.pi
    a, b = ab.unbind(1)
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([cos * a - sin * b, sin * a + cos * b], dim=1)


def add_noise(ab: Tensor, generator: Generator) -> Tensor:
    """Add Gaussian noise to the colours."""
    return ab + 0.1 * torch.randn(ab.shape, generator=generator)


WRONG_COLORS: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "ab with noise": add_noise,
    "ab = 0: gray": lambda ab, generator: torch.zeros_like(ab),
    "all hues turned": rotate_hues,
    # the images of a batch are of all photos in turn
    "ab of another photo": lambda ab, generator: ab.roll(1, 0),
    "its own ab, mirrored": lambda ab, generator: ab.flip(-1),
}


def train(
    net_d: Discriminator, L: Tensor, ab: Tensor, make_wrong: Callable, generator: Generator
) -> None:
    """Train a discriminator to tell true colours from wrong ones, on crops of four photographs."""
    optimizer = torch.optim.Adam(net_d.parameters(), 1e-3, betas=(0.5, 0.999))
    photos, gan = PHOTOS - 2, GANLoss()
    for _ in range(STEPS):
        # crop i is of photo i % 4, and each batch has equally many of every photo
        groups = torch.randint(len(L) // photos, (BATCH,), generator=generator)
        index = groups * photos + torch.arange(BATCH) % photos
        batch_L, batch_ab = L[index], ab[index]
        if torch.rand((), generator=generator) < 0.5:  # mirrored, true and wrong alike
            batch_L, batch_ab = batch_L.flip(-1), batch_ab.flip(-1)
        both_ab = torch.cat([batch_ab, make_wrong(batch_ab, generator)])
        real, fake = net_d(batch_L.repeat(2, 1, 1, 1), both_ab).chunk(2)
        optimizer.zero_grad()
        sum(gan.discriminator_loss(real, fake)).backward()
        optimizer.step()


@torch.no_grad()
def score(
    net_d: Discriminator, L: Tensor, ab: Tensor, make_wrong: Callable, generator: Generator
) -> float:
    """Return how often a true image gets a higher mean logit than a wrong one; 0.5 is chance."""
    L, ab = torch.cat([L, L.flip(-1)]), torch.cat([ab, ab.flip(-1)])
    net_d.eval()
    real = net_d(L, ab).mean((1, 2, 3)).double()
    fake = net_d(L, make_wrong(ab, generator)).mean((1, 2, 3)).double()
    gap = (real[:, None] - fake).round(decimals=9)
    return (gap.sign() + 1).div(2).mean().item()


def run(seed: int) -> dict[tuple[str, str], float]:
    """Train and test every discriminator on every kind of wrong colours, for one pair of photos."""
    crops = data.sample_photo_crops(CROPS, SIZE, seed=seed, split="all")
    L, ab = LabScaler().normalize(quantize_lightness(rgb_to_lab(crops)))
    held_out = torch.arange(CROPS) % PHOTOS // 2 == seed % 3
    scores = {}
    for kind, make_wrong in WRONG_COLORS.items():
        for name, build in DISCRIMINATORS.items():
            torch.manual_seed(seed)
            generator, net_d = torch.Generator().manual_seed(seed), build()
            train(net_d, L[~held_out], ab[~held_out], make_wrong, generator)
            scores[kind, name] = score(net_d, L[held_out], ab[held_out], make_wrong, generator)
    return scores


def main() -> None:
    runs = [run(seed) for seed in SEEDS]
    rows = []
    for kind in WRONG_COLORS:
        shares = [{name: scores[kind, name] for name in DISCRIMINATORS} for scores in runs]
        for name in DISCRIMINATORS:
            print(kind, name, [round(share[name], 2) for share in shares])
        rows.append({"name": kind, "values": stored_results.mean_over_runs(shares)})
    path = stored_results.write(
        "conditional_discriminator",
        title="How often a discriminator scores true colours above wrong ones, on unseen photos",
        command="python -m benchmarks.conditional_discriminator",
        protocol=(
            f"Chance is 0.50. Crops of {SIZE} x {SIZE} pixels from the six embedded photographs: "
            f"each discriminator ({WIDTH} filters in its first layer) learns on four of them for "
            f"{STEPS} steps of {BATCH} true and as many wrong images, and is tested on the two "
            "others; each pair of photographs is held out twice. The number after ± is the "
            "standard deviation over the six runs."
        ),
        seeds=list(SEEDS),
        columns=list(DISCRIMINATORS),
        rows=rows,
    )
    print(f"{path.name} written")


if __name__ == "__main__":
    main()
