"""How much of a colorizer's skill is left on old photographs: ``python -m benchmarks.film FOLDER``.

Photos in true colours are photographed again on simulated film, aged (:mod:`colorlib.data.old_photo`) and colorized.
The answer's a and b are laid over the *true* L, and so are a = b = 0 for the gray baseline: what film did to
L spoils an answer only by way of what the network saw, and every row has the same baseline. A border is cut
off again before that. Without a folder, the embedded photographs are used. Writes course/results/film.json.
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

ANSWERS = {  # name of a row -> the print, and what is taken for its lightness
    **{name: (how, "L") for name, how in old_photo.PRESETS.items()},
    "panchromatic, sepia: mean of channels": (old_photo.PRESETS["panchromatic, sepia"], "mean"),
    "panchromatic, sepia: red channel": (old_photo.PRESETS["panchromatic, sepia"], "red"),
    "panchromatic, faded: levels stretched": (old_photo.PRESETS["panchromatic, faded"], "levels"),
    "panchromatic, white border, not looked for": (
        old_photo.PRESETS["panchromatic, white border"],
        "framed",
    ),
    "panchromatic, black border, not looked for": (
        old_photo.PRESETS["panchromatic, black border"],
        "framed",
    ),
}


def answer(model: Colorizer, scan: Tensor, lightness: str = "L") -> Tensor:
    """Say which a and b, (n, 2, h, w) in Lab units, a model gives to scans (n, 3, h, w).

    Args:
        model: what colours.
        scan: in [0, 1].
        lightness: what it sees: CIE ``"L"``, as :class:`Colorizer` does; the L of a gray that is the
            ``"mean"`` of the three channels, or the ``"red"`` one; ``"levels"``, with its tones stretched
            from black to white; or ``"framed"``, with any border.
    """
    gray = {"mean": scan.mean(1, keepdim=True), "red": scan[:, :1]}.get(lightness, scan)
    if lightness == "levels":
        low, high = (scan.flatten(1).quantile(share, 1).view(-1, 1, 1, 1) for share in (0.01, 0.99))
        gray = ((scan - low) / (high - low)).clamp(0, 1)
    L = model.scaler.normalize(rgb_to_lab(gray.expand_as(scan).contiguous()))[0].split(1)
    ab = [
        model.predict_ab_at(one, model.image_size) if lightness == "framed" else model.predict_ab(one) for one in L
    ]
    return torch.cat(ab) * model.scaler.ab_scale


def scores(ab: Tensor, rgb: Tensor) -> dict[str, Tensor]:
    """Measure answers (n, 2, h, w) over the true L of ``rgb`` (n, 3, h, w): numbers (n,) by name."""
    lab = rgb_to_lab(rgb)
    fake, gray = (lab_to_rgb(torch.cat([lab[:, :1], x], dim=1)) for x in (ab, torch.zeros_like(ab)))
    decibels = [metrics.psnr(metrics.mse(x, rgb), 1) for x in (fake, gray)]
    return {
        "dB over gray": decibels[0] - decibels[1],
        "CIEDE2000": metrics.ciede2000(rgb_to_lab(fake), lab).flatten(1).mean(1),
        "chroma / true": metrics.chroma(rgb_to_lab(fake)).flatten(1).mean(1) / true_chroma(lab),
    }


def true_chroma(lab: Tensor) -> Tensor:
    """Mean chroma of each photo, at least 1: a gray photo has no share to keep."""
    return metrics.chroma(lab).flatten(1).mean(1).clamp(min=1)


def measure(model: Colorizer, photos: Sequence[Tensor], seed: int = 0) -> list[dict]:
    """Make the rows of the table: photos are (1, 3, h, w) in [0, 1]."""
    rows, clean = [], {}
    zero = [scores(torch.zeros(1, 2, *rgb.shape[-2:]), rgb) for rgb in photos]
    rows.append({"name": "gray, a = b = 0", "values": _mean(zero)})
    for name, (how, lightness) in ANSWERS.items():
        found = []
        for number, rgb in enumerate(photos):
            side = old_photo.border_width(rgb, how)
            ab = answer(model, old_photo.simulate_old_photo(rgb, how, seed + number), lightness)
            ab = ab[..., side : ab.shape[-2] - side, side : ab.shape[-1] - side]
            first = clean.setdefault(
                (number, how.response), ab
            )  # the same film, undamaged, comes first
            moved = (ab - first).norm(dim=1).mean()
            found.append(scores(ab, rgb) | {"moved": moved[None]})
        rows.append({"name": name, "values": _mean(found)})
        print(name, rows[-1]["values"], flush=True)
    return rows


def _mean(found: list[dict[str, Tensor]]) -> dict[str, float]:
    return {name: float(np.mean([one[name].item() for one in found])) for name in found[0]}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "folder", nargs="?", type=Path, help="of photos; the embedded ones if not given"
    )
    parser.add_argument("--model", default="landscape", help="a shipped model, or a weights file")
    parser.add_argument("--size", type=int, default=256, help="side of the centred squares")
    parser.add_argument(
        "--most", type=int, default=60, help="how many photos at most, the first by name"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    _, model = resolve_model(args.model)
    listed = data.list_images(args.folder) if args.folder else data.sample_photos("all")
    photos = [photo.rgb(args.size) for photo in listed[: args.most]]
    which = f"{len(photos)} photos of a folder" if args.folder else "the six embedded photographs"
    stored_results.write(
        "film",
        title="Old photographs, simulated",
        command=f"python -m benchmarks.film {'FOLDER ' * bool(args.folder)}--model {args.model} "
        f"--size {args.size} --most {args.most}",
        protocol=f"Centred squares of {which}, {args.size} pixels a side, model {args.model}; the "
        "answer's a and b over the true L, RGB PSNR, per picture. Moved: mean distance in a and b, in Lab "
        "units, from the answer to the same film undamaged.",
        seeds=[0],
        columns=["dB over gray", "CIEDE2000", "chroma / true", {"name": "moved", "digits": 1}],
        rows=measure(model, photos),
        root=args.root,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
