"""The 32 colour bins of ``colorlib/kmeans_bins.toml``, found by k-means in landscape photos.

Run it with ``python -m benchmarks.kmeans_bins landscapes``, or with a folder of photos. It takes
2,000 training photos at 64 x 64 pixels, a sixteenth of the pixels of each, and prints how far a
colour is from its bin, next to the squares of the grid. A table that exists is not replaced.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from colorlib import color_bins
from colorlib.color import rgb_to_lab
from colorlib.color_bins import ColorBins, grid_bins
from colorlib.data.datasets import draw_subset, load_dataset
from colorlib.data.palette import find_bins
from colorlib.io.files import atomic_write

TABLE = Path(color_bins.__file__).with_name("kmeans_bins.toml")
SEED, SIZE, STEP, MAX_PHOTOS = 0, 64, 4, 2000


def sample_colors(data: str, reduced: bool = False) -> Float[Tensor, "n 2 h w"]:
    """Return a and b of every fourth pixel of every fourth row of training photos."""
    photos = load_dataset(data, SIZE, seed=SEED, resize_mode="center_crop", reduced=reduced).train
    photos = draw_subset(photos, min(MAX_PHOTOS, len(photos)), SEED)
    rgb = torch.stack([photos[i] for i in range(len(photos))])
    return rgb_to_lab(rgb)[:, 1:, ::STEP, ::STEP]


def mean_distance(bins: ColorBins, ab: Float[Tensor, "n 2 h w"]) -> float:
    """Return the mean distance of colours to their bins, in Lab units."""
    nearest = bins.centers[bins.nearest(ab)].movedim(-1, 1)
    return (ab - nearest).norm(dim=1).mean().item()


def render(bins: ColorBins, about: str) -> str:
    """Return the text of the table."""
    rows = [f"    [{a:.1f}, {b:.1f}]," for a, b in bins.centers.tolist()]
    header = [
        "# The colour bins of colorlib.color_bins.kmeans_bins: a and b in Lab units. Do not change",
        "# them: weights files of networks that predict these bins depend on them.",
        f'about = "{about}"',
        'command = "python -m benchmarks.kmeans_bins FOLDER"',
        "centers = [",
    ]
    return "\n".join([*header, *rows, "]", ""])


def main() -> None:
    """Find the bins and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a folder of photos, or a name of colorlib data")
    parser.add_argument("--out", default=TABLE, type=Path, help="the file to write")
    args = parser.parse_args()
    ab = sample_colors(args.data)
    bins = find_bins(ab, 32, SEED)
    pixels = f"{ab[:, 0].numel():,} pixels of {len(ab):,} photos"
    about = f"found by k-means in {pixels} of CycleGAN's monet2photo, seed {SEED}"
    with atomic_write(args.out) as file:
        file.write(render(bins, about).encode())
    for name, other in (("k-means", bins), ("grid", grid_bins())):
        print(f"{name}: {len(other)} bins, mean distance {mean_distance(other, ab):.2f} Lab units")


if __name__ == "__main__":
    main()
