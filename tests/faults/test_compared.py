"""A comparison that is killed at random moments ends with the rows of one that was not."""

import json
import random
import signal
import time

import pytest
from fault_runs import content

from colorlib.cli import main

COMMAND = ["compare", "--recipes", "p2-cnn,p3-gan", "--reduced", "--seed", "2"]
TIMES = ("minutes", "ms")  # these differ between any two runs


def read_rows(folder):
    """Return the rows of a comparison without their times; every file of a row is whole."""
    rows = {}
    for path in folder.glob("*/row.json"):
        row = json.loads(path.read_text())
        rows[path.parent.name] = {name: row[name] for name in row if name not in TIMES}
    return rows


def read_models(folder):
    files = content(folder)
    return {name: data for name, data in files.items() if name.endswith("model.safetensors")}


def test_a_comparison_killed_anywhere_goes_on(commands, long, tried, tmp_path):
    if not long:
        pytest.skip("minutes; part of make test-faults, next to the stopped one of test_compare.py")
    start = time.monotonic()
    assert commands.run([*COMMAND, "--out", tmp_path / "whole"])[0] == 0
    seconds, rng = time.monotonic() - start, random.Random(6)
    rows, models = read_rows(tmp_path / "whole"), read_models(tmp_path / "whole")
    signals, lost, runs = 0, 0, 0
    while signals < 20:
        runs += 1
        folder, status = tmp_path / str(runs), None
        while status != 0:
            before = read_rows(folder)
            command = commands.start([*COMMAND, "--out", folder])
            time.sleep(rng.uniform(0, seconds))
            number = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            command.send(number)
            status = command.wait()
            if status == -number != -signal.SIGKILL:
                # the signal came before the command began, or when all was done
                assert not command.said() or read_rows(folder) == rows
            else:
                assert status in (0, -signal.SIGKILL, 143, 130), command.said()
            signals += status != 0
            after = read_rows(folder)
            lost += sum(after.get(name) != row for name, row in before.items())
        lost += read_rows(folder) != rows or read_models(folder) != models
    tried("signals in the middle of colorlib compare", signals, lost)


def test_a_damaged_row_is_named(tmp_path, capsys, tried):
    folder = tmp_path / "compared"
    (folder / "p2-cnn").mkdir(parents=True)
    (folder / "p2-cnn/row.json").write_text('{"name": "p2-c')
    before = content(folder)
    assert main([*COMMAND, "--out", str(folder)]) == 1
    assert "p2-cnn/row.json is damaged (" in capsys.readouterr().err
    after = content(folder)
    tried("row.json damaged", 1, any(after.get(name) != data for name, data in before.items()))
