"""The table of trials sums over processes, and a loss fails its test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
CASES = """
import pytest

@pytest.mark.parametrize("n", [1, 20, 300])
def test_held(n, record_trials, long):
    record_trials("kept", n * (2 if long else 1))

def test_lost(record_trials):
    record_trials("broke", 7, lost=2)

def test_nothing(record_trials):
    record_trials("empty", 0)
"""


def test_trials_are_summed_and_a_loss_fails(tmp_path):
    (tmp_path / "faults").mkdir()
    for name in ("conftest.py", "faults/conftest.py"):
        shutil.copy(TESTS / name, tmp_path / name)
    (tmp_path / "faults/test_cases.py").write_text(CASES)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    env = os.environ | {"FAULTS": "long", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-n", "2", "."]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout
    for text in (
        "kept          |   642 |    0",
        "broke         |     7 |    2",
        "broke: 2 of 7 were lost",
        "empty: nothing was tried",
        "2 failed, 3 passed",
    ):
        assert text in run.stdout
