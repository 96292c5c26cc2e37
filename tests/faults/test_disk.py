"""A full disk, a limit on file sizes or a read-only folder stops a run, and nothing is lost."""

import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from process_runner import TRAIN, count_losses, hash_files, read_progress

from colorlib.io.locks import lock_folder


def train_on_full_disk(commands, folder, **limits):
    """Train until the disk is full; return what was lost by it."""
    folder.mkdir(exist_ok=True)
    files, progress = hash_files(folder), read_progress(folder)
    status, output = commands.run([*TRAIN, "--out", folder], **limits)
    assert status == 1 and "Traceback" not in output, output
    is_refused = "are free there; free some space" in output  # before the first step
    is_full = "the disk is full: " in output and "free some space and run this again" in output
    assert is_refused or is_full, output
    return count_losses(progress, files, folder)


def test_train_with_limited_file_size_loses_nothing(
    commands, whole_run, long, record_trials, tmp_path
):
    """RLIMIT_FSIZE: the system refuses to write more into a file, at any place in it."""
    folder, rng, lost, n = tmp_path / "run", random.Random(3), 0, 25 if long else 2
    largest = max(path.stat().st_size for path in whole_run[0].rglob("checkpoint*"))
    for _ in range(n):
        low, high = rng.choice([(100, 5000), (5000, largest - 1)])
        limit = int(rng.uniform(low, high))
        lost += train_on_full_disk(commands, folder, file_bytes=limit)
        lost += len(list(folder.rglob(".colorlib-*.tmp")))
    assert commands.run([*TRAIN, "--out", folder])[0] == 0
    lost += hash_files(folder) != hash_files(whole_run[0])
    record_trials("file that may not grow (RLIMIT_FSIZE)", n, lost)


def test_train_on_full_disk_loses_nothing(commands, whole_run, long, record_trials, small_disk):
    """It is full at each checkpoint in turn, also when there are others to lose."""
    sizes = [path.stat().st_size for path in whole_run[0].rglob("*") if path.is_file()]
    folder, rng, lost, n = small_disk.folder / "run", random.Random(4), 0, 12 if long else 1
    for i in range(n):
        kilobytes = sum(sizes) // 1024 * (i + rng.uniform(0.3, 0.7)) / n
        small_disk.resize(max(int(kilobytes), 16))
        lost += train_on_full_disk(commands, folder)
    small_disk.resize(64 * 1024)
    assert commands.run([*TRAIN, "--out", folder])[0] == 0
    lost += hash_files(folder) != hash_files(whole_run[0])
    record_trials("full disk (tmpfs)", n, lost)


def test_train_in_read_only_folder_is_refused(commands, whole_run, record_trials):
    parent = Path(tempfile.mkdtemp())
    folder = parent / "run"
    shutil.copytree(whole_run[0], folder)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    parent.chmod(0o555)
    before = hash_files(folder)
    for out in (folder, parent / "new"):
        status, output = commands.run([*TRAIN, "--out", out], unprivileged=True)
        assert status == 1 and "Traceback" not in output
        assert f"{out} cannot be written to (" in output
        assert "; allow that, or choose another folder" in output
    lost = hash_files(folder) != before
    for path in [parent, folder, *folder.rglob("*")]:
        path.chmod(0o755)
    shutil.rmtree(parent)
    record_trials("read-only folder", 2, lost)


def test_lock_file_in_place_of_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("a user's file")
    words = "run cannot be written to .File exists.; allow that, or"
    with pytest.raises(FileExistsError, match=words), lock_folder(tmp_path / "run"):
        pass
    assert os.listdir(tmp_path) == ["run"]
    assert (tmp_path / "run").read_text() == "a user's file"
