"""Downloads from servers that fail in every way: the data set is complete, or it is not there."""

import dataclasses
import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from colorlib.data import download
from colorlib.data.catalog import DatasetSource
from colorlib.data.download import DownloadError, download_dataset


def make_archive():
    image, content = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(image, "PNG")
    with zipfile.ZipFile(content, "w") as file:
        for name in ("set/0.png", "set/1.png"):
            file.writestr(zipfile.ZipInfo(name), image.getvalue())
    return content.getvalue()


GOOD = make_archive()
LENGTH = len(GOOD)
PAGE = b"<!doctype html><title>Sign in</title>" + bytes(200)


class Handler(BaseHTTPRequestHandler):
    """A path /FAULT/set.zip fails in one way; /2x-FAULT/set.zip does so twice, then succeeds."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append(self.path)
        times, _, fault = self.path.split("/")[1].rpartition("x-")
        if times and self.server.requests.count(self.path) > int(times):
            fault = "good"
        if fault.isdecimal():
            self.send(b"no", int(fault))
        else:
            getattr(self, fault.replace("-", "_"))()
        self.close_connection = True

    def send(self, body, status=200, length=None, **headers):
        """Send a response; a ``length`` of False leaves the header out."""
        self.send_response(status)
        self.send_header("Connection", "close")
        if length is not False:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def good(self):
        self.send(GOOD)

    def drop(self):
        self.send(GOOD[: LENGTH // 2], length=LENGTH)

    def drop_chunked(self):
        self.send(b"ff\r\n" + GOOD[:100], length=False, Transfer_Encoding="chunked")

    def reset(self):
        self.send(GOOD[:50], length=LENGTH)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def hang_up(self):
        self.connection.close()

    def stall(self):
        self.send(GOOD[:50], length=LENGTH)
        self.silence()

    def silence(self):
        self.server.closing.wait(20)

    def to_page(self):
        self.send(b"", 302, Location="/page/login")

    def to_itself(self):
        self.send(b"", 302, Location=self.path)

    def to_file(self):
        self.send(b"", 302, Location="file:///etc/hostname")

    def to_good(self):
        self.send(b"", 301, Location="/good/elsewhere.zip")

    def page(self):
        self.send(PAGE, Content_Type="text/html")

    def longer(self):
        self.send(GOOD, length=LENGTH - 20)

    def other(self):
        self.send(GOOD[:-1] + b"?")

    def empty(self):
        self.send(b"")

    def endless(self):
        self.send(b"", length=False)
        while True:
            self.wfile.write(bytes(2**16))

    def gibberish(self):
        self.wfile.write(b"\x16\x03\x01\x02\0" + bytes(100))

    def no_number(self):
        self.send(GOOD, length="many")

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args):
        """Ignore clients that hang up and connections that are closed on purpose."""


@pytest.fixture(scope="module")
def server():
    with Server(("127.0.0.1", 0), Handler) as server:
        server.closing, server.requests = threading.Event(), []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.closing.set()
        server.shutdown()


@pytest.fixture
def source(server, monkeypatch):
    """Return a function that makes a source whose mirrors fail in the given ways."""
    server.requests.clear()
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    monkeypatch.setattr(download, "TIMEOUT", 0.3)

    def make(*faults, **changes):
        urls = [f"http://127.0.0.1:{server.server_port}/{fault}/set.zip" for fault in faults]
        known = {"size": LENGTH, "sha256": hashlib.sha256(GOOD).hexdigest(), **changes}
        return DatasetSource("set", "Red", urls, "CC0", "nobody", counts={"set": 2}, **known)

    return make


def is_complete(folder):
    return sorted(path.name for path in folder.rglob("*.png")) == ["0.png", "1.png"]


MESSAGES = {
    "drop": "Connection broken|IncompleteRead",
    "drop-chunked": "Connection broken|InvalidChunkLength|ended prematurely",
    "reset": "reset by peer|Connection broken",
    "hang-up": "Connection aborted|Remote end closed",
    "stall": "timed out",
    "silence": "timed out",
    "no-number": "many",
    "gibberish": "BadStatusLine|Connection aborted",
    "500": "500 Server Error",
    "502": "502 Server Error",
    "503": "503 Server Error",
    "429": "429 Client Error",
    "403": "403 Client Error",
    "404": "404 Client Error",
    "empty": "does not match the known hash",
    "other": "does not match the known hash",
    "longer": "does not match the known hash",
    "page": "returned a web page, not the file",
    "to-page": "returned a web page, not the file",
    "to-itself": "Exceeded 30 redirects",
    "to-file": "No connection adapters",
    "endless": r"sends more than \d+ bytes, not the file",
}
NO_SECOND_TRY = ("page", "to-page", "endless")
PERMANENT = (*NO_SECOND_TRY, "to-itself", "to-file", "longer")


@pytest.mark.parametrize("fault", [fault for fault in MESSAGES if fault not in PERMANENT])
def test_download_survives_passing_fault(fault, source, server, tmp_path, record_trials):
    target = download_dataset(source(f"2x-{fault}"), tmp_path, progress=False)
    assert len(server.requests) == 3
    record_trials("server fault that passes", 1, not is_complete(target))


@pytest.mark.parametrize("fault", MESSAGES)
def test_download_lasting_fault_leaves_nothing(fault, source, server, tmp_path, record_trials):
    out = tmp_path / "out"
    with pytest.raises(DownloadError, match=MESSAGES[fault]) as error:
        download_dataset(source(fault), out, progress=False, tries=2)
    message = str(error.value)
    assert message.startswith("set could not be downloaded (http://127.0.0.1")
    assert message.endswith(f"save the file as {out}/set.zip, and run this again.")
    assert "\n" not in message
    requests = 1 if fault in NO_SECOND_TRY else 2
    if fault == "to-itself":
        requests *= 31
    assert server.requests.count(f"/{fault}/set.zip") == requests
    record_trials("server fault that lasts", 1, out.exists() and bool(list(out.iterdir())))


@pytest.mark.parametrize(
    ("fault", "size", "message"),
    [
        ("endless", 5000, "sends more than 5,000 bytes"),
        ("empty", None, "cannot be unpacked"),
        ("longer", None, "cannot be unpacked"),
    ],
)
def test_download_without_known_hash_is_checked(
    fault, size, message, source, tmp_path, record_trials
):
    unknown = source(fault, sha256=None, size=size)
    with pytest.raises((OSError, ValueError), match=message):
        download_dataset(unknown, tmp_path, progress=False, tries=1)
    record_trials("server fault that lasts", 1, (tmp_path / "set").exists())


def test_download_follows_redirect_and_uses_mirrors(source, server, tmp_path):
    faults = ["500", "endless", "to-page", "stall", "to-good"]
    assert is_complete(download_dataset(source(*faults), tmp_path, progress=False, tries=1))
    requests = [path.split("/")[1] for path in server.requests if "set.zip" in path]
    assert requests == faults


KILLED = """
import json, os, random, signal, sys
from pathlib import Path
from colorlib.data.catalog import DatasetSource
from colorlib.data.download import download_dataset

entry, root, n, seed = json.loads(sys.argv[1])
source, root = DatasetSource(**entry), Path(root)

def run(out, kill_at=-1):
    # Count the calls and returns of all functions, and end the process at one of them.
    events = 0
    def count(frame, event, arg):
        nonlocal events
        events += 1
        if events == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(count)
    download_dataset(source, out, progress=False)
    sys.setprofile(None)
    return events

download_dataset(source, root / "first", progress=False)  # imports everything
rng, part = random.Random(seed), (run(root / "whole") - 1) // n
for k in range(n):  # one moment in each part of the run
    kill_at = 1 + k * part + rng.randrange(part)
    out = root / str(kill_at)
    child = os.fork()
    if not child:
        run(out, kill_at)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    count = lambda: len(list((out / "set").rglob("*.png")))
    state = [status, (out / "set.zip").exists(), (out / "set").exists(), count()]
    download_dataset(source, out, progress=False)
    print(json.dumps([*state, count()]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_download_killed_anywhere_leaves_no_half_set(source, tmp_path, long, record_trials):
    """While it downloads, checks or extracts; the next run completes the set."""
    n, seed = (300, None) if long else (25, 0)
    settings = json.dumps([dataclasses.asdict(source("good")), str(tmp_path), n, seed])
    command = [sys.executable, "-c", KILLED, settings]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(runs) == n
    lost, states = 0, set()
    for status, has_archive, has_set, count, count_after in runs:
        assert status == -signal.SIGKILL
        states.add((has_archive, has_set))
        lost += count != 2 * has_set or count_after != 2
    assert {(False, False), (True, False)} <= states
    record_trials("download killed", n, lost)
