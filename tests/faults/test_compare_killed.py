"""`colorlib compare`, stopped or killed at random moments, ends with the same rows and models."""

import json
import random
import signal
import time

import pytest
from process_runner import hash_files

from colorlib.cli import main

COMMAND = ["compare", "--recipes", "p2-cnn,p3-gan", "--reduced", "--seed", "2"]
TIMES = ("minutes", "ms")  # these differ between any two runs
SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]


def read_rows(folder):
    """Return the rows of a comparison without their times; every file of a row is whole."""
    rows = {}
    for path in folder.glob("*/row.json"):
        row = json.loads(path.read_text())
        rows[path.parent.name] = {name: row[name] for name in row if name not in TIMES}
    return rows


def read_models(folder):
    files = hash_files(folder)
    return {name: digest for name, digest in files.items() if name.endswith("model.safetensors")}


def test_compare_killed_anywhere_resumes(commands, long, record_trials, tmp_path):
    if not long:
        pytest.skip("minutes; part of make test-faults, next to the stopped one of test_compare.py")
    start = time.monotonic()
    assert commands.run([*COMMAND, "--out", tmp_path / "whole"])[0] == 0
    seconds, rng = time.monotonic() - start, random.Random(6)
    rows, models = read_rows(tmp_path / "whole"), read_models(tmp_path / "whole")
    sent, lost, runs = 0, 0, 0
    while sent < 20:
        runs += 1
        folder, status = tmp_path / str(runs), None
        while status != 0:
            before = read_rows(folder)
            command = commands.start([*COMMAND, "--out", folder])
            time.sleep(rng.uniform(0, seconds))
            number = rng.choice(SIGNALS)
            command.send(number)
            status = command.wait()
            if number != signal.SIGKILL and status == -number:
                # the signal came before the command began, or when all was done
                assert not command.output() or read_rows(folder) == rows
            else:
                assert status in (0, -signal.SIGKILL, 143, 130), command.output()
            sent += status != 0
            after = read_rows(folder)
            lost += sum(after.get(name) != row for name, row in before.items())
        lost += read_rows(folder) != rows or read_models(folder) != models
    record_trials("signals to colorlib compare", sent, lost)


def test_compare_names_damaged_row(tmp_path, capsys, record_trials):
    path = tmp_path / "compared/p2-cnn/row.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"name": "p2-c')
    assert main([*COMMAND, "--out", str(tmp_path / "compared")]) == 1
    assert "p2-cnn/row.json is damaged (" in capsys.readouterr().err
    record_trials("damaged row.json", 1, path.read_text() != '{"name": "p2-c')
