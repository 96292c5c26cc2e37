"""What a critic gains by seeing L: critics with and without it, against five kinds of wrong colours.

Run it with ``python -m benchmarks.conditional_critic``; it stores ``course/results/conditional_critic.json``.
Each critic learns on crops of four embedded photographs, and is asked about crops of the two others.
"""

from __future__ import annotations

import statistics
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

CRITICS: dict[str, Callable[[], Discriminator]] = {
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


def turned(ab: Tensor, dice: Generator) -> Tensor:
    """Turn all hues of a picture by one angle, 90 to 270 degrees, another for each picture."""
    angle = (0.5 + torch.rand(len(ab), 1, 1, generator=dice)) * torch.pi
    a, b = ab.unbind(1)
    return torch.stack(
        [angle.cos() * a - angle.sin() * b, angle.sin() * a + angle.cos() * b], dim=1
    )


WRONG: dict[str, Callable[[Tensor, Generator], Tensor]] = {
    "ab with noise": lambda ab, dice: ab + 0.1 * torch.randn(ab.shape, generator=dice),
    "ab = 0: gray": lambda ab, dice: torch.zeros_like(ab),
    "all hues turned": turned,
    "ab of another photo": lambda ab, dice: ab.roll(1, 0),  # batches go round the photos in turn
    "its own ab, mirrored": lambda ab, dice: ab.flip(-1),
}


def train(net_d: Discriminator, L: Tensor, ab: Tensor, wrong: Callable, dice: Generator) -> None:
    """Teach a critic true colours from wrong ones, on crops that go round four photographs in turn."""
    optimizer = torch.optim.Adam(net_d.parameters(), 1e-3, betas=(0.5, 0.999))
    photos, loss = PHOTOS - 2, GANLoss()
    for _ in range(STEPS):
        rounds = torch.randint(len(L) // photos, (BATCH,), generator=dice)
        index = rounds * photos + torch.arange(BATCH) % photos
        pair = L[index], ab[index]
        if torch.rand((), generator=dice) < 0.5:  # as often mirrored as not, true and wrong alike
            pair = pair[0].flip(-1), pair[1].flip(-1)
        both = net_d(pair[0].repeat(2, 1, 1, 1), torch.cat([pair[1], wrong(pair[1], dice)]))
        optimizer.zero_grad()
        sum(loss.discriminator_loss(*both.chunk(2))).backward()
        optimizer.step()


@torch.no_grad()
def ahead(net_d: Discriminator, L: Tensor, ab: Tensor, wrong: Callable, dice: Generator) -> float:
    """Count how often a true picture gets a higher mean logit than a wrong one; 0.5 is a coin."""
    L, ab = torch.cat([L, L.flip(-1)]), torch.cat([ab, ab.flip(-1)])
    net_d.eval()
    real, fake = (net_d(L, colors).mean((1, 2, 3)).double() for colors in (ab, wrong(ab, dice)))
    gap = (real[:, None] - fake).round(decimals=9)
    return (gap.sign() + 1).div(2).mean().item()


def run(seed: int) -> dict[tuple[str, str], float]:
    """Train and ask every critic about every kind of wrong colours, with one pair of photos held out."""
    L, ab = LabScaler().normalize(
        quantize_lightness(rgb_to_lab(data.sample_photo_crops(CROPS, SIZE, seed=seed, split="all")))
    )
    held_out = torch.arange(CROPS) % PHOTOS // 2 == seed % 3
    found = {}
    for kind, wrong in WRONG.items():
        for name, make in CRITICS.items():
            torch.manual_seed(seed)
            dice, net_d = torch.Generator().manual_seed(seed), make()
            train(net_d, L[~held_out], ab[~held_out], wrong, dice)
            found[kind, name] = ahead(net_d, L[held_out], ab[held_out], wrong, dice)
    return found


def main() -> None:
    runs = [run(seed) for seed in SEEDS]
    rows = []
    for kind in WRONG:
        scores = {name: [found[kind, name] for found in runs] for name in CRITICS}
        values = {
            name: {"mean": statistics.mean(s), "spread": statistics.stdev(s), "n": len(s)}
            for name, s in scores.items()
        }
        rows.append({"name": kind, "values": values})
        print(kind, {name: [round(one, 2) for one in s] for name, s in scores.items()})
    path = stored_results.write(
        "conditional_critic",
        title="How often a critic scores true colours above wrong ones, on photos it has never seen",
        command="python -m benchmarks.conditional_critic",
        protocol=(
            f"A coin would score 0.50. Crops of {SIZE} x {SIZE} pixels from the six embedded photographs: "
            f"each critic ({WIDTH} filters in its first layer) learns on four of them for {STEPS} steps of "
            f"{BATCH} true and as many wrong pictures, and is asked about the two others; each pair of "
            "photographs is held out twice. The number after ± is the standard deviation over the six runs."
        ),
        seeds=list(SEEDS),
        columns=list(CRITICS),
        rows=rows,
    )
    print(f"{path.name} written")


if __name__ == "__main__":
    main()
