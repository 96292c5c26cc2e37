"""A comparison that is killed or stopped at random moments ends with the rows of one that was not."""

import json
import random
import shutil
import signal
import time

import pytest
from fault_runs import content

from colorlib.cli import main

ASKED = ["compare", "--recipes", "p2-cnn,p3-gan", "--reduced", "--seed", "2"]
CLOCK = ("minutes", "ms")  # which no two runs share


def rows(folder):
    """Give what a comparison has measured, without its times; every file of it is whole."""
    found = {}
    for path in folder.glob("*/row.json"):
        row = json.loads(path.read_text())
        found[path.parent.name] = {name: row[name] for name in row if name not in CLOCK}
    return found


def models(folder):
    return {
        name: word for name, word in content(folder).items() if name.endswith("model.safetensors")
    }


def test_a_comparison_killed_anywhere_goes_on(commands, long, tried, tmp_path):
    if not long:
        pytest.skip(
            "minutes; part of make test-faults, beside test_compare.py's stopped comparison"
        )
    began = time.monotonic()
    assert commands.run([*ASKED, "--out", tmp_path / "whole"])[0] == 0
    seconds, chance = time.monotonic() - began, random.Random(6)
    whole, same_models = rows(tmp_path / "whole"), models(tmp_path / "whole")
    n, lost, runs = 0, 0, 0
    while n < 20:
        runs, status = runs + 1, None
        folder = tmp_path / str(runs)
        while status != 0:
            before = rows(folder)
            command = commands.start([*ASKED, "--out", folder])
            time.sleep(chance.uniform(0, seconds))
            number = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            command.send(number)
            status = command.wait()
            if (
                status == -number != -signal.SIGKILL
            ):  # only before the command began, or when all was done
                assert not command.said() or rows(folder) == whole
            else:
                assert status in (0, -signal.SIGKILL, 143, 130), command.said()
            n += status != 0
            lost += sum(rows(folder).get(name) != row for name, row in before.items())
        lost += rows(folder) != whole or models(folder) != same_models
    tried("signals in the middle of colorlib compare", n, lost)


def test_a_damaged_row_is_named(tmp_path, capsys, tried):
    folder = tmp_path / "compared"
    (folder / "p2-cnn").mkdir(parents=True)
    (folder / "p2-cnn/row.json").write_text('{"name": "p2-c')
    before = content(folder)
    assert main([*ASKED, "--out", str(folder)]) == 1
    assert "p2-cnn/row.json is damaged (" in capsys.readouterr().err
    after = content(folder)
    tried("row.json damaged", 1, any(after.get(name) != word for name, word in before.items()))
    shutil.rmtree(folder)
