"""The odds that a network of colour bins gives where L does not determine a colour.

Run it with ``python -m benchmarks.odds``: about ten minutes on one idle core. It writes the table
of lesson 9 into course/results/. Runs are saved in build/, and a run that was stopped is resumed.
The scenes, and the rows L2, L1 and GAN, are those of ``benchmarks.cgan_loss``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from benchmarks.cgan_loss import EPOCHS, HELD_OUT, SEEDS, SIZE, TRAIN
from colorlib import metrics
from colorlib.color import LabScaler, lab_to_rgb, rgb_to_lab, to_uint8
from colorlib.color_bins import ColorBins, grid_bins
from colorlib.data.datasets import TensorImages
from colorlib.generator import init_weights
from colorlib.scenes import Scenes, draw_scenes
from colorlib.scenes.objects import MAJOR, MINOR
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet
from course.tool import stored_results
from course.tool.course_config import ROOT

NAME = "odds"
UNIFORM_SHARES = {"bins": 1.0, "bins, rebalanced": 0.5}
TEMPERATURES = (1.0, 0.38, 0.1)
HUES = 12  # sectors of the circle
MIDDLE = (slice(2, None, 4), slice(2, None, 4))  # one pixel of every 4 x 4
SAMPLES = 8  # colourings drawn of each scene
COLUMNS = [
    {"name": "red on flags, %", "digits": 0},
    {"name": "hues of a ball, entropy", "digits": 2},
    {"name": "drawn flags red, %", "digits": 0},
    {"name": "drawn flags of one colour, %", "digits": 0},
    {"name": "drawn balls of one hue, %", "digits": 0},
    *(
        {"name": f"{score} at T = {temperature:g}", "digits": digits}
        for score, digits in (("PSNR, dB", 1), ("CIEDE2000", 1), ("balls' chroma, %", 0))
        for temperature in TEMPERATURES
    ),
]
PROTOCOL = (
    f"{TRAIN:,} scenes, {SIZE} x {SIZE}, {EPOCHS} epochs, batch 16, Adam 4e-3 on a cosine; U-Net "
    "of 4 levels, width 16, whose 16 features give logits of 261 bins at a quarter of the size, "
    "soft targets, He's initial weights. Rebalanced: half of the equal distribution mixed in. "
    f"Scored on {HELD_OUT} other scenes. Red: of the probability of bins within 20 units of either "
    "colour of flags; for L2, L1 and GAN the share that they paint red, of benchmarks.cgan_loss. "
    "Entropy: over 12 sectors of hue, of the bins of chroma above 15, divided by that of the "
    "uniform distribution; a network that gives one colour has 0. Drawn: eight colourings of each "
    "scene by ColorBins.sample, correlated over 4 pixels of the logits; of one colour: at least 90 "
    "% of a flag's pixels are nearer to the same one of its two colours; of one hue: at least 90 % "
    "of a ball's pixels are within 45 degrees of its mean. Chroma of balls: of the true one. Mean "
    "± standard deviation over seeds."
)


def build_network(seed: int) -> nn.Module:
    """Return lesson 9's network: logits of bins at a quarter of the size."""
    unet = UNet(num_downs=4, base_channels=16, out_channels=16, dropout=0.0)
    net = nn.Sequential(unet, nn.AvgPool2d(4), nn.Conv2d(16, len(grid_bins()), 1))
    return init_weights(net, "he", seed=seed)


def train(uniform_share: float, seed: int, data: TensorImages, folder: Path) -> nn.Module:
    """Train, resume or load the network of a run."""
    config = TrainConfig(
        epochs=EPOCHS,
        batch_size=16,
        lr=4e-3,
        betas=(0.9, 0.999),
        schedule="cosine",
        reconstruction="cross_entropy",
        uniform_share=uniform_share,
        scaler=LabScaler(output_space="bins"),
        seed=seed,
    )
    return Trainer(build_network(seed), data, config, folder=folder).fit()


def score(logits: Tensor, held_out: Scenes, bins: ColorBins) -> dict[str, float]:
    """Return the odds and, for each temperature, the scores of one colouring."""
    odds = logits.softmax(dim=1).movedim(1, -1)
    flags, balls = (odds[held_out.mask(name)[:, *MIDDLE]] for name in ("flag", "ball"))
    red, blue = (
        flags[:, (bins.centers - torch.tensor(hue)).norm(dim=1) < 20].sum(dim=1)
        for hue in (MAJOR, MINOR)
    )
    values = [100 * (red / (red + blue)).mean(), _hue_entropy(balls, bins)]
    values += _score_samples(logits, held_out, bins)
    L = LabScaler().normalize(held_out.lab())[0]
    psnrs, errors, chromas = [], [], []
    for temperature in TEMPERATURES:
        scaler = LabScaler(output_space="bins", temperature=temperature)
        lab = scaler.denormalize(L, logits)
        rgb = lab_to_rgb(lab)
        psnrs.append(metrics.psnr(metrics.mse(rgb, held_out.rgb), peak=1.0).mean())
        errors.append(metrics.ciede2000(rgb_to_lab(rgb), rgb_to_lab(held_out.rgb)).mean())
        on_balls = [x[:, 1:].norm(dim=1)[held_out.mask("ball")] for x in (lab, held_out.lab())]
        chromas.append(100 * on_balls[0].mean() / on_balls[1].mean())
    names = [column["name"] for column in COLUMNS]
    return dict(zip(names, map(float, [*values, *psnrs, *errors, *chromas]), strict=True))


def _score_samples(logits: Tensor, held_out: Scenes, bins: ColorBins) -> list[Tensor]:
    """Return the drawn flags that are red and of one colour, and the balls of one hue, in %."""
    generator = torch.Generator().manual_seed(0)
    flags, balls = (held_out.mask(name)[:, *MIDDLE].float() for name in ("flag", "ball"))
    red, of_one_color, of_one_hue = [], [], []
    for _ in range(SAMPLES):
        ab = bins.sample(logits, correlation=4, generator=generator)
        to_red, to_blue = (
            (ab - torch.tensor(hue).float().view(1, 2, 1, 1)).norm(dim=1) for hue in (MAJOR, MINOR)
        )
        share = _share(to_red < to_blue, flags)
        red.append(share)
        of_one_color.append(((share >= 0.9) | (share <= 0.1)).float())
        mean = F.normalize((F.normalize(ab, dim=1) * balls[:, None]).sum((2, 3)), dim=1)
        along = (F.normalize(ab, dim=1) * mean[..., None, None]).sum(dim=1)
        of_one_hue.append((_share(along > math.cos(math.pi / 4), balls) >= 0.9).float())
    return [100 * torch.cat(values).mean() for values in (red, of_one_color, of_one_hue)]


def _share(where: Tensor, masks: Tensor) -> Tensor:
    """Return the share of an object's pixels, for each scene that shows it."""
    counts = masks.sum((1, 2))
    return (where * masks).sum((1, 2))[counts > 0] / counts[counts > 0]


def _hue_entropy(odds: Tensor, bins: ColorBins) -> Tensor:
    """Return the mean entropy over hue of pixels' odds (m, k), 1 for the uniform distribution."""
    a, b = bins.centers.unbind(1)
    sector = ((torch.atan2(b, a) / (2 * math.pi) + 0.5) * HUES).long().clamp(max=HUES - 1)
    colorful = (bins.centers.norm(dim=1) > 15).float()
    by_hue = torch.zeros(len(odds), HUES).index_add(1, sector, odds * colorful)
    by_hue = by_hue / by_hue.sum(dim=1, keepdim=True)
    return -torch.xlogy(by_hue, by_hue).sum(dim=1).mean() / math.log(HUES)


def main(root: Path = ROOT) -> None:
    """Train and score the networks, and store the table."""
    torch.set_num_threads(1)
    data = TensorImages(to_uint8(draw_scenes(TRAIN, SIZE).rgb))
    held_out, bins = draw_scenes(HELD_OUT, SIZE, seed=1), grid_bins()
    L = LabScaler().normalize(held_out.lab())[0]
    scores: dict[str, list[dict[str, float]]] = {name: [] for name in UNIFORM_SHARES}
    for seed in tqdm(SEEDS, unit="seed"):
        for name, uniform_share in UNIFORM_SHARES.items():
            folder = Path(root, "build/benchmarks", NAME, name.replace(" ", "_"), str(seed))
            net = train(uniform_share, seed, data, folder)
            with torch.no_grad():
                logits = net.eval()(L)
            scores[name].append(score(logits, held_out, bins))
            tqdm.write(f"{name}, seed {seed}: {scores[name][-1]}")
    red, entropy = COLUMNS[0]["name"], COLUMNS[1]["name"]
    share = 100 * held_out.flag_is_major.float().mean().item()
    rows = [{"name": "the truth", "values": {red: share, entropy: 1.0}}]
    rows += [
        {"name": name, "values": stored_results.mean_over_runs(runs)}
        for name, runs in scores.items()
    ]
    stored = json.loads(Path(root, "course/results/cgan_loss.json").read_text("utf-8"))
    painted = {row["name"]: row["values"] for row in stored["rows"]}
    for name in ("L2", "L1", "GAN + 100 L1"):
        values = {red: painted[name]["flags red, %"], entropy: 0.0}
        rows.append({"name": name, "values": values})
    stored_results.write(
        NAME,
        title="The odds that a network gives where L does not determine the colour",
        command="python -m benchmarks.odds",
        protocol=PROTOCOL,
        seeds=list(SEEDS),
        columns=COLUMNS,
        rows=rows,
        root=root,
    )


if __name__ == "__main__":
    main()
