"""`python -m course lab`: a copy of the lessons that stays yours, and a JupyterLab that answers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from course.tool import lab
from course.tool.cli import CourseError
from tests.course import tiny

ROOT = Path(__file__).parents[2]
START = """
import argparse, pathlib, sys
from course.tool import lab
lab.main(argparse.Namespace(no_open=True, more=sys.argv[2:]), pathlib.Path(sys.argv[1]))
"""


@pytest.fixture
def root(tmp_path):
    """A course with two lessons."""
    books = {name: tiny.notebook(tiny.code("one", "1")) for name in ("01_one", "02_two")}
    return tiny.course(tmp_path / "course root", lessons=books)


def test_copy_lessons_never_changes_your_copy(root):
    lesson, mine = root / "lessons/01_one.ipynb", root / "my/01_one.ipynb"
    expected = ["my/01_one.ipynb is your copy.", "my/02_two.ipynb is your copy."]
    assert lab.copy_lessons(root) == expected
    assert mine.read_bytes() == lesson.read_bytes()
    assert lab.copy_lessons(root) == []

    mine.write_bytes(b"changed by hand")
    assert lab.copy_lessons(root) == []
    lesson.write_bytes(lesson.read_bytes() + b"\n")
    message = "my/01_one.ipynb is yours and stays; lessons/01_one.ipynb differs from it"
    (line,) = lab.copy_lessons(root)
    assert line.startswith(message)
    assert lab.copy_lessons(root) == []  # reported once
    assert mine.read_bytes() == b"changed by hand"
    names = sorted(path.name for path in mine.parent.iterdir())
    assert names == [lab.SEEN, "01_one.ipynb", "02_two.ipynb"]

    (root / "my" / lab.SEEN / "01_one.ipynb").unlink()
    (line,) = lab.copy_lessons(root)
    assert line.startswith(message)


@pytest.mark.parametrize("damage", ["file", "empty", "garbage", "folder", "read-only"])
def test_damaged_memory_of_copies_never_keeps_the_lab_shut(root, damage):
    lab.copy_lessons(root)
    seen = root / "my" / lab.SEEN
    if damage == "file":
        shutil.rmtree(seen)
        seen.write_text('{"01_one.ipynb": ')
    elif damage == "folder":
        (seen / "01_one.ipynb").unlink()
        (seen / "01_one.ipynb").mkdir()
    elif damage == "read-only":
        seen.chmod(0o500)
    else:
        (seen / "01_one.ipynb").write_bytes(b"" if damage == "empty" else b"\xff\0{")
    assert lab.copy_lessons(root) == []  # the copies equal the lessons
    (root / "my/01_one.ipynb").write_bytes(b"mine")
    assert len(lab.copy_lessons(root)) <= 1
    assert (root / "my/01_one.ipynb").read_bytes() == b"mine"
    seen.chmod(0o700)


def test_my_that_is_a_file_is_one_sentence(root):
    (root / "my").write_text("notes")
    with pytest.raises(CourseError, match="my/01_one.ipynb cannot be written or read"):
        lab.copy_lessons(root)


def test_create_keeps_a_file_that_appears_meanwhile(tmp_path, monkeypatch):
    path = tmp_path / "01.ipynb"
    monkeypatch.setattr("os.path.lexists", lambda path: False)  # it appears after the first look
    path.write_bytes(b"theirs")
    assert not lab.create(path, b"ours")
    assert path.read_bytes() == b"theirs"


def test_copy_lessons_without_lessons_raises(tmp_path):
    with pytest.raises(CourseError, match="lessons/ holds no notebook"):
        lab.copy_lessons(tmp_path)


def test_lab_serves_your_copy(root):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (root / "my").mkdir()
    (root / "my/01_one.ipynb").write_bytes(b"{}")
    more = [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=secret"]
    folders = {"JUPYTER_CONFIG_DIR": str(root / "config"), "JUPYTER_RUNTIME_DIR": str(root / "run")}
    command = [sys.executable, "-c", START, str(root), *more]
    log = root / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | folders, stdout=out, stderr=out
        )
    try:
        listed = fetch(f"http://127.0.0.1:{port}/api/contents?token=secret", server, log)
        assert {entry["name"] for entry in listed["content"]} == {"01_one.ipynb", "02_two.ipynb"}
        assert "my/02_two.ipynb is your copy.\n" in log.read_text()
        assert f"localhost:{port}/lab" in log.read_text()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    assert (root / "my/01_one.ipynb").read_bytes() == b"{}"


def fetch(address: str, server: subprocess.Popen, log: Path) -> dict:
    """Return the server's answer, as soon as there is one."""
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
