"""What each loss answers where L does not tell: gray, the mixture, the majority, or a colour.

Run it with ``python -m benchmarks.cgan_loss``: about 15 minutes on one idle core. It writes the table and the
picture of lesson 4 into course/results/. Runs are kept in build/, and one that was stopped goes on.

Scenes of 48 x 48 pixels, so that a run of both networks takes a minute. The critic is conditional, sees
patches of 34 pixels, and has a learning rate like the generator's.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
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
from course.tool import stored_results

NAME, COMMAND = "cgan_loss", "python -m benchmarks.cgan_loss"
SIZE, TRAIN, HELD_OUT, EPOCHS, SEEDS = 48, 2048, 256, 5, (0, 1, 2)
LIMIT = 5500  # bytes of the picture: the lesson that carries it must stay small
SHOWN = ("L2", "L1", "GAN + 100 L1", "GAN + 10 L1", "GAN + 1 L1", "GAN alone")  # in the picture
MARGIN = (
    0.15  # a flag is red if its colour lies so near to red on the way to blue, and blue likewise
)
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
    f"{TRAIN:,} scenes, {SIZE} x {SIZE}, {EPOCHS} epochs, batch 16, Adam 5e-4 (0.5, 0.999); U-Net of 4 "
    f"levels, width 16, no dropout; conditional critic, patches of 34 pixels. Scored on {HELD_OUT} other "
    f"scenes by mean a and b: balls and flags one pixel inside their edge (colours bleed over it), ladybirds "
    f"on their wings. One hue: 100 if all balls point one way. Red and blue: within {100 * MARGIN:.0f} % of "
    f"the way between them. PSNR: mean over scenes. Mean ± standard deviation over seeds."
)


@dataclass(frozen=True)
class Loss:
    """What a row trains with."""

    pixel: str = "l1"
    weight: float = 100.0  # the papers' lambda
    critic: bool = True
    smoothing: float = 1.0


LOSSES = {
    "L2": Loss("l2", critic=False),
    "L1": Loss(critic=False),
    "GAN + 100 L1": Loss(weight=100),
    "GAN + 10 L1": Loss(weight=10),
    "GAN + 10 L1, label 0.9": Loss(weight=10, smoothing=0.9),
    "GAN + 1 L1": Loss(weight=1),
    "GAN alone": Loss(weight=0),
}


def trained(
    loss: Loss, seed: int, data: TensorImages, epochs: int, folder: Path
) -> tuple[nn.Module, nn.Module | None]:
    """Train, or go on, or take up what is trained already: the generator, and the critic if there is one."""
    net_g = init_weights(UNet(num_downs=4, base_channels=16, dropout=0.0), seed=seed)
    net_d = (
        init_weights(PatchDiscriminator(n_layers=2, base_channels=16), seed=100 + seed)
        if loss.critic
        else None
    )
    gan, how = (
        GANLoss(real_label=loss.smoothing),
        {"reconstruction": loss.pixel, "lambda_rec": float(loss.weight)},
    )
    settings = TrainConfig(epochs=epochs, batch_size=16, lr=5e-4, gan=gan, seed=seed, **how)
    return Trainer(net_g, data, settings, net_d=net_d, folder=folder).fit().eval(), net_d


def inside(mask: Tensor) -> Tensor:
    """Take a pixel off all around: colours bleed over edges, and that is another question."""
    return (F.avg_pool2d(mask[:, None].float(), 3, stride=1, padding=1) > 0.99)[:, 0]


def mean_color(lab: Tensor, mask: Tensor) -> Tensor:
    """Give the mean (a, b) under a mask, for each scene where it has a pixel: (m, 2)."""
    seen, count = lab[:, 1:] * mask[:, None], mask.sum((1, 2))
    return seen.sum((2, 3))[count > 0] / count[count > 0, None]


def score(lab: Tensor, held_out: Scenes) -> dict[str, float]:
    """Say what colours (n, 3, h, w) the objects got."""
    balls, flags = (mean_color(lab, inside(held_out.mask(name))) for name in ("ball", "flag"))
    ladybirds, reds = (mean_color(x, held_out.mask("ladybird")) for x in (lab, held_out.lab()))
    red, blue = torch.tensor(MAJOR).float(), torch.tensor(MINOR).float()
    way = (flags - red) @ (blue - red) / (blue - red).square().sum()  # 0 at red, 1 at blue
    one_way = F.normalize(balls, dim=1).mean(dim=0).norm()
    shares = [(way < MARGIN), (way > 1 - MARGIN), (way - 0.5).abs() <= 0.5 - MARGIN]
    psnr = metrics.psnr(metrics.mse(lab_to_rgb(lab), held_out.rgb), peak=1.0).mean()
    ratio = ladybirds.norm(dim=1).mean() / reds.norm(dim=1).mean()
    values = [
        100 * balls.norm(dim=1).mean() / CHROMA,
        100 * one_way,
        *(100 * s.float().mean() for s in shares),
    ]
    names = [column["name"] for column in COLUMNS]
    return dict(zip(names, map(float, [*values, 100 * ratio, psnr]), strict=False))


def colors(net: nn.Module | None, held_out: Scenes) -> Tensor:
    """Colour the scenes, or leave them gray: Lab (n, 3, h, w)."""
    L, ab = LabScaler().normalize(held_out.lab())
    with torch.no_grad():
        return LabScaler().denormalize(L, torch.zeros_like(ab) if net is None else net(L))


def logit_on_real(net_d: nn.Module, held_out: Scenes) -> float:
    """Ask the critic about true scenes; in training mode, as when it trained: batch norm by the batch."""
    with torch.no_grad():
        return net_d.train()(*LabScaler().normalize(held_out.lab())).mean().item()


def summed_up(runs: Iterable[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Put the runs of one row together: mean, standard deviation and number of each score."""
    columns: dict[str, list[float]] = {}
    for run in runs:
        for name, value in run.items():
            columns.setdefault(name, []).append(value)
    spread = {name: statistics.stdev(v) if len(v) > 1 else 0.0 for name, v in columns.items()}
    return {
        n: {"mean": statistics.mean(v), "spread": spread[n], "n": len(v)}
        for n, v in columns.items()
    }


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
        net_g, net_d = trained(LOSSES[name], seed, data, EPOCHS, folder)
        lab = colors(net_g, held_out)
        logit = {} if net_d is None else {COLUMNS[-1]["name"]: logit_on_real(net_d, held_out)}
        scores[name].append(score(lab, held_out) | logit)
        tqdm.write(
            f"{name}, seed {seed}: "
            + ", ".join(f"{k} {v:.2f}" for k, v in scores[name][-1].items())
        )
        if name in SHOWN:
            colored.setdefault(name, lab)  # of the first seed
    bounds = {"the truth": held_out.lab(), "gray: a = b = 0": colors(None, held_out)}
    rows = [{"name": name, "values": score(lab, held_out)} for name, lab in bounds.items()]
    rows[0]["values"][COLUMNS[-2]["name"]] = "—"  # as far as 8 bits allow
    rows += [{"name": name, "values": summed_up(runs)} for name, runs in scores.items()]
    kept = dict(
        title="What each loss answers where L does not tell", command=COMMAND, protocol=PROTOCOL
    )
    path = stored_results.write(NAME, **kept, seeds=list(SEEDS), columns=COLUMNS, rows=rows)
    path.with_suffix(".jpg").write_bytes(picture(colored, held_out))


def picture(colored: dict[str, Tensor], held_out: Scenes) -> bytes:
    """Draw the colours of ten balls and ten flags, a row for each loss, as large as ``LIMIT`` allows."""
    red, blue = (torch.nonzero(held_out.flag_is_major == major)[:, 0] for major in (True, False))
    which = torch.cat([red[:7], blue[:3]])  # the odds of the flags
    L = torch.full((10, 1), 60.0)  # one lightness for all, so that colours can be compared
    gap = torch.ones(3, 12, 12)
    rows = {}
    for name, lab in colored.items():
        fields = []
        for what in ("ball", "flag"):
            means = torch.cat([L, mean_color(lab, inside(held_out.mask(what)))[which]], dim=1)
            rgb = lab_to_rgb(means[:, :, None, None])
            fields += [gap, *rgb.expand(-1, 3, 12, 12)]
        rows[name] = [torch.cat(fields[1:], dim=2)]
    figure = viz.image_grid(rows, [""], alt="its alt text stands beside it", height=0.22)
    for middle, title in ((60, "10 balls"), (192, "flags: 7 red, 3 blue")):
        figure.axes[0].text(middle, -3, title, ha="center", va="bottom")
    for axes, name in zip(figure.axes, rows, strict=True):
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    sizes = (figure.to_bytes(dpi, quality=50) for dpi in range(120, 30, -4))
    return next(data for data in sizes if len(data) <= LIMIT)


if __name__ == "__main__":
    main()
