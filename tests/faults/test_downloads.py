"""Servers on this machine that fail in every way: what is whole is taken, and nothing else is."""

import dataclasses
import hashlib
import io
import json
import os
import random
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


def archive(n=2, noise=1):
    Image.new("RGB", (4, 3), "red").save(picture := io.BytesIO(), "PNG")
    with zipfile.ZipFile(content := io.BytesIO(), "w") as file:
        for k in range(n):
            file.writestr(
                zipfile.ZipInfo(f"set/{k}.png"),
                picture.getvalue() + random.Random(k).randbytes(noise),
            )
    return content.getvalue()


GOOD = archive()
PAGE = b"<!doctype html><title>Sign in</title>" + bytes(200)


class Server(BaseHTTPRequestHandler):
    """Each path is a way to fail; a number before it says how often, before the file comes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        often, _, way = self.path.split("/")[1].rpartition("x-")
        way = "good" if often and self.server.asked.count(self.path) > int(often) else way
        getattr(self, way.replace("-", "_"), self.status)()
        self.close_connection = True

    def send(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in ({"Content_Length": len(body), "Connection": "close"} | headers).items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def status(self):
        self.send(b"no", int(self.path.split("/")[1].rpartition("x-")[2]))

    def good(self):
        self.send(GOOD)

    def drop(self):
        self.send(GOOD[: len(GOOD) // 2], Content_Length=len(GOOD))

    def drop_chunked(self):
        self.send(b"ff\r\n" + GOOD[:100], Content_Length=None, Transfer_Encoding="chunked")

    def reset(self):
        self.send(GOOD[:50], Content_Length=len(GOOD))
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.connection.close()

    def hang_up(self):
        self.connection.close()

    def stall(self):
        self.send(GOOD[:50], Content_Length=len(GOOD))
        self.wfile.flush()
        self.server.over.wait(20)

    def silence(self):
        self.server.over.wait(20)

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
        self.send(GOOD, Content_Length=len(GOOD) - 20)  # says less than it has

    def other(self):
        self.send(GOOD[:-1] + b"?")

    def empty(self):
        self.send(b"")

    def endless(self):
        self.send(b"", Content_Length=None)
        block = bytes(2**16)
        while True:
            self.wfile.write(block)

    def gibberish(self):
        self.wfile.write(b"\x16\x03\x01\x02\0" + bytes(100))

    def no_number(self):
        self.send(GOOD, Content_Length="many")

    def log_message(self, *args):
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args):  # a client that hangs up, a connection closed on purpose
        pass


@pytest.fixture(scope="module")
def server():
    with Quiet(("127.0.0.1", 0), Server) as server:
        server.over, server.asked = threading.Event(), []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def source(server, monkeypatch):
    server.asked.clear()
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    monkeypatch.setattr(download, "TIMEOUT", 0.3)

    def make(*ways, body=GOOD, **changes):
        urls = [f"http://127.0.0.1:{server.server_port}/{way}/set.zip" for way in ways]
        known = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest(), **changes}
        return DatasetSource(
            "set", "Red pictures", urls, "CC0", "nobody", counts={"set": 2}, **known
        )

    return make


def complete(target):
    return sorted(path.name for path in target.rglob("*.png")) == ["0.png", "1.png"]


BREAKS = "drop drop-chunked reset hang-up stall silence no-number gibberish empty other"
BREAKS += " 500 502 503 429 403 404"


@pytest.mark.parametrize("way", BREAKS.split())
def test_a_fault_that_passes_is_outlived(way, source, server, tmp_path, tried):
    """Twice it fails, the third time the file comes."""
    target = download_dataset(source(f"2x-{way}"), tmp_path, progress=False)
    assert len(server.asked) == 3
    tried("server fault that passes", 1, int(not complete(target)))


SAID = {
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


@pytest.mark.parametrize("way", SAID)
def test_a_fault_that_stays_is_said_and_leaves_nothing(way, source, tmp_path, server, tried):
    with pytest.raises(DownloadError, match=SAID[way]) as error:
        download_dataset(source(way), tmp_path / "out", progress=False, tries=2)
    said = str(error.value)
    assert said.startswith("set could not be downloaded (http://127.0.0.1") and "\n" not in said
    by_hand = f"save the file as {tmp_path}/out/set.zip, and run this again."
    assert said.endswith(by_hand)
    left = list((tmp_path / "out").iterdir()) if (tmp_path / "out").exists() else []
    assert server.asked.count(f"/{way}/set.zip") == (1 if "page" in way or way == "endless" else
                                                     62 if way == "to-itself" else 2)  # fmt: skip
    tried("server fault that stays", 1, len(left))


def test_without_a_known_hash_what_comes_is_measured_all_the_same(source, tmp_path, tried):
    said = {"drop": "could not be", "page": "a web page", "endless": "sends more than 5,000 bytes"}
    said |= dict.fromkeys(["empty", "longer"], "cannot be unpacked")
    for way, words in said.items():
        size = 5000 if way == "endless" else None
        with pytest.raises((OSError, ValueError), match=words):
            download_dataset(
                source(way, sha256=None, size=size), tmp_path / way, progress=False, tries=1
            )
        tried("server fault that stays", 1, int((tmp_path / way / "set").exists()))


def test_a_good_redirect_is_followed_and_a_mirror_taken(source, server, tmp_path):
    assert complete(download_dataset(source("to-good"), tmp_path / "a", progress=False))
    ways = ["500", "endless", "to-page", "stall", "good"]
    assert complete(download_dataset(source(*ways), tmp_path / "b", progress=False, tries=1))
    assert [path.split("/")[1] for path in server.asked if "set.zip" in path] == ["to-good", *ways]


KILLED = """
import json, os, random, signal, sys
from pathlib import Path
from colorlib.data.catalog import DatasetSource
from colorlib.data.download import download_dataset

entry, root, n, seed = json.loads(sys.argv[1])
source, root = DatasetSource(**entry), Path(root)

def run(out, at=-1):  # killed at the call or return number `at` of any function; how many there were
    seen = 0
    def count(frame, event, arg):
        nonlocal seen
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
    sys.setprofile(count)
    download_dataset(source, out, progress=False)
    sys.setprofile(None)
    return seen

download_dataset(source, root / "first", progress=False)  # now nothing is left to import
dice, part = random.Random(seed), (run(root / "whole") - 1) // n
for at in [1 + nth * part + dice.randrange(part) for nth in range(n)]:  # one moment in each part of the run
    out = root / str(at)
    if not (child := os.fork()):
        run(out, at)
        os._exit(0)
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    count = lambda: len(list((out / "set").rglob("*.png")))
    state = [killed, (out / "set.zip").exists(), (out / "set").exists(), count()]
    download_dataset(source, out, progress=False)
    print(json.dumps([*state, count()]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system makes processes otherwise")
def test_a_run_killed_at_any_moment_leaves_no_half_set(source, tmp_path, long, tried):
    """While it downloads, checks or unpacks: the set is whole or not there, and the next run completes it."""
    n = 300 if long else 25
    asked = json.dumps([dataclasses.asdict(source("good")), str(tmp_path), n, None if long else 0])
    done = subprocess.run([sys.executable, "-c", KILLED, asked], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(runs) == n and all(killed == -signal.SIGKILL for killed, *_ in runs)
    assert {(False, False), (True, False)} <= {(archive, whole) for _, archive, whole, *_ in runs}
    tried(
        "fetch killed",
        n,
        sum(count != 2 * whole or after != 2 for _, _, whole, count, after in runs),
    )
