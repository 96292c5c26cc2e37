"""What transfer buys: an encoder that knows ImageNet, on a few photos, against the same one drawn anew.

Three ways to colour photos of which only a few are at hand, on equal steps: the network from scratch; with
the encoder's ImageNet weights; the same with the encoder frozen. Run it with ``python -m benchmarks.transfer
--data FOLDER``; it needs the package that carries the weights (:mod:`colorlib.models.efficientnet_unet`), takes about
ten minutes of two cores and writes ``course/results/transfer.json``, which lesson 7 shows. What is done is
kept in ``build/transfer/``: stopped, it goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from colorlib import metrics
from colorlib.color import LabScaler, lab_to_rgb, quantize_lightness, rgb_to_lab
from colorlib.data import datasets
from colorlib.data.augment import augment
from colorlib.data.filters import FilterConfig
from colorlib.generator import init_weights
from colorlib.io.files import atomic_write
from colorlib.models.efficientnet_unet import EfficientNetUNet
from course.tool import stored_results

HELD_OUT, BATCH, RATE = 128, 16, 1e-3
SCALE = LabScaler()


def from_scratch(seed: int) -> nn.Module:
    """Draw all weights."""
    return init_weights(_all_of(EfficientNetUNet(seed=seed)), "he", seed)


def with_encoder(seed: int) -> nn.Module:
    """Take the encoder's ImageNet weights, draw the way up."""
    return init_weights(EfficientNetUNet(pretrained=True), "he", seed)


def with_frozen_encoder(seed: int) -> nn.Module:
    """Take the encoder as it is, batch norms and all; only the way up will learn."""
    net = with_encoder(seed)
    net.frozen_modules = ("encoder",)  # stays in evaluation mode while the rest trains
    net.encoder.requires_grad_(False)
    return net


WAYS: dict[str, Callable[[int], nn.Module]] = {
    "from scratch": from_scratch,
    "ImageNet's encoder": with_encoder,
    "ImageNet's encoder, frozen": with_frozen_encoder,
}


def _all_of(net: nn.Module) -> nn.Module:
    """Let first weights be drawn for the encoder as well."""
    net.pretrained_modules = ()
    return net


def picture(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Give L and ab of uint8 RGB, as networks see them."""
    return SCALE.normalize(quantize_lightness(rgb_to_lab(rgb)))


def over_gray(net: nn.Module, rgb: Tensor) -> float:
    """Give RGB PSNR in dB, each picture's minus that of its gray copy, mean over pictures."""
    real, values = rgb.float() / 255, []
    with torch.no_grad():
        for some in real.split(32):
            L = picture(some)[0]
            answers = lab_to_rgb(SCALE.denormalize(L, net(L))), metrics.gray_baseline(some)
            ours, gray = (metrics.psnr(metrics.mse(answer, some), peak=1) for answer in answers)
            values.append(ours - gray)
    return torch.cat(values).mean().item()


def train(net: nn.Module, few: Tensor, held_out: Tensor, steps: int, seed: int) -> dict[str, float]:
    """Train with L1 and Adam; score at the start, after an eighth and three eighths, and at the end."""
    learning = [weight for weight in net.parameters() if weight.requires_grad]
    optimiser = torch.optim.Adam(learning, RATE, betas=(0.9, 0.99))
    draw, scores = torch.Generator().manual_seed(seed), {}
    for step in range(steps + 1):
        if step in (0, steps // 8, 3 * steps // 8, steps):
            scores[f"{step} steps"] = over_gray(net.eval(), held_out)
        if step == steps:
            break
        chosen = torch.randperm(len(few), generator=draw)[:BATCH]
        L, ab = picture(augment(few[chosen], chosen, seed, step, min_crop=0.8))
        loss = F.l1_loss(net.train()(L), ab)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of photos")
    parser.add_argument("--few", type=int, default=256, help="photos to learn from")
    parser.add_argument("--size", type=int, default=96, help="side of the pictures in pixels")
    parser.add_argument("--steps", type=int, default=300, help="of training, in each run")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    given = parser.parse_args()
    seeds = list(range(given.seeds))
    most = 2 * (given.few + HELD_OUT)
    photos = datasets.load_dataset(
        given.data,
        given.size,
        split_ratios=(0.7, 0.3, 0.0),
        filters=FilterConfig(),
        max_images=most,
    )
    few = {seed: _drawn(photos.train, given.few, seed) for seed in seeds}
    held_out = _drawn(photos.validation, HELD_OUT, 0)
    digest = hashlib.sha256(held_out.numpy().tobytes()).hexdigest()[:16]
    kept = Path("build/transfer") / f"{digest}-{given.few}-{given.steps}.json"
    done = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for seed in seeds:
        for name, way in WAYS.items():
            key = f"{name}, seed {seed}"
            if key in done:
                continue
            done[key] = train(way(seed), few[seed], held_out, given.steps, seed)
            print(key, {moment: round(value, 2) for moment, value in done[key].items()}, flush=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(kept, overwrite=True) as file:
                file.write(json.dumps(done).encode())
    _write(given, seeds, done)


def _drawn(part: Dataset, n: int, seed: int) -> Tensor:
    """Draw n pictures of a part."""
    return part.__getitems__(
        torch.randperm(len(part), generator=torch.Generator().manual_seed(seed))[:n]
    )


def _write(given: argparse.Namespace, seeds: list[int], done: dict[str, dict[str, float]]) -> None:
    rows, moments = [], list(done[f"{next(iter(WAYS))}, seed 0"])
    for name in WAYS:
        values = {}
        for moment in moments:
            scores = [done[f"{name}, seed {seed}"][moment] for seed in seeds]
            spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
            values[moment] = {"mean": statistics.mean(scores), "spread": spread, "n": len(scores)}
        rows.append({"name": name, "values": values})
    stored_results.write(
        "transfer",
        title=f"What an encoder from ImageNet is worth on {given.few} photos: dB over gray",
        command=f"python -m benchmarks.transfer --few {given.few} --size {given.size} "
        f"--steps {given.steps} --seeds {given.seeds} --data FOLDER",
        protocol=f"EfficientNetUNet; {given.few} landscape photos to learn from, drawn anew by each seed, "
        f"{HELD_OUT} others to score on, {given.size}x{given.size}, gray ones left out. L1, Adam at {RATE}, "
        f"batch {BATCH}, mirrored and cropped. RGB PSNR (peak 1) minus the gray copy's, mean over "
        "pictures, after so many steps; mean ± standard deviation over the seeds.",
        seeds=seeds,
        columns=list(moments),
        rows=rows,
    )


if __name__ == "__main__":
    main()
