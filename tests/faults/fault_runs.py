"""Commands as processes of their own that can be killed, and what a folder must hold afterwards.

Importing takes seconds of each process, so the short version forks commands from one process that has
imported everything: python fault_runs.py. The long version starts `python -m colorlib` each time.
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

sys.path.append(str(Path(__file__).parents[1] / "colorlib"))  # for tiny_run

STEP = "8" if os.environ.get("FAULTS") == "long" else "32"  # pictures: 32 or 8 steps an epoch
SMALL = ["--data", "photos", "--reduced", "--size", "16", "--width", "4", "--batch", STEP]
TRAIN = ["train", *SMALL, "--epochs", "2", "--gan-epochs", "1", "--seed", "3"]


class Commands:
    """Starts commands, each in a process of its own."""

    def __init__(self, folder, fresh):
        self.folder, self.fresh, self.started = folder, fresh, 0
        self.env = os.environ | {"OMP_NUM_THREADS": "1", "COLORLIB_CACHE": str(folder / "cache")}
        self.nursery = None
        if not fresh:
            self._open()

    def _open(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.nursery = subprocess.Popen(
            [sys.executable, __file__], env=self.env, text=True, **pipes
        )
        self.nursery.stdout.readline()  # it is ready

    def start(self, words, **limits):
        """Start `colorlib WORDS`; limits are `file` and `memory`, in bytes, and `nobody`."""
        self.started += 1
        err = self.folder / f"said-{self.started}.txt"
        err.touch()
        if self.fresh and limits.keys() <= {"file"}:
            with open(err, "w") as file:
                words = [sys.executable, "-m", "colorlib", *map(str, words)]
                how = {"env": self.env, "stdout": file, "stderr": file}
                return Command(
                    err, subprocess.Popen(words, preexec_fn=lambda: _limit(limits), **how)
                )
        if (
            self.nursery is None
        ):  # what is limited from there on needs a process that has imported all
            self._open()
        asked = {"words": [str(word) for word in words], "err": str(err), **limits}
        return Command(err, Child(self.nursery, asked))

    def run(self, words, **limits):
        """Run a command to its end and give its exit status and what it said."""
        command = self.start(words, **limits)
        return command.wait(), command.said()

    def close(self):
        if self.nursery is not None:
            self.nursery.stdin.close()
            self.nursery.wait()


class Command:
    """A command at work: what it says, and signals to it."""

    def __init__(self, err, process):
        self.err, self.process = err, process

    def said(self):
        return self.err.read_text()

    def wait(self):
        return self.process.wait()

    def send(self, number):
        """Send a signal; say whether the command was alive then."""
        if alive := self.process.poll() is None:
            self.process.send_signal(number)
        return alive

    def until(self, word):
        """Wait until the command has said a word, or has ended."""
        deadline = time.monotonic() + 120
        while (
            self.process.poll() is None and word not in self.said() and time.monotonic() < deadline
        ):
            time.sleep(0.005)


class Child:
    """A fork of the nursery, which alone can wait for it."""

    def __init__(self, nursery, asked):
        self.nursery, self.status = nursery, None
        self.pid = self._ask(asked)

    def _ask(self, asked):
        self.nursery.stdin.write(json.dumps(asked) + "\n")
        self.nursery.stdin.flush()
        return json.loads(self.nursery.stdout.readline())

    def poll(self, block=False):
        if self.status is None:
            self.status = self._ask({"pid": self.pid, "block": block})
        return self.status

    def wait(self):
        return self.poll(block=True)

    def send_signal(self, number):
        os.kill(self.pid, number)


class Dot:
    """A figure of one pixel."""

    def mime_bundle(self):
        Image.new("RGB", (1, 1)).save(file := io.BytesIO(), "PNG")
        return {"image/png": base64.b64encode(file.getvalue()).decode()}, {}


def serve():
    """Fork a command for each line of standard input, or say how one has ended."""
    import torch
    from tqdm import tqdm

    from colorlib.cli import main
    from colorlib.viz import monitor

    monitor.plot_losses = monitor.plot_progress = lambda *args, **kwargs: Dot()  # fast
    torch.set_num_threads(1)
    tqdm.set_lock(
        threading.RLock()
    )  # its own is one for all forks, and a killed one would keep it for ever
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        main([*TRAIN, "--epochs", "1", "--gan-epochs", "0", "--out", folder])  # now all is imported
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "pid" in asked:
            pid, status = os.waitpid(asked["pid"], 0 if asked["block"] else os.WNOHANG)
            print(json.dumps(os.waitstatus_to_exitcode(status) if pid else None), flush=True)
        elif pid := os.fork():
            print(pid, flush=True)
        else:
            file = os.open(asked["err"], os.O_WRONLY | os.O_CREAT)
            os.dup2(file, 1), os.dup2(file, 2)
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it does not outlive the nursery
            _limit(asked)
            os._exit(main(asked["words"]))


def _limit(asked):
    if "file" in asked:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["file"],) * 2)
    if "memory" in asked:
        now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + asked["memory"],) * 2)
    if "nobody" in asked and os.getuid() == 0:
        os.setgid(65534), os.setuid(65534)


def content(folder):
    """Give the hash of each file below a folder, without the lock and half-written files."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }  # fmt: skip


def outcome(folder):
    """Give the same of a run that is over; of checkpoints the newest, as one may stand where it stopped."""
    kept = content(folder)
    last = {
        max(n for n in kept if n.startswith(f"{s}/check")) for s in ("1-pixel", "2-adversarial")
    }
    return {name: hash for name, hash in kept.items() if "/checkpoint" not in name or name in last}


def newest(stage):
    """Give epoch and step of the newest checkpoint that is whole, read anew and not by the library."""
    found = [(-1, -1)]
    for path in stage.glob("checkpoint-*.safetensors"):
        _, epoch, step, digest = path.stem.split("-")
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(digest), path
        found.append((int(epoch[1:]), int(step[1:])))
    return max(found)


def standing(folder):
    """Say how far a run in stages is, and open all that it has written: nothing is there by half."""
    from colorlib.colorizer import Colorizer

    for path in folder.rglob("*"):
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".png":
            Image.open(path).load()
        elif path.suffix == ".safetensors" and not path.name.startswith("checkpoint"):
            Colorizer.load(path)
    return {stage: newest(folder / stage) for stage in ("1-pixel", "2-adversarial")}


def losses(before, after, folder, begun):
    """Count what a run has lost of what it had: files, and progress of its stages.

    A file may change only into a newer one that is whole, and a checkpoint go only for a later one: both are
    what `standing` has looked at.
    """
    now = content(folder)
    gone = [name for name in begun if name not in now and "checkpoint-" not in name]
    back = [stage for stage in before if after[stage] < before[stage]]
    return len(gone) + len(back)


if __name__ == "__main__":
    serve()
