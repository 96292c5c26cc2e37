"""Processor cores that this process may use, and how the threads of PyTorch wait.

PyTorch computes an operation with one thread per core. Two things make that slow where the machine
is shared. At the end of each operation the threads wait for the last one, and while they wait they
spin for some milliseconds: on a busy machine they keep the core from the very thread that they wait
for. And a container that may use two of sixteen cores gets sixteen threads, since PyTorch does not
read the container's limit.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

#: Turns of a waiting loop before a thread of GNU's OpenMP, with which PyTorch is built for Linux,
#: goes to sleep. GNU's own default is 300,000. Without any turns, which is what
#: ``OMP_WAIT_POLICY=PASSIVE`` means, an idle machine is slower too: ``python -m benchmarks.busy``.
SPIN_COUNT = 30_000


def configure_threads() -> None:
    """Set how long threads spin while they wait, and at most one thread for each core to use.

    It sets ``GOMP_SPINCOUNT``, and ``OMP_NUM_THREADS`` where a container has fewer cores than the
    machine, unless the user has set how threads wait or how many there are. PyTorch reads both when
    it is imported, so commands and set-up cells call this first.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPIN_COUNT))
    if (cores := available_cores()) < _visible_cores():
        os.environ.setdefault("OMP_NUM_THREADS", str(cores))


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
