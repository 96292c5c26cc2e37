"""Calibration of networks of colour bins, on drawn lawns and on photos.

Run it with ``python -m benchmarks.reliability FOLDER``, after ``benchmarks.odds`` and
``benchmarks.objectives FOLDER``, whose saved runs it loads from build/. It writes the table of
lesson 9 into course/results/.

A pixel's confidence is the probability of its most probable bin. In each group of confidence, the
table says how often that bin is the nearest to the true colour, and how much of the soft target it
has. The network learns soft targets, so the second number should equal the confidence.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import objectives, odds
from benchmarks.cgan_loss import HELD_OUT, SIZE, TRAIN
from colorlib.color import LabScaler, quantize_lightness, rgb_to_lab, to_uint8
from colorlib.color_bins import ColorBins, grid_bins
from colorlib.data.datasets import TensorImages, draw_subset, load_dataset
from colorlib.recipes.pretrained import EVERYTHING
from colorlib.scenes import draw_scenes
from course.tool import stored_results
from course.tool.course_config import ROOT

GROUPS = 10
PROTOCOL = (
    "Lawns: the network bins of benchmarks.odds, seed 0, on 256 other lawns. Photos: the network "
    "bins of benchmarks.objectives, seed 0, on 400 photos that it did not learn from, 64 x 64. One "
    "pixel of every 4 x 4. Says: the mean probability of the most probable bin. Right: the share "
    "of pixels whose true colour is nearest to it. Soft target: its mean share of the soft target. "
    "Groups with fewer than 0.1 % of the pixels are left out."
)


def reliability(logits: Tensor, lab: Tensor, bins: ColorBins) -> list[dict[str, float]]:
    """Return what each group of confidence says and what is true, for logits and Lab images."""
    ab = F.interpolate(lab[:, 1:], logits.shape[-2:], mode="nearest-exact")
    targets = bins.soft_targets(ab)
    confidence, answer = logits.softmax(dim=1).max(dim=1)
    soft = (targets.probabilities * (targets.bins == answer[:, None])).sum(dim=1)
    right = (targets.bins[:, 0] == answer).float()
    group = (confidence * GROUPS).long().clamp(max=GROUPS - 1)
    rows = []
    for number in range(GROUPS):
        chosen = group == number
        values = {"pixels, %": 100 * chosen.float().mean().item()}
        if values["pixels, %"] >= 0.1:
            values["says"] = confidence[chosen].mean().item()
            values["right"] = right[chosen].mean().item()
            values["soft target"] = soft[chosen].mean().item()
        rows.append(values)
    return rows


def on_lawns(root: Path) -> list[dict[str, float]]:
    """Return the reliability of lesson 9's network, trained in full, on lawns."""
    data = TensorImages(to_uint8(draw_scenes(TRAIN, SIZE).rgb))
    net = odds.train(1.0, 0, data, root / "build/benchmarks" / odds.NAME / "bins" / "0")
    lab = draw_scenes(HELD_OUT, SIZE, seed=1).lab()
    with torch.no_grad():
        logits = net.eval()(LabScaler().normalize(lab)[0])
    return reliability(logits, lab, grid_bins())


def on_photos(photos: Path, root: Path) -> list[dict[str, float]]:
    """Return the reliability of the network that learned bins from small photos."""
    size = objectives.SIZE
    splits = load_dataset(photos, size, split_ratios=EVERYTHING.data.split_ratios)
    scored = draw_subset(splits.validation, objectives.SCORED, seed=0)
    folder = root / "build/objectives/bins-0"
    net = objectives.train("bins", splits.train, 0, folder).net
    rgb = scored.__getitems__(range(len(scored))).float() / 255
    lab = quantize_lightness(rgb_to_lab(rgb))
    with torch.no_grad():
        logits = net.eval()(LabScaler().normalize(lab)[0])
    return reliability(logits, lab, grid_bins())


def main(photos: Path, root: Path = ROOT) -> None:
    """Measure both, and store the table."""
    measured = {"lawns": on_lawns(root), "photos": on_photos(photos, root)}
    rows = []
    for number in range(GROUPS):
        values = {
            f"{place}: {name}": value
            for place, groups in measured.items()
            for name, value in groups[number].items()
        }
        if any("says" in groups[number] for groups in measured.values()):
            name = f"confidence {number / GROUPS:g} to {(number + 1) / GROUPS:g}"
            rows.append({"name": name, "values": values})
    columns = [
        {"name": f"{place}: {name}", "digits": 1 if name == "pixels, %" else 2}
        for place in measured
        for name in ("pixels, %", "says", "right", "soft target")
    ]
    stored_results.write(
        "reliability",
        title="Does a network of colour bins know what it does not know?",
        command="python -m benchmarks.reliability FOLDER",
        protocol=PROTOCOL,
        seeds=[0],
        columns=columns,
        rows=rows,
        root=root,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photos", type=Path, metavar="FOLDER")
    main(parser.parse_args().photos)
