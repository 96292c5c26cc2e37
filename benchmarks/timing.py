"""Interleaved timing: candidates take turns, so that slow phases of a machine affect all alike.

Seconds of one machine tell little about another machine, or about the same one an hour later. So a
benchmark reports a *ratio* first: within each round the baseline's seconds are divided by the
candidate's, and the median over the rounds is taken. Above 1 the candidate is faster.
"""

from __future__ import annotations

import argparse
import json
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
from colorlib.io.threads import available_cores

_FLAGS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_bf16": "bfloat16",
    "amx_bf16": "AMX",
    "bf16": "bfloat16",
}
_PACKAGES = ("torch", "torchvision", "numpy", "scikit-image")


@dataclass(frozen=True)
class Timing:
    """The measured seconds of several candidates.

    Args:
        name: what is timed, in a few words; unique within its report.
        baseline: the candidate that the others are compared with.
        rounds: seconds by candidate, one number for each round that counts, in order.

    Example:
        >>> timing = Timing("sum", "loop", {"loop": [4.0, 6.0], "ours": [2.0, 2.0]})
        >>> timing.ratio("ours"), timing.seconds("ours")
        (2.5, 2.0)
    """

    name: str
    baseline: str
    rounds: Mapping[str, Sequence[float]]

    def seconds(self, candidate: str) -> float:
        """Return the median over the rounds."""
        return statistics.median(self.rounds[candidate])

    def ratio(self, candidate: str) -> float:
        """Return how many times as fast as the baseline it is: the median of the rounds' ratios."""
        pairs = zip(self.rounds[self.baseline], self.rounds[candidate], strict=True)
        return statistics.median(base / own for base, own in pairs)

    def to_dict(self) -> dict[str, Any]:
        """Return the timing as JSON data."""
        names = list(self.rounds)
        return {
            "name": self.name,
            "baseline": self.baseline,
            "rounds": len(self.rounds[self.baseline]),
            "seconds": {name: _round(self.seconds(name)) for name in names},
            "ratios": {name: _round(self.ratio(name)) for name in names if name != self.baseline},
        }

    def __str__(self) -> str:
        width = max(map(len, self.rounds))
        lines = [f"{self.name} ({len(self.rounds[self.baseline])} rounds)"]
        for name in self.rounds:
            ratio = "baseline" if name == self.baseline else f"{self.ratio(name):.2f}x"
            seconds = _format_seconds(self.seconds(name))
            lines.append(f"  {name:{width}}  {seconds:>9}  {ratio}")
        return "\n".join(lines)


@dataclass
class Report:
    """The result of one command: timings, single numbers, and what could not be measured."""

    command: str
    protocol: str
    timings: list[Timing] = field(default_factory=list)
    facts: dict[str, float | str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    @property
    def ratios(self) -> dict[str, float]:
        """Every ratio by "timing: candidate"."""
        ratios = {}
        for timing in self.timings:
            for candidate, ratio in timing.to_dict()["ratios"].items():
                ratios[f"{timing.name}: {candidate}"] = ratio
        return ratios

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON data, with the machine and the version of the library."""
        return {
            "command": self.command,
            "colorlib": __version__,
            "machine": describe_machine(),
            "protocol": self.protocol,
            "timings": [timing.to_dict() for timing in self.timings],
            "facts": self.facts,
            "missing": self.missing,
        }

    def __str__(self) -> str:
        lines = [self.command, describe_machine(), self.protocol, *map(str, self.timings)]
        lines += [f"{name}: {value}" for name, value in self.facts.items()]
        return "\n".join([*lines, *(f"not measured: {text}" for text in self.missing)])


def time_interleaved(
    name: str, candidates: Mapping[str, Callable[[], object]], *, rounds: int, warmup: int = 1
) -> Timing:
    """Time every candidate once in each round; the first one is the baseline.

    Every second round runs in reverse order, so that no candidate always runs on the caches of the
    same other one. On a GPU the clock waits until the work is done.

    Args:
        name: what is timed.
        candidates: functions by name.
        rounds: how many rounds count.
        warmup: how often each is called before: first calls compile, allocate and open files.

    Example:
        >>> functions = {"first": lambda: None, "second": lambda: None}
        >>> time_interleaved("nothing", functions, rounds=3).baseline
        'first'
    """
    if rounds < 1 or not candidates:
        raise ValueError(
            f"{rounds} rounds of {len(candidates)} candidates; expected at least one of each"
        )
    for call in candidates.values():
        for _ in range(warmup):
            call()
    seconds: dict[str, list[float]] = {candidate: [] for candidate in candidates}
    for number in range(rounds):
        order = list(candidates)
        if number % 2:
            order.reverse()
        for candidate in order:
            seconds[candidate].append(time_call(candidates[candidate]))
    return Timing(name, next(iter(candidates)), seconds)


def time_call(call: Callable[[], object]) -> float:
    """Return the seconds of one call, including the work that it starts on a GPU."""
    _synchronize()
    start = time.perf_counter()
    call()
    _synchronize()
    return time.perf_counter() - start


def describe_machine() -> str:
    """Return one line: processor, cores, threads, relevant instruction sets, versions."""
    torch = sys.modules.get("torch")
    cpu = _read_cpu_info()
    flags = set((cpu.get("flags") or cpu.get("features") or "").split())
    parts = [cpu.get("model name") or platform.machine(), f"{available_cores()} cores"]
    if torch:
        parts.append(f"{torch.get_num_threads()} threads")
        if torch.cuda.is_available():
            parts.append(torch.cuda.get_device_name(0))
    parts += sorted({text for flag, text in _FLAGS.items() if flag in flags})
    parts.append(f"Python {platform.python_version()}")
    parts += [f"{name} {_version(name)}" for name in _PACKAGES]
    return ", ".join(parts)


def _read_cpu_info() -> dict[str, str]:
    """Return the fields that Linux lists for the processor; empty on other systems."""
    file = Path("/proc/cpuinfo")
    if not file.is_file():
        return {}
    fields = {}
    for line in file.read_text().splitlines():
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    return fields


def is_installed(package: str, report: Report, purpose: str) -> bool:
    """Return whether an optional package is installed; if not, add that to the report."""
    found = find_spec(package) is not None
    if not found:
        report.missing.append(f"{purpose}: {package} is not installed")
    return found


def command(
    run: Callable[..., Report],
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None,
    argv: Sequence[str] | None = None,
) -> int:
    """Run a benchmark as a command, with its own options, ``--json`` and ``--threads``."""
    description = (sys.modules[run.__module__].__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", metavar="FILE", help="save the result in a file; - prints it")
    parser.add_argument("--threads", type=int, help="threads for torch; its default if not given")
    add_arguments(parser)
    options = vars(parser.parse_args(argv))
    file, threads = options.pop("json"), options.pop("threads")
    if threads:
        import torch

        torch.set_num_threads(threads)
    report = run(**options)
    text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n"
    if file and file != "-":
        Path(file).write_text(text, "utf-8")
    print(text if file == "-" else report)
    return 0


def _synchronize() -> None:
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        torch.cuda.synchronize()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _round(value: float) -> float:
    return float(f"{value:.4g}")


def _format_seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 10 else f"{1000 * value:.1f} ms"
