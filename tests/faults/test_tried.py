"""The table of faults itself: it sums over workers, and a loss turns the run red."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
CASES = """
import pytest

@pytest.mark.parametrize("n", [1, 20, 300])
def test_held(n, tried, long):
    tried("kept", n * (2 if long else 1))

def test_lost(tried):
    tried("broke", 7, lost=2)

def test_nothing(tried):
    tried("empty", 0)
"""


def test_the_table_sums_over_workers_and_a_loss_fails(tmp_path):
    (tmp_path / "faults").mkdir()
    for name in ("conftest.py", "faults/conftest.py"):
        shutil.copy(TESTS / name, tmp_path / name)
    (tmp_path / "faults/test_cases.py").write_text(CASES)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    environment = os.environ | {"FAULTS": "long", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-n", "2", "."]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout
    assert "kept          |   642 |    0" in run.stdout
    assert "broke         |     7 |    2" in run.stdout
    assert "broke: 2 of 7 were lost" in run.stdout and "empty: nothing was tried" in run.stdout
    assert "2 failed, 3 passed" in run.stdout
