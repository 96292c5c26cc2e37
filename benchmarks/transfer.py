"""The gain from a pretrained encoder on few photos.

Three networks train for equally many steps on a few photos: one with random initial weights, one
with the encoder's ImageNet weights, and one with that encoder frozen. Run it with ``python -m
benchmarks.transfer --data FOLDER``; it needs the package with the weights
(:mod:`colorlib.models.efficientnet_unet`), takes about ten minutes on two cores and writes
``course/results/transfer.json``, which lesson 7 shows. Completed runs are saved in
``build/transfer/``, and a benchmark that was stopped resumes from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
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
SCALER = LabScaler()


def from_scratch(seed: int) -> nn.Module:
    """Return a network with random initial weights."""
    net = EfficientNetUNet(seed=seed)
    net.pretrained_modules = ()  # so that the encoder is initialized as well
    return init_weights(net, "he", seed)


def with_encoder(seed: int) -> nn.Module:
    """Return a network with ImageNet weights in the encoder and a random decoder."""
    return init_weights(EfficientNetUNet(pretrained=True), "he", seed)


def with_frozen_encoder(seed: int) -> nn.Module:
    """Return a network with a frozen ImageNet encoder, batch norms included."""
    net = with_encoder(seed)
    net.frozen_modules = ("encoder",)  # stays in evaluation mode while the rest trains
    net.encoder.requires_grad_(False)
    return net


NETWORKS: dict[str, Callable[[int], nn.Module]] = {
    "from scratch": from_scratch,
    "ImageNet's encoder": with_encoder,
    "ImageNet's encoder, frozen": with_frozen_encoder,
}


def network_view(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Return L and ab of RGB, as networks see them."""
    return SCALER.normalize(quantize_lightness(rgb_to_lab(rgb)))


def over_gray(net: nn.Module, rgb: Tensor) -> float:
    """Return the mean over images of RGB PSNR in dB, minus that of the image's gray copy."""
    gains = []
    with torch.no_grad():
        for real in (rgb.float() / 255).split(32):
            L, _ = network_view(real)
            fake = lab_to_rgb(SCALER.denormalize(L, net(L)))
            psnr = metrics.psnr(metrics.mse(fake, real), peak=1)
            gray_psnr = metrics.psnr(metrics.mse(metrics.gray_baseline(real), real), peak=1)
            gains.append(psnr - gray_psnr)
    return torch.cat(gains).mean().item()


def train(
    net: nn.Module, images: Tensor, held_out: Tensor, steps: int, seed: int
) -> dict[str, float]:
    """Train with L1 and Adam; return scores after 0, 1/8, 3/8 and all of the steps."""
    trainable = [weight for weight in net.parameters() if weight.requires_grad]
    optimizer = torch.optim.Adam(trainable, RATE, betas=(0.9, 0.99))
    generator, scores = torch.Generator().manual_seed(seed), {}
    for step in range(steps + 1):
        if step in (0, steps // 8, 3 * steps // 8, steps):
            scores[f"{step} steps"] = over_gray(net.eval(), held_out)
        if step == steps:
            break
        indices = torch.randperm(len(images), generator=generator)[:BATCH]
        L, ab = network_view(augment(images[indices], indices, seed, step, min_crop=0.8))
        loss = F.l1_loss(net.train()(L), ab)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of photos")
    parser.add_argument("--few", type=int, default=256, help="photos to learn from")
    parser.add_argument("--size", type=int, default=96, help="side of the images in pixels")
    parser.add_argument("--steps", type=int, default=300, help="of training, in each run")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    args = parser.parse_args()
    seeds = list(range(args.seeds))
    photos = datasets.load_dataset(
        args.data,
        args.size,
        split_ratios=(0.7, 0.3, 0.0),
        filters=FilterConfig(),
        max_images=2 * (args.few + HELD_OUT),
    )
    train_images = {seed: _sample(photos.train, args.few, seed) for seed in seeds}
    held_out = _sample(photos.validation, HELD_OUT, 0)
    digest = hashlib.sha256(held_out.numpy().tobytes()).hexdigest()[:16]
    path = Path("build/transfer") / f"{digest}-{args.few}-{args.steps}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    scores = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for seed in seeds:
        for name, build in NETWORKS.items():
            key = f"{name}, seed {seed}"
            if key in scores:
                continue
            scores[key] = train(build(seed), train_images[seed], held_out, args.steps, seed)
            print(key, {step: round(value, 2) for step, value in scores[key].items()}, flush=True)
            with atomic_write(path, overwrite=True) as file:
                file.write(json.dumps(scores).encode())
    _write_result(args, seeds, scores)


def _sample(images: Dataset, n: int, seed: int) -> Tensor:
    """Return n random images."""
    generator = torch.Generator().manual_seed(seed)
    return images.__getitems__(torch.randperm(len(images), generator=generator)[:n])


def _write_result(
    args: argparse.Namespace, seeds: list[int], scores: dict[str, dict[str, float]]
) -> None:
    rows, columns = [], list(scores[f"{next(iter(NETWORKS))}, seed 0"])
    for name in NETWORKS:
        runs = [scores[f"{name}, seed {seed}"] for seed in seeds]
        rows.append({"name": name, "values": stored_results.mean_over_runs(runs)})
    stored_results.write(
        "transfer",
        title=f"What an encoder from ImageNet is worth on {args.few} photos: dB over gray",
        command=f"python -m benchmarks.transfer --few {args.few} --size {args.size} "
        f"--steps {args.steps} --seeds {args.seeds} --data FOLDER",
        protocol=f"EfficientNetUNet; {args.few} landscape photos to learn from, others for each "
        f"seed, and {HELD_OUT} to score on, {args.size}x{args.size}, without gray ones. L1, Adam "
        f"at {RATE}, batch {BATCH}, mirrored and cropped. RGB PSNR (peak 1) minus the gray copy's, "
        "mean over images, after so many steps; mean ± standard deviation over the seeds.",
        seeds=seeds,
        columns=columns,
        rows=rows,
    )


if __name__ == "__main__":
    main()
