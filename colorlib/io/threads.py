"""Processor cores that this process may use, and how many threads PyTorch starts on them.

PyTorch computes an operation with one thread per core. Two things make that slow where the machine
is shared. At the end of each operation the threads wait for the last one, and while they wait they
spin: on a busy machine they keep the core from the very thread that they wait for. And a container
that may use two of sixteen cores gets sixteen threads, since PyTorch does not read its limit.
``python -m benchmarks.busy`` measures what the rules here bring.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

#: Turns of a waiting loop before a thread of GNU's OpenMP, with which PyTorch is built for Linux,
#: goes to sleep; its own default is 300,000. Without any turns, which is what
#: ``OMP_WAIT_POLICY=PASSIVE`` means, an idle machine is slower, too.
SPIN_COUNT = 30_000


def configure_threads(num_threads: int) -> None:
    """Set how many threads PyTorch starts, and how long they spin, unless the user has set it.

    PyTorch reads both from the environment when it is imported, so commands and set-up cells call
    this first.

    Args:
        num_threads: The largest number of threads.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPIN_COUNT))
    if num_threads < _visible_cores():
        os.environ.setdefault("OMP_NUM_THREADS", str(num_threads))


def free_cores() -> int:
    """Return the number of cores that this process may use and others leave free: at least 1.

    Other processes count as in the load average of the last minute.

    Example:
        >>> 1 <= free_cores() <= available_cores()
        True
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0  # Windows has none
    return max(1, min(available_cores(), round((os.cpu_count() or 1) - load)))


def available_cores(root: Path = Path("/")) -> int:
    """Return the number of cores that this process may use: at least 1.

    It is the number of cores that the system lets the process run on, or less where the process is
    in a container or a service with a limit (a cgroup of Linux, version 1 or 2).

    Args:
        root: The folder that holds ``proc`` and ``sys``, in which Linux shows the limits.

    Example:
        >>> 1 <= available_cores() <= os.cpu_count()
        True
    """
    limits = [_read_limit(folder) for folder in _cgroup_folders(root)]
    return max(1, min([_visible_cores(), *(math.ceil(limit) for limit in limits if limit)]))


def _visible_cores() -> int:
    """Return the number of cores on which the system lets this process run."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cgroup_folders(root: Path) -> list[Path]:
    """Return the folders whose limits hold for this process: its own and those above it."""
    cgroups = root / "sys/fs/cgroup"
    folders = {cgroups, cgroups / "cpu"}  # inside a container, these are the container's own
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return []
    for line in lines:  # such as "0::/system.slice/jupyter-ada.service"
        _, controllers, path = line.split(":", 2)
        top = cgroups / controllers if controllers else cgroups
        own = top / path.strip("/")
        folders |= {own, *(parent for parent in own.parents if parent.is_relative_to(top))}
    return sorted(folders)


def _read_limit(folder: Path) -> float | None:
    """Return how many cores a cgroup may use, or None where it has no limit of its own."""
    try:
        if (file := folder / "cpu.max").exists():  # version 2: "150000 100000" is 1.5 cores
            quota, period = file.read_text("ascii").split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text("ascii")
            period = (folder / "cpu.cfs_period_us").read_text("ascii")
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or "max"
        return None
