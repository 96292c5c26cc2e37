"""Files are written completely or not at all, and are never replaced by accident."""

import os
import stat
import sys
import threading

import pytest

from colorlib.io import files, locks
from colorlib.io.files import atomic_write
from colorlib.io.locks import lock_folder


def put(path, content=b"new", **options):
    with atomic_write(path, **options) as file:
        file.write(content)


def no_links(*args):
    raise OSError("this file system has no hard links")


@pytest.fixture(params=["links", "no links"], autouse=True)
def links(request, monkeypatch):
    if request.param == "no links":
        monkeypatch.setattr(os, "link", no_links)


def test_atomic_write_new_file(tmp_path):
    put(tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == b"new" and os.listdir(tmp_path) == ["a.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_atomic_write_permissions_follow_umask(tmp_path):
    old = os.umask(0o027)
    try:
        put(tmp_path / "a.bin")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o640


def test_atomic_write_existing_file(tmp_path):
    path = tmp_path / "a.bin"
    put(path, b"old")
    with pytest.raises(FileExistsError, match=r"a\.bin exists already.*overwrite=True"):
        put(path)
    assert path.read_bytes() == b"old"
    put(path, overwrite=True)
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == ["a.bin"]


def test_atomic_write_broken_link_exists(tmp_path):
    (tmp_path / "a.bin").symlink_to(tmp_path / "gone")
    with pytest.raises(FileExistsError):
        put(tmp_path / "a.bin")
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("overwrite", [True, False])
def test_atomic_write_failure_in_block(tmp_path, overwrite):
    path = tmp_path / "a.bin"
    if overwrite:
        put(path, b"old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path, overwrite=overwrite) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == (["a.bin"] if overwrite else [])
    assert not overwrite or path.read_bytes() == b"old"


def test_atomic_write_failure_of_last_step(tmp_path, monkeypatch):
    put(tmp_path / "a.bin", b"old")
    monkeypatch.setattr(os, "replace", no_links)
    with pytest.raises(OSError, match="file system"):
        put(tmp_path / "a.bin", overwrite=True)
    assert (tmp_path / "a.bin").read_bytes() == b"old" and os.listdir(tmp_path) == ["a.bin"]


def test_atomic_write_full_disk_without_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr("shutil.copyfileobj", no_links)
    with pytest.raises(OSError, match="file system"):
        put(tmp_path / "a.bin")
    assert os.listdir(tmp_path) == []


def test_atomic_write_other_process_wins(tmp_path):
    path = tmp_path / "a.bin"
    with pytest.raises(FileExistsError, match="overwrite=True"), atomic_write(path) as file:
        file.write(b"new")
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs" and os.listdir(tmp_path) == ["a.bin"]


def test_atomic_write_of_many_one_wins(tmp_path):
    start, won = threading.Barrier(8), []

    def writer(number):
        start.wait()
        try:
            put(tmp_path / "a.bin", bytes([number]) * 100_000)
            won.append(number)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(won) == 1 and (tmp_path / "a.bin").read_bytes() == bytes(won) * 100_000
    assert os.listdir(tmp_path) == ["a.bin"]


def test_atomic_write_waits_on_windows_while_file_is_open(tmp_path, open_elsewhere):
    put(tmp_path / "a.bin", b"old")
    open_elsewhere["replace"] = 3
    put(tmp_path / "a.bin", overwrite=True)
    assert (tmp_path / "a.bin").read_bytes() == b"new" and os.listdir(tmp_path) == ["a.bin"]


def test_atomic_write_file_that_stays_open_on_windows(tmp_path, open_elsewhere):
    put(tmp_path / "a.bin", b"old")
    open_elsewhere["replace"] = 99
    with pytest.raises(PermissionError, match=r"a\.bin cannot be written: another program has"):
        put(tmp_path / "a.bin", overwrite=True)
    assert (tmp_path / "a.bin").read_bytes() == b"old" and os.listdir(tmp_path) == ["a.bin"]


def test_atomic_write_does_not_wait_elsewhere(tmp_path, open_elsewhere, monkeypatch):
    monkeypatch.setattr(files, "_IS_WINDOWS", False)
    open_elsewhere["replace"] = 1
    with pytest.raises(PermissionError, match="The process cannot access the file"):
        put(tmp_path / "a.bin", overwrite=True)


@pytest.mark.parametrize("has_locks", [True, False])
def test_lock_folder_removes_what_killed_runs_left(tmp_path, monkeypatch, has_locks):
    """Without locks, as on some network drives, a young file may belong to another run."""
    if not has_locks:
        monkeypatch.setattr(locks, "_acquire", lambda lock, holder: False)
    (tmp_path / "strips").mkdir()
    (tmp_path / "other run").mkdir()
    (tmp_path / "other run/.lock").touch()
    old, young = tmp_path / "strips/.colorlib-0.tmp", tmp_path / ".colorlib-1.tmp"
    elsewhere, mine = tmp_path / "other run/.colorlib-2.tmp", tmp_path / "strips/mine.tmp"
    for path in (old, young, elsewhere, mine):
        path.touch()
    for path in (old, elsewhere, mine):
        os.utime(path, (0, 0))
    with lock_folder(tmp_path):
        assert not old.exists() and elsewhere.exists() and mine.exists()
        assert young.exists() != has_locks


def test_lock_folder_leaves_a_temporary_file_that_is_open_on_windows(tmp_path, open_elsewhere):
    (tmp_path / ".colorlib-0.tmp").write_bytes(b"half")
    open_elsewhere["unlink"] = 1
    with lock_folder(tmp_path):
        pass
    assert (tmp_path / ".colorlib-0.tmp").exists()
    with lock_folder(tmp_path):
        pass
    assert not (tmp_path / ".colorlib-0.tmp").exists()
