"""The gain from skip connections: a U-Net with and without them, on equally many steps.

Run it with ``python -m benchmarks.skips``. It takes about five minutes on two cores and writes
``course/results/skips.json``, which lesson 2 shows. The training images are random crops of the
four embedded training photos; the scores are those of other crops of these four, and of crops of
the two held-out photos.
"""

from __future__ import annotations

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
    "with skips, predicting RGB": {"out_channels": 3},
}
COLUMNS = ["other crops: dB over gray", "coarse colour found, %", "fine colour found, %"]
COLUMNS += ["held-out photos: dB over gray"]


def colorize(net: nn.Module, L: Tensor) -> Tensor:
    """Return RGB in [0, 1] from a network that predicts ab or RGB."""
    output = net(L)
    if output.shape[1] == 3:
        return (output + 1) / 2
    return lab_to_rgb(LabScaler().denormalize(L, output))


def train(settings: dict, seed: int) -> nn.Module:
    """Train one network with L1, on ab or on RGB."""
    torch.manual_seed(seed)  # dropout and the order of the crops
    rgb = sample_photo_crops(CROPS, SIZE, seed=seed)
    L, ab = LabScaler().normalize(rgb_to_lab(rgb))
    target = 2 * rgb - 1 if settings.get("out_channels") == 3 else ab
    net = init_weights(UNet(num_downs=6, base_channels=WIDTH, **settings), "normal", seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=RATE, betas=(0.5, 0.999))
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        batch = torch.randint(CROPS, (BATCH,))
        loss = F.l1_loss(net(L[batch]), target[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def explained_percent(fake_ab: Tensor, real_ab: Tensor) -> float:
    """Return how much of the true colours was predicted, in per cent: 0 for gray, 100 for all."""
    error = (fake_ab - real_ab).square().sum()
    return 100 * (1 - error / real_ab.square().sum()).item()


def coarse(ab: Tensor) -> Tensor:
    """Average colours over squares of 8x8 pixels."""
    return F.interpolate(F.avg_pool2d(ab, 8), scale_factor=8)


def over_gray(fake: Tensor, real: Tensor) -> float:
    """Return the mean over images of RGB PSNR in dB, minus that of the image's gray copy."""
    psnr = metrics.psnr(metrics.mse(fake, real), peak=1)
    gray_psnr = metrics.psnr(metrics.mse(metrics.gray_baseline(real), real), peak=1)
    return (psnr - gray_psnr).mean().item()


def score(net: nn.Module, seed: int) -> dict[str, float]:
    """Measure one trained network."""
    values = []
    with torch.no_grad():
        for split in ("train", "test"):
            real = sample_photo_crops(96, SIZE, seed=1000 + seed, split=split)
            fake = colorize(net, LabScaler().normalize(rgb_to_lab(real))[0])
            values.append(over_gray(fake, real))
            if split == "train":
                fake_ab, real_ab = rgb_to_lab(fake)[:, 1:], rgb_to_lab(real)[:, 1:]
                fine_fake, fine_real = fake_ab - coarse(fake_ab), real_ab - coarse(real_ab)
                values.append(explained_percent(coarse(fake_ab), coarse(real_ab)))
                values.append(explained_percent(fine_fake, fine_real))
    return dict(zip(COLUMNS, values, strict=True))


def main() -> None:
    rows = []
    for name, settings in SETTINGS.items():
        runs = []
        for seed in SEEDS:
            scores = score(train(settings, seed), seed)
            runs.append(scores)
            print(name, seed, {column: round(x, 2) for column, x in scores.items()}, flush=True)
        rows.append({"name": name, "values": stored_results.mean_over_runs(runs)})
    stored_results.write(
        "skips",
        title="The same U-Net with and without skips",
        command="python -m benchmarks.skips",
        protocol=f"UNet(num_downs=6, base_channels={WIDTH}), L1, Adam from {RATE} down to 0 in "
        f"{STEPS} steps of {BATCH}; {CROPS} crops of four photos, {SIZE}x{SIZE}. Scored on 96 "
        "other crops of the same photos and on 96 crops of the two held-out photos: RGB PSNR "
        "(peak 1) minus the gray copy's, mean over images. Colour found: 1 - squared error / "
        "squared colour, of the means over 8x8 pixels (coarse) and of what differs from them "
        "(fine). Mean ± standard deviation over the seeds.",
        seeds=SEEDS,
        columns=[{"name": column, "digits": 1} for column in COLUMNS],
        rows=rows,
    )


if __name__ == "__main__":
    main()
