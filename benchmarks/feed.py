"""The data feed: JPEG files to batches of Lab, and how much memory that takes.

Run it with ``python -m benchmarks.feed``: a minute or two. The photos are made for it, in a folder that goes
away. The common loader decodes every photo in every epoch and converts it with scikit-image, in two worker
processes; ours decodes once, then takes rows of an array and converts the batch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from benchmarks import commonly_written
from benchmarks.apart import apart
from benchmarks.race import Report, command, race
from colorlib.color import LabScaler, rgb_to_lab
from colorlib.data import build_image_cache, list_images, sample_photos
from colorlib.data.image_cache import CachedImages
from colorlib.engine.optimization import tune_malloc

SHAPE = (640, 480)  # of the photos, as COCO has them
CHILD = """
import json, resource, sys
from pathlib import Path
{body}
peak = resource.getrusage(resource.RUSAGE_SELF)
anonymous = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines()
             if line.startswith("RssAnon")]
print(json.dumps({{"peak": peak.ru_maxrss / 1024, "own": int(anonymous[0]) / 1024 if anonymous else None}}))
"""
FEED = """
from benchmarks import feed
data = feed.ready(sys.argv[1], sys.argv[2], int(sys.argv[3]))
for batch in feed.batches(data, int(sys.argv[4]), "cpu"):
    pass
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photos", type=int, default=64, help="how many JPEGs to make")
    parser.add_argument("--size", type=int, default=256, help="side of the pictures in a batch")
    parser.add_argument("--batch", type=int, default=16, help="pictures in a batch")
    parser.add_argument(
        "--workers", type=int, default=2, help="of the common loader, and threads of ours"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    parser.add_argument(
        "--memory", type=int, nargs="*", default=[64, 256], help="measure memory for so many"
    )
    parser.add_argument("--device", default="cpu", help="where Lab runs")


def run(
    sample_photos: int = 64,
    size: int = 256,
    batch: int = 16,
    workers: int = 2,
    rounds: int = 5,
    memory: tuple[int, ...] = (64, 256),
    device: str = "cpu",
) -> Report:
    """Race an epoch of batches, and the preparation; then measure memory in processes of their own."""
    shape = f"{sample_photos} JPEGs of {SHAPE[0]}x{SHAPE[1]} to {size}x{size}, batch {batch}"
    report = Report("python -m benchmarks.feed", f"{shape}, {workers} workers, Lab on {device}")
    with tempfile.TemporaryDirectory() as place:
        paths = made(Path(place, "jpegs"), sample_photos)
        data = ready(paths[0].parent, Path(place, "array"), size)
        feeds = {
            f"scikit-image in {workers} workers": partial(
                commonly, paths, size, batch, workers, device
            ),
            "prepared array, Lab on the batch": partial(
                prepared, data.folder, paths[0].parent, size, batch, device
            ),
        }
        with apart(feeds) as calls:
            report.races.append(race("an epoch of Lab batches", calls, rounds=rounds, warm=2))
        bare = {
            "torchvision, decode and resize": lambda: [shrunk(path, size) for path in paths],
            "data.prepare, one thread": lambda: again(paths[0].parent, size, 1),
            f"data.prepare, {workers} threads": lambda: again(paths[0].parent, size, workers),
        }
        report.races.append(race("preparing JPEGs", bare, rounds=rounds))
        for name, found in zip(
            ("photos a second, common", "photos a second, ours"), feeds, strict=True
        ):
            report.facts[name] = round(sample_photos / report.races[0].seconds(found))
    for count in memory:
        report.facts |= {
            f"{name}, {count} photos, MB": mb for name, mb in peak(count, size, batch).items()
        }
    return report


def made(out: Path, count: int) -> list[Path]:
    """Write JPEGs: parts of the embedded photographs, all different."""
    out.mkdir(parents=True)
    sources = [photo.image() for photo in sample_photos("all")]
    paths = [out / f"{i:05}.jpg" for i in range(count)]
    for i, path in enumerate(paths):
        source = sources[i % len(sources)]
        shift = i // len(sources) % 64
        box = (shift, shift, source.width - 64 + shift, source.height - 64 + shift)
        source.resize(SHAPE, Image.Resampling.BILINEAR, box=box).save(path, quality=90)
    return paths


def ready(
    source: str | Path, out: str | Path, size: int, workers: int | None = None
) -> CachedImages:
    """Prepare a folder of photos."""
    return build_image_cache(list_images(source), size, out, num_workers=workers)


def batches(data: CachedImages, batch: int, device: str):
    """Yield L and ab of an epoch in its order, as a training run takes them."""
    for indices in torch.arange(len(data)).split(batch):
        yield LabScaler().normalize(rgb_to_lab(data.__getitems__(indices).to(device)))


def commonly(
    paths: list[Path], size: int, batch: int, workers: int, device: str
) -> Callable[[], None]:
    """Make an epoch of the common loader; each batch is let go, as training does."""
    loader = commonly_written.loader(paths, size, batch, workers)
    return lambda: spent(part["ab"].to(device) for part in loader)


def prepared(out: Path, source: Path, size: int, batch: int, device: str) -> Callable[[], None]:
    """Make an epoch of ours, with the memory as training has it."""
    if device == "cpu":
        tune_malloc()
    data = ready(source, out, size)
    return lambda: spent(batches(data, batch, device))


def spent(feed: Iterable) -> None:
    """Take batch after batch and let each go."""
    for _ in feed:
        pass


def again(source: Path, size: int, workers: int) -> CachedImages:
    """Prepare into a folder that goes away."""
    with tempfile.TemporaryDirectory() as out:
        return ready(source, out, size, workers)


def shrunk(path: Path, size: int) -> Tensor:
    """Decode and resize a JPEG with torchvision and torch and nothing else."""
    from torchvision.io import ImageReadMode, decode_jpeg, read_file

    rgb = decode_jpeg(read_file(str(path)), ImageReadMode.RGB)
    side, left = rgb.shape[1], (rgb.shape[2] - rgb.shape[1]) // 2
    square = rgb[None, :, :, left : left + side]
    return (
        F.interpolate(square, (size, size), mode="bicubic", antialias=True)[0]
        .permute(1, 2, 0)
        .contiguous()
    )


def peak(count: int, size: int, batch: int) -> dict[str, float]:
    """Prepare and read so many photos in a process of its own: its peak, and what imports alone take.

    ``peak`` counts pages of the array that the system keeps in its cache and takes back when it wants;
    ``own memory`` at the end does not.
    """
    with tempfile.TemporaryDirectory() as place:
        made(Path(place, "jpegs"), count)
        words = [str(Path(place, "jpegs")), str(Path(place, "array")), str(size), str(batch)]
        found = {
            name: child(body, words)
            for name, body in (("feed", FEED), ("imports", "import benchmarks.feed"))
        }
    numbers = {"peak": found["feed"]["peak"], "peak of imports alone": found["imports"]["peak"]}
    if found["feed"]["own"] is not None:
        numbers["own memory at the end"] = found["feed"]["own"]
    return {name: round(mb) for name, mb in numbers.items()}


def child(body: str, words: list[str]) -> dict[str, float]:
    """Run Python in a new process and read the numbers that it prints last."""
    line = [sys.executable, "-c", CHILD.format(body=body), *words]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    raise SystemExit(command(run, arguments))
