"""A command run offline reaches the loopback and nothing else, in both ways; a kernel computes in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course.tool import no_network

ROOT = Path(__file__).parents[2]
KERNEL = r"""
import json, sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="python3")
said = []
hear = lambda message: said.append(message["content"].get("text", ""))
client.execute_interactive(sys.argv[1], timeout=60, output_hook=hear)
manager.shutdown_kernel(now=True)
print("".join(said))
"""
CELL = r"""
import http.server, json, os, socket, subprocess, sys, threading, urllib.request

def attempt(call):
    try:
        return f"reached {call()}"
    except OSError as error:
        return str(error)

server = http.server.HTTPServer(("localhost", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
ends = socket.socketpair()
ends[0].sendall(b"x")
with open("made", "w"):
    pass
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
plain = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
print(json.dumps({
    "sum": 1 + 1,
    "address": attempt(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
    "six": attempt(lambda: socket.create_connection(("2001:db8::1", 80), 2)),
    "name": attempt(lambda: urllib.request.urlopen("http://example.org", timeout=2)),
    "udp": attempt(lambda: udp.sendto(b"x", ("192.0.2.1", 9))),
    "unguarded": subprocess.run([sys.executable, "-I", "-c", plain], capture_output=True, text=True).stderr
        if NAMESPACE else "",
    "loopback": urllib.request.urlopen(f"http://localhost:{server.server_port}/").status,
    "unix": ends[1].recv(1).decode(),
    "owner": os.stat("made").st_uid == os.getuid(),
    "chained": getattr(sys, "chained", False),
}))
"""


def run_offline(words: list[str], folder: Path, wish: str = "") -> subprocess.CompletedProcess:
    """``python -m course offline`` from an empty folder that hides a sitecustomize of its own."""
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    env[no_network.VARIABLE] = wish
    command = [sys.executable, "-m", "course", "offline", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)


def kernel_in(folder: Path, wish: str) -> tuple[dict, str]:
    """What the cell found in a kernel, and what stderr said."""
    (folder / "sitecustomize.py").write_text("import sys; sys.chained = True\n")
    cell = CELL.replace("NAMESPACE", str(wish == ""))
    done = run_offline([sys.executable, "-c", KERNEL, cell], folder, wish)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0]), done.stderr


def check(found: dict) -> None:
    """What holds in both ways."""
    assert found["sum"] == 2
    assert found["loopback"] == 200
    assert found["unix"] == "x"
    assert found["owner"]
    assert found["chained"]
    message = "the course runs offline: a notebook tried to reach"
    assert found["address"] == found["udp"] == f"{message} 192.0.2.1"
    assert found["six"] == f"{message} 2001:db8::1"
    assert f"{message} example.org" in found["name"]


def test_a_kernel_behind_the_guard(tmp_path):
    found, said = kernel_in(tmp_path, "guard")
    check(found)
    assert said.startswith(no_network.MODE_MESSAGES["guard"])


def test_a_kernel_in_a_namespace(tmp_path):
    try:
        subprocess.run(["unshare", "-n" if os.geteuid() == 0 else "-rn", "true"], check=True)
    except (OSError, AttributeError, subprocess.CalledProcessError):
        pytest.skip("this machine forbids network namespaces")
    found, said = kernel_in(tmp_path, "")
    check(found)
    assert "Network is unreachable" in found["unguarded"]
    assert said.startswith(no_network.MODE_MESSAGES["namespace"])


def test_offline_twice_is_offline_once(tmp_path):
    ask = "from course.tool import no_network; no_network.require_offline(); print(no_network.offline_mode())"
    done = run_offline([sys.executable, "-c", ask], tmp_path, "guard")
    assert (done.stdout, done.stderr.count("offline:")) == ("guard\n", 1)


def test_a_stale_variable_does_not_count(monkeypatch):
    for value in ("guard", "namespace", "net:[1]"):
        monkeypatch.setenv(no_network.VARIABLE, value)
        monkeypatch.delitem(sys.modules, "sitecustomize", raising=False)
        assert no_network.offline_mode() is None


def test_a_command_that_does_not_exist(tmp_path):
    done = run_offline(["no-such-command"], tmp_path)
    assert done.returncode == 1
    assert (
        "'no-such-command' cannot be run (No such file or directory): check the command."
        in done.stdout
    )
