"""Threads: how they wait and how many they are is set before torch, which reads it, is imported."""

import os
import subprocess
import sys

import pytest

from colorlib import cli
from colorlib.io.threads import available_cores, configure_threads, free_cores

REPORT = """
import builtins, os
original = builtins.__import__
def watched(name, *args, **kwargs):
    if name.split(".")[0] == "torch":
        print("turns:", os.environ.get("GOMP_SPINCOUNT"), flush=True)
        os._exit(0)
    return original(name, *args, **kwargs)
builtins.__import__ = watched
"""
CALLS = {
    "command": "from colorlib.cli import main; main(['info'])",
    "set-up cell": """
from colorlib.notebook.environment import print_ready
print_ready("02_unet")
import torch
""",
}
VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS")


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "30000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None")],
)
def test_waiting_threads_sleep_soon_unless_the_user_chose_otherwise(call, given, expected):
    others = {name: text for name, text in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", REPORT + call],
        env=others | given,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == f"turns: {expected}"


CASES = {
    # name: (what /proc/self/cgroup says, files below /sys/fs/cgroup, expected of 16 cores)
    "no limit": ("0::/", {"cpu.max": "max 100000"}, 16),
    "two cores": ("0::/", {"cpu.max": "200000 100000"}, 2),
    "one and a half": ("0::/", {"cpu.max": "150000 100000"}, 2),
    "a tenth": ("0::/", {"cpu.max": "10000 100000"}, 1),
    "more than there are": ("0::/", {"cpu.max": "9900000 100000"}, 16),
    "service": ("0::/a.slice/b.service", {"a.slice/b.service/cpu.max": "300000 100000"}, 3),
    "slice above": (
        "0::/a.slice/b.service",
        {"a.slice/cpu.max": "100000 100000", "a.slice/b.service/cpu.max": "max 100000"},
        1,
    ),
    "version 1": (
        "4:cpu,cpuacct:/docker/ab\n0::/",
        {"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"},
        4,
    ),
    "version 1 without a limit": (
        "4:cpu,cpuacct:/\n0::/",
        {"cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n"},
        16,
    ),
    "not Linux": (None, {}, 16),
    "unreadable": ("0::/", {"cpu.max": "?"}, 16),
}


@pytest.mark.parametrize(("membership", "files", "expected"), CASES.values(), ids=CASES)
def test_available_cores_respects_the_limit_of_a_container(
    tmp_path, monkeypatch, membership, files, expected
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    texts = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    if membership is not None:
        texts["proc/self/cgroup"] = membership + "\n"
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert available_cores(tmp_path) == expected


@pytest.mark.parametrize(
    ("threads", "given", "expected"), [(2, None, "2"), (2, "5", "5"), (16, None, None)]
)
def test_there_are_no_more_threads_than_wanted(monkeypatch, threads, given, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    variables = {} if given is None else {"OMP_NUM_THREADS": given}
    monkeypatch.setattr(os, "environ", variables)
    configure_threads(threads)
    assert variables.get("OMP_NUM_THREADS") == expected


@pytest.mark.parametrize(
    ("load", "limit", "expected"), [(0.1, 16, 16), (5.4, 16, 11), (99, 16, 1), (5.4, 2, 2)]
)
def test_free_cores_are_what_the_load_leaves(monkeypatch, load, limit, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    monkeypatch.setattr("colorlib.io.threads.available_cores", lambda: limit)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0, 0), raising=False)
    assert free_cores() == expected


@pytest.mark.parametrize(
    ("command", "expected"), [("train", None), ("compare", None), ("colorize", "3"), ("info", "3")]
)
def test_only_commands_that_train_ignore_the_load(monkeypatch, command, expected):
    """A run that is resumed must have the threads that it had before."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (13.0, 0, 0), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(cli, "run_command", lambda *args, **options: 0)
    monkeypatch.setattr(cli, "available_cores", lambda: 16)
    monkeypatch.setattr(os, "environ", {"HOME": os.environ.get("HOME", ".")})
    assert cli.main([command]) == 0
    assert os.environ.get("OMP_NUM_THREADS") == expected
