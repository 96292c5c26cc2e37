"""`colorlib train`, killed at random moments, loses nothing and ends bit for bit the same."""

import random
import signal
import time

from process_runner import TRAIN, count_losses, hash_files, read_progress


def test_train_killed_anywhere_resumes_bit_for_bit(
    commands, whole_run, long, record_trials, tmp_path
):
    undisturbed, seconds = whole_run
    rng, kills, lost, runs = random.Random(17), 0, 0, 0
    while kills < (60 if long else 3):
        runs += 1
        folder, status = tmp_path / f"run-{runs}", None
        folder.mkdir()
        (folder / "mine.txt").write_text("a user's file")
        while status != 0:
            files, progress = hash_files(folder), read_progress(folder)
            command = commands.start([*TRAIN, "--out", folder])
            time.sleep(rng.uniform(0, seconds))
            command.send(signal.SIGKILL)
            status = command.wait()
            assert status in (0, -signal.SIGKILL), command.output()
            kills += status != 0
            lost += count_losses(progress, files, folder)
        files = hash_files(folder)
        assert files.pop("mine.txt")
        # checkpoints, models, curves and images, bit for bit
        lost += files != hash_files(undisturbed)
        assert not list(folder.rglob(".colorlib-*.tmp"))
    record_trials("SIGKILL of colorlib train", kills, lost)
