"""Try the walls of the sandbox on this machine, and say which of them stand."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from course.tool.grade import mounts, sandbox
from course.tool.grade.sandbox import Limits


@dataclass(frozen=True)
class Wall:
    """One wall: what it keeps in, whether it stands, and what was tried."""

    name: str
    stands: bool
    text: str


def try_walls(kind: str, limits: Limits, hidden: list[Path]) -> list[Wall]:
    """Start a sandboxed process that tries to get out, with a canary to catch; return the walls.

    Args:
        kind: Of :func:`sandbox.level`.
        limits: Of one notebook.
        hidden: Folders that must be out of reach: submissions, answers, grades.
    """
    with mounts.scratch_folder() as folder, mounts.scratch_folder() as outside:
        canary = outside / "canary.txt"
        canary.write_text(secrets.token_hex(8), "utf-8")
        targets = [str(path) for path in (*hidden, outside)]

        def attempt(pipe: int) -> None:
            os.write(pipe, json.dumps(_attempt(targets, str(canary), parent)).encode())

        parent = os.getpid()
        child, pipe = sandbox.run(attempt, kind, limits, hidden, {"own.txt": b"own"}, folder)
        with open(pipe, "rb") as file:
            answer = file.read()
        sandbox.kill(child)
        intact = canary.exists() and len(canary.read_text("utf-8")) == 16
    try:
        tried = json.loads(answer)
    except ValueError:
        return [
            Wall(name, False, answer.decode("utf-8", "replace").strip())
            for name in ("files", "network")
        ]
    return _describe(tried, intact, kind, limits)


def _attempt(targets: list[str], canary: str, parent: int) -> dict:
    """Try to get out of the sandbox; return what was reached."""
    reached = [path for path in targets if _reaches(path)]
    devices = [name for _, name in socket.if_nameindex() if name != "lo"]
    with contextlib.suppress(OSError):
        Path(canary).unlink()
    outside = False
    with contextlib.suppress(OSError):
        Path("/usr/course-grade-canary").touch()
        Path("/usr/course-grade-canary").unlink()
        outside = True
    try:
        os.kill(parent, 0)
        signalled = os.getppid() != 0
    except OSError:
        signalled = False
    signalled = signalled or os.getpgrp() == 0  # a group that began outside
    return {
        "reached": reached,
        "devices": devices,
        "outside": outside,
        "signalled": signalled,
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "processes": resource.getrlimit(resource.RLIMIT_NPROC)[0],
        "own": Path("own.txt").exists(),
    }


def _reaches(path: str) -> bool:
    try:
        return bool(os.listdir(path)) if os.path.isdir(path) else bool(Path(path).read_bytes())
    except OSError:
        return False


def _describe(tried: dict, intact: bool, kind: str, limits: Limits) -> list[Wall]:
    files = not tried["reached"] and intact and not tried["outside"] and tried["own"]
    seen = f"it reached {', '.join(tried['reached'])}" if tried["reached"] else "it wrote outside"
    network = bool(kind) and not tried["devices"]
    memory = tried["memory"] not in (-1, resource.RLIM_INFINITY)
    processes = bool(kind) and tried["processes"] not in (-1, resource.RLIM_INFINITY)
    return [
        Wall(
            "files",
            files,
            "Python and colorlib, read-only, and an own empty folder" if files else seen,
        ),
        Wall("network", network, "no device" if network else "the network of this machine"),
        Wall(
            "processes",
            processes and not tried["signalled"],
            f"at most {limits.processes}, which see no other process"
            if processes
            else "it may start and see processes of this machine",
        ),
        Wall("memory", memory, f"at most {limits.memory_mb} MB" if memory else "not limited"),
        Wall(
            "disk", files, f"at most {limits.disk_mb} MB" if files else "only each file is limited"
        ),
        Wall(
            "time",
            True,
            f"{limits.cell_seconds:g} s for a cell, {limits.notebook_seconds:g} s for a notebook",
        ),
        Wall("output", True, "thrown away"),
    ]


def missing_walls(walls: list[Wall]) -> list[str]:
    """Return the names of the walls without which no stranger's code should run."""
    return [wall.name for wall in walls if wall.name in ("files", "network") and not wall.stands]
