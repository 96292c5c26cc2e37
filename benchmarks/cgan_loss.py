"""The colours that each loss leads to where L does not determine them.

Run it with ``python -m benchmarks.cgan_loss``: about 15 minutes on one idle core. It writes the
table and the image of lesson 4 into course/results/. Runs are saved in build/, and a run that was
stopped is resumed.

The scenes have 48 x 48 pixels, so that a run of both networks takes a minute. The discriminator is
conditional, sees patches of 34 pixels, and has the generator's learning rate.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from colorlib import metrics, viz
from colorlib.color import LabScaler, lab_to_rgb, to_uint8
from colorlib.data.datasets import TensorImages
from colorlib.discriminators import PatchDiscriminator
from colorlib.generator import init_weights
from colorlib.losses import GANLoss
from colorlib.scenes import Scenes, draw_scenes
from colorlib.scenes.objects import CHROMA, MAJOR, MINOR
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet
from course.tool import pictures, stored_results

NAME, COMMAND = "cgan_loss", "python -m benchmarks.cgan_loss"
SIZE, TRAIN, HELD_OUT, EPOCHS, SEEDS = 48, 2048, 256, 5, (0, 1, 2)
SHOWN = ("L2", "L1", "GAN + 100 L1", "GAN + 10 L1", "GAN + 1 L1", "GAN alone")  # in the image
# a flag is red if its colour is at most this part of the way from red to blue, and vice versa
MARGIN = 0.15
COLUMNS = [
    {"name": "balls' chroma, %", "digits": 0},
    {"name": "balls of one hue, %", "digits": 0},
    {"name": "flags red, %", "digits": 0},
    {"name": "flags blue, %", "digits": 0},
    {"name": "flags between, %", "digits": 0},
    {"name": "ladybirds' chroma, %", "digits": 0},
    {"name": "PSNR, dB", "digits": 1},
    {"name": "logit on real", "digits": 1},
]
PROTOCOL = (
    f"{TRAIN:,} scenes, {SIZE} x {SIZE}, {EPOCHS} epochs, batch 16, Adam 5e-4 (0.5, 0.999); U-Net "
    "of 4 levels, width 16, no dropout; conditional discriminator, patches of 34 pixels. Scored on "
    f"{HELD_OUT} other scenes by mean a and b: balls and flags one pixel inside their edge "
    "(colours bleed over it), ladybirds on their wings. One hue: 100 if all balls have the same "
    f"hue. Red and blue: within {100 * MARGIN:.0f} % of the way between them. PSNR: mean over "
    "scenes. Mean ± standard deviation over seeds."
)


@dataclass(frozen=True)
class Loss:
    """The loss of a row."""

    reconstruction: str = "l1"
    lambda_rec: float = 100.0
    adversarial: bool = True
    real_label: float = 1.0


LOSSES = {
    "L2": Loss("l2", adversarial=False),
    "L1": Loss(adversarial=False),
    "GAN + 100 L1": Loss(lambda_rec=100),
    "GAN + 10 L1": Loss(lambda_rec=10),
    "GAN + 10 L1, label 0.9": Loss(lambda_rec=10, real_label=0.9),
    "GAN + 1 L1": Loss(lambda_rec=1),
    "GAN alone": Loss(lambda_rec=0),
}


def train(
    loss: Loss, seed: int, data: TensorImages, epochs: int, folder: Path
) -> tuple[nn.Module, nn.Module | None]:
    """Train, resume or load the networks of a run: the generator, and perhaps a discriminator."""
    net_g = init_weights(UNet(num_downs=4, base_channels=16, dropout=0.0), seed=seed)
    net_d = None
    if loss.adversarial:
        net_d = PatchDiscriminator(n_layers=2, base_channels=16)
        net_d = init_weights(net_d, seed=100 + seed)
    config = TrainConfig(
        epochs=epochs,
        batch_size=16,
        lr=5e-4,
        gan=GANLoss(real_label=loss.real_label),
        reconstruction=loss.reconstruction,
        lambda_rec=float(loss.lambda_rec),
        seed=seed,
    )
    return Trainer(net_g, data, config, net_d=net_d, folder=folder).fit().eval(), net_d


def inside(mask: Tensor) -> Tensor:
    """Remove the outermost pixels of a mask, because colours bleed over edges."""
    return (F.avg_pool2d(mask[:, None].float(), 3, stride=1, padding=1) > 0.99)[:, 0]


def mean_color(lab: Tensor, mask: Tensor) -> Tensor:
    """Return the mean (a, b) under a mask, for each scene where it has a pixel: (m, 2)."""
    total, count = (lab[:, 1:] * mask[:, None]).sum((2, 3)), mask.sum((1, 2))
    return total[count > 0] / count[count > 0, None]


def score(lab: Tensor, held_out: Scenes) -> dict[str, float]:
    """Return scores of the predicted colours (n, 3, h, w) of the objects."""
    balls, flags = (mean_color(lab, inside(held_out.mask(name))) for name in ("ball", "flag"))
    ladybirds = mean_color(lab, held_out.mask("ladybird"))
    true_ladybirds = mean_color(held_out.lab(), held_out.mask("ladybird"))
    red, blue = torch.tensor(MAJOR).float(), torch.tensor(MINOR).float()
    place = (flags - red) @ (blue - red) / (blue - red).square().sum()  # 0 at red, 1 at blue
    is_red, is_blue = place < MARGIN, place > 1 - MARGIN
    is_between = (place - 0.5).abs() <= 0.5 - MARGIN
    values = [
        100 * balls.norm(dim=1).mean() / CHROMA,
        100 * F.normalize(balls, dim=1).mean(dim=0).norm(),
        100 * is_red.float().mean(),
        100 * is_blue.float().mean(),
        100 * is_between.float().mean(),
        100 * (ladybirds.norm(dim=1).mean() / true_ladybirds.norm(dim=1).mean()),
        metrics.psnr(metrics.mse(lab_to_rgb(lab), held_out.rgb), peak=1.0).mean(),
    ]
    names = [column["name"] for column in COLUMNS]
    return dict(zip(names, map(float, values), strict=False))


def colorize(net: nn.Module | None, held_out: Scenes) -> Tensor:
    """Return the scenes in predicted colours, or in gray without a network: Lab (n, 3, h, w)."""
    L, ab = LabScaler().normalize(held_out.lab())
    with torch.no_grad():
        return LabScaler().denormalize(L, torch.zeros_like(ab) if net is None else net(L))


def logit_on_real(net_d: nn.Module, held_out: Scenes) -> float:
    """Return the mean logit on true scenes, in training mode: batch norm uses the batch."""
    with torch.no_grad():
        return net_d.train()(*LabScaler().normalize(held_out.lab())).mean().item()


def main() -> None:
    torch.set_num_threads(1)
    data = TensorImages(to_uint8(draw_scenes(TRAIN, SIZE).rgb))
    held_out = draw_scenes(HELD_OUT, SIZE, seed=1)
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in LOSSES}
    colored = {"truth": held_out.lab()}
    runs = tqdm([(seed, name) for seed in SEEDS for name in LOSSES], unit="run")
    for seed, name in runs:
        runs.set_description(f"{name}, seed {seed}")
        folder = Path("build", "benchmarks", NAME, name.replace(" ", "_"), str(seed))
        net_g, net_d = train(LOSSES[name], seed, data, EPOCHS, folder)
        lab = colorize(net_g, held_out)
        logit = {} if net_d is None else {COLUMNS[-1]["name"]: logit_on_real(net_d, held_out)}
        scores[name].append(score(lab, held_out) | logit)
        listed = ", ".join(f"{column} {value:.2f}" for column, value in scores[name][-1].items())
        tqdm.write(f"{name}, seed {seed}: {listed}")
        if name in SHOWN:
            colored.setdefault(name, lab)  # of the first seed
    bounds = {"the truth": held_out.lab(), "gray: a = b = 0": colorize(None, held_out)}
    rows = [{"name": name, "values": score(lab, held_out)} for name, lab in bounds.items()]
    rows[0]["values"][COLUMNS[-2]["name"]] = "—"  # as far as 8 bits allow
    rows += [
        {"name": name, "values": stored_results.mean_over_runs(runs)}
        for name, runs in scores.items()
    ]
    path = stored_results.write(
        NAME,
        title="The colours that each loss leads to where L does not determine them",
        command=COMMAND,
        protocol=PROTOCOL,
        seeds=list(SEEDS),
        columns=COLUMNS,
        rows=rows,
    )
    path.with_suffix(".webp").write_bytes(plot_colors(colored, held_out))


def plot_colors(colored: dict[str, Tensor], held_out: Scenes) -> bytes:
    """Plot the colours of ten balls and ten flags, a row for each loss: a small WebP."""
    red, blue = (torch.nonzero(held_out.flag_is_major == major)[:, 0] for major in (True, False))
    shown = torch.cat([red[:7], blue[:3]])  # the odds of the flags
    L = torch.full((10, 1), 60.0)  # one lightness for all, so that colours can be compared
    gap = torch.ones(3, 12, 12)
    rows = {}
    for name, lab in colored.items():
        fields = []
        for item in ("ball", "flag"):
            ab = mean_color(lab, inside(held_out.mask(item)))[shown]
            means = torch.cat([L, ab], dim=1)
            rgb = lab_to_rgb(means[:, :, None, None])
            fields += [gap, *rgb.expand(-1, 3, 12, 12)]
        rows[name] = [torch.cat(fields[1:], dim=2)]
    figure = viz.image_grid(rows, [""], alt="its alt text is in the lesson", height=0.22)
    for middle, title in ((60, "10 balls"), (192, "flags: 7 red, 3 blue")):
        figure.axes[0].text(middle, -3, title, ha="center", va="bottom")
    for axes, name in zip(figure.axes, rows, strict=True):
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    return pictures.shrink(Image.open(io.BytesIO(figure.to_bytes(120))).convert("RGB"))


if __name__ == "__main__":
    main()
