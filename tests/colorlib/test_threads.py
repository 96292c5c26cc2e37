"""Commands and set-up cells set how threads wait before torch, which reads it, is imported."""

import os
import subprocess
import sys

import pytest

REPORT = """
import atexit, builtins, os, sys
original = builtins.__import__
seen = []
def watched(name, *args, **kwargs):
    if name.split(".")[0] == "torch" and not seen:
        seen.append(os.environ.get("OMP_WAIT_POLICY"))
    return original(name, *args, **kwargs)
builtins.__import__ = watched
atexit.register(lambda: print("policy:", *seen))
"""
CALLS = {
    "command": "from colorlib.cli import main; main(['info'])",
    "set-up cell": """
from colorlib.notebook.environment import print_ready
print_ready("02_unet")
import torch
""",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("given", [None, "ACTIVE"])
def test_waiting_threads_sleep_unless_the_user_chose_otherwise(call, given):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if given is not None:
        environment["OMP_WAIT_POLICY"] = given
    done = subprocess.run(
        [sys.executable, "-c", REPORT + call],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == f"policy: {given or 'PASSIVE'}"
