"""Quality of a colorizer on simulated old photographs.

Run it with ``python -m benchmarks.film FOLDER``. Photos in true colours become scans of old prints
(:mod:`colorlib.data.old_photo`) and are colorized. The predicted a and b are combined with the
*true* L, and so are a = b = 0 for the gray baseline: the film affects a prediction only through the
input of the network, and every row has the same baseline. A border is cropped first. Without a
folder, the embedded photographs are used. It writes course/results/film.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from colorlib import data, metrics
from colorlib.cli.common import resolve_model
from colorlib.color import lab_to_rgb, rgb_to_lab
from colorlib.colorizer import Colorizer
from colorlib.data import old_photo
from course.tool import stored_results
from course.tool.course_config import ROOT

ROWS = {  # the effect, and what the network sees as lightness
    **{name: (effect, "L") for name, effect in old_photo.PRESETS.items()},
    "panchromatic, sepia: mean of channels": (old_photo.PRESETS["panchromatic, sepia"], "mean"),
    "panchromatic, sepia: red channel": (old_photo.PRESETS["panchromatic, sepia"], "red"),
    "panchromatic, faded: levels stretched": (old_photo.PRESETS["panchromatic, faded"], "levels"),
    "panchromatic, white border, not detected": (
        old_photo.PRESETS["panchromatic, white border"],
        "framed",
    ),
    "panchromatic, black border, not detected": (
        old_photo.PRESETS["panchromatic, black border"],
        "framed",
    ),
}


def predict_ab(model: Colorizer, scan: Tensor, lightness: str = "L") -> Tensor:
    """Predict a and b, (n, 2, h, w) in Lab units, for scans (n, 3, h, w).

    Args:
        model: the colorizer.
        scan: in [0, 1].
        lightness: its input: CIE ``"L"``, as in :class:`Colorizer`; the L of a gray that is the
            ``"mean"`` of the three channels, or the ``"red"`` one; ``"levels"``, stretched from
            black to white; or ``"framed"``, with any border.
    """
    gray = scan
    if lightness == "mean":
        gray = scan.mean(1, keepdim=True)
    elif lightness == "red":
        gray = scan[:, :1]
    elif lightness == "levels":
        low, high = (scan.flatten(1).quantile(share, 1).view(-1, 1, 1, 1) for share in (0.01, 0.99))
        gray = ((scan - low) / (high - low)).clamp(0, 1)
    L, _ = model.scaler.normalize(rgb_to_lab(gray.expand_as(scan).contiguous()))
    if lightness == "framed":
        ab = [model.predict_ab_at(x, model.image_size) for x in L.split(1)]
    else:
        ab = [model.predict_ab(x) for x in L.split(1)]
    return torch.cat(ab) * model.scaler.ab_scale


def scores(ab: Tensor, rgb: Tensor) -> dict[str, Tensor]:
    """Score ab (n, 2, h, w) with the true L of ``rgb`` (n, 3, h, w): numbers (n,) by name."""
    lab = rgb_to_lab(rgb)
    fake = lab_to_rgb(torch.cat([lab[:, :1], ab], dim=1))
    gray = lab_to_rgb(torch.cat([lab[:, :1], torch.zeros_like(ab)], dim=1))
    psnr, gray_psnr = (metrics.psnr(metrics.mse(x, rgb), 1) for x in (fake, gray))
    return {
        "dB over gray": psnr - gray_psnr,
        "CIEDE2000": metrics.ciede2000(rgb_to_lab(fake), lab).flatten(1).mean(1),
        "chroma / true": metrics.chroma(rgb_to_lab(fake)).flatten(1).mean(1) / true_chroma(lab),
    }


def true_chroma(lab: Tensor) -> Tensor:
    """Return the mean chroma of each photo, at least 1, so that a gray photo can be scored."""
    return metrics.chroma(lab).flatten(1).mean(1).clamp(min=1)


def measure(model: Colorizer, photos: Sequence[Tensor], seed: int = 0) -> list[dict]:
    """Return the rows of the table; photos are (1, 3, h, w) in [0, 1]."""
    gray = [scores(torch.zeros(1, 2, *rgb.shape[-2:]), rgb) for rgb in photos]
    rows = [{"name": "gray, a = b = 0", "values": _mean(gray)}]
    undamaged: dict[tuple, Tensor] = {}  # by photo and film; the first row of a film is undamaged
    for name, (effect, lightness) in ROWS.items():
        row_scores = []
        for number, rgb in enumerate(photos):
            scan = old_photo.simulate_old_photo(rgb, effect, seed + number)
            ab = predict_ab(model, scan, lightness)
            border = old_photo.border_width(rgb, effect)
            ab = ab[..., border : ab.shape[-2] - border, border : ab.shape[-1] - border]
            reference = undamaged.setdefault((number, effect.response), ab)
            moved = (ab - reference).norm(dim=1).mean()
            row_scores.append(scores(ab, rgb) | {"moved": moved[None]})
        rows.append({"name": name, "values": _mean(row_scores)})
        print(name, rows[-1]["values"], flush=True)
    return rows


def _mean(photo_scores: list[dict[str, Tensor]]) -> dict[str, float]:
    names = photo_scores[0]
    return {
        name: float(np.mean([values[name].item() for values in photo_scores])) for name in names
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and save the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, help="of photos; the embedded ones if not given"
    )
    parser.add_argument("--model", default="plain", help="a pretrained model, or a weights file")
    parser.add_argument("--size", type=int, default=256, help="side of the centred squares")
    parser.add_argument(
        "--max-photos", type=int, default=60, help="how many photos at most, drawn by seed 0"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    _, model = resolve_model(args.model)
    listed = data.list_images(args.folder) if args.folder else data.sample_photos("all")
    drawn = data.draw_subset(listed, args.max_photos, seed=0)
    photos = [photo.rgb(args.size) for photo in drawn]
    which = f"{len(photos)} of the {len(listed)} photos of a folder, drawn by seed 0"
    if not args.folder:
        which = f"{len(photos)} embedded photographs"
    stored_results.write(
        "film",
        title="Old photographs, simulated",
        command=f"python -m benchmarks.film {'FOLDER ' if args.folder else ''}--model {args.model} "
        f"--size {args.size} --max-photos {args.max_photos}",
        protocol=f"Centred squares of {which}, {args.size} pixels a side, model {args.model}; the "
        "predicted a and b with the true L, RGB PSNR, per image. Moved: mean distance in a and b, "
        "in Lab units, from the prediction for the same film undamaged.",
        seeds=[0],
        columns=["dB over gray", "CIEDE2000", "chroma / true", {"name": "moved", "digits": 1}],
        rows=measure(model, photos),
        root=args.root,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
