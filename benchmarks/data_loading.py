"""Data loading: JPEG files to batches of Lab, and how much memory that takes.

Run it with ``python -m benchmarks.data_loading``: a minute or two. The photos are made for it, in a
temporary folder. The baseline decodes every photo in every epoch and converts it with scikit-image,
in two worker processes; ours decodes once, then reads rows of an array and converts the batch.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from benchmarks import baseline
from benchmarks.isolated import isolated_processes
from benchmarks.timing import Report, command, time_interleaved
from colorlib.color import LabScaler, rgb_to_lab
from colorlib.data import build_image_cache, list_images, sample_photos
from colorlib.data.image_cache import CachedImages

SHAPE = (640, 480)  # of the photos, as in COCO
MEASURE_MEMORY = """
import json, resource, sys
from pathlib import Path
{body}
peak = resource.getrusage(resource.RUSAGE_SELF)
anonymous = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines()
             if line.startswith("RssAnon")]
own = int(anonymous[0]) / 1024 if anonymous else None
print(json.dumps({{"peak": peak.ru_maxrss / 1024, "own": own}}))
"""
LOAD_EPOCH = """
from benchmarks import data_loading
cached = data_loading.build_cache(sys.argv[1], sys.argv[2], int(sys.argv[3]))
for batch in data_loading.load_batches(cached, int(sys.argv[4]), "cpu"):
    pass
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photos", type=int, default=64, help="how many JPEGs to make")
    parser.add_argument("--size", type=int, default=256, help="side of the images in a batch")
    parser.add_argument("--batch", type=int, default=16, help="images in a batch")
    workers = "processes of the baseline, threads of ours"
    parser.add_argument("--workers", type=int, default=2, help=workers)
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count")
    memory = "measure the memory for so many photos"
    parser.add_argument("--memory", type=int, nargs="*", default=[64, 256], help=memory)
    parser.add_argument("--device", default="cpu", help="where Lab is computed")


def run(
    photos: int = 64,
    size: int = 256,
    batch: int = 16,
    workers: int = 2,
    rounds: int = 5,
    memory: tuple[int, ...] = (64, 256),
    device: str = "cpu",
) -> Report:
    """Time an epoch of batches, and decoding; then measure memory in separate processes."""
    shape = f"{photos} JPEGs of {SHAPE[0]}x{SHAPE[1]} to {size}x{size}, batch {batch}"
    protocol = f"{shape}, {workers} workers, Lab on {device}"
    report = Report("python -m benchmarks.data_loading", protocol)
    with tempfile.TemporaryDirectory() as folder:
        source, cache_dir = Path(folder, "jpegs"), Path(folder, "cache")
        paths = make_jpegs(source, photos)
        build_cache(source, cache_dir, size)
        ours = "cached array, Lab on the batch"
        theirs = f"scikit-image in {workers} workers"
        epochs = {
            theirs: partial(build_baseline_epoch, paths, size, batch, workers, device),
            ours: partial(build_epoch, source, cache_dir, size, batch, device),
        }
        with isolated_processes(epochs) as calls:
            timing = time_interleaved("an epoch of Lab batches", calls, rounds=rounds, warmup=2)
        report.timings.append(timing)
        report.facts["photos a second, baseline"] = round(photos / timing.seconds(theirs))
        report.facts["photos a second, ours"] = round(photos / timing.seconds(ours))
        decoders = {
            "torchvision, decode and resize": lambda: [decode_resized(p, size) for p in paths],
            "build_image_cache, one thread": lambda: rebuild_cache(source, size, 1),
            f"build_image_cache, {workers} threads": lambda: rebuild_cache(source, size, workers),
        }
        report.timings.append(time_interleaved("decoding JPEGs", decoders, rounds=rounds))
    for count in memory:
        for name, megabytes in measure_memory(count, size, batch).items():
            report.facts[f"{name}, {count} photos, MB"] = megabytes
    return report


def make_jpegs(folder: Path, count: int) -> list[Path]:
    """Write JPEGs: parts of the embedded photographs, all different."""
    folder.mkdir(parents=True)
    sources = [photo.image() for photo in sample_photos("all")]
    paths = [folder / f"{i:05}.jpg" for i in range(count)]
    for i, path in enumerate(paths):
        source = sources[i % len(sources)]
        shift = i // len(sources) % 64
        box = (shift, shift, source.width - 64 + shift, source.height - 64 + shift)
        source.resize(SHAPE, Image.Resampling.BILINEAR, box=box).save(path, quality=90)
    return paths


def build_cache(
    source: str | Path, cache_dir: str | Path, size: int, num_workers: int | None = None
) -> CachedImages:
    """Decode and resize a folder of photos once."""
    return build_image_cache(list_images(source), size, cache_dir, num_workers=num_workers)


def load_batches(
    cached: CachedImages, batch_size: int, device: str
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield L and ab of an epoch in order, as a training run loads them."""
    for indices in torch.arange(len(cached)).split(batch_size):
        yield LabScaler().normalize(rgb_to_lab(cached.__getitems__(indices).to(device)))


def build_baseline_epoch(
    paths: list[Path], size: int, batch_size: int, num_workers: int, device: str
) -> Callable[[], None]:
    """Return a function that loads an epoch with the baseline."""
    loader = baseline.build_loader(paths, size, batch_size, num_workers)

    def load_epoch() -> None:
        for batch in loader:
            batch["ab"].to(device)

    return load_epoch


def build_epoch(
    source: Path, cache_dir: Path, size: int, batch_size: int, device: str
) -> Callable[[], None]:
    """Return a function that loads an epoch from the cache."""
    cached = build_cache(source, cache_dir, size)

    def load_epoch() -> None:
        for _ in load_batches(cached, batch_size, device):
            pass

    return load_epoch


def rebuild_cache(source: Path, size: int, num_workers: int) -> CachedImages:
    """Decode and resize a folder of photos into a temporary folder."""
    with tempfile.TemporaryDirectory() as cache_dir:
        return build_cache(source, cache_dir, size, num_workers)


def decode_resized(path: Path, size: int) -> Tensor:
    """Decode and resize a JPEG with torchvision and torch only: (size, size, 3) uint8."""
    from torchvision.io import ImageReadMode, decode_jpeg, read_file

    rgb = decode_jpeg(read_file(str(path)), ImageReadMode.RGB)
    side, left = rgb.shape[1], (rgb.shape[2] - rgb.shape[1]) // 2
    square = rgb[None, :, :, left : left + side]
    resized = F.interpolate(square, (size, size), mode="bicubic", antialias=True)[0]
    return resized.permute(1, 2, 0).contiguous()


def measure_memory(count: int, size: int, batch_size: int) -> dict[str, float]:
    """Measure the memory of a process that caches and loads photos, and that of its imports.

    ``peak`` counts pages of the array that the system keeps in its page cache and can take back;
    ``own memory at the end`` does not.
    """
    with tempfile.TemporaryDirectory() as folder:
        make_jpegs(Path(folder, "jpegs"), count)
        args = [str(Path(folder, "jpegs")), str(Path(folder, "cache")), str(size), str(batch_size)]
        epoch = run_child(LOAD_EPOCH, args)
        imports = run_child("import benchmarks.data_loading", args)
    numbers = {"peak": epoch["peak"], "peak of imports alone": imports["peak"]}
    if epoch["own"] is not None:
        numbers["own memory at the end"] = epoch["own"]
    return {name: round(megabytes) for name, megabytes in numbers.items()}


def run_child(body: str, args: list[str]) -> dict[str, float]:
    """Run Python code in a new process, and return the memory that it used, in MB."""
    line = [sys.executable, "-c", MEASURE_MEMORY.format(body=body), *args]
    finished = subprocess.run(line, check=True, capture_output=True, text=True)
    return json.loads(finished.stdout.splitlines()[-1])


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
