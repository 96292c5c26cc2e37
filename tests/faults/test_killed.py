"""SIGKILL at random moments, as often as asked for: nothing is lost, and the end is the same bit for bit."""

import random
import signal
import time

from fault_runs import TRAIN, content, losses, standing


def test_killed_anywhere_the_run_goes_on_bit_for_bit(commands, whole, long, tried, tmp_path):
    undisturbed, seconds = whole
    chance, kills, lost, runs = random.Random(17), 0, 0, 0
    while kills < (60 if long else 3):
        runs += 1
        folder, status = tmp_path / f"run-{runs}", None
        folder.mkdir()
        (folder / "mine.txt").write_text("what a person has put there")
        while status != 0:
            begun, before = content(folder), standing(folder)
            command = commands.start([*TRAIN, "--out", folder])
            time.sleep(chance.uniform(0, seconds))
            command.send(signal.SIGKILL)
            status = command.wait()
            assert status in (0, -signal.SIGKILL), command.said()
            kills += status != 0
            lost += losses(before, standing(folder), folder, begun)
        ended = content(folder)
        assert ended.pop("mine.txt")
        lost += ended != content(undisturbed)  # checkpoints, models, curves and strips, bit for bit
        assert not list(folder.rglob(".colorlib-*.tmp"))
    tried("SIGKILL in the middle of colorlib train", kills, lost)
