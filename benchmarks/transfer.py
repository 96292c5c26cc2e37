"""What transfer buys: a shipped network's encoder on a few photos of another kind, against none.

Four ways to colour photos of which only a few are at hand, on equal steps: the same network from scratch;
with the shipped network's encoder and a new decoder; the same with the encoder frozen; the whole shipped
network, fine-tuned. Run it with ``python -m benchmarks.transfer --data FOLDER`` where FOLDER holds photos
that the shipped network never learned from. It takes about seven minutes of one core at 64x64 and writes
``course/results/transfer.json``, which lesson 7 shows. What is done is kept in ``build/transfer/``: stopped,
it goes on from there.
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

from colorlib import generators, metrics, shipped
from colorlib.color import Scale, as_gray_photo, lab_to_rgb, rgb_to_lab
from colorlib.data import sets
from colorlib.data.augment import augment
from colorlib.data.filters import Filters
from colorlib.files import whole
from course.tool import results

FEW, HELD_OUT, BATCH, RATE = 48, 128, 16, 1e-3
SCALE = Scale()


def from_scratch(source: nn.Module, seed: int) -> nn.Module:
    """Draw all weights."""
    return generators.initialise(generators.build(source.config), "normal", seed)


def with_encoder(source: nn.Module, seed: int) -> nn.Module:
    """Take the way down of the source, draw the way up."""
    net = from_scratch(source, seed)
    net.down.load_state_dict(source.down.state_dict())
    return net


def with_frozen_encoder(source: nn.Module, seed: int) -> nn.Module:
    """Take the way down as it is, batch norms and all; only the way up will learn."""
    net = with_encoder(source, seed)
    net.frozen = ("down",)  # stays in evaluation mode while the rest trains
    net.down.requires_grad_(False)
    return net


def all_of_it(source: nn.Module, seed: int) -> nn.Module:
    """Take every weight of the source."""
    net = from_scratch(source, seed)
    net.load_state_dict(source.state_dict())
    return net


WAYS: dict[str, Callable[[nn.Module, int], nn.Module]] = {
    "from scratch": from_scratch,
    "its encoder, a new decoder": with_encoder,
    "its encoder frozen, a new decoder": with_frozen_encoder,
    "all of it": all_of_it,
}


def picture(rgb: Tensor) -> tuple[Tensor, Tensor]:
    """Give L and ab of uint8 RGB, as networks see them."""
    return SCALE.split(as_gray_photo(rgb_to_lab(rgb)))


def over_gray(net: nn.Module, rgb: Tensor) -> float:
    """Give RGB PSNR in dB, each picture's minus that of its gray copy, mean over pictures."""
    real, values = rgb.float() / 255, []
    with torch.no_grad():
        for some in real.split(32):
            L = picture(some)[0]
            answers = lab_to_rgb(SCALE.join(L, net(L))), metrics.gray_baseline(some)
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
        L, ab = picture(augment(few[chosen], chosen, seed, step, crop=0.8))
        loss = F.l1_loss(net.train()(L), ab)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder of photos")
    parser.add_argument("--source", default="landscape", choices=shipped.NAMES, help="a shipped model")
    parser.add_argument("--size", type=int, default=64, help="side of the pictures in pixels")
    parser.add_argument("--steps", type=int, default=200, help="of training, in each run")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    given = parser.parse_args()
    seeds = list(range(given.seeds))
    source = shipped.load(given.source).net
    photos = sets.load(given.data, given.size, ratios=(0.5, 0.5, 0.0), filters=Filters(), most=600)
    few = {seed: _drawn(photos.train, FEW, seed) for seed in seeds}
    held_out = _drawn(photos.validation, HELD_OUT, 0)
    digest = hashlib.sha256(shipped.path(given.source).read_bytes() + held_out.numpy().tobytes())
    kept = Path("build/transfer") / f"{digest.hexdigest()[:16]}-{given.steps}.json"
    done = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for seed in seeds:
        for name, way in WAYS.items():
            key = f"{name}, seed {seed}"
            if key in done:
                continue
            done[key] = train(way(source, seed), few[seed], held_out, given.steps, seed)
            print(key, {moment: round(value, 2) for moment, value in done[key].items()}, flush=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            with whole(kept, overwrite=True) as file:
                file.write(json.dumps(done).encode())
    _write(given, seeds, done)


def _drawn(part: sets.Pictures, n: int, seed: int) -> Tensor:
    """Draw n pictures of a part."""
    return part.batch(torch.randperm(len(part), generator=torch.Generator().manual_seed(seed))[:n])


def _write(given: argparse.Namespace, seeds: list[int], done: dict[str, dict[str, float]]) -> None:
    rows, moments = [], list(done[f"{next(iter(WAYS))}, seed 0"])
    for name in WAYS:
        values = {}
        for moment in moments:
            scores = [done[f"{name}, seed {seed}"][moment] for seed in seeds]
            spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
            values[moment] = {"mean": statistics.mean(scores), "spread": spread, "n": len(scores)}
        rows.append({"name": name, "values": values})
    results.write(
        "transfer",
        title=f"The shipped model {given.source!r} on {FEW} photos of another kind: dB over gray",
        command=f"python -m benchmarks.transfer --source {given.source} --size {given.size} "
        f"--steps {given.steps} --seeds {given.seeds} --data FOLDER",
        protocol=f"{FEW} photos to learn from, drawn anew by each seed, {HELD_OUT} others to score on, "
        f"{given.size}x{given.size}, gray ones left out; the model must have seen none of them. L1, Adam "
        f"at {RATE}, batch {BATCH}, mirrored and cropped. RGB PSNR (peak 1) minus the gray copy's, mean over "
        "pictures, after so many steps; mean ± standard deviation over the seeds.",
        seeds=seeds,
        columns=list(moments),
        rows=rows,
    )


if __name__ == "__main__":
    main()
