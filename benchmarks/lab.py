"""Lab against scikit-image: the largest difference, and the time of both, on 16 photos of 256x256.

Run it with ``python benchmarks/lab.py``. Both are timed in turn in one process; the figures are medians over
the rounds, the ratio is the median of the ratios within a round.
"""

from __future__ import annotations

import platform
import statistics
import time

import skimage
import torch
from skimage.color import lab2rgb, rgb2lab

from colorlib.color import lab_to_rgb, rgb_to_lab, to_uint8
from colorlib.data import photo_crops

ROUNDS = 15


def seconds(function, *args) -> float:
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def compare(name: str, ours, theirs) -> None:
    """Time two calls in turn and print their medians and ratio."""
    ours(), theirs()  # warm up
    rounds = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    mine, other = (1000 * statistics.median(column) for column in zip(*rounds, strict=True))
    ratio = statistics.median(b / a for a, b in rounds)
    print(f"{name:12} colorlib {mine:6.1f} ms   scikit-image {other:6.1f} ms   ratio {ratio:.1f}x")


def main() -> None:
    versions = (
        f"torch {torch.__version__}, scikit-image {skimage.__version__}, {torch.get_num_threads()} threads"
    )
    print(f"Python {platform.python_version()}, {versions}; {ROUNDS} interleaved rounds, medians")
    photos = to_uint8(photo_crops(16, size=256, seed=0))
    array = photos.movedim(1, -1).numpy()
    lab, lab_array = rgb_to_lab(photos), rgb2lab(array)
    difference = abs(lab.movedim(1, -1).numpy() - lab_array).max()
    print(f"largest difference on these photos: {difference:.1e} Lab units")
    step = torch.arange(0, 256, 5, dtype=torch.uint8)
    cube = torch.stack(torch.meshgrid(step, step, step, indexing="ij")).flatten(2)[None]
    difference = abs(rgb_to_lab(cube).movedim(1, -1).numpy() - rgb2lab(cube.movedim(1, -1).numpy())).max()
    print(f"largest difference on the 8-bit cube at step 5: {difference:.1e} Lab units")
    compare("RGB to Lab", lambda: rgb_to_lab(photos), lambda: rgb2lab(array))
    compare("Lab to RGB", lambda: lab_to_rgb(lab), lambda: lab2rgb(lab_array))


if __name__ == "__main__":
    main()
