"""How everything here is measured: contestants take turns in one process, so a machine's moods hit all alike.

Seconds of one machine say little about another, and little about the same machine an hour later. So what a
benchmark reports first is a *ratio*: within each round the baseline's seconds are divided by the
contestant's, and the median over the rounds is taken. Above 1 the contestant is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from colorlib import __version__

_FLAGS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "bfloat16",
    "amx_bf16": "AMX",
    "bf16": "bfloat16",
}
_PACKAGES = ("torch", "torchvision", "numpy", "scikit-image")


@dataclass(frozen=True)
class Race:
    """What one question's rounds gave.

    Args:
        name: The question, in a few words; unique within its report.
        baseline: The contestant that the others are compared with.
        rounds: Seconds by contestant, one number for each round that counts, in the rounds' order.

    Example:
        >>> race = Race("sum", "loop", {"loop": [4.0, 6.0], "ours": [2.0, 2.0]})
        >>> race.ratio("ours"), race.seconds("ours")
        (2.5, 2.0)
    """

    name: str
    baseline: str
    rounds: Mapping[str, Sequence[float]]

    def seconds(self, contestant: str) -> float:
        """Give the median over the rounds."""
        return statistics.median(self.rounds[contestant])

    def ratio(self, contestant: str) -> float:
        """Say how many times as fast as the baseline: the median of the ratios within a round."""
        pairs = zip(self.rounds[self.baseline], self.rounds[contestant], strict=True)
        return statistics.median(base / own for base, own in pairs)

    def plain(self) -> dict[str, Any]:
        """Give the race as JSON takes it."""
        names = list(self.rounds)
        return {
            "name": self.name,
            "baseline": self.baseline,
            "rounds": len(self.rounds[self.baseline]),
            "seconds": {name: _short(self.seconds(name)) for name in names},
            "ratios": {name: _short(self.ratio(name)) for name in names if name != self.baseline},
        }

    def __str__(self) -> str:
        width = max(map(len, self.rounds))
        lines = [f"{self.name} ({len(self.rounds[self.baseline])} rounds)"]
        for name in self.rounds:
            said = "baseline" if name == self.baseline else f"{self.ratio(name):.2f}x"
            lines.append(f"  {name:{width}}  {_time(self.seconds(name)):>9}  {said}")
        return "\n".join(lines)


@dataclass
class Report:
    """What one command found: races, single numbers, and what could not be measured here."""

    command: str
    protocol: str
    races: list[Race] = field(default_factory=list)
    facts: dict[str, float | str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def ratios(self) -> dict[str, float]:
        """Every ratio by "question: contestant"."""
        return {f"{r.name}: {k}": v for r in self.races for k, v in r.plain()["ratios"].items()}

    def plain(self) -> dict[str, Any]:
        """Give the report as JSON takes it, with the machine and the version of the library."""
        raw = {"command": self.command, "colorlib": __version__, "machine": machine()}
        raw |= {"protocol": self.protocol, "races": [race.plain() for race in self.races]}
        return raw | {"facts": self.facts, "missing": self.missing}

    def __str__(self) -> str:
        lines = [self.command, machine(), self.protocol, *map(str, self.races)]
        lines += [f"{name}: {value}" for name, value in self.facts.items()]
        return "\n".join([*lines, *(f"not measured: {text}" for text in self.missing)])


def race(
    name: str, contestants: Mapping[str, Callable[[], object]], *, rounds: int, warm: int = 1
) -> Race:
    """Let every contestant have its turn in each round; the first is the baseline.

    Every second round goes the other way round, so that none always runs on a cache that another left. On a
    GPU the clock waits for the work to be done.

    Args:
        name: The question.
        contestants: What is called, by name.
        rounds: How many count.
        warm: How many calls of each come before and do not count: they compile, allocate and open files.

    Example:
        >>> race("nothing", {"one": lambda: None, "other": lambda: None}, rounds=3).baseline
        'one'
    """
    if rounds < 1 or not contestants:
        raise ValueError(
            f"{rounds} rounds of {len(contestants)} contestants; expected at least one of each"
        )
    for call in contestants.values():
        for _ in range(warm):
            call()
    seen: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        turns = list(contestants.items())
        for contestant, call in turns if number % 2 == 0 else reversed(turns):
            seen[contestant].append(seconds(call))
    return Race(name, next(iter(contestants)), seen)


def seconds(call: Callable[[], object]) -> float:
    """Time one call, what it started on a GPU included."""
    _wait()
    began = time.perf_counter()
    call()
    _wait()
    return time.perf_counter() - began


def machine() -> str:
    """Say in one line what ran it: processor, cores, threads, the instructions that matter, versions."""
    torch = sys.modules.get("torch")
    file = Path("/proc/cpuinfo")
    lines = (
        [line.partition(":") for line in file.read_text().splitlines()] if file.is_file() else []
    )
    found = {name.strip().lower(): value.strip() for name, _, value in lines}
    flags = set((found.get("flags") or found.get("features") or "").split())
    usable = getattr(os, "sched_getaffinity", None)
    parts = [found.get("model name") or platform.machine()]
    parts.append(f"{len(usable(0)) if usable else os.cpu_count()} cores")
    if torch:
        parts.append(f"{torch.get_num_threads()} threads")
        if torch.cuda.is_available():
            parts.append(torch.cuda.get_device_name(0))
    parts += sorted({text for flag, text in _FLAGS.items() if flag in flags})
    parts.append(f"Python {platform.python_version()}")
    return ", ".join([*parts, *(f"{name} {_version(name)}" for name in _PACKAGES)])


def installed(package: str, report: Report, what: str) -> bool:
    """Say whether an optional package is there; where it is not, the report says what was left out."""
    there = find_spec(package) is not None
    if not there:
        report.missing.append(f"{what}: {package} is not installed")
    return there


def command(
    run: Callable[..., Report],
    arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None,
    argv: Sequence[str] | None = None,
) -> int:
    """Be a benchmark's command line: its own options, ``--json`` and ``--threads``."""
    parser = argparse.ArgumentParser(
        description=(sys.modules[run.__module__].__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--json", metavar="FILE", help="also write the result there; - prints it alone"
    )
    parser.add_argument(
        "--threads", type=int, help="threads that torch computes with; else as it is set"
    )
    arguments(parser)
    options = vars(parser.parse_args(argv))
    file, threads = options.pop("json"), options.pop("threads")
    if threads:
        import torch

        torch.set_num_threads(threads)
    report = run(**options)
    text = json.dumps(report.plain(), indent=1, ensure_ascii=False) + "\n"
    if file and file != "-":
        Path(file).write_text(text, "utf-8")
    print(text if file == "-" else report)
    return 0


def _wait() -> None:
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        torch.cuda.synchronize()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _time(value: float) -> str:
    return f"{value:.2f} s" if value >= 10 else f"{1000 * value:.1f} ms"
