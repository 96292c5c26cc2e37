"""Fixtures of all fault tests: how long they try, and the table of trials and losses.

`make test` runs each test briefly; `make test-faults` sets FAULTS=long, and the same tests try far
more.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

LONG = os.environ.get("FAULTS") == "long"


@pytest.fixture(scope="session")
def long():
    """Whether this is the long version."""
    return LONG


@pytest.fixture(scope="session")
def fuzzing():
    """Return hypothesis settings; the short version tries the same examples each time."""

    def make(short, long):
        return settings(
            max_examples=long if LONG else short,
            deadline=None,
            database=None,
            derandomize=not LONG,
            suppress_health_check=list(HealthCheck),
        )

    return make


@pytest.fixture
def record_trials(request):
    """Return `record_trials(kind, tried, lost=0)`, which fills the table; a loss fails the test."""

    def record(kind, tried, lost=0):
        assert tried > 0, f"{kind}: nothing was tried"
        # xdist sends this property to the process that prints the table
        request.node.user_properties.append(("fault", [kind, tried, int(lost)]))
        assert not lost, f"{kind}: {lost} of {tried} were lost"

    return record


@pytest.fixture(scope="session")
def commands(long, tmp_path_factory):
    """A runner of commands in new processes, which are forks of one in the short version."""
    from process_runner import CommandRunner

    runner = CommandRunner(tmp_path_factory.mktemp("commands"), fork=not long)
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def whole_run(commands, tmp_path_factory):
    """The folder of an undisturbed `colorlib train`, and the seconds that it took."""
    from process_runner import TRAIN

    folder, start = tmp_path_factory.mktemp("whole"), time.monotonic()
    status, output = commands.run([*TRAIN, "--out", folder])
    assert status == 0, output
    return folder, time.monotonic() - start


@pytest.fixture(scope="session")
def whole_training():
    """A Trainer after an undisturbed fit."""
    from interrupted_training import trainer

    run = trainer(None)
    run.fit()
    return run


class SmallDisk:
    """A file system in ``folder`` whose size a test sets."""

    def __init__(self, folder):
        self.folder = folder

    def resize(self, kilobytes):
        command = ["mount", "-o", f"remount,size={kilobytes}k", str(self.folder)]
        subprocess.run(command, check=True)


@pytest.fixture
def small_disk():
    """A file system of 4 MB; a test that needs it is left out where mounts are not allowed."""
    folder = Path(tempfile.mkdtemp())
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("this machine allows no mounts; the test with RLIMIT_FSIZE replaces it")
    yield SmallDisk(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()
