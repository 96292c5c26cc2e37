"""Two runs on one folder: the second is told whose it is; a killed one is in nobody's way."""

import re
import signal
import threading

import pytest
import torch
from fault_runs import TRAIN, content, standing
from tiny_run import trainer, weights

from colorlib.cli import main
from colorlib.io.files import lock_folder

TOLD = r"is in use by process (\d+) on \S+; wait for it, stop it, or choose another folder"


def test_the_second_command_is_told_who_holds_the_folder(
    commands, whole, tried, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "run"
    first = commands.start([*TRAIN, "--out", folder])
    first.until("Training:")
    first.send(signal.SIGSTOP)  # it holds the folder and does nothing, however long this takes
    before = content(folder)
    assert main([*TRAIN, "--out", str(folder)]) == 1
    told = re.search(TOLD, capsys.readouterr().err)
    assert told and int(told[1]) == first.process.pid
    lost = content(folder) != before
    first.send(signal.SIGKILL)
    first.wait()
    assert commands.run([*TRAIN, "--out", folder])[0] == 0  # the lock died with its process
    lost += content(folder) != content(whole[0])
    tried("two commands on one folder", 1, lost)


def test_of_many_that_start_at_once_one_trains(commands, whole, long, tried, tmp_path):
    if not long:
        pytest.skip("a minute; part of make test-faults")
    rounds, lost = 5, 0
    for i in range(rounds):
        folder = tmp_path / str(i)
        started = [commands.start([*TRAIN, "--out", folder]) for _ in range(4)]
        ended = [(command.wait(), command.said()) for command in started]
        assert any(status == 0 for status, _ in ended)
        assert all(re.search(TOLD, said) for status, said in ended if status != 0)
        lost += content(folder) != content(whole[0])
        standing(folder)
    tried("four commands on one folder at once", rounds, lost)


def test_two_trainers_in_one_process(tmp_path, tried):
    """As in a notebook whose cell is run again in a thread, or in two notebooks of one folder."""
    inside, go_on, whole = threading.Event(), threading.Event(), trainer(None)
    whole.fit()
    first = trainer(tmp_path)
    first.after_epoch = lambda run: (inside.set(), go_on.wait(30))
    thread = threading.Thread(target=first.fit)
    thread.start()
    inside.wait(30)
    before = content(tmp_path)
    with pytest.raises(BlockingIOError, match=TOLD):
        trainer(tmp_path).fit()
    lost = content(tmp_path) != before
    go_on.set()
    thread.join()
    again = trainer(tmp_path)
    again.fit()  # free again
    lost += not all(map(torch.equal, weights(again), weights(whole)))
    tried("two trainers on one folder", 1, lost)


def test_a_lock_clears_away_only_what_a_killed_run_left(tmp_path):
    left, mine = tmp_path / ".colorlib-0123.tmp", tmp_path / "colorlib-0123.tmp"
    left.write_bytes(b"half a checkpoint"), mine.write_bytes(b"mine")
    with lock_folder(tmp_path):
        assert not left.exists() and mine.exists()
        left.write_bytes(b"being written")
        with pytest.raises(BlockingIOError), lock_folder(tmp_path):
            pass
        assert left.exists()


def test_where_there_are_no_locks_a_run_goes_on(tmp_path, monkeypatch):
    def none(*args):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", none)  # some network drives
    left = tmp_path / ".colorlib-0123.tmp"
    left.touch()
    with lock_folder(tmp_path), lock_folder(tmp_path):
        assert left.exists()  # it may be another run's


def test_a_comparison_holds_its_folder_as_well(tmp_path, capsys):
    asked = ["compare", "--recipes", "p2-cnn", "--reduced", "--out", str(tmp_path)]
    with lock_folder(tmp_path):
        assert main(asked) == 1
    assert re.search(TOLD, capsys.readouterr().err) and not (tmp_path / "protocol.json").exists()
