"""What the skips buy: the same U-Net with and without them, on the same number of steps, three seeds each.

Run it with ``python -m benchmarks.skips``. It takes about five minutes on two cores and writes
``course/results/skips.json``, which lesson 2 shows. Training pictures are random squares of
the four embedded training photos; scored are other squares of these four, and squares of the two held-out
photos.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorlib import metrics
from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab
from colorlib.data import sample_photo_crops
from colorlib.generator import init_weights
from colorlib.unet import UNet
from course.tool import stored_results

SEEDS = [0, 1, 2]
STEPS, BATCH, SIZE, WIDTH, CROPS, RATE = 400, 16, 64, 16, 256, 1e-3
SETTINGS = {
    "with skips": {},
    "without skips": {"skip_connections": False},
    "with skips, resize-convolution": {"upsample_mode": "resize"},
    "with skips, answering in RGB": {"out_channels": 3},
}
COLUMNS = ["other crops: dB over gray", "coarse colour found, %", "fine colour found, %"]
COLUMNS += ["held-out photos: dB over gray"]


def pictures(net: nn.Module, L: Tensor) -> Tensor:
    """Run a network on L and give RGB in [0, 1], whichever of the two it answers in."""
    out = net(L)
    return (out + 1) / 2 if out.shape[1] == 3 else lab_to_rgb(LabScaler().denormalize(L, out))


def train(settings: dict, seed: int) -> nn.Module:
    """Train one network with L1, on ab or on RGB."""
    torch.manual_seed(seed)  # dropout and the order of the crops
    rgb = sample_photo_crops(CROPS, SIZE, seed=seed)
    L, ab = LabScaler().normalize(rgb_to_lab(rgb))
    target = 2 * rgb - 1 if settings.get("out_channels") == 3 else ab
    net = init_weights(UNet(num_downs=6, base_channels=WIDTH, **settings), "normal", seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE, betas=(0.5, 0.999))
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        chosen = torch.randint(CROPS, (BATCH,))
        loss = F.l1_loss(net(L[chosen]), target[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return net.eval()


def found(fake: Tensor, real: Tensor, part: Callable[[Tensor], Tensor]) -> float:
    """Say how much of a part of the true colours was found, in per cent: 0 for gray, 100 for all of it."""
    fake, real = (part(rgb_to_lab(rgb)[:, 1:]) for rgb in (fake, real))
    return 100 * (1 - (fake - real).square().sum() / real.square().sum()).item()


def coarse(ab: Tensor) -> Tensor:
    """Average colour over squares of 8x8 pixels."""
    return F.interpolate(F.avg_pool2d(ab, 8), scale_factor=8)


def over_gray(fake: Tensor, real: Tensor) -> float:
    """Give RGB PSNR in dB, each picture's minus that of its gray copy, mean over pictures."""
    answers = (fake, metrics.gray_baseline(real))
    ours, gray = (metrics.psnr(metrics.mse(answer, real), peak=1) for answer in answers)
    return (ours - gray).mean().item()


def score(net: nn.Module, seed: int) -> dict[str, float]:
    """Measure one trained network."""
    values = []
    with torch.no_grad():
        for split in ("train", "test"):
            real = sample_photo_crops(96, SIZE, seed=1000 + seed, split=split)
            fake = pictures(net, LabScaler().normalize(rgb_to_lab(real))[0])
            values.append(over_gray(fake, real))
            if split == "train":
                values += [found(fake, real, coarse), found(fake, real, lambda ab: ab - coarse(ab))]
    return dict(zip(COLUMNS, values, strict=True))


def main() -> None:
    rows = []
    for name, settings in SETTINGS.items():
        runs = []
        for seed in SEEDS:
            runs.append(score(train(settings, seed), seed))
            print(
                name,
                seed,
                {column: round(value, 2) for column, value in runs[-1].items()},
                flush=True,
            )
        values = {
            c: {
                "mean": statistics.mean(r[c] for r in runs),
                "spread": statistics.stdev(r[c] for r in runs),
            }
            for c in COLUMNS
        }
        rows.append({"name": name, "values": {c: v | {"n": len(SEEDS)} for c, v in values.items()}})
    stored_results.write(
        "skips",
        title="The same U-Net with and without skips",
        command="python -m benchmarks.skips",
        protocol=f"UNet(downs=6, width={WIDTH}), L1, Adam from {RATE} down to 0 in {STEPS} steps of {BATCH}; "
        f"{CROPS} crops of four photos, {SIZE}x{SIZE}. Scored on 96 other crops of the same photos and on 96 "
        "crops of the two held-out photos: RGB PSNR (peak 1) minus the gray copy's, mean over pictures. "
        "Colour found: 1 - squared error / squared colour, of the means over 8x8 pixels (coarse) and of what "
        "differs from them (fine). Mean ± standard deviation over the seeds.",
        seeds=SEEDS,
        columns=[{"name": c, "digits": 1} for c in COLUMNS],
        rows=rows,
    )


if __name__ == "__main__":
    main()
