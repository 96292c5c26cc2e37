"""Commands in processes of their own that can be killed, and what a folder must hold afterwards.

Importing takes seconds in each process, so the short version forks commands from one process that
has imported everything: python process_runner.py. The long version starts `python -m colorlib`.
"""

import base64
import contextlib
import ctypes
import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from PIL import Image

BATCH = "8" if os.environ.get("FAULTS") == "long" else "32"  # 32 or 8 steps an epoch
SMALL = ["--data", "photos", "--reduced", "--image-size", "16", "--base-channels", "4"]
SMALL = [*SMALL, "--batch-size", BATCH]
TRAIN = ["train", *SMALL, "--epochs", "2", "--gan-epochs", "1", "--seed", "3"]
STAGES = ("1-pixel", "2-adversarial")


class CommandRunner:
    """Starts commands, each in a process of its own."""

    def __init__(self, folder, fork):
        self.folder, self.fork, self.count = folder, fork, 0
        self.env = os.environ | {"OMP_NUM_THREADS": "1", "COLORLIB_CACHE": str(folder / "cache")}
        self.server = None

    def start(self, args, **limits):
        """Start `colorlib ARGS`; limits: `file_bytes`, `memory_bytes`, `unprivileged`."""
        self.count += 1
        path = self.folder / f"output-{self.count}.txt"
        path.touch()
        args = [str(arg) for arg in args]
        if not self.fork and not limits:
            with open(path, "w") as file:
                command = [sys.executable, "-m", "colorlib", *args]
                process = subprocess.Popen(command, env=self.env, stdout=file, stderr=file)
            return RunningCommand(path, process)
        if self.server is None:
            self.server = ForkServer(self.env)
        request = {"args": args, "output": str(path), **limits}
        return RunningCommand(path, ForkedProcess(self.server, request))

    def run(self, args, **limits):
        """Run a command to its end and return its exit status and its output."""
        command = self.start(args, **limits)
        return command.wait(), command.output()

    def close(self):
        if self.server is not None:
            self.server.close()


class RunningCommand:
    """A command that runs, and the file that it prints to."""

    def __init__(self, path, process):
        self.path, self.process = path, process

    def output(self):
        return self.path.read_text()

    def wait(self):
        return self.process.wait()

    def send(self, number):
        """Send a signal if the command still runs."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def wait_for_output(self, text):
        """Wait until the command has printed a text, or has ended."""
        deadline = time.monotonic() + 120
        while self.process.poll() is None and text not in self.output():
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.005)


class ForkServer:
    """A process that has imported the library, and forks a child for each command."""

    def __init__(self, env):
        command = [sys.executable, __file__]
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self.process = subprocess.Popen(
            command, env=env, text=True, stdin=pipe, stdout=pipe, stderr=null
        )
        self.process.stdout.readline()  # it is ready

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class ForkedProcess:
    """A child of the fork server, with the methods of subprocess.Popen."""

    def __init__(self, server, request):
        self.server, self.status = server, None
        self.pid = server.ask(request)

    def poll(self, block=False):
        if self.status is None:
            self.status = self.server.ask({"pid": self.pid, "block": block})
        return self.status

    def wait(self):
        return self.poll(block=True)

    def send_signal(self, number):
        os.kill(self.pid, number)


class OnePixelFigure:
    """A figure that is drawn in no time."""

    def mime_bundle(self):
        file = io.BytesIO()
        Image.new("RGB", (1, 1)).save(file, "PNG")
        return {"image/png": base64.b64encode(file.getvalue()).decode()}, {}


def serve():
    """Fork a command for each line of the standard input, or tell how one has ended."""
    import torch
    from tqdm import tqdm

    from colorlib.cli import main
    from colorlib.viz import monitor

    monitor.plot_losses = monitor.plot_progress = lambda *args, **kwargs: OnePixelFigure()
    torch.set_num_threads(1)
    # tqdm's own lock is shared by all forks, and a killed one would never release it
    tqdm.set_lock(threading.RLock())
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        main([*TRAIN, "--epochs", "1", "--gan-epochs", "0", "--out", folder])  # imports everything
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "pid" in request:
            pid, status = os.waitpid(request["pid"], 0 if request["block"] else os.WNOHANG)
            print(json.dumps(os.waitstatus_to_exitcode(status) if pid else None), flush=True)
            continue
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            continue
        output = os.open(request["output"], os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it ends with the server
        limit_process(request)
        os._exit(main(request["args"]))


def limit_process(request):
    """Limit the size of files and the memory of this process, and give up the rights of root."""
    if "file_bytes" in request:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_bytes"],) * 2)
    if "memory_bytes" in request:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + request["memory_bytes"]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if "unprivileged" in request and os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def hash_files(folder):
    """Return the hash of each file below a folder, without the lock and half-written files."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }


def final_files(folder):
    """Return the hashes of a finished run; of checkpoints the newest of each stage only."""
    hashes = hash_files(folder)
    newest = [max(name for name in hashes if name.startswith(f"{s}/check")) for s in STAGES]
    return {
        name: digest
        for name, digest in hashes.items()
        if "/checkpoint" not in name or name in newest
    }


def newest_checkpoint(folder):
    """Return epoch and step of the newest checkpoint; each is intact by a hash computed here."""
    found = [(-1, -1)]
    for path in folder.glob("checkpoint-*.safetensors"):
        _, epoch, step, digest = path.stem.split("-")
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(digest), path
        found.append((int(epoch[1:]), int(step[1:])))
    return max(found)


def read_progress(folder):
    """Return how far each stage of a run is, after reading all its files: none is half-written."""
    from colorlib.colorizer import Colorizer

    for path in folder.rglob("*"):
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".png":
            Image.open(path).load()
        elif path.suffix == ".safetensors" and not path.name.startswith("checkpoint"):
            Colorizer.load(path)
    return {stage: newest_checkpoint(folder / stage) for stage in STAGES}


def count_losses(progress, files, folder):
    """Count what a run has lost of its former progress and files; checkpoints may be replaced."""
    now, progress_now = hash_files(folder), read_progress(folder)
    missing = [name for name in files if name not in now and "checkpoint-" not in name]
    behind = [stage for stage in STAGES if progress_now[stage] < progress[stage]]
    return len(missing) + len(behind)


if __name__ == "__main__":
    serve()
