"""A command run offline reaches only the loopback, in both modes; a notebook kernel works in it."""

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
import sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(kernel_name="python3")
texts = []
collect = lambda message: texts.append(message["content"].get("text", ""))
client.execute_interactive(sys.argv[1], timeout=60, output_hook=collect)
manager.shutdown_kernel(now=True)
print("".join(texts))
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
unguarded = subprocess.run([sys.executable, "-I", "-c", plain], capture_output=True, text=True)
print(json.dumps({
    "ipv4": attempt(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
    "ipv6": attempt(lambda: socket.create_connection(("2001:db8::1", 80), 2)),
    "name": attempt(lambda: urllib.request.urlopen("http://example.org", timeout=2)),
    "udp": attempt(lambda: udp.sendto(b"x", ("192.0.2.1", 9))),
    "unguarded": unguarded.stderr,
    "loopback": urllib.request.urlopen(f"http://localhost:{server.server_port}/").status,
    "unix": ends[1].recv(1).decode(),
    "owner": os.stat("made").st_uid == os.getuid(),
    "chained": getattr(sys, "chained", False),
}))
"""


def run_offline(words: list[str], folder: Path, mode: str = "") -> subprocess.CompletedProcess:
    """Run ``python -m course offline`` from a folder that has its own sitecustomize."""
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "JUPYTER_PREFER_ENV_PATH": "1",
        no_network.VARIABLE: mode,
    }
    command = [sys.executable, "-m", "course", "offline", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120)


def namespaces_are_allowed() -> bool:
    try:
        subprocess.run(["unshare", "-n" if os.geteuid() == 0 else "-rn", "true"], check=True)
    except (OSError, AttributeError, subprocess.CalledProcessError):
        return False
    return True


@pytest.mark.parametrize("mode", ["guard", "namespace"])
def test_offline_kernel_reaches_only_the_loopback(tmp_path, mode):
    if mode == "namespace" and not namespaces_are_allowed():
        pytest.skip("this machine forbids network namespaces")
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.chained = True\n")
    words = [sys.executable, "-c", KERNEL, CELL]
    done = run_offline(words, tmp_path, "guard" if mode == "guard" else "")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(no_network.MODE_MESSAGES[mode])
    found = json.loads(done.stdout.splitlines()[0])
    assert (found["loopback"], found["unix"], found["owner"]) == (200, "x", True)
    assert found["chained"]
    message = "the course runs offline: a notebook tried to reach"
    assert found["ipv4"] == found["udp"] == f"{message} 192.0.2.1"
    assert found["ipv6"] == f"{message} 2001:db8::1"
    assert f"{message} example.org" in found["name"]
    assert mode == "guard" or "Network is unreachable" in found["unguarded"]


def test_offline_twice_is_offline_once(tmp_path):
    code = "from course.tool import no_network as n; n.require_offline(); print(n.offline_mode())"
    done = run_offline([sys.executable, "-c", code], tmp_path, "guard")
    assert (done.stdout, done.stderr.count("offline:")) == ("guard\n", 1)


@pytest.mark.parametrize("value", ["guard", "namespace", "net:[1]"])
def test_offline_mode_ignores_a_stale_variable(monkeypatch, value):
    monkeypatch.setenv(no_network.VARIABLE, value)
    monkeypatch.delitem(sys.modules, "sitecustomize", raising=False)
    assert no_network.offline_mode() is None


def test_offline_with_unknown_command_says_so(tmp_path):
    done = run_offline(["no-such-command"], tmp_path)
    assert done.returncode == 1
    message = "'no-such-command' cannot be run (No such file or directory): check the command."
    assert message in done.stderr
