"""Two runs in one folder: the second is refused and changes nothing; a killed one blocks nobody."""

import re
import signal
import threading

import pytest
from interrupted_training import is_same_run, trainer
from process_runner import TRAIN, hash_files, read_progress

from colorlib.cli import main
from colorlib.engine.callbacks import Callback
from colorlib.io.locks import lock_folder

IN_USE = r"is in use by process (\d+) on \S+; wait for it, stop it, or choose another folder"


def test_second_command_in_folder_is_refused(
    commands, whole_run, record_trials, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "run"
    first = commands.start([*TRAIN, "--out", folder])
    first.wait_for_output("Training:")
    first.send(signal.SIGSTOP)  # it holds the folder, however long this takes
    before = hash_files(folder)
    assert main([*TRAIN, "--out", str(folder)]) == 1
    message = re.search(IN_USE, capsys.readouterr().err)
    assert message and int(message[1]) == first.process.pid
    lost = hash_files(folder) != before
    first.send(signal.SIGKILL)
    first.wait()
    assert commands.run([*TRAIN, "--out", folder])[0] == 0  # the lock died with its process
    lost += hash_files(folder) != hash_files(whole_run[0])
    record_trials("two commands in one folder", 1, lost)


def test_of_four_commands_at_once_one_trains(commands, whole_run, long, record_trials, tmp_path):
    if not long:
        pytest.skip("a minute; part of make test-faults")
    rounds, lost = 5, 0
    for i in range(rounds):
        folder = tmp_path / str(i)
        started = [commands.start([*TRAIN, "--out", folder]) for _ in range(4)]
        ended = [(command.wait(), command.output()) for command in started]
        assert any(status == 0 for status, _ in ended)
        assert all(re.search(IN_USE, output) for status, output in ended if status != 0)
        lost += hash_files(folder) != hash_files(whole_run[0])
        read_progress(folder)
    record_trials("four commands in one folder at once", rounds, lost)


class WaitAfterEpoch(Callback):
    """Holds a run at the end of its epochs until it may continue."""

    def __init__(self):
        self.reached, self.may_continue = threading.Event(), threading.Event()

    def on_epoch_end(self, trainer):
        self.reached.set()
        self.may_continue.wait(30)


def test_second_trainer_in_folder_is_refused(tmp_path, whole_training, record_trials):
    """As in a notebook whose cell runs again in a thread, or in two notebooks of one folder."""
    first, wait = trainer(tmp_path), WaitAfterEpoch()
    first.callbacks.append(wait)
    thread = threading.Thread(target=first.fit)
    thread.start()
    wait.reached.wait(30)
    before = hash_files(tmp_path)
    with pytest.raises(BlockingIOError, match=IN_USE):
        trainer(tmp_path).fit()
    lost = hash_files(tmp_path) != before
    wait.may_continue.set()
    thread.join()
    again = trainer(tmp_path)
    again.fit()
    record_trials("two trainers in one folder", 1, lost or not is_same_run(again, whole_training))


def test_lock_removes_only_leftovers_of_killed_runs(tmp_path):
    leftover, other = tmp_path / ".colorlib-0123.tmp", tmp_path / "colorlib-0123.tmp"
    leftover.write_bytes(b"half a checkpoint")
    other.write_bytes(b"a user's file")
    with lock_folder(tmp_path):
        assert not leftover.exists() and other.exists()
        leftover.write_bytes(b"being written")
        with pytest.raises(BlockingIOError), lock_folder(tmp_path):
            pass
        assert leftover.exists()


def test_lock_without_support_of_file_system_locks_nothing(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", fail)  # as on some network drives
    leftover = tmp_path / ".colorlib-0123.tmp"
    leftover.touch()
    with lock_folder(tmp_path), lock_folder(tmp_path):
        assert leftover.exists()  # another run may be writing it


def test_compare_in_locked_folder_is_refused(tmp_path, capsys):
    with lock_folder(tmp_path):
        args = ["compare", "--recipes", "p2-cnn", "--reduced", "--out", str(tmp_path)]
        assert main(args) == 1
    assert re.search(IN_USE, capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir() if path.name[0] != "."] == []
