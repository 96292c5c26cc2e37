"""A full disk, a file that may not grow, a folder that may not be written to: said, and nothing lost."""

import os
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from fault_runs import TRAIN, content, losses, standing

from colorlib.io.files import lock_folder


def test_a_file_that_may_not_grow(commands, whole, long, tried, tmp_path):
    """RLIMIT_FSIZE: the system refuses to write more into a file, at any place in it."""
    undisturbed, _ = whole
    chance, lost, n = random.Random(3), 0, 25 if long else 2
    largest = max(path.stat().st_size for path in undisturbed.rglob("checkpoint*"))
    folder = tmp_path / "run"
    for _ in range(n):
        folder.mkdir(exist_ok=True)
        begun, before = content(folder), standing(folder)
        limit = int(chance.choice([chance.uniform(100, 5000), chance.uniform(5000, largest - 1)]))
        status, said = commands.run([*TRAIN, "--out", folder], file=limit)
        assert status == 1 and "Traceback" not in said, said
        assert "the disk is full: " in said and "free some space and run this again" in said
        lost += losses(before, standing(folder), folder, begun) + bool(
            list(folder.rglob(".colorlib-*.tmp"))
        )
    assert commands.run([*TRAIN, "--out", folder])[0] == 0
    lost += content(folder) != content(undisturbed)
    tried("a file that may not grow (RLIMIT_FSIZE)", n, lost)


@pytest.fixture
def small_disk():
    """A file system of its own; the test gives it a size."""
    folder = Path(tempfile.mkdtemp())
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        folder.rmdir()
        pytest.skip("this machine lets us mount nothing; the test above stands in")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def test_a_full_disk(commands, whole, long, tried, small_disk):
    """A real one: it is full at the second or third checkpoint as well, when there is something to lose."""
    undisturbed, _ = whole
    needed = sum(path.stat().st_size for path in undisturbed.rglob("*") if path.is_file()) // 1024
    chance, lost, n = random.Random(4), 0, 12 if long else 1
    folder = small_disk / "run"
    for i in range(n):
        size = int(needed * (i + chance.uniform(0.3, 0.7)) / n)
        subprocess.run(
            ["mount", "-o", f"remount,size={max(size, 16)}k", str(small_disk)], check=True
        )
        folder.mkdir(exist_ok=True)
        begun, before = content(folder), standing(folder)
        status, said = commands.run([*TRAIN, "--out", folder])
        assert status == 1 and "Traceback" not in said, said
        assert "the disk is full: " in said
        lost += losses(before, standing(folder), folder, begun)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert commands.run([*TRAIN, "--out", folder])[0] == 0
    lost += content(folder) != content(undisturbed)
    tried("a disk that is full (tmpfs)", n, lost)


def test_a_folder_that_is_read_only(commands, whole, tried):
    folder = Path(tempfile.mkdtemp()) / "run"
    shutil.copytree(whole[0], folder)
    folder.parent.chmod(0o755)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = content(folder)
    for place in (folder, folder.parent / "new"):
        folder.parent.chmod(0o555)
        status, said = commands.run([*TRAIN, "--out", place], nobody=True)
        assert status == 1 and "Traceback" not in said
        assert f"{place} cannot be written to (" in said
        assert "; allow that, or choose another folder" in said
    lost = content(folder) != before
    for path in [folder.parent, *folder.parent.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder.parent)
    tried("a folder that is read-only", 2, lost)


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "run").write_text("mine")
    words = "run cannot be written to .File exists.; allow that, or"
    with pytest.raises(FileExistsError, match=words), lock_folder(tmp_path / "run"):
        pass
    assert (tmp_path / "run").read_text() == "mine" and os.listdir(tmp_path) == ["run"]
