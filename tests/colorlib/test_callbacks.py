"""Callbacks of a run: limits, hooks, finite losses, what is logged, and a graceful stop."""

import logging
import math
import re
import signal

import pytest
import torch
from tiny_run import Hooks, same_run, trainer

from colorlib.engine import signals
from colorlib.io import disk_space


@pytest.fixture(autouse=True)
def no_recent_signal(monkeypatch):
    """A signal of the last second does not count as the same request."""
    monkeypatch.setattr(signals, "_last_request", -math.inf)


def test_max_minutes_stops_a_run_with_a_checkpoint(tmp_path):
    run = trainer(tmp_path)
    run.fit(max_minutes=0)
    assert run.global_step == 0 and not run.done
    assert len(list(tmp_path.glob("checkpoint*"))) == 1
    run.fit(max_minutes=60)
    assert run.done


def test_callback_sees_each_row_and_disturbs_nothing():
    seen, plain = [], trainer()
    watch = Hooks(None, lambda run: (torch.rand(5), seen.append((run.epoch, len(run.history)))))
    run = trainer(callbacks=[watch])
    run.fit(), plain.fit()
    assert seen == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert same_run(run, plain)


def test_precision_is_logged_once(caplog):
    with caplog.at_level(logging.INFO, "colorlib"):
        trainer(amp=True).fit()
    assert caplog.text.count("precision: ") == 1


def test_size_of_checkpoints_is_said_before_the_first_step(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(disk_space, "_SAID_FROM", 1000)
    caplog.set_level(logging.INFO, "colorlib")
    run = trainer(tmp_path)
    run.fit(max_steps=0)
    pattern = r"checkpoints \((\d+) KB each, of which two are kept.* take (\d+) KB in"
    said = re.search(pattern, caplog.text)
    run.fit(max_steps=3)  # Adam's averages are there now
    file = max(tmp_path.glob("checkpoint-*"))
    header = 8 + int.from_bytes(file.read_bytes()[:8], "little")  # large next to tiny networks
    assert int(said[1]) == pytest.approx((file.stat().st_size - header) / 1000, abs=1)
    assert int(said[2]) == pytest.approx(3 * int(said[1]), abs=3)


def test_disk_without_room_for_checkpoints_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: (10**9, 10**9, 0))
    monkeypatch.setattr(disk_space, "_MINIMUM", 0)
    with pytest.raises(OSError, match="are free there; free some space, or choose a folder on"):
        trainer(tmp_path).fit()
    assert not list(tmp_path.glob("checkpoint-*"))


def test_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(tmp_path):
    run = trainer(tmp_path)
    run.fit(max_steps=2)
    before = sorted(path.name for path in tmp_path.iterdir())
    train_step = run.train_step
    run.train_step = lambda L, real: train_step(L, real) | {"G_rec": math.nan}
    with pytest.raises(FloatingPointError, match="epoch 0, step 2 .*; lower the learning rate"):
        run.fit()
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("moment", ["in a step", "while validating", "at the end of an epoch"])
def test_signal_stops_a_run_that_resumes_bit_for_bit(tmp_path, moment):
    whole = trainer()
    whole.fit()
    epochs = []

    def send_once(run):
        epochs.append(run.epoch)
        if len(epochs) == 2:
            signal.raise_signal(signal.SIGINT)

    run = trainer(tmp_path)
    train_step, validate = run.train_step, run.validate
    if moment == "in a step":
        run.train_step = lambda L, real: (send_once(run), train_step(L, real))[1]
    elif moment == "while validating":
        run.validate = lambda net: (send_once(run), validate(net))[1]
    else:
        run.callbacks = [Hooks(None, send_once)]
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    assert signal.getsignal(signal.SIGINT) is handler
    expected = {"in a step": (0, 2), "while validating": (1, 3), "at the end of an epoch": (2, 0)}
    assert (run.epoch, run.step) == expected[moment]
    resumed = trainer(tmp_path)
    resumed.fit()
    run.fit()  # the same trainer, as when a cell is run again
    assert same_run(resumed, whole) and same_run(run, whole)


def test_signal_after_the_last_step_is_not_lost(tmp_path):
    whole = trainer()
    whole.fit()
    run = trainer(tmp_path)
    run.callbacks = [Hooks(None, lambda run: run.done and signal.raise_signal(signal.SIGTERM))]
    with pytest.raises(signals.Stopped) as stopped:
        run.fit()
    assert stopped.value.status == 143
    finished = trainer(tmp_path)
    finished.fit()
    assert same_run(finished, whole)


def test_second_signal_stops_at_once_and_saves_nothing(tmp_path, monkeypatch):
    run = trainer(tmp_path)
    run.fit(max_steps=2)
    before = sorted(path.name for path in tmp_path.iterdir())

    def interrupt_twice(L, real):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # within a second: the same request
        monkeypatch.setattr(signals, "_last_request", -math.inf)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the second request did not stop the run")

    run.train_step = interrupt_twice
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    assert sorted(path.name for path in tmp_path.iterdir()) == before
