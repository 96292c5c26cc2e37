"""SIGINT, SIGTERM and a notebook's interrupt: a checkpoint, a sentence, and the run goes on from there."""

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
from fault_runs import TRAIN, content, outcome, standing
from tiny_run import trainer, weights

from colorlib.cli import main

GO_ON = "colorlib train: stopped; the same command goes on from here"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_command_with_a_checkpoint_and_a_sentence(
    commands, whole, long, tried, tmp_path, number, status
):
    undisturbed, _ = whole
    chance, lost, n, tries = random.Random(int(number)), 0, 0, 0
    while n < (12 if long else 1) and tries < 40:
        tries += 1
        folder = tmp_path / str(tries)
        command = commands.start([*TRAIN, "--out", folder])
        command.until("Training:")
        time.sleep(chance.uniform(0, 0.3))
        command.send(number)
        ended = command.wait()
        assert ended in (0, status, -number), command.said()
        if ended != status:  # it was over before the signal came
            lost += outcome(folder) != outcome(undisturbed)
            continue
        n += 1
        lost += max(standing(folder).values()) <= (
            0,
            0,
        )  # what was done in the first epoch is kept as well
        assert command.said().count(GO_ON) == 1 and "Traceback" not in command.said()
        assert commands.run([*TRAIN, "--out", folder])[0] == 0
        lost += outcome(folder) != outcome(undisturbed)
    tried(f"{number.name} in the middle of colorlib train", n, lost)


def test_the_keyboard_may_interrupt_any_line_of_the_library(long, tried, tmp_path):
    n = 600 if long else 12
    script = Path(__file__).with_name("interrupted_run.py")
    ran = subprocess.run(
        [sys.executable, script, tmp_path, str(n), "5"],
        env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=1800,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["handlers changed"] == 0 and "which fit goes on from" in ran.stderr
    tried("KeyboardInterrupt anywhere in fit", seen["interrupts"], seen["lost"])


def stop_in(run, method, call):
    """Let the keyboard interrupt a run in the middle of a method's n-th call."""
    real, calls = getattr(run, method), []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return real(*args)

    setattr(run, method, interrupted)


@pytest.mark.parametrize("method", ["validate", "after_epoch", "_refresh", "save"])
def test_an_epoch_whose_end_was_interrupted_ends_again(tmp_path, tried, method):
    whole, looks = trainer(None), []
    whole.fit()
    run = trainer(tmp_path)
    run.after_epoch = lambda run: None
    stop_in(run, method, call=2)
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    again = trainer(tmp_path)
    again.after_epoch = lambda run: looks.append(run.epoch)
    again.fit()
    assert looks == ([3, 4] if method == "save" else [2, 3, 4])  # nobody's look is left out
    same = again.history == whole.history and all(map(torch.equal, weights(again), weights(whole)))
    tried("KeyboardInterrupt while an epoch ends", 1, not same)


def test_without_a_folder_the_run_in_memory_goes_on(tried):
    whole, run = trainer(None), trainer(None)
    whole.fit()
    for method in ("validate", "train_step"):
        real = getattr(run, method)
        stop_in(run, method, call=2)
        with pytest.raises(KeyboardInterrupt):
            run.fit()
        setattr(run, method, real)
    run.fit()
    same = run.history == whole.history and all(map(torch.equal, weights(run), weights(whole)))
    tried("KeyboardInterrupt without a folder", 2, not same)


def test_a_second_interrupt_leaves_out_the_checkpoint_and_keeps_the_last(tmp_path, tried):
    run, whole = trainer(tmp_path), trainer(None)
    whole.fit()
    run.fit(max_steps=4)
    before, step, entered = content(tmp_path), run._one_step, threading.Event()

    def slow(indices):
        entered.set()
        time.sleep(1)
        return step(indices)

    run._one_step = slow
    press = [os.getpid(), signal.SIGINT]  # to the process: its first thread hears it
    presses = [threading.Timer(delay, os.kill, press) for delay in (0.2, 0.5)]
    threading.Thread(target=lambda: (entered.wait(), [press.start() for press in presses])).start()
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    lost = content(tmp_path) != before
    again = trainer(tmp_path)
    again.fit()
    tried(
        "interrupted twice", 1, lost + (not all(map(torch.equal, weights(again), weights(whole))))
    )


def test_a_broken_step_is_not_kept(tmp_path):
    """The step that the interrupt waits for may fail: what it left is no state to go on from."""
    run = trainer(tmp_path)
    run.fit(max_steps=4)
    before = content(tmp_path)

    def fails(L, ab):
        signal.raise_signal(signal.SIGINT)
        with torch.no_grad():
            run.net_g[0].weight.zero_()
        raise RuntimeError("halves of a step")

    run.train_step = fails
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    assert content(tmp_path) == before


def test_signals_are_those_of_the_caller_again(monkeypatch):
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    within = {}

    def run(args):
        within.update({number: signal.getsignal(number) for number in before})
        return 0

    monkeypatch.setattr("colorlib.cli.info.run", run)
    assert main(["info"]) == 0
    assert all(within[number] is not before[number] for number in before)
    assert {number: signal.getsignal(number) for number in before} == before
    threads = [threading.Thread(target=lambda: within.update(status=main(["info"])))]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    assert within["status"] == 0  # a thread may not ask for signals, and need not


def test_torchrun_passes_the_signal_on(long, tried, tmp_path):
    if not long:
        pytest.skip("half a minute; part of make test-faults")
    env = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    env["COLORLIB_CACHE"] = str(tmp_path / "cache")
    asked = [*TRAIN, "--out", str(tmp_path / "run")]
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    lost = 0
    for number in (signal.SIGTERM, signal.SIGINT):
        before = standing(tmp_path / "run")
        with open(tmp_path / "said.txt", "w+") as said:
            process = subprocess.Popen(
                [*words, "-m", "colorlib", *asked], env=env, stdout=said, stderr=said
            )
            while process.poll() is None and "Training:" not in (tmp_path / "said.txt").read_text():
                time.sleep(0.01)
            time.sleep(0.5)
            process.send_signal(number)
            process.wait(timeout=120)
        text = (tmp_path / "said.txt").read_text()
        assert process.returncode != 0 and text.count(GO_ON) == 1, text
        lost += max(standing(tmp_path / "run").values()) <= max(before.values())
    done = subprocess.run(
        [*words, "-m", "colorlib", *asked], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    tried("signals to torchrun", 2, lost)
