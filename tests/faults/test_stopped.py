"""SIGINT, SIGTERM and a notebook's interrupt end a run with a checkpoint, from which it resumes."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from interrupted_training import is_same_run, trainer
from process_runner import TRAIN, final_files, hash_files, read_progress

from colorlib.cli import main
from colorlib.engine import signals
from colorlib.engine.callbacks import Callback

STOPPED = "colorlib train: stopped; the same command resumes from here"


@pytest.fixture(autouse=True)
def every_signal_counts(monkeypatch):
    """Count a signal that follows another one within a second, as tests are faster."""
    monkeypatch.setattr(signals, "_SAME_REQUEST", 0.0)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_train_signal_saves_checkpoint_and_resumes(
    commands, whole_run, long, record_trials, tmp_path, number, status
):
    expected = final_files(whole_run[0])
    rng, lost, n, runs = random.Random(int(number)), 0, 0, 0
    while n < (12 if long else 1) and runs < 40:
        runs += 1
        folder = tmp_path / str(runs)
        command = commands.start([*TRAIN, "--out", folder])
        command.wait_for_output("Training:")
        time.sleep(rng.uniform(0, 0.3))
        command.send(number)
        ended = command.wait()
        assert ended in (0, status, -number), command.output()
        if ended == status:  # if not, the run was over before the signal arrived
            n += 1
            assert command.output().count(STOPPED) == 1 and "Traceback" not in command.output()
            lost += max(read_progress(folder).values()) <= (0, 0)  # a step of an epoch is kept, too
            assert commands.run([*TRAIN, "--out", folder])[0] == 0
        lost += final_files(folder) != expected
    record_trials(f"{number.name} of colorlib train", n, lost)


def test_fit_interrupted_at_any_line_loses_no_step(long, record_trials, tmp_path):
    script = Path(__file__).with_name("interrupted_training.py")
    command = [sys.executable, script, tmp_path, "600" if long else "12", "5"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["handlers changed"] == 0 and "from which fit resumes" in done.stderr
    record_trials("SIGINT anywhere in fit", result["interrupts"], result["lost"])


def interrupt_call(target, method, number=2):
    """Send SIGINT to this process in the n-th call of a method."""
    original, calls = getattr(target, method), []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == number:
            signal.raise_signal(signal.SIGINT)
        return original(*args)

    setattr(target, method, interrupted)


class RecordEpochs(Callback):
    """Remembers the epochs that it has seen."""

    def __init__(self):
        self.epochs = []

    def on_epoch_end(self, trainer):
        self.epochs.append(trainer.epoch)


@pytest.mark.parametrize(
    ("method", "epochs_after"),
    [("validate", [2, 3, 4]), ("on_epoch_end", [3, 4]), ("save_checkpoint", [3, 4])],
)
def test_fit_interrupted_at_end_of_epoch_resumes(
    tmp_path, whole_training, record_trials, method, epochs_after
):
    """Validation is repeated; every epoch is seen by the callbacks exactly once."""
    run, seen = trainer(tmp_path), RecordEpochs()
    run.callbacks.append(seen)
    interrupt_call(seen if method == "on_epoch_end" else run, method)
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    again, seen_after = trainer(tmp_path), RecordEpochs()
    again.callbacks.append(seen_after)
    again.fit()
    assert seen_after.epochs == epochs_after and seen.epochs + seen_after.epochs == [1, 2, 3, 4]
    record_trials("SIGINT at the end of an epoch", 1, not is_same_run(again, whole_training))


def test_fit_without_folder_continues_in_memory(whole_training, record_trials):
    run = trainer(None)
    for method in ("validate", "train_step"):
        original = getattr(run, method)
        interrupt_call(run, method)
        with pytest.raises(KeyboardInterrupt):
            run.fit()
        setattr(run, method, original)
    run.fit()
    record_trials("SIGINT without a folder", 2, not is_same_run(run, whole_training))


@pytest.mark.parametrize("failure", ["second interrupt", "error"])
def test_fit_unfinished_step_is_not_saved(tmp_path, whole_training, record_trials, failure):
    """After a first interrupt the step is completed, unless it fails or a second one arrives."""
    run = trainer(tmp_path)
    run.fit(max_steps=4)
    before = hash_files(tmp_path)

    def interrupt_and_fail(L, ab):
        signal.raise_signal(signal.SIGINT)
        with torch.no_grad():
            run.net_g[0].weight.zero_()
        if failure == "error":
            raise RuntimeError("half of a step")
        signal.raise_signal(signal.SIGINT)

    run.train_step = interrupt_and_fail
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    lost = hash_files(tmp_path) != before
    again = trainer(tmp_path)
    again.fit()
    record_trials("interrupted step", 1, lost or not is_same_run(again, whole_training))


def test_main_restores_signal_handlers(monkeypatch):
    numbers = (signal.SIGINT, signal.SIGTERM)
    before, during, statuses = [signal.getsignal(number) for number in numbers], [], []

    def run(args):
        during[:] = [signal.getsignal(number) for number in numbers]
        return 0

    monkeypatch.setattr("colorlib.cli.info.run", run)
    assert main(["info"]) == 0
    assert all(handler not in before for handler in during)
    assert [signal.getsignal(number) for number in numbers] == before
    thread = threading.Thread(target=lambda: statuses.append(main(["info"])))
    thread.start()
    thread.join()
    assert statuses == [0]  # a thread must not set handlers


def test_torchrun_signal_stops_all_processes(long, record_trials, tmp_path):
    if not long:
        pytest.skip("half a minute; part of make test-faults")
    env = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    env["COLORLIB_CACHE"] = str(tmp_path / "cache")
    folder, output = tmp_path / "run", tmp_path / "output.txt"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", "-m", "colorlib", *TRAIN, "--out", str(folder)]
    lost = 0
    for number in (signal.SIGTERM, signal.SIGINT):
        before = read_progress(folder)
        with open(output, "w") as file:
            process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
            while process.poll() is None and "Training:" not in output.read_text():
                time.sleep(0.01)
            time.sleep(0.5)
            process.send_signal(number)
            process.wait(timeout=120)
        assert process.returncode != 0 and output.read_text().count(STOPPED) == 1
        lost += max(read_progress(folder).values()) <= max(before.values())
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    record_trials("signal to torchrun", 2, lost)
