"""A busy machine: colouring and training while other processes load all cores.

Run it with ``python -m benchmarks.busy``: three minutes, and two more for each lesson. Each
candidate is a process of its own with its own setting. OpenMP's threads wait for each other at the
end of every operation. By default they spin while they wait, and so they take the processor from
the thread that they wait for.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import torch

from benchmarks.isolated import isolated_processes
from benchmarks.timing import Report, command, time_interleaved
from colorlib.io.threads import SPIN_COUNT, available_cores

ROOT = Path(__file__).parents[1]
#: By name. The first one is the default of GNU's OpenMP; of the next two, commands use the first
#: and lessons the second, and ``colorlib colorize`` moves from one to the other with the load.
SETTINGS: dict[str, dict[str, str]] = {
    "untouched": {"GOMP_SPINCOUNT": "300000"},
    "short spin": {"GOMP_SPINCOUNT": str(SPIN_COUNT)},
    "half of the cores": {
        "GOMP_SPINCOUNT": str(SPIN_COUNT),
        "OMP_NUM_THREADS": str(max(1, available_cores() // 2)),
    },
    "without spinning": {"OMP_WAIT_POLICY": "PASSIVE"},
}
VARIABLES = sorted({name for variables in SETTINGS.values() for name in variables})


def build_preparation(num_threads: int) -> Callable[[], object]:
    """Return a function that decodes and resizes JPEGs."""
    from benchmarks.data_loading import make_jpegs, rebuild_cache

    torch.set_num_threads(num_threads)
    folder = tempfile.TemporaryDirectory()
    make_jpegs(Path(folder.name, "jpegs"), 64)
    # the folder lives as long as this function
    return lambda: rebuild_cache(Path(folder.name, "jpegs"), 256, num_threads)


def build_lesson(name: str, num_threads: int) -> Callable[[], object]:
    """Return a function that executes a solution; its kernel gets this process's variables."""
    from course.tool.execute import execute

    os.environ["COURSE_EXPECT"] = "solution"
    path = ROOT / f"solutions/{name}.ipynb"
    return lambda: execute(path, {"PROFILE": "reduced"})


def build_colorizer(num_threads: int) -> Callable[[], object]:
    """Return a function that colours a photo with the model that ships."""
    from colorlib import pretrained
    from colorlib.data import sample_photos

    torch.set_num_threads(num_threads)
    model, photo = pretrained.load(), sample_photos("test")[0].path
    return lambda: model(photo)


def build_step(num_threads: int) -> Callable[[], object]:
    """Return a function that trains a small U-Net for a step."""
    from torch.utils.data import TensorDataset

    from colorlib.training import TrainConfig, Trainer
    from colorlib.unet import UNet

    torch.set_num_threads(num_threads)
    images = torch.rand(8, 3, 128, 128)
    trainer = Trainer(
        UNet(num_downs=5, base_channels=16), TensorDataset(images), TrainConfig(batch_size=8)
    )
    return lambda: trainer.train_step(images[:, :1], images[:, 1:])


TASKS = {
    "colour a photo": build_colorizer,
    "training step": build_step,
    "prepare photos": build_preparation,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=7, help="rounds that count")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=TASKS, help="what to do")
    lessons = "solutions to execute as well, in a third of the rounds, such as 01_colour_spaces"
    parser.add_argument("--lessons", nargs="*", default=[], metavar="NAME", help=lessons)


def run(
    rounds: int = 7, tasks: Sequence[str] = tuple(TASKS), lessons: Sequence[str] = ()
) -> Report:
    """Time each task with each setting, on the machine as it is and then on a busy one."""
    photo, step = "a photo in colour", "a step of the U-Net with 8 images of 128 x 128"
    protocol = f"seconds of {photo}, of {step}, and of 64 JPEGs prepared at 256 x 256"
    report = Report("python -m benchmarks.busy", protocol)
    chosen = {task: TASKS[task] for task in tasks}
    chosen |= {f"lesson {name}": partial(build_lesson, name) for name in lessons}
    with ExitStack() as stack:
        calls: dict[str, dict[str, Callable[[], None]]] = {task: {} for task in chosen}
        for setting, variables in SETTINGS.items():
            with environment(variables):
                threads = variables.get("OMP_NUM_THREADS", str(available_cores()))
                builders = {task: partial(build, int(threads)) for task, build in chosen.items()}
                processes = stack.enter_context(isolated_processes(builders))
            for task, call in processes.items():
                calls[task][setting] = call
        for task in chosen:
            count = max(1, rounds // 3) if task.startswith("lesson") else rounds
            idle = time_interleaved(f"{task}, idle", calls[task], rounds=count)
            with loaded_cores():
                busy = time_interleaved(f"{task}, busy", calls[task], rounds=count)
            report.timings += [idle, busy]
            for setting in SETTINGS:
                slower = busy.seconds(setting) / idle.seconds(setting)
                report.facts[f"{task}, {setting}: busy / idle"] = round(slower, 2)
    return report


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for processes that start meanwhile; those of OpenMP are removed."""
    saved = dict(os.environ)
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)


@contextmanager
def loaded_cores() -> Iterator[None]:
    """Keep every core busy with a process of its own."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=spin, daemon=True) for _ in range(available_cores())]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def spin() -> None:
    """Compute without end, in one thread."""
    torch.set_num_threads(1)
    x = torch.rand(256, 256)
    while True:
        x = (x @ x).clamp(0, 1)


if __name__ == "__main__":
    raise SystemExit(command(run, add_arguments))
